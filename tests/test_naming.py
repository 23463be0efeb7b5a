"""The customer's name as it is told or heard, and when the agent uses it."""

from __future__ import annotations

import pytest

from monitor.events import Party, Transcript
from monitor.naming import USES, Naming


def tr(party: Party, t0: float, text: str) -> Transcript:
    return Transcript(utterance=1, party=party, t0=t0, t1=t0 + 2, text=text)


def after(*said: tuple[Party, str], told: str = "", every_s: float = 5.0) -> Naming:
    """What is known after a talk with an utterance every so often."""
    naming = Naming(told)
    for at, (party, text) in enumerate(said):
        naming.transcript(tr(party, at * every_s, text))
    return naming


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My name is Maria Lopez.", "Maria Lopez"),
        ("Hi, my name's Siobhan and I've got a question.", "Siobhan"),
        ("Good morning, this is Mr. Peter Hill calling.", "Peter Hill"),
        ("Evening. It's Denise Walker, at number six.", "Denise Walker"),
        ("Good morning. Frank Osborne here. I had a scan.", "Frank Osborne"),
        ("Hello, I'm Claire.", "Claire"),
        ("Hi, this is Ahmed from the bakery.", "Ahmed"),
        ("My last name is O'Brien, first name is Tom.", "O'Brien"),
        ("My name is, um, Jean-Luc Martin.", "Jean-Luc Martin"),
        ("this is ridiculous", ""),
        ("This is Tuesday's order, isn't it?", ""),
        ("It's Monday today.", ""),
        ("I'm British, so I have no visa.", ""),
        ("I'm calling about my bill.", ""),
        ("My husband's name is on the account.", ""),
        ("Hello, it's about the delivery.", ""),
        ("Hi, I'm John's wife.", ""),
        ("Is this London?", ""),
    ],
)
def test_who_says_who_they_are(text: str, name: str) -> None:
    assert after(("agent", "Good morning, how can I help?"), ("customer", text)).name == name


@pytest.mark.parametrize(
    ("question", "answer", "name"),
    [
        ("Can I take your name, please?", "Sure, it's Maria Lopez.", "Maria Lopez"),
        ("What's your full name?", "Doyle. Gary Doyle.", "Gary Doyle"),
        ("And who am I speaking to?", "Priya.", "Priya"),
        ("Your name and date of birth?", "Ann Reed, fourteenth of March.", "Ann Reed"),
        ("Your name and address?", "And it is 28 Great Road.", ""),
        ("Your name and date of birth?", "Seventeen, three, eighty two.", ""),
        ("Am I speaking with Mr. Lopez?", "Yes, that's me.", "Lopez"),
        ("Am I speaking with Mr. Lopez?", "No, this is his son.", ""),
        ("And what's the name of the street?", "Harbour Lane.", ""),
        ("What's your account number?", "Barclays one two three.", ""),
        ("Could I have your name?", "I told your colleague already.", ""),
    ],
)
def test_a_name_that_was_asked_for(question: str, answer: str, name: str) -> None:
    talk: list[tuple[Party, str]] = [("customer", "Hello there.")] * 10
    assert after(*talk, ("agent", question), ("customer", answer)).name == name


def test_the_answer_to_the_next_question_is_no_name() -> None:
    talk: list[tuple[Party, str]] = [
        ("agent", "Could you confirm your name for me?"),
        ("customer", "Yes."),
        ("agent", "And the address, please?"),
        ("customer", "Hanover Steps."),
    ]
    assert after(*talk, every_s=3.0).name == ""


def test_later_in_the_call_it_is_about_something_else() -> None:
    talk: list[tuple[Party, str]] = [("customer", "Yes.")] * 20
    assert after(*talk, ("customer", "It's Lisbon.")).name == ""


def test_a_name_is_known_from_when_it_was_said() -> None:
    heard = after(("agent", "Hello."), ("customer", "My name is Maria."))
    assert heard.since == 7.0
    assert Naming("Dr. Maria Lopez").name == "Maria Lopez"
    assert Naming("Maria").since == 0.0
    assert Naming().since is None


@pytest.mark.parametrize(
    "text",
    [
        "Thank you, Maria.",
        "Maria, I understand.",
        "Okay, Mrs. Lopez, I can see it.",
        "I'm so sorry, Marie.",
        "Let me check that for you, Mrs Lopes.",
        "Right Maria, one moment.",
        "So that's Maria Lopez, is that right?",
        "thank you maria",
    ],
)
def test_the_agent_says_it(text: str) -> None:
    assert list(after(("agent", text), told="Maria Lopez").used) == [0.0]


@pytest.mark.parametrize(
    "text",
    [
        "My name is Maria, how can I help?",
        "Hello, this is Maria.",
        "Good morning, you're speaking with Maria.",
        "More of that later.",
        "Thank you. Let me look.",
        "Please mail us the form.",
        "I'd like to see the loaves.",
    ],
)
def test_the_agent_does_not_say_it(text: str) -> None:
    assert not after(("agent", text), told="Maria Lopez").used


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Thanks, Will.", True),
        ("Okay, Mr. Young, let me see.", True),
        ("That will be done by then.", False),
        ("Will you hold the line?", False),
        ("Is that for a young person?", False),
        ("I see, Will, and when was that?", True),
    ],
)
def test_names_that_are_words_too(text: str, said: bool) -> None:
    assert bool(after(("agent", text), told="Will Young").used) is said


def test_whoever_calls_for_the_holder_of_the_account() -> None:
    naming = after(
        ("customer", "Hello, this is Carlos."), ("agent", "Thank you, Carlos."), told="Maria Lopez"
    )
    assert naming.name == "Maria Lopez"
    assert list(naming.used) == [5.0]


def test_it_is_bounded() -> None:
    talk: list[tuple[Party, str]] = [("agent", "Yes, Maria.")] * 100
    assert len(after(*talk, told="Maria").used) == USES
