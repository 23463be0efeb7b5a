"""Whole sessions for the tests: a score made audible, an engine that knows the words.

The samples of a block carry the rows that the fake ear reads from them, and behind
those the number of the block, so that a clip tells whose it is and where it was cut: all
in units of 16 bits, so that it is audio to whoever keeps it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK, RATE_HZ
from monitor.call import CallInput
from monitor.config import AsrSettings, Settings
from monitor.ear import Heard
from monitor.engines import Decoded
from monitor.events import PARTIES, CallStarted, Event, Missing, Party, Transcript, Word
from monitor.hearing import Hearing
from monitor.session import Session
from monitor.sources import Pcm, SourceError, SourceInfo
from monitor.transcriber import Transcriber
from tests.dialogue import PHRASES, words

F32 = NDArray[np.float32]
WAIT_S = 20.0
FINALS_ONLY = Settings(asr=AsrSettings(partials=False))
_ROWS = len(fields(Heard))
UNIT = 2.0**-15
_MARK = 1000.0
"""Added to the number of a block: no row is as large."""


# ---- audio that is a score -------------------------------------------------------------


def audible(rows: Heard, first_block: int = 0) -> F32:
    """Samples, (2, blocks × 256), that ``ScoreEar`` hears as ``rows``."""
    pcm = np.zeros((2, rows.blocks, BLOCK), np.float32)
    for i, f in enumerate(fields(Heard)):
        pcm[:, :, i] = np.nan_to_num(getattr(rows, f.name))
    numbers = _MARK + first_block + np.arange(rows.blocks, dtype=np.float32)
    pcm[0, :, _ROWS:] = -numbers[:, None]
    pcm[1, :, _ROWS:] = numbers[:, None]
    return pcm.reshape(2, -1) * np.float32(UNIT)


def chunked(pcm: F32, size: int) -> list[Pcm]:
    return [Pcm(pcm[:, i : i + size]) for i in range(0, pcm.shape[1], size)]


class ScoreEar:
    """Reads the rows that ``audible`` wrote; keeps count of who has its slots."""

    def __init__(self) -> None:
        self.opened: set[int] = set()
        self._next = 0

    def open(self, channels: int) -> NDArray[np.intp]:
        slots = np.arange(self._next, self._next + channels)
        self._next += channels
        self.opened |= set(slots.tolist())
        return slots

    def close(self, slots: NDArray[np.intp]) -> None:
        self.opened -= set(slots.tolist())

    def hear(self, slots: NDArray[np.intp], pcm: F32) -> Heard:
        if not set(slots.tolist()) <= self.opened:
            raise ValueError("a slot is not open")
        rows = Heard(*(pcm[:, :, i] / np.float32(UNIT) for i in range(_ROWS)))
        return replace(rows, f0_hz=np.where(rows.f0_hz == 0, np.float32(np.nan), rows.f0_hz))


def cut_at(clip: F32) -> tuple[Party, float]:
    """Whose clip it is, and the audio time of its first sample."""
    clip = clip / np.float32(UNIT)
    at = int(np.flatnonzero(np.abs(clip) >= _MARK)[0])
    number = abs(clip[at])
    change = at + int(np.flatnonzero(np.abs(clip[at:]) >= number + 1)[0])
    start = (number + 1 - _MARK) * BLOCK + _ROWS - change
    return PARTIES[0 if clip[at] < 0 else 1], float(start) / RATE_HZ


# ---- a source, an engine, a sink -------------------------------------------------------


Step = Pcm | Missing | Exception | Callable[[], Awaitable[Any]]


class Script:
    """A source that gives its steps one by one: audio, gaps, what to wait for, a failure."""

    def __init__(self, steps: Iterable[Step], **info: Any) -> None:
        self.info = SourceInfo(**({"source": "score"} | info))
        self._steps = steps
        self.taken = 0
        self.closed = False

    async def chunks(self) -> AsyncIterator[Pcm | Missing]:
        for step in self._steps:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, Pcm | Missing):
                self.taken += 1
                yield step
            else:
                await step()

    async def close(self) -> None:
        self.closed = True


@dataclass
class KnowingEngine:
    """Says what was said in a clip; ``do`` runs before that, in the worker's thread."""

    said: Sequence[Transcript] = ()
    do: Callable[[], None] = lambda: None
    name: str = "fake"
    model: str = "fake"
    cuts: list[tuple[Party, float, int]] = field(default_factory=list)

    def transcribe(
        self, clips: Sequence[F32], *, language: str | None, word_times: bool
    ) -> list[Decoded]:
        self.do()
        return [self._decode(clip) for clip in clips]

    def _decode(self, clip: F32) -> Decoded:
        party, t0 = cut_at(clip)
        self.cuts.append((party, round(t0, 6), clip.size))
        t1 = t0 + clip.size / RATE_HZ
        here = [s for s in self.said if s.party == party and t0 <= (s.t0 + s.t1) / 2 <= t1]
        spoken = [word for s in here for word in timed(s)]
        return Decoded(
            " ".join(s.text for s in here),
            tuple(w.model_copy(update={"t0": w.t0 - t0, "t1": w.t1 - t0}) for w in spoken),
            confidence=0.9,
        )


