"""One call from its source to its last event: source -> ear -> Call -> out, words back in.

A live call takes words as they come. A recording takes each utterance's words at
a fixed audio time after the utterance was cut, however long decoding took: so the
same audio gives the same events at any speed and in chunks of any size.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from monitor.ahead import Ahead, Piece
from monitor.audio import BLOCK, BLOCK_S
from monitor.call import Call, CallInput
from monitor.config import Settings
from monitor.cues import Phrases
from monitor.ear import Heard
from monitor.engines import Decoded
from monitor.events import (
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
)
from monitor.hearing import Hearing, HearingError
from monitor.pieces import PIECE_BLOCKS, pieces
from monitor.reader import Reader
from monitor.scribe import NO_WORDS, Scribe
from monitor.sources import Source, SourceError
from monitor.transcriber import Status, Transcriber

F32 = NDArray[np.float32]

TURN_BLOCKS = 16
"""So many blocks are understood in one turn of the loop, about 1 ms, however many were heard."""
LOOK_EVERY_S = 0.25
"""How often a live call looks whether partial words are wanted, and whether there is room."""
WORDS_BACK = "words are back"
WORDS_UNSURE = "words are hardly to be believed: another language, or a poor line"
LAST_WORDS_S = 8.0
"""How long a live call that was hung up waits for the words of its last utterances."""


class Sink(Protocol):
    """Where a session's output goes. Every method returns at once."""

    def event(self, event: Event) -> None: ...
    def input(self, call_id: str, t: float, item: CallInput) -> None: ...
    def audio(self, call_id: str, t: float, pcm: F32) -> None: ...
    def mute(self, call_id: str, t0: float, t1: float, party: Party) -> None: ...


