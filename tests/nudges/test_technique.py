"""The phrases of models/phrases/en/technique.toml: what they hear, and what they must not.

The lines are made up, so this is a floor against loss and no recall on calls. On lines in the
manner of those that they were tuned on, 98 % were heard; of lines written afterwards, in yet
other words, 21 %, and after widening 38 % of the next ones (``lines.LATER``). What is not heard
opens no nudge: that is the cheaper mistake.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.events import Party
from monitor.phrases import Family
from monitor.wording import tokens
from tests.dialogue import PHRASES
from tests.nudges.lines import ELSE, HEARD, LATER, lines

REAL_DIR = os.environ.get("REAL_TIMING_DIR", "")
CONSULTATIONS = sorted(Path(REAL_DIR).glob("primock57/*.TextGrid")) if REAL_DIR else []

COUNTED_AS = {
    "against_them": ("against_them", "talks_down"),
    "excuse": ("excuse", "blames"),
    "closing": ("closing", "goodbye"),
}
"""One list of lines for two families: a plain one, and one that is so only at times."""

MOST_PER_HOUR = {
    "not_mine": 0.5,
    "excuse": 0.5,
    "blames": 0.5,
    "against_them": 1.5,
    "talks_down": 0.5,
    "refusal": 1.5,
    "defensive": 0.5,
    "vague_promise": 1.0,
    "who_will": 0.5,
    "fault_told": 1.0,
    "confused": 3.0,
    "protest": 1.0,
    "gives_feedback": 0.5,
}
"""A doctor and a patient are calm: what opens a nudge is heard about so often there in truth
(a patient asks what a word means, a doctor says what cannot be done online)."""


def families(name: str) -> list[Family]:
    return [PHRASES[part] for part in COUNTED_AS.get(name, (name,))]


@pytest.mark.parametrize("name", HEARD)
def test_most_of_what_is_said_is_heard(name: str) -> None:
    said = lines(HEARD[name])
    missed = [one for one in said if not any(f.find(tokens(one)) for f in families(name))]
    assert len(said) >= 12
    assert len(missed) <= 0.15 * len(said), missed


@pytest.mark.parametrize("name", LATER)
def test_what_was_missing_is_heard_now(name: str) -> None:
    said = lines(LATER[name])
    missed = [one for one in said if not PHRASES[name].find(tokens(one))]
    assert len(missed) <= 0.15 * len(said), missed


@pytest.mark.parametrize("name", ELSE)
def test_what_sounds_alike_is_not_heard(name: str) -> None:
    false = [one for one in lines(ELSE[name]) if any(f.find(tokens(one)) for f in families(name))]
    assert not false


def utterances(path: Path) -> Iterator[str]:
    for match in re.finditer(r'text = "((?:[^"]|"")*)"', path.read_text()):
        if text := re.sub(r"<[^>]*>", "", match[1]).strip():
            yield text


@pytest.mark.skipif(not CONSULTATIONS, reason="needs REAL_TIMING_DIR with primock57/")
def test_calm_consultations_hardly_open_a_nudge() -> None:
    hours = 0.0
    heard: Counter[str] = Counter()
    for path in CONSULTATIONS:
        party: Party = "agent" if "doctor" in path.name else "customer"
        if party == "agent":
            found = re.search(r"xmax = ([\d.]+)", path.read_text())
            assert found is not None
            hours += float(found[1]) / 3600
        watched = [f for f in PHRASES.of(party) if f.name in MOST_PER_HOUR]
        for text in utterances(path):
            heard.update(f.name for f in watched if f.find(tokens(text)))
    often = {name: round(n / hours, 1) for name, n in heard.items()}
    assert not {name: n for name, n in often.items() if n > MOST_PER_HOUR[name]}
