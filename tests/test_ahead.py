"""What is heard of a recording before its call: bounded, in order."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from monitor.ahead import LOOK_AHEAD_S, Ahead, Piece
from monitor.audio import BLOCK, BLOCK_S
from monitor.events import Missing
from tests.scores import heard


def piece(seconds: float) -> Piece:
    rows = heard("." * round(10 * seconds))
    return Piece(np.zeros((2, rows.blocks, BLOCK), np.float32), rows)


async def test_in_order_to_the_end() -> None:
    ahead = Ahead()
    first, gap = piece(2), Missing(blocks=9, reason="hold")
    for item in (first, gap, None):
        await ahead.put(item)
    assert [await ahead.get() for _ in range(3)] == [first, gap, None]


async def test_it_waits_for_the_call_when_it_is_far_enough_ahead() -> None:
    ahead = Ahead()
    put = 0

    async def scout() -> None:
        nonlocal put
        while True:
            await ahead.put(piece(3))
            put += 1

    task = asyncio.create_task(scout())
    for _ in range(100):
        await asyncio.sleep(0)
    most = LOOK_AHEAD_S / (piece(3).heard.blocks * BLOCK_S)
    assert most <= put <= most + 1
    before = put
    await ahead.get()
    for _ in range(100):
        await asyncio.sleep(0)
    assert put == before + 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_call_waits_for_what_is_not_heard_yet() -> None:
    ahead = Ahead()
    waiting = asyncio.create_task(ahead.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    await ahead.put(None)
    assert await waiting is None
