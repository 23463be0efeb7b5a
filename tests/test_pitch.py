"""Pitch: known tones, independent oracles, and bits that do not depend on the batch."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.audio import RATE_HZ
from monitor.pitch import TRACE, WINDOW, Pitch, PitchMeter

SAMPLES = Path(__file__).parent.parent / "samples" / "rendered"
HOP = 256
NAMES = ("f0_hz", "voicing", "balance_db")


def fresh(channels: int) -> np.ndarray:
    return np.zeros((channels, *TRACE), np.float32)


def everywhere(windows: np.ndarray) -> np.ndarray:
    return np.ones(windows.shape[:2], np.bool_)


def buzz(f0_hz: np.ndarray, harmonics: int = 20, low_hz: float = 0.0) -> np.ndarray:
    """A pulse-like voice in the telephone band: harmonics from ``low_hz`` up to 3.4 kHz."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE_HZ
    out = np.zeros_like(phase)
    for k in range(1, harmonics + 1):
        heard = (k * f0_hz > low_hz) & (k * f0_hz < 3400)
        out += heard * np.sin(k * phase) / k
    return 0.1 * out


def measure(signal: np.ndarray, hop: int = HOP) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    views = np.lib.stride_tricks.sliding_window_view(signal.astype(np.float32), WINDOW)[::hop]
    found = PitchMeter().measure(views[np.newaxis], everywhere(views[np.newaxis]), fresh(1))
    return found.f0_hz[0], found.voicing[0], found.balance_db[0]


@pytest.mark.parametrize("hz", [70, 95, 120, 180, 240, 330, 450, 580])
@pytest.mark.parametrize("low_hz", [0, 300], ids=["full", "telephone"])
@pytest.mark.parametrize("gain", [3.0, 0.1])
def test_known_tones(hz: int, low_hz: int, gain: float) -> None:
    f0, voicing, _ = measure(gain * buzz(np.full(RATE_HZ, float(hz)), low_hz=low_hz))
    assert np.abs(12 * np.log2(f0 / hz)).max() < 0.2
    assert voicing.min() > 0.9


def test_noise_and_silence_are_unvoiced() -> None:
    rng = np.random.default_rng(0)
    f0, voicing, _ = measure(0.1 * rng.standard_normal(4 * RATE_HZ))
    assert np.isnan(f0).mean() > 0.97
    assert np.median(voicing) < 0.4
    f0, voicing, balance = measure(np.zeros(RATE_HZ))
    assert np.isnan(f0).all()
    assert not voicing.any()
    assert not balance.any()


def test_an_offset_of_the_line_is_no_pitch() -> None:
    f0, _, _ = measure(np.full(RATE_HZ, 0.3))
    assert np.isnan(f0).all()


def test_balance_tells_bright_from_dark() -> None:
    t = np.arange(RATE_HZ) / RATE_HZ
    low, high = np.sin(2 * np.pi * 500 * t), np.sin(2 * np.pi * 2000 * t)
    assert measure(0.1 * low + 0.1 * high)[2] == pytest.approx(0.0, abs=0.1)
    assert measure(0.1 * low + 0.01 * high)[2] == pytest.approx(-20.0, abs=0.3)
    assert measure(0.05 * low + 0.1 * high)[2] == pytest.approx(6.0, abs=0.1)


def test_continuity_holds_a_voice_at_its_octave() -> None:
    """One period in two is louder: half the pitch fits as well. Coming from the right octave,
    the voice stays there; three blocks later, where it came from is forgotten."""
    n = np.arange(WINDOW)
    strange = np.convolve((n % 40 == 0) * (1 + 0.4 * (n % 80 == 0)), np.hanning(9), "same")
    low, high = (buzz(np.full(WINDOW, hz), 20) for hz in (100.0, 200.0))
    coming_from = {hz: np.array([[w, strange]], np.float32) for hz, w in ((100, low), (200, high))}
    meter = PitchMeter()
    for hz, windows in coming_from.items():
        found = meter.measure(windows, everywhere(windows), fresh(1)).f0_hz[0]
        assert found == pytest.approx([hz, hz], rel=0.01)
    later = [
        meter.measure(windows, everywhere(windows), fresh(1)).f0_hz[0, -1]
        for windows in (np.insert(w, [1] * 3, 0.0, axis=1) for w in coming_from.values())
    ]
    assert later[0] == later[1]


def test_what_is_not_heard_is_unvoiced_and_supports_nothing() -> None:
    """Blocks left out are as silence: the others do not know the difference."""
    views = np.lib.stride_tricks.sliding_window_view(
        buzz(np.full(2 * RATE_HZ, 150.0)).astype(np.float32), WINDOW
    )[np.newaxis, ::HOP]
    heard = np.random.default_rng(3).random(views.shape[:2]) > 0.5
    silenced = np.where(heard[..., np.newaxis], views, np.float32(0))
    meter = PitchMeter()
    found = meter.measure(views, heard, fresh(1))
    same(found, meter.measure(silenced, everywhere(views), fresh(1)))
    assert (np.isnan(found.f0_hz) == ~heard).all()
    assert not found.voicing[~heard].any()
    assert not meter.measure(views, np.zeros_like(heard), fresh(1)).trace.any()


