"""Own speech is kept, echo is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config import HearingSettings
from monitor.crosstalk import ECHO_HOLD_BLOCKS, CrosstalkGate
from monitor.ear import Heard
from tests.scores import heard, louder, natural, swapped, with_echo

AGENT = "....==============......=================......==========........" * 2
CUSTOMER = "...................=====................======..........========.." * 2
LATE_BLOCKS = 2
"""Three of four blocks: the first two of a run are not yet speech."""
SOON_BLOCKS = 1
"""Where no echo is possible, only the first is not."""


def gated(rows: Heard, gate: CrosstalkGate | None = None) -> np.ndarray:
    gate = gate or CrosstalkGate(HearingSettings())
    speech, level_db = rows.speech.T.tolist(), rows.level_db.T.tolist()
    own = [gate.step(tuple(p), tuple(x)) for p, x in zip(speech, level_db, strict=True)]
    return np.array(own).T


def spoken(rows: Heard) -> np.ndarray:
    return rows.speech > 0.5


def onsets(speech: np.ndarray) -> int:
    return int(np.count_nonzero(np.diff(speech.astype(int), prepend=0) == 1))


def not_spoken(rows: Heard, row: int, tail: int = 4) -> np.ndarray:
    """Blocks in which the party said nothing, nor just before."""
    near = np.convolve(spoken(rows)[row], np.ones(tail + 1))[: rows.blocks] > 0
    return ~near


def test_alternating_speech_is_all_kept() -> None:
    rows = natural(heard("..=====........========....", "........======...........==="), 3)
    own, truth = gated(rows), spoken(rows)
    for row in (0, 1):
        lost = np.count_nonzero(truth[row] & ~own[row])
        assert lost <= LATE_BLOCKS * onsets(truth[row])
        assert not own[row][not_spoken(rows, row)].any()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_clean_dialogue_with_overlaps_keeps_its_speech(seed: int) -> None:
    rows = natural(heard(AGENT, CUSTOMER), seed)
    own, truth = gated(rows), spoken(rows)
    for row in (0, 1):
        lost = np.count_nonzero(truth[row] & ~own[row]) - LATE_BLOCKS * onsets(truth[row])
        assert lost <= 0.03 * truth[row].sum()


def dipping(rows: Heard, row: int, dip_blocks: int) -> Heard:
    """The speech of a row with a dip to the noise after every 8 blocks of it."""
    level_db = rows.level_db.copy()
    said = np.flatnonzero(spoken(rows)[row])
    level_db[row, [b for i, b in enumerate(said) if i % (8 + dip_blocks) >= 8]] = -68.0
    return replace(rows, level_db=level_db)


@pytest.mark.parametrize("dip_blocks", [1, 3, 6])
def test_dips_inside_speech_are_speech(dip_blocks: int) -> None:
    rows = dipping(natural(heard(AGENT, CUSTOMER), 1), 0, dip_blocks)
    own, truth = gated(rows), spoken(rows)
    assert own[0][truth[0]].mean() > 0.9


def test_speech_does_not_go_on_in_the_echo_of_the_other() -> None:
    rows = natural(heard("=" * 90, "." * 30 + "=" * 20), 2)
    own = gated(with_echo(rows, 0, -20.0, 0.12))[1]
    assert np.flatnonzero(own).max() - np.flatnonzero(spoken(rows)[1]).max() <= ECHO_HOLD_BLOCKS


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_who_begin_at_once_are_both_heard(seed: int) -> None:
    own = gated(natural(heard("=" * 12, "." + "=" * 11), seed))
    assert own[0].mean() > 0.85
    assert own[1].mean() > 0.7


def test_loud_sound_long_before_holds_nobody_back() -> None:
    rows = natural(heard("=" * 30 + "." * 60, "." * 70 + "=" * 20), 1)
    own, truth = gated(rows), spoken(rows)
    assert np.flatnonzero(own[1]).min() - np.flatnonzero(truth[1]).min() <= SOON_BLOCKS


@pytest.mark.parametrize("source", [0, 1])
@pytest.mark.parametrize(
    ("gain_db", "delay_s"), [(-20.0, 0.12), (-12.0, 0.12), (-30.0, 0.2), (-20.0, 0.3), (-20.0, 0.0)]
)
def test_echo_is_never_own_speech(source: int, gain_db: float, delay_s: float) -> None:
    lines = (AGENT, CUSTOMER) if source == 0 else (CUSTOMER, AGENT)
    rows = natural(heard(*lines), 1)
    echoed = with_echo(rows, source, gain_db, delay_s)
    other = 1 - source
    assert (spoken(echoed)[other] & not_spoken(rows, other)).sum() > 100, "no echo, no test"
    assert not gated(echoed)[other][not_spoken(rows, other)].any()


def test_from_the_first_word_of_the_call() -> None:
    rows = natural(heard("=" * 20), 5)
    echoed = with_echo(rows, 0, -20.0, 0.12)
    assert not gated(echoed)[1].any()


def test_the_customer_is_heard_through_the_echo() -> None:
    rows = natural(heard("=" * 60, "." * 30 + "=" * 20), 2)
    own = gated(with_echo(rows, 0, -20.0, 0.12))
    truth = spoken(rows)[1]
    assert own[1][truth].mean() > 0.85


def test_echo_that_starts_in_the_middle_of_the_call() -> None:
    before = natural(heard("=" * 30 + "." * 30, "." * 30 + "=" * 30 + "." * 5), 4)
    after = natural(heard("=" * 60 + "." * 5), 5)
    gate = CrosstalkGate(HearingSettings())
    gated(before, gate)
    own = gated(with_echo(after, 0, -20.0, 0.12), gate)
    assert not own[1].any()


def test_gain_and_delay_of_the_echo_are_found() -> None:
    gate = CrosstalkGate(HearingSettings())
    gated(with_echo(natural(heard("=" * 40, "." * 40), 1), 0, -20.0, 0.128), gate)
    assert gate.leak_db("agent") == pytest.approx(-20.0, abs=1.0)
    assert gate.leak_db("customer") is None
    assert gate.delay_ms == pytest.approx(128.0, abs=32.0)
    assert not gate.mixed


def test_no_echo_is_found_where_there_is_none() -> None:
    gate = CrosstalkGate(HearingSettings())
    gated(natural(heard(AGENT, CUSTOMER), 1), gate)
    assert gate.leak_db("agent") is None
    assert gate.leak_db("customer") is None
    assert gate.delay_ms is None


def test_double_talk_teaches_no_high_gain() -> None:
    gate = CrosstalkGate(HearingSettings())
    gated(natural(heard("=" * 20 + "." * 25, "." * 22 + "=" * 20 + "..."), 1), gate)
    long = natural(heard("=" * 200, "=" * 200), 7)
    own = gated(long, gate)
    assert own.mean() > 0.9
    assert not gate.mixed


@pytest.mark.parametrize("gain_db", [0.0, -2.0, 2.0])
def test_one_sound_on_both_channels_is_mixed(gain_db: float) -> None:
    rows = natural(heard("=" * 20 + ".." + "=" * 20), 1)
    twin = Heard(*(np.stack([a[0], a[0]]) for a in _arrays(rows)))
    twin.level_db[1] += np.float32(gain_db)
    gate = CrosstalkGate(HearingSettings())
    own = gated(twin, gate)
    assert gate.mixed
    assert own[:, -20:].all(), "mixed channels are not gated against each other"


def test_long_speech_does_not_raise_the_noise_floor() -> None:
    rows = natural(heard("." * 5 + "=" * 600), 1)
    own = gated(rows)
    assert own[0][-100:].all()


def test_noise_that_the_detector_calls_speech_is_not_speech() -> None:
    rows = heard("." * 40)
    rows.speech[0, 60:] = 0.9
    assert not gated(rows).any()


def test_nothing_from_before_a_gap_is_held_against_what_comes_after() -> None:
    gate = CrosstalkGate(HearingSettings())
    gated(natural(heard("=" * 30 + "." * 10 + "=" * 30, "." * 72), 1), gate)
    gate.missing()
    rows = natural(heard("", "=" * 20), 1)
    assert np.flatnonzero(gated(rows, gate)[1]).min() <= SOON_BLOCKS
    assert gate.leak_db("agent") is None


def test_an_echo_is_still_known_after_a_gap() -> None:
    gate = CrosstalkGate(HearingSettings())
    gated(with_echo(natural(heard("=" * 40, "." * 40), 1), 0, -20.0, 0.128), gate)
    gate.missing()
    assert gate.leak_db("agent") == pytest.approx(-20.0, abs=1.0)
    assert not gated(with_echo(natural(heard("=" * 40), 5), 0, -20.0, 0.128), gate)[1].any()


def test_a_click_is_not_speech() -> None:
    rows = heard("." * 10)
    rows.speech[0, 12] = 0.95
    rows.level_db[0, 12] = -20.0
    assert not gated(rows).any()


@settings(max_examples=15, deadline=None)
@given(
    gain_db=st.sampled_from([-6.0, 6.0]),
    seed=st.integers(0, 1000),
    echo=st.booleans(),
)
def test_a_gain_on_both_channels_changes_nothing(gain_db: float, seed: int, echo: bool) -> None:
    rows = natural(heard(AGENT[:65], CUSTOMER[:65]), seed)
    if echo:
        rows = with_echo(rows, 0, -20.0, 0.12)
    assert np.array_equal(gated(rows), gated(louder(rows, gain_db)))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_swapping_the_channels_swaps_the_answer(seed: int) -> None:
    rows = with_echo(natural(heard(AGENT[:65], CUSTOMER[:65]), seed), 0, -20.0, 0.12)
    assert np.array_equal(gated(rows), gated(swapped(rows))[::-1])


def _arrays(rows: Heard) -> list[np.ndarray]:
    return [
        rows.speech,
        rows.level_db,
        rows.f0_hz,
        rows.voicing,
        rows.balance_db,
        rows.nuclei,
    ]
