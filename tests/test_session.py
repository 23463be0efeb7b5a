"""One call end to end: the same whatever the speed, and nothing lost when something fails."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from monitor import scribe
from monitor import session as module
from monitor.ahead import LOOK_AHEAD_S
from monitor.audio import BLOCK, BLOCK_S, RATE_HZ
from monitor.call import Call
from monitor.config import AsrSettings, Settings
from monitor.ear import Ear, Heard
from monitor.engines import Decoded, EngineError
from monitor.events import Command, HangUp, Meant, Missing, Party, Person, Transcript, Utterance
from monitor.hearing import Hearing
from monitor.jobs import Job
from monitor.reader import Reader
from monitor.rehearsal.rerun import rerun
from monitor.resources import resource
from monitor.scribe import MUTE_EDGE_S
from monitor.sources import Pcm
from monitor.sources.wav import WavSource
from monitor.transcriber import BEHIND, Transcriber
from tests.dialogue import CALM, CALM_SAID, HURT, HURT_SAID, PHRASES, TALK_OVER, call, line
from tests.scores import heard
from tests.sessions import (
    F32,
    FINALS_ONLY,
    UNIT,
    WAIT_S,
    Kept,
    KnowingEngine,
    ScoreEar,
    Script,
    Step,
    audible,
    broken,
    chunked,
    cut_at,
    hearing,
    run,
    said,
    session,
    timed,
    transcribing,
)

SECOND = RATE_HZ
HURT_WORDS = [transcript for _, transcript in HURT_SAID]
CALM_WORDS = [transcript for _, transcript in CALM_SAID]
LAG_S = Settings().asr.virtual_lag_s
FACTS_OF_SOUND = {"turn", "overlap", "dead_air", "levels", "floor"}


def expected(rows: Heard) -> list[tuple[Utterance, float]]:
    """The utterances of a score, each with when it was known to have ended."""
    alone = call(words=None)
    found = []
    for block in range(rows.blocks):
        alone.receive(rows.part(block, block + 1))
        found += [(utterance, alone.t) for utterance in alone.utterances()]
    alone.receive(HangUp())
    return found + [(utterance, alone.t) for utterance in alone.utterances()]


def transcripts(kept: Kept) -> list[tuple[float, Transcript]]:
    return [(t, item) for t, item in kept.inputs if isinstance(item, Transcript)]


class Slow:
    """An engine's ``do`` that waits until the test, or another job, lets it go."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()

    def __call__(self) -> None:
        self.entered.release()
        assert self.opened.wait(WAIT_S)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self.entered.acquire, True, WAIT_S)

    async def release(self) -> None:
        self.opened.set()


