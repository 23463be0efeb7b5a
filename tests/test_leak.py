"""The gain and the delay of an echo, from levels alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monitor.config import HearingSettings
from monitor.crosstalk import LOUD_BLOCKS, CrosstalkGate
from monitor.ear import Heard
from monitor.events import PARTIES
from monitor.leak import LEAST_MARGIN_DB, MOST_MARGIN_DB
from tests.scores import heard, natural, with_echo
from tests.test_crosstalk import gated

TALK = "=" * 40 + "." * 6 + "=" * 30 + "." * 6
BLOCK_MS = 32.0


def jittered(rows: Heard, row: int, spread_db: float) -> Heard:
    """What a room does to one row: each block a little louder or softer than it would be."""
    level_db = rows.level_db.copy()
    level_db[row] += np.random.default_rng(3).normal(0.0, spread_db, rows.blocks)
    return replace(rows, level_db=level_db)


def twins(gain_db: float, delay_blocks: int, noise_db: float, seed: int = 1) -> Heard:
    """Two people on one channel, and a copy of it on the other."""
    both = natural(heard((TALK + "." * 40) * 2, ("." * 82 + "=" * 36 + "....") * 2), seed)
    power = (10 ** (both.level_db.astype(np.float64) / 10)).sum(axis=0)
    late = np.roll(power, delay_blocks) * 10 ** (gain_db / 10)
    level_db = 10 * np.log10(np.stack([power, late]) + 10 ** (noise_db / 10))
    speech = both.speech.max(axis=0)
    return replace(
        both,
        level_db=level_db.astype(np.float32),
        speech=np.stack([speech, np.roll(speech, delay_blocks)]),
    )


@pytest.mark.parametrize("source", [0, 1])
@pytest.mark.parametrize("delay_ms", [0.0, 8.0, 72.0, 128.0, 300.0, 400.0])
def test_delay_and_gain_are_found_between_the_blocks(source: int, delay_ms: float) -> None:
    lines = (TALK, "") if source == 0 else ("", TALK)
    gate = CrosstalkGate(HearingSettings())
    gated(with_echo(natural(heard(*lines), 1), source, -20.0, delay_ms / 1000), gate)
    assert gate.leak_db(PARTIES[source]) == pytest.approx(-20.0, abs=0.7)
    # Beyond leak_max_delay_ms nothing is looked for: 400 ms is found as the 384 before it.
    assert gate.delay_ms == pytest.approx(delay_ms, abs=BLOCK_MS / 2)


def test_the_margin_is_as_wide_as_the_echo_varies() -> None:
    wire, room = CrosstalkGate(HearingSettings()), CrosstalkGate(HearingSettings())
    echoed = with_echo(natural(heard(TALK * 2), 1), 0, -20.0, 0.12)
    gated(echoed, wire)
    gated(jittered(echoed, 1, 2.0), room)
    assert wire._leaks[0].margin_db == LEAST_MARGIN_DB
    assert LEAST_MARGIN_DB + 1.0 < room._leaks[0].margin_db <= MOST_MARGIN_DB


def test_speech_near_a_known_echo_is_heard() -> None:
    """-12 dB: the customer, at the level of the agent, within 12 dB of the echo. With a
    fixed margin of 6 dB above the loudest of three blocks it was 0.75."""
    kept = []
    for seed in range(2, 6):
        rows = natural(heard(TALK + "=" * 60, "." * 112 + "=" * 25), seed)
        own = gated(with_echo(rows, 0, -12.0, 0.12))[1]
        truth = rows.speech[1] > 0.5
        kept.append(own[truth].mean())
        assert not own[: np.flatnonzero(truth)[0]].any()
    assert np.mean(kept) > 0.88


@pytest.mark.parametrize("step_db", [6.0, -6.0])
def test_an_echo_that_changes_is_followed(step_db: float) -> None:
    gate = CrosstalkGate(HearingSettings())
    gated(with_echo(natural(heard(TALK), 1), 0, -18.0, 0.12), gate)
    own = gated(with_echo(natural(heard(TALK), 4), 0, -18.0 + step_db, 0.12), gate)
    assert np.count_nonzero(own[1]) <= 15, "half a second, less than any counted overlap"
    assert gate.leak_db("agent") == pytest.approx(-18.0 + step_db, abs=1.5)


def test_an_echo_that_fades_is_forgotten_and_hides_nobody() -> None:
    gate = CrosstalkGate(HearingSettings())
    gated(with_echo(natural(heard(TALK), 1), 0, -15.0, 0.12), gate)
    gated(natural(heard(TALK * 3), 2), gate)  # the canceller has converged
    own = gated(natural(heard("=" * 40, ".........." + "#" * 20), 3), gate)
    gain_db = gate.leak_db("agent")
    assert gain_db is not None
    assert gain_db < -25.0
    assert own[1].sum() > 0.85 * 2.0 / 0.032


@pytest.mark.parametrize("noise_db", [-70.0, -48.0])
@pytest.mark.parametrize(("gain_db", "delay_blocks"), [(-6, 0), (6, 0), (-6, 2), (6, 3), (-4, 1)])
def test_one_sound_of_two_people_on_both_channels_is_mixed(
    gain_db: float, delay_blocks: int, noise_db: float
) -> None:
    gate = CrosstalkGate(HearingSettings())
    gated(twins(gain_db, delay_blocks, noise_db), gate)
    assert gate.mixed


@pytest.mark.parametrize("seed", range(4))
def test_two_who_speak_alike_for_two_seconds_are_not_mixed(seed: int) -> None:
    gate = CrosstalkGate(HearingSettings())
    gated(natural(heard("=" * 40 + "." * 40, "." * 45 + "=" * 30), seed), gate)
    alike = natural(heard("..." + "=" * 20 + "..."), seed)
    level_db = np.stack([alike.level_db[0], alike.level_db[0] + np.float32(2.0)])
    rows = replace(alike, level_db=level_db, speech=np.stack([alike.speech[0]] * 2))
    gated(rows, gate)
    assert not gate.mixed


@pytest.mark.parametrize("seed", range(4))
def test_a_loud_echo_beside_a_voice_of_its_own_is_not_mixed(seed: int) -> None:
    rows = natural(heard("." * 12 + TALK * 4, "=" * 10 + "." * 330), seed)
    gate = CrosstalkGate(HearingSettings())
    gated(with_echo(rows, 0, -6.0, 0.064), gate)
    assert not gate.mixed
    assert gate.echo_too_loud


def test_an_echo_is_too_loud_after_a_while_and_no_longer_when_it_is_gone() -> None:
    gate = CrosstalkGate(HearingSettings())
    rows = natural(heard("." * 12 + TALK, "=" * 10 + "." * 84), 1)
    echoed = with_echo(rows, 0, -8.0, 0.1)
    early = LOUD_BLOCKS // 2 + round(1.2 / 0.032)
    gated(echoed.part(0, early), gate)
    assert not gate.echo_too_loud
    gated(echoed.part(early, echoed.blocks), gate)
    assert gate.echo_too_loud
    gated(natural(heard(TALK * 3), 2), gate)
    assert not gate.echo_too_loud


@pytest.mark.parametrize("gain_db", [-12.0, -20.0, -30.0])
def test_an_ordinary_echo_is_not_too_loud(gain_db: float) -> None:
    gate = CrosstalkGate(HearingSettings())
    gated(with_echo(natural(heard(TALK * 3), 1), 0, gain_db, 0.1), gate)
    assert not gate.echo_too_loud
