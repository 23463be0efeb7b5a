"""What sentences mean, set against the phrases in them: what is heard of both, and where."""

from __future__ import annotations

import math
from typing import Any

import pytest

from monitor.cues import ONCE_IN_S, TRUSTED, CueSpotter
from monitor.early import EarlyCues
from monitor.events import Cue, Meant, Party, Transcript, Word
from monitor.phrases import Phrases
from monitor.sense import FEWEST, PHRASE, PHRASE_OF_UPSET, Place, Sense
from monitor.wording import sentences, tokens

PHRASES = Phrases.parse(
    """
    language = "en"

    [family.boss]
    party = "customer"
    by_meaning = true
    weight = 3.0
    phrases = ["your (boss | manager)"]

    [family.waited]
    party = "customer"
    by_meaning = true
    weight = 1.0
    yields_to = ["boss"]
    phrases = ["on hold"]

    [family.asks]
    party = "customer"
    by_meaning = true
    phrases = ["what can you do"]

    [family.relief]
    party = "customer"
    by_meaning = true
    weight = -1.0
    phrases = ["thank you"]

    [family.leaving]
    party = "customer"
    by_meaning = true
    weight = 0.5
    in_anger = "threat"
    phrases = ["close my account"]

    [family.threat]
    party = "customer"
    by_meaning = true
    weight = 2.5
    phrases = ["take my business"]

    [family.swears]
    party = "customer"
    weight = 2.0
    phrases = ["damn you"]

    [family.sorry]
    party = "agent"
    by_meaning = true
    phrases = ["sorry about"]
    """
)
HIGHER = "Whoever is above you, please."
"""No phrase of any family."""


def said(
    text: str, *meant: tuple[str, int, float], party: Party = "customer", **more: Any
) -> Transcript:
    """Somebody looked at it, and told ``meant``: family, sentence, log-odds."""
    told = [Meant(family=f, sentence=s, log_odds=x) for f, s, x in meant]
    given = {"utterance": 1, "party": party, "t0": 0.0, "t1": 4.0, "text": text, "meant": told}
    return Transcript.model_validate(given | more)


def cues(tr: Transcript, spotter: CueSpotter | None = None) -> list[Cue]:
    return (spotter or CueSpotter(PHRASES)).transcript(tr, 5.0)


