"""Calls that have been, under another policy: which nudges they would have seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitor.call import CallInput
from monitor.config import Settings
from monitor.events import CallStarted, Event, NudgeOpened, Words
from monitor.phrases import Phrases
from monitor.playbook import InForce, Playbook
from monitor.rehearsal.rerun import rerun
from monitor.score import nudges as against
from monitor.score.reference import NudgeRef, Reference

F32 = NDArray[np.float32]

SAME_S = 10.0
"""The same nudge within so long of itself has moved; further off it is another one."""


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call as it was logged."""

    name: str
    started: CallStarted
    inputs: Sequence[CallInput]
    reference: Reference | None = None
    cut: Callable[[float, float], F32] | None = None
    """Its sound between two times, s: (2, samples) at 8 kHz; null where none is kept."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a reference says of the nudges of one run."""

    hits: int
    missed: int
    unexpected: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One call under both policies."""

    name: str
    duration_s: float
    before: list[NudgeOpened]
    after: list[NudgeOpened]
    kept: int
    gained: list[NudgeOpened]
    lost: list[NudgeOpened]
    words: list[Words] = field(repr=False)
    judged: tuple[Judged, Judged] | None
    """Before and after; null without annotated nudges."""
    layers: tuple[str, ...]
    """Of the new policy."""


@dataclass(frozen=True, slots=True)
class Total:
    """All calls together."""

    calls: int
    changed: int
    hours: float
    before: int
    after: int
    kept: int
    gained: int
    lost: int
    each: dict[str, tuple[int, int]]
    """By nudge: opened before, and after."""
    annotated: int
    """Calls whose references say which nudges are due."""
    hits: tuple[int, int] | None
    missed: tuple[int, int] | None
    unexpected_per_h: tuple[float, float] | None


def difference(
    call: PastCall, settings: Settings, old: Playbook, new: Playbook, phrases: Phrases
) -> Difference:
    """Both policies over the same inputs: all else stays as it was, bit for bit."""
    was, would = (_run(call, settings, book, phrases) for book in (old, new))
    before, after = _opened(was[1]), _opened(would[1])
    lost, gained = _apart(before, after)
    duration_s = was[1][-1].t
    return Difference(
        name=call.name,
        duration_s=duration_s,
        before=before,
        after=after,
        kept=len(before) - len(lost),
        gained=gained,
        lost=lost,
        words=[event for event in was[1] if isinstance(event, Words) and event.final],
        judged=_judged(call.reference, before, after, duration_s),
        layers=would[0].layers,
    )


def total(calls: Sequence[Difference]) -> Total:
    """Of all these calls."""
    judged = [(call.judged, call.duration_s) for call in calls if call.judged is not None]
    hours = sum(seconds for _, seconds in judged) / 3600
    both = [
        [sum(getattr(pair[at], key) for pair, _ in judged) for at in (0, 1)]
        for key in ("hits", "missed", "unexpected")
    ]
    names = sorted({one.nudge for call in calls for one in (*call.before, *call.after)})
    return Total(
        calls=len(calls),
        changed=sum(bool(call.gained or call.lost) for call in calls),
        hours=round(sum(call.duration_s for call in calls) / 3600, 4),
        before=sum(len(call.before) for call in calls),
        after=sum(len(call.after) for call in calls),
        kept=sum(call.kept for call in calls),
        gained=sum(len(call.gained) for call in calls),
        lost=sum(len(call.lost) for call in calls),
        each={
            name: (
                sum(one.nudge == name for call in calls for one in call.before),
                sum(one.nudge == name for call in calls for one in call.after),
            )
            for name in names
        },
        annotated=len(judged),
        hits=(both[0][0], both[0][1]) if judged else None,
        missed=(both[1][0], both[1][1]) if judged else None,
        unexpected_per_h=(round(both[2][0] / hours, 2), round(both[2][1] / hours, 2))
        if hours
        else None,
    )


def _run(
    call: PastCall, settings: Settings, book: Playbook, phrases: Phrases
) -> tuple[InForce, list[Event]]:
    in_force = book.in_force(call.started.agent.id)
    return in_force, rerun(call.started, call.inputs, settings, in_force.nudges, phrases)


def _opened(events: Iterable[Event]) -> list[NudgeOpened]:
    return [event for event in events if isinstance(event, NudgeOpened)]


def _apart(
    before: Sequence[NudgeOpened], after: Sequence[NudgeOpened]
) -> tuple[list[NudgeOpened], list[NudgeOpened]]:
    """Those only before, those only after: one to one, nearest in time first."""
    pairs = sorted(
        (abs(was.t - now.t), i, k)
        for i, was in enumerate(before)
        for k, now in enumerate(after)
        if was.nudge == now.nudge and abs(was.t - now.t) <= SAME_S
    )
    left, new = set(range(len(before))), set(range(len(after)))
    for _, i, k in pairs:
        if i in left and k in new:
            left.remove(i)
            new.remove(k)
    return [before[i] for i in sorted(left)], [after[k] for k in sorted(new)]


def _judged(
    reference: Reference | None,
    before: Sequence[NudgeOpened],
    after: Sequence[NudgeOpened],
    duration_s: float,
) -> tuple[Judged, Judged] | None:
    if reference is None or reference.nudges is None:
        return None
    expected: Sequence[NudgeRef] = reference.nudges
    was, now = (
        against.compare(expected, opened, duration_s, calm=None) for opened in (before, after)
    )
    return (
        Judged(len(was.hits), len(was.missed), len(was.unexpected)),
        Judged(len(now.hits), len(now.missed), len(now.unexpected)),
    )
