"""Syllable nuclei: voiced peaks of the intensity that stand between two dips.

After de Jong & Wempe, "Praat script to detect syllable nuclei and measure speech rate
automatically" (2009), made to run block by block. A nucleus is a peak of intensity that
rises at least 2.5 dB over the dip before it and is followed by a fall of at least 2.5 dB,
in voiced speech, at most 22 dB below the recent maximum and at least 48 ms after the
nucleus before it.

The figures were chosen on half of 41 recordings (people on the telephone, actors, prompts in
five languages, the voices of our samples; some made faster or slower), by syllables per second
of the text over 15 s of speech. On the other half, 131 windows, the nuclei correlate with the
text at r = .88, and pull extremes in: a true 7.1 a second is found as 6.4, a true 3.3 as 3.7.
``rate.rate_of`` puts that back. Nothing else that was tried was better on both halves: filters
before the intensity (300-900 Hz, 300-2100 Hz, pre-emphasis), the mean and the correlation of
six bands (Wang & Narayanan 2007), crossings of the modulation at 2-10 Hz, spectral flux, dips
that follow the rate, other dips, ranges, spacings and smoothings. Two counts together were 0.4
points of error better, at twice the cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK, BLOCK_S

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

STEP = 64
"""Samples between two points of the intensity: 8 ms."""
STEPS = BLOCK // STEP
"""Points a block."""
LEAD = 128
"""Samples before the first block that ``intensity`` needs."""
VOICED = 0.35
"""Harmonicity from which a peak is a nucleus. Well below what gives a pitch: in fast
speech a vowel is shorter than the window of the pitch."""

_WEIGHTS: Final = (1.0, 2.0, 1.0)  # 48 ms, as it was, lost a fifth of fast syllables
_DIP_DB: Final = 2.5
_RANGE_DB: Final = 22.0
_QUIET_DB: Final = -60.0
_APART: Final = 6  # points: 48 ms
_FORGET_DB: Final = 2.0 * BLOCK_S / STEPS  # the recent maximum sinks by 2 dB a second


def intensity(pcm: F32) -> F64:
    """(channels, 128 + 256·blocks) to dBFS every 8 ms, (channels, 4·blocks).

    The mean square less the squared mean, over 24 ms under a triangle of steps; a point
    describes the time 12 ms before the end of its step.
    """
    channels = pcm.shape[0]
    steps = pcm.reshape(channels, -1, STEP)
    mean = steps.mean(axis=2).astype(np.float64)
    square = np.square(steps).mean(axis=2).astype(np.float64)
    points = steps.shape[1] - len(_WEIGHTS) + 1
    offset, power = np.zeros((channels, points)), np.zeros((channels, points))
    for k, weight in enumerate(_WEIGHTS):
        share = weight / sum(_WEIGHTS)
        offset += share * mean[:, k : k + points]
        power += share * square[:, k : k + points]
    return 10 * np.log10(np.maximum(power - offset * offset, 1e-10))


@dataclass(slots=True)
class NucleusFinder:
    """Follows the intensity of one channel from dip to peak to dip."""

    rising: bool = True
    extreme_db: float = -100.0  # highest point of this rise, or lowest of this fall
    voiced: bool = False  # at the highest point
    peak_ago: int = 0  # points since then
    nucleus_ago: int = _APART  # points since the peak of the last nucleus
    recent_db: float = _QUIET_DB  # recent maximum

    def blocks(self, points_db: list[float], voiced: list[bool]) -> list[int]:
        """Nuclei confirmed in each block: four points and one voicing a block.

        The middle of the window of a block's pitch and its four points lie within 13 ms.
        """
        return [
            self._block(points_db[STEPS * k : STEPS * (k + 1)], now) for k, now in enumerate(voiced)
        ]

    def _block(self, points_db: list[float], voiced: bool) -> int:
        found = 0
        for level_db in points_db:
            self.nucleus_ago += 1
            self.peak_ago += 1
            self.recent_db = max(level_db, self.recent_db - _FORGET_DB, _QUIET_DB)
            if self.rising:
                if level_db > self.extreme_db:
                    self.extreme_db, self.voiced, self.peak_ago = level_db, voiced, 0
                elif level_db < self.extreme_db - _DIP_DB:
                    found += self._peak()
                    self.rising, self.extreme_db = False, level_db
            elif level_db < self.extreme_db:
                self.extreme_db = level_db
            elif level_db > self.extreme_db + _DIP_DB:
                self.rising, self.extreme_db = True, level_db
                self.voiced, self.peak_ago = voiced, 0
        return found

    def _peak(self) -> int:
        apart = self.nucleus_ago - self.peak_ago
        loud = self.extreme_db > max(self.recent_db - _RANGE_DB, _QUIET_DB)
        if not (self.voiced and loud and apart >= _APART):
            return 0
        self.nucleus_ago = self.peak_ago
        return 1
