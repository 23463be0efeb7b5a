"""monitor score voice: is an angry voice told from others? From clips of your own, labelled."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from monitor import __version__
from monitor.analysis import check_outputs
from monitor.bench.figures import machine, save, shown
from monitor.config import load
from monitor.score import ScoreError, bars, printing, scoring, voice, voicefigures, voicelist
from monitor.score.tables import Grid
from monitor.score.voice import ScoredClip
from monitor.score.voicefigures import Separation, VoiceFigures
from monitor.terminal import following

MOST_GROUPS = 40

err = Console(stderr=True)


def voice_command(
    labels: Annotated[
        Path, typer.Argument(metavar="LABELS.csv", help="path,label,speaker; docs/tone.md.")
    ],
    telephone: Annotated[
        bool, typer.Option("--telephone", help="The telephone band first, G.711 µ-law last.")
    ] = False,
    line: Annotated[
        str | None,
        typer.Option(help="Send the audio down this line first: babble:10+gsm."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="Only rows with this in a column of the list."),
    ] = None,
    by: Annotated[
        str, typer.Option(metavar="COLUMN", help="Figures for each of these.")
    ] = "speaker",
    seed: Annotated[int, typer.Option(min=0, help="Of what is chance in line and order.")] = 0,
    json: Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")] = None,
    at_least: Annotated[
        list[str] | None,
        typer.Option(metavar="FIGURE=VALUE", help="Exit with 1 where a figure is lower."),
    ] = None,
    at_most: Annotated[
        list[str] | None, typer.Option(metavar="FIGURE=VALUE", help="… or higher.")
    ] = None,
) -> None:
    """Angry voices told from others: label 1 = angry or frustrated, 0 = anything else.

    \b
    monitor score voice LABELS.csv
    monitor score voice LABELS.csv --telephone --json OUT.json
    monitor score voice LABELS.csv --where language=pl --by emotion
    monitor score voice LABELS.csv --at-least auc=0.85 --at-least recall=0.75

    Each clip is heard as a call hears its customer: by itself, and after other clips of the same
    speaker, which make the caller's own normal as the beginning of a call does. Their labels are
    not used. Exit status: 0; 1 where a bar is not cleared; 2 and one line where the list cannot
    be scored.
    """
    bars.read([*(at_least or []), *(at_most or [])])
    settings = load()
    clips = voicelist.load(labels, where or [])
    if by not in clips[0].cells:
        raise ScoreError(f"{labels}: no column {by!r}; there is: {', '.join(clips[0].cells)}")
    check_outputs([json], [labels, *dict.fromkeys(clip.path for clip in clips)])
    on = machine()
    over = voice.telephone(line) if telephone else line
    total_s = sum(clip.duration_s for clip in clips)
    with following(err, f"Hearing {len(clips)} clips", total_s) as moved:
        heard = voice.hear(clips, settings, over, seed, moved)
    scored = voice.judge(clips, heard, seed)
    overall = voicefigures.figures(scored)
    groups = _groups(by, scored)
    _print(overall, by, groups)
    if json is not None:
        head = {
            "score": "voice",
            "version": __version__,
            "machine": on,
            "settings": scoring.settings_hash(settings),
            "command": ["monitor", *sys.argv[1:]],
            "line": over,
            "seed": seed,
            "where": where or [],
            "by": by,
        }
        figures = {"overall": asdict(overall), "groups": {k: asdict(v) for k, v in groups.items()}}
        save(json, head | figures | {"clips": [_clip(each) for each in scored]})
    printing.hold(err, asdict(overall), at_least, at_most)


def _groups(by: str, scored: Sequence[ScoredClip]) -> dict[str, VoiceFigures]:
    """In the order of the list."""
    names = dict.fromkeys(each.clip.cells[by] for each in scored)
    return {
        name: voicefigures.figures([s for s in scored if s.clip.cells[by] == name])
        for name in names
    }


def _print(overall: VoiceFigures, by: str, groups: dict[str, VoiceFigures]) -> None:
    out = printing.page()
    out.print(
        f"{overall.clips} clips of {overall.speakers} speakers, {overall.angry} angry or "
        "frustrated",
        highlight=False,
    )
    both = Grid("Angry or not", ("", *_COLUMNS))
    both.rows.append(("with their own normal", *_cells(overall)))
    both.rows.append(("clip alone", *_cells(overall.alone)))
    each = Grid(f"By {by}, with their own normal", ("", "clips", "angry", *_SHORT))
    for name, found in list(groups.items())[:MOST_GROUPS]:
        each.rows.append((name, str(found.clips), str(found.angry), *_short(found)))
    for grid in (both, each) if len(groups) > 1 else (both,):
        out.print(grid.rich(), highlight=False)
    if len(groups) > MOST_GROUPS:
        out.print(f"{len(groups) - MOST_GROUPS} more are in the JSON.", highlight=False)
    if overall.known < overall.clips:
        out.print(
            f"{overall.clips - overall.known} clips have too few others of their speaker to know "
            "what is usual: they are judged alone in both rows.",
            highlight=False,
        )
    if overall.unjudged:
        out.print(
            f"{overall.unjudged} clips have too little voice to judge: not called angry.",
            highlight=False,
        )


_COLUMNS = ("AUC", "95 %", "by speaker", "UAR", "95 %", "recall", "95 %", "specificity", "95 %")
_SHORT = ("AUC", "UAR", "recall", "specificity")


def _cells(found: Separation) -> tuple[str, ...]:
    def bounds(name: str) -> str:
        interval = found.intervals[name]
        return "–" if interval is None else f"{interval[0]:.2f}–{interval[1]:.2f}"

    return (
        shown(found.auc, "{:.3f}"),
        bounds("auc"),
        shown(found.auc_within, "{:.3f}"),
        shown(found.uar, "{:.3f}"),
        bounds("uar"),
        shown(found.recall, "{:.2f}"),
        bounds("recall"),
        shown(found.specificity, "{:.2f}"),
        bounds("specificity"),
    )


def _short(found: Separation) -> tuple[str, ...]:
    return (
        shown(found.auc, "{:.3f}"),
        shown(found.uar, "{:.3f}"),
        shown(found.recall, "{:.2f}"),
        shown(found.specificity, "{:.2f}"),
    )


def _clip(scored: ScoredClip) -> dict[str, Any]:
    """A row as it is in the list, with what was found."""

    def told(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    return {
        "row": scored.clip.where,
        **scored.clip.cells,
        "log_odds": told(scored.known),
        "log_odds_alone": told(scored.alone),
        "usual": told(scored.usual),
        "called_angry": scored.called,
        "called_angry_alone": scored.called_alone,
    }
