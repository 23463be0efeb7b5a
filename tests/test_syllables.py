"""Syllable nuclei: known syllables, what is none, and real speech with its text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from monitor.audio import BLOCK_S, RATE_HZ, Blocks
from monitor.audiofile import AudioFile
from monitor.ear import Ear
from monitor.rate import syllables as of_text
from monitor.syllables import LEAD, STEP, NucleusFinder, intensity


def found(points_db: list[float], voiced: bool = True) -> int:
    finder = NucleusFinder()
    whole = points_db[: len(points_db) // 4 * 4]
    return sum(finder.blocks(whole, [voiced] * (len(whole) // 4)))


def syllables(count: int, depth_db: float, points_each: int, peak_db: float = -25.0) -> list[float]:
    """Silence, then so many bumps with dips of ``depth_db`` between them, then silence."""
    phase = np.arange(count * points_each) / points_each
    bumps = peak_db - depth_db * np.cos(np.pi * phase) ** 2
    return [-80.0] * 20 + [float(p) for p in bumps] + [-80.0] * 20


@pytest.mark.parametrize("points_each", [10, 15, 25, 40])
@pytest.mark.parametrize("depth_db", [3.0, 8.0, 20.0])
def test_bumps_are_counted(points_each: int, depth_db: float) -> None:
    assert found(syllables(6, depth_db, points_each)) == 6


def test_shallow_dips_do_not_part_syllables() -> None:
    assert found(syllables(6, 2.0, 25)) == 1


def test_bumps_closer_than_48_ms_are_one_syllable_in_two() -> None:
    assert found(syllables(8, 6.0, 6)) == 8
    assert found(syllables(8, 6.0, 4)) == 4


def test_unvoiced_bumps_are_none() -> None:
    assert found(syllables(6, 8.0, 25), voiced=False) == 0


def test_far_below_the_recent_maximum_are_none() -> None:
    loud, faint = syllables(3, 8.0, 25, -15.0), syllables(3, 8.0, 25, -45.0)
    assert found(loud + faint) == 3
    assert found(faint) == 3


def test_a_nucleus_is_confirmed_by_the_fall_after_its_peak() -> None:
    finder = NucleusFinder()
    rise = finder.blocks([-80.0] * 4 + [-60.0, -40.0, -30.0, -26.0], [True, True])
    top = finder.blocks([-25.0, -25.5, -26.0, -26.5], [True])
    fall = finder.blocks([-27.5, -40.0, -60.0, -80.0], [True])
    assert (rise, top, fall) == ([0, 0], [0], [1])


def test_intensity_is_the_level_without_the_offset_of_the_line() -> None:
    t = np.arange(LEAD + 1024) / RATE_HZ
    tone = (0.1 * np.sqrt(2) * np.sin(2 * np.pi * 500 * t) + 0.2)[np.newaxis].astype(np.float32)
    points = intensity(tone)
    assert points.shape == (1, 1024 // STEP)
    assert points == pytest.approx(-20.0, abs=0.1)
    assert intensity(np.zeros((2, LEAD + 256), np.float32)).max() == -100.0


# ---- the sample calls against their text ---------------------------------------------

RENDERED = Path(__file__).parent.parent / "samples" / "rendered"


def rates(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Syllables per second of turns, agent and customer: of the text, and nuclei."""
    ref = json.loads((RENDERED / f"{name}.ref.json").read_text())
    pcm = np.concatenate(list(AudioFile(RENDERED / f"{name}.flac").pieces()), axis=1)
    ear = Ear()
    heard = ear.hear(ear.open(2), Blocks(2).push(pcm))
    text, nuclei = np.zeros(2), np.zeros(2)
    for row, party in enumerate(("agent", "customer")):
        turns = [turn for turn in ref["turns"] if turn["party"] == party]
        length_s = sum(turn["t1"] - turn["t0"] for turn in turns)
        for turn in turns:
            first, last = (round(turn[key] / BLOCK_S) for key in ("t0", "t1"))
            nuclei[row] += heard.nuclei[row, first : last + 4].sum() / length_s
        for word in ref["words"]:
            inside = any(turn["t0"] <= word["t0"] < turn["t1"] for turn in turns)
            text[row] += of_text(word["text"]) * (word["party"] == party and inside) / length_s
    return text, nuclei


@pytest.mark.parametrize("name", ["calm", "hurry", "rising", "talkover"])
def test_nuclei_of_the_sample_calls(name: str) -> None:
    text, nuclei = rates(name)
    assert nuclei == pytest.approx(text, rel=0.15)
    assert nuclei[0] / nuclei[1] == pytest.approx(text[0] / text[1], rel=0.15)


def test_fast_and_slow_are_told_apart() -> None:
    """Both are pulled towards the middle, but by no means to the same rate."""
    text, nuclei = rates("pace")
    assert text[0] > 1.5 * text[1]
    assert nuclei[0] > 1.3 * nuclei[1]
