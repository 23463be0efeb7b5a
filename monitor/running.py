"""Running statistics: what is usual for someone, so far."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque


class RunningMedian:
    """Median of the newest ``most`` values, kept sorted: about 1 µs a value."""

    __slots__ = ("_newest", "_sorted")

    def __init__(self, most: int) -> None:
        self._newest: deque[float] = deque(maxlen=most)
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, value: float) -> None:
        newest = self._newest
        if len(newest) == newest.maxlen:
            del self._sorted[bisect_left(self._sorted, newest[0])]
        newest.append(value)
        insort(self._sorted, value)

    def quantile(self, q: float) -> float:
        """The value below which a share ``q`` (0..1) lies. Raises IndexError when empty."""
        return self._sorted[min(int(q * len(self._sorted)), len(self._sorted) - 1)]

    @property
    def median(self) -> float:
        """Raises IndexError when empty."""
        return self.quantile(0.5)
