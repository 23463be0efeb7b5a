"""monitor bench: what this machine carries."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from monitor.analysis import check_outputs
from monitor.bench import BenchError, ear, feeder, live, replay
from monitor.bench.figures import document, machine, save, shown, table
from monitor.bench.search import largest
from monitor.bench.tables import of_trials
from monitor.config import load
from monitor.resources import resource
from monitor.sources.wav import WavSource
from monitor.terminal import progress

app = typer.Typer(
    help="Measure what this machine carries: real sockets, a second process, JSON.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console()
err = Console(stderr=True)

Json = Annotated[Path | None, typer.Option("--json", help="Write the figures as JSON.")]
NoWords = Annotated[bool, typer.Option("--no-words", help="No speech-to-text.")]
Model = Annotated[str | None, typer.Option(help="Speech-to-text weights, as in monitor serve.")]
AgentChannel = Annotated[
    int, typer.Option(min=0, max=1, help="Which channel of the recording is the agent.")
]
SAMPLE = "rising.flac"


def samples() -> list[Path]:
    """The sample calls, which are measured where none is named."""
    return sorted((resource("samples") / "rendered").glob("*.flac"))


def sample() -> Path:
    """The one that stands for them all."""
    return resource("samples") / "rendered" / SAMPLE


@app.command("ear")
def ear_command(
    channels: Annotated[
        list[int] | None,
        typer.Option(min=1, max=2000, help="Channels in one pass; repeat it. A call has two."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=60, help="Measure each shape for so long.")
    ] = ear.MEASURE_S,
    call: Annotated[Path | None, typer.Option(help="Speech to hear; a sample by default.")] = None,
    json: Json = None,
) -> None:
    """Cost of hearing: µs for one channel and one block of 32 ms, and memory a call.

    \b
    monitor bench ear --channels 2 --channels 32 --channels 200
    monitor bench ear --json OUT.json

    Live, all channels share a pass of one block, 31 times a second: the more there are, the
    cheaper is each. "µs each" and "cores", what so many channels take of one core in real
    time, are processor time; vad, pitch, syllables and the rest are parts of the µs. A
    recording is heard in long passes of two channels, and that is the last row.
    """
    check_outputs([json], [call])
    speech = ear.speech_of(call or sample())
    on = machine()
    shapes = [(n, 1) for n in channels or ear.CHANNELS] + [(2, ear.LONG_BLOCKS)]
    kept = ear.memory(speech)
    costs = []
    with progress(err) as bar:
        task = bar.add_task("Hearing", total=len(shapes), speed="")
        for n, blocks in shapes:
            costs.append(ear.measure(n, blocks, speech, for_s=seconds))
            bar.advance(task)
    shown_as = table(
        "Hearing",
        "channels",
        "µs each",
        "pass, ms",
        "p99, ms",
        "cores",
        *PARTS,
    )
    for cost in costs:
        shown_as.add_row(
            f"{cost.channels} × {cost.blocks}",
            f"{cost.us_per_channel_block:.1f}",
            shown(cost.pass_ms.p50),
            shown(cost.pass_ms.p99),
            f"{cost.cores:.3f}",
            *(f"{cost.of_part_us(part):.1f}" for part in PARTS),
        )
    out.print(shown_as)
    grown = "" if kept.grown_kb is None else f"; the process grew by {kept.grown_kb:.0f} KB each"
    out.print(f"  {kept.calls} calls opened: {kept.state_kb:.1f} KB of state each{grown}")
    _keep(json, document("ear", on, passes=costs, memory=kept))


PARTS = (*ear.PARTS, "rest")


@app.command("replay")
def replay_command(
    call: Annotated[
        Path | None, typer.Argument(help="Stereo recording; a sample by default.")
    ] = None,
    agent_channel: AgentChannel = 0,
    no_words: NoWords = False,
    model: Model = None,
    json: Json = None,
) -> None:
    """Speed of analysing a recording, in times of real time, without the start.

    \b
    monitor bench replay CALL.wav
    monitor bench replay CALL.wav --no-words --json OUT.json

    The share of speech-to-text is processor time, of all threads that decode, in that of
    the whole analysis.
    """
    settings = load()
    if model is not None:
        asr = settings.asr.model_copy(update={"model": model})
        settings = settings.model_copy(update={"asr": asr})
    source = WavSource(call or sample(), agent_channel=agent_channel)
    check_outputs([json], [call])
    on = machine()
    with progress(err) as bar:
        task = bar.add_task("Analysing", total=source.info.duration_s, speed="")
        found = asyncio.run(
            replay.measure(
                settings,
                source,
                words=not no_words,
                progress=lambda t: bar.update(task, completed=t),
            )
        )
    shown_as = table(f"Replay of {found.duration_s:.0f} s", "figure", "value")
    shown_as.add_row("× real time", f"{found.times_real_time:.1f}")
    shown_as.add_row("wall, s", f"{found.wall_s:.2f}")
    shown_as.add_row("start, s (not in it)", f"{found.start_s:.2f}")
    shown_as.add_row("processor time, s", shown(found.cpu_s))
    shown_as.add_row("of that speech-to-text", shown(found.engine_cpu_share, "{:.0%}"))
    shown_as.add_row("utterances, in batches", f"{found.clips} in {found.batches}")
    shown_as.add_row("their audio, s", f"{found.clip_audio_s:.0f}")
    out.print(shown_as)
    _keep(json, document("replay", on, call=source.info.title, replay=found))


@app.command("live")
def live_command(
    calls: Annotated[
        int,
        typer.Option(min=1, max=live.MOST_CALLS, help="Calls at once; with --find the first try."),
    ] = 4,
    seconds: Annotated[
        float, typer.Option(min=2, max=3600, help="Measure so long, once all calls are up.")
    ] = 30.0,
    call: Annotated[
        list[Path] | None,
        typer.Option(help="Stereo recording to send, looped; repeat it. The samples by default."),
    ] = None,
    agent_channel: AgentChannel = 0,
    no_words: NoWords = False,
    model: Model = None,
    find: Annotated[
        bool, typer.Option("--find", help="Search the most calls that hold the budgets.")
    ] = False,
    tries: Annotated[
        int,
        typer.Option(min=1, max=10, help="With --find: a number is over budget after so many."),
    ] = 2,
    json: Json = None,
) -> None:
    """Live calls against a monitor in a second process: delays, lag, processor, memory.

    \b
    monitor bench live --calls 20 --seconds 60 --call CALL.wav
    monitor bench live --calls 50 --no-words
    monitor bench live --find --json OUT.json

    It starts monitor serve (an empty data folder, a free port, your settings), sends the
    recordings as so many calls in real time, 20 ms a message, each from another place on,
    and reads the live websocket of each. A delay counts from when the audio it is about was sent,
    so it holds the pause by which an utterance is known to have ended. The budgets: words p95
    at most 1.5 s, talk-over p95 at most 0.4 s once the rule is certain, event loop p99 at most
    10 ms late, nothing failed, lost or degraded.
    """
    load()
    sources = [WavSource(path, agent_channel=agent_channel) for path in call or samples()]
    check_outputs([json], call or [])
    on = machine()
    plan = live.Plan(calls=calls, seconds=seconds, words=not no_words, model=model)
    trials: list[live.Trial] = []
    most: int | None = None
    try:
        most = asyncio.run(_trials(plan, sources, trials, tries=tries if find else 0))
    finally:
        if trials:
            out.print(of_trials(_telling(trials, most)))
            titles = [source.info.title for source in sources]
            _keep(json, document("live", on, recordings=titles, trials=trials, most_calls=most))
    if most is not None:
        out.print(f"\nThe most calls that held the budgets: [bold]{most}[/]")


async def _trials(
    plan: live.Plan, sources: list[WavSource], trials: list[live.Trial], *, tries: int
) -> int | None:
    """Run them into ``trials``; the most calls that held, where ``tries`` are to find it.

    Others on the same machine make a trial worse, never better: so the best of them counts.
    """
    loops = [await feeder.read(source) for source in sources]

    async def made(n: int) -> live.Trial:
        with progress(err) as bar:
            task = bar.add_task(f"{n} calls", total=plan.seconds, speed="")
            trial = await live.trial(
                replace(plan, calls=n), loops, progress=lambda s: bar.update(task, completed=s)
            )
        trials.append(trial)
        out.print(_verdict(trial), soft_wrap=True, highlight=False)
        return trial

    async def holds(n: int) -> bool:
        for _ in range(tries):
            trial = await made(n)
            if trial.valid and not trial.misses():
                return True
        _check(trial)
        return False

    if tries:
        return await largest(holds, plan.calls, live.MOST_CALLS)
    _check(await made(plan.calls))
    return None


def _check(trial: live.Trial) -> None:
    if not trial.valid:
        raise BenchError(
            f"this process sent {trial.calls} calls up to {trial.feeder_late_s.p99:.2f} s late"
            " (p99), so the delays are not the monitor's: give it a processor of its own, or"
            " fewer calls"
        )


def _telling(trials: list[live.Trial], most: int | None) -> list[live.Trial]:
    """Those at the limit, where it was searched; all of them is too wide to read."""
    if most is None:
        return trials[-2:]
    held = [trial for trial in trials if trial.calls == most and not trial.misses()]
    over = sorted((trial for trial in trials if trial.calls > most), key=lambda t: t.calls)
    return held + over[:1]


def _verdict(made: live.Trial) -> str:
    misses = made.misses()
    if not made.valid:
        return f"{made.calls:4} calls  [yellow]not valid: the feeder was late[/]"
    if misses:
        return f"{made.calls:4} calls  [red]over budget[/]: {escape('; '.join(misses))}"
    return f"{made.calls:4} calls  [green]within the budgets[/]"


def _keep(path: Path | None, what: dict[str, Any]) -> None:
    if path is not None:
        save(path, what)
        out.print(f"Figures in {escape(str(path))}", soft_wrap=True)
