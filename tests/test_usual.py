"""How one party usually sounds."""

from __future__ import annotations

import math

from monitor.usual import DIP_DB, SHOWN_MIN_BLOCKS, USUAL_MIN_BLOCKS, Usual


def known(level_db: float = -26.0, f0_hz: float = 150.0) -> Usual:
    usual = Usual()
    for _ in range(USUAL_MIN_BLOCKS):
        usual.hear(level_db, f0_hz, alone=True)
    return usual


def test_nothing_is_unusual_before_the_usual_is_known() -> None:
    usual = Usual()
    assert usual.louder_db([0.0] * 20) == 0.0
    assert usual.higher_semitones([400.0] * 20) == 0.0
    assert not usual.dips(-90.0)
    assert not usual.came_to_end()


def test_louder_and_higher_than_usual() -> None:
    usual = known()
    assert usual.louder_db([-20.0] * SHOWN_MIN_BLOCKS) == 6.0
    assert usual.higher_semitones([300.0] * SHOWN_MIN_BLOCKS) == 12.0


def test_too_little_shows_nothing() -> None:
    usual = known()
    assert usual.louder_db([0.0] * (SHOWN_MIN_BLOCKS - 1)) == 0.0
    assert usual.higher_semitones([300.0] * (SHOWN_MIN_BLOCKS - 1)) == 0.0


def test_what_is_said_over_the_other_does_not_become_usual() -> None:
    usual = known()
    for _ in range(10 * USUAL_MIN_BLOCKS):
        usual.hear(-10.0, 300.0, alone=False)
    assert usual.louder_db([-20.0] * SHOWN_MIN_BLOCKS) == 6.0


def test_dips() -> None:
    usual = known(-26.0)
    assert usual.dips(-26.0 - DIP_DB - 1)
    assert not usual.dips(-26.0 - DIP_DB)


def test_a_phrase_that_falls_in_level_or_pitch_came_to_its_end() -> None:
    for level_db, f0_hz, ended in [
        (-26.0, 150.0, False),
        (-34.0, 150.0, True),
        (-26.0, 130.0, True),
        (-26.0, math.nan, False),
    ]:
        usual = known()
        for _ in range(8):
            usual.hear(level_db, f0_hz, alone=False)
        assert usual.came_to_end() == ended
