"""Lists of labelled clips: whose voice, and angry or not, from CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.audio import AudioError
from monitor.audiofile import AudioFile
from monitor.score import ScoreError
from monitor.score.csvlist import lines

NEEDED: Final = ("path", "label", "speaker")
OPTIONAL: Final = ("channel",)
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
    clips = [
        _clip(place, cells, source.parent)
        for place, cells in lines(source, NEEDED, OPTIONAL, where)
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
