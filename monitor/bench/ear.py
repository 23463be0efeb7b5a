"""What hearing costs: microseconds for one channel and one block of 32 ms."""

from __future__ import annotations

import cProfile
import pstats
import statistics
import time
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

LONG_BLOCKS = 2000
"""A recording as the ear gets it in replay: 64 s of two channels."""
MEASURE_S = 2.0
LEAST_PASSES = 20
PARTS = ("vad", "pitch", "syllables")


@dataclass(frozen=True, slots=True)
class EarCost:
    """Costs of passes of one shape."""

    channels: int
    blocks: int  # in one pass
    us_per_channel_block: float  # median over passes
    pass_ms: Spread
    cores: float  # of a core, to hear so many channels in real time
    shares: dict[str, float]  # of a pass: vad, pitch, syllables, rest; together 1


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
    while sum(took_s) < for_s or len(took_s) < min(LEAST_PASSES, 1 + LONG_BLOCKS // blocks):
        pcm = next(passes)
        began = time.perf_counter()
        ear.hear(slots, pcm)
        took_s.append(time.perf_counter() - began)
    pass_s = statistics.median(took_s)
    return EarCost(
        channels=channels,
        blocks=blocks,
        us_per_channel_block=round(pass_s / (channels * blocks) * 1e6, 2),
        pass_ms=Spread.of(1e3 * seconds for seconds in took_s),
        cores=round(pass_s / (blocks * BLOCK_S), 4),
        shares=_shares(ear, slots, passes, min(len(took_s), 100)),
    )


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
