"""One time line from several inputs that lose samples and whose clocks disagree."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK, RATE_HZ
from monitor.events import Missing
from monitor.sources import Pcm

F32 = NDArray[np.float32]

MAX_SKEW: Final = RATE_HZ // 20
"""Samples (50 ms) by which one input may run ahead of another. Two sound cards of 50 ppm
each way get there in eight minutes."""
_WATCH: Final = 2 * RATE_HZ  # the skew is the least lead over so long: more than jitter


class Alignment:
    """Inputs in, whole calls out: the same number of samples of every row.

    Each input counts its own samples, lost ones among them. What one input lost is missing
    for all, and what the others heard meanwhile is left out: time stays right to a block
    and a half, and the remainder is carried to the next gap. An input whose clock is fast is cut
    back by its lead whenever that exceeds 50 ms for 2 s.
    """

    def __init__(self, inputs: int) -> None:
        self._waiting: list[deque[F32 | int]] = [deque() for _ in range(inputs)]
        self._skip = [0] * inputs
        self._started = [False] * inputs
        self._lead = [0] * inputs  # least of this watch
        self._watched = 0
        self._sent = 0
        self._owed = 0  # samples of lost time not yet told, may be negative
        self.cuts = 0
        """How often a fast clock was cut back."""

    def push(self, number: int, samples: F32) -> None:
        """(rows, samples) at 8 kHz of one input. What comes before every other input has
        begun is left out: the call begins when all hear."""
        self._started[number] = True
        if not all(self._started):
            return
        drop = min(self._skip[number], samples.shape[1])
        self._skip[number] -= drop
        if samples.shape[1] > drop:
            self._waiting[number].append(samples[:, drop:])

    def lose(self, number: int, samples: int) -> None:
        """So many samples at 8 kHz of one input never came."""
        if not all(self._started):
            return
        drop = min(self._skip[number], samples)
        self._skip[number] -= drop
        if samples > drop:
            self._waiting[number].append(samples - drop)

    def take(self) -> list[Pcm | Missing]:
        """Everything that is complete by now."""
        out: list[Pcm | Missing] = []
        while True:
            self._tell_losses(out)
            ready = min(self._ahead(k) for k in range(len(self._waiting)))
            if ready == 0:
                break
            rows = [self._cut(k, ready) for k in range(len(self._waiting))]
            out.append(Pcm(np.concatenate(rows, axis=0)))
            self._sent += ready
            self._watch(ready)
        return out

    def _tell_losses(self, out: list[Pcm | Missing]) -> None:
        """Losses that are next in an input become a gap, once they fill a block."""
        for number, waiting in enumerate(self._waiting):
            while waiting and isinstance(lost := waiting[0], int):
                waiting.popleft()
                for other in range(len(self._waiting)):
                    if other != number:
                        self._drop(other, lost)
                self._owed += lost
        # A gap begins at a whole block: the call pads the one before it.
        padding = -self._sent % BLOCK
        blocks = (self._owed - padding + BLOCK // 2) // BLOCK
        if blocks > 0:
            out.append(Missing(blocks=blocks, reason="overrun"))
            self._sent += padding + blocks * BLOCK
            self._owed -= padding + blocks * BLOCK

    def _ahead(self, number: int) -> int:
        """Samples of an input up to its next loss."""
        ahead = 0
        for item in self._waiting[number]:
            if isinstance(item, int):
                break
            ahead += item.shape[1]
        return ahead

    def _cut(self, number: int, samples: int) -> F32:
        """The next samples of an input, none of them lost."""
        waiting = self._waiting[number]
        parts: list[F32] = []
        while samples:
            item = waiting.popleft()
            assert not isinstance(item, int)  # noqa: S101
            if item.shape[1] > samples:
                waiting.appendleft(item[:, samples:])
                item = item[:, :samples]
            parts.append(item)
            samples -= item.shape[1]
        return np.concatenate(parts, axis=1)

    def _drop(self, number: int, samples: int) -> None:
        """Leave out the next samples of an input, here or when they come."""
        waiting = self._waiting[number]
        while samples and waiting:
            item = waiting.popleft()
            length = item if isinstance(item, int) else item.shape[1]
            if length > samples:
                rest = item - samples if isinstance(item, int) else item[:, samples:]
                waiting.appendleft(rest)
                return
            samples -= length
        self._skip[number] += samples

    def _watch(self, samples: int) -> None:
        ahead = [self._ahead(k) for k in range(len(self._waiting))]
        if self._watched == 0:
            self._lead = ahead
        self._lead = [min(pair) for pair in zip(self._lead, ahead, strict=True)]
        self._watched += samples
        if self._watched >= _WATCH:
            self._watched = 0
            for number, lead in enumerate(self._lead):
                if lead > MAX_SKEW:
                    self._drop(number, lead)
                    self.cuts += 1
