"""What the routes need from the rest of the monitor, handed in from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from monitor.bus import Bus
from monitor.config import Settings
from monitor.events import Command
from monitor.server.auth import Auth
from monitor.sources import Source
from monitor.store import Store


class Started(Protocol):
    """A call that was started."""

    @property
    def call_id(self) -> str: ...


StartCall = Callable[[Source], Started]
"""Start a call from a source. Raises Busy."""
SendCommand = Callable[[str, Command], bool]
"""Hand a person's command to a live call; False when it is not live."""
AnalyzeUpload = Callable[[Path, int, str], Awaitable[str]]
"""Analyse a file (path, channel of the agent, title) as a call; its id, as soon as it has
started. Removes the file when it is through. Raises SourceError, Busy."""


class LoopLag:
    """How late the event loop runs: the worst of the last few looks."""

    EVERY_S = 0.25
    LOOKS = 8

    def __init__(self) -> None:
        self._late_s = [0.0] * self.LOOKS

    @property
    def lag_s(self) -> float:
        """Worst lateness over the last 2 s."""
        return max(self._late_s)

    async def run(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self.EVERY_S
            await asyncio.sleep(self.EVERY_S)
            self._late_s = [*self._late_s[1:], max(0.0, loop.time() - due)]


@dataclass(frozen=True, slots=True)
class Desk:
    """``dashboard`` is the folder of the built screens; None: they were not built."""

    settings: Settings
    bus: Bus
    store: Store
    auth: Auth
    start_call: StartCall
    command: SendCommand
    analyze_upload: AnalyzeUpload
    dashboard: Path | None = None
    lag: LoopLag = field(default_factory=LoopLag)
    send_deadline_s: float = 10.0  # a client that takes nothing for so long is cut off
    idle_s: float = 30.0  # a sender of audio that sends nothing for so long has gone
    max_upload_bytes: int = 1024**3
    keep_free_bytes: int = 512 * 1024**2  # of the disk; uploads that leave less are refused
