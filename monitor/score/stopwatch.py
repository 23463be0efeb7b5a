"""What decoding costs: an engine with a clock beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.audio import RATE_HZ
from monitor.engines import Decoded, Engine

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cost:
    """What decoding took while at least one clip was being decoded; with what else the
    process did meanwhile, which is the ear."""

    clips: int
    audio_s: float
    wall_s: float
    cpu_s: float
    batches: int = 0
    busy_s: float = 0.0  # as ``wall_s``, but of all threads together

    def __sub__(self, other: Cost) -> Cost:
        return Cost(
            self.clips - other.clips,
            self.audio_s - other.audio_s,
            self.wall_s - other.wall_s,
            self.cpu_s - other.cpu_s,
            self.batches - other.batches,
            self.busy_s - other.busy_s,
        )


class Timed:
    """An engine, and a clock beside it that runs while any of its threads decodes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._busy = 0
        self._since = (0.0, 0.0)
        self._cost = Cost(0, 0.0, 0.0, 0.0)

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def model(self) -> str:
        return self._engine.model

    @property
    def cost(self) -> Cost:
        """Of all calls that have returned."""
        return self._cost

    def transcribe(
        self, clips: Sequence[F32], *, language: str | None, word_times: bool
    ) -> list[Decoded]:
        """See ``Engine.transcribe``."""
        with self._lock:
            if not self._busy:
                self._since = time.perf_counter(), time.process_time()
            self._busy += 1
        began = time.perf_counter()
        try:
            return self._engine.transcribe(clips, language=language, word_times=word_times)
        finally:
            self._count(clips, time.perf_counter() - began)

    def _count(self, clips: Sequence[F32], took_s: float) -> None:
        audio_s = sum(clip.size for clip in clips) / RATE_HZ
        with self._lock:
            self._busy -= 1
            wall_s = cpu_s = 0.0
            if not self._busy:
                wall_s = time.perf_counter() - self._since[0]
                cpu_s = time.process_time() - self._since[1]
            cost = self._cost
            self._cost = Cost(
                cost.clips + len(clips),
                cost.audio_s + audio_s,
                cost.wall_s + wall_s,
                cost.cpu_s + cpu_s,
                cost.batches + 1,
                cost.busy_s + took_s,
            )
