"""The last seconds of a call's audio, addressed by audio time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitor.audio import RATE_HZ


class Tape:
    """A ring of float32 PCM, shape (channels, seconds × 8000).

    An utterance is cut out of it after it has ended, so it must hold the longest
    utterance, its hang-over and the audio that came in one chunk after it.
    """

    def __init__(self, channels: int, seconds: float) -> None:
        self._ring = np.zeros((channels, round(seconds * RATE_HZ)), np.float32)
        self._end = 0  # samples written since the call's first

    @property
    def end_s(self) -> float:
        return self._end / RATE_HZ

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples of shape (channels, n)."""
        size = self._ring.shape[1]
        count = samples.shape[1]
        kept = samples[:, -size:]
        at = (self._end + count - kept.shape[1]) % size
        first = min(kept.shape[1], size - at)
        self._ring[:, at : at + first] = kept[:, :first]
        self._ring[:, : kept.shape[1] - first] = kept[:, first:]
        self._end += count

    def skip(self, samples: int) -> None:
        """Silence in place of samples that never came."""
        size = self._ring.shape[1]
        self._ring[:, np.arange(self._end, self._end + min(samples, size)) % size] = 0.0
        self._end += samples

    def cut(self, channel: int, t0: float, t1: float) -> NDArray[np.float32]:
        """A copy of one channel from t0 to t1; what is no longer or not yet there is left out."""
        size = self._ring.shape[1]
        start = max(round(t0 * RATE_HZ), self._end - size, 0)
        stop = min(round(t1 * RATE_HZ), self._end)
        if stop <= start:
            return np.zeros(0, np.float32)
        cut: NDArray[np.float32] = self._ring[channel, np.arange(start, stop) % size]
        return cut
