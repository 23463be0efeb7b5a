"""The websocket protocol of uvicorn, with an end that a stalled peer cannot put off, and
without two system calls and the waking of a task for each message that comes in."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from monitor.server.inbox import Inbox

LINGER_S = 2.0
READ_AHEAD = 8
"""Messages taken from a peer before the application has asked for them."""


class Protocol(WebSocketsSansIOProtocol):
    """Aborts what is still unsent so long after the application has finished.

    A transport that is only closed waits for its buffer to drain: a peer that never
    reads would keep the socket and its 64 KiB for as long as it likes.

    Uvicorn stops listening to the socket with each message until the application has
    taken it; at 50 messages a second and call that is a tenth of the event loop's work.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._inbox = Inbox()
        self.queue = cast(Any, self._inbox)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self._inbox.offer(cast(Any, self.scope))

    def send_receive_event_to_app(self) -> None:
        ahead = not self.read_paused and self.queue.qsize() < READ_AHEAD
        self.read_paused = self.read_paused or ahead  # paused already: it leaves the socket alone
        super().send_receive_event_to_app()
        if ahead:
            self.read_paused = False

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self.loop.call_later(LINGER_S, self._abort_unsent)

    def _abort_unsent(self) -> None:
        if not self.disconnected and self.transport.get_write_buffer_size():
            self.transport.abort()
