"""Phrase families: what is heard, what is not, and what it weighs."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.cues import ANGER_WITHIN_S, ONCE_IN_S, TRUSTED, UTTERANCE_CAP, CueSpotter
from monitor.events import Cue, Party, Transcript, Word
from monitor.phrases import PhraseError, Phrases
from monitor.wording import normalise

PHRASES = Phrases.load(Path(__file__).parent.parent / "models" / "phrases" / "en.toml")


def said(
    text: str, party: Party = "customer", t0: float = 0.0, confidence: float = 1.0
) -> Transcript:
    return Transcript(utterance=1, party=party, t0=t0, t1=t0 + 3, text=text, confidence=confidence)


def families(text: str, party: Party = "customer") -> set[str]:
    return {cue.family for cue in CueSpotter(PHRASES).transcript(said(text, party), 4.0)}


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("I'm NOT happy!", "i am not happy"),
        ("I’ve told   you -- twice", "i have told you twice"),
        ("I can't, won't; cannot", "i can not will not can not"),
        ("dont gonna wanna", "do not going to want to"),
        ("I I I um already told you", "i already told you"),
        ("the 3rd time, 4 5 6", "the third time four five six"),
        ("Mm-hmm.", "mm hmm"),
        ("nobody's there; the customer's bag", "nobody is there the customers bag"),
        ("", ""),
    ],
)
def test_normalise(text: str, plain: str) -> None:
    assert normalise(text) == plain


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("escalation_request", "I want to speak to your manager right now."),
        ("escalation_request", "let me talk to somebody who can actually help me"),
        ("escalation_request", "Can I speak with a supervisor, please?"),
        ("churn_threat", "I'm going to cancel my account"),
        ("churn_threat", "we'll just switch to another company then"),
        ("legal_threat", "You will hear from my lawyer."),
        ("legal_threat", "I'll see you in court"),
        ("complaint_threat", "I'd like to file a complaint."),
        ("complaint_threat", "im gonna leave a bad review"),
        ("repetition", "This is the third time I'm calling about this!"),
        ("repetition", "I already told you that"),
        ("repetition", "how many times do I have to say this"),
        ("frustration", "I am so frustrated with this."),
        ("frustration", "This is ridiculous"),
        ("frustration", "i'm really not happy about it"),
        ("aimed_profanity", "You people are useless."),
        ("not_heard", "You're not listening to me."),
        ("not_heard", "Can I finish, please?"),
        ("not_heard", "That's not what I said."),
        ("wait_effort", "I've been on hold for forty five minutes"),
        ("wait_effort", "I have been waiting for three weeks"),
        ("still_again", "It still doesn't work."),
        ("still_again", "and then it broke again"),
        ("thanks_relief", "Oh perfect, thank you so much!"),
        ("problem_told", "My phone stopped working yesterday"),
    ],
)
def test_customer_families(family: str, text: str) -> None:
    assert family in families(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm not frustrated at all.",
        "Never mind, I'm not angry with you.",
        "I don't want to speak to a manager.",
        "I spoke to your manager yesterday, she was lovely.",
        "Is this the first time I'm calling? Yes, the first time.",
        "Can I have the red one?",
        "My order number is four five six, four five six.",
        "Yes, that's right.",
        "I'd like to book an appointment for next week, please.",
        "I gave you power of attorney last year",
        "Could you say that again?",
        "I'm a bit worried about the delivery date.",
    ],
)
def test_calm_words_weigh_nothing(text: str) -> None:
    cues = CueSpotter(PHRASES).transcript(said(text), 4.0)
    assert [cue for cue in cues if cue.weight > 0] == []


@pytest.mark.parametrize(
    "text", ["Thanks for nothing.", "No thanks.", "That would be great if you listened"]
)
def test_thanks_that_are_none(text: str) -> None:
    assert "thanks_relief" not in families(text)


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("repetition", "This is the third time I call about this"),
        ("repetition", "I already explain this to your colleague"),
        ("frustration", "why should I have to pays for that"),
        ("frustration", "This is beyond the joke now"),
        ("frustration", "that is rediculous"),
        ("escalation_request", "get me your superviser"),
        ("complaint_threat", "I want to make a complaint"),
        ("complaint_threat", "I'm reporting the trading standard."),
        ("complaint_threat", "to the onbudsman"),
        ("complaint_threat", "the ombutsmen, the ombudsmam"),
    ],
)
def test_endings_articles_and_single_letters_may_be_misheard(family: str, text: str) -> None:
    assert family in families(text)


@pytest.mark.parametrize(
    "text",
    [
        "put it in the manger",
        "you were very compliant",
        "the contact is appealing",
        "I was curious about it",
        "there were a few times when it rang",
    ],
)
def test_a_real_word_is_not_a_misheard_one(text: str) -> None:
    assert families(text) == set()


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("acknowledgement", "I understand how frustrating that must be."),
        ("acknowledgement", "I'm so sorry you had to wait that long."),
        ("acknowledgement", "You're absolutely right, that should not have happened."),
        ("acknowledgement", "So you've been waiting three weeks for the delivery."),
        ("acknowledgement", "I can't imagine how hard that was"),
        ("acknowledgement", "Sorry to hear work has been so stressful."),
        ("bare_sorry", "Sorry."),
        ("bare_sorry", "I'm sorry for the inconvenience."),
        ("bare_sorry", "Sorry, but there's nothing I can do."),
        ("backchannel_only", "Mm-hmm."),
        ("backchannel_only", "Okay, I see."),
        ("thanks", "Thank you for telling me."),
        ("commitment", "I'll send you a replacement today."),
        ("solving", "Have you tried turning it off and on again?"),
        ("asks_again", "Sorry, could you repeat that?"),
    ],
)
def test_agent_families(family: str, text: str) -> None:
    assert family in families(text, "agent")


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("acknowledgement", "Sorry."),
        ("acknowledgement", "Okay, what's your account number?"),
        ("acknowledgement", "I'm sorry but I can't do that."),
        ("acknowledgement", "Sorry, you froze there for a moment."),
        ("acknowledgement", "If you're a bit confused, it is all in the app."),
        ("acknowledgement", "Is that all you're worried about?"),
        ("bare_sorry", "I'm sorry you had to wait so long."),
        ("bare_sorry", "Sorry, could you repeat that?"),
        ("backchannel_only", "Okay, so the next step is a reset"),
    ],
)
def test_agent_families_not_heard(family: str, text: str) -> None:
    assert family not in families(text, "agent")


def test_a_family_is_listened_for_in_its_party_only() -> None:
    assert families("I want to speak to your manager", "agent").isdisjoint({"escalation_request"})
    assert families("I understand how frustrating that is", "customer") == set()


def test_agent_cues_weigh_nothing() -> None:
    cues = CueSpotter(PHRASES).transcript(said("I'm so sorry about that", "agent"), 4.0)
    assert cues
    assert all(cue.weight == 0 for cue in cues)


def weights(cues: list[Cue]) -> dict[str, float]:
    return {cue.family: cue.weight for cue in cues}


def test_weight_is_scaled_by_confidence() -> None:
    for confidence, weight in [(1.0, 2.0), (TRUSTED, 2.0), (TRUSTED / 2, 1.0), (0.0, 0.0)]:
        tr = said("This is ridiculous", confidence=confidence)
        assert weights(CueSpotter(PHRASES).transcript(tr, 4.0)) == {"frustration": weight}


def test_an_utterance_is_capped() -> None:
    tr = said("I want your manager, I'm so frustrated, I already told you, I'll sue you")
    cues = CueSpotter(PHRASES).transcript(tr, 4.0)
    assert len(cues) >= 4
    assert sum(cue.weight for cue in cues) == UTTERANCE_CAP


def test_a_family_counts_once_in_so_long() -> None:
    spotter = CueSpotter(PHRASES)
    first = spotter.transcript(said("This is ridiculous", t0=0.0), 3.0)
    second = spotter.transcript(said("it's unacceptable", t0=ONCE_IN_S - 1), 23.0)
    third = spotter.transcript(said("that is outrageous", t0=ONCE_IN_S + 1), 25.0)
    assert [weights(cues)["frustration"] for cues in (first, second, third)] == [2.0, 0.0, 2.0]


def test_closing_an_account_is_a_request_until_it_is_said_in_anger() -> None:
    asked = said("I'd like to close my account, please.", t0=100.0)
    assert weights(CueSpotter(PHRASES).transcript(asked, 104.0)) == {"leaving": 0.7}

    for before_s, family in [(ANGER_WITHIN_S, "churn_threat"), (ANGER_WITHIN_S + 1, "leaving")]:
        spotter = CueSpotter(PHRASES)
        spotter.transcript(said("This is ridiculous.", t0=100.0 - before_s), 75.0)
        assert list(weights(spotter.transcript(asked, 104.0))) == [family]

    at_once = said("I've had enough of this, I want to close my account")
    assert weights(CueSpotter(PHRASES).transcript(at_once, 4.0))["churn_threat"] == 2.5


STORY = "the router keeps losing its connection every evening around eight"


def test_saying_it_again_nearly_word_for_word_is_repetition() -> None:
    spotter = CueSpotter(PHRASES)
    assert spotter.transcript(said(STORY, t0=0.0), 3.0) == []
    again = spotter.transcript(said(f"look, {STORY}", t0=30.0), 34.0)
    assert weights(again) == {"repetition": 2.0}


def test_saying_it_again_when_asked_to_is_not() -> None:
    spotter = CueSpotter(PHRASES)
    spotter.transcript(said(STORY, t0=0.0), 3.0)
    spotter.transcript(said("Sorry, could you repeat that?", "agent", t0=4.0), 7.0)
    assert spotter.transcript(said(STORY, t0=8.0), 12.0) == []


def test_a_story_that_only_goes_on_is_not() -> None:
    spotter = CueSpotter(PHRASES)
    spotter.transcript(said("Well on Mondays I have been taking this boxing class", t0=0.0), 3.0)
    again = said("My muscles got sore since I have been taking this boxing class", t0=60.0)
    assert spotter.transcript(again, 64.0) == []


def test_reading_a_number_back_is_not() -> None:
    spotter = CueSpotter(PHRASES)
    number = "it is four five six seven eight nine two"
    spotter.transcript(said(number, t0=0.0), 3.0)
    assert spotter.transcript(said(number, t0=8.0), 12.0) == []


def test_times_and_text_come_from_the_words() -> None:
    text = "Well, I already told you."
    words = [Word(text=w, t0=10 + i, t1=10.5 + i) for i, w in enumerate(text.split())]
    tr = Transcript(utterance=1, party="customer", t0=10, t1=15, text=text, words=words)
    (cue,) = CueSpotter(PHRASES).transcript(tr, 16.0)
    assert (cue.text, cue.t0, cue.t1, cue.t) == ("I already told you", 11.0, 14.5, 16.0)


# ---- the pattern language --------------------------------------------------------


def family(phrases: str, more: str = "") -> Phrases:
    return Phrases.parse(
        '[lists]\ncolour = ["red", "light blue"]\n'
        f'[family.x]\nparty = "customer"\nphrases = {phrases}\n{more}'
    )


@pytest.mark.parametrize(
    ("phrase", "heard", "not_heard"),
    [
        ("(big | very large) dog", "a very large dog", "a large dog"),
        ("big [brown] dog", "the big dog", "the big black dog"),
        ("frustrat*", "so frustrating", "illustrate"),
        ("a _ dog", "a lazy dog", "a dog"),
        ("fix ... today", "fix all of it today", "fix this as soon as you can today"),
        ("# times", "it failed 12 times", "it failed some times"),
        ("<colour> car", "my light blue car", "my blue car"),
        ("I'm here", "I am here", "I was here"),
    ],
)
def test_pattern_language(phrase: str, heard: str, not_heard: str) -> None:
    phrases = family(f'["{phrase}"]')
    assert [c.family for c in CueSpotter(phrases).transcript(said(heard), 4)] == ["x"]
    assert CueSpotter(phrases).transcript(said(not_heard), 4) == []


def test_unless_cancels_where_it_overlaps_only() -> None:
    phrases = family('["sorry"]', 'unless = ["sorry to ask"]')
    assert CueSpotter(phrases).transcript(said("sorry to ask"), 4) == []
    assert CueSpotter(phrases).transcript(said("sorry to ask, and sorry"), 4) != []


def test_negation_stays_within_the_clause() -> None:
    phrases = family('["angry"]', "negatable = true")
    assert CueSpotter(phrases).transcript(said("I'm not so angry"), 4) == []
    assert CueSpotter(phrases).transcript(said("I do not. Angry? Yes"), 4) != []


@pytest.mark.parametrize(
    ("phrases", "message"),
    [
        ('["(a | b"]', "missing"),
        ('["a)"]', "unexpected"),
        ('["(a | )"]', "empty"),
        ('["<hue> car"]', "no list <hue>; there is: colour"),
        ("[]", "no phrases"),
    ],
)
def test_bad_phrases_name_the_family(phrases: str, message: str) -> None:
    with pytest.raises(PhraseError, match="family x") as caught:
        family(phrases)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x =", "not valid TOML"),
        ("language = 'en'", "no .family"),
        ("[family.x]\nparty = 'boss'\nphrases = ['a']", "party must be"),
        ("[family.x]\nparty = 'agent'\nweight = 1\nphrases = ['a']", "no weight"),
        ("[family.x]\nparty = 'agent'\nphrase = ['a']", "unknown key 'phrase'"),
        (
            "[family.x]\nparty = 'agent'\nphrases = ['a']\nin_anger = 'y'",
            "family x: there is no family 'y'",
        ),
        ("[misheard]\nwords = ['bill']\n[family.x]\nparty='agent'\nphrases=['a']", "too short"),
        ("[lists]\na = ['<a>']\n[family.x]\nparty = 'agent'\nphrases = ['<a>']", "contains itself"),
    ],
)
def test_bad_files(text: str, message: str) -> None:
    with pytest.raises(PhraseError, match=message):
        Phrases.parse(text)


def test_unknown_family_lists_what_there_is() -> None:
    with pytest.raises(KeyError, match="escalation_request"):
        PHRASES["nope"]
