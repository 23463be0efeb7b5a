"""How one party usually sounds."""

from __future__ import annotations

import math

import pytest

from monitor.usual import (
    DIP_DB,
    ONSET_BLOCKS,
    ONSETS_MIN,
    SHOUT_DB,
    TAIL_BLOCKS,
    USUAL_MIN_BLOCKS,
    Usual,
)
from monitor.utterances import NEVER

RUN = 2 * ONSET_BLOCKS


def say(
    usual: Usual, since: float, level_db: float, f0_hz: float, alone: bool = True, blocks: int = RUN
) -> None:
    for block in range(blocks):
        usual.hear(since + block * 0.032, since, level_db, f0_hz, alone)


def known(level_db: float = -26.0, f0_hz: float = 150.0, runs: int = ONSETS_MIN) -> Usual:
    usual = Usual()
    for run in range(runs):
        say(usual, float(run), level_db, f0_hz)
    assert len(usual.level_db) >= USUAL_MIN_BLOCKS
    return usual


def test_nothing_is_unusual_before_the_usual_is_known() -> None:
    usual = Usual()
    assert usual.stands_out() == ""
    assert not usual.dips(-90.0)
    assert not usual.stopped_short()
    assert usual.end == NEVER


@pytest.mark.parametrize(
    ("louder_db", "higher_hz", "how"),
    [
        (SHOUT_DB, 0.0, "6 dB above own median"),
        (3.0, 25.0, "3 dB and 3 semitones above own usual begin"),
        (3.0, 10.0, ""),
        (2.0, 60.0, ""),
        (5.0, math.nan, ""),
    ],
)
def test_a_beginning_stands_out(louder_db: float, higher_hz: float, how: str) -> None:
    usual = known()
    say(usual, 100.0, -26.0 + louder_db, 150.0 + higher_hz, alone=False, blocks=ONSET_BLOCKS)
    assert usual.stands_out() == how


def test_before_its_first_half_second_a_beginning_shows_nothing() -> None:
    usual = known()
    say(usual, 100.0, -10.0, 300.0, alone=False, blocks=ONSET_BLOCKS - 1)
    assert usual.stands_out() == ""


def test_louder_and_higher_needs_more_than_the_spread_of_own_beginnings() -> None:
    usual = Usual()
    for run in range(12):
        lively = run % 3 - 1
        say(usual, float(run), -26.0 + 5 * lively, 150.0 * 2 ** (lively / 3))
    say(usual, 100.0, -22.0, 180.0, alone=False)
    assert usual.stands_out() == ""


def test_what_is_said_over_the_other_does_not_become_usual() -> None:
    usual = known()
    for run in range(100, 120):
        say(usual, float(run), -10.0, 300.0, alone=False)
    assert usual.level_db.median == -26.0
    assert usual.stands_out() == "16 dB above own median"


def test_dips_are_no_voice() -> None:
    usual = known(-26.0)
    end = usual.end
    say(usual, 100.0, -26.0 - DIP_DB - 1, math.nan)
    assert (usual.end, usual.onset) == (end, None)
    say(usual, 101.0, -26.0 - DIP_DB, math.nan)
    assert usual.end > 101.0


def test_who_falls_silent_at_full_level_stopped_short() -> None:
    for level_db, short in [(-26.0, True), (-34.0, False)]:
        usual = known()
        say(usual, 100.0, level_db, 150.0, alone=False, blocks=TAIL_BLOCKS)
        assert usual.stopped_short() == short
