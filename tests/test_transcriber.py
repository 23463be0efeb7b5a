"""One queue for all calls: order, batches, deadlines, shedding, failure, hanging, closing."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from monitor import transcriber as module
from monitor.audio import RATE_HZ
from monitor.audiofile import AudioFile
from monitor.config import AsrSettings
from monitor.crew import MAX_ABANDONED
from monitor.engines import Decoded, EngineError
from monitor.events import PARTIES, Utterance, Word
from monitor.resources import resource
from monitor.transcriber import Expired, Job, Shed, Status, Transcriber

F32 = NDArray[np.float32]
WAIT_S = 10.0


@dataclass
class FakeEngine:
    """Says the first sample of a clip; behaves as ``do`` says, in the worker's thread."""

    do: Callable[[list[float]], None] = lambda said: None
    name: str = "fake"
    model: str = "fake"
    language: str | None = "en"
    calls: list[tuple[list[float], str | None, bool]] = field(default_factory=list)

    def transcribe(
        self, clips: Sequence[F32], *, language: str | None, word_times: bool
    ) -> list[Decoded]:
        said = [float(clip[0]) for clip in clips]
        self.calls.append((said, language, word_times))
        self.do(said)
        heard = language or self.language
        return [Decoded(f"{number:g}", confidence=0.9, language=heard) for number in said]

    @property
    def order(self) -> list[list[float]]:
        return [said for said, _, _ in self.calls]


