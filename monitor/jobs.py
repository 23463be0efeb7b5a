"""One utterance to decode, and the thread that decodes it."""

from __future__ import annotations

import asyncio
import contextlib
import math
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitor.audio import RATE_HZ
from monitor.engines import Decoded, Engine, EngineError
from monitor.events import Utterance

Kind = Literal["final", "partial", "calm_partial", "recording"]
KINDS: tuple[Kind, ...] = ("final", "partial", "calm_partial", "recording")

MOST_CHARS = 200
MOST_CHARS_PER_S = 60
"""An engine whose text is longer than this has lost its way. The fastest speech has 25 a second,
a text of noughts and brackets ("[BLANK_AUDIO]") some more."""

SLACK = 1e-3
"""Probabilities of a softmax in single precision may add up to a little more than 1."""


class Expired(RuntimeError):  # noqa: N818  (an answer, not a fault)
    """Not decoded by its deadline."""


class Shed(RuntimeError):  # noqa: N818
    """Given up to keep up: the queue is full, or the transcriber closes."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One utterance to decode. ``utterance.final`` false asks for a partial."""

    call_id: str
    utterance: Utterance
    samples: NDArray[np.float32]  # (samples,), mono, 8 kHz
    patient: bool = False  # a recording: no deadline, after everything live
    calm: bool = True  # partials of calm calls are shed first
    word_times: bool = True

    @property
    def duration_s(self) -> float:
        return self.samples.size / RATE_HZ

    @property
    def kind(self) -> Kind:
        """What it is to the queue: how long anybody waits for it."""
        if self.patient:
            return "recording"
        if self.utterance.final:
            return "final"
        return "calm_partial" if self.calm else "partial"


@dataclass(slots=True, eq=False)
class Entry:
    """A job in the queue, with the promise of its words. Times are the transcriber's clock, s."""

    job: Job
    number: int  # of its submission
    submitted_at: float
    expires_at: float
    words: asyncio.Future[Decoded]

    def fail(self, error: Exception) -> None:
        if not self.words.done():
            self.words.set_exception(error)


Result = Decoded | EngineError


class Worker:
    """A thread that decodes one batch at a time. ``batch`` belongs to the event loop."""

    def __init__(self, engine: Engine, done: Callable[[Worker, Sequence[Result]], None]) -> None:
        self.batch: list[Entry] = []
        self.give_up_at = math.inf
        self._inbox: queue.SimpleQueue[tuple[list[Job], str | None] | None] = queue.SimpleQueue()
        loop = asyncio.get_running_loop()
        # A daemon, since nothing can end an engine that hangs: not even the exit waits for it.
        threading.Thread(
            target=self._run, args=(engine, loop, done), name="speech-to-text", daemon=True
        ).start()

    def work(self, batch: list[Entry], language: str | None, give_up_at: float) -> None:
        self.batch = batch
        self.give_up_at = give_up_at
        self._inbox.put(([entry.job for entry in batch], language))

    def dismiss(self) -> None:
        """End the thread, once it is through with what it has."""
        self._inbox.put(None)

    def _run(
        self,
        engine: Engine,
        loop: asyncio.AbstractEventLoop,
        done: Callable[[Worker, Sequence[Result]], None],
    ) -> None:
        while (order := self._inbox.get()) is not None:
            results = decode(engine, *order)
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits
                loop.call_soon_threadsafe(done, self, results)


def decode(engine: Engine, jobs: list[Job], language: str | None) -> list[Result]:
    """Together, or else one by one, so that one bad clip does not sink its neighbours."""
    try:
        decoded = engine.transcribe(
            [job.samples for job in jobs], language=language, word_times=jobs[0].word_times
        )
        if len(decoded) == len(jobs):
            return [
                checked(engine.name, job, result) for job, result in zip(jobs, decoded, strict=True)
            ]
        failure = EngineError(f"{engine.name}: {len(decoded)} results for {len(jobs)} clips")
    except EngineError as error:
        failure = error
    # An engine is a plug-in: whatever it raises is its own failure, never the queue's.
    # Only the kind is told on, since a foreign message may hold what was said.
    except Exception as error:  # noqa: BLE001
        failure = EngineError(f"{engine.name} raised {type(error).__name__}")
    if len(jobs) == 1:
        return [failure]
    return [result for job in jobs for result in decode(engine, [job], language)]


def checked(name: str, job: Job, result: Decoded) -> Result:
    """What an engine gave, or why nobody can have said that in this clip. Words without
    letters are left out; times beyond the clip are the business of whoever places them."""
    if not isinstance(result, Decoded):
        return EngineError(f"{name} gave {type(result).__name__} for words")
    said = (result.text, "".join(word.text for word in result.words))
    longest = max(len(result.words), *map(len, said))
    if longest > MOST_CHARS + MOST_CHARS_PER_S * job.duration_s:
        return EngineError(f"{name} gave {longest} characters for {job.duration_s:.1f} s of audio")
    if not all(map(_can_be_written, said)):
        return EngineError(f"{name} gave characters that cannot be written")
    if not isinstance(result.language, str | None):
        return EngineError(f"{name} gave {type(result.language).__name__} for a language")
    times = (x for word in result.words for x in (word.t0, word.t1))
    sure = (word.p for word in result.words)
    shares = (result.confidence, result.no_speech, result.language_p, *sure)
    if not all(map(math.isfinite, times)) or not all(
        -SLACK <= share <= 1 + SLACK for share in shares
    ):
        return EngineError(f"{name} gave words without times or confidence")
    words = tuple(word for word in result.words if word.text.strip())
    return result if len(words) == len(result.words) else replace(result, words=words)


def _can_be_written(text: str) -> bool:
    """Half a pair of surrogates has no UTF-8, and a zero byte ends a text in some stores."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
