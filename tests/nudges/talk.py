"""A talk as lines of words, laid out in time as a call would hear it."""

from __future__ import annotations

from typing import Any

from monitor.events import Event, Party, Report, Transcript
from tests.dialogue import call, play, words
from tests.nudges.views import only, opened
from tests.scores import heard, natural

Words = tuple[float, Transcript]

PARTY: dict[str, Party] = {"A": "agent", "C": "customer"}
WORDS_PER_S = 2.7
GAP_S = 0.4
"""Usual rate and gap on the phone."""


def lay(*turns: str) -> tuple[str, str, list[Words]]:
    """Score and words of turns like ``"A Hello."`` and, after 9 s of silence, ``"C+9 Hello?"``;
    with ``!`` (``"C! No!"``) they are loud."""
    rows = {"A": "", "C": ""}
    said: list[Words] = []
    t = 0.5
    for turn in turns:
        head, text = turn.split(" ", 1)
        who, loud = head[0], head[1:2] == "!"
        t0 = t + float(head[1:].strip("!") or GAP_S)
        t1 = round(t0 + max(0.4, len(text.split()) / WORDS_PER_S), 1)
        rows[who] = rows[who].ljust(round(t0 * 10), ".")
        rows[who] = rows[who].ljust(round(t1 * 10), "#" if loud else "=")
        said.append(words(PARTY[who], round(t0, 2), t1, text))
        t = t1
    end = round((t + 6.0) * 10)
    return rows["A"].ljust(end, "."), rows["C"].ljust(end, "."), said


def told(name: str, *turns: str, **started: Any) -> list[Event]:
    """The events of a call with these turns, where only this nudge is enabled."""
    agent, customer, said = lay(*turns)
    return play(call(only(name), **started), heard(agent, customer), said)


def shown(name: str, *turns: str, **started: Any) -> bool:
    """Whether this nudge was shown in a call with these turns."""
    return bool(opened(told(name, *turns, **started)))


def by_themselves(name: str, *turns: str, **started: Any) -> list[tuple[int, int]]:
    """Of this nudge how often it was called for, and how often given before any nudge: nothing,
    or one pair, by the scorecard of a call with these turns."""
    (report,) = (one for one in told(name, *turns, **started) if isinstance(one, Report))
    return [(line.needed, line.unprompted) for line in report.scorecard]


def shown_of(
    name: str, agent: str, customer: str, said: list[Words], **started: Any
) -> list[tuple[str, float]]:
    """This nudge and when it was shown, s, in a call of this score and words, where only it is
    enabled."""
    return opened(play(call(only(name), **started), natural(heard(agent, customer)), said))
