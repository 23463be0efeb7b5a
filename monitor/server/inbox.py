"""A websocket's messages on their way to the application; audio a block at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from starlette.types import Message, Scope

_EXTENSION: Final = "monitor.inbox"
"""Our extension of ASGI: the inbox itself, for ``read_by_blocks``."""


class Inbox:
    """The queue between a server's protocol and its application, for one reader.

    Audio comes in messages of 20 ms, and to wake a task for each costs more than what is
    done with it. By blocks, binary messages are a stream of bytes without borders: the
    reader is woken when a block of it is complete, or something else comes, and gets what
    is there in one piece.
    """

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._others = 0  # of them, those that are no audio
        self._waiting = 0  # bytes of the audio
        self._block_bytes = 0  # 0: every message for itself
        self._lacking = 0  # bytes from the last that were taken to the end of a block
        self._waiter: asyncio.Future[None] | None = None

    def by_blocks(self, block_bytes: int) -> None:
        """From now on borders of binary messages mean nothing."""
        self._block_bytes = self._lacking = block_bytes

    def offer(self, scope: Scope) -> None:
        """Let the application of this scope use ``read_by_blocks``."""
        scope["extensions"][_EXTENSION] = {"inbox": self}

    def put_nowait(self, message: Message) -> None:
        data = _audio(message)
        if data is None:
            self._others += 1
        elif self._block_bytes and not data:
            return  # it would stand in the queue and never be due
        else:
            self._waiting += len(data)
        self._messages.append(message)
        if self._waiter is not None and not self._waiter.done() and not self.empty():
            self._waiter.set_result(None)

    async def get(self) -> Message:
        """The next message. Cancelling the wait loses nothing."""
        while self.empty():
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._messages.popleft()
        data = _audio(message)
        if data is None:
            self._others -= 1
        elif self._block_bytes:
            return self._joined(data)
        else:
            self._waiting -= len(data)
        return message

    def empty(self) -> bool:
        """Nothing that the reader would get now; part of a block is nothing."""
        if self._others or not self._block_bytes:
            return not self._messages
        return self._waiting < self._lacking

    def qsize(self) -> int:
        """Messages that the reader could have taken by now."""
        return 0 if self.empty() else len(self._messages)

    def _joined(self, first: bytes) -> Message:
        """All audio up to the next message that is none."""
        parts = [first]
        while self._messages and (data := _audio(self._messages[0])) is not None:
            parts.append(data)
            self._messages.popleft()
        joined = b"".join(parts) if len(parts) > 1 else first
        self._waiting -= len(joined)
        self._lacking = (self._lacking - len(joined) - 1) % self._block_bytes + 1
        return {"type": "websocket.receive", "bytes": joined}


def read_by_blocks(scope: Scope, block_bytes: int) -> None:
    """Ask the server of this websocket for it; one that cannot goes on as it was."""
    extension = (scope.get("extensions") or {}).get(_EXTENSION)
    if extension is not None:
        extension["inbox"].by_blocks(block_bytes)


def _audio(message: Message) -> bytes | None:
    data: bytes | None = message.get("bytes")
    return data
