"""The socket under ``sources.pcm``: messages in, replies out, and a clock."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from monitor.events import CallEnded, Missing, Person, Snapshot
from monitor.server.auth import Identity
from monitor.server.desk import Desk
from monitor.server.inbox import read_by_blocks
from monitor.server.live import admit
from monitor.sources import Busy, Pcm, SourceError, SourceInfo
from monitor.sources.pcm import Fed, PcmDecoder, PcmSource, Reply

TICK_S = 1.0
ENDED_WITHIN_S = 30.0
"""How long the sender may wait to hear that its call has ended: words still come in."""


def router(desk: Desk) -> APIRouter:
    routes = APIRouter()

    @routes.websocket("/ingest/pcm")
    async def pcm(websocket: WebSocket) -> None:
        identity = await admit(websocket, desk)
        if identity is not None:
            await IngestConnection(websocket, desk, identity).run()

    return routes


class IngestConnection:
    """One sender of audio, one call."""

    def __init__(self, websocket: WebSocket, desk: Desk, identity: Identity) -> None:
        self._websocket = websocket
        self._desk = desk
        self._identity = identity
        self._decoder = PcmDecoder(consent_required=desk.settings.privacy.consent == "required")
        self._source: PcmSource | None = None
        self._call_id = ""
        self._turn = asyncio.Lock()  # of what came, or of the clock
        self._heard_s = asyncio.get_running_loop().time()
        self._waited_s = 0.0  # for the session, not for the sender: not lost time

    async def run(self) -> None:
        failure: SourceError | None = SourceError("the server was stopped")
        try:
            await self._listen()
            failure = None
        except WebSocketDisconnect:
            failure = SourceError("the connection was lost")
            return
        except SourceError as error:
            failure = error
            await self._reply({"event": "error", "reason": str(error)})
        except Busy as error:
            await self._reply({"event": "error", "reason": "busy", "detail": str(error)})
        finally:
            if self._source is not None:
                await self._source.end(failure)
        if self._source is not None:
            await self._tell_end()
        await self._leave()

    async def _listen(self) -> None:
        """Until the sender stops, or the call was ended from the inside.

        The clock is a task of its own: a deadline for each message costs as much as
        everything else that is done with it.
        """
        tasks = [asyncio.create_task(work) for work in (self._read(), self._keep_time())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        """Until the sender stops. Raises WebSocketDisconnect, SourceError or Busy."""
        loop = asyncio.get_running_loop()
        stopped = False
        while not stopped:
            message = await self._next()
            async with self._turn:
                fed = self._decoder.feed(message, loop.time() - self._waited_s)
                await self._take(fed)
                self._heard_s = loop.time()
            stopped = fed.stop

    async def _keep_time(self) -> None:
        """Pauses go on, a sender that fell silent is given up. Ends when the call has."""
        loop = asyncio.get_running_loop()
        while self._source is None or not self._source.closed:
            await asyncio.sleep(TICK_S)
            async with self._turn:  # the sender is not silent while it is made to wait
                now_s = loop.time()
                if now_s - self._heard_s > self._desk.idle_s and not self._decoder.paused:
                    raise SourceError(f"nothing came for {self._desk.idle_s:.0f} s")
                await self._take(Fed(items=[*self._decoder.tick(now_s - self._waited_s)]))

    async def _next(self) -> str | bytes:
        """The next message. Raises WebSocketDisconnect."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text: str | None = message.get("text")
        data: bytes | None = message.get("bytes")
        return text if text is not None else data or b""

    async def _take(self, fed: Fed) -> None:
        if fed.ready:
            source = PcmSource(self._info())
            self._call_id = self._desk.start_call(source).call_id
            self._source = source
            read_by_blocks(self._websocket.scope, self._decoder.block_bytes)
            await self._reply({"event": "started", "call_id": self._call_id})
        for reply in fed.replies:
            await self._reply(reply)
        for item in fed.items:
            if self._source is not None and not self._source.offer(item):
                await self._put(self._source, item)

    async def _put(self, source: PcmSource, item: Pcm | Missing) -> None:
        """The session is behind: the sender waits, but not for ever."""
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        try:
            async with asyncio.timeout(self._desk.idle_s):
                await source.put(item)
        except TimeoutError:
            reason = f"the call took no audio for {self._desk.idle_s:.0f} s"
            raise SourceError(reason) from None
        self._waited_s += loop.time() - before_s

    def _info(self) -> SourceInfo:
        info = self._decoder.info
        if self._identity.supervises:
            return info
        # An agent's token starts that agent's calls, whatever the start line says.
        return replace(info, agent=Person(id=self._identity.id, name=self._identity.name))

    async def _tell_end(self) -> None:
        subscription = self._desk.bus.subscribe(call_id=self._call_id)
        try:
            async with asyncio.timeout(ENDED_WITHIN_S):
                async for parcel in subscription:
                    model = parcel.model
                    events = model.events if isinstance(model, Snapshot) else [model]
                    ended = next((e for e in events if isinstance(e, CallEnded)), None)
                    if ended is not None:
                        await self._reply(
                            {
                                "event": "ended",
                                "call_id": self._call_id,
                                "reason": ended.reason,
                                "duration_s": round(ended.duration_s, 3),
                            }
                        )
                        return
        except TimeoutError:
            await self._reply({"event": "error", "reason": "the call is still being closed"})
        finally:
            subscription.close()

    async def _reply(self, reply: Reply) -> None:
        """Best effort: a sender that does not read may still send."""
        try:
            async with asyncio.timeout(self._desk.send_deadline_s):
                await self._websocket.send_json(reply)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(1.0):
                await self._websocket.close()
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return
