"""The main job on the bundled sample calls: heard live, nudged, shown, stored for replay."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from rich.console import Console

from monitor.config import Settings
from monitor.events import Person
from monitor.house import House, open_house, stop_on_signals
from monitor.resources import resource
from monitor.server.app import ServerError
from monitor.sources import SourceError
from monitor.sources.wav import WavSource
from monitor.terminal import LiveLines

AGENTS = ("Ada", "Ben", "Chloe", "Dev", "Emil", "Fay", "Gus", "Hana")
FIRST = ("rising", "talkover")
"""The first agent's screen is the one whose link is printed: it should have something to show."""
SUFFIXES = (".flac", ".m4a", ".mp3", ".ogg", ".wav")
STAGGER_S = 2.0
"""Calls of a floor do not start together."""


def sample_calls() -> list[WavSource]:
    """The rendered sample calls. Raises SourceError when the package came without them."""
    found = _recordings(resource("samples") / "rendered")
    if not found:
        raise SourceError("the sample calls are missing: install the whole package again")
    return _as_live(sorted(found, key=lambda path: (path.stem not in FIRST, path.stem)))


def calls_in(folder: Path) -> list[WavSource]:
    """The first recordings of a folder, by name. Raises SourceError when it holds none."""
    if not folder.is_dir():
        raise SourceError(f"{folder} is not a folder")
    found = _recordings(folder)
    if not found:
        raise SourceError(f"{folder} holds no recording ({' '.join(SUFFIXES)})")
    return _as_live(found)


def _recordings(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _as_live(paths: list[Path]) -> list[WavSource]:
    return [
        WavSource(path, speed="live", agent=Person(id=agent.lower(), name=agent))
        for agent, path in zip(AGENTS, paths, strict=False)
    ]


async def run(
    settings: Settings,
    console: Console,
    sources: list[WavSource],
    *,
    words: bool,
    stay: bool,
    any_port: bool = True,
) -> None:
    """Play each source as a live call; then stay for the replay until Ctrl-C, or return.

    ``any_port``: where the port of the settings is taken, take a free one.
    """
    console.print("Loading the ear" + (" and the speech-to-text weights …" if words else " …"))
    try:
        await _run(settings, console, sources, words, stay)
    except ServerError as error:
        if not any_port:
            raise
        console.print(f"{str(error).partition(':')[0].capitalize()}; taking a free port.")
        server = settings.server.model_copy(update={"port": 0})
        free = settings.model_copy(update={"server": server})
        await _run(free, console, sources, words, stay)


async def _run(
    settings: Settings,
    console: Console,
    sources: list[WavSource],
    words: bool,
    stay: bool,
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        lines = stack.enter_context(LiveLines(console, titles=True))
        house = await stack.enter_async_context(
            open_house(settings, words=words, watch=lines.event)
        )
        stop = stop_on_signals()
        print_links(console, house, agent=AGENTS[0].lower())
        playing = asyncio.create_task(_play(house, sources))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([playing, stopped], return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()
            console.print("\nAll calls have ended; their replays are on the Replay screen.")
            if stay:
                console.print("Ctrl-C stops the monitor.")
                await stopped
        playing.cancel()
        stopped.cancel()


async def _play(house: House, sources: list[WavSource]) -> None:
    started = []
    for source in sources:
        started.append(house.calls.start(source).call_id)
        await asyncio.sleep(STAGGER_S)
    for call_id in started:
        await house.calls.wait(call_id)


def print_links(console: Console, house: House, *, agent: str | None = None) -> None:
    """Where to look. The links carry a token: they are as good as a password."""
    server = house.server
    console.print("\n[bold]Open in a browser[/] (links carry a token; keep them to yourself)")
    console.print(f"  floor   {server.link('supervisor', path='/floor')}", soft_wrap=True)
    console.print(f"  replay  {server.link('supervisor', path='/replay')}", soft_wrap=True)
    if agent is not None:
        link = server.link("agent", agent=Person(id=agent, name=agent.title()), path="/agent")
        console.print(f"  agent   {link}", soft_wrap=True)
    console.print()
