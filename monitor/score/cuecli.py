"""monitor score cues: what sentences do, as people tell it and as a call hears it."""

from __future__ import annotations

import asyncio
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
from monitor.config import Settings, load
from monitor.phrases import Phrases
from monitor.reader import Reader
from monitor.runtime import meaning_of, phrases_of
from monitor.score import ScoreError, bars, cuelist, cues, printing, scoring
from monitor.score.cues import CueFigures, CuesFigures, Rates, ScoredSentence
from monitor.score.tables import Grid, bounds
from monitor.terminal import progress

err = Console(stderr=True)


def cues_command(
    sentences: Annotated[
        Path, typer.Argument(metavar="LIST.csv", help="party,families,text; docs/references.md.")
    ],
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="Only rows with this in a column of the list."),
    ] = None,
    show: Annotated[int, typer.Option(min=0, help="So many sentences heard wrong.")] = 0,
    json: Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")] = None,
    at_least: Annotated[
        list[str] | None,
        typer.Option(metavar="FIGURE=VALUE", help="Exit with 1 where a figure is lower."),
    ] = None,
    at_most: Annotated[
        list[str] | None,
        typer.Option(metavar="FIGURE=VALUE", help="… or higher, as false_per_1000=50."),
    ] = None,
) -> None:
    """Cues heard in sentences: by phrases alone, and as a call hears them, by meaning too.

    \b
    monitor score cues LIST.csv
    monitor score cues LIST.csv --show 20 --json OUT.json
    monitor score cues LIST.csv --where party=customer
    monitor score cues LIST.csv --at-least recall=0.6 --at-least families.legal_threat.f1=0.7

    Each row is one sentence and the families it is of, with spaces between, or none. It is heard
    as the only transcript of a call whose words are sure. Exit status: 0; 1 where a bar is not
    cleared; 2 and one line where the list cannot be scored.
    """
    bars.read([*(at_least or []), *(at_most or [])])
    settings = load()
    phrases = phrases_of(settings.asr.language)
    if not phrases.families:
        raise ScoreError(f"there are no phrase families for asr.language = {phrases.language!r}")
    known = {(family.party, family.name) for family in phrases.families}
    rows = cuelist.read(sentences, where or [], known)
    check_outputs([json], [sentences])
    on = machine()
    scored, by_meaning = asyncio.run(_hear(rows, settings, phrases))
    overall = cues.figures(scored, phrases)
    _print(overall, by_meaning=by_meaning)
    _show(cues.wrong(scored, overall)[:show], overall)
    if json is not None:
        head = {
            "score": "cues",
            "version": __version__,
            "machine": on,
            "settings": scoring.settings_hash(settings),
            "command": ["monitor", *sys.argv[1:]],
            "language": phrases.language,
            "meaning": by_meaning,
            "where": where or [],
        }
        each = [_sentence(one) for one in scored]
        save(json, head | {"overall": asdict(overall), "sentences": each})
    printing.hold(err, asdict(overall), at_least, at_most)


async def _hear(
    rows: Sequence[cuelist.Sentence], settings: Settings, phrases: Phrases
) -> tuple[list[ScoredSentence], bool]:
    """And whether meanings were told."""
    meaning = meaning_of(settings.asr)
    reader = Reader(meaning) if meaning is not None else None
    try:
        with progress(err) as bar:
            task = bar.add_task(f"Reading {len(rows)} sentences", total=len(rows), speed="")
            heard = await cues.hear(rows, phrases, reader, lambda: bar.advance(task))
    finally:
        if reader is not None:
            reader.close()
    return heard, reader is not None


def _print(overall: CuesFigures, *, by_meaning: bool) -> None:
    out = printing.page()
    out.print(
        f"{overall.sentences} sentences, {overall.there} cues of "
        f"{len(overall.families)} families in them",
        highlight=False,
    )
    if not by_meaning:
        out.print("No meaning is told here: a call hears phrases alone.", highlight=False)
    both = Grid("Cues", ("", *_COLUMNS))
    parts: list[tuple[str, CueFigures]] = [("all", overall), *overall.parties.items()]
    for name, of in parts:
        both.rows.append((name, *_cells(of)))
        both.rows.append(("· phrases alone", *_cells(of.phrases)))
    out.print(both.rich(), highlight=False)
    each = Grid("By family, as a call hears them, and by phrases alone", ("", *_SHORT))
    for name, found in overall.families.items():
        alone = found.phrases
        cells = (
            str(found.there),
            str(found.heard),
            shown(found.precision),
            bounds(found.intervals.get("precision")),
            shown(found.recall),
            bounds(found.intervals.get("recall")),
            shown(found.f1),
            shown(found.false_per_1000, "{:.1f}"),
            shown(alone.precision),
            shown(alone.recall),
            shown(alone.f1),
        )
        each.rows.append((f"{found.party}: {name}", *cells))
    out.print(each.rich(), highlight=False)


_COLUMNS = (
    "there", "heard", "right", "prec.", "95 %", "recall", "95 %", "F1", "95 %", "false/1000",
)  # fmt: skip
_SHORT = (
    "there", "heard", "prec.", "95 %", "recall", "95 %", "F1", "false/1000",
    "alone:\nprec.", "\nrecall", "\nF1",
)  # fmt: skip


def _cells(found: Rates) -> tuple[str, ...]:
    return (
        str(found.there),
        str(found.heard),
        str(found.right),
        shown(found.precision),
        bounds(found.intervals.get("precision")),
        shown(found.recall),
        bounds(found.intervals.get("recall")),
        shown(found.f1),
        bounds(found.intervals.get("f1")),
        shown(found.false_per_1000, "{:.1f}"),
    )


def _show(wrong: Sequence[ScoredSentence], overall: CuesFigures) -> None:
    out = printing.page()
    for each in wrong:
        expected = sorted(each.sentence.families)
        heard = [
            f"{name} (by meaning)" if by == "meaning" else name
            for name, by in sorted(each.heard.items())
            if name in overall.families
        ]
        out.print(
            f"\n{each.sentence.party}: {each.sentence.text}\n"
            f"  expected: {', '.join(expected) or 'nothing'}\n"
            f"  heard:    {', '.join(heard) or 'nothing'}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _sentence(scored: ScoredSentence) -> dict[str, Any]:
    return {
        "party": scored.sentence.party,
        "families": sorted(scored.sentence.families),
        "text": scored.sentence.text,
        "heard": scored.heard,
        "by_phrases": sorted(scored.by_phrases),
    }