class Swapping:
    """Of each two jobs that run at once, the later one answers first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: threading.Event | None = None
        self.swapped = 0

    def __call__(self) -> None:
        with self._lock:
            if self._first is not None:
                self._first.set()
                self._first = None
                self.swapped += 1
                return
            mine = self._first = threading.Event()
        # Alone at the end of the call, nobody comes to let it go.
        if not mine.wait(0.5):
            with self._lock:
                if self._first is mine:
                    self._first = None


# ---- a recording -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hurt() -> Any:
    return heard(*HURT)


@pytest.mark.parametrize("size", [37, 256, 8_000, 160_001, 10_000_000])
async def test_a_recording_is_the_same_in_chunks_of_any_size(hurt: Heard, size: int) -> None:
    pcm = audible(hurt)
    want = await run(chunked(pcm, 4096), KnowingEngine(HURT_WORDS))
    got = await run(chunked(pcm, size), KnowingEngine(HURT_WORDS))
    assert got.told() == want.told()
    assert want.of("alert.raised")
    assert want.of("nudge.opened")
    assert np.array_equal(got.recording(), pcm)


async def test_a_slow_engine_changes_nothing(hurt: Heard) -> None:
    pcm = audible(hurt)
    want = await run(chunked(pcm, SECOND), KnowingEngine(HURT_WORDS))
    slow = Slow()
    steps = [*chunked(pcm, SECOND), slow.reached, slow.release]
    got = await run(steps, KnowingEngine(HURT_WORDS, slow))
    assert got.told() == want.told()
    assert len(got.of("words")) == len(HURT_WORDS)


async def test_answers_out_of_order_change_nothing(hurt: Heard) -> None:
    pcm = audible(hurt)
    want = await run([Pcm(pcm)], KnowingEngine(HURT_WORDS))
    swapping = Swapping()
    got = await run([Pcm(pcm)], KnowingEngine(HURT_WORDS, swapping), workers=2)
    assert swapping.swapped > 1
    assert got.told() == want.told()
    assert [w.t1 for w in got.of("words")] == sorted(w.t1 for w in got.of("words"))


async def test_words_arrive_a_fixed_time_after_their_utterance_is_known(hurt: Heard) -> None:
    kept = await run([Pcm(audible(hurt))], KnowingEngine(HURT_WORDS))
    known = {u.number: t for u, t in expected(hurt)}
    duration_s = hurt.blocks * BLOCK_S
    arrived = transcripts(kept)
    assert len(arrived) == len(HURT_WORDS)
    for t, transcript in arrived:
        due_t = min(known[transcript.utterance] + LAG_S, duration_s)
        assert due_t - 1e-6 <= t < due_t + BLOCK_S, transcript


async def test_the_lag_is_a_setting(hurt: Heard) -> None:
    settings = Settings(asr=AsrSettings(virtual_lag_s=0.0))
    kept = await run([Pcm(audible(hurt))], KnowingEngine(HURT_WORDS), settings=settings)
    known = {u.number: t for u, t in expected(hurt)}
    assert [t for t, _ in transcripts(kept)] == pytest.approx(
        [known[transcript.utterance] for _, transcript in transcripts(kept)]
    )


@pytest.mark.parametrize("score", [HURT, CALM, TALK_OVER], ids=["hurt", "calm", "talk_over"])
async def test_the_scout_finds_the_utterances_of_the_call(
    score: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_call: dict[Call, list[Utterance]] = {}  # holds them: an id could be used again
    kind: dict[Call, bool] = {}
    take = Call.utterances

    def spy(self: Call) -> list[Utterance]:
        found = take(self)
        by_call.setdefault(self, []).extend(found)
        kind[self] = self._words
        return found

    monkeypatch.setattr(Call, "utterances", spy)
    await run([Pcm(audible(heard(*score)))], KnowingEngine(HURT_WORDS + CALM_WORDS))
    assert sorted(kind.values()) == [False, True], "a scout without words, the call with them"
    first, second = by_call.values()
    assert first == second
    assert first == [u for u, _ in expected(heard(*score))]


async def test_clips_hold_the_utterance_and_its_edges(hurt: Heard) -> None:
    engine = KnowingEngine(HURT_WORDS)
    await run(chunked(audible(hurt), 777), engine)
    want = [
        (u.party, max(0.0, u.t0 - scribe.PRE_ROLL_S), u.t1 + scribe.POST_ROLL_S)
        for u, _ in expected(hurt)
    ]
    got = [(party, t0, t0 + size / RATE_HZ) for party, t0, size in engine.cuts]
    for (party, t0, t1), (who, start, stop) in zip(got, want, strict=True):
        assert party == who
        assert t0 == pytest.approx(start, abs=2 / RATE_HZ)
        assert t1 == pytest.approx(stop, abs=2 / RATE_HZ)


async def test_words_stand_at_the_time_they_were_spoken(hurt: Heard) -> None:
    kept = await run([Pcm(audible(hurt))], KnowingEngine(HURT_WORDS))
    want = [word for transcript in HURT_WORDS for word in timed(transcript)]
    got = [word for event in kept.of("words") for word in event.words]
    assert [w.text for w in got] == [w.text for w in want]
    for g, w in zip(got, want, strict=True):
        assert g.t0 == pytest.approx(w.t0, abs=0.11), g  # inside the utterance, as heard


async def test_at_any_speed_the_real_ear_hears_the_same() -> None:
    path = resource("samples") / "rendered" / "calm.flac"
    now = 0.0

    async def jump(seconds: float) -> None:
        nonlocal now
        now += seconds

    async def analysed(**how: Any) -> Kept:
        kept = Kept()
        async with hearing(Ear) as ears:
            await session(WavSource(path, **how), kept, ears, recorded=True).run()
        return kept

    want = await analysed()
    assert want.of("turn")
    for how in (
        {"chunk_ms": 10},
        {"chunk_ms": 37},
        {"speed": "live", "clock": lambda: now, "sleep": jump},
    ):
        assert (await analysed(**how)).told() == want.told(), how
    assert now == pytest.approx(72.19, abs=0.1), "it was paced"


async def test_the_last_words_come_before_the_report() -> None:
    """The audio ends while the customer speaks."""
    rows = heard(line((2, "=")), line((3, "."), (4, "=")))
    spoken = said(("agent", 0, 2, "How can I help?"), ("customer", 3, 7, "I just wanted to"))
    for recorded in (True, False):
        engine = KnowingEngine(spoken)
        kept = await run(chunked(audible(rows), 1000), engine, recorded=recorded)
        types = [event.type for event in kept.events]
        assert [w.text for w in kept.of("words")] == ["How can I help?", "I just wanted to"]
        assert types.index("report") > max(i for i, t in enumerate(types) if t == "words")
        assert types[-1] == "call.ended"
        assert kept.of("call.ended")[0].reason == "completed"


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_source_that_breaks_keeps_what_came_before(recorded: bool) -> None:
    """It breaks while the customer speaks, in the middle of a block."""
    rows = heard(line((2, "=")), line((3, "."), (4, "=")))
    spoken = said(("agent", 0, 2, "How can I help?"), ("customer", 3, 7, "I already told you"))
    pcm = audible(rows)[:, :-100]
    steps = [*chunked(pcm, 3000), broken()]
    kept = await run(steps, KnowingEngine(spoken), recorded=recorded)
    whole = await run([Pcm(pcm)], KnowingEngine(spoken), recorded=recorded)
    assert [w.text for w in kept.of("words")] == ["How can I help?", "I already told you"]
    ended = kept.of("call.ended")[0]
    assert (ended.reason, ended.detail) == ("failed", "the line broke")
    assert ended.duration_s == rows.blocks * BLOCK_S
    assert kept.of("report")[0].customer.talk_s > 3
    if recorded:
        assert kept.told()[:-1] == whole.told()[:-1], "up to the reason of its end the same"


async def test_an_ear_that_fails_ends_the_call_with_what_was_heard() -> None:
    class Deaf(ScoreEar):
        def hear(self, slots: Any, pcm: Any) -> Heard:
            if (pcm[:, :, 6] >= (1000 + 8 / BLOCK_S) * UNIT).any():
                raise TypeError("no such thing")
            return super().hear(slots, pcm)

    rows = heard(line((2, "=")), line((3, "."), (4, "="), (5, ".")))
    spoken = said(("agent", 0, 2, "How can I help?"), ("customer", 3, 7, "I already told you"))
    for recorded in (True, False):
        steps = chunked(audible(rows), 256)
        kept = await run(steps, KnowingEngine(spoken), recorded=recorded, ear=Deaf)
        ended = kept.of("call.ended")[0]
        assert ended.reason == "failed"
        assert "the ear failed: TypeError" in ended.detail
        assert [w.text for w in kept.of("words")] == ["How can I help?", "I already told you"]
        assert 6 <= ended.duration_s <= 8.1


# ---- missing audio -----------------------------------------------------------------------

GAP_ROWS = heard(
    line((1, "="), (9, "."), (2, "="), (8, ".")), line((2, "."), (4, "="), (7, "."), (7, "="))
)


def with_gaps(size: int, gap_blocks: int = 300) -> tuple[list[Any], int]:
    """The score, cut at odd samples: a pause at 5 s, lost audio at 11 s. And its length."""
    first, second = 156, 344  # blocks at about 5 and 11 s
    later = gap_blocks + 1
    parts = [
        audible(GAP_ROWS.part(0, first))[:, :-101],
        audible(GAP_ROWS.part(first, second), first + gap_blocks)[:, :-33],
        audible(GAP_ROWS.part(second, GAP_ROWS.blocks), second + gap_blocks + later),
    ]
    steps: list[Any] = [*chunked(parts[0], size), Missing(blocks=gap_blocks, reason="paused")]
    steps += [*chunked(parts[1], size), Missing(blocks=later, reason="lost")]
    return [*steps, *chunked(parts[2], size)], GAP_ROWS.blocks + gap_blocks + later


GAP_S = 300 * BLOCK_S
GAP_WORDS = said(
    ("agent", 0, 1, "Hello there"),
    ("customer", 2, 4.9, "I was saying that"),
    ("customer", 5 + GAP_S, 6 + GAP_S, "and then"),
    ("agent", 10 + GAP_S, 11 + GAP_S, "Right so"),
    ("customer", 14 + 2 * GAP_S, 19 + 2 * GAP_S, "it broke again"),
)


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("size", [999, 100_000])
async def test_time_goes_on_over_missing_audio(size: int, recorded: bool) -> None:
    steps, blocks = with_gaps(size)
    engine = KnowingEngine(GAP_WORDS)
    kept = await run(steps, engine, recorded=recorded)
    assert kept.of("call.ended")[0].duration_s == pytest.approx(blocks * BLOCK_S)
    gaps = [(g.t0, g.t1, g.reason) for g in kept.of("gap")]
    assert gaps == [
        (pytest.approx(156 * BLOCK_S), pytest.approx(456 * BLOCK_S), "paused"),
        (pytest.approx(644 * BLOCK_S), pytest.approx(945 * BLOCK_S), "lost"),
    ]
    recording = kept.recording()
    assert recording.shape[1] == blocks * BLOCK, "as long as the call"
    numbers = recording[1].reshape(-1, BLOCK)[:, 10] / UNIT
    there = np.flatnonzero(numbers)
    assert np.array_equal(numbers[there] - 1000, there), "each block at its time"
    assert not numbers[156:456].any()
    assert not numbers[644:945].any()
    got = {w.text: w for w in kept.of("words")}
    assert set(got) == {transcript.text for transcript in GAP_WORDS}
    for transcript in GAP_WORDS:
        first = got[transcript.text].words[0]
        assert first.t0 == pytest.approx(transcript.t0, abs=0.05)
    for t in [turn.t0 for turn in kept.of("turn")]:
        assert not any(t0 < t < t1 for t0, t1, _ in gaps), "nobody speaks in a gap"


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_gap_longer_than_the_tape_costs_no_words(recorded: bool) -> None:
    blocks = round(10 * scribe.TAPE_S / BLOCK_S)
    steps, _ = with_gaps(4000, gap_blocks=blocks)
    kept = await run(steps, KnowingEngine(GAP_WORDS[:2]), recorded=recorded)
    assert [w.text for w in kept.of("words")] == ["Hello there", "I was saying that"]
    assert all(pcm.shape[1] <= 10 * SECOND for _, pcm in kept.pcm), "a gap is not silence"


async def test_gaps_are_the_same_in_chunks_of_any_size() -> None:
    want = await run(with_gaps(1000)[0], KnowingEngine(GAP_WORDS))
    for size in (113, 1_000_000):
        assert (await run(with_gaps(size)[0], KnowingEngine(GAP_WORDS))).told() == want.told()


# ---- live --------------------------------------------------------------------------------


@pytest.fixture
async def ears() -> AsyncIterator[Any]:
    async with hearing() as shared:
        yield shared


async def test_live_words_come_when_they_are_ready(hurt: Heard) -> None:
    kept = await run(chunked(audible(hurt), SECOND), KnowingEngine(HURT_WORDS), recorded=False)
    assert sorted(w.text for w in kept.of("words")) == sorted(w.text for w in HURT_WORDS)
    assert np.array_equal(kept.recording(), audible(hurt))


async def test_an_engine_that_raises_costs_the_words_and_nothing_else(ears: Any) -> None:
    """Degraded once, the talk-over nudge opens all the same; then it works again."""
    pcm = audible(heard(*TALK_OVER))
    works = threading.Event()

    def fail() -> None:
        if not works.is_set():
            raise EngineError("no memory")

    kept = Kept()

    async def nudged() -> None:
        await kept.until(lambda k: k.of("degraded"))
        await kept.until(lambda k: k.of("nudge.opened"))
        works.set()

    until_s = 32
    steps = [*chunked(pcm[:, : until_s * SECOND], 800), nudged]
    steps += chunked(pcm[:, until_s * SECOND :], 800)
    last = said(("customer", 28, 36, "well it is fine now"))
    async with transcribing(KnowingEngine(last, fail)) as transcriber:
        await session(Script(steps), kept, ears, transcriber).run()
    degraded = [(d.part, d.active, d.reason) for d in kept.of("degraded")]
    assert degraded == [("words", True, "no memory"), ("words", False, "words are back")]
    assert kept.of("nudge.opened")[0].nudge == "let_them_finish"
    assert [w.text for w in kept.of("words")] == ["well it is fine now"]
    assert kept.of("call.ended")[0].reason == "completed"


async def test_an_engine_that_hangs_costs_the_words_and_nothing_else(
    ears: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LAST_WORDS_S", 0.05)
    pcm = audible(heard(*TALK_OVER))
    hangs = Slow()
    now = 100.0
    kept = Kept()
    async with transcribing(KnowingEngine((), hangs), clock=lambda: now) as transcriber:

        async def give_up() -> None:
            nonlocal now
            await hangs.reached()
            now += 1000.0
            transcriber.check()
            await kept.until(lambda k: k.of("degraded"))

        steps = [*chunked(pcm[:, : 10 * SECOND], 800), give_up]
        steps += chunked(pcm[:, 10 * SECOND :], 800)
        async with asyncio.timeout(WAIT_S):
            await session(Script(steps), kept, ears, transcriber).run()
        assert not hangs.opened.is_set(), "the call ended while the engine hung"
        hangs.opened.set()
    assert [(d.part, d.active) for d in kept.of("degraded")] == [("words", True)]
    assert "let_them_finish" in [n.nudge for n in kept.of("nudge.opened")]
    assert kept.of("words") == []
    assert kept.of("call.ended")[0].reason == "completed"


async def test_a_hang_up_waits_only_so_long_for_the_last_words(
    ears: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LAST_WORDS_S", 0.05)
    hangs = Slow()
    kept = Kept()
    pcm = audible(heard("", line((1, "."), (3, "="))))
    async with transcribing(KnowingEngine((), hangs)) as transcriber:
        async with asyncio.timeout(WAIT_S):
            await session(Script([Pcm(pcm)]), kept, ears, transcriber).run()
        hangs.opened.set()
    degraded = kept.of("degraded")[0]
    assert (degraded.part, degraded.active) == ("words", True)
    assert "last words" in degraded.reason
    assert [e.type for e in kept.events][-2:] == ["report", "call.ended"]


@pytest.mark.parametrize("recorded", [True, False])
async def test_without_words_there_is_no_trouble(recorded: bool) -> None:
    kept = await run(chunked(audible(heard(*TALK_OVER)), SECOND), recorded=recorded)
    assert kept.of("words", "degraded") == []
    assert kept.events[0].words is None  # type: ignore[attr-defined]
    assert "let_them_finish" in [n.nudge for n in kept.of("nudge.opened")]


async def forever() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_stopped_call_has_its_report(ears: Any, recorded: bool) -> None:
    pcm = audible(heard(*CALM))[:, : 20 * SECOND]
    kept = Kept()
    source = Script([*chunked(pcm, SECOND), forever])
    async with transcribing(KnowingEngine(CALM_WORDS)) as transcriber:
        running = session(source, kept, ears, transcriber, recorded=recorded)
        task = asyncio.create_task(running.run())
        await kept.until(lambda k: k.events[-1:] and k.events[-1].t > 15)
        running.stop("supper")
        running.stop("again")
        async with asyncio.timeout(WAIT_S):
            await task
        assert [e.type for e in kept.events][-2:] == ["report", "call.ended"]
        ended = kept.events[-1]
        assert (ended.reason, ended.detail) == ("stopped", "supper")  # type: ignore[attr-defined]
        heard_s = kept.recording().shape[1] / RATE_HZ
        assert heard_s - ended.t < 2.1, "no audio beyond the call but what it was about to hear"
        assert source.closed
        running.stop("too late")
        running.command(Command(command="note", text="too late"))
        assert kept.events[-1] is ended


async def test_a_call_stopped_before_it_ran_ends(ears: Any) -> None:
    for recorded in (True, False):
        kept, source = Kept(), Script([forever])
        stopped = session(source, kept, ears, recorded=recorded)
        stopped.stop("at once")
        async with asyncio.timeout(WAIT_S):
            await stopped.run()
        assert [e.type for e in kept.events] == ["call.started", "report", "call.ended"]
        assert source.closed


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_cancelled_call_is_closed_and_stays_cancelled(ears: Any, recorded: bool) -> None:
    kept, source = Kept(), Script([Pcm(audible(heard("=" * 100, ""))), forever])
    task = asyncio.create_task(session(source, kept, ears, recorded=recorded).run())
    await kept.until(lambda k: len(k.events) > 3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert kept.of("call.ended")[0].reason == "stopped"
    assert source.closed


@pytest.mark.parametrize("recorded", [True, False])
async def test_every_way_out_gives_the_ear_back(recorded: bool) -> None:
    ear = ScoreEar()
    pcm = Pcm(audible(heard("=" * 100, "")))
    async with hearing(lambda: ear) as ears:
        for steps in ([pcm], [pcm, broken()], [Pcm(np.full((2, 256), 9, np.float32))]):
            await session(Script(steps), Kept(), ears, recorded=recorded).run()
            assert not ear.opened
        for turns in range(12):  # wherever the cancellation meets it
            running = session(Script([pcm, forever]), Kept(), ears, recorded=recorded)
            task = asyncio.create_task(running.run())
            for _ in range(turns):
                await asyncio.sleep(0)
            running.stop("stop")
            async with asyncio.timeout(WAIT_S):
                await task
            assert not ear.opened


async def test_commands_reach_the_call(ears: Any) -> None:
    pcm = audible(heard(*TALK_OVER))
    kept = Kept()

    async def answer() -> None:
        if kept.of("nudge.opened") and not kept.of("nudge.closed"):
            nudge = kept.of("nudge.opened")[0]
            running.command(Command(command="note", by="Sue", text="Breathe."))
            running.command(Command(command="dismiss_nudge", text=nudge.id))
            running.command(Command(command="snooze", for_s=600))

    steps = [step for chunk in chunked(pcm, 800) for step in (chunk, answer)]
    running = session(Script(steps), kept, ears)
    running.command(Command(command="note", by="Sue", text="Before it began."))
    await running.run()
    assert [(n.by, n.text) for n in kept.of("note")] == [
        ("Sue", "Before it began."),
        ("Sue", "Breathe."),
    ]
    assert kept.events[0].type == "call.started", "nothing comes before it"
    assert [n.outcome for n in kept.of("nudge.closed")] == ["dismissed"]
    assert len(kept.of("nudge.opened")) == 1, "snoozed"


# ---- partial words ---------------------------------------------------------------------


@dataclass
class HearsWords(KnowingEngine):
    """Says the words whose time is in the clip: a part of an utterance has a part of them."""

    mute: bool = False  # finds nothing in a whole utterance
    slack_s: float = 0.1  # of the last word may be missing

    def _decode(self, clip: F32) -> Decoded:
        party, t0 = cut_at(clip)
        t1 = t0 + clip.size / RATE_HZ
        spoken = [w for s in self.said if s.party == party for w in timed(s)]
        here = [w for w in spoken if t0 <= w.t0 and w.t1 <= t1 + self.slack_s]
        if self.mute and spoken and spoken[-1] in here:
            return Decoded("", dropped="unlikely")
        return Decoded(" ".join(w.text for w in here), confidence=0.9)


def decoded(transcriber: Transcriber) -> Callable[[], Awaitable[None]]:
    """A step of a script that waits until nothing is being decoded."""

    async def wait() -> None:
        async with asyncio.timeout(WAIT_S):
            while (now := transcriber.workload).decoding or sum(now.waiting.values()):
                await asyncio.sleep(0)
            for _ in range(5):  # what came goes into the call
                await asyncio.sleep(0)

    return wait


TOLD = "I already told your colleague three times that it does not work"
TOLD_ROWS = heard(line((2, "="), (14, ".")), line((3, "."), (9, "="), (4, ".")))
TOLD_SAID = said(("agent", 0, 2, "Hello how can I help"), ("customer", 3, 12, TOLD))


async def told(engine: KnowingEngine, **asr: Any) -> Kept:
    kept = Kept()
    async with hearing() as ears, transcribing(engine, **asr) as transcriber:
        wait = decoded(transcriber)
        chunks = chunked(audible(TOLD_ROWS), SECOND // 4)
        steps: list[Step] = [step for chunk in chunks for step in (chunk, wait)]
        await session(Script(steps), kept, ears, transcriber, settings=Settings()).run()
    return kept


async def test_the_customers_words_come_while_they_speak_and_raise_a_cue_early() -> None:
    kept = await told(HearsWords(TOLD_SAID))
    customer = [w for w in kept.of("words") if w.party == "customer"]
    partial = [w for w in customer if not w.final]
    assert len(partial) >= 6
    assert all(TOLD.startswith(w.text) for w in partial)
    assert [len(w.text) for w in partial] == sorted({len(w.text) for w in partial}), "they grow"
    assert {w.utterance for w in customer} == {customer[-1].utterance}
    assert customer[-1].final
    assert customer[-1].text == TOLD
    assert partial[0].t < 3 + 1.5 + 1.0 + 0.6
    cue = next(cue for cue in kept.of("cue") if cue.party == "customer")
    assert (cue.family, cue.status) == ("repetition", "likely")
    assert cue.t < 3 + 9 - 3, "long before they have finished"
    assert "taken_back" not in [c.status for c in kept.of("cue")]
    assert all(w.final for w in kept.of("words") if w.party == "agent")


async def test_a_call_with_partial_words_is_a_function_of_its_inputs() -> None:
    kept = await told(HearsWords(TOLD_SAID))
    started = kept.of("call.started")[0].model_copy(update={"policy": "", "limits": []})
    again = Call(started, Settings(), PHRASES)
    for t, item in kept.inputs:
        assert again.t == pytest.approx(t)
        again.receive(item)
    assert again.events() == kept.events


async def test_words_that_were_shown_leave_when_the_final_finds_none() -> None:
    kept = await told(HearsWords(TOLD_SAID, mute=True))
    customer = [w for w in kept.of("words") if w.party == "customer"]
    assert any(not w.final and w.text for w in customer)
    assert (customer[-1].final, customer[-1].text) == (True, "")
    assert [c.status for c in kept.of("cue")] == ["likely", "taken_back"]


async def test_partials_that_fail_are_nobodys_trouble() -> None:
    class OnlyWhole(HearsWords):
        def transcribe(
            self, clips: Sequence[F32], *, language: str | None, word_times: bool
        ) -> list[Decoded]:
            if not word_times:
                raise EngineError("no parts")
            return super().transcribe(clips, language=language, word_times=word_times)

    kept = await told(OnlyWhole(TOLD_SAID))
    assert kept.of("degraded") == []
    assert [w.text for w in kept.of("words")] == [s.text for s in TOLD_SAID]


async def test_a_recording_asks_for_no_partials(hurt: Heard) -> None:
    engine = KnowingEngine(HURT_WORDS)
    kept = await run([Pcm(audible(hurt))], engine, settings=Settings())
    assert all(w.final for w in kept.of("words"))
    assert len(engine.cuts) == len(expected(hurt))


async def test_a_card_number_is_in_no_partial() -> None:
    engine = HearsWords(CARD_WORDS)
    kept = Kept()
    async with hearing() as ears, transcribing(engine) as transcriber:
        wait = decoded(transcriber)
        chunks = chunked(audible(CARD_ROWS), SECOND // 4)
        steps: list[Step] = [step for chunk in chunks for step in (chunk, wait)]
        await session(Script(steps), kept, ears, transcriber, settings=Settings()).run()
    partial = [w.text for w in kept.of("words") if not w.final]
    assert partial
    assert set(partial) <= {"It is", "It is [number]", "It is [number] okay"}
    logged = [item.text for _, item in transcripts(kept) if not item.final]
    assert not any("one" in text.split() or "four" in text for text in logged)


async def test_every_live_call_is_told_when_words_are_behind_and_when_they_are_back(
    ears: Any,
) -> None:
    slow, now = Slow(), 100.0
    quiet, busy = Kept(), Kept()
    pcm = audible(heard("", line((1, "."), (2, "="), (4, "."))))
    async with transcribing(KnowingEngine((), slow), clock=lambda: now) as transcriber:

        async def behind() -> None:
            nonlocal now
            await slow.reached()
            transcriber.submit(a_job())
            now += 5.0
            transcriber.check()

        async def back() -> None:
            slow.opened.set()
            await decoded(transcriber)()
            await transcriber.submit(a_job())

        steps: list[Step] = [*chunked(pcm, 800), behind, back]
        waiting = asyncio.create_task(
            session(Script([Pcm(pcm[:, :SECOND]), forever]), quiet, ears, transcriber).run()
        )
        await quiet.until(lambda k: k.of("levels"))
        await session(Script(steps), busy, ears, transcriber).run()
        waiting.cancel()
        await asyncio.wait([waiting])
        late = Kept()
        await session(Script([]), late, ears, transcriber).run()
    for kept in (quiet, busy):
        told_of = [(d.part, d.active, d.reason) for d in kept.of("degraded")]
        assert told_of == [("words", True, BEHIND), ("words", False, "words are back")]
    assert late.of("degraded") == []


def a_job() -> Job:
    pcm = audible(heard("", "=" * 10))
    utterance = Utterance(number=99, party="customer", t0=0, t1=1)
    return Job(call_id="other", utterance=utterance, samples=pcm[1])


# ---- what may be kept --------------------------------------------------------------------

CARD = "four one one one one one one one one one one one one one one one"
CARD_ROWS = heard(line((2, "="), (12, ".")), line((3, "."), (9, "="), (2, ".")))
CARD_TALK: tuple[Party, float, float, str] = ("customer", 3, 12, f"It is {CARD} okay")
CARD_WORDS = said(("agent", 0, 2, "What is the card number?"), CARD_TALK)


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_card_number_is_nowhere(recorded: bool) -> None:
    kept = await run(
        chunked(audible(CARD_ROWS), SECOND), KnowingEngine(CARD_WORDS), recorded=recorded
    )
    spoken = timed(CARD_WORDS[1])
    first, last = spoken[2], spoken[17]
    assert [party for _, _, party in kept.mutes] == ["customer"]
    t0, t1, _ = kept.mutes[0]
    assert t0 == pytest.approx(first.t0 - MUTE_EDGE_S, abs=0.1)
    assert t1 == pytest.approx(last.t1 + MUTE_EDGE_S, abs=0.1)
    assert kept.of("words")[-1].text == "It is [number] okay"
    everything = [e.model_dump_json() for e in kept.events]
    everything += [repr(item) for _, item in kept.inputs if isinstance(item, Transcript)]
    assert not any("one one" in text or "four" in text for text in everything)


class DeafToCustomers(KnowingEngine):
    """Fails on whatever the customer says."""

    def _decode(self, clip: F32) -> Decoded:
        if cut_at(clip)[0] == "customer":
            raise EngineError("out of memory")
        return super()._decode(clip)


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_number_that_was_asked_for_is_silenced_unheard(recorded: bool) -> None:
    engine = DeafToCustomers(CARD_WORDS)
    kept = await run(chunked(audible(CARD_ROWS), SECOND), engine, recorded=recorded)
    utterances = kept.of("words")
    assert [w.party for w in utterances] == ["agent"]
    assert {party for _, _, party in kept.mutes} == {"customer"}
    assert min(t0 for t0, _, _ in kept.mutes) == pytest.approx(3, abs=0.3)
    assert max(t1 for _, t1, _ in kept.mutes) == pytest.approx(12, abs=0.6)
    small_talk = said(("agent", 0, 2, "How was your day?"), CARD_TALK)
    kept = await run(
        chunked(audible(CARD_ROWS), SECOND), DeafToCustomers(small_talk), recorded=recorded
    )
    assert kept.mutes == []


async def test_a_card_number_stays_where_the_settings_say_so() -> None:
    settings = Settings.model_validate({"privacy": {"redact_digits": False}})
    engine = KnowingEngine(CARD_WORDS)
    kept = await run([Pcm(audible(CARD_ROWS))], engine, settings=settings)
    assert CARD in kept.of("words")[-1].text
    assert kept.mutes == []


@pytest.mark.parametrize("recorded", [True, False])
async def test_nothing_that_is_said_reaches_the_log(
    recorded: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    spoken = "the zanzibar of quixotic marmalade"
    bad = iter([False, True, False, True, True, True])

    def sometimes() -> None:
        if next(bad, False):
            raise ValueError(f"cannot decode {spoken}")

    lines = said(("customer", 0, 3, spoken), ("customer", 5, 8, f"{spoken} is ridiculous"))
    lines += said(("agent", 9, 11, spoken), ("customer", 12, 15, f"{CARD} {spoken}"))
    rows = heard(
        line((9, "."), (2, "="), (8, ".")),
        line((3, "="), (2, "."), (3, "="), (4, "."), (3, "="), (2, "."), (2, "=")),
    )
    steps = [*chunked(audible(rows), SECOND), broken()]
    kept = await run(steps, KnowingEngine(lines, sometimes), recorded=recorded)
    assert kept.of("degraded")
    assert any("zanzibar" in w.text for w in kept.of("words"))
    for word in (*spoken.split(), "ridiculous", "four one"):
        if len(word) > 3:
            assert word not in caplog.text
    assert not any("zanzibar" in d.reason for d in kept.of("degraded"))


# ---- bounds ------------------------------------------------------------------------------


async def settled(source: Script, ears: Hearing) -> None:
    """Until the source is no longer read, whatever the loop is given to do."""
    before = -1
    while source.taken != before:
        before = source.taken
        for _ in range(20):
            await ears.release(await ears.open())


async def test_a_recording_waits_for_room_instead_of_losing_words() -> None:
    rows = heard(line((1, "="), (1, ".")) * 30, "")  # 30 utterances in a minute
    kept = Kept()
    slow = Slow()
    async with (
        hearing() as ears,
        transcribing(KnowingEngine((), slow), queue=4) as transcriber,
    ):
        source = Script(chunked(audible(rows), SECOND))
        task = asyncio.create_task(session(source, kept, ears, transcriber, recorded=True).run())
        await slow.reached()
        await settled(source, ears)
        await slow.release()
        async with asyncio.timeout(WAIT_S):
            await task
    assert kept.of("call.ended")[0].reason == "completed"
    assert kept.of("degraded") == []


async def test_decoding_runs_ahead_of_a_recording_only_so_far() -> None:
    """With an engine that hangs the source is read up to the look-ahead, no further."""
    hangs = Slow()
    rows = heard(line((3, "="), (3, ".")) * 100, "")  # 10 minutes
    source = Script(chunked(audible(rows), SECOND))
    kept = Kept()
    async with hearing() as ears, transcribing(KnowingEngine((), hangs)) as transcriber:
        task = asyncio.create_task(
            session(source, kept, ears, transcriber, recorded=True).run(),
        )
        await hangs.reached()
        await settled(source, ears)
        assert LOOK_AHEAD_S / 2 < source.taken < LOOK_AHEAD_S + 15
        assert transcriber.queue_depth < 40
        hangs.opened.set()
        async with asyncio.timeout(WAIT_S):
            await task
    assert source.taken == 600
    assert kept.of("call.ended")[0].duration_s == pytest.approx(600, abs=BLOCK_S)


async def test_a_live_call_whose_words_hang_piles_nothing_up(
    ears: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LAST_WORDS_S", 0.05)
    hangs = Slow()
    pcm = audible(heard(line((1, "="), (1, ".")) * 60, ""))
    kept = Kept()
    tasks: list[int] = []

    async def count() -> None:
        tasks.append(len(asyncio.all_tasks()))

    steps = [step for chunk in chunked(pcm, SECOND) for step in (chunk, count)]
    async with transcribing(KnowingEngine((), hangs), queue=5) as transcriber:
        await session(Script(steps), kept, ears, transcriber).run()
        assert transcriber.queue_depth <= 5
        hangs.opened.set()
    assert max(tasks) - tasks[0] <= 5 + 1 + 1, "those that wait, the one at work, one to go"
    assert kept.of("degraded")


@pytest.mark.parametrize("recorded", [True, False])
async def test_five_minutes_without_a_pause_have_all_their_words_once(recorded: bool) -> None:
    """The rule that cuts knows nothing of words: one that a cut goes through is in neither
    half, and all others in one, once."""
    text = " ".join(f"word{n}" for n in range(1200))  # 0.25 s each
    spoken = said(("customer", 1, 301, text))
    rows = heard("", line((1, "."), (300, "="), (2, ".")))
    kept = Kept()
    async with hearing() as ears, transcribing(HearsWords(spoken, slack_s=0.0)) as transcriber:
        source = Script(chunked(audible(rows), SECOND))
        async with asyncio.timeout(WAIT_S):
            await session(source, kept, ears, transcriber, recorded=recorded).run()
    finals = sorted(kept.of("words"), key=lambda w: w.t0)
    assert len(finals) >= 25
    assert all(w.t1 - w.t0 <= 12.1 for w in finals)
    assert [w.t0 for w in finals[1:]] == [w.t1 for w in finals[:-1]], "no hole"
    heard_words = [word for w in finals for word in w.text.split()]
    assert len(heard_words) == len(set(heard_words)), "none twice"
    assert 1200 - len(heard_words) <= len(finals), "none is lost but one at a cut"
    assert kept.of("degraded") == []


async def test_two_calls_of_one_customer_keep_their_words_apart(ears: Any) -> None:
    first, second = Kept(), Kept()
    rows = heard(line((2, "="), (12, ".")), line((3, "."), (9, "="), (2, ".")))
    async with transcribing(HearsWords(TOLD_SAID), batch=4) as transcriber:
        wait = decoded(transcriber)

        def source() -> Script:
            chunks = chunked(audible(rows), SECOND)
            steps: list[Step] = [step for chunk in chunks for step in (chunk, wait)]
            return Script(steps, customer=Person(id="7", name="Kim Lee"))

        both = [
            session(source(), kept, ears, transcriber, settings=Settings(), call_id=call_id)
            for kept, call_id in ((first, "c1"), (second, "c2"))
        ]
        await asyncio.gather(*(one.run() for one in both))
    for kept, call_id in ((first, "c1"), (second, "c2")):
        assert {event.call_id for event in kept.events} == {call_id}
        final = [w.text for w in kept.of("words") if w.final]
        assert final == [spoken.text for spoken in TOLD_SAID]


async def test_the_tape_outlasts_the_longest_utterance() -> None:
    """A speaker without pauses: cut by 12 s, every second of it decoded."""
    rows = heard("", line((60, "=")))
    engine = KnowingEngine()
    await run([Pcm(audible(rows))], engine)
    ends = [(t0, t0 + size / RATE_HZ) for _, t0, size in engine.cuts]
    assert ends[0][0] == 0.0
    assert ends[-1][1] == pytest.approx(rows.blocks * BLOCK_S)
    for (_, stop), (start, _) in pairwise(ends):
        assert start < stop, "no hole"


@pytest.mark.parametrize("recorded", [False, True])
async def test_a_call_with_much_to_catch_up_on_gives_others_their_turns(
    hurt: Heard, recorded: bool
) -> None:
    turn = 0
    blocks_in: dict[int, int] = {}

    class Watching(Kept):
        def input(self, call_id: str, t: float, item: Any) -> None:
            super().input(call_id, t, item)
            if isinstance(item, Heard):
                blocks_in[turn] = blocks_in.get(turn, 0) + item.blocks

    kept = Watching()
    async with asyncio.timeout(WAIT_S), hearing() as ears:
        one = session(Script([Pcm(audible(hurt))]), kept, ears, recorded=recorded)
        running = asyncio.create_task(one.run())
        while not running.done():
            turn += 1
            await asyncio.sleep(0)
        await running
    assert sum(blocks_in.values()) == hurt.blocks
    assert max(blocks_in.values()) <= module.TURN_BLOCKS
    whole = await run([Pcm(audible(hurt))], recorded=not recorded)
    assert [event for event in kept.told() if event["type"] in FACTS_OF_SOUND] == [
        event for event in whole.told() if event["type"] in FACTS_OF_SOUND
    ]


# ---- what sentences mean -----------------------------------------------------------------

CALM_WORDS_OF_ANGER = said(
    ("agent", 0, 2, "Hello, how can I help?"),
    ("customer", 2.5, 11.5, "It is about the box. Whoever is above you can hear about it."),
    ("agent", 12, 15, "That is not mine to say."),
    ("customer", 15.5, 20.5, "I want to speak to your manager."),
    ("customer", 25, 29, "She says to ask you, can I speak to your manager on Monday."),
)
"""By phrases, the customer's last two are the same."""
MEANT = {
    CALM_WORDS_OF_ANGER[1].text: Meant(family="escalation_request", sentence=1, log_odds=1.0),
    CALM_WORDS_OF_ANGER[3].text: Meant(family="escalation_request", sentence=0, log_odds=3.0),
    CALM_WORDS_OF_ANGER[2].text: Meant(family="not_mine", sentence=0, log_odds=0.5),
}


