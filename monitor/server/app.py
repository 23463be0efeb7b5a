"""The web application and the server that runs it on the caller's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.responses import JSONResponse

from monitor import __version__
from monitor.bus import Bus
from monitor.config import Settings
from monitor.events import Person
from monitor.resources import resource
from monitor.server import calls, ingest, live, pages, reference, uploads
from monitor.server.auth import Auth, Role
from monitor.server.desk import AnalyzeUpload, Desk, Queues, SendCommand, StartCall
from monitor.server.protocol import Protocol
from monitor.store import Store

MAX_MESSAGE_BYTES = 1024 * 1024
"""Of any websocket; the live one allows less."""
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI would report requests, tokens in their URLs included, to OpenTelemetry, and
on a word in the environment send them elsewhere."""
STOP_WITHIN_S = 5
START_WITHIN_S = 10.0


class ServerError(RuntimeError):
    """The server cannot start; the message says why and what to do."""


def create_app(desk: Desk) -> FastAPI:
    """All routes around one desk."""
    app = FastAPI(
        title="Call monitor",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        telemetry=NO_TELEMETRY,
    )
    app.add_middleware(pages.SecurityHeaders)
    app.add_exception_handler(RequestValidationError, _invalid)
    for router in (
        calls.router(desk),
        uploads.router(desk),
        live.router(desk),
        ingest.router(desk),
        reference.router(app),
        pages.router(desk),  # last: it answers for every other path
    ):
        app.include_router(router)
    return app


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """What is wrong with a request in one line, without repeating what it said."""
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    where = ".".join(str(part) for part in first.get("loc", ())[1:])
    return JSONResponse({"detail": f"{where}: {first.get('msg', 'not valid')}"}, 422)


class Server:
    """Runs the application from ``start`` to ``stop``; port 0 takes a free one."""

    def __init__(
        self,
        settings: Settings,
        *,
        bus: Bus,
        store: Store,
        start_call: StartCall,
        command: SendCommand,
        analyze_upload: AnalyzeUpload,
        queues: Callable[[], Queues] = Queues,
        desk: Desk | None = None,
    ) -> None:
        self._settings = settings.server
        self.desk = desk or Desk(
            settings=settings,
            bus=bus,
            store=store,
            auth=Auth.load(settings.store.data_dir),
            start_call=start_call,
            command=command,
            analyze_upload=analyze_upload,
            dashboard=resource("dashboard"),
            queues=queues,
        )
        self._socket: socket.socket | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._uvicorn: _Uvicorn | None = None

    @property
    def port(self) -> int:
        """The port it listens on; the one of the settings before it does."""
        if self._socket is None:
            return self._settings.port
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://{shown_host(self._settings.host)}:{self.port}"

    @property
    def ingest_url(self) -> str:
        return f"ws://{shown_host(self._settings.host)}:{self.port}/ingest/pcm"

    def link(self, role: Role, agent: Person | None = None, path: str = "/") -> str:
        """A URL that lets its reader in: as good as a password for a shift."""
        return self.desk.auth.link(self.url, role, agent, path)

    async def start(self) -> None:
        """Listen. Raises ServerError when the port cannot be had."""
        self._socket = self._bind()
        config = uvicorn.Config(
            create_app(self.desk),
            lifespan="off",
            ws=Protocol,
            ws_max_size=MAX_MESSAGE_BYTES,
            ws_per_message_deflate=False,  # an event is sent to hundreds, made once
            access_log=False,  # it would show tokens
            log_config=None,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
        self._uvicorn = _Uvicorn(config)
        serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]), name="server")
        self._tasks = [serving, asyncio.create_task(self.desk.lag.run(), name="loop lag")]
        started = asyncio.create_task(self._uvicorn.up.wait())
        await asyncio.wait(
            [serving, started], timeout=START_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
        )
        started.cancel()
        if not self._uvicorn.up.is_set():
            await self.stop()
            raise ServerError("the server did not start; the log says why")

    async def stop(self) -> None:
        """Close every connection and the port. May be called twice."""
        if self._uvicorn is None:
            return
        self._uvicorn.should_exit = True
        serving, lag = self._tasks
        await asyncio.wait([serving], timeout=STOP_WITHIN_S + 2)
        for task in (serving, lag):
            task.cancel()
        await asyncio.wait([serving, lag])
        self._uvicorn = None
        if self._socket is not None:
            self._socket.close()

    def _bind(self) -> socket.socket:
        host, port = self._settings.host, self._settings.port
        try:
            family, kind, proto, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except socket.gaierror as error:
            raise ServerError(f"host {host} is unknown ({error.strerror})") from None
        bound = socket.socket(family, kind, proto)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen(1024)
            bound.setblocking(False)
        except OSError as error:
            bound.close()
            if error.errno == errno.EADDRINUSE:
                raise ServerError(f"port {port} is in use: choose another with --port") from None
            raise ServerError(f"cannot listen on {host}:{port}: {error.strerror}") from None
        return bound


class _Uvicorn(uvicorn.Server):
    """Uvicorn that leaves signals to the caller and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


def shown_host(host: str) -> str:
    """The host of a link to a server bound to ``host``."""
    if host in ("0.0.0.0", "::"):  # noqa: S104  (compared, not bound)
        return "localhost"
    return f"[{host}]" if ":" in host else host
