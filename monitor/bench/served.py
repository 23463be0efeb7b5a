"""``monitor serve`` as a process of its own, on a free port, with an empty data folder."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from monitor.bench import BenchError

START_WITHIN_S = 120.0
STOP_WITHIN_S = 30.0
HEALTH_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Served:
    """A monitor that takes calls."""

    pid: int
    address: str  # host:port
    token: str  # a supervisor's
    start_s: float  # from its start as a process until the port was open

    def url(self, path: str) -> str:
        return f"ws://{self.address}{path}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def health(self) -> dict[str, Any]:
        """What it says of itself. Raises BenchError when it does not answer."""
        return await asyncio.to_thread(self._health)

    def _health(self) -> dict[str, Any]:
        connection = HTTPConnection(self.address, timeout=HEALTH_WITHIN_S)
        try:
            connection.request("GET", "/api/health")
            said: dict[str, Any] = json.loads(connection.getresponse().read())
        except (OSError, HTTPException, ValueError) as error:
            raise BenchError(f"the monitor does not say how it is: {error}") from error
        finally:
            connection.close()
        return said


@asynccontextmanager
async def served(*, words: bool, model: str | None, most_calls: int) -> AsyncIterator[Served]:
    """Start it with the settings of this folder and environment; stop it at the end.

    It takes the calls of the trial whatever ``server.max_calls`` says. Raises BenchError
    with its last words when it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
        said = Path(folder) / "stderr"
        arguments = ["serve", "--port", "0", "--data-dir", str(Path(folder) / "data")]
        arguments += [] if words else ["--no-words"]
        arguments += [] if model is None else ["--model", model]
        began = time.perf_counter()
        with said.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "monitor", *arguments),
                env=os.environ | {"MONITOR_SERVER__MAX_CALLS": str(most_calls)},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
            )
        try:
            links = await _links(process, said)
            start_s = time.perf_counter() - began
            floor = urlsplit(links["floor"])
            token = parse_qs(floor.query)["token"][0]
            yield Served(process.pid, floor.netloc, token, round(start_s, 3))
        finally:
            await _stop(process)


async def _links(process: asyncio.subprocess.Process, said: Path) -> dict[str, str]:
    """What it prints when it is ready: names and URLs, the last one being ``ingest``."""
    assert process.stdout is not None  # noqa: S101
    links: dict[str, str] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_WITHIN_S):
            while line := (await process.stdout.readline()).decode():
                name, _, url = line.strip().partition(" ")
                if "://" in url:
                    links[name] = url.strip()
                if name == "ingest":
                    return links
    last = said.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    raise BenchError(f"monitor serve did not start: {last[-1].removeprefix('monitor: ')}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
