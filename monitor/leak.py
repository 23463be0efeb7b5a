"""How one party's channel leaks into the other's: the gain and the delay of an echo.

B's channel carries B's voice, noise, and, where the line leaks, A's channel later and
weaker. Of that echo two things are learned from the levels of blocks alone.

A **bound**. While A speaks, B's level over A's is at least the leak, whatever else is on
B's channel: so the lowest such ratio bounds the gain from above, and falls to the leak
itself as soon as B is silent for a moment while A speaks. B's own speech can only make
the ratio higher, so double-talk never teaches a high gain.

An **echo**, with its delay. The gain rises only when B's envelope is A's, delayed: their
correlation exceeds ``leak_correlation`` and their difference hardly varies, several times
running. The delay is known to a quarter of a block: a block of B then holds two blocks of
A, in known shares, and what B's level should be is known to within a decibel on a wire
and a few in a room. How far it varies about that is learned too (``spread_db``), and is
how far B must stand above the echo to be believed.

Once the delay is known a change of the gain shows within half a second: the difference
of the levels is steady as ever, only elsewhere.

When B is nothing but A (``mixed_gain_db`` and above, or a little below it for a long time
while B never shows a voice of its own) the channels are **mixed**.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from math import hypot, log10

import numpy as np
from numpy.typing import NDArray

from monitor.config import HearingSettings

WINDOW = 31
"""Blocks (1 s) over which envelopes are compared."""
LEAST_GAIN_DB = -60.0
FIRST_GAIN_DB = -10.0
"""Peaks against peaks: two voices of one level pass, an echo of any decent line does not."""
BOUND_MIN_BLOCKS = 6
FOLLOW_MIN_BLOCKS = 12
"""Blocks of the source's speech that a bound, a correlation need."""
AGREEING = 4
"""So many comparisons running must agree before the gain rises."""
UNLIKE_CORRELATION = 0.6
UNLIKE_GAIN_DB = -15.0
"""The gain, when nothing is known but that the envelopes differ."""
AGREE_BLOCKS = 1
AGREE_DB = 3.0
ECHO_SPREAD_DB = 3.0
"""Standard deviation of B over A's delayed level, of an echo; two voices: 6 dB and more."""
FINE = (-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75)
"""Parts of a block by which the delay is then looked for more closely."""
SHIFT_BLOCKS = 12
SHIFT_SPREAD_DB = 1.5
SHIFT_FROM_DB = 1.0
SHIFT_TO_DB = 9.0
"""So many newest blocks whose ratio hardly varies: a known echo has become so much louder."""
SHIFTED = 2
SPREAD_SHARE = 0.3
"""Share by which a new spread moves the one that is known."""
MARGIN_OF_SPREAD = 2.5
LEAST_MARGIN_DB = 3.0
MOST_MARGIN_DB = 8.0
MIXED_CORRELATION = 0.95
TWIN_FROM_DB = -7.5
TWIN_SPREAD_DB = 1.5
TWIN_BLOCKS = 375
"""Copies that differ by so much are mixed when A has spoken for 12 s like this…"""
APART_BLOCKS = 16
"""… and B not for half a second without A."""
FALL_DB = 0.5
"""A known echo is thought weaker by at most so much at a time: rooms and heads move."""
RANGE_DB = 40.0

F64 = NDArray[np.float64]


