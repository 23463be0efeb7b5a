"""monitor score: how well it hears, against what careful listeners say."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from monitor import __version__
from monitor.analysis import check_outputs, writing
from monitor.bench.figures import machine, save
from monitor.config import Settings, load
from monitor.score import annotated, bars, page, printing, scoring, tables
from monitor.score.annotated import AnnotatedCall
from monitor.score.cuecli import cues_command
from monitor.score.exhibits import Exhibits
from monitor.score.scoring import ScoredCall, TurnsFigures
from monitor.score.voicecli import voice_command
from monitor.score.wordcli import words_command
from monitor.terminal import following

app = typer.Typer(
    help="How well it hears: against NAME.ref.json beside the audio (docs/references.md).",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("words")(words_command)
app.command("voice")(voice_command)
app.command("cues")(cues_command)
err = Console(stderr=True)

Places = Annotated[
    list[Path],
    typer.Argument(metavar="DIR…", help="Folders of annotated calls, or single NAME.ref.json."),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")]
Page = Annotated[
    Path | None,
    typer.Option(help="Write one HTML file: each miss and false alarm to be seen and heard."),
]
Line = Annotated[
    str | None,
    typer.Option(help="Send the audio down this line first: babble:10+gsm (docs/references.md)."),
]
Seed = Annotated[int, typer.Option(min=0, help="Of what is chance in the line.")]
AtOnce = Annotated[int, typer.Option(min=1, max=16, help="Calls heard at the same time.")]
AtLeast = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIGURE=VALUE", help="Exit with 1 where a figure is lower, as talk_over=0.95."
    ),
]
AtMost = Annotated[
    list[str] | None,
    typer.Option(metavar="FIGURE=VALUE", help="… or higher, as backchannels_as_talk_over=0.05."),
]


class Kind(StrEnum):
    voice = "voice"
    words = "words"
    interaction = "interaction"


@dataclass(frozen=True, slots=True)
class _Options:
    """What both commands take."""

    places: list[Path]
    json: Path | None
    page: Path | None
    over: str | None
    seed: int
    at_once: int
    at_least: list[str]
    at_most: list[str]


@app.command("turns")
def turns_command(
    places: Places,
    line: Line = None,
    seed: Seed = 0,
    json: Json = None,
    page: Page = None,
    at_least: AtLeast = None,
    at_most: AtMost = None,
    at_once: AtOnce = 2,
) -> None:
    """Who speaks when, and of what kind each overlap is: found against annotated. No words.

    \b
    monitor score turns CALLS
    monitor score turns CALLS --page OUT.html --json OUT.json
    monitor score turns CALLS --line babble:10+gsm
    monitor score turns CALLS --at-least talk_over=0.95 --at-most backchannels_as_talk_over=0.05

    For each kind of overlap: precision, recall, F1 with its 95 % interval over calls, false
    alarms per hour of the other's speech, how far off the begin is, and how long after the
    begin (and after 0.6 s of overlap) the first event says so, in audio time. Exit status: 0;
    1 where a bar is not cleared; 2 and one line where the calls cannot be scored.
    """
    options = _Options(places, json, page, line, seed, at_once, at_least or [], at_most or [])
    _run("turns", options, load(), scoring.turns_figures, words=False)


@app.command("calls")
def calls_command(
    places: Places,
    no_words: Annotated[
        bool, typer.Option("--no-words", help="No speech-to-text: what the sound alone tells.")
    ] = False,
    model: Annotated[
        str | None, typer.Option(help="Speech-to-text weights, as in monitor analyze.")
    ] = None,
    without: Annotated[
        list[Kind] | None,
        typer.Option(help="Leave a kind of evidence out of the mood, to see what it brings."),
    ] = None,
    line: Line = None,
    seed: Seed = 0,
    json: Json = None,
    page: Page = None,
    at_least: AtLeast = None,
    at_most: AtMost = None,
    at_once: AtOnce = 2,
) -> None:
    """Frustration and nudges too, with the words: alerts raised, nudges opened.

    \b
    monitor score calls CALLS
    monitor score calls CALLS --page OUT.html
    monitor score calls CALLS --no-words --json OUT.json
    monitor score calls CALLS --without voice --without interaction
    monitor score calls CALLS --at-least alerts=0.9 --at-most false_alerts=0.5

    Frustration counts as seen within 60 s of its begin, a nudge as right between the two times
    that its reference gives. Exit status as for monitor score turns.
    """
    settings = load()
    if model is not None:
        asr = settings.asr.model_copy(update={"model": model})
        settings = settings.model_copy(update={"asr": asr})
    if without:
        kinds = [kind for kind in settings.mood.evidence if kind not in without]
        mood = settings.mood.model_copy(update={"evidence": kinds})
        settings = settings.model_copy(update={"mood": mood})
    options = _Options(places, json, page, line, seed, at_once, at_least or [], at_most or [])
    _run("calls", options, settings, scoring.calls_figures, words=not no_words)


def _run(
    kind: str,
    options: _Options,
    settings: Settings,
    figures: Callable[[Sequence[ScoredCall]], TurnsFigures],
    *,
    words: bool,
) -> None:
    bars.read([*options.at_least, *options.at_most])
    calls = annotated.find(options.places)
    check_outputs([options.json, options.page], [path for call in calls for path in call.files])
    on = machine()
    exhibits = Exhibits(page.MOST_CLIP_BYTES) if options.page is not None else None
    scored = _score(kind, settings, calls, options, exhibits, words=words)
    found = figures(scored)
    overall = asdict(found)
    out = printing.page()
    for part in tables.overall(found):
        out.print(part if isinstance(part, str) else part.rich(), highlight=False)
    for call in scored:
        for note in call.notes:
            out.print(f"[yellow]{escape(f'{call.name}: {note}')}[/]", soft_wrap=True)
    if options.json is not None:
        head = {
            "score": kind,
            "version": __version__,
            "machine": on,
            "settings": scoring.settings_hash(settings),
            "command": ["monitor", *sys.argv[1:]],
            "line": options.over,
            "seed": options.seed,
            "words": words,
        }
        each = [
            {"call": call.name, "notes": call.notes, "activity_from": call.activity_from}
            | asdict(figures([call]))
            for call in scored
        ]
        save(options.json, head | {"overall": overall, "calls": each})
    if options.page is not None and exhibits is not None:
        facts = [
            f"call-monitor {__version__}",
            f"settings {scoring.settings_hash(settings)}",
            f"line: {options.over or 'as recorded'}",
            "with words" if words else "words off",
        ]
        heading = page.Heading(f"monitor score {kind}", facts)
        each_call = list(zip(calls, scored, strict=True))
        with writing(options.page) as file:
            file.write(page.html(heading, tables.overall(found), each_call, exhibits))
    printing.hold(err, overall, options.at_least, options.at_most)


def _score(
    kind: str,
    settings: Settings,
    calls: Sequence[AnnotatedCall],
    options: _Options,
    exhibits: Exhibits | None,
    *,
    words: bool,
) -> list[ScoredCall]:
    total_s = sum(call.duration_s for call in calls)
    with following(err, f"Hearing {len(calls)} calls", total_s) as moved:
        return asyncio.run(
            scoring.score(
                settings,
                calls,
                words=words,
                understood=kind == "calls",
                over=options.over,
                seed=options.seed,
                at_once=options.at_once,
                progress=moved,
                watch=None if exhibits is None else exhibits.add,
            )
        )
