"""One call from its source to its last event: source -> ear -> Call -> out, words back in.

A live call takes words as they come. A recording takes each utterance's words at
a fixed audio time after the utterance was cut, however long decoding took: so the
same audio gives the same events at any speed and in chunks of any size.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK, BLOCK_S, RATE_HZ, Blocks
from monitor.call import Call, CallInput
from monitor.config import Settings
from monitor.cues import Phrases
from monitor.ear import Heard
from monitor.engines import Decoded, EngineError
from monitor.events import (
    PARTIES,
    CallStarted,
    Command,
    End,
    Event,
    HangUp,
    Missing,
    Party,
    Transcript,
    Trouble,
    Utterance,
    Word,
)
from monitor.hearing import Hearing, HearingError
from monitor.redaction import Redactor
from monitor.sources import Source, SourceError
from monitor.tape import Tape
from monitor.transcriber import Expired, Job, Shed, Transcriber

log = logging.getLogger(__name__)

PRE_ROLL_S = 0.2
POST_ROLL_S = 0.15
"""Audio decoded beyond both ends of an utterance: voice activity clips soft onsets."""
TAPE_S = 40.0
"""The longest utterance is 12 s; a chunk of a recording may be 20 s."""
PIECE_BLOCKS = round(20.0 / BLOCK_S)
"""A recording is heard in pieces of at most 20 s."""
LOOK_AHEAD_S = 120.0
"""How far decoding may run ahead of the call in a recording: larger batches, bounded memory."""
LAST_WORDS_S = 8.0
"""How long a live call that was hung up waits for the words of its last utterances."""


class Sink(Protocol):
    """Where a session's output goes. Every method returns at once."""

    def event(self, event: Event) -> None: ...
    def input(self, call_id: str, t: float, item: CallInput) -> None: ...
    def audio(self, call_id: str, t: float, pcm: NDArray[np.float32]) -> None: ...
    def mute(self, call_id: str, t0: float, t1: float, party: Party) -> None: ...


@dataclass(frozen=True, slots=True)
class _Pending:
    """An utterance whose words are on the way; due at an audio time in a recording."""

    utterance: Utterance
    due_t: float
    words: asyncio.Future[Decoded]


_Ahead = asyncio.Queue[Heard | Missing | SourceError | HearingError | None]


