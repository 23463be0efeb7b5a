"""monitor score: how well it hears, against what careful listeners say."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from monitor import __version__
from monitor.analysis import check_outputs
from monitor.bench.figures import machine, save, shown, table
from monitor.config import Settings, load
from monitor.score import annotated, scoring
from monitor.score.annotated import AnnotatedCall
from monitor.score.overlaps import KindFigures, OverlapFigures
from monitor.score.scoring import ScoredCall, TurnsFigures
from monitor.terminal import progress

app = typer.Typer(
    help="How well it hears: against NAME.ref.json beside the audio (docs/references.md).",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console()
err = Console(stderr=True)

Places = Annotated[
    list[Path],
    typer.Argument(metavar="DIR…", help="Folders of annotated calls, or single NAME.ref.json."),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")]
AtOnce = Annotated[int, typer.Option(min=1, max=16, help="Calls heard at the same time.")]


@app.command("turns")
def turns_command(
    places: Places,
    at_once: AtOnce = 2,
    json: Json = None,
) -> None:
    """Who speaks when, and what kind each overlap is: found against annotated. No words.

    \b
    monitor score turns CALLS
    monitor score turns CALLS --json OUT.json
    monitor score turns CALLS/one.ref.json
    """
    settings = load()
    calls = annotated.find(places)
    check_outputs([json], [path for call in calls for path in call.audio])
    on = machine()
    scored = _score(settings, calls, words=False, at_once=at_once)
    overall = scoring.turns_figures(scored)
    _print_turns(overall)
    _print_notes(scored)
    if json is not None:
        each = [_head(call) | asdict(scoring.turns_figures([call])) for call in scored]
        save(json, _document("turns", settings, on) | {"overall": asdict(overall), "calls": each})


def _score(
    settings: Settings, calls: Sequence[AnnotatedCall], *, words: bool, at_once: int
) -> list[ScoredCall]:
    with progress(err) as bar:
        total_s = sum(call.duration_s for call in calls)
        task = bar.add_task(f"Hearing {len(calls)} calls", total=total_s, speed="")

        def moved(t: float) -> None:
            took_s = bar.tasks[task].elapsed or 0.0
            bar.update(task, completed=t, speed=f"{t / took_s:.0f} × live" if took_s else "")

        return asyncio.run(
            scoring.score(settings, calls, words=words, at_once=at_once, progress=moved)
        )


def _document(kind: str, settings: Settings, on: dict[str, Any]) -> dict[str, Any]:
    return {
        "score": kind,
        "version": __version__,
        "machine": on,
        "settings": scoring.settings_hash(settings),
        "command": ["monitor", *sys.argv[1:]],
    }


def _head(call: ScoredCall) -> dict[str, Any]:
    return {"call": call.name, "notes": call.notes, "activity_from": call.activity_from}


# ---- in the terminal -----------------------------------------------------------------


def _print_turns(figures: TurnsFigures) -> None:
    out.print(f"{figures.calls} calls, {figures.duration_s / 60:.1f} min")
    if figures.overlaps is None:
        out.print("No overlaps are annotated.")
    else:
        _print_overlaps(figures.overlaps)
    _print_activity(figures)
    if figures.turns is not None:
        shown_as = table(
            "Turns",
            "annotated",
            "found",
            "same begin",
            "recall",
            "precision",
            "begin off, s",
            "FTO off, s",
            "… size, s",
        )
        t = figures.turns
        shown_as.add_row(
            str(t.reference),
            str(t.found),
            str(t.boundaries),
            shown(t.recall),
            shown(t.precision),
            shown(t.begin_error_s),
            shown(t.fto_error_s, "{:+.2f}"),
            shown(t.fto_error_size_s),
        )
        out.print(shown_as)


def _print_overlaps(figures: OverlapFigures) -> None:
    shown_as = table(
        "Overlaps",
        "kind",
        "annotated",
        "found",
        "right",
        "precision",
        "recall",
        "F1",
        "95 %",
        "false/h",
        "onset off, s",
        "p95",
        "delay, s",
        "p95",
        "after 0.6 s",
        "p95",
    )
    for name, kind in figures.kinds.items():
        shown_as.add_row(_kind_name(name), *_kind_cells(kind))
    out.print(shown_as)
    shown_as = table(
        "Annotated (rows) and found (columns)", "", *map(_kind_name, figures.confusion)
    )
    for name, row in figures.confusion.items():
        shown_as.add_row(
            _kind_name(name), *(str(count) if count else "·" for count in row.values())
        )
    out.print(shown_as)
    for what, share in (
        ("agent's backchannels called talk-over", figures.backchannels_as_talk_over),
        ("backchannels called talk-over or interruption", figures.backchannels_as_competitive),
        ("talk-overs told and taken back", figures.talk_overs_taken_back),
    ):
        out.print(f"{what}: {shown(share, '{:.1%}')}", highlight=False)


def _kind_cells(kind: KindFigures) -> list[str]:
    low_high = kind.intervals.get("f1")
    return [
        str(kind.reference),
        str(kind.found),
        str(kind.hits),
        shown(kind.precision),
        shown(kind.recall),
        shown(kind.f1),
        f"{low_high[0]:.2f}–{low_high[1]:.2f}" if low_high else "–",
        shown(kind.false_per_h, "{:.1f}"),
        shown(kind.onset_error_s, "{:+.2f}"),
        shown(kind.onset_error_p95_s),
        shown(kind.delay_p50_s),
        shown(kind.delay_p95_s),
        shown(kind.delay_after_long_p50_s),
        shown(kind.delay_after_long_p95_s),
    ]


def _kind_name(name: str) -> str:
    kind, _, by = name.partition("_by_")
    return f"{kind.replace('_', '-')} {f'({by})' if by else ''}".strip()


def _print_activity(figures: TurnsFigures) -> None:
    shown_as = table("Speech", "party", "missed, s/h", "false, s/h", "missed", "false")
    for party, kind in figures.activity.items():
        if kind is not None:
            shown_as.add_row(
                party,
                shown(kind.missed_s_per_h, "{:.0f}"),
                shown(kind.false_s_per_h, "{:.0f}"),
                shown(kind.missed, "{:.1%}"),
                shown(kind.false, "{:.1%}"),
            )
    if shown_as.row_count:
        out.print(shown_as)


def _print_notes(calls: Sequence[ScoredCall]) -> None:
    for call in calls:
        for note in call.notes:
            out.print(f"[yellow]{escape(call.name)}: {escape(note)}[/]", soft_wrap=True)
