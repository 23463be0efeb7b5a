"""monitor: hear a call, understand it, help while it lasts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table

from monitor import __version__, registry
from monitor import demo as demo_calls
from monitor.analysis import AnalysisError
from monitor.analysis import analyze as analyze_source
from monitor.audio import AudioError
from monitor.config import ConfigError, Settings, load
from monitor.doctor import examine
from monitor.engines import EngineError
from monitor.events import Person
from monitor.house import open_house, stop_on_signals
from monitor.runtime import Runtime, new_call_id
from monitor.server.app import ServerError
from monitor.sources import Source, SourceError
from monitor.sources.microphone import MicrophoneSource, devices
from monitor.sources.wav import WavSource
from monitor.store import Store, StoreError
from monitor.terminal import LiveLines, print_report, progress
from monitor.weights import WeightsError

app = typer.Typer(
    help="Real-time voice call monitor for contact centers. Start with: monitor demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console()
err = Console(stderr=True)

CLEAR_ERRORS = (
    AnalysisError,
    AudioError,
    ConfigError,
    EngineError,
    ServerError,
    SourceError,
    StoreError,
    WeightsError,
    registry.UnknownName,
)
"""Errors whose message is the whole story; anything else is a bug and shows its traceback."""


class Speed(StrEnum):
    max = "max"
    live = "live"


NoWords = Annotated[
    bool, typer.Option("--no-words", help="No speech-to-text: talk-over, pace and tone only.")
]
Model = Annotated[
    str | None,
    typer.Option(help="Speech-to-text weights: a name of models/manifest.toml, or a folder."),
]
Port = Annotated[int | None, typer.Option(help="Port of the dashboard (settings: server.port).")]
Host = Annotated[str | None, typer.Option(help="Address to bind; beyond localhost mind the law.")]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where calls are kept (settings: store.data_dir).")
]


@contextlib.contextmanager
def clear_errors() -> Iterator[None]:
    """One clear line and exit status 2 for anything the person can mend."""
    try:
        yield
    except CLEAR_ERRORS as error:
        err.print(f"[bold red]monitor:[/] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None


def settings_with(
    *,
    model: str | None = None,
    host: str | None = None,
    port: int | None = None,
    data_dir: Path | None = None,
) -> Settings:
    """The settings, with what the command line says on top."""
    settings = load()
    changes: dict[str, Any] = {}
    if model is not None:
        changes["asr"] = settings.asr.model_copy(update={"model": model})
    server = {k: v for k, v in (("host", host), ("port", port)) if v is not None}
    if server:
        changes["server"] = settings.server.model_copy(update=server)
    if data_dir is not None:
        changes["store"] = settings.store.model_copy(update={"data_dir": data_dir})
    return settings.model_copy(update=changes)


def show_version(value: bool) -> None:
    if value:
        out.print(f"call-monitor {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Print the version."),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what happens inside.")
    ] = False,
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(name)s: %(message)s",
        handlers=[RichHandler(console=err, show_path=False)],
    )


@app.command()
def demo(
    no_words: NoWords = False,
    port: Port = None,
    data_dir: DataDir = None,
    once: Annotated[
        bool, typer.Option("--once", help="End when the calls have ended, even in a terminal.")
    ] = False,
) -> None:
    """Play the sample calls live: nudges here, the three screens in the browser.

    Nothing but the package is needed: one process, SQLite, bundled weights, no
    network. Without a terminal it ends when the calls have ended.
    """
    with clear_errors():
        settings = settings_with(port=port, data_dir=data_dir)
        stay = sys.stdin.isatty() and not once
        asyncio.run(demo_calls.run(settings, out, words=not no_words, stay=stay))


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    model: Model = None,
    no_words: NoWords = False,
) -> None:
    """Run the monitor: calls come in over websockets, screens and replay go out.

    Send a call to ws://HOST:PORT/ingest/pcm (docs/ingest.md). Ctrl-C ends the
    live calls properly: what is open is closed, stored, and replayable.
    """
    with clear_errors():
        settings = settings_with(model=model, host=host, port=port, data_dir=data_dir)
        asyncio.run(_serve(settings, words=not no_words))


async def _serve(settings: Settings, *, words: bool) -> None:
    async with open_house(settings, words=words) as house:
        stop = stop_on_signals()
        demo_calls.print_links(out, house)
        out.print(f"  ingest  {house.server.ingest_url}", soft_wrap=True)
        out.print("\nCtrl-C stops the monitor.")
        await stop.wait()
        if len(house.calls):
            out.print(f"Closing {len(house.calls)} live calls …")


@app.command()
def analyze(
    recording: Annotated[
        Path | None, typer.Argument(help="Stereo recording: wav, flac, mp3, m4a, ogg …")
    ] = None,
    agent_channel: Annotated[
        int, typer.Option(min=0, max=1, help="Which channel of the stereo file is the agent.")
    ] = 0,
    agent: Annotated[Path | None, typer.Option(help="Mono file of the agent.")] = None,
    customer: Annotated[Path | None, typer.Option(help="Mono file of the customer.")] = None,
    no_words: NoWords = False,
    model: Model = None,
    speed: Annotated[
        Speed, typer.Option(help="As fast as it goes, or at the pace of the call.")
    ] = (Speed.max),
    chunk_ms: Annotated[
        int | None, typer.Option(min=1, help="Feed the audio in pieces of so many ms.")
    ] = None,
    events: Annotated[Path | None, typer.Option(help="Write every event, one JSON a line.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report as JSON.")] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the call for the Replay screen of monitor serve.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Analyse a recording: words, turns, overlaps, mood, nudges, and a report.

    \b
    monitor analyze CALL.wav --agent-channel 0
    monitor analyze --agent A.wav --customer C.wav --events OUT.jsonl

    The events are the same at every speed and chunk size.
    """
    with clear_errors():
        settings = settings_with(model=model, data_dir=data_dir)
        source = WavSource(
            recording,
            agent_channel=agent_channel,
            agent_path=agent,
            customer_path=customer,
            speed=speed.value,
            chunk_ms=chunk_ms,
        )
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(
                _analyze(
                    settings, source, words=not no_words, events=events, report=report, keep=keep
                )
            )
            return
        raise typer.Exit(130)