class Leak:
    """How one party's channel (the source) leaks into the other's."""

    __slots__ = (
        "_agreed",
        "_apart",
        "_seen_db",
        "_seen_lag",
        "_settings",
        "_shifted",
        "_twin",
        "_unlike",
        "echo_db",
        "found",
        "gain_db",
        "lag",
        "mixed",
        "spread_db",
        "waited",
    )

    def __init__(self, settings: HearingSettings) -> None:
        self._settings = settings
        self._agreed = 0
        self._unlike = 0
        self._shifted = 0
        self._twin = 0
        self._apart = 0
        self._seen_db = 0.0
        self._seen_lag = 0.0
        self.gain_db: float | None = None  # None: no evidence yet
        self.lag = 0.0  # blocks
        self.spread_db = ECHO_SPREAD_DB
        self.found = False  # an echo, not only a bound
        self.mixed = False
        self.waited = 0  # blocks since the newest comparison
        self.echo_db = -200.0  # expected on the other's channel now

    @property
    def margin_db(self) -> float:
        """So far above the expected echo, nothing is the echo."""
        if not self.found:
            return self._settings.leak_margin_db
        return min(max(LEAST_MARGIN_DB, MARGIN_OF_SPREAD * self.spread_db + 1.0), MOST_MARGIN_DB)

    def apart(self) -> None:
        """One block of the other's own voice, while the source is far below it."""
        self._apart += 1

    def compare(self, source_db: F64, speaks: NDArray[np.bool_], other_db: F64) -> None:
        """Compare the newest WINDOW + lags - 1 blocks of both channels, oldest first.

        The other's window is its newest WINDOW blocks; the source's moves back from it,
        block by block (row = delay, in blocks).
        """
        lags = len(source_db) - WINDOW + 1
        at = np.arange(lags - 1, -1, -1)[:, None] + np.arange(WINDOW)
        active = speaks[at]
        blocks = np.count_nonzero(active, axis=1)
        enough = int(blocks.min())
        if max(enough, int(blocks.max()) - FOLLOW_MIN_BLOCKS + 1) < 1:
            return
        sources_db, other = source_db[at], other_db[-WINDOW:]
        usual_db = _medians(sources_db, active)
        loud = active & (sources_db >= usual_db[:, None])
        medians_db = _medians(other - sources_db, loud)
        if enough >= BOUND_MIN_BLOCKS:
            self._bound(float(medians_db.max()))
        a, b = _envelope(sources_db), _envelope(other)
        correlation = (a @ b) / np.sqrt((a * a).sum(axis=1) * (b @ b) + 1e-12)
        correlation[blocks < FOLLOW_MIN_BLOCKS] = 0.0
        lag = int(correlation.argmax())
        if blocks[lag] < FOLLOW_MIN_BLOCKS:
            return
        self._unlike = self._unlike + 1 if correlation[lag] < UNLIKE_CORRELATION else 0
        if self.gain_db is None and self._unlike >= AGREEING:
            self.gain_db = UNLIKE_GAIN_DB
        self._follow(source_db, other, loud[lag], lag, float(correlation[lag]))
        if self.found:
            self._shift(source_db, other, speaks)

    def expected(self, levels_db: deque[float], lags: int) -> float:
        """Level, dBFS, of the source where it can be an echo now.

        Of sound, whether the detector calls it speech or not: it hears late, and misses
        some, of what is a clear echo. While no delay is known, the loudest of all."""
        if not self.found:
            return max(islice(reversed(levels_db), lags))
        whole = int(self.lag)
        part = self.lag - whole
        newest = len(levels_db) - 1 - whole
        if part == 0.0:
            return levels_db[newest]
        now, before = 10 ** (levels_db[newest] / 10), 10 ** (levels_db[newest - 1] / 10)
        return 10 * log10((1 - part) * now + part * before)

    def _bound(self, ratio_db: float) -> None:
        ratio_db = max(ratio_db, LEAST_GAIN_DB)
        if self.gain_db is None:
            if ratio_db < FIRST_GAIN_DB:
                self.gain_db = ratio_db
        elif ratio_db < self.gain_db:
            self.gain_db = max(ratio_db, self.gain_db - FALL_DB) if self.found else ratio_db

    def _follow(
        self, source_db: F64, other: F64, loud: NDArray[np.bool_], lag: int, correlation: float
    ) -> None:
        """Whether the other's window is the source's, ``lag`` blocks late."""
        mixed_db = self._settings.mixed_gain_db
        fine, ratio_db, spread_db = _fine(source_db, other, loud, lag)
        if (
            correlation < self._settings.leak_correlation
            or ratio_db >= -mixed_db  # the other way round: B leaks into A
            or spread_db > ECHO_SPREAD_DB
        ):
            self._agreed = 0
            return
        same_lag = abs(fine - self._seen_lag) <= AGREE_BLOCKS
        agrees = same_lag and abs(ratio_db - self._seen_db) <= AGREE_DB
        self._agreed = self._agreed + 1 if agrees else 1
        self._seen_lag, self._seen_db = fine, ratio_db
        if self._agreed < AGREEING:
            return
        if correlation >= MIXED_CORRELATION and ratio_db > TWIN_FROM_DB:
            self._twin += self.waited if spread_db <= TWIN_SPREAD_DB else 0
            alike = self._twin >= TWIN_BLOCKS and self._apart < APART_BLOCKS
            self.mixed = self.mixed or ratio_db > mixed_db or alike
        if ratio_db > mixed_db:
            return
        if self.found and self.gain_db is not None:
            spread_db = hypot(spread_db, ratio_db - self.gain_db)
            self.spread_db += SPREAD_SHARE * (spread_db - self.spread_db)
        else:
            self.spread_db = spread_db
        self.found = True
        self.lag = fine
        self.gain_db = ratio_db if self.gain_db is None else max(self.gain_db, ratio_db)

    def _shift(self, source_db: F64, other: F64, speaks: NDArray[np.bool_]) -> None:
        """A known echo has become louder: the ratio is steady, only elsewhere."""
        echo_db = _delayed(source_db, self.lag)[-SHIFT_BLOCKS:]
        ratio_db = other[-SHIFT_BLOCKS:] - echo_db
        middle_db = float(_median(ratio_db))
        start = len(speaks) - SHIFT_BLOCKS - int(self.lag)
        above_db = middle_db - (self.gain_db or 0.0)
        if (
            not speaks[start : start + SHIFT_BLOCKS].all()
            or ratio_db.std() > SHIFT_SPREAD_DB
            or echo_db.std() < ECHO_SPREAD_DB
            or not SHIFT_FROM_DB < above_db < SHIFT_TO_DB
            or middle_db > self._settings.mixed_gain_db
        ):
            self._shifted = 0
            return
        self._shifted += 1
        if self._shifted >= SHIFTED:
            self.gain_db = middle_db
            self._shifted = 0


