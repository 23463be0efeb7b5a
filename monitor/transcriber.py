"""One bounded queue of utterances for all calls, decoded in worker threads.

Order: finals of live calls, then partials, then recordings (*patient* jobs, which nobody
waits for on a screen); oldest first. A full queue sheds the last in that order, the
newest first; so partials of calm calls go, then all partials, then the newest finals.

Everything here belongs to one event loop; a worker thread is handed a batch and posts its
results back, and touches nothing else, so there is no lock. An engine that raises fails
its own jobs. An engine that hangs cannot be stopped in Python: its thread is abandoned,
its jobs fail, and another thread takes its place, a bounded number of times.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from bisect import insort
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.config import AsrSettings
from monitor.engines import Decoded, Engine, EngineError
from monitor.jobs import Entry, Expired, Job, Result, Shed, Worker

__all__ = ["Expired", "Job", "Shed", "Status", "Transcriber"]

log = logging.getLogger(__name__)

LENGTHS_S = (7.4, 9.9, 14.9)
"""Utterances between two of these are decoded together: Whisper's contexts, less an edge."""
HANG_MIN_S = 10.0
HANG_PER_AUDIO_S = 5.0
"""A batch has failed after 10 s or five times its audio, whichever is more: a hundred
times what decoding takes."""
CHECK_EVERY_S = 0.25
FAILURES_TO_DEGRADE = 3
MAX_ABANDONED = 4
CLOSE_GRACE_S = 2.0
LANGUAGE_MIN_S = 2.0
LANGUAGE_MIN_P = 0.6
"""A call's language is settled by its first utterance at least this long and this clear."""
REMEMBERED_CALLS = 1024


@dataclass(frozen=True, slots=True)
class Status:
    degraded: bool = False
    reason: str = ""


