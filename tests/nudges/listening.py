"""What phrases hear of lines that were made up, and a call of calm consultations that were held."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from monitor.config import AsrSettings
from monitor.cues import CueSpotter
from monitor.events import Party, Transcript
from monitor.phrases import Family
from monitor.runtime import meaning_of
from monitor.weights import ENCODER_MISSING
from monitor.wording import tokens
from tests.dialogue import PHRASES

REAL_DIR = os.environ.get("REAL_TIMING_DIR", "")
GRIDS = sorted(Path(REAL_DIR).glob("primock57/*_doctor.TextGrid")) if REAL_DIR else []
CONSULTATIONS = [path.name.removesuffix("_doctor.TextGrid") for path in GRIDS][1::2]
"""Those that models/meaning/train.py leaves for measuring."""
SPEAKERS: dict[str, Party] = {"doctor": "agent", "patient": "customer"}
_SAID = re.compile(
    r'xmin = (?P<t0>[\d.]+)\s+xmax = (?P<t1>[\d.]+)\s+text = "(?P<text>(?:[^"]|"")*)"'
)

needs_consultations = pytest.mark.skipif(
    not CONSULTATIONS, reason="needs REAL_TIMING_DIR with primock57/"
)


def lines(text: str) -> list[str]:
    """The lines of a text, without the blank ones."""
    return [line for line in text.splitlines() if line]


def families(name: str, counted_as: Mapping[str, tuple[str, ...]]) -> list[Family]:
    """The family of that name, or those that the lines of that name may be heard by."""
    return [PHRASES[part] for part in counted_as.get(name, (name,))]


def hears(listening: Iterable[Family], text: str) -> bool:
    """Whether one of these families hears a line."""
    return any(family.find(tokens(text)) is not None for family in listening)


def assert_most_are_heard(listening: list[Family], said: list[str]) -> None:
    """No more than 15 of 100 lines are missed."""
    missed = [one for one in said if not hears(listening, one)]
    assert len(missed) <= 0.15 * len(said), missed


def per_hour(names: Iterable[str]) -> dict[str, float]:
    """How often the families of these names are heard, as a call hears them, in an hour of calm
    consultations, where the doctor is the agent and the patient the customer."""
    heard, hours = _heard()
    return {name: heard[name] / hours for name in names}


@cache
def _heard() -> tuple[Counter[str], float]:
    """Cues of each family in all the consultations, and their hours."""
    meaning = meaning_of(AsrSettings())
    if meaning is None:
        pytest.skip(ENCODER_MISSING)
    heard: Counter[str] = Counter()
    hours = 0.0
    for name in CONSULTATIONS:
        spotter = CueSpotter(PHRASES)
        said = [one for who in SPEAKERS for one in _said(name, who)]
        for one in sorted(said, key=lambda each: each.t1):
            read = one.model_copy(update={"meant": meaning.read(one.text, one.party)})
            heard.update(cue.family for cue in spotter.transcript(read, read.t1))
        hours += _hours(name)
    return heard, hours


def _said(name: str, who: str) -> Iterator[Transcript]:
    grid = _grid(name, who)
    for number, match in enumerate(_SAID.finditer(grid)):
        if text := re.sub(r"<[^>]*>", "", match["text"].replace('""', '"')).strip():
            yield Transcript(
                utterance=number,
                party=SPEAKERS[who],
                t0=float(match["t0"]),
                t1=float(match["t1"]),
                text=text,
            )


def _hours(name: str) -> float:
    found = re.search(r"xmax = ([\d.]+)", _grid(name, "doctor"))
    assert found is not None
    return float(found[1]) / 3600


def _grid(name: str, who: str) -> str:
    return (Path(REAL_DIR) / "primock57" / f"{name}_{who}.TextGrid").read_text(encoding="utf-8")
