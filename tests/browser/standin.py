"""A stand-in for the server: real sockets, scripted calls, and it remembers what it was told.

It lets a browser test say exactly what the server says and when; the tests against the
server itself are elsewhere.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse

from monitor.events import AlertRaised, CallEnded, CallStarted, Event, Heartbeat, Mood, Overlap
from tests.browser import story

POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
ME = {
    "name": "",
    "agent": None,
    "mood_lines": {"watch": 2.0, "alert": 3.0, "most": 8.0},
    "consent_required": False,
}
"""As strict as the dashboard can bear; wavesurfer.js styles its shadow tree inline."""


class StandIn:
    def __init__(self, dist: Path) -> None:
        self.me: dict[str, Any] = {"role": "supervisor", "agent": None}
        self.me_status = 200
        self.calls: dict[str, list[Event]] = {}
        self.audio: bytes | None = None
        self.told: list[dict[str, Any]] = []
        """Every message of every client, in order."""
        self.uploads: list[dict[str, Any]] = []
        self.refusal = ""
        self.beating = True
        self._sockets: dict[WebSocket, dict[str, Any]] = {}
        self._changed = asyncio.Condition()
        self.app = self._build(dist)
        self.url = ""

    # ---- what a test does ---------------------------------------------------

    def put(self, events: list[Event]) -> None:
        self.calls[events[0].call_id] = events

    async def push(self, *events: Event, call_id: str = "late-parcel") -> None:
        """The call goes on: stamped, stored, and sent to who follows it."""
        for event in events:
            stored = self.calls.setdefault(call_id, [])
            stamped = event.model_copy(update={"call_id": call_id, "seq": len(stored) + 1})
            stored.append(stamped)
            for websocket, wanted in list(self._sockets.items()):
                if self._follows(wanted, call_id):
                    await websocket.send_text(stamped.model_dump_json())

    async def wait_told(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message from a client that fits, now or within 10 s."""
        async with asyncio.timeout(10), self._changed:
            while True:
                for message in self.told:
                    if wanted(message):
                        return message
                await self._changed.wait()

    async def drop_sockets(self) -> None:
        for websocket in list(self._sockets):
            await websocket.close(1012)

    # ---- what the dashboard sees ----------------------------------------------

    def _build(self, dist: Path) -> FastAPI:
        app = FastAPI(openapi_url=None)

        @app.middleware("http")
        async def policy(request: Request, call_next: Any) -> Response:
            response: Response = await call_next(request)
            response.headers["content-security-policy"] = POLICY
            return response

        @app.get("/api/me")
        def me() -> dict[str, Any]:
            if self.me_status != 200:
                raise HTTPException(self.me_status, "no cookie")
            return ME | self.me

        @app.get("/api/calls")
        def calls() -> list[dict[str, Any]]:
            return [self.summary(call_id) for call_id in self.calls]

        @app.get("/api/calls/{call_id}")
        def call(call_id: str) -> dict[str, Any]:
            if call_id not in self.calls:
                raise HTTPException(404, "There is no such call.")
            events = [event.model_dump() for event in self.calls[call_id]]
            return {"call": self.summary(call_id), "events": events}

        @app.get("/api/calls/{call_id}/audio")
        def audio(request: Request) -> Response:
            assert self.audio is not None
            return ranged(self.audio, request.headers.get("range"))

        @app.get("/api/calls/{call_id}/peaks")
        def peaks(per_s: int) -> dict[str, Any]:
            return story.peaks(per_s)

        @app.get("/api/calls/{call_id}/access")
        def access() -> list[dict[str, str]]:
            return [{"at": story.STARTED_AT, "by": "Kim", "role": "supervisor", "what": "words"}]

        @app.delete("/api/calls/{call_id}", status_code=204)
        def remove(call_id: str) -> None:
            del self.calls[call_id]

        @app.post("/api/recordings")
        async def upload(request: Request) -> dict[str, str]:
            if self.refusal:
                raise HTTPException(422, self.refusal)
            async with request.form() as form:
                file = form["file"]
                assert not isinstance(file, str)
                told = {"name": file.filename, "agent_channel": form["agent_channel"]}
                if "consent" in form:
                    told["consent"] = form["consent"]
            self.uploads.append(told)
            return {"call_id": "late-parcel"}

        @app.websocket("/live")
        async def live(websocket: WebSocket) -> None:
            await self._live(websocket)

        @app.get("/{path:path}")
        def page(path: str) -> FileResponse:
            asset = dist / path
            return FileResponse(asset if path and asset.is_file() else dist / "index.html")

        return app

    def summary(self, call_id: str) -> dict[str, Any]:
        events = self.calls[call_id]
        first = events[0]
        assert isinstance(first, CallStarted)
        ended = next((event for event in events if isinstance(event, CallEnded)), None)
        return {
            "call_id": call_id,
            "started_at": first.started_at,
            "title": first.title,
            "source": first.source,
            "agent": first.agent.model_dump(),
            "customer": first.customer.model_dump(),
            "duration_s": ended.duration_s if ended else None,
            "live": ended is None,
            "ended_reason": ended.reason if ended else None,
            "peak_mood": max((e.score for e in events if isinstance(e, Mood)), default=0.0),
            "alerts": sum(isinstance(event, AlertRaised) for event in events),
            "nudges": sum(event.type == "nudge.opened" for event in events),
            "talk_overs": sum(isinstance(e, Overlap) and e.kind == "talk_over" for e in events),
            "has_audio": self.audio is not None,
            "separated": first.separated,
        }

    async def _live(self, websocket: WebSocket) -> None:
        await websocket.accept()
        beat = asyncio.create_task(self._beat(websocket))
        try:
            while True:
                message = await websocket.receive_json()
                if message["type"] == "subscribe":
                    await self._snapshots(websocket, message)
                    self._sockets[websocket] = message
                async with self._changed:
                    self.told.append(message)
                    self._changed.notify_all()
        except WebSocketDisconnect:
            return
        finally:
            beat.cancel()
            self._sockets.pop(websocket, None)

    async def _beat(self, websocket: WebSocket) -> None:
        while True:
            if self.beating:
                heartbeat = Heartbeat(live_calls=len(self.calls)).model_dump_json()
                await websocket.send_text(heartbeat)
            await asyncio.sleep(1)

    async def _snapshots(self, websocket: WebSocket, wanted: dict[str, Any]) -> None:
        for call_id, events in self.calls.items():
            ended = isinstance(events[-1], CallEnded)
            if not self._follows(wanted, call_id) or (ended and wanted.get("floor")):
                continue
            since = wanted.get("since") or 0
            newer = [event.model_dump() for event in events if event.seq > since]
            last = events[-1]
            snapshot = {"type": "snapshot", "call_id": call_id, "seq": last.seq, "t": last.t}
            await websocket.send_json(snapshot | {"events": newer})

    def _follows(self, wanted: dict[str, Any], call_id: str) -> bool:
        first = self.calls[call_id][0]
        assert isinstance(first, CallStarted)
        return (
            wanted.get("call_id") == call_id
            or wanted.get("agent_id") == first.agent.id
            or wanted.get("floor") is True
        )


def ranged(data: bytes, header: str | None) -> Response:
    """The bytes a Range header asks for, as browsers need them to seek."""
    common = {"accept-ranges": "bytes"}
    if header is None:
        return Response(data, media_type="audio/wav", headers=common)
    first, _, last = header.removeprefix("bytes=").partition("-")
    start, stop = int(first), min(int(last) if last else len(data) - 1, len(data) - 1)
    common["content-range"] = f"bytes {start}-{stop}/{len(data)}"
    return Response(data[start : stop + 1], 206, media_type="audio/wav", headers=common)


@asynccontextmanager
async def serving(dist: Path) -> AsyncIterator[StandIn]:
    """A stand-in on a free port of this machine."""
    standin = StandIn(dist)
    listener = socket.create_server(("127.0.0.1", 0))
    standin.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        standin.app,
        ws="websockets-sansio",
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield standin
    finally:
        await standin.drop_sockets()
        server.should_exit = True
        await running
        listener.close()