class Transcriber:
    """All calls' utterances in, words out. Every method belongs to the event loop."""

    def __init__(
        self,
        engine: Engine,
        settings: AsrSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._waiting: list[Entry] = []
        self._workers: list[Worker] = []
        self._abandoned: list[Worker] = []
        self._submitted = 0
        self._failures = 0
        self._status = Status()
        self._listeners: list[Callable[[Status], None]] = []
        self._languages: OrderedDict[str, str] = OrderedDict()
        self._checking: asyncio.Task[None] | None = None
        self._dispatching = False
        self._idle = asyncio.Event()
        self._moved = asyncio.Event()

    async def start(self) -> None:
        """Start the worker threads; to be called once, before the first job."""
        self._hire()
        self._checking = asyncio.create_task(self._keep_checking())

    async def close(self) -> None:
        """Fail what waits, give what runs ``CLOSE_GRACE_S`` to end, and return in any case."""
        if self._checking is None:
            return
        self._checking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._checking
        self._checking = None
        for entry in self._waiting:
            _fail(entry, Shed("speech-to-text is closing"))
        self._waiting.clear()
        self._moved.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_GRACE_S):
                while any(worker.batch for worker in self._workers):
                    self._idle.clear()
                    await self._idle.wait()
        for worker in [*self._workers, *self._abandoned]:
            worker.dismiss()
            for entry in worker.batch:
                _fail(entry, Shed("speech-to-text is closing"))
        self._workers.clear()

    @property
    def queue_depth(self) -> int:
        """Utterances waiting, without those being decoded."""
        return len(self._waiting)

    @property
    def status(self) -> Status:
        return self._status

    def on_status(self, callback: Callable[[Status], None]) -> Callable[[], None]:
        """Call back whenever the status changes; returns what undoes this."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def submit(self, job: Job) -> asyncio.Future[Decoded]:
        """Queue a job. The future fails with Expired, Shed or EngineError.

        A job replaces the waiting partials of its own utterance. Cancelling the future
        takes the job back, if it is still waiting.
        """
        words: asyncio.Future[Decoded] = asyncio.get_running_loop().create_future()
        words.add_done_callback(_retrieve)
        now = self._clock()
        self._submitted += 1
        entry = Entry(
            job,
            (_rank(job), self._submitted),
            now,
            math.inf if job.patient else now + self._settings.deadline_s,
            words,
        )
        if self._checking is None:
            _fail(entry, Shed("speech-to-text is not running"))
            return words
        if not self._workers:
            _fail(entry, EngineError(self._status.reason))
            return words
        self._drop_older_partials(job)
        insort(self._waiting, entry, key=lambda e: e.order)
        self._shed()
        self._schedule()
        return words

    async def room(self) -> None:
        """Wait until recordings may add utterances: theirs fill a quarter of their bound.

        Nobody waits for a recording in the moment, so it waits rather than lose words,
        however many are analysed at once.
        """
        while self._checking is not None and self._workers:
            patient = sum(entry.job.patient for entry in self._waiting)
            if patient <= self._settings.queue // 4:
                return
            self._moved.clear()
            await self._moved.wait()

    def check(self) -> None:
        """Enforce every deadline as of now; runs by itself every ``CHECK_EVERY_S``."""
        now = self._clock()
        late = [entry for entry in self._waiting if now >= entry.expires_at]
        for entry in late:
            _fail(entry, Expired(f"not decoded within {self._settings.deadline_s:g} s"))
        if late:
            self._waiting = [entry for entry in self._waiting if now < entry.expires_at]
            self._degrade(f"speech-to-text is behind: {len(late)} utterances came too late")
        for worker in [w for w in self._workers if w.batch and now >= w.give_up_at]:
            self._abandon(worker)

    # ---- the queue -------------------------------------------------------------------

    def _drop_older_partials(self, job: Job) -> None:
        same = (job.call_id, job.utterance.party, job.utterance.number)
        for entry in list(self._waiting):
            other = entry.job
            if (
                not other.utterance.final
                and (other.call_id, other.utterance.party, other.utterance.number) == same
            ):
                self._waiting.remove(entry)
                _fail(entry, Shed("a newer version of the utterance came"))

    def _shed(self) -> None:
        for patient in (False, True):  # each bound by itself: neither pushes the other out
            mine = [entry for entry in self._waiting if entry.job.patient == patient]
            if len(mine) > self._settings.queue:
                self._waiting.remove(mine[-1])
                reason = f"speech-to-text is behind: {self._settings.queue} utterances wait"
                _fail(mine[-1], Shed(reason))
                self._degrade(reason)

    def _schedule(self) -> None:
        """Dispatch after this turn of the loop, so that jobs of one turn share a batch."""
        if not self._dispatching:
            self._dispatching = True
            asyncio.get_running_loop().call_soon(self._dispatch)

    def _dispatch(self) -> None:
        self._dispatching = False
        self._waiting = [entry for entry in self._waiting if not entry.words.done()]
        idle = [worker for worker in self._workers if not worker.batch]
        while idle and self._waiting:
            batch = self._take(shared_by=len(idle))
            audio_s = sum(entry.job.duration_s for entry in batch)
            give_up_at = self._clock() + max(HANG_MIN_S, HANG_PER_AUDIO_S * audio_s)
            language = self._language(batch[0].job)
            idle.pop().work(batch, language, give_up_at)
        self._moved.set()

    def _take(self, shared_by: int) -> list[Entry]:
        """The first in order, with those behind it that decode well together with it."""
        first = self._kind(self._waiting[0].job)
        alike = [entry for entry in self._waiting if self._kind(entry.job) == first]
        batch = alike[: min(self._settings.batch, math.ceil(len(alike) / shared_by))]
        for entry in batch:
            self._waiting.remove(entry)
        return batch

    def _kind(self, job: Job) -> tuple[object, ...]:
        length = sum(job.duration_s > limit_s for limit_s in LENGTHS_S)
        return length, self._language(job), job.word_times, job.utterance.final

    def _language(self, job: Job) -> str | None:
        return self._settings.language or self._languages.get(job.call_id)

    # ---- the workers -----------------------------------------------------------------

    def _hire(self) -> None:
        while len(self._workers) < self._settings.workers and len(self._abandoned) < MAX_ABANDONED:
            self._workers.append(Worker(self._engine, self._done))

    def _done(self, worker: Worker, results: Sequence[Result]) -> None:
        """A batch is decoded; its thread is free."""
        if worker in self._abandoned:
            self._abandoned.remove(worker)  # back after all; its jobs have failed already
            worker.dismiss()
            if self._checking is not None:
                self._hire()
                self._schedule()
            return
        batch, worker.batch = worker.batch, []
        self._idle.set()
        now = self._clock()
        for entry, result in zip(batch, results, strict=True):
            if isinstance(result, EngineError):
                self._failures += 1
                _fail(entry, result)
                if self._failures >= FAILURES_TO_DEGRADE:
                    self._degrade(f"speech-to-text fails: {result}")
                continue
            self._failures = 0
            self._learn_language(entry.job, result)
            if not entry.words.done():
                entry.words.set_result(result)
            self._recover(now - entry.submitted_at)
        if self._checking is not None:
            self._schedule()

    def _abandon(self, worker: Worker) -> None:
        audio_s = sum(entry.job.duration_s for entry in worker.batch)
        reason = f"no answer for {audio_s:.0f} s of audio"
        for entry in worker.batch:
            _fail(entry, EngineError(reason))
        self._workers.remove(worker)
        self._abandoned.append(worker)
        self._hire()
        if not self._workers:
            reason = f"{len(self._abandoned)} threads hang, restart the monitor"
            for entry in self._waiting:
                _fail(entry, EngineError(f"speech-to-text hangs: {reason}"))
            self._waiting.clear()
        log.error("speech-to-text hangs: %s", reason)
        self._degrade(f"speech-to-text hangs: {reason}")
        self._schedule()

    def _learn_language(self, job: Job, decoded: Decoded) -> None:
        if (
            self._settings.language is not None
            or decoded.language is None
            or decoded.language_p < LANGUAGE_MIN_P
            or job.duration_s < LANGUAGE_MIN_S
            or job.call_id in self._languages
        ):
            return
        self._languages[job.call_id] = decoded.language
        if len(self._languages) > REMEMBERED_CALLS:
            self._languages.popitem(last=False)

    # ---- the status ------------------------------------------------------------------

    def _degrade(self, reason: str) -> None:
        self._set(Status(True, reason))

    def _recover(self, waited_s: float) -> None:
        """Only a success that was not itself nearly too late clears the status."""
        if (
            waited_s <= self._settings.deadline_s / 2
            and self.queue_depth <= self._settings.queue // 2
        ):
            self._set(Status())

    def _set(self, status: Status) -> None:
        if status == self._status:
            return
        self._status = status
        for callback in list(self._listeners):
            callback(status)

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            self.check()


def _rank(job: Job) -> int:
    if job.patient:
        return 3
    if job.utterance.final:
        return 0
    return 2 if job.calm else 1


def _fail(entry: Entry, error: Exception) -> None:
    if not entry.words.done():
        entry.words.set_exception(error)


def _retrieve(words: asyncio.Future[Decoded]) -> None:
    """A call that has ended no longer asks for its words; asyncio need not complain."""
    if not words.cancelled():
        words.exception()
