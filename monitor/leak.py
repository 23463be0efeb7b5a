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
from math import hypot, log10, sqrt

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK_S
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
QUARTERS = (0.25, 0.5, 0.75)
"""Parts of a block by which the delay is then looked for more closely."""
SHIFT_BLOCKS = 10
SHIFT_MIN_BLOCKS = 7
"""A known echo has become louder when, of so many newest blocks in which A speaks, …"""
SHIFT_SPREAD_DB = 2.5
SHIFT_VARIES_DB = 2.5
"""… three of four are so near their middle, though A's own level varies by so much, …"""
SHIFT_FROM_DB = 1.0
SHIFT_TO_DB = 9.0
"""… and this middle lies so far above the gain."""
SPREAD_SHARE = 0.3
"""Share by which a new spread moves the one that is known."""
MARGIN_OF_SPREAD = 2.5
LEAST_MARGIN_DB = 3.0
MOST_MARGIN_DB = 8.0
"""So many spreads and 1 dB above the echo, within these, is not the echo: one
echo block in 500 passes three times of four at 0.7 dB on a wire, at 5 to 7 dB in a room."""
MIXED_CORRELATION = 0.95
"""Of two channels that carry one sound at about one level."""
SURE = (AGREEING, 24)
"""So many comparisons running must agree on that; the second when B has had a voice of its
own: two who speak at once, for a second, can be as alike as this."""
TWIN_FROM_DB = -7.5
TWIN_SPREAD_DB = 2.0
TWIN_CORRELATION = 0.9
TWIN_BLOCKS = 375
"""Copies that differ by so much are mixed when A has spoken for 12 s like this…"""
APART_BLOCKS = 16
"""… and B not for half a second without A."""
FALL_DB = 0.5
"""A known echo is thought weaker by at most so much at a time: what a room gives back of
one sound and of the next differs by several dB, and heads move."""
RANGE_DB = 40.0

F64 = NDArray[np.float64]


