"""The main job on the bundled sample calls: heard live, nudged, shown, stored for replay."""

from __future__ import annotations

import asyncio
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
STAGGER_S = 2.0
"""Calls of a floor do not start together."""


def sample_calls() -> list[Path]:
    """The rendered sample calls. Raises SourceError when the package came without them."""
    found = sorted((resource("samples") / "rendered").glob("*.flac"))
    if not found:
        raise SourceError("the sample calls are missing: install the whole package again")
    return found


async def run(settings: Settings, console: Console, *, words: bool, stay: bool) -> None:
    """Play every sample as a live call; then stay for the replay until Ctrl-C, or return."""
    paths = sample_calls()
    lines = LiveLines(console, titles=True)
    console.print("Loading the ear and the speech-to-text weights …")
    try:
        await _run(settings, console, lines, paths, words, stay)
    except ServerError:
        console.print(f"Port {settings.server.port} is in use; taking a free one.")
        server = settings.server.model_copy(update={"port": 0})
        free = settings.model_copy(update={"server": server})
        await _run(free, console, lines, paths, words, stay)


async def _run(
    settings: Settings,
    console: Console,
    lines: LiveLines,
    paths: list[Path],
    words: bool,
    stay: bool,
) -> None:
    async with open_house(settings, words=words, watch=lines.event) as house:
        stop = stop_on_signals()
        print_links(console, house, agent=AGENTS[0].lower())
        playing = asyncio.create_task(_play(house, paths))
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


async def _play(house: House, paths: list[Path]) -> None:
    started = []
    for agent, path in zip(AGENTS, paths, strict=False):
        source = WavSource(
            path,
            speed="live",
            title=path.stem,
            agent=Person(id=agent.lower(), name=agent),
        )
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