class Gate:
    """An engine's ``do`` that waits until the test opens it."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()

    def __call__(self, said: list[float]) -> None:
        self.entered.release()
        assert self.opened.wait(WAIT_S)

    async def reached(self, times: int = 1) -> None:
        for _ in range(times):
            assert await asyncio.to_thread(self.entered.acquire, True, WAIT_S)


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def job(number: float, *, call: str = "a", length_s: float = 1.0, **more: Any) -> Job:
    final = more.pop("final", True)
    utterance = Utterance(
        number=more.pop("utterance", int(number)), party="agent", t0=0, t1=length_s, final=final
    )
    tone = {"samples": np.full(round(length_s * RATE_HZ), number, np.float32)}
    return Job(call_id=call, utterance=utterance, **tone | more)


@asynccontextmanager
async def running(
    engine: Any, clock: Callable[[], float] | None = None, **settings: Any
) -> AsyncIterator[Transcriber]:
    settings = {"workers": 1, "batch": 1} | settings
    transcriber = Transcriber(
        engine, AsrSettings(**settings), **({"clock": clock} if clock is not None else {})
    )
    await transcriber.start()
    try:
        async with asyncio.timeout(WAIT_S):
            yield transcriber
    finally:
        await transcriber.close()


async def settled(*words: asyncio.Future[Decoded]) -> list[str]:
    """What became of each: its text, or the kind of its error."""
    results = await asyncio.gather(*words, return_exceptions=True)
    return [r.text if isinstance(r, Decoded) else type(r).__name__ for r in results]


# ---- order and batches ---------------------------------------------------------------


async def test_words_come_back() -> None:
    async with running(FakeEngine()) as transcriber:
        assert (await transcriber.submit(job(7))).text == "7"
        assert transcriber.queue_depth == 0
        assert transcriber.status == Status(degraded=False)


async def test_finals_then_partials_then_recordings_oldest_first() -> None:
    gate = Gate()
    engine = FakeEngine(gate)
    async with running(engine) as transcriber:
        first = transcriber.submit(job(1))
        await gate.reached()
        rest = [
            transcriber.submit(j)
            for j in (
                job(8, patient=True),
                job(7, final=False),
                job(6, final=False, calm=False),
                job(4),
                job(5, call="b"),
            )
        ]
        assert transcriber.queue_depth == 5
        gate.opened.set()
        await settled(first, *rest)
    assert engine.order == [[1], [4], [5], [6], [7], [8]]


async def test_jobs_of_similar_length_share_a_batch() -> None:
    gate = Gate()
    engine = FakeEngine(gate)
    async with running(engine, batch=3) as transcriber:
        first = transcriber.submit(job(1))
        await gate.reached()
        lengths_s = {2: 2.0, 3: 12.0, 4: 4.5, 5: 1.0, 6: 11.0, 7: 3.0}
        rest = [transcriber.submit(job(n, length_s=s)) for n, s in lengths_s.items()]
        gate.opened.set()
        await settled(first, *rest)
    assert engine.order == [[1], [2, 4, 5], [3, 6], [7]]


async def test_idle_workers_share_what_waits() -> None:
    gate = Gate()
    engine = FakeEngine(gate)
    async with running(engine, batch=4, workers=2) as transcriber:
        words = [transcriber.submit(job(n)) for n in range(4)]
        await gate.reached(2)
        gate.opened.set()
        assert await settled(*words) == ["0", "1", "2", "3"]
    assert sorted(engine.order) == [[0, 1], [2, 3]]


async def test_jobs_with_other_wishes_are_decoded_apart() -> None:
    gate = Gate()
    engine = FakeEngine(gate)
    async with running(engine, batch=4) as transcriber:
        first = transcriber.submit(job(1))
        await gate.reached()
        rest = [transcriber.submit(job(n, word_times=n % 2 == 0)) for n in (2, 3, 4)]
        gate.opened.set()
        await settled(first, *rest)
    assert engine.calls[1:] == [([2, 4], "en", True), ([3], "en", False)]


async def test_a_newer_version_of_an_utterance_replaces_its_partial() -> None:
    gate = Gate()
    engine = FakeEngine(gate)
    async with running(engine) as transcriber:
        first = transcriber.submit(job(1))
        await gate.reached()
        words = [
            transcriber.submit(job(2, utterance=9, final=False)),
            transcriber.submit(job(3, utterance=9, final=False)),
            transcriber.submit(job(4, utterance=9, final=False, call="b")),
            transcriber.submit(job(5, utterance=9)),
        ]
        gate.opened.set()
        assert await settled(first, *words) == ["1", "Shed", "Shed", "4", "5"]
        assert not transcriber.status.degraded, "nothing was lost"


async def test_a_cancelled_job_is_not_decoded() -> None:
    gate = Gate()
    engine = FakeEngine(gate)
    async with running(engine) as transcriber:
        first, second, third = (transcriber.submit(job(n)) for n in (1, 2, 3))
        await gate.reached()
        second.cancel()
        gate.opened.set()
        await settled(first, third)
    assert engine.order == [[1], [3]]


# ---- too much, too late ----------------------------------------------------------------


async def test_a_full_queue_sheds_calm_partials_then_partials_then_the_oldest_final() -> None:
    gate = Gate()
    engine = FakeEngine(gate)
    async with running(engine, queue=3) as transcriber:
        heard: list[Status] = []
        transcriber.on_status(heard.append)
        first = transcriber.submit(job(1))
        await gate.reached()
        jobs = {
            "calm": job(2, final=False),
            "hot": job(3, final=False, calm=False),
            "a": job(4),
            "b": job(5),
            "c": job(6),
            "d": job(7),
        }
        words = {name: transcriber.submit(j) for name, j in jobs.items()}
        assert [name for name, w in words.items() if w.done()] == ["calm", "hot", "a"]
        assert transcriber.queue_depth == 3
        assert heard[0].degraded
        assert "behind" in heard[0].reason
        gate.opened.set()
        await settled(first, *words.values())
        assert engine.order == [[1], [7], [6], [5]], "behind: the newest first"
        assert not transcriber.status.degraded, "it has caught up"


async def test_live_calls_and_recordings_have_a_bound_each() -> None:
    gate = Gate()
    async with running(FakeEngine(gate), queue=2) as transcriber:
        first = transcriber.submit(job(1))
        await gate.reached()
        recorded = [transcriber.submit(job(n, patient=True)) for n in (2, 3, 4)]
        live = [transcriber.submit(job(n)) for n in (5, 6)]
        gate.opened.set()
        assert await settled(first, *recorded, *live) == ["1", "2", "3", "Shed", "5", "6"]


async def test_what_waits_too_long_expires_but_not_a_recording() -> None:
    gate, clock = Gate(), Clock()
    async with running(FakeEngine(gate), clock, deadline_s=5) as transcriber:
        first = transcriber.submit(job(1, length_s=10))
        await gate.reached()
        late, recorded = transcriber.submit(job(2)), transcriber.submit(job(3, patient=True))
        clock.now += 4.9
        transcriber.check()
        assert not late.done()
        clock.now += 0.1
        transcriber.check()
        with pytest.raises(Expired, match="5 s"):
            await late
        assert transcriber.status.degraded
        gate.opened.set()
        assert await settled(first, recorded) == ["1", "3"]
        fresh = transcriber.submit(job(4))
        await settled(fresh)
        assert transcriber.status == Status()


async def test_deadlines_are_enforced_without_being_asked() -> None:
    gate = Gate()
    async with running(FakeEngine(gate), deadline_s=0.01) as transcriber:
        first = transcriber.submit(job(1))
        await gate.reached()
        with pytest.raises(Expired):
            await transcriber.submit(job(2))
        gate.opened.set()
        await first


async def test_overdue_finals_stand_behind_those_still_in_time() -> None:
    gate, clock = Gate(), Clock()
    engine = FakeEngine(gate)
    async with running(engine, clock) as transcriber:
        first = transcriber.submit(job(1))
        await gate.reached()
        old = [transcriber.submit(job(n)) for n in (2, 3)]
        clock.now += module.BEHIND_S + 0.1
        transcriber.check()
        assert transcriber.status == Status(True, module.BEHIND)
        new = transcriber.submit(job(4))
        gate.opened.set()
        await settled(first, *old, new)
        assert engine.order == [[1], [4], [2], [3]]
        assert transcriber.workload.late == 3, "the first too: it took so long"
        assert transcriber.status.degraded, "what came last was late"
        await settled(transcriber.submit(job(5)))
        assert transcriber.status == Status()


async def test_a_full_queue_gives_up_what_is_overdue_and_calm_first() -> None:
    gate, clock = Gate(), Clock()
    async with running(FakeEngine(gate), clock, queue=4) as transcriber:
        first = transcriber.submit(job(1))
        await gate.reached()
        hot, calm = transcriber.submit(job(2, calm=False)), transcriber.submit(job(3))
        clock.now += module.BEHIND_S + 0.1
        fresh = [transcriber.submit(job(n)) for n in (4, 5, 6)]
        assert (calm.done(), hot.done()) == (True, False)
        fresh.append(transcriber.submit(job(7)))
        assert hot.done()
        assert transcriber.workload.shed == {"final": 2}
        gate.opened.set()
        assert await settled(first, *fresh) == ["1", "4", "5", "6", "7"]


async def test_ten_times_too_much_for_a_minute_and_then_no_more() -> None:
    """It decodes 4 a second and is asked for 40. Words that come are in time for a nudge, the
    queue keeps its bound, and a few seconds after the rush all is as before."""
    entered, steps, clock = threading.Semaphore(0), threading.Semaphore(0), Clock()

    def work(said: list[float]) -> None:
        entered.release()
        assert steps.acquire(timeout=WAIT_S)

    engine = FakeEngine(work)
    waits_s: list[float] = []
    decoded = asyncio.Event()

    async with running(engine, clock, batch=4, queue=100) as transcriber:
        number = 0
        asked: list[asyncio.Future[Decoded]] = []

        def ask(count: int) -> None:
            nonlocal number
            for _ in range(count):
                number += 1
                words = transcriber.submit(job(number, call=f"c{number % 40}"))
                since = clock.now

                def came(done: asyncio.Future[Decoded], since: float = since) -> None:
                    if done.exception() is None:
                        waits_s.append(clock.now - since)
                        decoded.set()

                words.add_done_callback(came)
                asked.append(words)

        async def second(count: int) -> None:
            ask(count)
            assert await asyncio.to_thread(entered.acquire, True, WAIT_S)  # a batch is at work
            clock.now += 1.0
            decoded.clear()
            steps.release()
            await decoded.wait()
            transcriber.check()

        depths, refused = [], 0
        for _ in range(60):
            await second(40)
            depths.append(transcriber.queue_depth)
            refused += not transcriber.room_for_partial(calm=False)
        assert max(depths) <= 100
        assert refused >= 59
        assert transcriber.status.degraded
        rush = transcriber.workload
        assert rush.decoded["final"] >= 4 * 55, "no capacity is lost"
        assert rush.shed["final"] + rush.expired.get("final", 0) > 1000
        in_time = sum(wait_s <= 2.0 for wait_s in waits_s)  # a batch a second, decoded in one
        assert in_time > 0.9 * len(waits_s), "what is decoded is what still helps"
        seconds = 0
        while transcriber.status.degraded:
            await second(1)
            seconds += 1
            assert seconds < 40
        steps.release(1000)
        await settled(*asked)
        assert transcriber.queue_depth == 0
        assert (await transcriber.submit(job(1))).text == "1"


# ---- partials: only while there is room ------------------------------------------------


async def test_a_partial_never_takes_the_last_idle_thread() -> None:
    gate = Gate()
    engine = FakeEngine(gate)
    async with running(engine, workers=2, batch=1) as transcriber:
        partials = [transcriber.submit(job(n, final=False)) for n in (1, 2)]
        await gate.reached()
        final = transcriber.submit(job(3))
        await gate.reached()
        assert engine.order == [[1], [3]], "one thread was left for the final"
        gate.opened.set()
        assert await settled(*partials, final) == ["1", "2", "3"]


async def test_a_recording_leaves_a_thread_to_live_calls_until_they_are_through() -> None:
    gate, clock = Gate(), Clock()
    engine = FakeEngine(lambda said: gate(said) if said != [1] else None)
    async with running(engine, clock, workers=2, batch=1) as transcriber:
        await transcriber.submit(job(1))
        recorded = [transcriber.submit(job(n, patient=True)) for n in (2, 3)]
        await gate.reached()
        live = transcriber.submit(job(4))
        await gate.reached()
        assert engine.order == [[1], [2], [4]]
        gate.opened.set()
        await settled(*recorded, live)
        clock.now += module.LIVE_FOR_S
        gate.opened.clear()
        recorded = [transcriber.submit(job(n, patient=True)) for n in (5, 6)]
        await gate.reached(2)
        gate.opened.set()
        await settled(*recorded)


async def test_there_is_room_for_partials_while_nothing_final_waits() -> None:
    gate = Gate()
    async with running(FakeEngine(gate), workers=2, batch=2) as transcriber:
        assert transcriber.room_for_partial(calm=True)
        first = transcriber.submit(job(1))
        await gate.reached()
        assert not transcriber.room_for_partial(calm=True), "the other thread is for finals"
        assert transcriber.workload.refused == {"calm_partial": 1}
        gate.opened.set()
        await settled(first)
        waiting = [transcriber.submit(job(n, final=False)) for n in (2, 3)]
        assert not transcriber.room_for_partial(calm=False), "enough of them wait"
        await settled(*waiting)
        final = transcriber.submit(job(4))
        assert not transcriber.room_for_partial(calm=False), "a final waits"
        await settled(final)
    assert not transcriber.room_for_partial(calm=False), "closed"


async def test_partials_of_calm_calls_stop_at_half_load_and_all_near_full_load() -> None:
    gate, clock = Gate(), Clock()
    async with running(FakeEngine(gate), clock, workers=1) as transcriber:

        def room() -> tuple[bool, bool]:
            return transcriber.room_for_partial(calm=True), transcriber.room_for_partial(calm=False)

        assert room() == (True, True)

        async def busy_for(seconds: float) -> None:
            gate.opened.clear()
            words = transcriber.submit(job(1))
            await gate.reached()
            clock.now += seconds
            gate.opened.set()
            await settled(words)

        await busy_for(4.0)
        assert 0.5 < transcriber.workload.utilisation < 0.8
        assert room() == (False, True)
        await busy_for(9.0)
        assert transcriber.workload.utilisation > 0.8
        assert room() == (False, False)
        await settled(transcriber.submit(job(2)))  # in time: no longer degraded
        clock.now += 10.0
        assert transcriber.workload.utilisation < 0.2
        assert room() == (True, True)


async def test_a_partial_that_waits_is_given_up_without_a_word_on_the_screens() -> None:
    gate, clock = Gate(), Clock()
    async with running(FakeEngine(gate), clock) as transcriber:
        first = transcriber.submit(job(1))
        await gate.reached()
        partial = transcriber.submit(job(2, final=False))
        clock.now += module.PARTIAL_DEADLINE_S
        transcriber.check()
        assert await settled(partial) == ["Expired"]
        assert transcriber.status == Status()
        assert transcriber.workload.expired == {"calm_partial": 1}
        gate.opened.set()
        await settled(first)


async def test_the_workload_is_told() -> None:
    gate, clock = Gate(), Clock()
    async with running(FakeEngine(gate), clock) as transcriber:
        first = transcriber.submit(job(1))
        await gate.reached()
        rest = [transcriber.submit(job(2)), transcriber.submit(job(3, patient=True))]
        clock.now += 2.0
        now = transcriber.workload
        assert now.waiting == {"final": 1, "partial": 0, "calm_partial": 0, "recording": 1}
        assert now.oldest_wait_s == 2.0
        assert now.utilisation == pytest.approx(0.33, abs=0.01)  # 1 - exp(-2/5)
        gate.opened.set()
        await settled(first, *rest)
        assert transcriber.workload.decoded == {"final": 2, "recording": 1}


# ---- an engine that fails -----------------------------------------------------------------


def fails_on(*bad: float, error: Exception | None = None) -> Callable[[list[float]], None]:
    def do(said: list[float]) -> None:
        if set(bad) & set(said):
            raise error or EngineError("bad clip")

    return do


async def test_one_bad_clip_does_not_sink_its_neighbours() -> None:
    engine = FakeEngine(fails_on(2))
    async with running(engine, batch=4) as transcriber:
        words = [transcriber.submit(job(n)) for n in (1, 2, 3)]
        assert await settled(*words) == ["1", "EngineError", "3"]
        assert not transcriber.status.degraded
    assert engine.order == [[1, 2, 3], [1], [2], [3]]


async def test_whatever_an_engine_raises_is_an_engine_error_without_its_message() -> None:
    engine = FakeEngine(fails_on(1, error=KeyError("my card number is")))
    async with running(engine) as transcriber:
        with pytest.raises(EngineError, match=r"^fake raised KeyError$"):
            await transcriber.submit(job(1))
        assert (await transcriber.submit(job(2))).text == "2"


async def test_an_engine_that_forgets_a_clip_fails() -> None:
    engine = FakeEngine()
    engine.transcribe = lambda clips, **_: []  # type: ignore[method-assign]
    async with running(engine) as transcriber:
        with pytest.raises(EngineError, match="0 results for 1 clips"):
            await transcriber.submit(job(1))


def _words(*times: float, text: str = "hm", **more: Any) -> Decoded:
    word = Word(text=text, t0=times[0], t1=times[1], **more)
    return Decoded("hm", (word,), confidence=0.5)


@pytest.mark.parametrize(
    ("garbage", "reason"),
    [
        (None, "raised TypeError"),
        ([None], "gave NoneType"),
        (["words"], "gave str"),
        ([Decoded(7)], "raised TypeError"),  # type: ignore[arg-type]
        ([Decoded("so " * 200)], "600 characters for 1.0 s"),
        ([Decoded("hm", _words(0.0, 1.0).words * 300)], "600 characters for 1.0 s"),
        ([Decoded("hm", confidence=float("nan"))], "without times or confidence"),
        ([Decoded("hm", confidence=5.0)], "without times or confidence"),
        ([Decoded("hm", confidence=-1.0)], "without times or confidence"),
        ([Decoded("hm", language_p=float("nan"))], "without times or confidence"),
        ([_words(0.0, float("inf"))], "without times or confidence"),
        ([_words(0.0, 1.0, p=float("nan"))], "without times or confidence"),
        ([Decoded("hm", language=49)], "gave int for a language"),  # type: ignore[arg-type]
        ([Decoded("half a pair \ud83d")], "cannot be written"),
        ([_words(0.0, 1.0, text="\udc00")], "cannot be written"),
        ([Decoded("an end\0 and more")], "cannot be written"),
        ([Decoded("a"), Decoded("b")], "2 results for 1 clips"),
    ],
    ids=[
        *("none", "none_inside", "text", "no_text", "endless", "too_many_words"),
        *("nan", "too_sure", "negative", "nan_language", "inf", "nan_word", "no_language"),
        *("surrogate", "surrogate_word", "zero", "too_many"),
    ],
)
async def test_garbage_is_a_failure_and_never_shown(garbage: Any, reason: str) -> None:
    engine = FakeEngine()
    async with running(engine) as transcriber:
        good, engine.transcribe = engine.transcribe, lambda clips, **_: garbage  # type: ignore[method-assign]
        with pytest.raises(EngineError, match=reason):
            await transcriber.submit(job(1))
        assert transcriber.workload.failed == {"final": 1}
        engine.transcribe = good  # type: ignore[method-assign]
        assert (await transcriber.submit(job(2))).text == "2"


async def test_words_without_letters_are_left_out() -> None:
    engine = FakeEngine()
    said = [Word(text=text, t0=0.1, t1=0.2) for text in ("so", "", " ", "on")]
    engine.transcribe = lambda clips, **_: [Decoded("so on", tuple(said))]  # type: ignore[method-assign]
    async with running(engine) as transcriber:
        assert [w.text for w in (await transcriber.submit(job(1))).words] == ["so", "on"]


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory")])
async def test_out_of_memory_costs_one_batch_and_is_tried_clip_by_clip(error: Exception) -> None:
    def large(said: list[float]) -> None:
        if len(said) > 1:
            raise error

    gate_open = FakeEngine(large)
    async with running(gate_open, batch=4) as transcriber:
        words = [transcriber.submit(job(n)) for n in (1, 2, 3)]
        assert await settled(*words) == ["1", "2", "3"]
        assert not transcriber.status.degraded


async def test_three_failures_in_a_row_degrade_and_a_success_recovers() -> None:
    engine = FakeEngine(fails_on(1, 2, 3, 5))
    async with running(engine) as transcriber:
        heard: list[Status] = []
        forget = transcriber.on_status(heard.append)
        await settled(*[transcriber.submit(job(n)) for n in (1, 2)])
        assert heard == []
        await settled(transcriber.submit(job(3)))
        assert heard == [Status(True, "speech-to-text fails: bad clip")]
        await settled(transcriber.submit(job(4)))
        assert heard[1:] == [Status()]
        forget()
        await settled(*[transcriber.submit(job(5)) for _ in range(3)])
        assert transcriber.status.degraded
        assert len(heard) == 2


# ---- an engine that hangs --------------------------------------------------------------------


async def test_a_hanging_engine_is_left_and_another_thread_goes_on() -> None:
    gate, clock = Gate(), Clock()
    stuck = {1.0}
    engine = FakeEngine(lambda said: gate(said) if stuck & set(said) else None)
    async with running(engine, clock) as transcriber:
        hung, waiting = transcriber.submit(job(1, length_s=4)), transcriber.submit(job(2))
        await gate.reached()
        clock.now += 19.9  # 5 x 4 s
        transcriber.check()
        assert not hung.done()
        clock.now += 0.1
        waiting_still = transcriber.submit(job(3))
        transcriber.check()
        with pytest.raises(EngineError, match="no answer for 4 s of audio"):
            await hung
        assert transcriber.status.degraded
        assert "hangs" in transcriber.status.reason
        assert await settled(waiting, waiting_still) == ["Expired", "3"]
        assert transcriber.status == Status(), "words are back"
        gate.opened.set()


async def test_short_clips_are_given_ten_seconds() -> None:
    gate, clock = Gate(), Clock()
    async with running(FakeEngine(gate), clock) as transcriber:
        hung = transcriber.submit(job(1, length_s=0.5))
        await gate.reached()
        clock.now += 9.9
        transcriber.check()
        assert not hung.done()
        clock.now += 0.1
        transcriber.check()
        assert await settled(hung) == ["EngineError"]
        gate.opened.set()


async def test_threads_are_not_abandoned_without_bound() -> None:
    gate, clock = Gate(), Clock()
    async with running(FakeEngine(gate), clock) as transcriber:
        for number in range(MAX_ABANDONED):
            hung = transcriber.submit(job(number))
            await gate.reached()
            waiting = transcriber.submit(job(99, patient=True))
            clock.now += 10
            if number < MAX_ABANDONED - 1:
                waiting.cancel()
            transcriber.check()
            assert await settled(hung) == ["EngineError"]
        assert await settled(waiting) == ["EngineError"], "nobody is left to decode it"
        assert "restart" in transcriber.status.reason
        with pytest.raises(EngineError, match="restart"):
            await transcriber.submit(job(50))

        back: asyncio.Event = asyncio.Event()
        transcriber.on_status(lambda status: None if status.degraded else back.set())
        gate.opened.set()  # the threads come back after all
        while not back.is_set():
            await settled(transcriber.submit(job(51)))
        assert transcriber.status == Status()


# ---- language ----------------------------------------------------------------------------------


async def test_a_calls_language_is_detected_once() -> None:
    engine = FakeEngine(language="de")
    async with running(engine, language=None) as transcriber:
        for j in (
            job(1, length_s=1),  # too short to tell
            job(2, length_s=3),
            job(3),
            job(4, call="b", length_s=3),
        ):
            await transcriber.submit(j)
    assert [language for _, language, _ in engine.calls] == [None, None, "de", None]


async def test_a_fixed_language_is_never_detected() -> None:
    engine = FakeEngine()
    async with running(engine, language="fr") as transcriber:
        await transcriber.submit(job(1, length_s=3))
    assert [language for _, language, _ in engine.calls] == ["fr"]


# ---- closing -----------------------------------------------------------------------------------


async def test_close_lets_what_runs_end_and_fails_what_waits() -> None:
    gate = Gate()
    transcriber = Transcriber(FakeEngine(gate), AsrSettings(workers=1, batch=1))
    await transcriber.start()
    runs, waits = transcriber.submit(job(1)), transcriber.submit(job(2))
    await gate.reached()
    closing = asyncio.create_task(transcriber.close())
    assert await settled(waits) == ["Shed"]
    gate.opened.set()
    await closing
    assert await settled(runs) == ["1"]
    with pytest.raises(Shed, match="not running"):
        await transcriber.submit(job(3))
    await transcriber.close()


async def test_close_does_not_wait_for_a_stuck_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_GRACE_S", 0.01)
    gate = Gate()
    transcriber = Transcriber(FakeEngine(gate), AsrSettings(workers=1, batch=1))
    await transcriber.start()
    stuck = transcriber.submit(job(1))
    await gate.reached()
    async with asyncio.timeout(WAIT_S):
        await transcriber.close()
    assert await settled(stuck) == ["Shed"]
    gate.opened.set()


async def test_no_thread_outlives_its_transcriber() -> None:
    async with running(FakeEngine(), workers=3) as transcriber:
        await transcriber.submit(job(1))
        threads = [t for t in threading.enumerate() if t.name == "speech-to-text"]
        assert len(threads) >= 3
        assert all(thread.daemon for thread in threads), "none can hold up the exit"
    for thread in threads:
        await asyncio.to_thread(thread.join, WAIT_S)
        assert not thread.is_alive()


# ---- with the weights ----------------------------------------------------------------------------


OUT_OF_MEMORY = """
import asyncio, resource
from monitor.config import AsrSettings
from monitor.engines.faster_whisper import create
from monitor.transcriber import Transcriber
from tests.test_transcriber import job, settled, speech