def same(got: Pitch, expected: Pitch) -> None:
    for name in ("f0_hz", "voicing", "balance_db", "trace"):
        assert np.array_equal(getattr(got, name), getattr(expected, name), equal_nan=True), name


def voices() -> tuple[np.ndarray, np.ndarray]:
    """Windows (7, blocks, 376) of seven channels, and which of them are heard."""
    rng = np.random.default_rng(1)
    signal = buzz(140 + 40 * np.sin(np.arange(30_000) / 3000)) + 0.01 * rng.standard_normal(30_000)
    signal[10_000:14_000] *= 0.0
    views = np.lib.stride_tricks.sliding_window_view(signal.astype(np.float32), WINDOW)[::HOP]
    many = np.stack([np.roll(views, 11 * k, axis=0) for k in range(7)])
    return many, rng.random(many.shape[:2]) > 0.2


MANY, HEARD = voices()
WHOLE = PitchMeter().measure(MANY, HEARD, fresh(len(MANY)))


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.lists(st.integers(1, MANY.shape[1] - 1), unique=True, max_size=40),
    rows=st.permutations(range(len(MANY))),
    count=st.integers(1, len(MANY)),
)
def test_bits_do_not_depend_on_the_batch(cuts: list[int], rows: list[int], count: int) -> None:
    chosen = rows[:count]
    meter, trace, parts = PitchMeter(), fresh(count), []
    for start, stop in pairwise([0, *sorted(cuts), MANY.shape[1]]):
        parts.append(meter.measure(MANY[chosen, start:stop], HEARD[chosen, start:stop], trace))
        trace = parts[-1].trace
    for name in NAMES:
        joined = np.concatenate([getattr(part, name) for part in parts], axis=1)
        assert np.array_equal(joined, getattr(WHOLE, name)[chosen], equal_nan=True), name
    assert np.array_equal(trace, WHOLE.trace[chosen])


# ---- an independent oracle -------------------------------------------------------


def pyin(signal: np.ndarray, frame: int) -> np.ndarray:
    """What pYIN hears in ``frame`` samples at 16 kHz about the middles of our windows of
    ``signal``, which is at 8 kHz: (blocks,) Hz on a grid of a tenth of a semitone."""
    librosa = pytest.importorskip("librosa")
    rate_hz = 2 * RATE_HZ
    twice = np.pad(soxr.resample(signal, RATE_HZ, rate_hz), frame)
    found, _, _ = librosa.pyin(
        twice[frame // 2 + WINDOW :],
        fmin=65,
        fmax=600,
        sr=rate_hz,
        frame_length=frame,
        hop_length=2 * HOP,
        center=False,
    )
    return np.asarray(found)


def test_agrees_with_pyin_on_a_known_voice() -> None:
    t = np.arange(6 * RATE_HZ) / RATE_HZ
    rng = np.random.default_rng(2)
    f0 = 160 * 2 ** (0.6 * np.sin(2 * np.pi * 0.5 * t))
    loud = np.sin(2 * np.pi * 1.1 * t) > -0.2
    signal = buzz(f0, low_hz=300) * loud + 0.003 * rng.standard_normal(len(t))
    ours, _, _ = measure(signal)
    theirs = pyin(signal, 512)[: len(ours)]
    both = ~np.isnan(ours) & ~np.isnan(theirs)
    assert both.mean() > 0.4
    assert (np.isnan(ours) == np.isnan(theirs)).mean() > 0.85
    apart = np.abs(12 * np.log2(ours[both] / theirs[both]))
    assert np.median(apart) < 0.2
    assert (apart < 0.5).mean() > 0.95


def test_agrees_with_pyin_on_the_samples() -> None:
    """Telephone speech of eight voices, where pYIN hears the same in 32 and in 64 ms: long
    frames miss fast glides, short ones the octave."""
    ours, theirs = [], []
    for name in ("calm", "hurry", "rising", "talkover"):
        pcm, rate_hz = soundfile.read(SAMPLES / f"{name}.flac", dtype="float32")
        assert rate_hz == RATE_HZ
        for channel in pcm[5 * RATE_HZ : 15 * RATE_HZ].T:
            f0, _, _ = measure(channel)
            short, long = (pyin(channel, frame)[: len(f0)] for frame in (512, 1024))
            ours.append(f0)
            theirs.append(np.where(np.abs(12 * np.log2(short / long)) < 0.5, short, np.nan))
    f0, reference = np.concatenate(ours), np.concatenate(theirs)
    voiced = ~np.isnan(reference)
    both = voiced & ~np.isnan(f0)
    assert both.sum() > 300
    assert both.sum() / voiced.sum() > 0.9
    apart = np.abs(12 * np.log2(f0[both] / reference[both]))
    assert (apart < 0.5).mean() >= 0.95
    assert (apart > 3).mean() <= 0.02
