"""Ear: PCM blocks of many channels in, Heard rows out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from monitor import pitch, syllables, vad
from monitor.audio import BLOCK, BLOCK_S

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
    voicing: F32  # harmonicity 0..1 (normalised autocorrelation at the pitch's lag)
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

    def arrays(self) -> tuple[F32, ...]:
        """All of them, in the order of the fields."""
        return _ARRAYS(self)

    def part(self, start: int, stop: int) -> Self:
        """Blocks start..stop of every channel."""
        return type(self)(*(array[:, start:stop] for array in self.arrays()))

    def rows(self, start: int, stop: int) -> Self:
        """Channels start..stop of every block."""
        return type(self)(*(array[start:stop] for array in self.arrays()))

    def to_bytes(self) -> bytes:
        """Exact bytes for the input log: little-endian float32, field by field."""
        return np.stack(self.arrays()).astype("<f4", copy=False).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, channels: int = 2) -> Self:
        """Inverse of to_bytes. Raises ValueError when the length does not fit."""
        names = len(fields(cls))
        return cls(*np.frombuffer(data, "<f4").reshape(names, channels, -1).astype(np.float32))


_ARRAYS: Final[Callable[[Heard], tuple[F32, ...]]] = attrgetter(*(f.name for f in fields(Heard)))
_LEAD: Final = 320  # samples kept from before the block: what the longest window needs
_HEARKEN: Final = 0.02  # speech probability from which pitch is looked for
_SLOTS: Final = 16
_FLOOR_DB: Final = np.float32(-100)


class Ear:
    """Hears all live channels at once; each has a slot that holds what it needs to go on.

    The numbers of a channel are the same, bit for bit, whatever other channels stand beside
    it, in whatever order, and however its blocks are split over calls. Everything is either
    a function of the last 320 samples and the block, worked out element by element or row
    by row, or state that is carried from block to block.

    Delays: voice activity and level describe the block; pitch and balance the 47 ms that
    end with it, so their middle is 23 ms before its end; a nucleus is confirmed by the fall
    after its peak, typically 40-90 ms later. Not safe for threads: one call at a time.

    Pitch is looked for only where speech has a probability above .02: half of the blocks of
    a call, and .9 % of those in which pYIN and SwiftF0 hear one pitch are lost (two-party
    recordings; .1 % on rendered calls). Elsewhere voicing and balance are 0.
    """

    def __init__(self) -> None:
        """Load the voice activity model. Raises vad.ModelError."""
        self._vad = vad.Vad()
        self._pitch = pitch.PitchMeter()
        self._free: list[int] = []
        self._open = np.zeros(0, np.bool_)
        self._lead: F32 = np.zeros((0, _LEAD), np.float32)
        self._hidden: F32 = np.zeros((0, vad.STATE), np.float32)
        self._cell: F32 = np.zeros((0, vad.STATE), np.float32)
        self._trace: F32 = np.zeros((0, *pitch.TRACE), np.float32)
        self._nuclei: list[syllables.NucleusFinder] = []

    def open(self, channels: int) -> NDArray[np.intp]:
        """Slots for so many new channels, as if they had been silent until now."""
        if len(self._free) < channels:
            self._grow(max(len(self._open), channels, _SLOTS))
        slots = np.array([self._free.pop() for _ in range(channels)], np.intp)
        self._open[slots] = True
        self._lead[slots] = 0.0
        self._hidden[slots] = 0.0
        self._cell[slots] = 0.0
        self._trace[slots] = 0.0
        for slot in slots:
            self._nuclei[slot] = syllables.NucleusFinder()
        return slots

    def close(self, slots: NDArray[np.intp]) -> None:
        """Give the slots back. Raises ValueError for one that is not open."""
        self._check(slots)
        self._open[slots] = False
        self._free.extend(int(slot) for slot in slots)

    def hear(self, slots: NDArray[np.intp], pcm: F32) -> Heard:
        """Hear the next blocks of these channels: ``pcm`` (channels, blocks, 256), -1..1.

        What is not a number counts as silence, what is out of range is clipped. Raises
        ValueError for a wrong shape or a slot that is not open; nothing has changed then.
        """
        self._check(slots)
        if pcm.ndim != 3 or pcm.shape[0] != len(slots) or pcm.shape[2] != BLOCK:
            raise ValueError(f"expected ({len(slots)}, blocks, {BLOCK}), got {pcm.shape}")
        channels, blocks = pcm.shape[:2]
        if channels == 0 or blocks == 0:
            return Heard(*np.zeros((len(fields(Heard)), channels, blocks), np.float32))
        audio = np.concatenate((self._lead[slots], _clean(pcm).reshape(channels, -1)), axis=1)

        frames = vad.windows(audio[:, _LEAD - vad.LEAD :])
        speech, hidden, cell = self._vad.speech(frames, self._hidden[slots], self._cell[slots])
        views = np.lib.stride_tricks.sliding_window_view(
            audio[:, _LEAD + BLOCK - pitch.WINDOW :], pitch.WINDOW, axis=1
        )
        speech = np.ascontiguousarray(speech.T)
        tone = self._pitch.measure(views[:, ::BLOCK], speech > _HEARKEN, self._trace[slots])
        points_db = syllables.intensity(audio[:, _LEAD - syllables.LEAD :])

        voiced = tone.voicing > syllables.VOICED
        nuclei = [
            self._nuclei[slot].blocks(row, tones)
            for slot, row, tones in zip(slots, points_db.tolist(), voiced.tolist(), strict=True)
        ]
        self._lead[slots] = audio[:, -_LEAD:]
        self._hidden[slots] = hidden
        self._cell[slots] = cell
        self._trace[slots] = tone.trace
        return Heard(
            speech=speech,
            level_db=_level_db(audio[:, _LEAD:].reshape(channels, blocks, BLOCK)),
            f0_hz=tone.f0_hz,
            voicing=tone.voicing,
            balance_db=tone.balance_db,
            nuclei=np.array(nuclei, np.float32),
        )

    def _grow(self, more: int) -> None:
        old = len(self._open)
        self._open = np.concatenate((self._open, np.zeros(more, np.bool_)))
        self._lead = np.concatenate((self._lead, np.zeros((more, _LEAD), np.float32)))
        self._hidden = np.concatenate((self._hidden, np.zeros((more, vad.STATE), np.float32)))
        self._cell = np.concatenate((self._cell, np.zeros((more, vad.STATE), np.float32)))
        self._trace = np.concatenate((self._trace, np.zeros((more, *pitch.TRACE), np.float32)))
        self._nuclei.extend(syllables.NucleusFinder() for _ in range(more))
        self._free.extend(range(old + more - 1, old - 1, -1))

    def _check(self, slots: NDArray[np.intp]) -> None:
        known = (slots >= 0) & (slots < len(self._open))
        if not known.all() or not self._open[slots].all():
            raise ValueError("a slot is not open")
        if len(np.unique(slots)) != len(slots):
            raise ValueError("a slot stands twice in one call")


def _clean(pcm: F32) -> F32:
    return np.clip(np.where(np.isfinite(pcm), pcm, 0.0), -1.0, 1.0).astype(np.float32)


def _level_db(blocks: F32) -> F32:
    """RMS of each block about its own mean, so that an offset of the line is not a level."""
    power: F32 = np.square(blocks - blocks.mean(axis=2, keepdims=True)).mean(axis=2)
    level: F32 = 10 * np.log10(np.maximum(power, np.float32(1e-12)))
    return np.maximum(level, _FLOOR_DB)
