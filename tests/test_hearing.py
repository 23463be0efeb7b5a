"""Many calls share one ear, and none can hurt another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import numpy as np
import pytest

from monitor.audio import BLOCK
from monitor.ear import Ear, Heard
from monitor.hearing import LIVE_BLOCKS, SLICE_BLOCKS, Hearing, HearingError


def noise(seed: int, blocks: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.05, (2, blocks, BLOCK)).astype(np.float32)


def same(a: Heard, b: Heard) -> bool:
    return a.to_bytes() == b.to_bytes()


@pytest.fixture
async def hearing() -> AsyncIterator[Hearing]:
    shared = Hearing(tick_s=0.001)
    await shared.start()
    yield shared
    await shared.close()


async def test_calls_heard_together_are_heard_as_if_alone(hearing: Hearing) -> None:
    calls = [noise(seed, 12) for seed in range(5)]
    slots = [await hearing.open() for _ in calls]
    heard: list[list[Heard]] = [[] for _ in calls]
    for at in range(0, 12, 2):
        rows = await asyncio.gather(
            *(hearing.hear(s, pcm[:, at : at + 2]) for s, pcm in zip(slots, calls, strict=True))
        )
        for row, part in zip(heard, rows, strict=True):
            row.append(part)
    for pcm, parts in zip(calls, heard, strict=True):
        ear = Ear()
        alone = ear.hear(ear.open(2), pcm)
        together = np.concatenate([p.speech for p in parts], axis=1)
        assert np.array_equal(together, alone.speech)
        assert np.array_equal(np.concatenate([p.level_db for p in parts], axis=1), alone.level_db)


class CountingEar(Ear):
    """Counts passes; fails on audio that holds 9.0, as a bug would."""

    def __init__(self) -> None:
        super().__init__()
        self.passes: list[int] = []

    def hear(self, slots: np.ndarray, pcm: np.ndarray) -> Heard:
        self.passes.append(len(slots))
        if (pcm == 9.0).any():
            raise RuntimeError("bad audio")
        return super().hear(slots, pcm)


async def test_one_pass_for_all_live_calls() -> None:
    ear = CountingEar()
    hearing = Hearing(lambda: ear, tick_s=0.05)
    await hearing.start()
    slots = [await hearing.open() for _ in range(20)]
    await asyncio.gather(*(hearing.hear(s, noise(1, 1)) for s in slots))
    await hearing.close()
    assert ear.passes == [40]


async def test_a_call_that_breaks_the_ear_fails_alone() -> None:
    hearing = Hearing(CountingEar, tick_s=0.01)
    await hearing.start()
    good, bad = await hearing.open(), await hearing.open()
    results = await asyncio.gather(
        hearing.hear(good, noise(1, 1)),
        hearing.hear(bad, np.full((2, 1, BLOCK), 9.0, np.float32)),
        return_exceptions=True,
    )
    await hearing.close()
    assert isinstance(results[0], Heard)
    assert isinstance(results[1], HearingError)


async def test_nothing_is_loaded_late() -> None:
    with pytest.raises(HearingError, match="not started"):
        await Hearing().open()


async def test_recordings_do_not_put_off_live_calls() -> None:
    """Each of their passes comes before its tick; the next tick stays where it was."""
    hearing = Hearing(tick_s=0.1)
    await hearing.start()
    recording, live = await hearing.open(), await hearing.open()
    for _ in range(200):
        await hearing.hear(recording, noise(1, LIVE_BLOCKS + 1))
    async with asyncio.timeout(5):  # 200 ticks are 20 s
        await hearing.hear(live, noise(1, 1))
    await hearing.close()


class GatedEar(Ear):
    """Stops in its first pass until it is let go; keeps count of what it heard."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.let_go = threading.Event()
        self.heard: list[tuple[int, ...]] = []

    def hear(self, slots: np.ndarray, pcm: np.ndarray) -> Heard:
        self.heard.append(tuple(slots.tolist()))
        self.entered.set()
        assert self.let_go.wait(10)
        return super().hear(slots, pcm)


async def test_a_call_that_leaves_is_not_heard_any_more() -> None:
    """Its slots may be another's by the time its audio would have its turn."""
    ear = GatedEar()
    hearing = Hearing(lambda: ear, tick_s=0.01)
    await hearing.start()
    stays, leaves = await hearing.open(), await hearing.open()
    long = asyncio.create_task(hearing.hear(stays, noise(1, 4)))
    short = asyncio.create_task(hearing.hear(leaves, noise(2, 2)))  # a pass of its own
    assert await asyncio.to_thread(ear.entered.wait, 10)
    last = long if ear.heard == [tuple(leaves.tolist())] else short
    last.cancel()
    slots = stays if last is long else leaves
    released = asyncio.create_task(hearing.release(slots))
    opened = asyncio.create_task(hearing.open())
    ear.let_go.set()
    await released
    again = await opened
    assert set(again.tolist()) & set(slots.tolist()), "the slots are given on"
    await asyncio.wait([long, short])
    heard = await hearing.hear(again, noise(3, 1))
    await hearing.close()
    assert len(ear.heard) == 2, "the one that stayed, and the new one"
    alone = Ear()
    assert same(heard, alone.hear(alone.open(2), noise(3, 1)))


