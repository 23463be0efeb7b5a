"""A real server on a free port, with calls that are played by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from monitor.bus import Bus
from monitor.config import Settings
from monitor.events import CallEnded, CallStarted, Command, Event, Missing, Person
from monitor.server.app import Server
from monitor.server.auth import Role
from monitor.sources import Busy, Pcm, Source, SourceError
from monitor.store import Store

WAIT_S = 10.0
ANNA = Person(id="anna", name="Anna")
BEN = Person(id="ben", name="Ben")


@dataclass(frozen=True)
class Call:
    call_id: str


@dataclass
class Stage:
    """The server and what it was asked to do."""

    server: Server
    bus: Bus
    store: Store
    commands: list[tuple[str, Command]] = field(default_factory=list)
    uploads: list[tuple[Path, int, str]] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    heard: dict[str, list[Pcm | Missing]] = field(default_factory=dict)
    running: set[asyncio.Task[None]] = field(default_factory=set)
    most_calls: int = 64

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def token(self, role: Role = "supervisor", person: Person | None = None) -> str:
        return self.server.desk.auth.token(role, person or Person(id="", name="Sue"))

    def client(self, role: Role | None = "supervisor", person: Person | None = None) -> Any:
        headers = {} if role is None else {"Authorization": f"Bearer {self.token(role, person)}"}
        return httpx.AsyncClient(base_url=f"http://{self.host}", headers=headers)

    def socket(
        self,
        path: str = "/live",
        role: Role | None = "supervisor",
        person: Person | None = None,
        **options: Any,
    ) -> connect:
        headers = {} if role is None else {"Authorization": f"Bearer {self.token(role, person)}"}
        return connect(f"ws://{self.host}{path}", additional_headers=headers, **options)

    def emit(self, event: Event) -> None:
        self.store.event(event)
        self.bus.publish(event)

    def start_call(self, source: Source) -> Call:
        if len(self.running) >= self.most_calls:
            raise Busy("no room")
        call = Call(f"in{len(self.sources)}")
        self.sources.append(source)
        task = asyncio.create_task(self._run(source, call.call_id))
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return call

    def command(self, call_id: str, command: Command) -> bool:
        self.commands.append((call_id, command))
        return self.bus.call(call_id) is not None

    async def analyze_upload(self, path: Path, agent_channel: int, title: str) -> str:
        if path.read_bytes()[:4] != b"RIFF":
            raise SourceError(f"{path.name} is not an audio file")
        self.uploads.append((path, agent_channel, title))
        return "up1"

    async def _run(self, source: Source, call_id: str) -> None:
        """A session that only listens."""
        self.emit(started(call_id, source.info.agent))
        heard = self.heard.setdefault(call_id, [])
        reason: Any = "completed"
        try:
            async for item in source.chunks():
                heard.append(item)
        except SourceError:
            reason = "failed"
        await source.close()
        self.emit(CallEnded(call_id=call_id, seq=2, t=1.0, reason=reason, duration_s=1.0))


@asynccontextmanager
async def stage(
    folder: Path, changes: dict[str, Any] | None = None, **desk: Any
) -> AsyncIterator[Stage]:
    """``changes`` are settings by section; ``desk`` are fields of the Desk."""
    sections: dict[str, Any] = {
        "server": {"port": 0, "heartbeat_s": 0.05},
        "store": {"data_dir": folder / "data", "flush_s": 0.02},
    }
    for section, values in (changes or {}).items():
        sections.setdefault(section, {}).update(values)
    settings = Settings.model_validate(sections)
    store = Store(settings.store)
    store.open()
    made = Stage(None, Bus(settings.server.subscriber_queue), store)  # type: ignore[arg-type]
    server = Server(
        settings,
        bus=made.bus,
        store=store,
        start_call=made.start_call,
        command=made.command,
        analyze_upload=made.analyze_upload,
    )
    server.desk = replace(server.desk, **desk)
    made.server = server
    await server.start()
    try:
        yield made
    finally:
        for task in list(made.running):
            task.cancel()
        if made.running:
            await asyncio.wait(made.running)
        await server.stop()
        store.close()


def started(call_id: str = "c1", agent: Person = ANNA) -> CallStarted:
    return CallStarted(
        call_id=call_id,
        seq=1,
        started_at="2026-01-01T10:00:00+00:00",
        source="wav",
        title="A call",
        agent=agent,
        customer=Person(name="Bo"),
    )


def ended(seq: int, call_id: str = "c1") -> CallEnded:
    return CallEnded(call_id=call_id, seq=seq, t=9.0, reason="completed", duration_s=9.0)


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of that type; heartbeats and others before it are passed over."""
    async with asyncio.timeout(WAIT_S):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] == kind:
                return message


async def hear_event(socket: ClientConnection) -> dict[str, Any]:
    """The next message that is no heartbeat."""
    async with asyncio.timeout(WAIT_S):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] != "heartbeat":
                return message
