"""How far the server reads ahead of a call that does not keep up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from monitor.server.inbox import read_by_blocks
from monitor.server.protocol import READ_AHEAD, Protocol

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MESSAGE = Frame(Opcode.BINARY, b"\x00" * 640).serialize(mask=True, extensions=[])


class Wire(asyncio.Transport):
    """Counts how often the server stopped listening and went on."""

    def __init__(self) -> None:
        super().__init__()
        self.paused = False
        self.changes = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True
        self.changes += 1

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False
        self.changes += 1


class Application:
    """Takes a message when it is told to."""

    def __init__(self) -> None:
        self.may_take = asyncio.Semaphore(0)
        self.taken = asyncio.Semaphore(0)

    async def __call__(self, scope: Any, receive: Callable[[], Any], send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.taken.release()
        while True:
            await self.may_take.acquire()
            assert (await receive())["bytes"] == b"\x00" * 640
            self.taken.release()

    async def take(self) -> None:
        self.may_take.release()
        await self.taken.acquire()


async def connected() -> tuple[Protocol, Wire, Application]:
    application, wire = Application(), Wire()
    config = uvicorn.Config(application, ws=Protocol, ws_ping_interval=None, log_config=None)
    config.load()
    protocol = Protocol(config, ServerState(), {})
    protocol.connection_made(wire)
    protocol.data_received(HANDSHAKE)
    await application.taken.acquire()
    return protocol, wire, application


async def test_a_message_that_is_taken_at_once_costs_no_system_call() -> None:
    protocol, wire, application = await connected()
    before = wire.changes
    for _ in range(50):
        protocol.data_received(MESSAGE)
        await application.take()
    assert wire.changes == before
    assert not wire.paused


async def test_a_sender_that_is_not_heard_is_made_to_wait_and_goes_on_afterwards() -> None:
    protocol, wire, application = await connected()
    for _ in range(READ_AHEAD):
        assert not wire.paused
        protocol.data_received(MESSAGE)
    protocol.data_received(MESSAGE)
    assert wire.paused
    for _ in range(READ_AHEAD):
        await application.take()
    assert wire.paused
    await application.take()
    assert not wire.paused


async def test_a_sender_of_crumbs_is_not_made_to_wait_before_its_block_is_complete() -> None:
    """It would wait for ever: the reader is only woken by a whole block."""
    protocol, wire, _ = await connected()
    read_by_blocks(protocol.scope, 1024)
    crumb = Frame(Opcode.BINARY, b"\x00" * 32).serialize(mask=True, extensions=[])
    for _ in range(31):
        protocol.data_received(crumb)
        assert not wire.paused
    for _ in range(READ_AHEAD):
        protocol.data_received(MESSAGE)
    assert wire.paused
