"""Lists of labelled clips: whose voice, and angry or not, from CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.audio import AudioError
from monitor.audiofile import AudioFile
from monitor.score import ScoreError

NEEDED: Final = ("path", "label", "speaker")
LABELS: Final = {"0": False, "1": True}


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """One recording of one voice."""

    where: str  # "labels.csv, line 4"
    name: str  # its path as it is written
    path: Path
    channel: int
    angry: bool  # or frustrated
    speaker: str
    duration_s: float
    cells: Mapping[str, str]  # every column as it is written


def load(source: Path, where: Sequence[str] = ()) -> list[LabelledClip]:
    """The rows of ``source`` that fit every COLUMN=VALUE of ``where``; both labels are there.

    Every file is opened, so that what cannot be scored is told before anything is heard.
    Raises ScoreError, which names the list and the line.
    """
    asked = [_condition(text) for text in where]
    clips = [
        _clip(place, cells, source.parent)
        for place, cells in _lines(source, [name for name, _ in asked])
        if all(cells[name] == value for name, value in asked)
    ]
    fits = f" with {' and '.join(where)}" if where else ""
    if not clips:
        raise ScoreError(f"{source}: there is no row{fits}")
    if len({clip.angry for clip in clips}) == 1:
        only = "1 (angry or frustrated)" if clips[0].angry else "0 (anything else)"
        raise ScoreError(
            f"{source}: every row{fits} has the label {only}; a score needs clips of both"
        )
    return clips


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ScoreError(f"--where is COLUMN=VALUE, as in language=pl, not {text!r}")
    return name.strip(), value.strip()


def _lines(source: Path, asked: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Where each row stands, and its cells. Empty lines are no rows."""
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = columns
            for name in (*NEEDED, *asked):
                if name not in columns:
                    there = ", ".join(columns) or "nothing"
                    raise ScoreError(
                        f"{source} has no column {name!r}; it needs {', '.join(NEEDED)}, "
                        f"and there is: {there}"
                    )
            for cells in reader:
                place = f"{source.name}, line {reader.line_num}"
                if None in cells or any(cells[name] is None for name in columns):
                    raise ScoreError(f"{place}: not the {len(columns)} fields of the first line")
                yield place, {name: cells[name].strip() for name in columns}
    except OSError as error:
        raise ScoreError(f"{source} cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise ScoreError(f"{source} is no CSV in UTF-8: {error}") from error


def _clip(place: str, cells: dict[str, str], folder: Path) -> LabelledClip:
    for name in NEEDED:
        if not cells[name]:
            raise ScoreError(f"{place}: no {name}")
    if cells["label"] not in LABELS:
        raise ScoreError(f"{place}: label is 1 (angry or frustrated) or 0, not {cells['label']!r}")
    path = folder / cells["path"]
    try:
        file = AudioFile(path)
    except AudioError as error:
        raise ScoreError(f"{place}: {error}") from error
    channel = cells.get("channel", "") or "0"
    if channel not in {str(number) for number in range(file.channels)}:
        raise ScoreError(f"{place}: {path.name} has {file.channels} channels, no {channel!r}")
    return LabelledClip(
        where=place,
        name=cells["path"],
        path=path,
        channel=int(channel),
        angry=LABELS[cells["label"]],
        speaker=cells["speaker"],
        duration_s=file.duration_s,
        cells=cells,
    )