NO_LIMIT = resource.RLIM_INFINITY

async def main():
    settings = AsrSettings(offline=True, workers=1, batch=4)
    transcriber = Transcriber(create(settings), settings)
    await transcriber.start()
    clip = speech()

    def asked():
        return [transcriber.submit(job(n, samples=clip, patient=True)) for n in range(4)]

    with open("/proc/self/statm") as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 4 * 2**20, NO_LIMIT))
    starved = await settled(*asked())
    reason = transcriber.status.reason
    resource.setrlimit(resource.RLIMIT_AS, (NO_LIMIT, NO_LIMIT))
    assert starved == ["EngineError"] * 4, starved
    assert reason.startswith("speech-to-text fails: "), reason
    assert "memory" in reason.lower(), reason  # as numpy says it, or CTranslate2
    again = await settled(*asked())
    assert all("coffee machine" in text for text in again), again
    assert not transcriber.status.degraded
    await transcriber.close()

asyncio.run(main())
"""


def speech() -> F32:
    """16 s of a sample: its window is the longest."""
    with soundfile.SoundFile(resource("samples") / "rendered" / "rising.flac") as file:
        return file.read(16 * RATE_HZ, dtype="float32")[:, 1].copy()


@pytest.mark.weights
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to RLIMIT_AS")
def test_memory_that_really_runs_out_costs_the_words_of_then_and_no_more() -> None:
    """In a process of its own, whose memory cannot grow while it decodes."""
    ran = subprocess.run(
        [sys.executable, "-c", OUT_OF_MEMORY],
        cwd=Path(__file__).parents[1],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.weights
async def test_a_whole_sample_through_the_queue() -> None:
    from monitor.engines.faster_whisper import create

    flac = resource("samples") / "rendered" / "rising.flac"
    if not flac.is_file():
        pytest.skip(f"{flac} is not rendered")
    lines = json.loads(flac.with_suffix(".ref.json").read_text())["lines"][:8]
    pcm = np.concatenate(list(AudioFile(flac).pieces()), axis=1)
    jobs = [
        Job(
            call_id="sample",
            utterance=Utterance(number=n, party=line["party"], t0=line["t0"], t1=line["t1"]),
            samples=pcm[
                PARTIES.index(line["party"]),
                round(line["t0"] * RATE_HZ) : round(line["t1"] * RATE_HZ),
            ],
        )
        for n, line in enumerate(lines)
    ]
    settings = AsrSettings(offline=True)
    async with running(create(settings), workers=2, batch=4) as transcriber:
        decoded = await asyncio.gather(*map(transcriber.submit, jobs))
    said = {word.lower().strip(".,?!") for line in lines for word in line["text"].split()}
    heard = {w.text.lower().strip(".,?!") for d in decoded for w in d.words}
    assert len(said & heard) > 0.7 * len(said)