def _delayed(level_db: F64, lag: float) -> F64:
    """The newest WINDOW blocks of a level that is ``lag`` blocks late, dB."""
    whole = int(lag)
    part = lag - whole
    stop = len(level_db) - whole
    now = level_db[stop - WINDOW : stop]
    if part == 0.0:
        return now
    before = level_db[stop - WINDOW - 1 : stop - 1]
    mixed: F64 = 10 * np.log10((1 - part) * 10 ** (now / 10) + part * 10 ** (before / 10))
    return mixed


def _fine(
    source_db: F64, other: F64, loud: NDArray[np.bool_], lag: int
) -> tuple[float, float, float]:
    """Delay near ``lag`` at which the ratio varies least: (delay in blocks, dB, spread dB)."""
    most = len(source_db) - WINDOW
    best = (float(lag), 0.0, np.inf)
    for part in FINE:
        delay = lag + part
        if not 0 <= delay <= most:
            continue
        ratio_db = (other - _delayed(source_db, delay))[loud]
        spread_db = float(ratio_db.std())
        if spread_db < best[2]:
            best = (delay, float(_median(ratio_db)), spread_db)
    return best


def _medians(values: F64, chosen: NDArray[np.bool_]) -> F64:
    """Upper median of what is chosen in each row; infinite where nothing is."""
    ordered = np.sort(np.where(chosen, values, np.inf), axis=1)
    middle = np.minimum(np.count_nonzero(chosen, axis=1) // 2, values.shape[1] - 1)
    medians: F64 = np.take_along_axis(ordered, middle[:, None], axis=1)[:, 0]
    return medians


def _median(values: F64) -> F64:
    """Upper median along the last axis; ``np.median`` takes five times as long."""
    ordered: F64 = np.sort(values, axis=-1)
    return ordered[..., ordered.shape[-1] // 2]


def _envelope(level_db: F64) -> F64:
    """Without its mean; digital silence counts as RANGE_DB below the peak, no more."""
    clipped: F64 = np.maximum(level_db, level_db.max(axis=-1, keepdims=True) - RANGE_DB)
    mean: F64 = clipped.mean(axis=-1, keepdims=True)
    return clipped - mean
