"""Frustration found against frustration annotated: seen in time, or raised for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import numpy as np

from monitor.events import AlertCleared, AlertRaised, Mood
from monitor.score.figures import F64, Interval, intervals, quantile, ratio, ratios
from monitor.score.reference import Span
from monitor.score.spans import Stretch

WITHIN_S: Final = 60.0
"""Seen later than this after its begin, it is missed: the moment for a nudge is over."""
EARLY_S: Final = 2.0
"""A label begins with an utterance; what was seen so shortly before it is no false alarm."""

PREVALENCE: Final = 0.08
"""Share of calls with an upset customer, for what an alert is worth on the floor."""

Signal = Literal["watch", "alert"]
SIGNALS: Final[tuple[Signal, ...]] = get_args(Signal)


@dataclass(frozen=True, slots=True)
class CallSignal:
    """When one signal was on in a call, against the annotated spans of frustration."""

    seen: list[tuple[Span, float]]
    """With the delay from the span's begin, s; 0 where it was on already."""
    missed: list[Span]
    right: list[Stretch]
    false: list[Stretch]
    """On without any frustration to see."""
    duration_s: float
    calm: bool
    """The reference has no frustration at all."""


@dataclass(frozen=True, slots=True)
class SignalFigures:
    spans: int
    seen: int
    raised: int
    precision: float | None
    """Share of what was raised that stands where the customer was frustrated."""
    recall: float | None
    """Share of the spans seen within WITHIN_S."""
    delay_p50_s: float | None
    delay_p95_s: float | None
    false_per_h: float | None
    calm_calls: int
    false_per_calm_call: float | None
    calm_calls_with_one: float | None
    """Share of calm calls in which it was raised at all."""
    false_per_calm_h: float | None
    """False ones in calm calls, per hour of them."""
    precision_in_service: float | None
    """Share of the calls it is raised in that have any frustration, where PREVALENCE of all calls
    do: test calls are chosen, and have far more."""
    intervals: dict[str, Interval] = field(default_factory=dict)


def on_times(
    moods: Sequence[Mood], alerts: Sequence[AlertRaised | AlertCleared], duration_s: float
) -> dict[Signal, list[Stretch]]:
    """When the mood was "watch" or more, and when an alert was on."""
    return {
        "watch": _stretches(((mood.t, mood.level != "calm") for mood in moods), duration_s),
        "alert": _stretches(
            ((alert.t, alert.type == "alert.raised") for alert in alerts), duration_s
        ),
    }


def compare(reference: Sequence[Span], on: Sequence[Stretch], duration_s: float) -> CallSignal:
    seen: list[tuple[Span, float]] = []
    missed: list[Span] = []
    for span in reference:
        of_span = [
            stretch for stretch in on if stretch.t0 <= span.t0 + WITHIN_S and stretch.t1 >= span.t0
        ]
        if of_span:
            seen.append((span, max(0.0, of_span[0].t0 - span.t0)))
        else:
            missed.append(span)
    right = [stretch for stretch in on if any(_stands_in(stretch, span) for span in reference)]
    return CallSignal(
        seen=seen,
        missed=missed,
        right=right,
        false=[stretch for stretch in on if stretch not in right],
        duration_s=duration_s,
        calm=not reference,
    )


def figures(calls: Sequence[CallSignal]) -> SignalFigures | None:
    if not calls:
        return None
    counts = np.array([_counts(call) for call in calls], np.float64)
    seen, spans, right, raised, hours = (float(total) for total in counts.sum(axis=0))
    delays = [delay for call in calls for _, delay in call.seen]
    calm = [call for call in calls if call.calm]
    upset = [call for call in calls if not call.calm]
    alarmed = ratio(sum(bool(call.false) for call in calm), len(calm))
    found = ratio(sum(bool(call.seen) for call in upset), len(upset))
    return SignalFigures(
        spans=int(spans),
        seen=int(seen),
        raised=int(raised),
        precision=ratio(right, raised),
        recall=ratio(seen, spans),
        delay_p50_s=quantile(delays, 0.5),
        delay_p95_s=quantile(delays, 0.95),
        false_per_h=ratio(raised - right, hours),
        calm_calls=len(calm),
        false_per_calm_call=ratio(sum(len(call.false) for call in calm), len(calm)),
        calm_calls_with_one=alarmed,
        false_per_calm_h=ratio(
            sum(len(call.false) for call in calm), sum(call.duration_s for call in calm) / 3600
        ),
        precision_in_service=_in_service(found, alarmed),
        intervals=intervals(counts, counts[:, :4], _drawn),
    )


def _in_service(found: float | None, alarmed: float | None) -> float | None:
    """Bayes: ``found`` of the calls with frustration, ``alarmed`` of those without."""
    if found is None or alarmed is None:
        return None
    return ratio(PREVALENCE * found, PREVALENCE * found + (1 - PREVALENCE) * alarmed)


def _counts(call: CallSignal) -> tuple[float, ...]:
    spans, raised = len(call.seen) + len(call.missed), len(call.right) + len(call.false)
    return len(call.seen), spans, len(call.right), raised, call.duration_s / 3600


def _stands_in(stretch: Stretch, span: Span) -> bool:
    return span.t0 - EARLY_S <= stretch.t0 <= max(span.t1, span.t0 + WITHIN_S)


def _stretches(changes: Iterable[tuple[float, bool]], end_s: float) -> list[Stretch]:
    out: list[Stretch] = []
    since: float | None = None
    for t, on in changes:
        if on and since is None:
            since = t
        elif not on and since is not None:
            out.append(Stretch(since, t))
            since = None
    if since is not None:
        out.append(Stretch(since, max(since, end_s)))
    return out


def _drawn(sums: F64) -> dict[str, F64]:
    seen, spans, right, raised, hours = sums
    return {
        "precision": ratios(right, raised),
        "recall": ratios(seen, spans),
        "false_per_h": ratios(raised - right, hours),
    }
