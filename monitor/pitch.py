"""Pitch, harmonicity and spectral balance of a block.

A normalised autocorrelation after Boersma, "Accurate short-term analysis of the fundamental
frequency and the harmonics-to-noise ratio of a sampled sound" (1993): the autocorrelation of
the windowed signal over that of the window. The telephone takes the fundamental of most
voices away and leaves one or two harmonics under the first formant that outweigh all others;
a plain autocorrelation then hears their pitch, or half of it. Three things help:

- The power spectrum is compressed to its power of 3/8 before it is transformed back
  (generalised autocorrelation: Tolonen & Karjalainen, "A computationally efficient
  multipitch analysis model", 2000), so that every harmonic has a say. Compression lifts the
  noise between harmonics too, so a fifth of the plain autocorrelation is mixed in.
- Both spectra are weighted down above 1.5 kHz, where harmonics of voices are noisy and the
  lags of 8 kHz too coarse, and the compressed one below 60 Hz, where there is only hum.
- The strongest four peaks of a block are its candidates. Each is supported by those of the
  blocks before that lie near it, three blocks back at most: the score of a candidate is its
  height plus half of the best score before, less half a point an octave of distance. There
  is no looking ahead, and the figures are a function of four blocks alone.

The figures were chosen on half of the speakers and reported on the others: docs/hearing.md.
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
CEILING_HZ = 600.0
TRACE = (2, 4, 3)
"""What a channel carries from block to block: log2 lag and height, of four candidates, in
each of three blocks. Zeros at the start of a channel."""

_FFT: Final = 512  # window and longest lag fit without wrapping
_SHORTEST: Final = int(RATE_HZ / CEILING_HZ)
_LONGEST: Final = int(RATE_HZ / FLOOR_HZ) + 1
_PLAIN: Final = 0.2  # share of the plain autocorrelation
_VOICED: Final = 0.33  # height of a peak: loses 2 % of what both oracles call voiced
_OCTAVE_COST: Final = 0.02
_SUPPORT: Final = 0.5
_JUMP_COST: Final = 0.5  # for an octave
_QUIET: Final = 10 ** (-80 / 10)
_ROWS: Final = 128  # windows worked on together: more leave the cache
_CANDIDATES: Final = TRACE[1]
_DEPTH: Final = TRACE[2]


@dataclass(frozen=True, slots=True)
class Pitch:
    """Of each window, shape (channels, blocks)."""

    f0_hz: F32  # NaN where unvoiced
    voicing: F32  # 0..1, the plain normalised autocorrelation at the lag of the pitch
    balance_db: F32  # energy 1-3.4 kHz over 0.3-1 kHz
    trace: F32  # (channels, 2, 4, 3): the next ``before``


class PitchMeter:
    """Tables only; no state of any channel."""

    def __init__(self) -> None:
        window = np.hanning(WINDOW + 2)[1:-1]
        hz = np.fft.rfftfreq(_FFT, 1 / RATE_HZ)
        spectrum = np.abs(np.fft.rfft(window, _FFT)) ** 2
        of_window = np.fft.irfft(spectrum, _FFT)
        unwindow = of_window[0] / of_window[_SHORTEST - 1 : _LONGEST + 2]
        weight = 1 / (1 + (hz / 1500.0) ** 6)
        rumble = (hz / FLOOR_HZ) ** 4 / (1 + (hz / FLOOR_HZ) ** 4)
        self._window = window.astype(np.float32)
        self._weight = weight.astype(np.float32)
        self._compressed_weight = (weight * rumble).astype(np.float32)
        # A compressed spectrum has the autocorrelation of no window; the root of the
        # correction keeps long lags from winning by it.
        self._unwindow = unwindow.astype(np.float32)
        self._compressed_unwindow = np.sqrt(unwindow).astype(np.float32)
        quiet = _QUIET * np.sum(window**2)
        self._quiet = np.float32(quiet)
        self._compressed_quiet = np.float32(np.mean(weight * rumble) * quiet**0.375)
        self._low = slice(*np.searchsorted(hz, (300.0, 1000.0)))
        self._high = slice(*np.searchsorted(hz, (1000.0, 3400.0)))
        lags = np.arange(_SHORTEST, _LONGEST + 1)
        self._octave = (_OCTAVE_COST * np.log2(lags / lags[0])).astype(np.float32)

    def measure(self, windows: F32, heard: NDArray[np.bool_], before: F32) -> Pitch:
        """``windows`` (channels, blocks, 376); ``heard`` (channels, blocks): the others are
        not worked on, and unvoiced; ``before`` (channels, 2, 4, 3): ``trace`` of the blocks
        before, zeros at the start of a channel."""
        channels, blocks, _ = windows.shape
        rows = windows[heard]
        found = np.zeros((4, _CANDIDATES, channels, blocks), np.float32)
        balance = np.zeros((channels, blocks), np.float32)
        of_rows = np.empty((4, _CANDIDATES, len(rows)), np.float32)
        balance_of_rows = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _ROWS):
            part = slice(start, start + _ROWS)
            of_rows[:, :, part], balance_of_rows[part] = self._candidates(rows[part])
        found[:, :, heard] = of_rows
        balance[heard] = balance_of_rows

        trace = np.concatenate((before, found[:2].transpose(2, 0, 1, 3)), axis=3)
        chosen = np.argmax(_supported(trace), axis=0)
        lag, _, height, plain = np.take_along_axis(found, chosen[np.newaxis, np.newaxis], axis=1)[
            :, 0
        ]
        with np.errstate(divide="ignore"):
            f0 = np.where(height > _VOICED, np.float32(RATE_HZ) / np.exp2(lag), np.float32(np.nan))
        return Pitch(
            f0_hz=f0,
            voicing=np.clip(plain, 0.0, 1.0),
            balance_db=balance,
            trace=np.ascontiguousarray(trace[..., -_DEPTH:]),
        )

    def _candidates(self, windows: F32) -> tuple[F32, F32]:
        """Of each window the strongest peaks, (4, candidates, windows): log2 lag, height
        less the octave cost, height, height in the plain autocorrelation; and the balance
        in dB. What there is no peak for is 0."""
        centred = windows - windows.mean(axis=1, keepdims=True)
        spectrum = np.fft.rfft(centred * self._window, _FFT, axis=1)
        power: F32 = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
        low, high = (power[:, band].sum(axis=1) + self._quiet for band in (self._low, self._high))
        balance = 10 * np.log10(high / low)

        # Roots are exact and the same everywhere; a general power is neither.
        fourth = np.sqrt(np.sqrt(power))
        compressed = fourth * np.sqrt(fourth) * self._compressed_weight
        plain = _normal(power * self._weight, self._quiet, self._unwindow)
        normal = _normal(compressed, self._compressed_quiet, self._compressed_unwindow)
        normal = np.float32(1 - _PLAIN) * normal + np.float32(_PLAIN) * plain

        here = normal[:, 1:-1]
        peak = (here > normal[:, :-2]) & (here >= normal[:, 2:])
        rest = np.where(peak, here - self._octave, np.float32(-1))
        rows = np.arange(len(windows))
        at = np.empty((_CANDIDATES, len(windows)), np.intp)
        exists = np.empty(at.shape, np.bool_)
        for k in range(_CANDIDATES):
            at[k] = np.argmax(rest, axis=1)
            exists[k] = rest[rows, at[k]] > 0
            rest[rows, at[k]] = -1
        # The parabola through the peak and its neighbours.
        left, middle, right = (normal[rows, at + side] for side in range(3))
        slope, bend = right - left, np.where(exists, 2 * middle - left - right, np.float32(1))
        offset = slope / (2 * bend)
        height = middle + slope * offset / 4
        left, middle, right = (plain[rows, at + side] for side in range(3))
        as_plain = middle + offset * (right - left + offset * (left + right - 2 * middle)) / 2
        lag = np.log2((_SHORTEST + at).astype(np.float32) + offset)
        found = np.stack((lag, height - self._octave[at], height, as_plain))
        return np.where(exists, found, np.float32(0)), balance


def _normal(spectrum: F32, quiet: np.float32, unwindow: F32) -> F32:
    """The normalised autocorrelation of weighted spectra, at all lags and one on each side."""
    correlation = np.fft.irfft(spectrum, _FFT, axis=1).astype(np.float32, copy=False)
    return correlation[:, _SHORTEST - 1 : _LONGEST + 2] * (unwindow / (correlation[:, :1] + quiet))


def _supported(trace: F32) -> F32:
    """Scores of the candidates with the support of the three blocks before: ``trace``
    (channels, 2, 4, 3 + blocks) in, (4, channels, blocks) out."""
    lag, own = trace.transpose(1, 2, 0, 3)
    apart = np.abs(lag[np.newaxis, :, :, 1:] - lag[:, np.newaxis, :, :-1])
    apart *= np.float32(_JUMP_COST)
    score: F32 = own.copy()
    for _ in range(_DEPTH):
        best = (score[:, np.newaxis, :, :-1] - apart).max(axis=0)
        score[..., 1:] = own[..., 1:] + np.float32(_SUPPORT) * np.maximum(best, 0)
    return score[..., _DEPTH:]
