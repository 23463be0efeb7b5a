"""How late the event loop runs: what anything that waits for it would have found."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from typing import Final

EVERY_S: Final = 0.02
WORST_OF_S: Final = 2.0
EDGES_S: Final = (
    *(0.001, 0.002, 0.003, 0.005, 0.0075),
    *(0.01, 0.015, 0.02, 0.03, 0.05, 0.075),
    *(0.1, 0.15, 0.2, 0.3, 0.5, 0.75),
    *(1.0, 2.0, 5.0, 10.0),
)
"""Upper edges. The budget, 10 ms, is one, so that a histogram shows exactly whether it held."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """Looks at the loop since the start, by how late they were: ``counts[k]`` of them later
    than the edge before ``edges_s[k]`` and no later than it, the last beyond all edges."""

    edges_s: tuple[float, ...]
    counts: tuple[int, ...]


class LoopLag:
    """Looks at the loop 50 times a second."""

    def __init__(self) -> None:
        self._counts = [0] * (len(EDGES_S) + 1)
        self._newest: deque[float] = deque(maxlen=round(WORST_OF_S / EVERY_S))

    @property
    def lag_s(self) -> float:
        """Worst lateness of the newest looks, those of 2 s."""
        return max(self._newest, default=0.0)

    @property
    def lateness(self) -> Lateness:
        """A histogram since the start. The difference of two is that of the time between."""
        return Lateness(EDGES_S, tuple(self._counts))

    def saw(self, late_s: float) -> None:
        """Count a look that was so late, and those that should have been made meanwhile: else
        a loop that stands still for a second would count as one look that was late."""
        self._newest.append(late_s)
        self._count(late_s)
        while late_s > EVERY_S:
            late_s -= EVERY_S
            self._count(late_s)

    async def run(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self.saw(max(0.0, loop.time() - due))

    def _count(self, late_s: float) -> None:
        self._counts[bisect_left(EDGES_S, late_s)] += 1
