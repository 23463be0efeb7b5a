"""Overlaps found against overlaps annotated: which were heard, which were called what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from monitor.events import PARTIES, OverlapKind, Party, other
from monitor.score.figures import F64, Interval, intervals, quantile, ratio, ratios
from monitor.score.listening import ToldOverlap
from monitor.score.reference import OverlapRef
from monitor.score.spans import Stretch, Timed, one_to_one

KINDS: Final[tuple[OverlapKind, ...]] = ("talk_over", "interruption", "backchannel", "terminal")
COMPETITIVE: Final = ("talk_over", "interruption")
TOLERANCE_S: Final = 0.25
"""So far apart, a label and an overlap may still be the same: a listener's label is good to
about a tenth of a second at each end, and a run of speech begins and ends on a block or two."""
ASKED_FROM_S: Final = 0.25
"""A shorter overlap is never asked for: nobody labels them alike. Found, it is no fault."""
LONG_S: Final = 0.6
"""From here the monitor may tell; the delay that a person feels counts from here."""
ROUNDING_S: Final = 1e-6
NOBODY: Final = "nothing"

Label = tuple[OverlapKind, Party]


@dataclass(frozen=True, slots=True)
class CallOverlaps:
    """One call's overlaps, each reference and each found one in one place."""

    hits: list[tuple[OverlapRef, ToldOverlap]]
    """The kind and who came in are right."""
    mistaken: list[tuple[OverlapRef, ToldOverlap]]
    """Heard, and called something else."""
    missed: list[OverlapRef]
    false: list[ToldOverlap]
    """Where the reference has nothing."""
    taken_back: list[ToldOverlap]
    """Said to be talk-over at first, and not in the end."""
    told_talk_over: int
    """Overlaps that were ever said to be talk-over."""
    speech_s: dict[Party, float]
    long_at: dict[OverlapRef, float]
    """When those that last so long had been LONG_S of both speaking, s."""


def compare(
    references: Sequence[OverlapRef],
    found: Sequence[ToldOverlap],
    speech_s: dict[Party, float],
    together: Sequence[Stretch] | None = None,
) -> CallOverlaps:
    """Pair them one to one, those of the same kind and party first, then the rest.

    ``together``: when both speak, where pauses are annotated; else from t0 to t1."""
    same = one_to_one(references, found, TOLERANCE_S, lambda r, f: _label(r) == _label(f))
    hit = {i for i, _ in same}, {j for _, j in same}
    asked = [r for i, r in enumerate(references) if i not in hit[0] and r.t1 - r.t0 >= ASKED_FROM_S]
    left = [f for j, f in enumerate(found) if j not in hit[1]]
    crossed = one_to_one(asked, left, TOLERANCE_S, lambda r, f: True)
    seen = {i for i, _ in crossed}, {j for _, j in crossed}
    talk_overs = [f for f in found if f.first_said("talk_over") is not None]
    return CallOverlaps(
        hits=[
            (references[i], found[j])
            for i, j in same
            if references[i].t1 - references[i].t0 >= ASKED_FROM_S
        ],
        mistaken=[(asked[i], left[j]) for i, j in crossed],
        missed=[r for i, r in enumerate(asked) if i not in seen[0]],
        false=[f for j, f in enumerate(left) if j not in seen[1]],
        taken_back=[f for f in talk_overs if f.kind != "talk_over"],
        told_talk_over=len(talk_overs),
        speech_s=speech_s,
        long_at={
            r: at
            for r in references
            if (at := _long_at(r, [r] if together is None else together)) is not None
        },
    )


def _long_at(overlap: OverlapRef, together: Iterable[Timed]) -> float | None:
    so_far_s = 0.0
    for span in together:
        t0, t1 = max(span.t0, overlap.t0), min(span.t1, overlap.t1)
        if t1 > t0:
            if so_far_s + t1 - t0 >= LONG_S - ROUNDING_S:
                return t0 + LONG_S - so_far_s
            so_far_s += t1 - t0
    return None


@dataclass(frozen=True, slots=True)
class KindFigures:
    """How well one kind of overlap is heard. Times in s; null where there is nothing to say."""

    reference: int
    found: int
    hits: int
    precision: float | None
    recall: float | None
    f1: float | None
    false_per_h: float | None
    """Found and not so, per hour of the speech of those who were come in on."""
    onset_error_s: float | None
    """Median of found begin − reference begin."""
    onset_error_p95_s: float | None
    """95th percentile of its size."""
    delay_p50_s: float | None
    """From the begin to the first event that says the kind, audio time."""
    delay_p95_s: float | None
    delay_after_long: int
    """Hits with LONG_S of both speaking at least …"""
    delay_after_long_p50_s: float | None
    """… and for them, from then to that event."""
    delay_after_long_p95_s: float | None
    intervals: dict[str, Interval] = field(default_factory=dict)
    """95 %, by bootstrap over calls: precision, recall, f1, false_per_h."""


@dataclass(frozen=True, slots=True)
class OverlapFigures:
    kinds: dict[str, KindFigures]
    """By kind, and by kind and who came in: ``talk_over``, ``terminal``, ``terminal_by_agent`` …
    (talk-over is always the agent's)."""
    clear: dict[str, KindFigures] | None
    """The same without the references that are not clear and what was found there; None where
    all are clear."""
    confusion: dict[str, dict[str, int]]
    """Reference → found → count, each ``kind_by_party`` or ``nothing``."""
    backchannels_as_talk_over: float | None
    """Share of the agent's annotated backchannels that were called talk-over in the end."""
    backchannels_as_competitive: float | None
    """Share of all annotated backchannels called talk-over or interruption in the end."""
    talk_overs_told: int
    talk_overs_taken_back: float | None
    """Share of the overlaps ever said to be talk-over that were something else in the end."""


