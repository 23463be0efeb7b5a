"""monitor: hear a call, understand it, help while it lasts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from json import dumps
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.table import Table

from monitor import __version__, registry
from monitor import demo as demo_calls
from monitor.analysis import AnalysisError, check_outputs, writing
from monitor.analysis import analyze as analyze_source
from monitor.audio import AudioError
from monitor.bench import BenchError
from monitor.bench.cli import app as bench_app
from monitor.config import ConfigError, Settings, load
from monitor.doctor import examine
from monitor.effect import effects, observed
from monitor.engines import EngineError
from monitor.events import CallEnded, Degraded, Event, Opportunity, Person
from monitor.house import open_house, stop_on_signals
from monitor.rehearsal import RehearsalError
from monitor.rehearsal.cli import app as policy_app
from monitor.rehearsal.cli import whatif_command
from monitor.runtime import Runtime, new_call_id
from monitor.score import ScoreError
from monitor.score.cli import app as score_app
from monitor.server.app import ServerError, shown_host
from monitor.server.auth import Auth
from monitor.sources import Source, SourceError
from monitor.sources.microphone import MicrophoneSource, devices
from monitor.sources.wav import WavSource
from monitor.store import Store, StoreError
from monitor.tables import print_effects, print_report
from monitor.terminal import LiveLines, following
from monitor.weights import WeightsError

app = typer.Typer(
    help="Real-time voice call monitor for contact centers. Start with: monitor demo",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(bench_app, name="bench")
app.add_typer(score_app, name="score")
app.add_typer(policy_app, name="policy")
app.command("whatif")(whatif_command)
out = Console()
err = Console(stderr=True)

CLEAR_ERRORS = (
    AnalysisError,
    AudioError,
    BenchError,
    ConfigError,
    EngineError,
    RehearsalError,
    ScoreError,
    ServerError,
    SourceError,
    StoreError,
    WeightsError,
    registry.UnknownName,
)
"""Errors whose message is the whole story: one line and exit status 2. Anything else is a bug
and shows its traceback."""

DAY_S = 86400.0


class Speed(StrEnum):
    max = "max"
    live = "live"


NoWords = Annotated[
    bool, typer.Option("--no-words", help="No speech-to-text: talk-over, pace and tone only.")
]
Consent = Annotated[
    bool, typer.Option("--consent", help="Both have consented: where privacy.consent is required.")
]
Model = Annotated[
    str | None,
    typer.Option(help="Speech-to-text weights: a name of models/manifest.toml, or a folder."),
]
Port = Annotated[
    int | None,
    typer.Option(
        min=0, max=65535, help="Port of the dashboard, 0 for any free one (settings: server.port)."
    ),
]
Host = Annotated[str | None, typer.Option(help="Address to bind; beyond localhost mind the law.")]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where calls are kept (settings: store.data_dir).")
]


def _check_consent(settings: Settings, given: bool) -> None:
    if settings.privacy.consent == "required" and not given:
        raise ConfigError("privacy.consent is required: say --consent once both have given it")


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
    context: typer.Context,
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
    if context.invoked_subcommand is None:
        out.print(context.get_help(), highlight=False, markup=False)


@app.command()
def demo(
    no_words: NoWords = False,
    port: Port = None,
    data_dir: DataDir = None,
    once: Annotated[
        bool, typer.Option("--once", help="End when the calls have ended, even in a terminal.")
    ] = False,
    calls: Annotated[
        Path | None,
        typer.Option(help="Play the stereo recordings of this folder, agent on the left."),
    ] = None,
) -> None:
    """Play the sample calls live: nudges here, the three screens in the browser.

    \b
    monitor demo
    monitor demo --once --calls FOLDER

    Nothing but the package is needed: one process, SQLite, bundled weights, no
    network. Without a terminal it ends when the calls have ended.
    """
    settings = settings_with(port=port, data_dir=data_dir)
    sources = demo_calls.sample_calls() if calls is None else demo_calls.calls_in(calls)
    stay = sys.stdin.isatty() and not once
    asyncio.run(
        demo_calls.run(settings, out, sources, words=not no_words, stay=stay, any_port=port is None)
    )


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    model: Model = None,
    no_words: NoWords = False,
) -> None:
    """Run the monitor: calls come in over websockets, screens and replay go out.

    \b
    monitor serve
    monitor serve --port 9000 --data-dir /srv/calls

    Send a call to ws://HOST:PORT/ingest/pcm (docs/ingest.md). Ctrl-C ends the
    live calls properly: what is open is closed, stored, and replayable.
    """
    settings = settings_with(model=model, host=host, port=port, data_dir=data_dir)
    asyncio.run(_serve(settings, words=not no_words))


async def _serve(settings: Settings, *, words: bool) -> None:
    async with open_house(settings, words=words) as house:
        stop = stop_on_signals()
        demo_calls.print_links(out, house)
        out.print(f"  ingest  {house.server.ingest_url}", soft_wrap=True)
        out.print("\nCtrl-C stops the monitor.")
        await stop.wait()
        live = len(house.calls)
        closing = f"Closing {live} live call{'s' if live > 1 else ''}" if live else "Stopping"
        out.print(f"{closing} … (Ctrl-C again ends at once)")


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
    events: Annotated[
        Path | None,
        typer.Option(help="Write every event, one JSON a line; “private”: for the agent only."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report as JSON.")] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the call for the Replay screen of monitor serve.")
    ] = False,
    consent: Consent = False,
    data_dir: DataDir = None,
) -> None:
    """Analyse a recording: words, turns, overlaps, mood, nudges, and a report.

    \b
    monitor analyze CALL.wav --agent-channel 0
    monitor analyze --agent A.wav --customer C.wav --events OUT.jsonl
    monitor analyze CALL.wav --report OUT.json --keep

    The events are the same at every speed and chunk size. Exit status: 0, or 2 and one line
    that says what is wrong.
    """
    settings = settings_with(model=model, data_dir=data_dir)
    _check_consent(settings, consent)
    source = WavSource(
        recording,
        agent_channel=agent_channel,
        agent_path=agent,
        customer_path=customer,
        speed=speed.value,
        chunk_ms=chunk_ms,
    )
    check_outputs((events, report), inputs=(recording, agent, customer))
    asyncio.run(
        _analyze(settings, source, words=not no_words, events=events, report=report, keep=keep)
    )


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
    troubles: dict[str, str] = {}
    private: set[str] = set()

    def watch(event: Event) -> None:
        if isinstance(event, Degraded) and event.active:
            troubles[event.part] = event.reason
        if isinstance(event, Opportunity) and event.private:
            private.add(event.nudge)

    runtime = await Runtime.start(settings, words=words)
    try:
        with contextlib.ExitStack() as stack:
            lines = stack.enter_context(writing(events)) if events else None
            store = stack.enter_context(_kept(settings)) if keep else None
            moved = stack.enter_context(following(err, "Listening", duration_s))
            found = await analyze_source(
                runtime,
                source,
                call_id=call_id,
                out=lines,
                store=store,
                progress=moved,
                watch=watch,
            )
    finally:
        await runtime.close()
    if report:
        with writing(report) as file:
            file.write(found.model_dump_json(indent=2) + "\n")
    separated = source.info.separated and "hearing" not in troubles
    print_report(out, found, separated=separated)
    for part, reason in troubles.items():
        if reason not in found.limits:
            out.print(f"[yellow]{part}: {escape(reason)}[/]", soft_wrap=True)
    if events and private:
        out.print(
            f"{escape(str(events))} also holds what only the agent may see (“private”: true): "
            "leave it out before anybody else gets the file.",
            soft_wrap=True,
        )
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
    consent: Consent = False,
    no_words: NoWords = False,
    model: Model = None,
    port: Port = None,
    data_dir: DataDir = None,
) -> None:
    """Listen to a softphone here: the agent's microphone, the customer from a loopback.

    \b
    monitor listen --list
    monitor listen
    monitor listen --agent-device headset --customer-device monitor

    By default the agent is on the system's microphone and the customer on the loopback of
    the loudspeakers.
    """
    if list_devices:
        _print_devices()
        return
    settings = settings_with(model=model, port=port, data_dir=data_dir)
    _check_consent(settings, consent)
    source = MicrophoneSource(
        agent_device=agent_device,
        customer_device=customer_device,
        stereo_device=stereo_device,
        agent=Person(id=agent, name=agent),
    )
    asyncio.run(_listen(settings, source, agent, words=not no_words))


async def _listen(settings: Settings, source: Source, agent: str, *, words: bool) -> None:
    broke = ""

    def watch(event: Event) -> None:
        nonlocal broke
        lines.event(event)
        if isinstance(event, CallEnded) and event.reason == "failed":
            broke = event.detail

    async with contextlib.AsyncExitStack() as stack:
        lines = stack.enter_context(LiveLines(out))
        house = await stack.enter_async_context(open_house(settings, words=words, watch=watch))
        stop = stop_on_signals()
        demo_calls.print_links(out, house, agent=agent)
        out.print("Listening. Ctrl-C ends the call.\n")
        call_id = house.calls.start(source).call_id
        ended = asyncio.create_task(house.calls.wait(call_id))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
    if broke:
        raise SourceError(broke)


def _print_devices() -> None:
    found = devices()
    if not found:
        out.print("This machine has no input device.")
        return
    table = Table(show_edge=False, pad_edge=False, box=SIMPLE)
    for column in ("number", "name", "channels", "rate", ""):
        table.add_column(column)
    for device in found:
        kind = "loopback: hears what this machine plays" if device.loopback else ""
        table.add_row(
            str(device.number),
            escape(device.name),
            str(device.channels),
            f"{device.rate_hz} Hz",
            kind,
        )
    out.print(table)


@app.command()
def effect(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only calls that began on this day or later."),
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the figures as JSON.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Does showing a nudge do any good? From the kept calls, shown against held out.

    \b
    monitor effect
    monitor effect --since 2026-01-31 --json OUT.json

    Needs calls under a policy with nudges.hold_out above 0: chance then decides whether a
    nudge that is needed is shown.
    """
    settings = settings_with(data_dir=data_dir)
    check_outputs((json,), inputs=())
    if not (settings.store.data_dir / "calls.db").is_file():
        raise StoreError(f"there are no kept calls in {settings.store.data_dir}")
    with _kept(settings) as store:
        found = effects(observed(store, since.astimezone() if since else None))
    if json:
        with writing(json) as file:
            file.write(dumps([asdict(one) for one in found], indent=2) + "\n")
    print_effects(out, found)


