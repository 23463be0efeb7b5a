"""Blocks, µ-law and A-law, resampling: PCM in memory, no files."""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr
from numpy.typing import ArrayLike, NDArray

RATE_HZ = 8000
"""The one sampling rate of the core: telephone speech."""
BLOCK = 256
"""Samples of one block."""
BLOCK_S = BLOCK / RATE_HZ
"""0.032 s, the grain of the core."""

F32 = NDArray[np.float32]


class AudioError(ValueError):
    """The audio cannot be used; one line that says which and why."""


class Blocks:
    """Cuts PCM of any chunk size into whole blocks; what is left waits for more.

    The blocks are the same however the audio was chunked. ``pending`` is the number of
    samples that wait, always below 256.
    """

    def __init__(self, channels: int) -> None:
        self._rest: F32 = np.zeros((channels, 0), np.float32)

    @property
    def pending(self) -> int:
        return int(self._rest.shape[1])

    def push(self, samples: ArrayLike) -> F32:
        """Take (channels, samples), give (channels, blocks, 256); blocks may be 0.

        Raises ValueError when the number of channels is another.
        """
        chunk = np.asarray(samples, np.float32)
        channels = self._rest.shape[0]
        if chunk.ndim != 2 or chunk.shape[0] != channels:
            raise ValueError(f"expected shape ({channels}, samples), got {chunk.shape}")
        joined = np.concatenate((self._rest, chunk), axis=1)
        whole = joined.shape[1] // BLOCK * BLOCK
        self._rest = joined[:, whole:].copy()
        return joined[:, :whole].reshape(channels, -1, BLOCK)

    def flush(self) -> F32:
        """The samples that wait, padded with zeros to one block; no block when none wait."""
        return self.push(np.zeros((self._rest.shape[0], -self.pending % BLOCK), np.float32))


class Resampler:
    """Any rate to 8 kHz (soxr), in chunks of any size.

    The output does not depend on the chunk size; its length is that of the input times
    8000/rate, rounded, once ``flush`` was called. 8 kHz passes through untouched. What
    comes out lags by up to 160 ms, or by 60 ms at most with ``live``, whose filter is shorter.
    """

    def __init__(self, rate_hz: float, channels: int, *, live: bool = False) -> None:
        if rate_hz <= 0:
            raise AudioError(f"a sampling rate of {rate_hz:g} Hz is impossible")
        self._channels = channels
        self._stream: soxr.ResampleStream | None = None
        if rate_hz != RATE_HZ:
            quality = "LQ" if live else "HQ"
            self._stream = soxr.ResampleStream(rate_hz, RATE_HZ, channels, "float32", quality)

    def push(self, samples: ArrayLike) -> F32:
        """(channels, samples) at the source's rate in, (channels, fewer or more) at 8 kHz out."""
        return self._run(np.asarray(samples, np.float32), last=False)

    def flush(self) -> F32:
        """What the filter still held; nothing may be pushed after it."""
        return self._run(np.zeros((self._channels, 0), np.float32), last=True)

    def _run(self, chunk: F32, last: bool) -> F32:
        if self._stream is None:
            return chunk
        # soxr wants (samples, channels), C-contiguous.
        out = self._stream.resample_chunk(np.ascontiguousarray(chunk.T), last=last)
        return np.ascontiguousarray(out.reshape(-1, self._channels).T, np.float32)


# ---- ITU-T G.711 -----------------------------------------------------------------
# Both laws cut the magnitude into 8 segments that double in width, 16 steps each.


def _segment(magnitude: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of the highest set bit, counted from bit 7; 0 where it is lower."""
    return np.maximum(np.frexp(magnitude.astype(np.float64))[1].astype(np.int64) - 8, 0)


def _mulaw_to_pcm() -> F32:
    code = ~np.arange(256) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 132) << ((code >> 4) & 7)) - 132
    return _frozen(np.where(code & 0x80, -magnitude, magnitude) / 32768.0)


def _alaw_to_pcm() -> F32:
    code = np.arange(256) ^ 0x55
    segment = (code >> 4) & 7
    step = ((code & 0x0F) << 4) + 8
    magnitude = np.where(segment == 0, step, (step + 256) << np.maximum(segment - 1, 0))
    return _frozen(np.where(code & 0x80, magnitude, -magnitude) / 32768.0)


def _frozen(values: NDArray[np.float64]) -> F32:
    table = values.astype(np.float32)
    table.flags.writeable = False
    return table


_MULAW: Final = _mulaw_to_pcm()
_ALAW: Final = _alaw_to_pcm()


def mulaw_decode(data: bytes) -> F32:
    """G.711 µ-law bytes to float32 PCM in -1..1, shape (samples,)."""
    return _MULAW[np.frombuffer(data, np.uint8)]


def alaw_decode(data: bytes) -> F32:
    """G.711 A-law bytes to float32 PCM in -1..1, shape (samples,)."""
    return _ALAW[np.frombuffer(data, np.uint8)]


def mulaw_encode(pcm: ArrayLike) -> bytes:
    """Float PCM, shape (samples,), clipped to -1..1, to G.711 µ-law bytes."""
    linear = _linear16(pcm) & ~3  # the law is defined on 14 bits
    magnitude = np.minimum(np.abs(linear), 32635) + 132
    segment = _segment(magnitude)
    code = (segment << 4) | ((magnitude >> (segment + 3)) & 0x0F)
    return _bytes(~np.where(linear < 0, code | 0x80, code))


def alaw_encode(pcm: ArrayLike) -> bytes:
    """Float PCM, shape (samples,), clipped to -1..1, to G.711 A-law bytes."""
    linear = _linear16(pcm)
    magnitude = np.where(linear < 0, -linear - 1, linear)
    segment = _segment(magnitude)
    code = (segment << 4) | ((magnitude >> (np.maximum(segment, 1) + 3)) & 0x0F)
    return _bytes(np.where(linear < 0, code, code | 0x80) ^ 0x55)


def _linear16(pcm: ArrayLike) -> NDArray[np.int64]:
    scaled = np.rint(np.asarray(pcm, np.float64) * 32768.0)
    return np.clip(scaled, -32768, 32767).astype(np.int64)


def _bytes(codes: NDArray[np.int64]) -> bytes:
    return bytes((codes & 0xFF).astype(np.uint8))
