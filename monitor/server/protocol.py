"""The websocket protocol of uvicorn, with an end that a stalled peer cannot put off."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER_S = 2.0


class Protocol(WebSocketsSansIOProtocol):
    """Aborts what is still unsent so long after the application has finished.

    A transport that is only closed waits for its buffer to drain: a peer that never
    reads would keep the socket and its 64 KiB for as long as it likes.
    """

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self.loop.call_later(LINGER_S, self._abort_unsent)

    def _abort_unsent(self) -> None:
        if not self.disconnected and self.transport.get_write_buffer_size():
            self.transport.abort()
