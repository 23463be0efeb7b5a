"""The last seconds of a call's audio, addressed by audio time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitor.audio import RATE_HZ

FULL_SCALE = 32768.0


class Tape:
    """A ring of 16-bit PCM, shape (channels, seconds × 8000); in and out in float32.

    An utterance is cut out of it after it has ended, so it must hold the longest
    utterance, its hang-over and the audio that came in one chunk after it. It is most of
    what a live call keeps: 16 bits are half of float32, and all that a telephone has.
    """

    def __init__(self, channels: int, seconds: float) -> None:
        self._ring = np.zeros((channels, round(seconds * RATE_HZ)), np.int16)
        self._end = 0  # samples written since the call's first

    @property
    def end_s(self) -> float:
        return self._end / RATE_HZ

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples of shape (channels, n), -1 to 1; what is louder is clipped."""
        size = self._ring.shape[1]
        count = samples.shape[1]
        scaled = np.rint(samples[:, -size:] * FULL_SCALE)
        kept = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
        at = (self._end + count - kept.shape[1]) % size
        first = min(kept.shape[1], size - at)
        self._ring[:, at : at + first] = kept[:, :first]
        self._ring[:, : kept.shape[1] - first] = kept[:, first:]
        self._end += count

    def skip(self, samples: int) -> None:
        """Silence in place of samples that never came."""
        size = self._ring.shape[1]
        self._ring[:, np.arange(self._end, self._end + min(samples, size)) % size] = 0
        self._end += samples

    def cut(self, channel: int, t0: float, t1: float) -> NDArray[np.float32]:
        """A copy of one channel from t0 to t1; what is no longer or not yet there is left out."""
        size = self._ring.shape[1]
        start = max(round(t0 * RATE_HZ), self._end - size, 0)
        stop = min(round(t1 * RATE_HZ), self._end)
        if stop <= start:
            return np.zeros(0, np.float32)
        at, upto = start % size, (stop - 1) % size + 1
        ring = self._ring[channel]
        cut = ring[at:upto] if at < upto else np.concatenate((ring[at:], ring[:upto]))
        return cut.astype(np.float32) / np.float32(FULL_SCALE)
