"""Nudges opened against nudges expected; and the same of what was due, shown or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from monitor.events import NudgeOpened, Opportunity
from monitor.score.figures import F64, Interval, intervals, quantile, ratio, ratios
from monitor.score.reference import NudgeRef

Told = TypeVar("Told", bound=NudgeOpened | Opportunity)
"""Of a nudge that opened, or of one that was due."""


@dataclass(frozen=True, slots=True)
class CallNudges(Generic[Told]):
    hits: list[tuple[NudgeRef, Told]]
    """Opened within the time in which it is expected."""
    missed: list[NudgeRef]
    unexpected: list[Told]
    """Neither expected nor allowed."""
    never: list[str]
    """What comes near in this call and must not open."""
    duration_s: float
    calm: bool | None
    """No frustration is annotated; null: nobody looked."""


@dataclass(frozen=True, slots=True)
class NudgeFigures:
    expected: int
    opened: int
    hits: int
    precision: float | None
    recall: float | None
    f1: float | None
    wait_p50_s: float | None
    """From when it may open to when it did."""
    unexpected_per_h: float | None
    near_misses: int
    """Calls in which it comes near and must not open …"""
    near_misses_opened: int
    """… and those of them in which it did."""
    intervals: dict[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NudgesFigures:
    all: NudgeFigures
    each: dict[str, NudgeFigures]
    """By the nudge's file name."""
    calm_calls: int
    calm_calls_with_a_nudge: float | None
    calm_calls_with_an_unexpected_nudge: float | None


def compare(
    reference: Sequence[NudgeRef],
    opened: Sequence[Told],
    duration_s: float,
    *,
    calm: bool | None,
    never: Sequence[str] = (),
) -> CallNudges[Told]:
    """One to one: each expected nudge takes the first of its name that opens in its time.

    What is left and fits an optional one is neither right nor unexpected."""
    left = list(opened)
    hits: list[tuple[NudgeRef, Told]] = []
    missed: list[NudgeRef] = []
    wanted = [want for want in reference if not want.optional]
    allowed = [want for want in reference if want.optional]
    for want in sorted(wanted, key=lambda want: (want.before, want.after)):
        there = next((o for o in left if _fits(want, o)), None)
        if there is None:
            missed.append(want)
        else:
            left.remove(there)
            hits.append((want, there))
    unexpected = [o for o in left if not any(_fits(want, o) for want in allowed)]
    return CallNudges(hits, missed, unexpected, list(never), duration_s, calm)


def figures(calls: Sequence[CallNudges[Told]]) -> NudgesFigures | None:
    if not calls:
        return None
    names = sorted(
        {name for call in calls for name in (*_expected(call), *_opened(call), *call.never)}
    )
    calm = [call for call in calls if call.calm]
    return NudgesFigures(
        all=_figures(calls, None),
        each={name: _figures(calls, name) for name in names},
        calm_calls=len(calm),
        calm_calls_with_a_nudge=ratio(sum(bool(_opened(call)) for call in calm), len(calm)),
        calm_calls_with_an_unexpected_nudge=ratio(
            sum(bool(call.unexpected) for call in calm), len(calm)
        ),
    )


def _fits(want: NudgeRef, opened: NudgeOpened | Opportunity) -> bool:
    return opened.nudge == want.nudge and want.after <= opened.t <= want.before


def _expected(call: CallNudges[Told]) -> list[str]:
    return [want.nudge for want, _ in call.hits] + [want.nudge for want in call.missed]


def _opened(call: CallNudges[Told]) -> list[str]:
    return [opened.nudge for _, opened in call.hits] + [o.nudge for o in call.unexpected]


def _figures(calls: Sequence[CallNudges[Told]], name: str | None) -> NudgeFigures:
    """``name`` None: of all nudges."""
    counts = np.array([_counts(call, name) for call in calls], np.float64)
    hits, expected, opened, hours = (float(total) for total in counts.sum(axis=0))
    waits = [
        there.t - want.after
        for call in calls
        for want, there in call.hits
        if name in (None, want.nudge)
    ]
    near = [(called, call) for call in calls for called in call.never if name in (None, called)]
    return NudgeFigures(
        expected=int(expected),
        opened=int(opened),
        hits=int(hits),
        precision=ratio(hits, opened),
        recall=ratio(hits, expected),
        f1=ratio(2 * hits, expected + opened),
        wait_p50_s=quantile(waits, 0.5),
        unexpected_per_h=ratio(opened - hits, hours),
        near_misses=len(near),
        near_misses_opened=sum(called in _opened(call) for called, call in near),
        intervals=intervals(counts, counts[:, :3], _drawn),
    )


def _counts(call: CallNudges[Told], name: str | None) -> tuple[float, ...]:
    counted = [
        sum(name in (None, each) for each in names)
        for names in ([want.nudge for want, _ in call.hits], _expected(call), _opened(call))
    ]
    return *counted, call.duration_s / 3600


def _drawn(sums: F64) -> dict[str, F64]:
    hits, expected, opened, hours = sums
    return {
        "precision": ratios(hits, opened),
        "recall": ratios(hits, expected),
        "f1": ratios(2 * hits, expected + opened),
        "unexpected_per_h": ratios(opened - hits, hours),
    }
