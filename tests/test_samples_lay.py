"""Speech laid on timing: it is heard exactly when the reference says, and repeats nothing soon.

The voices are noise here: bursts for syllables, with what a sentence has of pauses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from monitor.score.reference import load
from samples import telephone
from samples.bank import FORGET_S, PAUSE_S, Bank, Cutter, build, dips, edges, squeeze, stretch
from samples.lay import lay, main, middle, mix
from samples.timing import Conversation, Interval

F32 = NDArray[np.float32]
RATE_HZ = telephone.RATE_HZ
EDGE_S = 0.02
LOUD_DBFS = -45.0


def syllables(rng: np.random.Generator, length_s: float, gap_s: float = 0.06) -> F32:
    """Bursts of 0.15 to 0.3 s with a closure after each."""
    parts: list[F32] = []
    while sum(map(len, parts)) < length_s * RATE_HZ:
        burst = round(rng.uniform(0.15, 0.3) * RATE_HZ)
        parts.append((0.1 * rng.standard_normal(burst)).astype(np.float32))
        parts.append(np.zeros(round(gap_s * RATE_HZ), np.float32))
    return np.concatenate(parts[:-1])


@pytest.fixture(scope="module")
def bank() -> Bank:
    rng = np.random.default_rng(7)
    sentences = [syllables(rng, length_s) for length_s in rng.uniform(1.5, 6, 40)]
    short = [(text, syllables(rng, s)) for text in ("Okay.", "Mm-hm.") for s in (0.3, 0.5, 0.8)]
    return build(sentences, short)


def heard_from_to(x: F32) -> tuple[float, float]:
    """When the first and the last loud frame of 5 ms begin and end, s."""
    frames = x[: len(x) // 40 * 40].reshape(-1, 40)
    db = 10 * np.log10(np.mean(frames.astype(float) ** 2, axis=1) + 1e-12)
    loud = np.flatnonzero(db > LOUD_DBFS)
    return float(loud[0] * 0.005), float((loud[-1] + 1) * 0.005)


# ---- the bank ----------------------------------------------------------------------


def test_a_long_pause_is_shortened_and_a_short_one_left() -> None:
    rng = np.random.default_rng(1)
    one, two, three = (syllables(rng, 1.0, gap_s=0.0) for _ in range(3))
    x = np.concatenate([one, np.zeros(4000, np.float32), two, np.zeros(480, np.float32), three])
    shorter = squeeze(x)
    assert len(x) - len(shorter) == pytest.approx(4000 - PAUSE_S * RATE_HZ, abs=2 * 160)


def test_dips_lie_between_the_words() -> None:
    rng = np.random.default_rng(2)
    word = (0.1 * rng.standard_normal(2400)).astype(np.float32)
    x = np.concatenate([word, np.zeros(480, np.float32), word])
    ((end, begin),) = dips(x)
    assert end == pytest.approx(2400, abs=80)
    assert begin == pytest.approx(2880, abs=80)


def test_edges_are_where_it_is_loud() -> None:
    x = np.zeros(8000, np.float32)
    x[2000:6000] = 0.1
    first, last = edges(x)
    assert first == pytest.approx(2000, abs=80)
    assert last == pytest.approx(6000, abs=80)


@pytest.mark.parametrize("samples", [790, 800, 812])
def test_stretching_gives_exactly_so_many_samples(samples: int) -> None:
    x = np.sin(np.arange(800) / 5).astype(np.float32)
    assert stretch(x, samples).shape == (samples,)


@pytest.mark.parametrize("length_s", [0.15, 0.4, 1.0, 3.0, 12.0, 50.0, 100.0])
def test_a_stretch_of_any_length_begins_and_ends_with_speech(bank: Bank, length_s: float) -> None:
    cutter = Cutter(bank, np.random.default_rng(3))
    clip = cutter.stretch_of(length_s, 0.0)
    assert len(clip) == round(length_s * RATE_HZ)
    first, last = heard_from_to(clip)
    assert first <= EDGE_S
    assert last >= length_s - EDGE_S


def test_nothing_is_said_twice_within_half_a_minute(bank: Bank) -> None:
    cutter = Cutter(bank, np.random.default_rng(4))
    said = [cutter.stretch_of(2.0, at_s) for at_s in np.arange(0.0, FORGET_S, 4.0)]
    for i, one in enumerate(said):
        for two in said[i + 1 :]:
            spectrum = np.fft.rfft(one, 40_000) * np.conj(np.fft.rfft(two, 40_000))
            alike = np.fft.irfft(spectrum).max() / (np.linalg.norm(one) * np.linalg.norm(two))
            assert alike < 0.5, "the same noise would correlate with itself"


@pytest.mark.parametrize("length_s", [0.2, 0.5, 0.9, 1.5])
def test_a_backchannel_is_as_long_as_asked(bank: Bank, length_s: float) -> None:
    clip = Cutter(bank, np.random.default_rng(5)).backchannel(length_s)
    assert len(clip) == round(length_s * RATE_HZ)
    first, last = heard_from_to(clip)
    assert first <= EDGE_S
    assert last >= length_s - EDGE_S


def test_another_person_is_faster_and_higher(bank: Bank) -> None:
    other = bank.person(1.05)
    assert len(other.track) == pytest.approx(len(bank.track) / 1.05, abs=1)
    assert other.ends.max() <= len(other.track)
    assert np.all(np.abs(other.begins - bank.begins / 1.05) <= 1)


# ---- the call ----------------------------------------------------------------------


@pytest.fixture
def conversation() -> Conversation:
    agent = (Interval(1, 4, "What is it?"), Interval(7, 7.5, "Okay."), Interval(10, 14))
    return Conversation("knee", agent, (Interval(4.3, 12, "My knee."), Interval(15, 16)), 17.3)


def test_each_party_is_heard_when_the_reference_says_and_only_then(
    conversation: Conversation, bank: Bank
) -> None:
    channels, reference = mix(conversation, {"x": bank})
    assert channels.shape == (2, round(17.3 * RATE_HZ))
    for row, party in enumerate(("agent", "customer")):
        spans = [(s["t0"], s["t1"]) for s in reference["speech"] if s["party"] == party]
        silent = np.ones(channels.shape[1], bool)
        for t0, t1 in spans:
            part = channels[row, round(t0 * RATE_HZ) : round(t1 * RATE_HZ)]
            first, last = heard_from_to(part)
            assert first <= EDGE_S
            assert last >= t1 - t0 - EDGE_S
            silent[round((t0 - 0.01) * RATE_HZ) : round((t1 + 0.01) * RATE_HZ)] = False
        quiet_db = 10 * np.log10(np.mean(channels[row, silent].astype(float) ** 2))
        assert quiet_db == pytest.approx(telephone.NOISE_DBFS, abs=1)


def test_a_call_is_the_same_each_time_and_another_for_another_name(
    conversation: Conversation, bank: Bank
) -> None:
    first, again = (mix(conversation, {"x": bank})[0] for _ in range(2))
    renamed = Conversation("hip", conversation.agent, conversation.customer, 17.3)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, mix(renamed, {"x": bank})[0])


def test_what_is_written_is_a_call_that_can_be_scored(
    conversation: Conversation, bank: Bank, tmp_path: Path
) -> None:
    path = lay(conversation, {"x": bank}, tmp_path)
    samples, rate_hz = soundfile.read(path)
    reference = load(tmp_path / "knee.ref.json")
    assert (rate_hz, samples.shape) == (RATE_HZ, (round(17.3 * RATE_HZ), 2))
    assert reference.speech is not None
    assert len(reference.speech) == 5
    assert reference.overlaps is not None
    assert [(o.kind, o.by, o.t0, o.t1) for o in reference.overlaps] == [
        ("backchannel", "agent", 7.0, 7.5),
        ("talk_over", "agent", 10.0, 12.0),
    ]
    assert reference.turns is not None
    assert [(t.party, t.t0, t.t1) for t in reference.turns] == [
        ("agent", 1.0, 4.0),
        ("customer", 4.3, 12.0),
        ("agent", 10.0, 14.0),
        ("customer", 15.0, 16.0),
    ]


def test_the_middle_of_a_call(conversation: Conversation) -> None:
    assert middle(conversation, None) is conversation
    assert middle(conversation, 1.0) is conversation
    part = middle(conversation, 0.2)
    assert [round(i.length_s, 3) for i in part.agent] == [0.5, 4.0]


def test_a_folder_without_timing_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path)]) == 2
    assert "neither" in capsys.readouterr().err
