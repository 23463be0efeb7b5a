"""The phrases of models/phrases/en/technique.toml: what they hear, and what they must not.

The lines are made up, so this is a floor against loss and no recall on calls. On lines in the
manner of those that they were tuned on, 98 % were heard; of lines written afterwards, in yet
other words, 21 %, and after widening 38 % of the next ones (``lines.LATER``). What is not heard
opens no nudge: that is the cheaper mistake.
"""

from __future__ import annotations

import pytest

from tests.dialogue import PHRASES
from tests.nudges.lines import ELSE, HEARD, LATER
from tests.nudges.listening import (
    assert_most_are_heard,
    families,
    hears,
    lines,
    needs_consultations,
    per_hour,
)

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
    "vague_promise": 1.5,
    "who_will": 0.5,
    "fault_told": 1.0,
    "confused": 3.0,
    "protest": 1.0,
    "gives_feedback": 0.5,
}
"""A doctor and a patient are calm: what opens a nudge is heard about so often there in truth
(a patient asks what a word means, a doctor says what cannot be done online).
Vague promises are four in 3.3 h, two of them such: "you should hear back relatively soon", "we'll
try our very best to get this sorted out"."""


@pytest.mark.parametrize("name", HEARD)
def test_most_of_what_is_said_is_heard(name: str) -> None:
    said = lines(HEARD[name])
    assert len(said) >= 12
    assert_most_are_heard(families(name, COUNTED_AS), said)


@pytest.mark.parametrize("name", LATER)
def test_what_was_missing_is_heard_now(name: str) -> None:
    assert_most_are_heard([PHRASES[name]], lines(LATER[name]))


@pytest.mark.parametrize("name", ELSE)
def test_what_sounds_alike_is_not_heard(name: str) -> None:
    alike = families(name, COUNTED_AS)
    assert not [one for one in lines(ELSE[name]) if hears(alike, one)]


@needs_consultations
def test_calm_consultations_hardly_open_a_nudge() -> None:
    often = per_hour(MOST_PER_HOUR)
    assert not {name: n for name, n in often.items() if n > MOST_PER_HOUR[name]}
