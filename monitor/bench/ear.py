"""What hearing costs: microseconds for one channel and one block of 32 ms; memory a call."""

from __future__ import annotations

import cProfile
import os
import pstats
import statistics
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor import ear as ear_module
from monitor.audio import BLOCK, BLOCK_S
from monitor.audiofile import AudioFile
from monitor.bench import BenchError
from monitor.bench.figures import Spread
from monitor.ear import Ear

F32 = NDArray[np.float32]

CHANNELS = (1, 2, 8, 32, 100, 200, 400)
"""Of a live pass, where none are named: from one channel to 200 calls."""
LONG_BLOCKS = 2000
"""A recording as the ear gets it in replay: 64 s of two channels."""
MEASURE_S = 2.0
LEAST_PASSES = 20
MEMORY_CHANNELS = 400
PARTS = ("vad", "pitch", "syllables")


@dataclass(frozen=True, slots=True)
class EarCost:
    """Costs of passes of one shape."""

    channels: int
    blocks: int  # in one pass
    us_per_channel_block: float  # processor time, median over passes
    pass_ms: Spread  # of wall time
    cores: float  # of a core, to hear so many channels in real time: processor time
    shares: dict[str, float]  # of a pass: vad, pitch, syllables, rest; together 1

    def of_part_us(self, part: str) -> float:
        """Microseconds of a part, for one channel and block."""
        return self.shares[part] * self.us_per_channel_block


@dataclass(frozen=True, slots=True)
class EarMemory:
    """What opening calls takes, of 1024 bytes a call: two channels."""

    calls: int
    state_kb: float  # what the ear keeps from block to block
    grown_kb: float | None  # growth of the process, buffers of a pass included; null off Linux


def measure(channels: int, blocks: int, speech: F32, *, for_s: float = MEASURE_S) -> EarCost:
    """Hear ``channels`` channels of ``speech`` (samples,), each from another offset on, in
    passes of ``blocks`` blocks, for about ``for_s`` seconds. Raises BenchError."""
    if channels < 1:
        raise BenchError(f"{channels} channels: at least one is needed")
    ear = Ear()
    slots = ear.open(channels)
    passes = _passes(speech, channels, blocks)
    for _ in range(3):  # caches, and the first allocation of every buffer
        ear.hear(slots, next(passes))
    took_s: list[float] = []
    worked_s: list[float] = []
    while sum(took_s) < for_s or len(took_s) < min(LEAST_PASSES, 1 + LONG_BLOCKS // blocks):
        pcm = next(passes)
        began, worked = time.perf_counter(), time.process_time()
        ear.hear(slots, pcm)
        took_s.append(time.perf_counter() - began)
        worked_s.append(time.process_time() - worked)
    pass_s = statistics.median(worked_s)
    return EarCost(
        channels=channels,
        blocks=blocks,
        us_per_channel_block=round(pass_s / (channels * blocks) * 1e6, 2),
        pass_ms=Spread.of(1e3 * seconds for seconds in took_s),
        cores=round(pass_s / (blocks * BLOCK_S), 4),
        shares=_shares(ear, slots, passes, min(len(took_s), 100)),
    )


def memory(speech: F32, channels: int = MEMORY_CHANNELS) -> EarMemory:
    """Open ``channels`` channels at once in an ear that has heard, and hear them."""
    ear = Ear()
    first = ear.open(2)
    ear.hear(first, next(_passes(speech, 2, 1)))
    passes = _passes(speech, channels, 1)
    calls = channels // 2
    before = _resident_kb()
    tracemalloc.start()
    try:
        slots = ear.open(channels)
        state_kb = tracemalloc.get_traced_memory()[0] / 1024
    finally:
        tracemalloc.stop()
    for _ in range(3):
        ear.hear(slots, next(passes))
    after = _resident_kb()
    grown_kb = None if before is None or after is None else round((after - before) / calls, 2)
    return EarMemory(calls=calls, state_kb=round(state_kb / calls, 2), grown_kb=grown_kb)


def _resident_kb() -> float | None:
    """Of this process; None where the system does not tell it this way."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def speech_of(path: Path) -> F32:
    """The first channel of a recording, (samples,), at 8 kHz. Raises AudioError, BenchError."""
    pieces = [piece[0] for piece in AudioFile(path).pieces(60.0)]
    if not pieces or sum(len(piece) for piece in pieces) < BLOCK * 32:
        raise BenchError(f"{path.name} is shorter than a second")
    return np.concatenate(pieces)


def _passes(speech: F32, channels: int, blocks: int) -> Iterator[F32]:
    """Audio of one pass after another, (channels, blocks, 256), looped without end."""
    steps = np.arange(blocks * BLOCK)
    starts = (np.arange(channels) * 0.618 % 1.0 * len(speech)).astype(np.intp)
    while True:
        at = (starts[:, None] + steps) % len(speech)
        yield speech[at].reshape(channels, blocks, BLOCK)
        starts = (starts + blocks * BLOCK) % len(speech)


def _shares(
    ear: Ear, slots: NDArray[np.intp], passes: Iterator[F32], count: int
) -> dict[str, float]:
    """Where the time of a pass goes, by the module that ``ear`` calls.

    The profiler makes small Python calls dearer than they are, so these are shares, and
    the costs are measured without it.
    """
    profile = cProfile.Profile()
    for _ in range(count):
        pcm = next(passes)
        profile.enable()
        ear.hear(slots, pcm)
        profile.disable()
    spent = dict.fromkeys(PARTS, 0.0)
    total = 0.0
    for (file, _, name), (*_, cumulative_s, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if file == ear_module.__file__ and name == "hear":
            total += cumulative_s
        part = Path(file).stem
        if part in spent:
            spent[part] += sum(c[3] for at, c in callers.items() if at[0] == ear_module.__file__)
    spent["rest"] = max(0.0, total - sum(spent.values()))
    whole = sum(spent.values()) or 1.0
    return {part: round(seconds / whole, 3) for part, seconds in spent.items()}
