"""One party's speech rate: syllables of a text, stretches that count, transcripts that last."""

from __future__ import annotations

import pytest

from monitor.audio import BLOCK_S
from monitor.config import PaceSettings
from monitor.rate import PAUSE_BLOCKS, Rate, Told, Window, syllables


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


def test_a_window_holds_the_newest() -> None:
    window = Window(10 * BLOCK_S)
    for nuclei in [1.0] * 10 + [0.0] * 5:
        window.add(nuclei)
    window.late(1.0)
    assert window.length_s == pytest.approx(10 * BLOCK_S)
    assert window.rate == pytest.approx(6 / (10 * BLOCK_S))
    assert window.newest(5) == pytest.approx(1 / (5 * BLOCK_S))
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
    assert rate.all_syllables == 4.0
    spoken(rate, 20, 4)
    assert rate.window.syllables == 5.0
    spoken(rate, 40, 20)
    assert rate.window.syllables == 7.0
    assert rate.window.length_s == pytest.approx(60 * BLOCK_S)
    spoken(rate, 30, 8)
    assert rate.window.syllables == 7.0


def test_a_short_pause_does_not_end_a_stretch() -> None:
    rate = Rate(PaceSettings())
    for _ in range(3):
        spoken(rate, 15, 8, pause=PAUSE_BLOCKS)
    assert rate.window.length_s == pytest.approx((3 * 15 + 2 * PAUSE_BLOCKS) * BLOCK_S)


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
