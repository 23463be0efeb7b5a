"""Level and band of a channel: how loud its speech is, and what a line does to that.

All take and give float32 (samples,) at 8 kHz.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.audio import RATE_HZ

F32 = NDArray[np.float32]

BAND_HZ: Final = (300.0, 3400.0)
NOMINAL_DBFS: Final = -26.0
"""Level of active speech that a channel without speech is taken to have (ITU-T G.191)."""

_MS: Final = RATE_HZ // 1000
_SMOOTH_MS: Final = 30  # time constant of P.56, twice in a row
_HANG_MS: Final = 200
_MARGIN_DB: Final = 15.9  # of the active level over the threshold
_FRAME: Final = RATE_HZ // 50

AGC_TARGET_DBFS: Final = -20.0
AGC_MOST_DB: Final = 30.0
AGC_FALL_DB_S: Final = 60.0
AGC_RISE_DB_S: Final = 8.0
GATE_BELOW_DB: Final = 25.0
GATE_HANG_FRAMES: Final = 10


def speech_dbfs(x: F32) -> float:
    """Level of the speech without its pauses, dBFS; ``NOMINAL_DBFS`` where there is none.

    ITU-T P.56, method B: the power over the time in which the envelope is above a threshold
    that lies 15.9 dB under the result; pauses up to 0.2 s count as speech. The envelope is
    taken each millisecond. A steady noise counts too: ask before adding one.
    """
    clean = x.astype(np.float64) - x.mean(dtype=np.float64)
    energy = float(np.sum(clean**2))
    if energy == 0.0:
        return NOMINAL_DBFS
    steps = np.abs(clean[: len(clean) // _MS * _MS]).reshape(-1, _MS).mean(axis=1)
    decay = np.exp(-1 / _SMOOTH_MS)
    n = np.arange(15 * _SMOOTH_MS)
    envelope = np.convolve(steps, (1 - decay) ** 2 * (n + 1) * decay**n)[: len(steps)]
    before: tuple[float, float] | None = None
    for threshold_db in np.arange(-90.0, 0.0, 1.0):
        above = np.concatenate(([0], np.cumsum(envelope >= 10 ** (threshold_db / 20))))
        active = np.count_nonzero(
            above[1:] > above[np.maximum(np.arange(len(steps)) - _HANG_MS, 0)]
        )
        if active == 0:
            break
        level_db = 10 * np.log10(energy / (active * _MS))
        excess_db = level_db - threshold_db - _MARGIN_DB
        if excess_db <= 0:
            if before is None:
                return float(level_db)
            share = before[1] / (before[1] - excess_db)
            return float(before[0] + share * (level_db - before[0]))
        before = float(level_db), float(excess_db)
    return NOMINAL_DBFS if before is None else before[0]


def band(x: F32, rate_hz: int = RATE_HZ) -> F32:
    """The telephone band, 300 to 3400 Hz with edges of 100 Hz, zero phase."""
    spectrum = np.fft.rfft(x)
    hz = np.fft.rfftfreq(len(x), 1 / rate_hz)
    low = np.clip((hz - BAND_HZ[0]) / 100 + 1, 0, 1)
    high = np.clip((BAND_HZ[1] - hz) / 100 + 1, 0, 1)
    return np.fft.irfft(spectrum * low * high, len(x)).astype(np.float32)


def leak(into: F32, source: F32, leak_db: float, delay_ms: float) -> F32:
    """``into`` with an echo of ``source``, so many dB down and so many ms late."""
    delay = round(delay_ms * RATE_HZ / 1000)
    late = np.concatenate([np.zeros(delay, np.float32), source])[: len(into)]
    return (into + 10 ** (leak_db / 20) * late).astype(np.float32)


def gain(x: F32, db: float) -> F32:
    """Louder by ``db``; not clipped."""
    return x * np.float32(10 ** (db / 20))


def dc(x: F32, offset: float) -> F32:
    """A constant on top, cut off at full scale."""
    out: F32 = np.clip(x + np.float32(offset), -1, 1)
    return out


def clip(x: F32, over_db: float) -> F32:
    """Driven until its highest peak is ``over_db`` over full scale, and cut off there."""
    peak = np.abs(x).max(initial=0.0)
    driven = np.float32(10 ** (over_db / 20) / max(peak, 1e-9))
    out: F32 = np.clip(x * driven, -1, 1)
    return out


def agc(x: F32) -> F32:
    """Automatic gain without a gate: down at once, up slowly, in pauses too.

    Rides the level of 20 ms frames to ``AGC_TARGET_DBFS`` with at most ``AGC_MOST_DB``.
    """
    frames = _frames(x)
    levels_db = 10 * np.log10(np.mean(frames.astype(np.float64) ** 2, axis=1) + 1e-12)
    gains_db = np.zeros(len(frames) + 1)
    fall_db, rise_db = (speed * _FRAME / RATE_HZ for speed in (AGC_FALL_DB_S, AGC_RISE_DB_S))
    for k, level_db in enumerate(levels_db):
        wanted_db = min(AGC_TARGET_DBFS - level_db, AGC_MOST_DB)
        gains_db[k + 1] = gains_db[k] + np.clip(wanted_db - gains_db[k], -fall_db, rise_db)
    places = np.arange(len(x)) / _FRAME
    gain_db = np.interp(places, np.arange(len(gains_db)), gains_db)
    return np.clip(x * 10 ** (gain_db / 20), -1, 1).astype(np.float32)


def gate(x: F32) -> F32:
    """Cut to zero where the frames are ``GATE_BELOW_DB`` under the speech, after 0.2 s."""
    frames = _frames(x)
    power = np.mean(frames.astype(np.float64) ** 2, axis=1)
    loud = power > 10 ** ((speech_dbfs(x) - GATE_BELOW_DB) / 10)
    opened = np.convolve(loud, np.ones(GATE_HANG_FRAMES + 1))[: len(loud)] > 0
    return np.where(opened[:, np.newaxis], frames, 0).reshape(-1)[: len(x)].astype(np.float32)


def _frames(x: F32) -> F32:
    """20 ms frames, the last one filled up with zeros."""
    return np.concatenate((x, np.zeros(-len(x) % _FRAME, np.float32))).reshape(-1, _FRAME)
