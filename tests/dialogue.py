"""Whole calls for the tests: a text score, words with the time of their arrival, a Call."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from monitor.call import Call
from monitor.config import Settings
from monitor.events import CallStarted, Event, Party, Transcript
from monitor.phrases import Phrases
from monitor.rehearsal.rerun import play as play
from tests.scores import heard

PHRASES = Phrases.load(Path(__file__).parent.parent / "models" / "phrases" / "en.toml")
LAG_S = 1.2
"""Words arrive so long after their utterance, unless said otherwise."""


def call(settings: Settings | None = None, **started: Any) -> Call:
    given = {"call_id": "c1", "started_at": "2026-01-05T10:00:00+00:00", "source": "score"}
    return Call(
        CallStarted.model_validate({**given, "words": "tiny.en"} | started),
        settings or Settings(),
        PHRASES,
    )


def words(
    party: Party, t0: float, t1: float, text: str, at: float | None = None, **more: Any
) -> tuple[float, Transcript]:
    """Arrival time and transcript."""
    given = {"utterance": round(t0 * 10), "party": party, "t0": t0, "t1": t1, "text": text}
    return (t1 + LAG_S if at is None else at, Transcript.model_validate(given | more))


Said = Iterable[tuple[float, Transcript]]


def run(agent: str, customer: str, said: Said = (), **started: Any) -> list[Event]:
    return play(call(**started), heard(agent, customer), said)


def of(events: Iterable[Event], *types: str) -> list[Any]:
    return [event for event in events if event.type in types]


def line(*parts: tuple[float, str]) -> str:
    """A line of a score from (seconds, character) parts."""
    return "".join(char * round(seconds * 10) for seconds, char in parts)


# ---- calls that several tests need ------------------------------------------------

CALM = (
    line((2, "="), (6, "."), (0.5, "'"), (3.5, "."), (5, "="), (3.5, "."), (4, "="), (9, "."))
    + line((0.5, "'"), (4, "."), (6, "="), (2, "."), (1.5, "=")),
    line((2.4, "."), (9.2, "="), (5.9, "."), (2.8, "="), (4.8, "."), (12.5, "="), (7, "."))
    + line((1.2, "="), (2, "."), (0.8, "=")),
)
CALM_SAID = [
    words("agent", 0, 2, "Good morning, how can I help you?"),
    words("customer", 2.4, 11.6, "Hi, I would like to change the address on my account, we moved."),
    words("agent", 8, 8.5, "Mm-hmm."),
    words("agent", 12, 17, "Of course. What is the new address?"),
    words("customer", 17.5, 20.3, "It is twelve Harbour Street."),
    words("agent", 20.5, 24.5, "Thank you. Anything else that has changed?"),
    words(
        "customer", 25.1, 37.6, "No, that is all. The phone number is the same and so is the email."
    ),
    words("agent", 33.5, 34, "Okay."),
    words("agent", 38, 44, "I will update that now. You will get a letter by Friday."),
    words("customer", 44.6, 45.8, "That is great, thank you."),
]

TALK_OVER = (
    line((4, "="), (11, "."), (1.6, "#"), (8, "."), (1.8, "#"), (14, ".")),
    line((4.5, "."), (11.7, "="), (2, "."), (7, "="), (2, "."), (10, "=")),
)
"""The agent comes in on the customer twice, loud and long."""

HURRIED = (
    line(
        (6, "."),
        (6, "7"),
        (0.5, "."),
        (6, "."),
        (6, "7"),
        (0.5, "."),
        (6, "."),
        (6, "7"),
        (20, "."),
    ),
    line((5.5, "3"), (0.5, "."), (6.5, "."), (5.5, "3"), (0.5, "."), (6.5, "."), (5.5, "3")),
)
"""The agent speaks at 7 syllables a second to a customer at 3."""

HURT = (
    line((2, "="), (10, "."), (3, "="), (6, "."), (4, "="), (5, "."), (4, "="), (20, ".")),
    line((2.5, "."), (9, "="), (4, "."), (5, "="), (4.5, "."), (4.5, "="), (4, "."), (4, "=")),
)
HURT_SAID = [
    words("agent", 0, 2, "Hello, how can I help?"),
    words(
        "customer", 2.5, 11.5, "I already told your colleague three times that it does not work."
    ),
    words("agent", 12, 15, "Okay, have you tried turning it off and on?"),
    words("customer", 15.5, 20.5, "Yes. This is ridiculous. I want to speak to your manager."),
    words("agent", 21, 25, "Let me check your account number."),
    words("customer", 25, 29, "You are not listening to me."),
    words("agent", 30, 34, "I am sorry you have been through this three times."),
]
"""Frustration in the words, met late."""
