"""How fast a recording is analysed, and what part of it is speech-to-text."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from monitor import registry
from monitor.analysis import analyze
from monitor.bench.processes import spent, usage
from monitor.config import AsrSettings, Settings
from monitor.engines import Engine
from monitor.events import Event
from monitor.runtime import ENGINE, Runtime, new_call_id
from monitor.score.stopwatch import Timed
from monitor.sources import Source

DECODING = (ENGINE, "features")
"""Parts of the processor time that are speech-to-text."""


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
    cpu_by_part_s: dict[str, float]  # by what threads are for (processes.PARTS)


async def measure(
    settings: Settings,
    source: Source,
    *,
    words: bool,
    progress: Callable[[float], None] | None = None,
) -> Replay:
    """Analyse ``source`` once. Raises what ``Runtime.start`` and ``analyze`` raise."""
    engines: list[Timed] = []

    def timed(asr: AsrSettings) -> Engine:
        engine = Timed(registry.load("monitor.engines", asr.engine).create(asr))
        engines.append(engine)
        return engine

    events = 0

    def watch(event: Event) -> None:
        nonlocal events
        events += 1

    began = time.perf_counter()
    runtime = await Runtime.start(settings, words=words, make_engine=timed)
    start_s = time.perf_counter() - began
    before = usage(os.getpid())
    unspent = [engine.cost for engine in engines]
    began = time.perf_counter()
    try:
        report = await analyze(
            runtime, source, call_id=new_call_id(), progress=progress, watch=watch
        )
        wall_s = time.perf_counter() - began
        after = usage(os.getpid())
    finally:
        await runtime.close()
    parts = spent(before, after) if before is not None and after is not None else {}
    cpu_s = sum(parts.values())
    decoding = sum(parts.get(name, 0.0) for name in DECODING)
    costs = [engine.cost - cost for engine, cost in zip(engines, unspent, strict=True)]
    return Replay(
        duration_s=report.duration_s,
        words=words,
        start_s=round(start_s, 3),
        wall_s=round(wall_s, 3),
        times_real_time=round(report.duration_s / wall_s, 1),
        cpu_s=round(cpu_s, 3) if parts else None,
        engine_cpu_share=round(decoding / cpu_s, 3) if cpu_s else None,
        engine_busy_s=round(sum(cost.busy_s for cost in costs), 3),
        batches=sum(cost.batches for cost in costs),
        clips=sum(cost.clips for cost in costs),
        clip_audio_s=round(sum(cost.audio_s for cost in costs), 1),
        events=events,
        cpu_by_part_s=parts,
    )
