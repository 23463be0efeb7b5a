"""Is this B's own speech, or A's echo?

A voice detector is blind to level: an echo of the agent at -30 dB on the customer's
channel still reads as speech, and would become talk-over that never happened. So for
each direction A to B the gate keeps a leak gain G, dB, and B speaks only when its
level stands above what A's echo could be.

G is a ceiling. While A speaks, B's level over A's is at least the leak, whatever
else is on B's channel: so the lowest such ratio bounds G from above, and falls to the
leak itself as soon as B is silent for a moment while A speaks. B's own speech can
only make the ratio higher, so double-talk never teaches a high gain. G rises (an echo
that starts in the middle of a call) only when B's envelope is A's, delayed: their
correlation exceeds ``leak_correlation`` and their difference hardly varies, several
times running. Until the first evidence, G is ``FIRST_GAIN_DB``: a channel whose peaks
stay well below the other's is held back, not believed, until it has been silent for a
moment or has shown another envelope.

The margins decide at the onset, and there as slowly as an echo makes it necessary:
what is louder than any echo could be is believed at its second block. Speech that has
begun goes on through its own dips (a stop consonant is 40 dB down, a short pause
more) for as long as the detector hears it, ``HOLD_BLOCKS`` at most without a block
that stands out; fewer where an echo could fill the dip.

Everything here is a ratio or relative to a tracked floor: a gain on both channels
changes nothing.
"""

from __future__ import annotations

from collections import deque
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK_S
from monitor.config import HearingSettings
from monitor.events import PARTIES, Party
from monitor.running import RunningMedian

WINDOW = 31
"""Blocks (1 s) over which envelopes are compared."""
EVERY = 8
"""Blocks (0.26 s) between two comparisons; half of that while an echo may be new."""
FIRST_GAIN_DB = -10.0
"""Peaks against peaks: two voices of one level pass, an echo of any decent line does not."""
LEAST_GAIN_DB = -60.0
BOUND_MIN_BLOCKS = 6
FOLLOW_MIN_BLOCKS = 12
"""Blocks of the source's speech that a bound, a correlation need."""
PEAK_BLOCKS = 6
"""As long as a syllable: nothing known yet, its peak is held against the other's."""
AGREEING = 4
"""So many comparisons running must agree before G rises."""
UNLIKE_CORRELATION = 0.6
UNLIKE_GAIN_DB = -15.0
"""G, when nothing is known but that the envelopes differ."""
AGREE_BLOCKS = 1
AGREE_DB = 3.0
ECHO_SPREAD_DB = 3.0
"""Standard deviation of B over A's delayed level, of an echo; two voices: 6 dB and more."""
MIXED_CORRELATION = 0.95
FALL_DB = 3.0
"""A known echo is thought weaker by at most so much at a time: rooms and heads move."""
TAIL_DB = 4.0
"""The echo of a room dies by at least so much a block (RT60 below 0.5 s)."""
HELD_BELOW_OWN_DB = 12.0
"""While A speaks, B so far below its own usual level (four blocks' mean) may be an echo."""
OWN_MIN_BLOCKS = 62
OWN_BLOCKS = 600
FLOOR_FALL = 0.25
FLOOR_RISE = 0.02
"""Share per block by which the noise floor goes to the level where nothing speaks."""
STAYS_WITHIN_DB = 3.0
"""Speech that has begun may come so much nearer to the noise."""
HOLD_BLOCKS = 8
ECHO_HOLD_BLOCKS = 3
RESUME_BLOCKS = 6
"""Speech that was lost so few blocks ago comes back at its first block that stands out."""
AUDIBLE_DB = 12.0
"""An expected echo so far above the noise floor could be heard; a bound that the noise
alone gives lies within it."""
RANGE_DB = 40.0
NOTHING_DB = -200.0
"""Below any level."""
MOST_OF_FOUR = tuple(bits.bit_count() >= 3 for bits in range(16))

F64 = NDArray[np.float64]