class Leak:
    """How one party's channel (the source) leaks into the other's."""

    __slots__ = (
        "_agreed",
        "_apart",
        "_at",
        "_seen_db",
        "_seen_lag",
        "_settings",
        "_twin",
        "_unlike",
        "blocks",
        "echo_db",
        "found",
        "gain_db",
        "lag",
        "lags",
        "loud_blocks",
        "mixed",
        "spread_db",
        "waited",
    )

    def __init__(self, settings: HearingSettings) -> None:
        self._settings = settings
        self.lags = int(settings.leak_max_delay_ms / 1000 / BLOCK_S) + 1  # from 0, in blocks
        self.blocks = WINDOW + self.lags - 1
        self._at = np.arange(self.lags - 1, -1, -1)[:, None] + np.arange(WINDOW)
        self._agreed = 0
        self._unlike = 0
        self._twin = 0
        self._apart = 0
        self._seen_db = 0.0
        self._seen_lag = 0.0
        self.gain_db: float | None = None  # None: no evidence yet
        self.lag = 0.0  # blocks
        self.spread_db = ECHO_SPREAD_DB
        self.found = False  # an echo, not only a bound
        self.mixed = False
        self.loud_blocks = 0  # of the source's speech, in which the gain was high
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
        """Compare the newest ``blocks`` of both channels, oldest first.

        The other's window is its newest WINDOW blocks; the source's moves back from it,
        block by block (row = delay, in blocks).
        """
        active = speaks[self._at]
        spoken = active.sum(axis=1)
        bound = spoken.min() >= BOUND_MIN_BLOCKS
        if not bound and spoken.max() < FOLLOW_MIN_BLOCKS:
            return
        sources_db, other = source_db[self._at], other_db[-WINDOW:]
        usual_db = _medians(sources_db, active, spoken)
        loud = active & (sources_db >= usual_db[:, None])
        if bound:
            self._bound(float(_medians(other - sources_db, loud, loud.sum(axis=1)).max()))
        a, b = _envelope(sources_db), _envelope(other)
        correlation = (a @ b) / np.sqrt(np.einsum("ij,ij->i", a, a) * (b @ b) + 1e-12)
        correlation[spoken < FOLLOW_MIN_BLOCKS] = 0.0
        lag = int(correlation.argmax())
        if spoken[lag] < FOLLOW_MIN_BLOCKS:
            return
        self._unlike = self._unlike + 1 if correlation[lag] < UNLIKE_CORRELATION else 0
        if self.gain_db is None and self._unlike >= AGREEING:
            self.gain_db = UNLIKE_GAIN_DB
        if correlation[lag] < self._settings.leak_correlation:
            self._agreed = 0
            return
        fine = _fine(source_db, other, loud[lag], lag)
        self._follow(*fine, float(correlation[lag]))

    def expected(self, levels_db: deque[float]) -> float:
        """Level, dBFS, of the source where it can be an echo now.

        Of sound, whether the detector calls it speech or not: it hears late, and misses
        some, of what is a clear echo. While no delay is known, the loudest of all."""
        if not self.found:
            return max(islice(reversed(levels_db), self.lags))
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

    def _follow(self, fine: float, ratio_db: float, spread_db: float, correlation: float) -> None:
        """Whether the other's window is the source's, ``fine`` blocks late."""
        mixed_db = self._settings.mixed_gain_db
        if (
            ratio_db >= -TWIN_FROM_DB  # the other way round: B leaks into A
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
        if ratio_db > TWIN_FROM_DB:
            self._suspect(ratio_db, spread_db, correlation)
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

    def _suspect(self, ratio_db: float, spread_db: float, correlation: float) -> None:
        """B is as loud as A, and alike: is there any B at all?"""
        if correlation >= TWIN_CORRELATION and spread_db <= TWIN_SPREAD_DB:
            self._twin += self.waited
        separate = self._apart >= APART_BLOCKS
        alike = self._twin >= TWIN_BLOCKS and not separate
        same = abs(ratio_db) < -self._settings.mixed_gain_db and correlation >= MIXED_CORRELATION
        self.mixed = self.mixed or alike or (same and self._agreed >= SURE[separate])

    def listen(self, source_db: F64, speaks: NDArray[np.bool_], other_db: F64) -> None:
        """Whether a known echo has become louder: the ratio is steady, only elsewhere.

        To be asked while both seem to speak; arguments as of ``compare``."""
        echo_db = _delayed(source_db, self.lag, SHIFT_BLOCKS)
        stop = len(speaks) - int(self.lag)
        active = speaks[stop - SHIFT_BLOCKS : stop]
        if np.count_nonzero(active) < SHIFT_MIN_BLOCKS:
            return
        echo_db = echo_db[active]
        ratio_db = other_db[-SHIFT_BLOCKS:][active] - echo_db
        middle_db = float(_median(ratio_db))
        above_db = middle_db - (self.gain_db or 0.0)
        if (
            SHIFT_FROM_DB < above_db < SHIFT_TO_DB
            and middle_db <= self._settings.mixed_gain_db
            and echo_db.std() >= SHIFT_VARIES_DB
            and _within(ratio_db, middle_db) <= SHIFT_SPREAD_DB
        ):
            self.gain_db = middle_db


def _delayed(level_db: F64, lag: float, blocks: int) -> F64:
    """The newest ``blocks`` of a level that is ``lag`` blocks late, dB."""
    whole = int(lag)
    part = lag - whole
    stop = len(level_db) - whole
    now = level_db[stop - blocks : stop]
    if part == 0.0:
        return now
    before = level_db[stop - blocks - 1 : stop - 1]
    mixed: F64 = 10 * np.log10((1 - part) * 10 ** (now / 10) + part * 10 ** (before / 10))
    return mixed


def _fine(
    source_db: F64, other: F64, loud: NDArray[np.bool_], lag: int
) -> tuple[float, float, float]:
    """Delay near ``lag`` at which the ratio varies least: (delay in blocks, dB, spread dB)."""
    heard = np.flatnonzero(loud)
    at = heard + len(source_db) - lag - WINDOW
    power = 10 ** (source_db / 10)
    now = power[at]
    parts = [0.0]
    candidates = [now]
    if lag > 0:
        sooner = power[at + 1]
        parts += [-part for part in QUARTERS]
        candidates += [(1 - part) * now + part * sooner for part in QUARTERS]
    if lag < len(source_db) - WINDOW:
        later = power[at - 1]
        parts += QUARTERS
        candidates += [(1 - part) * now + part * later for part in QUARTERS]
    ratios_db = other[heard] - 10 * np.log10(np.array(candidates))
    centred = ratios_db - ratios_db.mean(axis=1, keepdims=True)
    variances = np.einsum("ij,ij->i", centred, centred) / len(heard)
    best = int(variances.argmin())
    return lag + parts[best], float(_median(ratios_db[best])), sqrt(variances[best])


def _medians(values: F64, chosen: NDArray[np.bool_], counts: NDArray[np.int_]) -> F64:
    """Upper median of what is chosen in each row; infinite where nothing is."""
    ordered = np.sort(np.where(chosen, values, np.inf), axis=1)
    medians: F64 = ordered[np.arange(len(ordered)), np.minimum(counts // 2, WINDOW - 1)]
    return medians


def _within(values: F64, middle: float) -> float:
    """Three of four values are no farther from the middle."""
    return float(np.sort(np.abs(values - middle))[3 * len(values) // 4])


def _median(values: F64) -> F64:
    """Upper median along the last axis; ``np.median`` takes five times as long."""
    ordered: F64 = np.sort(values, axis=-1)
    return ordered[..., ordered.shape[-1] // 2]


def _envelope(level_db: F64) -> F64:
    """Without its mean; digital silence counts as RANGE_DB below the peak, no more."""
    clipped: F64 = np.maximum(level_db, level_db.max(axis=-1, keepdims=True) - RANGE_DB)
    mean: F64 = clipped.mean(axis=-1, keepdims=True)
    return clipped - mean
