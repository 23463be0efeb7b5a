"""What phrases hear: of lines that were made up, and of calm consultations that were held."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from monitor.events import Party
from monitor.phrases import Family
from monitor.wording import tokens
from tests.dialogue import PHRASES

REAL_DIR = os.environ.get("REAL_TIMING_DIR", "")
CONSULTATIONS = sorted(Path(REAL_DIR).glob("primock57/*.TextGrid")) if REAL_DIR else []

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
    """How often the families of these names are heard in an hour of calm consultations, where
    the doctor is the agent and the patient the customer."""
    hours = 0.0
    heard: Counter[str] = Counter()
    for path in CONSULTATIONS:
        party: Party = "agent" if "doctor" in path.name else "customer"
        if party == "agent":
            hours += _hours(path)
        listening = [PHRASES[name] for name in names if PHRASES[name].party == party]
        for text in _utterances(path):
            heard.update(family.name for family in listening if hears([family], text))
    return {name: n / hours for name, n in heard.items()}


def _hours(path: Path) -> float:
    found = re.search(r"xmax = ([\d.]+)", path.read_text())
    assert found is not None
    return float(found[1]) / 3600


def _utterances(path: Path) -> Iterator[str]:
    for match in re.finditer(r'text = "((?:[^"]|"")*)"', path.read_text()):
        if text := re.sub(r"<[^>]*>", "", match[1]).strip():
            yield text