async def test_slots_come_back_from_a_call_that_is_cancelled_as_it_leaves() -> None:
    ear = GatedEar()
    hearing = Hearing(lambda: ear, tick_s=0.01)
    await hearing.start()
    stays, leaves = await hearing.open(), await hearing.open()
    busy = asyncio.create_task(hearing.hear(stays, noise(1, 1)))
    assert await asyncio.to_thread(ear.entered.wait, 10)
    leaving = asyncio.create_task(hearing.release(leaves))
    coming = asyncio.create_task(hearing.open())
    await asyncio.sleep(0)
    leaving.cancel()
    coming.cancel()
    await asyncio.wait([leaving])
    ear.let_go.set()
    await asyncio.wait([busy, leaving, coming])
    assert set((await hearing.open()).tolist()) == set(leaves.tolist())
    await hearing.close()


async def test_what_no_code_expects_ends_one_call_only() -> None:
    class Buggy(Ear):
        def hear(self, slots: np.ndarray, pcm: np.ndarray) -> Heard:
            if (pcm == 9.0).any():
                raise IndexError("a bug")
            return super().hear(slots, pcm)

    hearing = Hearing(Buggy, tick_s=0.01)
    await hearing.start()
    good, bad = await hearing.open(), await hearing.open()
    with pytest.raises(HearingError, match="IndexError: a bug"):
        await hearing.hear(bad, np.full((2, 1, BLOCK), 9.0, np.float32))
    assert isinstance(await hearing.hear(good, noise(1, 1)), Heard)
    await hearing.close()


async def test_an_ear_that_hangs_fails_its_calls_and_takes_no_new_ones_until_it_goes_on() -> None:
    ear = GatedEar()
    hearing = Hearing(lambda: ear, tick_s=0.01, deadline_s=0.1)
    await hearing.start()
    slots, others = await hearing.open(), await hearing.open()
    hanging = asyncio.create_task(hearing.hear(slots, noise(1, 1)))
    assert await asyncio.to_thread(ear.entered.wait, 10)
    waiting = asyncio.create_task(hearing.hear(others, noise(2, 1)))
    opening = asyncio.create_task(hearing.open())
    for call in (hanging, waiting, opening):
        with pytest.raises(HearingError, match="has not answered for"):
            await call
    async with asyncio.timeout(5):
        with pytest.raises(HearingError, match="has not answered for"):
            await hearing.hear(others, noise(2, 1))
        await hearing.release(slots)  # a call that ends does not wait for it
        await hearing.release(others)
    ear.let_go.set()
    async with asyncio.timeout(5):
        while True:
            try:
                again = await hearing.open()
                break
            except HearingError:
                await asyncio.to_thread(lambda: None)  # the ear has its turn
    heard = await hearing.hear(again, noise(3, 1))
    await hearing.close()
    alone = Ear()
    assert same(heard, alone.hear(alone.open(2), noise(3, 1)))


async def test_slots_that_a_hanging_ear_opens_too_late_are_given_back() -> None:
    class Counting(GatedEar):
        closed = 0

        def close(self, slots: np.ndarray) -> None:
            self.closed += 1
            super().close(slots)

    ear = Counting()
    hearing = Hearing(lambda: ear, tick_s=0.01, deadline_s=0.1)
    await hearing.start()
    slots = await hearing.open()
    hanging = asyncio.create_task(hearing.hear(slots, noise(1, 1)))
    assert await asyncio.to_thread(ear.entered.wait, 10)
    with pytest.raises(HearingError):
        await hearing.open()
    await asyncio.wait([hanging])
    ear.let_go.set()
    async with asyncio.timeout(5):
        while ear.closed == 0:
            await asyncio.sleep(0)
    await hearing.close()


async def test_what_was_heard_goes_back_a_few_calls_at_a_time() -> None:
    """Others get a turn of the loop between them, however many calls there are."""
    hearing = Hearing(tick_s=0.05)
    await hearing.start()
    turn = 0
    heard_in: list[int] = []

    async def call(slots: np.ndarray) -> None:
        await hearing.hear(slots, noise(1, 1))
        heard_in.append(turn)

    async def others() -> None:
        nonlocal turn
        while len(heard_in) < 20:
            turn += 1
            await asyncio.sleep(0)

    slots = [await hearing.open() for _ in range(20)]
    await asyncio.gather(others(), *(call(s) for s in slots))
    await hearing.close()
    assert max(heard_in.count(turn) for turn in heard_in) <= SLICE_BLOCKS