@app.command()
def token(
    agent: Annotated[
        str, typer.Option(help="Id of an agent, who sees and starts own calls only.")
    ] = "",
    name: Annotated[str, typer.Option(help="Name to show, also in who looked at a call.")] = "",
    days: Annotated[float, typer.Option(min=0.01, max=3660, help="Good for so long.")] = 0.5,
    link: Annotated[
        bool, typer.Option("--link", help="Print a link that opens the screens instead.")
    ] = False,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
) -> None:
    """Make a token for telephony that sends calls in, or a link for a person.

    \b
    monitor token --days 365
    monitor token --link --agent ada --name "Ada"
    monitor token --link --name "Sue"

    Without --agent it is a supervisor's: as good as a password to every call.
    """
    settings = settings_with(host=host, port=port, data_dir=data_dir)
    auth = Auth.load(settings.store.data_dir)
    made = auth.token("agent" if agent else "supervisor", Person(id=agent, name=name), days * DAY_S)
    if link:
        where = f"http://{shown_host(settings.server.host)}:{settings.server.port}"
        made = f"{where}/{'agent' if agent else 'floor'}?{urlencode({'token': made})}"
    sys.stdout.write(f"{made}\n")


@app.command()
def doctor(model: Model = None, data_dir: DataDir = None) -> None:
    """Check everything a call needs, and say how to mend what is missing.

    \b
    monitor doctor
    monitor doctor --model base.en

    Exit status: 0, or 1 when a call could not be heard or written down.
    """
    settings = settings_with(model=model, data_dir=data_dir)
    marks = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "missing": "[red]✗[/]"}
    missing = 0
    for finding in examine(settings):
        missing += finding.state == "missing"
        mend = f" → {finding.mend}" if finding.mend and finding.state != "ok" else ""
        out.print(
            f"{marks[finding.state]} [bold]{finding.what:12}[/] {escape(finding.found + mend)}",
            highlight=False,
            soft_wrap=True,
        )
    if missing:
        raise typer.Exit(1)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit. Whatever the person can mend is one line and exit status 2."""
    status: int | None
    try:
        status = app(arguments, prog_name="monitor", standalone_mode=False)
    except CLEAR_ERRORS as error:
        status = _complain(str(error))
    except typer.TyperException as error:
        context: typer.Context | None = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "monitor"
        status = _complain(f"{error.format_message()} (see: {command} --help)")
    sys.exit(status)


def _complain(what: str) -> int:
    line = escape(" ".join(what.split()))
    err.print(f"[bold red]monitor:[/] {line}", highlight=False, soft_wrap=True)
    return 2