def timed(said: Transcript) -> list[Word]:
    """Its words, evenly over its time."""
    texts = said.text.split()
    step = (said.t1 - said.t0) / len(texts)
    return [
        Word(text=text, t0=said.t0 + i * step, t1=said.t0 + (i + 1) * step)
        for i, text in enumerate(texts)
    ]


def said(*lines: tuple[Party, float, float, str]) -> list[Transcript]:
    return [words(*line)[1] for line in lines]


@dataclass
class Kept:
    """Everything a session gave out, and a way to wait for it."""

    events: list[Event] = field(default_factory=list)
    inputs: list[tuple[float, CallInput]] = field(default_factory=list)
    pcm: list[tuple[float, F32]] = field(default_factory=list)
    mutes: list[tuple[float, float, Party]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def event(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    def input(self, call_id: str, t: float, item: CallInput) -> None:
        self.inputs.append((t, item))

    def audio(self, call_id: str, t: float, pcm: F32) -> None:
        self.pcm.append((t, pcm))

    def mute(self, call_id: str, t0: float, t1: float, party: Party) -> None:
        self.mutes.append((t0, t1, party))

    def of(self, *types: str) -> list[Any]:
        return [event for event in self.events if event.type in types]

    async def until(self, holds: Callable[[Kept], Any]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not holds(self):
                self._news.clear()
                await self._news.wait()

    def recording(self) -> F32:
        """The audio as a store would keep it: at its time, with nothing in the gaps."""
        end = max(round(t * RATE_HZ) + pcm.shape[1] for t, pcm in self.pcm)
        out = np.zeros((2, end), np.float32)
        for t, pcm in self.pcm:
            start = round(t * RATE_HZ)
            assert not out[:, start : start + pcm.shape[1]].any(), "written twice"
            out[:, start : start + pcm.shape[1]] = pcm
        return out

    def told(self) -> list[dict[str, Any]]:
        return [event.model_dump() for event in self.events]


# ---- sessions --------------------------------------------------------------------------


@asynccontextmanager
async def hearing(ear: Callable[[], Any] = ScoreEar) -> AsyncIterator[Hearing]:
    shared = Hearing(ear, tick_s=0.0005)
    await shared.start()
    try:
        yield shared
    finally:
        await shared.close()


@asynccontextmanager
async def transcribing(
    engine: Any, clock: Callable[[], float] | None = None, **settings: Any
) -> AsyncIterator[Transcriber]:
    given = {"workers": 1, "batch": 1} | settings
    more = {} if clock is None else {"clock": clock}
    transcriber = Transcriber(engine, AsrSettings(**given), **more)
    await transcriber.start()
    try:
        yield transcriber
    finally:
        await transcriber.close()


def session(
    source: Any,
    kept: Kept,
    ears: Hearing,
    transcriber: Any = None,
    *,
    settings: Settings | None = None,
    recorded: bool = False,
    call_id: str = "c1",
    **more: Any,
) -> Session:
    started = CallStarted(
        call_id=call_id,
        started_at="2026-01-05T10:00:00+00:00",
        source=source.info.source,
        words="fake" if transcriber is not None else None,
        separated=source.info.separated,
        live=not recorded,
    )
    return Session(
        started,
        source,
        settings=settings or FINALS_ONLY,
        phrases=PHRASES,
        hearing=ears,
        transcriber=transcriber,
        sink=kept,
        recorded=recorded,
        **more,
    )


async def run(
    steps: Iterable[Step],
    engine: Any = None,
    *,
    recorded: bool = True,
    settings: Settings | None = None,
    ear: Callable[[], Any] = ScoreEar,
    **asr: Any,
) -> Kept:
    """A session from its first step to its last event."""
    kept = Kept()
    async with asyncio.timeout(WAIT_S), hearing(ear) as ears:
        if engine is None:
            await session(Script(steps), kept, ears, settings=settings, recorded=recorded).run()
            return kept
        async with transcribing(engine, **asr) as transcriber:
            await session(
                Script(steps), kept, ears, transcriber, settings=settings, recorded=recorded
            ).run()
    return kept


def broken() -> SourceError:
    return SourceError("the line broke")
