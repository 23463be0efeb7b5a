"""The phrases of models/phrases/en/flow.toml: what they hear, and what they must not.

The lines are made up, so this is a floor against loss and no recall on calls. Of the halves that
were not looked at while the phrases were written 154 of 157 were heard; of 100 lines written later
68, and after these had widened the phrases, 50 of 60 newer ones. Somebody else's would show less.
"""

from __future__ import annotations

import pytest

from tests.dialogue import PHRASES
from tests.nudges.flow_lines import ELSE, HEARD
from tests.nudges.listening import (
    assert_most_are_heard,
    families,
    hears,
    lines,
    needs_consultations,
    per_hour,
)

COUNTED_AS = {"worry": ("worry", "fear"), "are_you_there": ("are_you_there", "calls_out")}
"""Lines that either of two families may hear."""

MOST_PER_HOUR = {
    "fear": 2.5,
    "worry": 8.0,
    "not_understood": 1.5,
    "insult": 0.1,
    "also_mentioned": 2.0,
    "handover": 0.1,
    "boundary": 0.5,
}
"""What opens a nudge, or closes a grave one, in calm consultations: patients do worry, and do
ask what a word means. By phrases alone it is 0.3 fears and 3.0 worries; what sentences mean adds
1.8 and 4.6. Of the 25 worries some 12 are such, of the 7 fears one or two: who tells symptoms and
is sure of nothing sounds worried to it. Of those heard in samples/sentences/held.csv 15 of 17 and
9 of 11 are right."""


@pytest.mark.parametrize("name", HEARD)
def test_most_of_what_is_said_is_heard(name: str) -> None:
    said = lines(HEARD[name])
    assert len(said) >= 12
    assert_most_are_heard(families(name, COUNTED_AS), said)


@pytest.mark.parametrize("name", ELSE)
def test_what_sounds_alike_is_not_heard(name: str) -> None:
    alike = [PHRASES[name]]
    assert not [one for one in lines(ELSE[name]) if hears(alike, one)]


@needs_consultations
def test_calm_consultations_hardly_open_a_nudge() -> None:
    often = per_hour(MOST_PER_HOUR)
    assert not {name: n for name, n in often.items() if n > MOST_PER_HOUR[name]}
