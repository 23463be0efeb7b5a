"""How sure a figure is: 95 % intervals by the bootstrap over calls.

Calls are drawn, not overlaps: those of one call have one agent, one customer and one line,
and say less than as many from different calls (Efron & Tibshirani 1993, chapter 8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Interval = tuple[float, float]

DRAWS: Final = 2000
SEED: Final = 20
LEAST_CALLS: Final = 3
"""Fewer calls that have something of a kind say nothing of the next one."""


def drawn(counts: F64) -> F64:
    """Sums of ``counts`` (calls, figures) over calls drawn with replacement, as many as there
    are: shape (DRAWS, figures)."""
    calls = len(counts)
    rng = np.random.default_rng(SEED)
    times = rng.multinomial(calls, np.full(calls, 1 / calls), size=DRAWS)
    sums: F64 = times @ counts
    return sums


def interval(values: F64) -> Interval | None:
    """The middle 95 % of what was drawn; NaN where a draw had nothing to say.

    None where all draws are alike: that every call went as well says that there are few calls,
    not that the figure is sure."""
    known = values[np.isfinite(values)]
    if not known.size or np.ptp(known) == 0:
        return None
    low, high = np.quantile(known, (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)


def intervals(
    counts: F64, told: F64, figures: Callable[[F64], Mapping[str, F64]]
) -> dict[str, Interval]:
    """Of figures made from ``counts`` (calls, figures): what ``figures`` makes of the drawn sums,
    (figures, DRAWS). ``told`` (calls, …) is where a call has something of the kind; in fewer than
    LEAST_CALLS none is known, and one whose draws are all alike is left out."""
    if np.count_nonzero(told.any(axis=1)) < LEAST_CALLS:
        return {}
    found = {name: interval(values) for name, values in figures(drawn(counts).T).items()}
    return {name: bounds for name, bounds in found.items() if bounds is not None}


def quantile(values: Sequence[float], share: float) -> float | None:
    """Linear between neighbours, as numpy has it; None of nothing."""
    return round(float(np.quantile(values, share)), 3) if values else None


def ratio(over: float, under: float) -> float | None:
    return round(over / under, 4) if under else None


def ratios(over: F64, under: F64) -> F64:
    """NaN where there is nothing to divide by."""
    out: F64 = np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0)
    return out
