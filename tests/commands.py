"""The command line as a person has it: in this process, or as processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from monitor import cli
from monitor.call import Call
from monitor.config import Settings
from monitor.cues import Phrases
from monitor.events import CALL_EVENT, CallStarted, Event
from monitor.resources import resource
from monitor.store import Store

ROOT = Path(__file__).parents[1]
RENDERED = resource("samples") / "rendered"
LEAD_S = 6.5
"""Before the talk-over of the excerpt: the warm-up of the nudges is 5 s."""
TAIL_S = 2.0
LINE_WITHIN_S = 20.0
"""For a process to start or to say something, on a machine that is busy with others."""


def talk_over_excerpt() -> tuple[NDArray[np.float32], int]:
    """13 s of the talk-over sample, (samples, 2), agent left: both parties speak, the agent
    comes in on the customer, for longer than anywhere else, and a nudge is due."""
    reference = json.loads((RENDERED / "talkover.ref.json").read_text())
    talk_overs = [o for o in reference["overlaps"] if o["kind"] == "talk_over"]
    longest = max(talk_overs, key=lambda o: o["t1"] - o["t0"])
    with soundfile.SoundFile(RENDERED / "talkover.flac") as file:
        file.seek(round((longest["t0"] - LEAD_S) * file.samplerate))
        frames = round((LEAD_S + longest["t1"] - longest["t0"] + TAIL_S) * file.samplerate)
        return file.read(frames, dtype="float32"), file.samplerate


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str

    def complaint(self) -> str:
        """The one line on stderr of a command that could not do its work."""
        assert self.status == 2, (self.status, self.out, self.err)
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("monitor: ")
        return lines[0].removeprefix("monitor: ")


def environment(home: Path, **more: str) -> dict[str, str]:
    """That of a person with nothing set and an empty home."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MONITOR_")}
    return kept | {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "share"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        **more,
    }


@contextmanager
def as_person(home: Path, **more: str) -> Iterator[pytest.MonkeyPatch]:
    """This process in that environment, in the folder ``home``."""
    with pytest.MonkeyPatch.context() as patch:
        wanted = environment(home, **more)
        for name in set(os.environ) - set(wanted):
            patch.delenv(name)
        for name, value in wanted.items():
            patch.setenv(name, value)
        patch.chdir(home)
        yield patch


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> Ran:
    """A command in this process, from its arguments to its exit status."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    status = ended.value.code or 0
    assert isinstance(status, int)
    return Ran(status, captured.out, captured.err)


def events_in(path: Path) -> list[Event]:
    """The lines of an events file, each of them valid."""
    return [CALL_EVENT.validate_json(line) for line in path.read_text().splitlines()]


def replayed(store: Store, call_id: str) -> list[Event]:
    """The events of a new call that is fed the log."""
    started = store.events(call_id)[0]
    assert isinstance(started, CallStarted)
    call = Call(started, Settings(), Phrases.load(resource("models") / "phrases" / "en.toml"))
    events = call.events()
    for logged in store.inputs(call_id):
        assert logged.t == call.t, "each input has the audio time at which it arrived"
        call.receive(logged.item)
        events += call.events()
    return events


def comparable(events: list[Event]) -> list[dict[str, Any]]:
    """What a call is, without what is told of its circumstances."""
    circumstances = {"call_id", "started_at", "live"}
    return [event.model_dump(exclude=circumstances) for event in events]


@dataclass
class Process:
    """A running ``monitor``."""

    inner: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)

    async def line(self, part: str) -> str:
        """The next line of its output that has ``part`` in it."""
        assert self.inner.stdout is not None
        async with asyncio.timeout(LINE_WITHIN_S):
            while text := (await self.inner.stdout.readline()).decode():
                self.said.append(text)
                if part in text:
                    return text
        raise AssertionError(f"ended without saying {part!r}:\n{''.join(self.said)}")

    def signal(self, number: int) -> None:
        self.inner.send_signal(number)

    async def end(self, within_s: float) -> Ran:
        """What it left behind. Raises TimeoutError when it does not end in time."""
        assert self.inner.stdout is not None
        assert self.inner.stderr is not None
        async with asyncio.timeout(within_s):
            rest, complaints, status = await asyncio.gather(
                self.inner.stdout.read(), self.inner.stderr.read(), self.inner.wait()
            )
        return Ran(status, "".join(self.said) + rest.decode(), complaints.decode())


def _hear_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@asynccontextmanager
async def process(home: Path, *arguments: object, **more: str) -> AsyncIterator[Process]:
    """``monitor ARGUMENTS`` as its own process, killed at the end if it still runs."""
    inner = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "monitor", *(str(argument) for argument in arguments)),
        cwd=home,
        env=environment(home, **more),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Tests that run in the background of a shell are deaf to Ctrl-C, and so their children.
        preexec_fn=_hear_ctrl_c,
    )
    try:
        yield Process(inner)
    finally:
        if inner.returncode is None:
            inner.kill()
        await inner.communicate()