async def _analyze(
    settings: Settings,
    source: Source,
    *,
    words: bool,
    events: Path | None,
    report: Path | None,
    keep: bool,
) -> None:
    duration_s = source.info.duration_s
    call_id = new_call_id()
    runtime = await Runtime.start(settings, words=words)
    try:
        with contextlib.ExitStack() as stack:
            lines = stack.enter_context(_open(events)) if events else None
            store = stack.enter_context(_kept(settings)) if keep else None
            bar = stack.enter_context(progress(err))
            task = bar.add_task("Listening", total=duration_s, speed="")

            def moved(t: float) -> None:
                took_s = bar.tasks[task].elapsed or 0.0
                bar.update(task, completed=t, speed=f"{t / took_s:.0f} × live" if took_s else "")

            found = await analyze_source(
                runtime, source, call_id=call_id, out=lines, store=store, progress=moved
            )
    finally:
        await runtime.close()
    if report:
        with _open(report) as file:
            file.write(found.model_dump_json(indent=2) + "\n")
    print_report(out, found)
    if keep:
        out.print(f"Kept as call {call_id}: monitor serve shows it on the Replay screen.")


@contextlib.contextmanager
def _kept(settings: Settings) -> Iterator[Store]:
    store = Store(settings.store)
    store.open()
    try:
        yield store
    finally:
        store.close()


@contextlib.contextmanager
def _open(path: Path) -> Iterator[Any]:
    try:
        with path.open("w", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise AnalysisError(f"cannot write {path}: {error.strerror}") from error


@app.command()
def listen(
    agent_device: Annotated[
        str | None, typer.Option(help="Input device of the agent: number or part of its name.")
    ] = None,
    customer_device: Annotated[
        str | None, typer.Option(help="Loopback device that carries the customer's voice.")
    ] = None,
    stereo_device: Annotated[
        str | None, typer.Option(help="One device with the agent left and the customer right.")
    ] = None,
    list_devices: Annotated[bool, typer.Option("--list", help="List the devices and end.")] = False,
    agent: Annotated[str, typer.Option(help="Id of the agent whose screen follows.")] = "me",
    no_words: NoWords = False,
    model: Model = None,
    port: Port = None,
    data_dir: DataDir = None,
) -> None:
    """Listen to a softphone here: the agent's microphone, the customer from a loopback."""
    with clear_errors():
        if list_devices:
            _print_devices()
            return
        settings = settings_with(model=model, port=port, data_dir=data_dir)
        source = MicrophoneSource(
            agent_device=agent_device,
            customer_device=customer_device,
            stereo_device=stereo_device,
            agent=Person(id=agent, name=agent),
        )
        asyncio.run(_listen(settings, source, agent, words=not no_words))


async def _listen(settings: Settings, source: Source, agent: str, *, words: bool) -> None:
    lines = LiveLines(out)
    async with open_house(settings, words=words, watch=lines.event) as house:
        stop = stop_on_signals()
        demo_calls.print_links(out, house, agent=agent)
        out.print("Listening. Ctrl-C ends the call.\n")
        call_id = house.calls.start(source).call_id
        ended = asyncio.create_task(house.calls.wait(call_id))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()


def _print_devices() -> None:
    table = Table(show_edge=False, pad_edge=False)
    for column in ("number", "name", "channels", "rate", ""):
        table.add_column(column)
    for device in devices():
        kind = "loopback: hears what this machine plays" if device.loopback else ""
        table.add_row(
            str(device.number), device.name, str(device.channels), f"{device.rate_hz} Hz", kind
        )
    out.print(table)


@app.command()
def doctor(model: Model = None, data_dir: DataDir = None) -> None:
    """Check everything a call needs, and say how to mend what is missing."""
    with clear_errors():
        settings = settings_with(model=model, data_dir=data_dir)
        marks = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "missing": "[red]✗[/]"}
        missing = 0
        for finding in examine(settings):
            missing += finding.state == "missing"
            mend = f" → {finding.mend}" if finding.mend and finding.state != "ok" else ""
            out.print(
                f"{marks[finding.state]} [bold]{finding.what:12}[/] {finding.found}{mend}",
                highlight=False,
                soft_wrap=True,
            )
        if missing:
            raise typer.Exit(1)


def main() -> None:
    app()