def figures(calls: Sequence[CallOverlaps]) -> OverlapFigures:
    """Of all these calls together."""
    labels = sorted(
        {_label(r) for call in calls for r in _annotated(call)}
        | {_label(f) for call in calls for f in _found(call)},
        key=_rank,
    )
    all_clear = all(r.clear for call in calls for r in _annotated(call))
    back = [o for call in calls for o in _annotated(call) if o.kind == "backchannel"]
    by_agent = sum(o.by == "agent" for o in back)
    wrong = [
        f for call in calls for r, f in call.mistaken if r.kind == "backchannel" and _competes(f)
    ]
    told = sum(call.told_talk_over for call in calls)
    return OverlapFigures(
        kinds=_all_kinds(calls),
        clear=None if all_clear else _all_kinds([_only_clear(call) for call in calls]),
        confusion=_confusion(calls, labels),
        backchannels_as_talk_over=ratio(sum(f.by == "agent" for f in wrong), by_agent),
        backchannels_as_competitive=ratio(len(wrong), len(back)),
        talk_overs_told=told,
        talk_overs_taken_back=ratio(sum(len(call.taken_back) for call in calls), told),
    )


def name(label: Label) -> str:
    return f"{label[0]}_by_{label[1]}"


def _label(overlap: OverlapRef | ToldOverlap) -> Label:
    return overlap.kind, overlap.by


def _rank(label: Label) -> tuple[int, int]:
    return KINDS.index(label[0]), PARTIES.index(label[1])


def _competes(found: ToldOverlap) -> bool:
    return found.kind in COMPETITIVE


def _annotated(call: CallOverlaps) -> Iterable[OverlapRef]:
    return [*(r for r, _ in call.hits), *(r for r, _ in call.mistaken), *call.missed]


def _found(call: CallOverlaps) -> Iterable[ToldOverlap]:
    return [*(f for _, f in call.hits), *(f for _, f in call.mistaken), *call.false]


def _only_clear(call: CallOverlaps) -> CallOverlaps:
    return replace(
        call,
        hits=[(r, f) for r, f in call.hits if r.clear],
        mistaken=[(r, f) for r, f in call.mistaken if r.clear],
        missed=[r for r in call.missed if r.clear],
    )


def _all_kinds(calls: Sequence[CallOverlaps]) -> dict[str, KindFigures]:
    kinds: dict[str, KindFigures] = {}
    for kind in KINDS:
        by_either: list[Label] = [(kind, party) for party in PARTIES]
        if kind == "talk_over":  # only the agent's is called so
            kinds[kind] = _kind_figures(calls, by_either[:1])
            continue
        kinds[kind] = _kind_figures(calls, by_either)
        kinds |= {name(label): _kind_figures(calls, [label]) for label in by_either}
    return kinds


def _kind_figures(calls: Sequence[CallOverlaps], labels: list[Label]) -> KindFigures:
    counts = np.array([_counts(call, labels) for call in calls], np.float64)
    hits, reference, found, hours = (float(total) for total in counts.sum(axis=0))
    pairs = [(r, f) for call in calls for r, f in call.hits if _label(r) in labels]
    onsets = [f.t0 - r.t0 for r, f in pairs]
    told = [
        (r, said, call.long_at.get(r))
        for call in calls
        for r, f in call.hits
        if _label(r) in labels and (said := f.first_said(r.kind)) is not None
    ]
    delays = [said - r.t0 for r, said, _ in told]
    after_long = [said - long_at for _, said, long_at in told if long_at is not None]
    return KindFigures(
        reference=int(reference),
        found=int(found),
        hits=int(hits),
        precision=ratio(hits, found),
        recall=ratio(hits, reference),
        f1=ratio(2 * hits, reference + found),
        false_per_h=ratio(found - hits, hours),
        onset_error_s=quantile(onsets, 0.5),
        onset_error_p95_s=quantile([abs(onset) for onset in onsets], 0.95),
        delay_p50_s=quantile(delays, 0.5),
        delay_p95_s=quantile(delays, 0.95),
        delay_after_long=len(after_long),
        delay_after_long_p50_s=quantile(after_long, 0.5),
        delay_after_long_p95_s=quantile(after_long, 0.95),
        intervals=intervals(counts, counts[:, :3], _drawn),
    )


def _counts(call: CallOverlaps, labels: list[Label]) -> tuple[float, float, float, float]:
    hits = sum(_label(r) in labels for r, _ in call.hits)
    reference = sum(_label(r) in labels for r in _annotated(call))
    found = sum(_label(f) in labels for f in _found(call))
    come_in_on = {other(by) for _, by in labels}
    return hits, reference, found, sum(call.speech_s[party] for party in come_in_on) / 3600


def _confusion(calls: Sequence[CallOverlaps], labels: list[Label]) -> dict[str, dict[str, int]]:
    counted: Counter[tuple[str, str]] = Counter()
    for call in calls:
        counted.update((name(_label(r)), name(_label(f))) for r, f in call.hits)
        counted.update((name(_label(r)), name(_label(f))) for r, f in call.mistaken)
        counted.update((name(_label(r)), NOBODY) for r in call.missed)
        counted.update((NOBODY, name(_label(f))) for f in call.false)
    names = [*(name(label) for label in labels), NOBODY]
    return {row: {column: counted[row, column] for column in names} for row in names}


def _drawn(sums: F64) -> dict[str, F64]:
    hits, reference, found, hours = sums
    return {
        "precision": ratios(hits, found),
        "recall": ratios(hits, reference),
        "f1": ratios(2 * hits, reference + found),
        "false_per_h": ratios(found - hits, hours),
    }
