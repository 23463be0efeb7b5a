"""Ear: PCM blocks of many channels in, Heard rows out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK_S

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the ear heard: one row per channel, one column per block of 32 ms.

    Every array has shape (channels, blocks). In a call, row 0 is the agent and
    row 1 the customer (``events.PARTIES``).
    """

    speech: F32  # probability 0..1
    level_db: F32  # dBFS of the block's RMS, never below -100
    f0_hz: F32  # pitch; NaN where unvoiced
    voicing: F32  # harmonicity 0..1 (normalised autocorrelation peak)
    balance_db: F32  # energy 1-3.4 kHz over 0.3-1 kHz
    nuclei: F32  # syllable nuclei confirmed in this block (0, 1, …)

    @property
    def channels(self) -> int:
        return int(self.speech.shape[0])

    @property
    def blocks(self) -> int:
        return int(self.speech.shape[1])

    @property
    def duration_s(self) -> float:
        return self.blocks * BLOCK_S

    def part(self, start: int, stop: int) -> Self:
        """Blocks start..stop of every channel."""
        return type(self)(*(getattr(self, f.name)[:, start:stop] for f in fields(self)))

    def rows(self, start: int, stop: int) -> Self:
        """Channels start..stop of every block."""
        return type(self)(*(getattr(self, f.name)[start:stop] for f in fields(self)))

    def to_bytes(self) -> bytes:
        """Exact bytes for the input log: little-endian float32, field by field."""
        stacked = np.stack([getattr(self, f.name) for f in fields(self)])
        return stacked.astype("<f4", copy=False).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, channels: int = 2) -> Self:
        """Inverse of to_bytes. Raises ValueError when the length does not fit."""
        names = len(fields(cls))
        return cls(*np.frombuffer(data, "<f4").reshape(names, channels, -1).astype(np.float32))
