"""What wakes the reader of a websocket, and what it then gets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.server.inbox import Inbox, read_by_blocks

TEXT = {"type": "websocket.receive", "text": "{}"}
LEFT = {"type": "websocket.disconnect", "code": 1000}


def audio(size: int, value: int = 0) -> dict[str, Any]:
    return {"type": "websocket.receive", "bytes": bytes([value]) * size}


def by_blocks(block_bytes: int) -> Inbox:
    inbox = Inbox()
    inbox.by_blocks(block_bytes)
    return inbox


async def due(inbox: Inbox) -> list[Any]:
    """All that the reader can have now: bytes, or the message."""
    out = []
    while not inbox.empty():
        message = await inbox.get()
        out.append(message.get("bytes") or message)
    return out


async def test_every_message_for_itself_until_it_is_asked_for_blocks() -> None:
    inbox = Inbox()
    for message in (LEFT, audio(10, 1), audio(0), TEXT):
        inbox.put_nowait(message)
    assert inbox.qsize() == 4
    assert [await inbox.get() for _ in range(4)] == [LEFT, audio(10, 1), audio(0), TEXT]
    assert inbox.empty()


async def test_part_of_a_block_is_nothing_and_what_completes_it_brings_all() -> None:
    inbox = by_blocks(1024)
    inbox.put_nowait(audio(640, 1))
    assert inbox.empty()
    assert inbox.qsize() == 0
    inbox.put_nowait(audio(640, 2))
    assert inbox.qsize() == 2
    assert await due(inbox) == [b"\1" * 640 + b"\2" * 640]


async def test_a_reader_is_woken_once_a_block_where_the_blocks_end() -> None:
    """20 ms messages, 32 ms blocks: at 40, 80, 100, 140 and 160 ms, then again."""
    inbox = by_blocks(1024)
    woken = []
    for message in range(1, 17):
        inbox.put_nowait(audio(640))
        if not inbox.empty():
            woken.append(message * 20)
            await inbox.get()
    assert woken == [40, 80, 100, 140, 160, 200, 240, 260, 300, 320]


async def test_something_else_brings_the_audio_before_it_first() -> None:
    inbox = by_blocks(1024)
    for message in (audio(100, 1), TEXT, audio(100, 2), audio(100, 3), LEFT):
        inbox.put_nowait(message)
    assert await due(inbox) == [b"\1" * 100, TEXT, b"\2" * 100 + b"\3" * 100, LEFT]


@given(
    st.lists(st.one_of(st.integers(0, 3000), st.just(-1)), max_size=40),
    st.integers(1, 2000),
    st.integers(0, 5),
)
def test_nothing_is_lost_doubled_or_kept_back(
    sizes: list[int], block_bytes: int, every: int
) -> None:
    """Whatever comes and whenever it is read, -1 being a text: all of it in order, with less
    than a block kept back."""

    async def run() -> None:
        inbox = by_blocks(block_bytes)
        given_, taken = "", ""
        for n, size in enumerate(sizes):
            inbox.put_nowait(TEXT if size < 0 else audio(size, n))
            given_ += "t" if size < 0 else chr(n + 200) * size
            if every and n % every == 0:
                taken += "".join(shown(item) for item in await due(inbox))
        taken += "".join(shown(item) for item in await due(inbox))
        assert given_.startswith(taken)
        assert len(given_) - len(taken) < block_bytes
        inbox.put_nowait(LEFT)
        taken += "".join(shown(item) for item in (await due(inbox))[:-1])
        assert taken == given_

    def shown(item: Any) -> str:
        return "".join(chr(b + 200) for b in item) if isinstance(item, bytes) else "t"

    asyncio.run(run())


async def test_a_cancelled_wait_loses_nothing() -> None:
    inbox = by_blocks(1024)
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait(audio(1024, 7))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await due(inbox) == [b"\7" * 1024]


async def test_a_server_that_knows_nothing_of_it_goes_on_as_it_was() -> None:
    read_by_blocks({"type": "websocket"}, 1024)
    scope: dict[str, Any] = {"type": "websocket", "extensions": {}}
    read_by_blocks(scope, 1024)
    inbox = Inbox()
    inbox.offer(scope)
    read_by_blocks(scope, 1024)
    inbox.put_nowait(audio(640))
    assert inbox.empty()
