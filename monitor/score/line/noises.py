"""Noise of rooms, streets and lines, so many dB below the speech of the channel.

All take float32 (samples,) at 8 kHz and the generator of the channel. The ratio is that of the
level of active speech (``levels.speech_dbfs``) to the mean power of the noise.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from monitor.audio import RATE_HZ
from monitor.resources import resource
from monitor.score import ScoreError
from monitor.score.line import levels

F32 = NDArray[np.float32]

BABBLE_CALLS: Final = ("calm", "hurry", "pace", "rising", "talkover")
"""Sample calls whose ten sides make the babble."""
MOST_VOICES: Final = 2 * len(BABBLE_CALLS)

_PAUSE_BELOW_DB: Final = 35.0  # under the loudest frame
_PAUSE_KEPT_FRAMES: Final = 8  # of 20 ms on each side: short pauses stay
_FRAME: Final = RATE_HZ // 50
_CAR_EVERY_S: Final = 5.0
_CAR_PASSES_S: Final = (0.5, 2.0)
_CAR_DB: Final = (0.0, 12.0)  # over the rumble of the distance
_CORNER_HZ: Final = 600.0
_HORN_EVERY_S: Final = 20.0
_HORN_S: Final = (0.2, 0.8)
_HORN_HZ: Final = (415.0, 500.0)
_HORN_DB: Final = 4.0  # over the mean of the traffic
_HUM_HZ: Final = 50.0


def babble(x: F32, rng: np.random.Generator, snr_db: float, voices: float) -> F32:
    """So many voices of the sample calls, their pauses cut, all equally loud, added up."""
    sides = _sides()
    total = np.zeros(len(x), np.float64)
    for side in rng.permutation(len(sides))[: round(voices)]:
        told = sides[side]
        copies = len(x) // len(told) + 1
        pieces = [np.roll(told, -int(rng.integers(len(told)))) for _ in range(copies)]
        total += np.concatenate(pieces)[: len(x)]
    return _below(x, total, snr_db)


def street(x: F32, rng: np.random.Generator, snr_db: float) -> F32:
    """Rumble that falls with frequency, cars that come and go, a horn now and then, as much of
    it as passes the telephone band."""
    n = len(x)
    t = np.arange(n) / RATE_HZ
    spectrum = np.fft.rfft(rng.standard_normal(n))
    rumble = np.fft.irfft(spectrum / (1 + np.fft.rfftfreq(n, 1 / RATE_HZ) / _CORNER_HZ), n)
    power = np.ones(n)
    for _ in range(rng.poisson(n / RATE_HZ / _CAR_EVERY_S)):
        passes_s, loud_db = rng.uniform(*_CAR_PASSES_S), rng.uniform(*_CAR_DB)
        power += 10 ** (loud_db / 10) / (1 + ((t - rng.uniform(0, t[-1])) / passes_s) ** 2)
    noise = rumble * np.sqrt(power)
    horn_gain = np.sqrt(np.mean(noise**2)) * 10 ** (_HORN_DB / 20)
    for _ in range(rng.poisson(n / RATE_HZ / _HORN_EVERY_S)):
        start, length = rng.uniform(0, t[-1]), rng.uniform(*_HORN_S)
        part = slice(int(start * RATE_HZ), int((start + length) * RATE_HZ))
        tones = [np.sin(2 * np.pi * k * hz * t[part]) / k for hz in _HORN_HZ for k in range(1, 7)]
        noise[part] += horn_gain * np.sum(tones, axis=0) / np.sqrt(1.5)
    return _below(x, levels.band(noise.astype(np.float32)), snr_db)


def white(x: F32, rng: np.random.Generator, snr_db: float) -> F32:
    """The same power at every frequency up to 4 kHz."""
    return _below(x, rng.standard_normal(len(x)), snr_db)


def hum(x: F32, rng: np.random.Generator, dbfs: float) -> F32:
    """50 Hz and its odd harmonics up to the ninth, together ``dbfs``; it starts at any phase."""
    t = np.arange(len(x)) / RATE_HZ
    phases = rng.uniform(0, 2 * np.pi, 5)
    parts = [
        np.sin(2 * np.pi * k * _HUM_HZ * t + phase) / k
        for k, phase in zip(range(1, 10, 2), phases, strict=True)
    ]
    total = np.sum(parts, axis=0)
    rms = np.sqrt(sum(0.5 / k**2 for k in range(1, 10, 2)))
    out: F32 = x + (total * (10 ** (dbfs / 20) / rms)).astype(np.float32)
    return out


def _below(x: F32, noise: NDArray[np.float64] | F32, snr_db: float) -> F32:
    """``x`` with the noise so far below its speech."""
    wanted = 10 ** ((levels.speech_dbfs(x) - snr_db) / 20)
    rms = np.sqrt(np.mean(noise.astype(np.float64) ** 2))
    out: F32 = x + (noise * (wanted / max(rms, 1e-12))).astype(np.float32)
    return out


def _sides() -> list[F32]:
    """Both sides of the sample calls without their longer pauses, each at an RMS of 1."""
    sides = []
    folder = resource("samples") / "rendered"
    for name in BABBLE_CALLS:
        path = folder / f"{name}.flac"
        try:
            pcm, _ = soundfile.read(path, dtype="float32")
        except soundfile.LibsndfileError as error:
            raise ScoreError(f"babble needs the sample call {path}: {error}") from error
        for row in pcm.T:
            frames = row[: len(row) // _FRAME * _FRAME].reshape(-1, _FRAME)
            power = np.mean(frames**2, axis=1)
            loud = power > power.max() * 10 ** (-_PAUSE_BELOW_DB / 10)
            kept = np.convolve(loud, np.ones(2 * _PAUSE_KEPT_FRAMES + 1), mode="same") > 0
            told = frames[kept].reshape(-1)
            sides.append((told / np.sqrt(np.mean(told**2))).astype(np.float32))
    return sides