@dataclass(frozen=True, slots=True)
class _Pending:
    """An utterance whose words are on the way; due at an audio time in a recording."""

    utterance: Utterance
    due_t: float
    words: asyncio.Future[Decoded]


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
        reader: Reader | None = None,
        recorded: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """``recorded``: words come after a fixed virtual lag instead of when they are ready."""
        self.call = Call(started, settings, phrases)
        self.call_id = started.call_id
        self._started = started
        self._source = source
        self._settings = settings
        self._phrases = phrases
        self._hearing = hearing
        self._sink = sink
        self._recorded = recorded
        self._progress = progress
        self._transcriber = transcriber
        self._reader = reader
        self._scribe = Scribe(
            started.call_id, transcriber, settings, patient=recorded, mute=self._mute
        )
        self._live_words: set[asyncio.Task[None]] = set()
        self._partial: asyncio.Task[None] | None = None
        self._look_t = 0.0
        self._broken: SourceError | HearingError | None = None
        self._told_trouble = (False, False)  # with words: any; that they are unsure
        self._stop_reason: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        task = self._task = asyncio.current_task()
        assert task is not None  # noqa: S101
        if self._stop_reason is not None:  # stopped before it ran
            task.cancel()
        end = End(reason="failed", detail="internal error")
        try:
            self._drain_events()
            await (self._run_recorded() if self._recorded else self._run_live())
            end = End()
            if self._broken is not None:
                end = End(reason="failed", detail=str(self._broken))
        except asyncio.CancelledError:
            end = End(reason="stopped", detail=self._stop_reason or "cancelled")
            if self._stop_reason is None:
                raise
            task.uncancel()
        finally:
            try:
                if not self.call.ended:
                    self._give(end)
            finally:
                await self._source.close()

    def stop(self, reason: str) -> None:
        """End the call now; what was heard until now is kept."""
        if self._stop_reason is None and not self.call.ended:
            self._stop_reason = reason
            if self._task is not None:
                self._task.cancel()

    def command(self, command: Command) -> None:
        if not self.call.ended:
            self._give(command)

    def trouble(self, trouble: Trouble) -> None:
        if not self.call.ended:
            self._give(trouble)

    # ---- live ------------------------------------------------------------------

    async def _run_live(self) -> None:
        async with _task_group() as group, self._following_words():
            slots = await self._hearing.open()
            try:
                async with aclosing(pieces(self._source, at_least=1)) as audio:
                    async for item in audio:
                        if isinstance(item, Missing):
                            self._give(item)
                            self._submit_live(group)
                            self._scribe.skip(item.blocks * BLOCK)
                        else:
                            await self._hear_live(slots, item, group)
            except (HearingError, SourceError) as error:
                self._broken = error
            finally:
                await self._hearing.release(slots)
            self._give(HangUp())
            self._submit_live(group)
            await self._await_last_words()

    async def _hear_live(self, slots: NDArray[np.intp], pcm: F32, group: asyncio.TaskGroup) -> None:
        heard = await self._hearing.hear(slots, pcm)
        if heard.blocks <= TURN_BLOCKS:
            self._take_live(pcm, heard, group)
            return
        for at in range(0, heard.blocks, TURN_BLOCKS):  # it was behind
            upto = at + TURN_BLOCKS
            self._take_live(pcm[:, at:upto], heard.part(at, upto), group)
            await asyncio.sleep(0)

    def _take_live(self, pcm: F32, heard: Heard, group: asyncio.TaskGroup) -> None:
        samples = pcm.reshape(2, -1)
        self._sink.audio(self.call_id, self.call.t, samples)
        self._scribe.hear(samples)
        self._give(heard)
        self._submit_live(group)
        self._ask_partial(group)

    def _submit_live(self, group: asyncio.TaskGroup) -> None:
        for utterance in self.call.utterances():
            future = self._scribe.submit(utterance, self.call.t, calm=self.call.calm)
            if future is not None:
                task = group.create_task(self._await_live(utterance, future))
                self._live_words.add(task)
                task.add_done_callback(self._live_words.discard)

    async def _await_live(self, utterance: Utterance, words: asyncio.Future[Decoded]) -> None:
        item = await self._resolve(utterance, words)
        if item is not None and not self.call.ended:
            self._give(item)

    def _ask_partial(self, group: asyncio.TaskGroup) -> None:
        """Of one utterance at a time, one decode at a time."""
        if (
            self._partial is not None
            or self.call.t < self._look_t
            or not self._scribe.gives_partials
        ):
            return
        self._look_t = self.call.t + LOOK_EVERY_S
        utterance = self.call.unfinished()
        if utterance is None:
            return
        words = self._scribe.partial(utterance, calm=self.call.calm)
        if words is not None:
            self._partial = group.create_task(self._await_partial(utterance, words))

    async def _await_partial(self, utterance: Utterance, words: asyncio.Future[Decoded]) -> None:
        try:
            decoded = await words
        except NO_WORDS:  # there was no room after all, or the final is on its way
            return
        finally:
            self._partial = None
        item = self._scribe.partial_transcript(utterance, decoded)
        if item is not None and not self.call.ended:
            self._give(item)

    async def _await_last_words(self) -> None:
        if self._partial is not None:
            self._partial.cancel()
        if not self._live_words:
            return
        _, late = await asyncio.wait(self._live_words, timeout=LAST_WORDS_S)
        if late:
            self._words_trouble(True, "the last words did not come in time")
        for task in late:
            task.cancel()

    # ---- a recording -----------------------------------------------------------

    async def _run_recorded(self) -> None:
        """Two stages. The scout is a wordless copy of the call that runs ahead to find
        the utterances (words never move their borders), so that they are decoded in
        large batches; the call itself follows and takes each utterance's words when due.
        """
        ahead = Ahead()
        pending: deque[_Pending] = deque()
        async with _task_group() as group:
            scout = group.create_task(self._scout(ahead, pending))
            try:
                await self._follow(ahead, pending)
            finally:
                scout.cancel()
                for left in pending:  # the call was stopped
                    self._scribe.unheard(left.utterance)

    async def _scout(self, ahead: Ahead, pending: deque[_Pending]) -> None:
        call = Call(self._started.model_copy(update={"words": None}), self._settings, self._phrases)
        # At the pace of the call nobody wants to wait for a whole piece.
        at_least = 1 if self._source.info.live else PIECE_BLOCKS
        slots = await self._hearing.open()
        try:
            async with aclosing(pieces(self._source, at_least=at_least)) as audio:
                async for item in audio:
                    if isinstance(item, Missing):
                        call.receive(item)
                        self._expect(call, pending)
                        self._scribe.skip(item.blocks * BLOCK)
                        await ahead.put(item)
                    else:
                        await ahead.put(await self._hear_ahead(call, slots, item, pending))
        except (HearingError, SourceError) as error:
            self._broken = error
        finally:
            await self._hearing.release(slots)
        call.receive(HangUp())
        self._expect(call, pending)
        await ahead.put(None)

    async def _hear_ahead(
        self, call: Call, slots: NDArray[np.intp], pcm: F32, pending: deque[_Pending]
    ) -> Piece:
        await self._scribe.room()
        heard = await self._hearing.hear(slots, pcm)
        self._scribe.hear(pcm.reshape(2, -1))
        for block in range(heard.blocks):
            call.receive(heard.part(block, block + 1))
            self._expect(call, pending)
            if block % TURN_BLOCKS == TURN_BLOCKS - 1:
                await asyncio.sleep(0)
        call.events()
        return Piece(pcm, heard)

    def _expect(self, scout: Call, pending: deque[_Pending]) -> None:
        lag_s = self._settings.asr.virtual_lag_s
        for utterance in scout.utterances():
            words = self._scribe.submit(utterance, scout.t)
            if words is not None:
                pending.append(_Pending(utterance, scout.t + lag_s, words))

    async def _follow(self, ahead: Ahead, pending: deque[_Pending]) -> None:
        while (item := await ahead.get()) is not None:
            if isinstance(item, Missing):
                await self._give_due(pending, self.call.t)
                self._give(item)
                continue
            self._sink.audio(self.call_id, self.call.t, item.pcm.reshape(2, -1))
            heard, at = item.heard, 0
            while at < heard.blocks:
                await self._give_due(pending, self.call.t)
                upto = min(heard.blocks, at + TURN_BLOCKS)
                if pending:
                    blocks = int(np.ceil((pending[0].due_t - self.call.t) / BLOCK_S - 1e-6))
                    upto = min(upto, at + max(1, blocks))
                self._give(heard.part(at, upto))
                at = upto
                await asyncio.sleep(0)  # others have their turn too
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

    async def _resolve(
        self, utterance: Utterance, words: asyncio.Future[Decoded]
    ) -> Transcript | None:
        """The transcript; None, and trouble told once, when there is none."""
        try:
            decoded = await words
        except asyncio.CancelledError:  # the call is over
            self._scribe.unheard(utterance)
            raise
        except NO_WORDS as error:
            self._scribe.unheard(utterance)
            self._words_trouble(True, str(error))
            return None
        if self.call.ended:
            return None
        transcript = self._scribe.transcript(utterance, decoded)
        if self._transcriber is None or self._recorded or not self._transcriber.status.degraded:
            self._words_trouble(False, WORDS_BACK)
        if transcript is not None and self._reader is not None:
            transcript = await self._reader.read(transcript, patient=self._recorded)
        return None if self.call.ended else transcript

    @asynccontextmanager
    async def _following_words(self) -> AsyncIterator[None]:
        """Tell the screens when speech-to-text gets into trouble, and when it is out of it:
        also those of calls that have lost no words themselves."""
        if self._transcriber is None:
            yield
            return

        def tell(status: Status) -> None:
            self._words_trouble(status.degraded, status.reason or WORDS_BACK)

        if self._transcriber.status.degraded:
            tell(self._transcriber.status)
        forget = self._transcriber.on_status(tell)
        try:
            yield
        finally:
            forget()

    def _words_trouble(self, active: bool, reason: str) -> None:
        """Told when it begins, ends, or becomes one of another kind."""
        if not active and self._scribe.unsure:
            active, reason = True, WORDS_UNSURE
        trouble = (active, reason == WORDS_UNSURE)
        if trouble != self._told_trouble and not self.call.ended:
            self._told_trouble = trouble
            self._give(Trouble(part="words", active=active, reason=reason))

    def _mute(self, party: Party, t0: float, t1: float) -> None:
        self._sink.mute(self.call_id, t0, t1, party)

    def _give(self, item: CallInput) -> None:
        self._drain_events()  # a command may come before the call runs
        self._sink.input(self.call_id, self.call.t, item)
        self.call.receive(item)
        self._drain_events()
        if self._recorded:
            self.call.utterances()  # the scout has submitted them

    def _drain_events(self) -> None:
        for event in self.call.events():
            self._sink.event(event)


@asynccontextmanager
async def _task_group() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group that raises its first error itself: a call fails for one reason."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
