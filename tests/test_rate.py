"""One party's speech rate: syllables of a text, stretches that count, transcripts that last."""

from __future__ import annotations

from itertools import pairwise

import pytest

from monitor.audio import BLOCK_S
from monitor.config import PaceSettings
from monitor.rate import PAUSE_BLOCKS, Rate, Told, Window, rate_of, syllables


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("...", 0),
        ("Hm", 1),
        ("the cable goes into the wall", 8),
        ("I moved, and liked it.", 5),
        ("wanted", 2),
        ("I don't like that", 4),
        ("Über München", 4),
        ("she makes boxes", 4),
        ("12 50", 4),
        ("S-I-T", 3),
    ],
)
def test_syllables_of_a_text(text: str, count: int) -> None:
    assert syllables(text) == count


def test_fast_and_slow_are_put_back_where_they_were() -> None:
    """Mean rates of the text, and what was found, in the recordings not fitted on."""
    for text, nuclei in ((7.06, 6.43), (5.86, 5.60), (5.25, 5.22), (4.57, 4.73), (3.27, 3.66)):
        assert rate_of(15 * nuclei, 15) == pytest.approx(text, rel=0.05)


def test_more_nuclei_are_always_a_faster_rate_and_none_are_none() -> None:
    rates = [rate_of(nuclei, 10) for nuclei in range(120)]
    assert rates[0] == 0.0
    assert all(slower < faster for slower, faster in pairwise(rates))


def test_a_window_holds_the_newest() -> None:
    window = Window(10 * BLOCK_S)
    for nuclei in [1.0] * 10 + [0.0] * 5:
        window.add(nuclei)
    window.late(1.0)
    assert window.length_s == pytest.approx(10 * BLOCK_S)
    assert window.rate == rate_of(6, 10 * BLOCK_S)
    assert window.newest(5) == rate_of(1, 5 * BLOCK_S)
    assert window.newest(50) == pytest.approx(window.rate)


def test_transcripts_are_held_until_newer_ones_fill_the_length() -> None:
    told = Told(10.0)
    for syllable_count in (10, 20, 30):
        told.add(syllable_count, 6.0)
    assert (told.syllables, told.seconds) == (50, 12.0)


def spoken(rate: Rate, blocks: int, every: int, pause: int = PAUSE_BLOCKS + 1) -> None:
    for block in range(blocks):
        rate.step(True, float(block % every == 0))
    for _ in range(pause):
        rate.step(False, 0.0)


def test_a_stretch_counts_from_five_syllables_or_a_second() -> None:
    rate = Rate(PaceSettings())
    spoken(rate, 30, 8)
    assert rate.window.length_s == 0.0
    assert rate.all_nuclei == 4.0
    spoken(rate, 20, 4)
    assert rate.window.nuclei == 5.0
    spoken(rate, 40, 20)
    assert rate.window.nuclei == 7.0
    assert rate.window.length_s == pytest.approx(60 * BLOCK_S)
    spoken(rate, 30, 8)
    assert rate.window.nuclei == 7.0


def test_a_short_pause_does_not_end_a_stretch() -> None:
    rate = Rate(PaceSettings())
    for _ in range(3):
        spoken(rate, 15, 8, pause=PAUSE_BLOCKS)
    assert rate.window.length_s == pytest.approx((3 * 15 + 2 * PAUSE_BLOCKS) * BLOCK_S)


def test_a_stretch_ends_with_a_longer_pause() -> None:
    rate = Rate(PaceSettings())
    ended = []
    for length, pause in ((50, 5), (30, PAUSE_BLOCKS + 1), (10, 40), (40, 40)):
        ended += [rate.step(True, float(block % 10 == 0)) for block in range(length)]
        ended += [rate.step(False, float(block == 2)) for block in range(pause)]
    first, second = (stretch for stretch in ended if stretch is not None)
    assert first.seconds == pytest.approx((50 + 5 + 30) * BLOCK_S)
    assert first.nuclei == 5 + 1 + 3 + 1, "each pause brought one late"
    assert second == (pytest.approx(40 * BLOCK_S), 4 + 1), "the one of 10 blocks is none"


def test_short_answers_are_words_but_no_pace() -> None:
    rate = Rate(PaceSettings())
    rate.transcript(1, 2, 0.4)
    assert (rate.words, rate.told.seconds) == (1, 0.0)
    rate.transcript(4, 6, 0.9)
    assert (rate.words, rate.told.seconds) == (5, 0.9)


def test_a_told_rate_needs_ten_seconds() -> None:
    rate = Rate(PaceSettings())
    rate.transcript(20, 30, 6.0)
    assert rate.told_rate(PaceSettings()) is None
    rate.transcript(20, 30, 6.0)
    assert rate.told_rate(PaceSettings()) == pytest.approx(5.0)