class _Leak:
    """How one party's channel leaks into the other's."""

    __slots__ = (
        "_agreed",
        "_seen_db",
        "_seen_lag",
        "_settings",
        "_unlike",
        "echo_db",
        "found",
        "gain_db",
        "lag",
        "mixed",
        "waited",
    )

    def __init__(self, settings: HearingSettings) -> None:
        self._settings = settings
        self._agreed = 0
        self._unlike = 0
        self.gain_db: float | None = None  # None: no evidence yet
        self._seen_db = 0.0
        self._seen_lag = 0
        self.lag = 0
        self.found = False  # an echo, not only a bound
        self.mixed = False
        self.waited = 0  # blocks since the newest comparison
        self.echo_db = NOTHING_DB  # expected on the other's channel now

    def compare(self, source_db: F64, speaks: NDArray[np.bool_], other_db: F64) -> None:
        """Compare the newest WINDOW + lags - 1 blocks of both channels, oldest first.

        The source's window is the oldest part, the other's window moves over it: so
        the echo of every block of the source has had the time to arrive.
        """
        source = source_db[:WINDOW]
        active = speaks[:WINDOW]
        blocks = np.count_nonzero(active)
        if blocks < BOUND_MIN_BLOCKS:
            return
        loud = active & (source >= _median(source[active]))
        lags = len(other_db) - WINDOW + 1
        others = other_db[np.arange(lags)[:, None] + np.arange(WINDOW)]  # (lags, WINDOW)
        ratio_db = others[:, loud] - source[loud]
        ratios_db = _median(ratio_db)
        self._bound(float(ratios_db.max()))
        if blocks < FOLLOW_MIN_BLOCKS:
            return
        a = _envelope(source)
        b = _envelope(others)
        power = (a @ a) * (b * b).sum(axis=1)
        correlation = (b @ a) / np.sqrt(power + 1e-12)
        lag = int(correlation.argmax())
        self._follow(lag, ratio_db[lag], float(ratios_db[lag]), float(correlation[lag]))

    def _bound(self, ratio_db: float) -> None:
        ratio_db = max(ratio_db, LEAST_GAIN_DB)
        if self.gain_db is None:
            if ratio_db < FIRST_GAIN_DB:
                self.gain_db = ratio_db
        elif ratio_db < self.gain_db:
            self.gain_db = max(ratio_db, self.gain_db - FALL_DB) if self.found else ratio_db

    def _follow(self, lag: int, ratios_db: F64, ratio_db: float, correlation: float) -> None:
        mixed_db = self._settings.mixed_gain_db
        self._unlike = self._unlike + 1 if correlation < UNLIKE_CORRELATION else 0
        if self.gain_db is None and self._unlike >= AGREEING:
            self.gain_db = UNLIKE_GAIN_DB
        if (
            correlation < self._settings.leak_correlation
            or ratio_db >= -mixed_db  # the other way round: B leaks into A
            or ratios_db.std() > ECHO_SPREAD_DB
        ):
            self._agreed = 0
            return
        same_lag = abs(lag - self._seen_lag) <= AGREE_BLOCKS
        agrees = same_lag and abs(ratio_db - self._seen_db) <= AGREE_DB
        self._agreed = self._agreed + 1 if agrees else 1
        self._seen_lag, self._seen_db = lag, ratio_db
        if self._agreed < AGREEING:
            return
        if ratio_db > mixed_db:
            self.mixed = self.mixed or correlation >= MIXED_CORRELATION
            return
        self.found = True
        self.lag = lag
        self.gain_db = ratio_db if self.gain_db is None else max(self.gain_db, ratio_db)

    def loudest(self, levels_db: deque[float], lags: int) -> float:
        """Level, dBFS, of the loudest block of the source that can be an echo now.

        Of sound, whether the detector calls it speech or not: it hears late, and misses
        some, of what is a clear echo."""
        if self.found:
            newest = len(levels_db) - 1 - self.lag
            at = (min(newest + 1, len(levels_db) - 1), newest, newest - 1)
            return max(levels_db[i] for i in at)
        return max(islice(reversed(levels_db), lags))


