"""One bounded queue of utterances for all calls, decoded in worker threads.

What comes first and what is given up is the business of ``backlog``. Finals of live calls
never wait for anything else: partials and recordings leave a thread free for them, and
partials are decoded only while there is room. When finals come late, or not at all, the
status says why until they are in time again.

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
from collections.abc import Callable, Sequence
from dataclasses import replace

from monitor.backlog import Backlog
from monitor.condition import Condition, Status
from monitor.config import AsrSettings
from monitor.crew import Crew
from monitor.engines import Decoded, Engine, EngineError
from monitor.jobs import Entry, Expired, Job, Result, Shed, Worker
from monitor.languages import Languages
from monitor.workload import Meter, Workload

__all__ = ["Expired", "Job", "Shed", "Status", "Transcriber", "Workload"]

log = logging.getLogger(__name__)

LENGTHS_S = (4.9, 7.4, 9.9, 14.9)
"""Utterances between two of these are decoded together: Whisper's contexts, less an edge."""
HANG_MIN_S = 10.0
HANG_PER_AUDIO_S = 5.0
"""A batch has failed after 10 s or five times its audio, whichever is more: a hundred
times what decoding takes."""
CHECK_EVERY_S = 0.25
BEHIND_S = 4.0
"""A final that waits longer is overdue. Words later than 8 s after their utterance raise no
nudge (call.LATE_WORDS_S); half of that is for the pause before, and the decoding."""
BEHIND = "speech-to-text is behind: words come late"
PARTIAL_DEADLINE_S = 1.0
"""By then the next partial of the utterance is wanted anyway."""
BUSY_CALM = 0.5
BUSY = 0.8
"""No partials of calm calls, and none at all, while so much of the decoding threads is used."""
LIVE_FOR_S = 10.0
"""So long after the last live utterance, recordings leave a thread free for the next."""
CLOSE_GRACE_S = 2.0