class Session:
    """Runs one call. ``run`` returns when the call has ended, whatever ended it."""

    def __init__(
        self,
        started: CallStarted,
        source: Source,
        *,
        settings: Settings,
        phrases: Phrases,
        hearing: Hearing,
        transcriber: Transcriber | None,
        sink: Sink,
        recorded: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """``recorded``: words come after a fixed virtual lag instead of when they are ready."""
        self.call = Call(started, settings, phrases)
        self.call_id = started.call_id
        self.agent_id = started.agent.id
        self._started = started
        self._source = source
        self._settings = settings
        self._phrases = phrases
        self._hearing = hearing
        self._transcriber = transcriber
        self._sink = sink
        self._recorded = recorded
        self._progress = progress
        self._tape = Tape(2, TAPE_S)
        self._live_words: set[asyncio.Task[None]] = set()
        self._words_troubled = False
        self._redactor = Redactor()  # a number may be read out over several utterances
        self._stop_reason: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        self._task = asyncio.current_task()
        end = End(reason="failed", detail="internal error")
        self._drain_events()
        try:
            await (self._run_recorded() if self._recorded else self._run_live())
            end = End()
        except (SourceError, HearingError) as error:
            end = End(reason="failed", detail=str(error))
        except asyncio.CancelledError:
            end = End(reason="stopped", detail=self._stop_reason or "cancelled")
            if self._stop_reason is None:
                raise
        finally:
            for task in self._live_words:
                task.cancel()
            await self._source.close()
            if not self.call.ended:
                self._give(end)

    def stop(self, reason: str) -> None:
        """End the call now; what was heard until now is kept."""
        if self._stop_reason is None and self._task is not None and not self._task.done():
            self._stop_reason = reason
            self._task.cancel()

    def command(self, command: Command) -> None:
        if not self.call.ended:
            self._give(command)

    def trouble(self, trouble: Trouble) -> None:
        if not self.call.ended:
            self._give(trouble)

    # ---- live ------------------------------------------------------------------

    async def _run_live(self) -> None:
        slots = await self._hearing.open()
        blocks = Blocks(2)
        try:
            async for chunk in self._source.chunks():
                if isinstance(chunk, Missing):
                    await self._hear_live(slots, blocks.flush())
                    self._skip(chunk)
                    self._give(chunk)
                    self._submit_live()
                else:
                    await self._hear_live(slots, blocks.push(chunk.samples))
            await self._hear_live(slots, blocks.flush())
        finally:
            await self._hearing.release(slots)
        self._give(HangUp())
        self._submit_live()
        if self._live_words:
            await asyncio.wait(self._live_words, timeout=LAST_WORDS_S)

    async def _hear_live(self, slots: NDArray[np.intp], pcm: NDArray[np.float32]) -> None:
        for piece in _pieces(pcm):
            heard = await self._hearing.hear(slots, piece)
            self._record(piece)
            self._give(heard)
            self._submit_live()

    def _submit_live(self) -> None:
        for utterance in self.call.utterances():
            future = self._submit(utterance, self._tape)
            if future is not None:
                task = asyncio.create_task(self._await_live(utterance, future))
                self._live_words.add(task)
                task.add_done_callback(self._live_words.discard)

    async def _await_live(self, utterance: Utterance, words: asyncio.Future[Decoded]) -> None:
        item = await self._resolve(utterance, words)
        if item is not None and not self.call.ended:
            self._give(item)

    # ---- a recording -----------------------------------------------------------

    async def _run_recorded(self) -> None:
        """Two stages. The scout is a wordless copy of the call that runs ahead to find
        the utterances (words never move their borders), so that they are decoded in
        large batches; the call itself follows and takes each utterance's words when due.
        """
        ahead: _Ahead = asyncio.Queue(max(1, round(LOOK_AHEAD_S / (PIECE_BLOCKS * BLOCK_S))))
        pending: deque[_Pending] = deque()
        try:
            async with asyncio.TaskGroup() as group:
                scout = group.create_task(self._scout(ahead, pending))
                try:
                    await self._follow(ahead, pending)
                finally:
                    scout.cancel()
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None  # what broke first; the rest follows from it

    async def _scout(self, ahead: _Ahead, pending: deque[_Pending]) -> None:
        call = Call(self._started.model_copy(update={"words": None}), self._settings, self._phrases)
        slots = await self._hearing.open()
        blocks = Blocks(2)

        async def hear(pcm: NDArray[np.float32]) -> None:
            for piece in _pieces(pcm):
                heard = await self._hearing.hear(slots, piece)
                self._record(piece)
                for block in range(heard.blocks):
                    call.receive(heard.part(block, block + 1))
                    self._expect(call, pending)
                call.events()
                await ahead.put(heard)

        try:
            async for chunk in self._source.chunks():
                if isinstance(chunk, Missing):
                    await hear(blocks.flush())
                    self._skip(chunk)
                    call.receive(chunk)
                    self._expect(call, pending)
                    await ahead.put(chunk)
                else:
                    await hear(blocks.push(chunk.samples))
            await hear(blocks.flush())
        except (SourceError, HearingError) as error:
            await ahead.put(error)  # only after what came before it
            return
        finally:
            await self._hearing.release(slots)
        call.receive(HangUp())
        self._expect(call, pending)
        await ahead.put(None)

    def _expect(self, scout: Call, pending: deque[_Pending]) -> None:
        lag_s = self._settings.asr.virtual_lag_s
        for utterance in scout.utterances():
            words = self._submit(utterance, self._tape)
            if words is not None:
                pending.append(_Pending(utterance, scout.t + lag_s, words))

    async def _follow(self, ahead: _Ahead, pending: deque[_Pending]) -> None:
        while (item := await ahead.get()) is not None:
            if isinstance(item, Exception):
                await self._give_due(pending, np.inf)
                raise item
            if isinstance(item, Missing):
                await self._give_due(pending, self.call.t)
                self._give(item)
                continue
            at = 0
            while at < item.blocks:
                await self._give_due(pending, self.call.t)
                upto = item.blocks
                if pending:
                    blocks = int(np.ceil((pending[0].due_t - self.call.t) / BLOCK_S - 1e-6))
                    upto = min(upto, at + max(1, blocks))
                self._give(item.part(at, upto))
                at = upto
            if self._progress is not None:
                self._progress(self.call.t)
        self._give(HangUp())
        await self._give_due(pending, np.inf)

    async def _give_due(self, pending: deque[_Pending], t: float) -> None:
        while pending and pending[0].due_t <= t + 1e-6:
            first = pending.popleft()
            item = await self._resolve(first.utterance, first.words)
            if item is not None:
                self._give(item)

    # ---- both --------------------------------------------------------------------

    def _record(self, pcm: NDArray[np.float32]) -> None:
        self._keep(pcm.reshape(2, -1))

    def _keep(self, samples: NDArray[np.float32]) -> None:
        self._sink.audio(self.call_id, self._tape.end_s, samples)
        self._tape.write(samples)

    def _skip(self, missing: Missing) -> None:
        left = missing.blocks * BLOCK
        while left > 0:
            silence = np.zeros((2, min(left, 60 * RATE_HZ)), np.float32)
            self._keep(silence)
            left -= silence.shape[1]

    def _submit(self, utterance: Utterance, tape: Tape) -> asyncio.Future[Decoded] | None:
        if self._transcriber is None:
            return None
        row = PARTIES.index(utterance.party)
        samples = tape.cut(row, utterance.t0 - PRE_ROLL_S, utterance.t1 + POST_ROLL_S)
        return self._transcriber.submit(
            Job(
                call_id=self.call_id,
                utterance=utterance,
                samples=samples,
                patient=self._recorded,
            )
        )

    async def _resolve(
        self, utterance: Utterance, words: asyncio.Future[Decoded]
    ) -> Transcript | None:
        """The transcript, redacted; None, and trouble told once, when there is none."""
        try:
            decoded = await words
        except (EngineError, Expired, Shed) as error:
            self._words_trouble(True, str(error))
            return None
        if self.call.ended:
            return None
        self._words_trouble(False, "words are back")
        offset = max(0.0, utterance.t0 - PRE_ROLL_S)
        transcript = Transcript(
            utterance=utterance.number,
            party=utterance.party,
            t0=utterance.t0,
            t1=utterance.t1,
            text=decoded.text,
            words=[_shift(word, offset, utterance) for word in decoded.words],
            final=utterance.final,
            confidence=decoded.confidence,
        )
        if not transcript.text:
            return None
        if not self._settings.privacy.redact_digits:
            return transcript
        transcript, spans = self._redactor.redact(transcript)
        for span in spans:
            self._sink.mute(self.call_id, span.t0, span.t1, utterance.party)
        return transcript

    def _words_trouble(self, active: bool, reason: str) -> None:
        if active != self._words_troubled and not self.call.ended:
            self._words_troubled = active
            self._give(Trouble(part="words", active=active, reason=reason))

    def _give(self, item: CallInput) -> None:
        self._sink.input(self.call_id, self.call.t, item)
        self.call.receive(item)
        self._drain_events()
        if self._recorded:
            self.call.utterances()  # the scout has submitted them

    def _drain_events(self) -> None:
        for event in self.call.events():
            self._sink.event(event)


def _pieces(pcm: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [pcm[:, i : i + PIECE_BLOCKS] for i in range(0, pcm.shape[1], PIECE_BLOCKS)]


def _shift(word: Word, offset: float, utterance: Utterance) -> Word:
    """Word times within the clip to audio time, inside the utterance."""
    t0 = min(max(word.t0 + offset, utterance.t0), utterance.t1)
    t1 = min(max(word.t1 + offset, t0), utterance.t1)
    return word.model_copy(update={"t0": round(t0, 3), "t1": round(t1, 3)})