class Knowing:
    """What these sentences mean; ``do`` runs before that, in the reader's thread."""

    language = "en"

    def __init__(self, do: Callable[[], None] = lambda: None) -> None:
        self.do = do

    def read(self, text: str, party: Party) -> list[Meant]:
        self.do()
        return [MEANT[text]] if text in MEANT else []


async def read_call(steps: Sequence[Step], do: Callable[[], None] = lambda: None) -> Kept:
    kept = Kept()
    reader = Reader(Knowing(do))  # type: ignore[arg-type]
    async with (
        asyncio.timeout(WAIT_S),
        hearing() as ears,
        transcribing(KnowingEngine(CALM_WORDS_OF_ANGER)) as transcriber,
    ):
        await session(Script(steps), kept, ears, transcriber, recorded=True, reader=reader).run()
    reader.close()
    return kept


async def test_a_call_hears_what_sentences_mean(hurt: Heard) -> None:
    kept = await read_call([Pcm(audible(hurt))])
    cues = [(c.family, c.by, c.text) for c in kept.of("cue")]
    assert ("escalation_request", "meaning", "Whoever is above you can hear about it") in cues
    assert ("not_mine", "meaning", "That is not mine to say") in cues
    asked = [c for c in kept.of("cue") if (c.family, c.by) == ("escalation_request", "phrase")]
    assert [c.t0 < 21 for c in asked] == [True], "the last is no request, by what it means"
    without = await run([Pcm(audible(hurt))], KnowingEngine(CALM_WORDS_OF_ANGER))
    asked = [c for c in without.of("cue") if c.family == "escalation_request"]
    assert [c.t0 < 21 for c in asked] == [True, False], "by phrases both are"
    assert [tr.meant for _, tr in transcripts(kept)] == [
        [MEANT[tr.text]] if tr.text in MEANT else [] for _, tr in transcripts(kept)
    ], "what was found out is in the log"