def _median(values: F64) -> F64:
    """Upper median along the last axis; ``np.median`` takes five times as long."""
    ordered: F64 = np.sort(values, axis=-1)
    return ordered[..., ordered.shape[-1] // 2]


def _envelope(level_db: F64) -> F64:
    """Without its mean; digital silence counts as RANGE_DB below the peak, no more."""
    clipped: F64 = np.maximum(level_db, level_db.max(axis=-1, keepdims=True) - RANGE_DB)
    mean: F64 = clipped.mean(axis=-1, keepdims=True)
    return clipped - mean


class _Channel:
    """One party's channel: its voice, its noise floor, its usual level."""

    __slots__ = (
        "bits",
        "floor_db",
        "lapsed_blocks",
        "levels_db",
        "own",
        "quiet_blocks",
        "usual",
        "voice",
        "voices",
    )

    def __init__(self, blocks: int) -> None:
        self.voice = False  # speech of whomever, after hysteresis
        self.own = False
        self.bits = 0  # stood out or not, the newest four blocks
        self.lapsed_blocks = 1 << 30  # since the newest block that stood out, while own
        self.floor_db: float | None = None
        self.quiet_blocks = 1 << 30  # since the newest voice
        self.levels_db: deque[float] = deque([NOTHING_DB] * blocks, maxlen=blocks)
        self.voices: deque[bool] = deque([False] * blocks, maxlen=blocks)
        self.usual = RunningMedian(OWN_BLOCKS)


class CrosstalkGate:
    """Which of the two parties really speaks, block by block (row 0 agent, 1 customer).

    A party speaks when its speech probability is on (``speech_on``, ``speech_off``),
    its level stands ``noise_margin_db`` above its noise floor and ``leak_margin_db``
    above the other's expected echo, in three of the newest four blocks.
    """

    def __init__(self, settings: HearingSettings) -> None:
        self._settings = settings
        self._lags = int(settings.leak_max_delay_ms / 1000 / BLOCK_S) + 1
        blocks = WINDOW + self._lags - 1
        self._channels = (_Channel(blocks), _Channel(blocks))
        self._leaks = (_Leak(settings), _Leak(settings))  # from agent, from customer
        self._block = 0

    @property
    def mixed(self) -> bool:
        """Both channels carry the same sound: talk-over cannot be heard."""
        return self._leaks[0].mixed or self._leaks[1].mixed

    def leak_db(self, source: Party) -> float | None:
        """Gain of the echo that ``source`` makes on the other's channel, or None."""
        leak = self._leaks[PARTIES.index(source)]
        return leak.gain_db if leak.found else None

    @property
    def delay_ms(self) -> float | None:
        """Delay of the louder echo, to the block; None when there is no echo."""
        found = [leak for leak in self._leaks if leak.found]
        if not found:
            return None
        return max(found, key=lambda leak: leak.gain_db or 0.0).lag * BLOCK_S * 1000

    def step(self, speech: tuple[float, float], level_db: tuple[float, float]) -> tuple[bool, bool]:
        """One block of both channels: speech probabilities and levels, dBFS."""
        settings = self._settings
        channels = self._channels
        for row in (0, 1):
            channel, p, level = channels[row], speech[row], level_db[row]
            voice = p >= settings.speech_on or (channel.voice and p >= settings.speech_off)
            channel.voice = voice
            channel.quiet_blocks = 0 if voice else channel.quiet_blocks + 1
            if self._block == 0:
                channel.levels_db.extend([level] * len(channel.levels_db))
            channel.levels_db.append(level)
            channel.voices.append(voice)
            floor = channel.floor_db
            if floor is None:
                if p < settings.speech_off:
                    channel.floor_db = level
            elif level < floor:
                channel.floor_db = floor + FLOOR_FALL * (level - floor)
            elif p < settings.speech_off:
                channel.floor_db = floor + FLOOR_RISE * (level - floor)
        mixed = self.mixed
        self._block += 1
        own = self._decide(0, level_db[0], mixed), self._decide(1, level_db[1], mixed)
        if not mixed:
            self._compare()
        return own

    def missing(self) -> None:
        """No audio for a while: what was heard before says nothing of what comes now,
        except how the channels are."""
        self._block = 0
        for channel in self._channels:
            channel.voice = channel.own = False
            channel.bits = 0
            channel.lapsed_blocks = channel.quiet_blocks = 1 << 30
            channel.voices.extend([False] * len(channel.voices))
        for leak in self._leaks:
            leak.waited = 0
            leak.echo_db = NOTHING_DB

    def _decide(self, row: int, level: float, mixed: bool) -> bool:
        """Whether the party speaks in the newest block."""
        channel, other, leak = self._channels[row], self._channels[1 - row], self._leaks[1 - row]
        source_db = NOTHING_DB
        if not mixed:
            source_db = leak.loudest(other.levels_db, self._lags)
            gain_db = FIRST_GAIN_DB if leak.gain_db is None else leak.gain_db
            leak.echo_db = max(source_db + gain_db, leak.echo_db - TAIL_DB)
        channel.lapsed_blocks += 1
        if not channel.voice:
            channel.bits = channel.bits << 1 & 15
            channel.own = False
            return False
        stands_out = self._stands_out(channel, leak, level, source_db)
        channel.bits = (channel.bits << 1 | stands_out) & 15
        echo_possible = not mixed and self._echo_possible(channel, leak)
        if channel.own:
            hold = ECHO_HOLD_BLOCKS if echo_possible else HOLD_BLOCKS
            channel.own = stands_out or channel.lapsed_blocks <= hold
        elif MOST_OF_FOUR[channel.bits]:
            channel.own = True
        elif stands_out and (not echo_possible or level > source_db):
            channel.own = channel.bits & 2 != 0 or channel.lapsed_blocks <= RESUME_BLOCKS
        if channel.own and stands_out:
            channel.lapsed_blocks = 0
            if other.quiet_blocks > self._lags:
                channel.usual.add(level)
        return channel.own

    def _stands_out(self, channel: _Channel, leak: _Leak, level: float, source_db: float) -> bool:
        """Above the noise, and above what the other's echo could be."""
        settings = self._settings
        if channel.floor_db is not None:
            margin = STAYS_WITHIN_DB if channel.own else settings.noise_margin_db
            if level < channel.floor_db + margin:
                return False
        if source_db == NOTHING_DB:
            return True
        levels_db = channel.levels_db
        if leak.gain_db is None:
            return max(islice(reversed(levels_db), PEAK_BLOCKS)) > leak.echo_db
        if level <= leak.echo_db + settings.leak_margin_db:
            return False
        usual = channel.usual
        if len(usual) < OWN_MIN_BLOCKS or level > source_db + settings.mixed_gain_db:
            return True
        smooth_db = (levels_db[-1] + levels_db[-2] + levels_db[-3] + levels_db[-4]) / 4
        return smooth_db > usual.median - HELD_BELOW_OWN_DB

    @staticmethod
    def _echo_possible(channel: _Channel, leak: _Leak) -> bool:
        return channel.floor_db is None or leak.echo_db > channel.floor_db + AUDIBLE_DB

    def _compare(self) -> None:
        """Now and then, and only of a source that speaks, learn how much it leaks."""
        channels = self._channels
        for row in (0, 1):
            leak, source, other = self._leaks[row], channels[row], channels[1 - row]
            if source.quiet_blocks > self._lags:
                leak.waited = 0
                continue
            leak.waited += 1
            quick = not leak.found and (other.voice or leak.gain_db is None)
            every = EVERY // 2 if quick else EVERY
            if leak.waited >= every:
                leak.waited = 0
                levels_db = np.array(source.levels_db), np.array(other.levels_db)
                leak.compare(levels_db[0], np.array(source.voices), levels_db[1])
