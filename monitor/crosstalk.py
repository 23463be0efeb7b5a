"""Is this B's own speech, or A's echo?

A voice detector is blind to level: an echo of the agent at -30 dB on the customer's
channel still reads as speech, and would become talk-over that never happened. So for
each direction A to B the gate keeps a leak gain G, dB, and B speaks only when its
level stands above what A's echo could be.

G, and the delay, are learned in ``leak``. Until the first evidence, G is
``FIRST_GAIN_DB``: a channel whose peaks stay well below the other's is held back, not
believed, until it has been silent for a moment or has shown another envelope. While only
a bound is known, the echo may be of any of A's blocks within ``leak_max_delay_ms``, and
B must stand ``leak_margin_db`` above; of a known echo only that of its own delay counts,
and B must stand above by as much as the echo varies.

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
from monitor.leak import F64, FIRST_GAIN_DB, SHIFT_TO_DB, Leak
from monitor.running import RunningMedian

EVERY = 8
"""Blocks (0.26 s) between two comparisons; half of that while an echo may be new."""
LISTEN_EVERY = 2
"""Blocks between two looks, while both seem to speak, whether a known echo is louder now."""
PEAK_BLOCKS = 6
"""As long as a syllable: nothing known yet, its peak is held against the other's."""
LOUD_ECHO_DB = -10.5
"""From here on the echo is as loud as many a caller: not all talk-over can be heard."""
LOUD_BLOCKS = 94
"""… when it was so for 3 s of the source's speech; until it was not for as long."""
APART_DB = 12.0
"""A voice so far above all of the other's channel is no copy of it."""
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
NOTHING_DB = -200.0
"""Below any level."""
MOST_OF_FOUR = tuple(bits.bit_count() >= 3 for bits in range(16))


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
    its level stands ``noise_margin_db`` above its noise floor and the leak's margin
    above the other's expected echo, in three of the newest four blocks.
    """

    def __init__(self, settings: HearingSettings) -> None:
        self._settings = settings
        self._leaks = (Leak(settings), Leak(settings))  # from agent, from customer
        blocks, self._lags = self._leaks[0].blocks, self._leaks[0].lags
        self._channels = (_Channel(blocks), _Channel(blocks))
        self._block = 0
        self._loud = False

    @property
    def echo_too_loud(self) -> bool:
        """An echo is about as loud as the voices: some talk-over cannot be told from it."""
        return self._loud

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

    def echoed(self, row: int) -> bool:
        """Whether an echo of the other, a known one, may be heard on this party's channel now."""
        return self._leaks[1 - row].found and self._channels[1 - row].quiet_blocks <= self._lags

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
            source_db = leak.expected(other.levels_db)
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
            if level > max(islice(reversed(other.levels_db), self._lags)) + APART_DB:
                leak.apart()
        return channel.own

    def _stands_out(self, channel: _Channel, leak: Leak, level: float, source_db: float) -> bool:
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
        if level <= leak.echo_db + leak.margin_db:
            return False
        usual = channel.usual
        if len(usual) < OWN_MIN_BLOCKS or level > source_db + settings.mixed_gain_db:
            return True
        smooth_db = (levels_db[-1] + levels_db[-2] + levels_db[-3] + levels_db[-4]) / 4
        return smooth_db > usual.median - HELD_BELOW_OWN_DB

    @staticmethod
    def _echo_possible(channel: _Channel, leak: Leak) -> bool:
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
            self._watch_loudness(leak)
            near = other.levels_db[-1] < leak.echo_db + SHIFT_TO_DB
            if leak.found and other.own and near and self._block % LISTEN_EVERY == 0:
                leak.listen(*_newest(source, other))
            quick = not leak.found and (other.voice or leak.gain_db is None)
            every = EVERY // 2 if quick else EVERY
            if leak.waited >= every:
                leak.compare(*_newest(source, other))
                leak.waited = 0

    def _watch_loudness(self, leak: Leak) -> None:
        loud = leak.found and leak.gain_db is not None and leak.gain_db > LOUD_ECHO_DB
        leak.loud_blocks = min(max(leak.loud_blocks + (1 if loud else -1), 0), LOUD_BLOCKS)
        if leak.loud_blocks == LOUD_BLOCKS:
            self._loud = True
        elif self._loud and not any(each.loud_blocks for each in self._leaks):
            self._loud = False


def _newest(source: _Channel, other: _Channel) -> tuple[F64, NDArray[np.bool_], F64]:
    """Levels and voices of the source, levels of the other: the newest blocks, oldest first."""
    return np.array(source.levels_db), np.array(source.voices), np.array(other.levels_db)