async def test_what_sentences_mean_is_the_same_whatever_the_pace(hurt: Heard) -> None:
    pcm = audible(hurt)
    want = await read_call(chunked(pcm, 256))
    slow = Slow()
    got = await read_call([*chunked(pcm, SECOND), slow.reached, slow.release], slow)
    assert got.told() == want.told()


async def test_the_log_gives_the_events_again_without_anybody_reading_it(hurt: Heard) -> None:
    """Bit for bit: what sentences mean is an input, so no encoder is needed to replay a call."""
    kept = await read_call([Pcm(audible(hurt))])
    assert any(cue.by == "meaning" for cue in kept.of("cue"))
    inputs = [item for _, item in kept.inputs]
    as_text = [
        Transcript.model_validate_json(item.model_dump_json())
        if isinstance(item, Transcript)
        else item
        for item in inputs
    ]
    again = rerun(kept.of("call.started")[0], as_text, FINALS_ONLY, FINALS_ONLY.nudges, PHRASES)
    assert [event.model_dump() for event in again] == kept.told()


async def test_an_encoder_that_fails_costs_no_words(
    hurt: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("no memory")

    kept = await read_call([Pcm(audible(hurt))], broken)
    without = await run(chunked(audible(hurt), SECOND), KnowingEngine(CALM_WORDS_OF_ANGER))
    assert kept.told() == without.told(), "phrases as ever"
    (record,) = [record for record in caplog.records if record.name == "monitor.reader"]
    assert "no memory" in record.getMessage()


async def test_a_hang_up_waits_only_so_long_for_what_the_last_words_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LAST_WORDS_S", 0.05)
    hangs = Slow()
    spoken = said(("customer", 1, 4, "I want to speak to your manager."))
    kept = Kept()
    reader = Reader(Knowing(hangs))  # type: ignore[arg-type]
    pcm = audible(heard("", line((1, "."), (3, "="), (2, "."))))
    async with (
        asyncio.timeout(WAIT_S),
        hearing() as ears,
        transcribing(KnowingEngine(spoken)) as transcriber,
    ):
        source = Script([*chunked(pcm, 800), hangs.reached])
        await session(source, kept, ears, transcriber, reader=reader).run()
    assert not hangs.opened.is_set(), "the call ended while the encoder hung"
    hangs.opened.set()
    reader.close()
    assert kept.of("words", "cue") == []
    assert "last words" in kept.of("degraded")[0].reason
    assert [e.type for e in kept.events][-2:] == ["report", "call.ended"]
