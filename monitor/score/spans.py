"""Stretches of time: which one is which, and how long they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray


class Timed(Protocol):
    """Anything that lasts from ``t0`` to ``t1``, s."""

    @property
    def t0(self) -> float: ...
    @property
    def t1(self) -> float: ...


class Stretch(NamedTuple):
    t0: float
    t1: float


A = TypeVar("A", bound=Timed)
B = TypeVar("B", bound=Timed)


def shared_s(a: Timed, b: Timed) -> float:
    """Time in both, s; negative: the gap between them."""
    return min(a.t1, b.t1) - max(a.t0, b.t0)


def one_to_one(
    left: Sequence[A], right: Sequence[B], tolerance_s: float, fits: Callable[[A, B], bool]
) -> list[tuple[int, int]]:
    """Pairs of indices, each index once at most.

    Two that ``fits`` may pair when they share time or are no more than ``tolerance_s``
    apart. Those that share most are paired first; at a tie those that begin closest.
    """
    candidates = [
        (-shared_s(a, b), abs(a.t0 - b.t0), i, j)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
        if shared_s(a, b) >= -tolerance_s and fits(a, b)
    ]
    pairs: list[tuple[int, int]] = []
    seen_left: set[int] = set()
    seen_right: set[int] = set()
    for _, _, i, j in sorted(candidates):
        if i not in seen_left and j not in seen_right:
            pairs.append((i, j))
            seen_left.add(i)
            seen_right.add(j)
    return sorted(pairs)


def bridged(spans: Iterable[Timed], gap_s: float) -> list[Stretch]:
    """In order, with gaps of up to ``gap_s`` between them closed."""
    out: list[Stretch] = []
    for span in sorted(spans, key=lambda s: (s.t0, s.t1)):
        if out and span.t0 - out[-1].t1 <= gap_s:
            out[-1] = Stretch(out[-1].t0, max(out[-1].t1, span.t1))
        else:
            out.append(Stretch(span.t0, span.t1))
    return out


def common(left: Iterable[Timed], right: Sequence[Timed]) -> list[Stretch]:
    """In order, what lies in both; the spans of each side do not touch one another."""
    both = [Stretch(max(a.t0, b.t0), min(a.t1, b.t1)) for a in left for b in right]
    return sorted(span for span in both if span.t1 > span.t0)


def total_s(spans: Iterable[Timed]) -> float:
    return sum(span.t1 - span.t0 for span in spans)


def painted(spans: Iterable[Timed], grid: int, step_s: float) -> NDArray[np.bool_]:
    """Shape (grid,): whether each step of ``step_s`` lies in one of them, by its middle."""
    out = np.zeros(grid, np.bool_)
    for span in spans:
        first, last = (int(np.ceil(t / step_s - 0.5)) for t in (span.t0, span.t1))
        out[max(0, first) : max(0, last)] = True
    return out
