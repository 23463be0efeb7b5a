"""A thread of its own: in order, with its answer, and never in the way of the exit."""

from __future__ import annotations

import asyncio
import threading

import pytest

from monitor.worker import Worker


async def test_work_is_done_in_order_off_the_loop() -> None:
    worker = Worker("test")
    done: list[int] = []
    threads = await asyncio.gather(
        *(
            worker.run(lambda n=n: (done.append(n), threading.current_thread().name)[1])
            for n in range(9)
        )
    )
    assert done == list(range(9))
    assert set(threads) == {"test"}
    assert worker.stop(5.0)


async def test_what_it_raises_is_raised_to_whoever_waits() -> None:
    worker = Worker("test")

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await worker.run(fail)
    assert await worker.run(lambda: 7) == 7, "and it goes on"
    assert worker.stop(5.0)


async def test_work_that_was_cancelled_before_its_turn_is_left_out() -> None:
    worker = Worker("test")
    let_go = threading.Event()
    done: list[str] = []
    first = worker.run(lambda: let_go.wait(10))
    unwanted = worker.run(lambda: done.append("unwanted"))
    wanted = worker.run(lambda: done.append("wanted"))
    unwanted.cancel()
    let_go.set()
    await first
    await wanted
    assert done == ["wanted"]
    assert worker.stop(5.0)


async def test_a_thread_that_hangs_is_left_behind() -> None:
    worker = Worker("test")
    let_go = threading.Event()
    hanging = worker.run(lambda: let_go.wait(10))
    assert not worker.stop(0.01)
    let_go.set()
    await hanging
    assert worker.stop(5.0)


async def test_nothing_is_started_for_nothing() -> None:
    before = threading.active_count()
    assert Worker("test").stop(0.0)
    assert threading.active_count() == before
