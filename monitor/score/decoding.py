"""Rows of a word list, decoded: as the product would, or each as one clip."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor import registry
from monitor.audio import RATE_HZ
from monitor.call import CallInput
from monitor.config import AsrSettings, Settings
from monitor.engines import Decoded, Dropped, Engine
from monitor.events import PARTIES, CallEnded, Event, Missing, Party, Words
from monitor.jobs import Job
from monitor.runtime import Runtime
from monitor.score import ScoreError, line, wordlist
from monitor.score.stopwatch import Cost, Timed
from monitor.score.wordlist import Row
from monitor.scribe import NO_WORDS
from monitor.sources import Pcm, SourceInfo
from monitor.transcriber import Transcriber

F32 = NDArray[np.float32]
Progress = Callable[[float], None]
"""Told how much of all rows is done, s."""

CHUNK: Final = RATE_HZ
EDGE_S: Final = 0.5
"""Silence before and after a row that is heard as a call: nobody speaks with the first sample
of a call, and the pre-roll of an utterance wants something. Without it 11.7 % of words are
wrong, with it 10.6 % (178 rows of seven speakers, many cut where the voice begins)."""
LONGEST_CLIP_S: Final = 30.0
"""What an engine takes at once."""
SORTED: Final = 128
"""Clips are sorted by length, so many at a time: those decoded together are alike."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What the engine was given, and why nothing came of it; None: words did."""

    duration_s: float
    dropped: Dropped | None


