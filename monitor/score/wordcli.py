"""monitor score words: what was recognised, against what was said."""

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
from monitor.bench.figures import machine, save
from monitor.config import Settings, load
from monitor.score import (
    ScoreError,
    bars,
    nonspeech,
    printing,
    scoring,
    wordlist,
    words,
    wordtables,
)
from monitor.score.decoding import Said, Way, decode
from monitor.score.stopwatch import Cost
from monitor.score.wordlist import Row
from monitor.score.words import ScoredRow, WordsFigures
from monitor.terminal import following

err = Console(stderr=True)


def words_command(
    lists: Annotated[
        list[Path],
        typer.Argument(metavar="LIST.csv…", help="path,channel,t0,t1,text; docs/references.md."),
    ],
    clips: Annotated[
        bool, typer.Option("--clips", help="Decode each row as it is, as one clip, voice or not.")
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="Only rows with this in a column of the list."),
    ] = None,
    by: Annotated[str, typer.Option(metavar="COLUMN", help="Figures for each of these.")] = "path",
    show: Annotated[int, typer.Option(min=0, help="So many of the worst rows, aligned.")] = 0,
    model: Annotated[
        str | None, typer.Option(help="Speech-to-text weights, as in monitor analyze.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of the words, as de; auto: found by the weights.")
    ] = None,
    line: Annotated[
        str | None,
        typer.Option(help="Send the audio down this line first: babble:10+gsm."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of what is chance in the line.")] = 0,
    json: Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")] = None,
    at_least: Annotated[
        list[str] | None,
        typer.Option(metavar="FIGURE=VALUE", help="Exit with 1 where a figure is lower."),
    ] = None,
    at_most: Annotated[
        list[str] | None,
        typer.Option(metavar="FIGURE=VALUE", help="… or higher, as wer=0.15 or hallucinated=0."),
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="Rows heard at the same time.")] = 8,
) -> None:
    """The word error rate; words heard where nobody speaks, from rows whose text is empty.

    \b
    monitor score words LIST.csv
    monitor score words LIST.csv --show 10 --json OUT.json
    monitor score words LIST.csv --clips
    monitor score words LIST.csv --where half=report --by speaker --line gsm
    monitor score words LIST.csv --at-most wer=0.15 --at-most hallucinated=0

    Each row is a call of its own, heard and cut into utterances as a live call is; with --clips
    it is decoded as it stands. Exit status: 0; 1 where a bar is not cleared; 2 and one line
    where the list cannot be scored.
    """
    bars.read([*(at_least or []), *(at_most or [])])
    settings = _settings(model, language)
    rows = wordlist.load(lists, where or [])
    _check_column(rows, by)
    check_outputs([json], [*lists, *dict.fromkeys(row.path for row in rows)])
    on = machine()
    way = Way(settings, clips=clips, over=line, seed=seed, at_once=at_once)
    spoken = [row for row in rows if row.speech]
    silent = [row for row in rows if not row.speech]
    (said, cost), (heard, _) = _decode(way, spoken, silent)
    plain = words.normaliser(settings.asr.language)
    scored = [words.compare(row, each, plain) for row, each in zip(spoken, said, strict=True)]
    made_up = list(zip(silent, heard, strict=True))
    overall = words.figures(scored, made_up, cost)
    groups = _groups(by, rows, scored, made_up)
    _print(overall, by, groups, scored, made_up, show)
    if json is not None:
        head = {
            "score": "words",
            "version": __version__,
            "machine": on,
            "settings": scoring.settings_hash(settings),
            "command": ["monitor", *sys.argv[1:]],
            "model": settings.asr.model,
            "language": settings.asr.language,
            "clips": clips,
            "line": line,
            "seed": seed,
            "where": where or [],
            "by": by,
        }
        figures = {"overall": asdict(overall), "groups": {k: asdict(v) for k, v in groups.items()}}
        save(json, head | figures | {"rows": _rows(rows, scored, made_up)})
    printing.hold(err, asdict(overall), at_least, at_most)


def _settings(model: str | None, language: str | None) -> Settings:
    settings = load()
    given: dict[str, Any] = {} if model is None else {"model": model}
    if language is not None:
        given["language"] = None if language == "auto" else language
    return settings.model_copy(update={"asr": settings.asr.model_copy(update=given)})


def _check_column(rows: Sequence[Row], by: str) -> None:
    for row in rows:
        if by not in row.cells:
            raise ScoreError(f"{row.where}: no column {by!r}; there is: {', '.join(row.cells)}")


def _decode(
    way: Way, spoken: Sequence[Row], silent: Sequence[Row]
) -> tuple[tuple[list[Said], Cost], tuple[list[Said], Cost]]:
    rows = [*spoken, *silent]
    total_s = sum(row.duration_s for row in rows)
    with following(err, f"Decoding {len(rows)} rows", total_s) as moved:
        first, second = asyncio.run(decode(way, (spoken, silent), moved))
    return first, second


def _groups(
    by: str,
    rows: Sequence[Row],
    scored: Sequence[ScoredRow],
    made_up: Sequence[tuple[Row, Said]],
) -> dict[str, WordsFigures]:
    """In the order of the list."""
    return {
        name: words.figures(
            [row for row in scored if row.row.cells[by] == name],
            [(row, said) for row, said in made_up if row.cells[by] == name],
        )
        for name in dict.fromkeys(row.cells[by] for row in rows)
    }


def _print(
    overall: WordsFigures,
    by: str,
    groups: dict[str, WordsFigures],
    scored: Sequence[ScoredRow],
    made_up: Sequence[tuple[Row, Said]],
    show: int,
) -> None:
    out = printing.page()
    for part in [*wordtables.overall(overall), *wordtables.by(by, groups)]:
        out.print(part if isinstance(part, str) else part.rich(), highlight=False)
    for worst in words.worst(scored, show):
        out.print(f"\n{wordtables.example(worst, out.width)}", markup=False, highlight=False)
    heard = [(row, said) for row, said in made_up if nonspeech.count(said)]
    for row, said in sorted(heard, key=lambda each: -nonspeech.count(each[1]))[:show]:
        text = f"\n{row.where} ({row.cells['path']}): nobody speaks, but: {said.text}"
        out.print(text, markup=False, highlight=False)


def _rows(
    rows: Sequence[Row], scored: Sequence[ScoredRow], made_up: Sequence[tuple[Row, Said]]
) -> list[dict[str, Any]]:
    """Each row as it is in the list, with what was found; in the order of the list."""
    of: dict[int, dict[str, Any]] = {
        id(each.row): {
            "found": each.said.text,
            "reference": each.reference,
            "normalised": each.found,
            "substitutions": each.substitutions,
            "deletions": each.deletions,
            "insertions": each.insertions,
            "words": each.words,
            "clips": [asdict(clip) for clip in each.said.clips],
        }
        for each in scored
    }
    of |= {
        id(row): {"found": said.text, "clips": [asdict(clip) for clip in said.clips]}
        for row, said in made_up
    }
    return [{"row": row.where} | dict(row.cells) | of[id(row)] for row in rows]
