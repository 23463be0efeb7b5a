"""Lists of what was said: stretches of recordings and their transcripts, from CSV."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.audio import RATE_HZ, AudioError
from monitor.audiofile import AudioFile
from monitor.score import ScoreError
from monitor.score.csvlist import lines

F32 = NDArray[np.float32]

NEEDED: Final = ("path", "text")
OPTIONAL: Final = ("channel", "t0", "t1")
BEYOND_S: Final = 0.5
"""A row may end so long after its file: people round up. The file decides."""


@dataclass(frozen=True, slots=True)
class Row:
    """One stretch of one channel, and what a careful listener hears in it: "" for no words."""

    where: str  # "calls.csv, line 4"
    path: Path
    channel: int
    channels: int  # of the file
    t0: float
    t1: float
    text: str
    cells: Mapping[str, str]  # every column as it is written

    @property
    def duration_s(self) -> float:
        return self.t1 - self.t0

    @property
    def speech(self) -> bool:
        return bool(self.text)


def load(lists: Sequence[Path], where: Sequence[str] = ()) -> list[Row]:
    """The rows of all ``lists`` that fit every COLUMN=VALUE of ``where``.

    Every file that they name is opened, so that what cannot be scored is told before
    anything is decoded. Raises ScoreError, which names the list and the line.
    """
    files: dict[Path, AudioFile] = {}
    rows = [
        _row(place, cells, source.parent, files)
        for source in lists
        for place, cells in lines(source, NEEDED, OPTIONAL, where)
    ]
    if not rows:
        fits = f" with {' and '.join(where)}" if where else ""
        raise ScoreError(f"{', '.join(str(path) for path in lists)}: there is no row{fits}")
    return rows


def audio(rows: Iterable[Row]) -> Iterator[tuple[Row, F32]]:
    """Each row with all channels of its stretch at 8 kHz, (channels, samples), one file in
    memory at a time: rows of one file should stand together. Raises ScoreError."""
    for path, of_file in groupby(rows, lambda row: row.path):
        whole: F32 | None = None
        for row in of_file:
            if whole is None:
                whole = _whole(path, row)
            yield row, whole[:, round(row.t0 * RATE_HZ) : round(row.t1 * RATE_HZ)]


def _whole(path: Path, row: Row) -> F32:
    try:
        return np.concatenate(list(AudioFile(path).pieces()), axis=1)
    except AudioError as error:
        raise ScoreError(f"{row.where}: {error}") from error


def _row(place: str, cells: dict[str, str], folder: Path, files: dict[Path, AudioFile]) -> Row:
    if not cells["path"]:
        raise ScoreError(f"{place}: no path")
    path = folder / cells["path"]
    try:
        if path not in files:
            files[path] = AudioFile(path)
    except AudioError as error:
        raise ScoreError(f"{place}: {error}") from error
    file = files[path]
    channel = _number(place, cells, "channel", 0.0)
    if channel not in range(file.channels):
        there = "channel 0 only" if file.channels == 1 else "channels 0 and 1"
        raise ScoreError(f"{place}: {path.name} has {there}, not {cells['channel']}")
    t0 = _number(place, cells, "t0", 0.0)
    t1 = _number(place, cells, "t1", file.duration_s)
    if not 0 <= t0 < t1:
        raise ScoreError(f"{place}: t0 {t0:g} and t1 {t1:g}: a row begins at 0 or later, then ends")
    if t1 > file.duration_s + BEYOND_S or t0 >= file.duration_s:
        raise ScoreError(
            f"{place}: {t0:g} to {t1:g} s, but {path.name} ends at {file.duration_s:.1f} s"
        )
    return Row(
        where=place,
        path=path,
        channel=int(channel),
        channels=file.channels,
        t0=t0,
        t1=min(t1, file.duration_s),
        text=cells["text"],
        cells=cells,
    )


def _number(place: str, cells: Mapping[str, str], column: str, default: float) -> float:
    text = cells.get(column, "")
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ScoreError(f"{place}: {column} is a number, not {text!r}")
    return number
