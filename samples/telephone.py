"""From a clean voice to a telephone line: band, level, noise, G.711."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitor.score.line.levels import band, leak

__all__ = ["active", "band", "g711", "leak", "level", "noise", "trim"]

F32 = NDArray[np.float32]

RATE_HZ = 8000
NOISE_DBFS = -60.0
FRAME_S = 0.02
MU_BIAS, MU_CLIP = 33, 8158


def active(x: F32, rate_hz: int, below_peak_db: float = 35.0) -> NDArray[np.bool_]:
    """Which frames of 20 ms hold speech: within so many dB of the loudest. Shape (frames,)."""
    step = round(FRAME_S * rate_hz)
    frames = x[: len(x) // step * step].reshape(-1, step)
    power = np.mean(frames**2, axis=1)
    loud: NDArray[np.bool_] = power > power.max(initial=1e-12) * 10 ** (-below_peak_db / 10)
    return loud


def trim(x: F32, rate_hz: int) -> F32:
    """Without the silence before and after the speech, to a frame of 20 ms."""
    step = round(FRAME_S * rate_hz)
    speech = np.flatnonzero(active(x, rate_hz))
    return x[speech[0] * step : (speech[-1] + 1) * step]


def level(x: F32, dbfs: float) -> F32:
    """Scaled so that the RMS of its active frames is ``dbfs``; peaks bend below 0.9."""
    step = round(FRAME_S * RATE_HZ)
    frames = x[: len(x) // step * step].reshape(-1, step)[active(x, RATE_HZ)]
    scaled = x * (10 ** (dbfs / 20) / np.sqrt(np.mean(frames**2)))
    knee, top = 0.6, 0.9
    over = np.maximum(np.abs(scaled) - knee, 0)
    bent = knee + (top - knee) * np.tanh(over / (top - knee))
    out: F32 = np.where(over > 0, np.sign(scaled) * bent, scaled).astype(np.float32)
    return out


def noise(samples: int, rng: np.random.Generator, dbfs: float = NOISE_DBFS) -> F32:
    """The line's own hiss, in the telephone band."""
    hiss = band(rng.standard_normal(samples).astype(np.float32))
    hiss *= np.float32(10 ** (dbfs / 20) / np.sqrt(np.mean(hiss**2)))
    return hiss


def g711(x: F32) -> NDArray[np.int16]:
    """What is left after a trip through G.711 µ-law (ITU-T G.711, table 2a)."""
    linear = np.clip(np.round(x * 8192), -MU_CLIP, MU_CLIP).astype(np.int64)
    magnitude = np.abs(linear) + MU_BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int64) - 5
    mantissa = (magnitude >> (exponent + 1)) & 0x0F
    decoded = (((mantissa << 1) + MU_BIAS) << exponent) - MU_BIAS
    pcm: NDArray[np.int16] = (np.sign(linear) * decoded * 4).astype(np.int16)
    return pcm