class Transcriber:
    """All calls' utterances in, words out. Every method belongs to the event loop."""

    def __init__(
        self,
        engine: Engine,
        settings: AsrSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._backlog = Backlog(settings.queue, BEHIND_S)
        self._meter = Meter(settings.workers, clock())
        self._crew = Crew(engine, settings.workers, self._done)
        self._submitted = 0
        self._live_at = -math.inf
        self._condition = Condition()
        self._languages = Languages(settings.language)
        self._checking: asyncio.Task[None] | None = None
        self._dispatching = False
        self._idle = asyncio.Event()
        self._moved = asyncio.Event()

    async def start(self) -> None:
        """Start the worker threads; to be called once, before the first job."""
        self._crew.hire()
        self._checking = asyncio.create_task(self._keep_checking())

    async def close(self) -> None:
        """Fail what waits, give what runs ``CLOSE_GRACE_S`` to end, and return in any case."""
        if self._checking is None:
            return
        self._checking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._checking
        self._checking = None
        for entry in self._backlog.clear():
            entry.fail(Shed("speech-to-text is closing"))
        self._moved.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_GRACE_S):
                while self._crew.busy:
                    self._idle.clear()
                    await self._idle.wait()
        for worker in self._crew.dismiss():
            for entry in worker.batch:
                entry.fail(Shed("speech-to-text is closing"))

    @property
    def queue_depth(self) -> int:
        """Utterances waiting, without those being decoded."""
        return len(self._backlog)

    @property
    def workload(self) -> Workload:
        """How busy it is now, and what became of all jobs."""
        now = self._clock()
        waiting = self._backlog.counts()
        decoding = sum(len(worker.batch) for worker in self._crew.busy)
        return self._meter.report(waiting, decoding, self._backlog.oldest_wait_s(now), now)

    @property
    def status(self) -> Status:
        return self._condition.status

    def on_status(self, callback: Callable[[Status], None]) -> Callable[[], None]:
        """Call back whenever the status changes; returns what undoes this."""
        return self._condition.on_change(callback)

    def submit(self, job: Job) -> asyncio.Future[Decoded]:
        """Queue a job. The future fails with Expired, Shed or EngineError. The language of
        what it gives is that of the call, None until it is settled.

        A job replaces the waiting partials of its own utterance. Cancelling the future
        takes the job back, if it is still waiting.
        """
        words: asyncio.Future[Decoded] = asyncio.get_running_loop().create_future()
        words.add_done_callback(_retrieve)
        now = self._clock()
        self._submitted += 1
        entry = Entry(job, self._submitted, now, now + self._patience_s(job), words)
        if self._checking is None:
            entry.fail(Shed("speech-to-text is not running"))
            return words
        if not self._crew:
            entry.fail(EngineError(self.status.reason))
            return words
        if not job.patient:
            self._live_at = now
        replaced, shed = self._backlog.add(entry, now)
        for other in replaced:
            other.fail(Shed("a newer version of the utterance came"))
        for other in shed:
            self._meter.shed[other.job.kind] += 1
            reason = f"speech-to-text is behind: {self._settings.queue} utterances wait"
            other.fail(Shed(reason))
            if other.job.kind == "final":
                self._condition.degrade(reason)
        self._schedule()
        return words

    def room_for_partial(self, *, calm: bool) -> bool:
        """Whether a partial, of a call that is ``calm`` or not, would be decoded at once
        without any final waiting for it. Counted as refused when not."""
        busy = self._meter.utilisation(self._clock())
        room = (
            self._checking is not None
            and not self.status.degraded
            and not self._backlog.count("final")
            and self._backlog.count("partial", "calm_partial") < self._settings.batch
            and self._crew.spare > 0
            and busy < (BUSY_CALM if calm else BUSY)
        )
        if not room:
            self._meter.refused["calm_partial" if calm else "partial"] += 1
        return room

    async def room(self) -> None:
        """Wait until recordings may add utterances: theirs fill a quarter of their bound.

        Nobody waits for a recording in the moment, so it waits rather than lose words,
        however many are analysed at once.
        """
        while self._checking is not None and self._crew:
            if self._backlog.count("recording") <= self._settings.queue // 4:
                return
            self._moved.clear()
            await self._moved.wait()

    def check(self) -> None:
        """Enforce every deadline as of now; runs by itself every ``CHECK_EVERY_S``."""
        now = self._clock()
        late = self._backlog.expired(now)
        for entry in late:
            self._meter.expired[entry.job.kind] += 1
            entry.fail(Expired(f"not decoded within {self._patience_s(entry.job):g} s"))
        finals = sum(entry.job.kind == "final" for entry in late)
        if finals:
            self._condition.degrade(f"speech-to-text is behind: {finals} utterances came too late")
        elif self._backlog.overdue(now) and not self.status.degraded:
            self._condition.degrade(BEHIND)
        for worker in [w for w in self._crew.busy if now >= w.give_up_at]:
            self._abandon(worker)
        if len(self._backlog):
            self._schedule()  # a recording may have waited for live calls to be through

    # ---- the queue -------------------------------------------------------------------

    def _patience_s(self, job: Job) -> float:
        if job.patient:
            return math.inf
        return self._settings.deadline_s if job.utterance.final else PARTIAL_DEADLINE_S

    def _schedule(self) -> None:
        """Dispatch after this turn of the loop, so that jobs of one turn share a batch."""
        if not self._dispatching:
            self._dispatching = True
            asyncio.get_running_loop().call_soon(self._dispatch)

    def _dispatch(self) -> None:
        self._dispatching = False
        self._backlog.forget_done()
        idle = self._crew.idle
        while idle and (batch := self._take(len(idle))):
            audio_s = sum(entry.job.duration_s for entry in batch)
            give_up_at = self._clock() + max(HANG_MIN_S, HANG_PER_AUDIO_S * audio_s)
            idle.pop().work(batch, self._languages.of(batch[0].job), give_up_at)
        self._watch_load()
        self._moved.set()

    def _take(self, idle: int) -> list[Entry]:
        """What an idle thread does next: live finals first, the rest where one is spare."""
        now, most = self._clock(), self._settings.batch
        live = now - self._live_at < LIVE_FOR_S
        if batch := self._backlog.take(now, most, idle, self._alike, ("final",)):
            return batch
        if self._crew.spare > 0 and (
            batch := self._backlog.take(now, most, idle, self._alike, ("partial", "calm_partial"))
        ):
            return batch
        if self._crew.spare > 0 or not live:
            return self._backlog.take(now, most, idle, self._alike, ("recording",))
        return []

    def _alike(self, job: Job) -> tuple[object, ...]:
        """Jobs of which this is the same are decoded well together."""
        length = sum(job.duration_s > limit_s for limit_s in LENGTHS_S)
        return length, self._languages.of(job), job.word_times, job.utterance.final, job.patient

    def _watch_load(self) -> None:
        self._meter.busy(len(self._crew.busy), self._clock())

    # ---- the workers -----------------------------------------------------------------

    def _done(self, worker: Worker, results: Sequence[Result]) -> None:
        """A batch is decoded; its thread is free."""
        if self._crew.returns(worker):  # its jobs have failed already
            if self._checking is not None:
                self._crew.hire()
                self._schedule()
            return
        batch, worker.batch = worker.batch, []
        self._watch_load()
        self._idle.set()
        now = self._clock()
        for entry, result in zip(batch, results, strict=True):
            if isinstance(result, EngineError):
                self._fail_decoding(entry, result)
            else:
                self._succeed(entry, result, now - entry.submitted_at)
        if self._checking is not None:
            self._schedule()

    def _succeed(self, entry: Entry, result: Decoded, waited_s: float) -> None:
        self._condition.decoded()
        self._meter.decoded[entry.job.kind] += 1
        self._languages.learn(entry.job, result)
        if not entry.words.done():
            entry.words.set_result(replace(result, language=self._languages.of(entry.job)))
        if entry.job.kind == "final" and waited_s > BEHIND_S:
            self._meter.late += 1
        self._recover(entry.job, waited_s)

    def _fail_decoding(self, entry: Entry, error: EngineError) -> None:
        self._meter.failed[entry.job.kind] += 1
        entry.fail(error)
        self._condition.failed(str(error), missed=entry.job.kind in ("final", "recording"))

    def _abandon(self, worker: Worker) -> None:
        audio_s = sum(entry.job.duration_s for entry in worker.batch)
        reason = f"no answer for {audio_s:.0f} s of audio"
        for entry in worker.batch:
            self._meter.failed[entry.job.kind] += 1
            entry.fail(EngineError(reason))
        self._crew.abandon(worker)
        if not self._crew:
            reason = f"{self._crew.abandoned} threads hang, restart the monitor"
            for entry in self._backlog.clear():
                entry.fail(EngineError(f"speech-to-text hangs: {reason}"))
        log.error("speech-to-text hangs: %s", reason)
        self._condition.degrade(f"speech-to-text hangs: {reason}")
        self._watch_load()
        self._schedule()

    def _recover(self, job: Job, waited_s: float) -> None:
        """Only what came in time, with nothing overdue behind it, clears the status."""
        in_time_s = min(BEHIND_S, self._settings.deadline_s) / 2
        if (
            (job.patient or waited_s <= in_time_s)
            and not self._backlog.overdue(self._clock())
            and len(self._backlog) <= self._settings.queue // 2
        ):
            self._condition.recover()

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            self.check()


def _retrieve(words: asyncio.Future[Decoded]) -> None:
    """A call that has ended no longer asks for its words; asyncio need not complain."""
    if not words.cancelled():
        words.exception()
