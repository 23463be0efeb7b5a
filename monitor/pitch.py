"""Pitch, harmonicity and spectral balance of a block, from one FFT.

Normalised autocorrelation after Boersma, "Accurate short-term analysis of the fundamental
frequency and the harmonics-to-noise ratio of a sampled sound" (1993): the autocorrelation
of the windowed signal over that of the window. Over it, two things for telephone speech:
the spectrum is weighted down above about 1.5 kHz, where the harmonics of voices are noisy
and the lags of 8 kHz too coarse; and a candidate near the strongest one of the block before
is preferred a little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.audio import RATE_HZ

F32 = NDArray[np.float32]

WINDOW = 376
"""Samples of one analysis window: 47 ms, three periods at 64 Hz."""
FLOOR_HZ = 60.0
CEILING_HZ = 500.0

_FFT: Final = 512  # window and longest lag fit without wrapping
_SHORTEST: Final = int(RATE_HZ / CEILING_HZ)
_LONGEST: Final = int(RATE_HZ / FLOOR_HZ) + 1
_VOICED: Final = 0.6  # below, half of what pYIN also calls voiced has another pitch there
_OCTAVE_COST: Final = 0.02
_JUMP_COST: Final = 0.10
_QUIET: Final = 10 ** (-80 / 10)
_ROWS: Final = 128  # windows worked on together: more leave the cache


@dataclass(frozen=True, slots=True)
class Pitch:
    """Of each window, shape (channels, blocks)."""

    f0_hz: F32  # NaN where unvoiced
    voicing: F32  # 0..1
    balance_db: F32  # energy 1-3.4 kHz over 0.3-1 kHz
    best_lag: F32  # samples, of the strongest candidate; NaN without one: the next ``before``


class PitchMeter:
    """Tables only; no state of any channel."""

    def __init__(self) -> None:
        window = np.hanning(WINDOW + 2)[1:-1]
        hz = np.fft.rfftfreq(_FFT, 1 / RATE_HZ)
        spectrum = np.abs(np.fft.rfft(window, _FFT)) ** 2
        of_window = np.fft.irfft(spectrum, _FFT)[: _LONGEST + 2]
        self._window = window.astype(np.float32)
        self._unwindow = (of_window[0] / of_window).astype(np.float32)
        self._weight = (1 / (1 + (hz / 1500.0) ** 6)).astype(np.float32)
        self._quiet = np.float32(_QUIET * np.sum(window**2))
        self._low = slice(*np.searchsorted(hz, (300.0, 1000.0)))
        self._high = slice(*np.searchsorted(hz, (1000.0, 3400.0)))
        lags = np.arange(_SHORTEST, _LONGEST + 1)
        self._log_lag = np.log2(lags).astype(np.float32)
        self._octave = (_OCTAVE_COST * np.log2(lags / lags[0])).astype(np.float32)

    def measure(self, windows: F32, before: F32) -> Pitch:
        """``windows`` (channels, blocks, 376); ``before`` (channels,): ``best_lag`` of the
        block before the first, NaN at the start of a channel."""
        channels, blocks, _ = windows.shape
        flat = windows.reshape(-1, WINDOW)
        height = np.empty((len(flat), _LONGEST + 1 - _SHORTEST), np.float32)
        offset = np.empty_like(height)
        balance = np.empty(len(flat), np.float32)
        for start in range(0, len(flat), _ROWS):
            part = slice(start, start + _ROWS)
            height[part], offset[part], balance[part] = self._correlate(flat[part])
        rows = np.arange(len(flat))
        score = height - self._octave
        first = np.argmax(score, axis=1)
        voiced = height[rows, first] > _VOICED
        best = np.where(voiced, self._log_lag[first], np.nan).astype(np.float32)
        best = best.reshape(channels, blocks)
        with np.errstate(invalid="ignore", divide="ignore"):
            last = np.concatenate((np.log2(before)[:, np.newaxis], best[:, :-1]), axis=1)
        jump = np.abs(self._log_lag - np.nan_to_num(last).reshape(-1, 1))
        jump[np.isnan(last.reshape(-1))] = 0.0
        chosen = np.argmax(score - np.float32(_JUMP_COST) * jump, axis=1)
        voicing = height[rows, chosen]
        lag = (_SHORTEST + chosen).astype(np.float32) + offset[rows, chosen]
        f0 = np.where(voicing > _VOICED, np.float32(RATE_HZ) / lag, np.float32(np.nan))
        shape = (channels, blocks)
        return Pitch(
            f0_hz=f0.reshape(shape),
            voicing=np.clip(voicing, 0.0, 1.0).reshape(shape),
            balance_db=balance.reshape(shape),
            best_lag=np.exp2(best),
        )

    def _correlate(self, windows: F32) -> tuple[F32, F32, F32]:
        """Height and offset of the peak at each lag, 0 where there is none; balance in dB."""
        centred = windows - windows.mean(axis=1, keepdims=True)
        spectrum = np.fft.rfft(centred * self._window, _FFT, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        low, high = (power[:, band].sum(axis=1) + self._quiet for band in (self._low, self._high))
        balance = 10 * np.log10(high / low)
        correlation = np.fft.irfft(power * self._weight, _FFT, axis=1)[:, : _LONGEST + 2]
        normal = correlation * (self._unwindow / (correlation[:, :1] + self._quiet))
        left = normal[:, _SHORTEST - 1 : _LONGEST]
        here = normal[:, _SHORTEST : _LONGEST + 1]
        right = normal[:, _SHORTEST + 1 : _LONGEST + 2]
        peak = (here > left) & (here >= right)
        # The parabola through three points; flat ones are no peaks.
        slope = right - left
        bend = np.where(peak, 2 * here - left - right, np.float32(1))
        offset = np.where(peak, slope / (2 * bend), np.float32(0))
        height = np.where(peak, here + slope * offset / 4, np.float32(0))
        return height, offset, balance
