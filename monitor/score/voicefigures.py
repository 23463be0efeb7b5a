"""How well angry voices are told from others: figures with intervals over speakers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.score import figures as intervals
from monitor.score.figures import Interval
from monitor.score.voice import ScoredClip

F64 = NDArray[np.float64]

LEAST_SPEAKERS: Final = 3
"""Fewer say nothing of the next one."""
UNJUDGED: Final = -1e9
"""A clip without a voice to judge is not called angry: it stands below all others."""


@dataclass(frozen=True, slots=True)
class Separation:
    """None where a figure cannot be told: one label only, or no such speakers."""

    auc: float | None  # area under the ROC curve, all clips together
    auc_within: float | None  # the mean over speakers of their own area
    uar: float | None  # unweighted average recall: the mean of the next two
    recall: float | None  # of the angry clips, called angry
    specificity: float | None  # of the others, not called angry
    intervals: dict[str, Interval | None]  # 95 %, by the bootstrap over speakers


@dataclass(frozen=True, slots=True)
class VoiceFigures(Separation):
    """With the caller's own normal; ``alone``: each clip as the first of a call."""

    clips: int
    angry: int
    speakers: int
    known: int  # clips whose speaker has others enough
    unjudged: int  # clips with too little voice
    alone: Separation


def figures(scored: Sequence[ScoredClip]) -> VoiceFigures:
    known = separation(scored, [each.excess for each in scored], [each.called for each in scored])
    alone = separation(
        scored, [each.alone for each in scored], [each.called_alone for each in scored]
    )
    return VoiceFigures(
        auc=known.auc,
        auc_within=known.auc_within,
        uar=known.uar,
        recall=known.recall,
        specificity=known.specificity,
        intervals=known.intervals,
        clips=len(scored),
        angry=sum(each.clip.angry for each in scored),
        speakers=len({each.clip.speaker for each in scored}),
        known=sum(each.median is not None for each in scored),
        unjudged=sum(each.alone is None for each in scored),
        alone=alone,
    )


def separation(
    scored: Sequence[ScoredClip], log_odds: Sequence[float | None], called: Sequence[bool]
) -> Separation:
    angry = np.array([each.clip.angry for each in scored], np.bool_)
    score = np.array([UNJUDGED if s is None else s for s in log_odds])
    names = sorted({each.clip.speaker for each in scored})
    of = np.array([names.index(each.clip.speaker) for each in scored])
    once = np.ones((1, len(names)))
    own = [area(score[of == k], angry[of == k]) for k in range(len(names))]
    both = [each for each in own if each is not None]
    auc = _areas(score, angry, of, once)
    rates = _rates(np.array(called, np.bool_), angry, of, once)
    draws = np.random.default_rng(intervals.SEED).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=intervals.DRAWS
    )
    spread: dict[str, Interval | None] = dict.fromkeys(("auc", "uar", "recall", "specificity"))
    if len(names) >= LEAST_SPEAKERS:
        times = draws.astype(np.float64)
        spread["auc"] = intervals.interval(_areas(score, angry, of, times))
        drawn = _rates(np.array(called, np.bool_), angry, of, times)
        for name, values in zip(("recall", "specificity", "uar"), drawn, strict=True):
            spread[name] = intervals.interval(values)
    recall, specificity, uar = (_told(values[0]) for values in rates)
    return Separation(
        auc=_told(auc[0]),
        auc_within=_told(float(np.mean(both))) if both else None,
        uar=uar,
        recall=recall,
        specificity=specificity,
        intervals=spread,
    )


def area(score: F64, angry: NDArray[np.bool_]) -> float | None:
    """The share of pairs, one angry and one not, in which the angry one is higher; ties are
    half. None without a pair."""
    found = float(_areas(score, angry, np.zeros(len(score), np.intp), np.ones((1, 1)))[0])
    return None if np.isnan(found) else found


def _areas(score: F64, angry: NDArray[np.bool_], of: NDArray[np.intp], times: F64) -> F64:
    """Areas with each speaker counted so often: ``times`` (draws, speakers) to (draws,)."""
    steps, step = np.unique(score, return_inverse=True)
    out = np.empty(len(times))
    for draw, row in enumerate(times):
        weight = row[of]
        high = np.bincount(step, weight * angry, len(steps))
        low = np.bincount(step, weight * ~angry, len(steps))
        pairs = high.sum() * low.sum()
        below = np.cumsum(low) - low / 2
        out[draw] = (high @ below) / pairs if pairs > 0 else np.nan
    return out


def _rates(
    called: NDArray[np.bool_], angry: NDArray[np.bool_], of: NDArray[np.intp], times: F64
) -> tuple[F64, F64, F64]:
    """Recall, specificity and their mean, as ``_areas``."""
    speakers = times.shape[1]

    def share(right: NDArray[np.bool_], all_: NDArray[np.bool_]) -> F64:
        counts = np.stack(
            [np.bincount(of, each, speakers) for each in (right & all_, all_)], axis=1
        )
        sums = times @ counts
        return intervals.ratios(sums[:, 0], sums[:, 1])

    recall, specificity = share(called, angry), share(~called, ~angry)
    return recall, specificity, (recall + specificity) / 2


def _told(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