def p(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


# ---- a meaning alone ---------------------------------------------------------------------


@pytest.mark.parametrize("log_odds", [0.0, 0.7, 4.0])
def test_a_meaning_alone_is_a_cue_of_its_sentence_weighed_by_its_probability(
    log_odds: float,
) -> None:
    (cue,) = cues(said(HIGHER, ("boss", 0, log_odds)))
    assert (cue.family, cue.by, cue.party) == ("boss", "meaning", "customer")
    assert cue.text == "Whoever is above you, please"
    assert cue.weight == pytest.approx(3.0 * p(log_odds), abs=1e-3)


def test_below_even_odds_it_is_none() -> None:
    assert cues(said(HIGHER, ("boss", 0, -0.01))) == []


def test_its_weight_is_less_where_the_words_are_not_sure() -> None:
    tr = said(HIGHER, ("boss", 0, 1.0), confidence=TRUSTED / 2)
    assert cues(tr)[0].weight == pytest.approx(3.0 * p(1.0) / 2, abs=1e-3)


def test_relief_takes_away_by_its_probability_too() -> None:
    (cue,) = cues(said("What a weight off my mind.", ("relief", 0, 1.0)))
    assert cue.weight == pytest.approx(-p(1.0), abs=1e-3)


def test_an_agents_sentence_is_a_cue_without_weight() -> None:
    (cue,) = cues(said("We let you down there.", ("sorry", 0, 2.0), party="agent"))
    assert (cue.family, cue.by, cue.weight) == ("sorry", "meaning", 0.0)


def test_it_counts_once_in_a_while_like_a_phrase_and_with_one() -> None:
    spotter = CueSpotter(PHRASES)
    given: list[tuple[float, str, float]] = [
        (0.0, HIGHER, 3.0 * p(1.0)),
        (5.0, "I want your boss.", 0.0),
        (5.0 + ONCE_IN_S, "I want your boss.", 3.0),
    ]
    for t0, text, weight in given:
        (cue,) = cues(said(text, ("boss", 0, 1.0), t0=t0, t1=t0 + 4), spotter)
        assert cue.weight == pytest.approx(weight, abs=1e-3), t0


# ---- a phrase and a meaning --------------------------------------------------------------


def test_a_phrase_that_its_sentence_bears_out_is_heard_as_a_phrase_in_full() -> None:
    for log_odds in (3.0, 0.0, -PHRASE_OF_UPSET):
        (cue,) = cues(said("I want your boss, please.", ("boss", 0, log_odds)))
        assert (cue.text, cue.by, cue.weight) == ("your boss", "phrase", 3.0)


@pytest.mark.parametrize(
    ("family", "text", "backing"),
    [
        ("boss", "Your boss told me of it.", PHRASE_OF_UPSET),
        ("asks", "What can you do.", PHRASE),
        ("relief", "Thank you for nothing.", PHRASE),
    ],
)
def test_a_phrase_in_a_sentence_that_hardly_can_be_of_the_family_is_not_heard(
    family: str, text: str, backing: float
) -> None:
    """A phrase of upset needs less: those are seldom said for something else."""
    assert [c.family for c in cues(said(text, (family, 0, -backing)))] == [family]
    assert cues(said(text, (family, 0, -backing - 0.01))) == []
    assert cues(said(text)) == [], "not told at all: less than possible"


def test_a_meaning_in_one_sentence_does_not_bear_out_a_phrase_in_another() -> None:
    tr = said("Your boss rang me. Whoever is above you, please.", ("boss", 1, 1.0))
    (cue,) = cues(tr)
    assert (cue.text, cue.by) == ("Whoever is above you, please", "meaning")
    (cue,) = cues(tr.model_copy(update={"meant": [Meant(family="boss", sentence=0, log_odds=0)]}))
    assert (cue.text, cue.by) == ("Your boss", "phrase")


def test_any_upset_in_its_sentence_bears_out_a_phrase_of_upset() -> None:
    """Who insults may be heard as fed up, which is no error of the mood's."""
    for text, there in (("I want your boss now.", ["boss"]), ("I was on hold.", ["waited"])):
        for family in ("threat", "boss", "waited"):
            told = [c.family for c in cues(said(text, (family, 0, -PHRASE_OF_UPSET)))]
            assert told == there, (text, family)
    for family in ("relief", "asks"):
        assert cues(said("I want your boss now.", (family, 0, -0.1))) == [], family
    assert cues(said("What can you do.", ("boss", 0, -0.1))) == [], "not the other way round"
    tr = said("I want your boss. That is the limit.", ("threat", 1, -0.1))
    assert cues(tr) == [], "in another sentence"


def test_a_phrase_across_two_sentences_is_borne_out_by_either() -> None:
    """Speech-to-text puts a full stop where somebody breathes."""
    for sentence in (0, 1):
        (cue,) = cues(said("I was on. Hold the line.", ("waited", sentence, 0.0)))
        assert (cue.text, cue.by) == ("on. Hold", "phrase")


def test_of_several_sentences_the_likeliest_is_told() -> None:
    tr = said(
        "It is late. Somebody above you. Someone who decides!",
        *(("boss", 1, 0.3), ("boss", 2, 1.2), ("boss", 0, -1.0)),
    )
    (cue,) = cues(tr)
    assert cue.text == "Someone who decides"
    assert cue.weight == pytest.approx(3.0 * p(1.2), abs=1e-3)


# ---- where it stands ---------------------------------------------------------------------


def test_the_cue_has_the_times_of_the_words_of_its_sentence() -> None:
    text = "It is late. Somebody above you, please."
    words = [
        Word(text=word, t0=10 + 0.5 * k, t1=10.4 + 0.5 * k) for k, word in enumerate(text.split())
    ]
    (cue,) = cues(said(text, ("boss", 1, 2.0), t0=10.0, t1=14.0, words=words))
    assert (cue.t0, cue.t1) == (11.5, 13.4)
    assert cue.text == "Somebody above you, please"


def test_sentences_are_counted_as_they_were_when_they_were_read() -> None:
    """Marks without words between them are no sentence; a number with a point is none either."""
    text = "Well ... ! It is 3.50 a month? Somebody above you. No"
    assert [text[a:b].strip() for a, b in sentences(text)] == [
        *("Well ...", "It is 3.50 a month?", "Somebody above you.", "No"),
    ]
    (cue,) = cues(said(text, ("boss", 2, 1.0)))
    assert cue.text == "Somebody above you"


@pytest.mark.parametrize("text", ["Um, er.", "Again?", "But um higher."])
def test_a_word_or_two_are_never_a_cue_by_what_they_mean(text: str) -> None:
    """They say nothing without what came before."""
    assert len(tokens(text)) < FEWEST
    assert cues(said(f"{text} It is late.", ("boss", 0, 5.0))) == []
    assert [c.family for c in cues(said(text + " Your boss.", ("boss", 1, 0.0)))] == ["boss"]


def test_a_sentence_that_is_not_there_is_no_cue() -> None:
    """A log that somebody has edited."""
    assert cues(said("It is late.", ("boss", 7, 5.0))) == []


# ---- what is left as it was --------------------------------------------------------------


def test_where_nobody_looked_phrases_stand_alone() -> None:
    unread = said("Your boss told me. Damn you.").model_copy(update={"meant": None})
    assert {c.family: (c.text, c.by) for c in cues(unread)} == {
        "boss": ("Your boss", "phrase"),
        "swears": ("Damn you", "phrase"),
    }


def test_a_family_that_is_not_by_meaning_is_heard_by_its_phrases_only() -> None:
    assert [c.family for c in cues(said("Damn you."))] == ["swears"]
    assert cues(said("You lot are the pits.", ("swears", 0, 5.0))) == []


def test_a_family_nobody_knows_is_no_cue() -> None:
    assert cues(said(HIGHER, ("of_a_later_version", 0, 5.0))) == []


def test_meaning_yields_like_a_phrase() -> None:
    tr = said("I was on hold. Whoever is above you.", ("waited", 0, 1.0), ("boss", 1, 1.0))
    assert [c.family for c in cues(tr)] == ["boss"]


# ---- anger -------------------------------------------------------------------------------


@pytest.mark.parametrize(("log_odds", "family"), [(1.0, "threat"), (-0.5, "leaving")])
def test_a_request_is_a_threat_after_anger_that_was_only_meant(
    log_odds: float, family: str
) -> None:
    spotter = CueSpotter(PHRASES)
    spotter.transcript(said(HIGHER, ("boss", 0, log_odds)), 5.0)
    later = said("Close my account.", ("leaving", 0, 0.0), t0=8.0, t1=10.0)
    assert [c.family for c in cues(later, spotter)] == [family]


def test_a_meaning_that_is_hardly_likely_is_not_anger_enough() -> None:
    """1.0 at even odds counts for a half: less than makes a threat of a request."""
    spotter = CueSpotter(PHRASES)
    spotter.transcript(said("I sat there for an hour.", ("waited", 0, 0.0)), 5.0)
    later = said("Close my account.", ("leaving", 0, 0.0), t0=8.0, t1=10.0)
    assert [c.family for c in cues(later, spotter)] == ["leaving"]


def test_a_request_that_was_only_meant_is_a_threat_by_its_probability() -> None:
    spotter = CueSpotter(PHRASES)
    spotter.transcript(said("I want your boss.", ("boss", 0, 1.0)), 5.0)
    later = said("Shut it all down.", ("leaving", 0, 1.0), t0=8.0, t1=10.0)
    (cue,) = cues(later, spotter)
    assert (cue.family, cue.text, cue.by) == ("threat", "Shut it all down", "meaning")
    assert cue.weight == pytest.approx(2.5 * p(1.0), abs=1e-3)


# ---- partial words, then final -----------------------------------------------------------


def test_partial_words_are_heard_by_phrases_and_the_final_by_what_they_mean() -> None:
    """A likely cue that the final bears out stays; one that it does not is taken back."""
    partial = said("I want your boss", final=False).model_copy(update={"meant": None})
    for meant, kept in (([("boss", 0, 0.5)], True), ([], False)):
        early = EarlyCues(PHRASES)
        (likely,) = early.partial(partial, 3.0, [])
        assert (likely.family, likely.status, likely.by) == ("boss", "likely", "phrase")
        told, gone = early.final(said("I want your boss to know of it.", *meant), 5.0)
        assert told == ({"boss"} if kept else set())
        assert [c.family for c in gone] == ([] if kept else ["boss"])


def test_a_likely_cue_makes_room_for_what_the_final_means_in_other_words() -> None:
    partial = said("I want your boss", final=False).model_copy(update={"meant": None})
    early = EarlyCues(PHRASES)
    (likely,) = early.partial(partial, 3.0, [])
    told, gone = early.final(said(HIGHER, ("boss", 0, 1.0)), 5.0)
    assert (told, [c.family for c in gone]) == (set(), [likely.family])


# ---- Sense itself ------------------------------------------------------------------------


def test_what_a_family_counts_for() -> None:
    tr = said(HIGHER, ("boss", 0, 1.0))
    sense = Sense(tr, tokens(tr.text), PHRASES.upset)
    place = sense.place(PHRASES["boss"], [])
    assert place is not None
    assert (place.first, place.stop, place.by) == (0, 5, "meaning")
    assert place.sure == pytest.approx(p(1.0))
    assert Place(0, 2).sure == 1.0
    assert sense.place(PHRASES["waited"], []) is None


def test_a_later_phrase_stands_where_the_first_does_not() -> None:
    tr = said("Your boss sells boots. I want your boss.", ("boss", 1, -1.0))
    sense = Sense(tr, heard := tokens(tr.text), PHRASES.upset)
    phrases = list(PHRASES["boss"].finds(heard))
    assert [first for first, _ in phrases] == [0, 6]
    place = sense.place(PHRASES["boss"], phrases)
    assert place is not None
    assert (place.by, place.first) == ("phrase", 6)


def test_a_short_sentence_does_not_hide_a_longer_one() -> None:
    tr = said("The boss. Fetch me the one who pays you.", ("boss", 0, 2.0), ("boss", 1, 1.0))
    place = Sense(tr, tokens(tr.text), PHRASES.upset).place(PHRASES["boss"], [])
    assert place is not None
    assert (place.first, place.sure) == (2, pytest.approx(p(1.0)))
