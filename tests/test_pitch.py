"""Pitch: known tones, an independent oracle, and bits that do not depend on the batch."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.audio import RATE_HZ
from monitor.pitch import WINDOW, PitchMeter


def buzz(f0_hz: np.ndarray, harmonics: int = 20, low_hz: float = 0.0) -> np.ndarray:
    """A pulse-like voice in the telephone band: harmonics from ``low_hz`` up to 3.4 kHz."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE_HZ
    out = np.zeros_like(phase)
    for k in range(1, harmonics + 1):
        heard = (k * f0_hz > low_hz) & (k * f0_hz < 3400)
        out += heard * np.sin(k * phase) / k
    return 0.1 * out


def measure(signal: np.ndarray, hop: int = 256) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    views = np.lib.stride_tricks.sliding_window_view(signal.astype(np.float32), WINDOW)[::hop]
    found = PitchMeter().measure(views[np.newaxis], np.array([np.nan], np.float32))
    return found.f0_hz[0], found.voicing[0], found.balance_db[0]


@pytest.mark.parametrize("hz", [70, 95, 120, 180, 240, 330, 450])
@pytest.mark.parametrize("low_hz", [0, 300], ids=["full", "telephone"])
@pytest.mark.parametrize("gain", [3.0, 0.1])
def test_known_tones(hz: int, low_hz: int, gain: float) -> None:
    f0, voicing, _ = measure(gain * buzz(np.full(RATE_HZ, float(hz)), low_hz=low_hz))
    assert np.abs(12 * np.log2(f0 / hz)).max() < 0.3
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
    """One period in two is louder: half the pitch fits a little better. Coming from the
    right octave, the voice stays there."""
    n = np.arange(WINDOW)
    pulses = (n % 40 == 0) * (1 + 0.25 * (n % 80 == 0))
    window = np.convolve(pulses, np.hanning(9), "same")[np.newaxis, np.newaxis].astype("f4")
    meter = PitchMeter()
    before = [np.array([lag], np.float32) for lag in (40, 80)]
    near, far = (meter.measure(window, lag).f0_hz[0, 0] for lag in before)
    assert near == pytest.approx(200, rel=0.03)
    assert far == pytest.approx(100, rel=0.03)


def test_bits_do_not_depend_on_the_batch() -> None:
    rng = np.random.default_rng(1)
    signal = buzz(140 + 40 * np.sin(np.arange(40_000) / 3000)) + 0.01 * rng.standard_normal(40_000)
    signal[10_000:14_000] *= 0.0
    views = np.lib.stride_tricks.sliding_window_view(signal.astype(np.float32), WINDOW)[::256]
    meter = PitchMeter()
    many = np.stack([np.roll(views, 11 * k, axis=0) for k in range(7)])
    whole = meter.measure(many, np.full(7, np.nan, np.float32))
    for rows in (1, 2, 7):
        for step in (1, 3, 50):
            before = np.full(rows, np.nan, np.float32)
            for start in range(0, len(views), step):
                part = meter.measure(many[:rows, start : start + step], before)
                before = part.best_lag[:, -1]
                stop = start + part.f0_hz.shape[1]
                for name in ("f0_hz", "voicing", "balance_db", "best_lag"):
                    expected = getattr(whole, name)[:rows, start:stop]
                    assert np.array_equal(getattr(part, name), expected, equal_nan=True)


def test_agrees_with_pyin() -> None:
    librosa = pytest.importorskip("librosa")
    t = np.arange(6 * RATE_HZ) / RATE_HZ
    rng = np.random.default_rng(2)
    f0 = 160 * 2 ** (0.6 * np.sin(2 * np.pi * 0.5 * t))
    loud = np.sin(2 * np.pi * 1.1 * t) > -0.2
    signal = buzz(f0, low_hz=300) * loud + 0.003 * rng.standard_normal(len(t))
    ours, _, _ = measure(signal)
    # pYIN's frames of 512 samples, centred where our windows of 376 are.
    padded = np.concatenate((np.zeros(256 - WINDOW // 2), signal, np.zeros(1024)))
    theirs, _, _ = librosa.pyin(
        padded, fmin=60, fmax=500, sr=RATE_HZ, frame_length=512, hop_length=256, center=False
    )
    theirs = theirs[: len(ours)]
    both = ~np.isnan(ours) & ~np.isnan(theirs)
    assert both.mean() > 0.4
    assert (np.isnan(ours) == np.isnan(theirs)).mean() > 0.85
    apart = np.abs(12 * np.log2(ours[both] / theirs[both]))
    assert np.median(apart) < 0.3
    assert (apart < 1.0).mean() > 0.95
