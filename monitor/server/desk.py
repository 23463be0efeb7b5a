"""What the routes need from the rest of the monitor, handed in from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from monitor.bus import Bus
from monitor.config import Settings
from monitor.events import Command
from monitor.server.auth import Auth
from monitor.server.lag import LoopLag
from monitor.sources import Source
from monitor.store import Store
from monitor.workload import Workload


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


@dataclass(frozen=True, slots=True)
class Queues:
    """What waits inside the monitor. Each has a bound; none that stands near it is well."""

    hearing: int = 0
    """Calls whose audio waits for the ear; at most all of them."""
    words: int = 0
    """Utterances that wait to be written down; ``asr.queue`` at most."""
    disk: float = 0.0
    """Share of the backlog of writing that is used, 0 to 1."""
    speech_to_text: Workload = field(default_factory=Workload)
    """What it is asked for, how busy it is, and what became of all it was asked."""


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
    queues: Callable[[], Queues] = Queues
    lag: LoopLag = field(default_factory=LoopLag)
    send_deadline_s: float = 10.0  # a client that takes nothing for so long is cut off
    idle_s: float = 30.0  # a sender of audio that sends nothing for so long has gone
    max_upload_bytes: int = 1024**3
    keep_free_bytes: int = 512 * 1024**2  # of the disk; uploads that leave less are refused
