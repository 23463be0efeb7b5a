"""How fast a recording is analysed, and what part of it is speech-to-text."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor import registry
from monitor.analysis import analyze
from monitor.bench.processes import cpu_of_threads
from monitor.config import AsrSettings, Settings
from monitor.engines import Decoded, Engine
from monitor.events import Event
from monitor.runtime import Runtime, new_call_id
from monitor.sources import Source

DECODING = ("speech-to-text", "native")
"""Threads that decode: the engine's own, and those CTranslate2 has made beneath it."""


@dataclass(frozen=True, slots=True)
class Replay:
    duration_s: float
    words: bool
    start_s: float  # loading the ear, the phrases and the weights, in a process already warm
    wall_s: float
    times_real_time: float
    cpu_s: float | None  # of the analysis, all threads; null where there is no /proc
    engine_cpu_share: float | None  # of that, in speech-to-text
    engine_busy_s: float  # time inside Engine.transcribe, summed over its workers
    batches: int
    clips: int
    clip_audio_s: float
    events: int
    cpu_by_thread_s: dict[str, float]


class TimedEngine:
    """An engine, and how long each of its batches took."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.batches: list[tuple[float, int, int]] = []  # took, clips, samples

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def model(self) -> str:
        return self._engine.model

    def transcribe(
        self, clips: Sequence[NDArray[np.float32]], *, language: str | None, word_times: bool
    ) -> list[Decoded]:
        began = time.perf_counter()
        try:
            return self._engine.transcribe(clips, language=language, word_times=word_times)
        finally:
            took_s = time.perf_counter() - began
            # From several threads at once; appending is atomic.
            self.batches.append((took_s, len(clips), sum(clip.size for clip in clips)))


async def measure(
    settings: Settings,
    source: Source,
    *,
    words: bool,
    progress: Callable[[float], None] | None = None,
) -> Replay:
    """Analyse ``source`` once. Raises what ``Runtime.start`` and ``analyze`` raise."""
    engines: list[TimedEngine] = []

    def timed(asr: AsrSettings) -> Engine:
        engine = TimedEngine(registry.load("monitor.engines", asr.engine).create(asr))
        engines.append(engine)
        return engine

    events = 0

    def watch(event: Event) -> None:
        nonlocal events
        events += 1

    began = time.perf_counter()
    runtime = await Runtime.start(settings, words=words, make_engine=timed)
    start_s = time.perf_counter() - began
    for engine in engines:
        engine.batches.clear()  # the clip that proves the engine at its start
    before = cpu_of_threads()
    began = time.perf_counter()
    try:
        report = await analyze(
            runtime, source, call_id=new_call_id(), progress=progress, watch=watch
        )
        wall_s = time.perf_counter() - began
        after = cpu_of_threads()
    finally:
        await runtime.close()
    spent = {name: round(cpu_s - before.get(name, 0.0), 3) for name, cpu_s in after.items()}
    cpu_s = sum(spent.values())
    decoding = sum(cpu for name, cpu in spent.items() if name in DECODING)
    batches = [batch for engine in engines for batch in engine.batches]
    return Replay(
        duration_s=report.duration_s,
        words=words,
        start_s=round(start_s, 3),
        wall_s=round(wall_s, 3),
        times_real_time=round(report.duration_s / wall_s, 1),
        cpu_s=round(cpu_s, 3) if spent else None,
        engine_cpu_share=round(decoding / cpu_s, 3) if cpu_s else None,
        engine_busy_s=round(sum(took for took, _, _ in batches), 3),
        batches=len(batches),
        clips=sum(clips for _, clips, _ in batches),
        clip_audio_s=round(sum(samples for _, _, samples in batches) / 8000, 1),
        events=events,
        cpu_by_thread_s=spent,
    )