@dataclass(frozen=True, slots=True)
class Said:
    """What was made of one row."""

    text: str
    clips: tuple[Clip, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """How rows are decoded."""

    settings: Settings
    clips: bool = False  # each row as one clip, voice or not
    over: str | None = None  # the line that the audio is sent down first
    seed: int = 0
    at_once: int = 8


async def decode(
    way: Way,
    parts: Sequence[Sequence[Row]],
    progress: Progress | None = None,
    make_engine: Callable[[AsrSettings], Engine] | None = None,
) -> list[tuple[list[Said], Cost]]:
    """What was said in the rows of each part, in order, and what that took.

    ``make_engine`` in place of the one the settings name. The text of a row depends on nothing
    but its audio. Raises ScoreError, EngineError, WeightsError and UnknownName.
    """
    if way.over is not None:
        line.through(way.over, np.zeros((2, 0), np.float32), way.seed)  # unknown: told at once
    asr = way.settings.asr
    create = make_engine or registry.load("monitor.engines", asr.engine).create
    engine = Timed(await asyncio.to_thread(create, asr))
    results: list[tuple[list[Said], Cost]] = []
    done_s = 0.0
    for rows in parts:
        before = engine.cost

        def moved(t: float, done_s: float = done_s) -> None:
            if progress is not None:
                progress(done_s + t)

        if way.clips:
            said = await asyncio.to_thread(_as_clips, way, engine, rows, moved)
        else:
            said = await _as_calls(way, engine, rows, moved)
        results.append((said, engine.cost - before))
        done_s += sum(row.duration_s for row in rows)
    return results


# ---- as the product would --------------------------------------------------------------


class _Watched(Transcriber):
    """Keeps what became of each utterance, by call, and decodes none that nobody scores."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        super().__init__(engine, settings.asr)
        self._asked: dict[tuple[str, Party], list[_Utterance]] = {}

    def watch(self, call_id: str, party: Party) -> list[_Utterance]:
        """The utterances of a party, as they come."""
        return self._asked.setdefault((call_id, party), [])

    def forget(self, call_id: str) -> None:
        for party in PARTIES:
            self._asked.pop((call_id, party), None)

    def submit(self, job: Job) -> asyncio.Future[Decoded]:
        asked = self._asked.get((job.call_id, job.utterance.party))
        if asked is None:
            nothing: asyncio.Future[Decoded] = asyncio.get_running_loop().create_future()
            nothing.set_result(Decoded(""))
            return nothing
        words = super().submit(job)
        if job.utterance.final:
            asked.append(_Utterance(job.duration_s, words))
        return words


@dataclass(frozen=True, slots=True)
class _Utterance:
    duration_s: float
    words: asyncio.Future[Decoded]

    def clip(self) -> Clip:
        """Once its call has ended. Raises why there are no words."""
        return Clip(self.duration_s, self.words.result().dropped)


class _Texts:
    """A session's sink that keeps the words."""

    def __init__(self) -> None:
        self._said: dict[Party, list[str]] = {party: [] for party in PARTIES}

    def of(self, party: Party) -> str:
        return " ".join(self._said[party])

    def event(self, event: Event) -> None:
        match event:
            case Words(final=True):
                self._said[event.party].append(event.text)
            case CallEnded(reason="failed"):
                raise ScoreError(event.detail)

    def input(self, call_id: str, t: float, item: CallInput) -> None: ...

    def audio(self, call_id: str, t: float, pcm: F32) -> None: ...

    def mute(self, call_id: str, t0: float, t1: float, party: Party) -> None: ...


class _Stretch:
    """Part of a recording as a source; one channel stands for both parties."""

    def __init__(self, pcm: F32) -> None:
        separated = len(pcm) == 2
        self.info = SourceInfo(source="words", live=False, separated=separated)
        self._pcm = pcm if separated else np.concatenate((np.zeros_like(pcm), pcm))

    async def chunks(self) -> AsyncIterator[Pcm | Missing]:
        for start in range(0, self._pcm.shape[1], CHUNK):
            yield Pcm(self._pcm[:, start : start + CHUNK])

    async def close(self) -> None: ...


async def _as_calls(
    way: Way, engine: Engine, rows: Sequence[Row], progress: Progress
) -> list[Said]:
    """Each stretch is a call of its own; its two channels are heard together."""
    said: dict[int, Said] = {}
    takes: dict[tuple[object, float, float], list[int]] = {}
    for number, row in enumerate(rows):
        takes.setdefault((row.path, row.t0, row.t1), []).append(number)
    stretches = wordlist.audio(rows[numbers[0]] for numbers in takes.values())
    # What was said is what is scored, numbers too.
    privacy = way.settings.privacy.model_copy(update={"redact_digits": False})
    settings = way.settings.model_copy(update={"privacy": privacy})
    bare = await Runtime.start(settings, words=False)
    transcriber = _Watched(engine, settings)
    runtime = Runtime(settings, bare.phrases, bare.hearing, transcriber, engine.model)
    room = asyncio.Semaphore(way.at_once)
    edge = round(EDGE_S * RATE_HZ)
    done_s = 0.0

    async def hear(numbers: list[int], row: Row, pcm: F32) -> None:
        nonlocal done_s
        name = str(numbers[0])
        party_of: dict[int, Party] = {
            number: PARTIES[rows[number].channel] if len(pcm) == 2 else "customer"
            for number in numbers
        }
        heard = {party: transcriber.watch(name, party) for party in party_of.values()}
        sink = _Texts()
        try:
            session = runtime.session(_Stretch(pcm), sink, recorded=True, call_id=name)
            await session.run()
            for number, party in party_of.items():
                clips = tuple(utterance.clip() for utterance in heard[party])
                said[number] = Said(sink.of(party), clips)
        except NO_WORDS as error:
            raise ScoreError(f"{row.where}: {error}") from error
        finally:
            transcriber.forget(name)
            room.release()
        done_s += row.duration_s * len(numbers)
        progress(done_s)

    await transcriber.start()
    try:
        async with asyncio.TaskGroup() as group:
            for numbers in takes.values():
                await room.acquire()
                row, pcm = await asyncio.to_thread(next, stretches)
                edges = ((0, 0), (edge, edge))
                group.create_task(hear(numbers, row, _down(way, row, np.pad(pcm, edges))))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        await runtime.close()
    return [said[number] for number in range(len(rows))]


# ---- each row as one clip --------------------------------------------------------------


def _as_clips(way: Way, engine: Engine, rows: Sequence[Row], progress: Progress) -> list[Said]:
    asr = way.settings.asr
    found: list[dict[int, tuple[str, Clip]]] = [{} for _ in rows]
    pieces = _pieces(way, rows)
    done_s = 0.0
    while some := list(islice(pieces, SORTED)):
        some.sort(key=lambda piece: piece.pcm.size)
        for start in range(0, len(some), asr.batch):
            batch = some[start : start + asr.batch]
            clips = [piece.pcm for piece in batch]
            decoded = engine.transcribe(clips, language=asr.language, word_times=False)
            for piece, heard in zip(batch, decoded, strict=True):
                duration_s = piece.pcm.size / RATE_HZ
                found[piece.row][piece.place] = heard.text, Clip(duration_s, heard.dropped)
                done_s += duration_s
            progress(done_s)
    return [_joined([each[place] for place in sorted(each)]) for each in found]


def _joined(found: Sequence[tuple[str, Clip]]) -> Said:
    return Said(" ".join(text for text, _ in found if text), tuple(clip for _, clip in found))


@dataclass(frozen=True, slots=True)
class _Piece:
    row: int
    place: int  # within the row
    pcm: F32


def _pieces(way: Way, rows: Sequence[Row]) -> Iterator[_Piece]:
    """The clip of each row; of a row that is too long for one, clips of equal length that are
    no longer than the product's."""
    for number, (row, pcm) in enumerate(wordlist.audio(rows)):
        whole = _down(way, row, pcm)[row.channel]
        longest_s = way.settings.hearing.utterance_cut_by_s
        parts = 1
        if whole.size > LONGEST_CLIP_S * RATE_HZ:
            parts = -int(-whole.size // round(longest_s * RATE_HZ))
        for place, piece in enumerate(np.array_split(whole, parts)):
            yield _Piece(number, place, piece)


def _down(way: Way, row: Row, pcm: F32) -> F32:
    """What arrives at the other end of the line; what is chance in it hangs on the row."""
    if way.over is None:
        return pcm
    own = zlib.crc32(f"{way.seed} {row.cells['path']} {row.t0:g}".encode())
    return line.through(way.over, pcm, own)
