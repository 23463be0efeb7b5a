"""Is it the party who speaks, or somebody behind them?

A voice detector hears every voice: the colleague at the next desk, a television, an office
full of people. On the party's channel they become speech, talk-over and words that are not
theirs. What tells them apart is level. A telephone stands closer to its party than to
anybody else, so a party has an own level, its loud syllables, and what speaks in its
pauses, well below that and for much of the time, is background.

Two things are learned from each channel, with levels forgotten over half a minute of
pauses or a quarter of a minute of speech:

- N, the level that a tenth of all speech exceeds: the loud syllables of the nearest voice;
- B, the level that a twentieth of its pauses exceed with speech. A pause begins when nothing
  within ``NEAR_DB`` of N has been heard for ``PAUSE_BLOCKS``. Only where speech fills
  ``TALK_SHARE`` of the pauses, some voice is in the background; soft words of the party
  alone fill less, and are left as they are.

Speech must then rise above B within a syllable or two, and never has to rise further than
to ``CAP_DB`` below N.

Two things the detector does not know. Until it has heard a near voice, it takes babble for
one; so until ``EARLY_BLOCKS`` of speech have been heard, only what rises above most of all
sound so far is believed. And noise hides speech from it: where the noise is no talk, what a
block and its syllable stand above all but the loudest noise is evidence of its own, and is
added to the detector's log-odds.

Everything is relative to levels of the same channel, in steps of 1 dB. On a quiet line the
probability passes through unchanged, bit for bit.
"""

from __future__ import annotations

from collections import deque
from math import exp
from typing import Final

NEAR_DB: Final = 9.0
PAUSE_BLOCKS: Final = 8
PEAK_BLOCKS: Final = 5
"""A syllable: its peak is held against the background."""
TALK_SHARE: Final = 0.35
"""Speech below the party's own fills so much of the pauses only where others talk: at most
.23 on a real call and .27 (.33 in the first seconds) on eleven laid ones without noise, .65
and more with one other voice 15 dB down."""
SPEECH_SHARE: Final = 0.10
BACKGROUND_SHARE: Final = 0.05
OVER_DB: Final = 3.0
CAP_DB: Final = 5.0
FAR_DB: Final = 40.0
"""Further below N nothing is the party's: comfort noise that comes and goes in digital silence
reads as speech down to -70 dBFS. Of a real caller the softest word was 30 dB below."""
STAYS_DB: Final = 3.0
"""Speech that has begun may fall so far below what it had to rise above."""
VOICE: Final = 0.5
"""From this probability a block tells the level of speech …"""
MURMUR: Final = 0.35
"""… and from this one a pause is not silent."""
REFUSED: Final = 0.05
"""The most that is left of the probability of what is background."""
NOISY_DB: Final = 30.0
"""The median of the pauses is nearer than this to N: noise that hides speech. Quiet lines
have 35 dB and more."""
EVIDENCE_PER_DB: Final = 0.15
"""Log-odds for each dB that a block, and for each that the loudest of its syllable, stands above
what a twentieth of the noise exceeds. Of a logistic regression on 16 laid calls in babble,
street and white noise: 1.0 for the detector's log-odds, .13 and .18 for these two; on 16 others
it misses a third to a half fewer blocks of speech than the detector with as many false ones."""
EVIDENCE_AT_0: Final = 0.8
EVIDENCE_RANGE_DB: Final = (-10.0, 15.0)
MOST_EVIDENCE: Final = 2.5
"""Twelve times the odds: a bang is loud too, and the detector is sure that it is none."""
EARLY_BLOCKS: Final = 100
"""3 s of speech. In babble at 10 dB the detector calls 18 % of it speech before the first word of
the party, 28 % until 2 s of it have been heard, 3 % until 5 s and .3 % after 10 s."""
EARLY_SHARE: Final = 0.75
EARLY_OVER_DB: Final = 6.0
"""So far must a syllable stand above what three quarters of all sound exceed: 8 of 10 blocks of
babble do not, 9 of 10 of speech in it do; speech alone does by its own dips."""
EARLY_FROM_BLOCKS: Final = 16
SURE: Final = 0.9
"""From this probability on the detector is believed all the same: a voice may be that even."""
LEAST_BLOCKS: Final = 30
LEAST_PAUSE_BLOCKS: Final = 100
SPEECH_HALF_BLOCKS: Final = 470
PAUSE_HALF_BLOCKS: Final = 940
LEARN_EVERY: Final = 8

_LOWEST_DB: Final = -100
_NONE_DB: Final = -200.0
_LARGEST: Final = 1e12


class _Levels:
    """How often which level was heard lately, in steps of 1 dB; old ones fade."""

    __slots__ = ("_growth", "_unit", "_weights", "total")

    def __init__(self, half_blocks: int) -> None:
        self._growth = 2 ** (1 / half_blocks)
        self._unit = 1.0  # what one block weighs now: growing, so that old ones need no touch
        self._weights = [0.0] * (1 - _LOWEST_DB)
        self.total = 0.0

    def add(self, level_db: float | None) -> None:
        """One block, dBFS; None: it had none."""
        self._unit *= self._growth
        self.total += self._unit
        if level_db is not None:
            self._weights[min(max(int(level_db), _LOWEST_DB), 0) - _LOWEST_DB] += self._unit
        if self._unit > _LARGEST:
            self._weights = [weight / self._unit for weight in self._weights]
            self.total /= self._unit
            self._unit = 1.0

    @property
    def blocks(self) -> float:
        """So many of the newest blocks would weigh the same."""
        return self.total / self._unit

    @property
    def share(self) -> float:
        """Of the blocks that had a level."""
        return sum(self._weights) / self.total

    def exceeded_by(self, share: float) -> float:
        """The level, dBFS, that such a share of the blocks exceeds; _NONE_DB: fewer do."""
        wanted = self.total * share
        for place in range(len(self._weights) - 1, -1, -1):
            wanted -= self._weights[place]
            if wanted < 0:
                return float(place + _LOWEST_DB)
        return _NONE_DB


class Foreground:
    """One channel. ``step`` turns the probability that somebody speaks into the probability
    that its party does."""

    __slots__ = (
        "_all",
        "_background_db",
        "_blocks",
        "_early",
        "_early_db",
        "_echo_known",
        "_loud_noise_db",
        "_murmurs",
        "_near_db",
        "_newest_db",
        "_noise_db",
        "_noises",
        "_since_near",
        "_speaking",
        "_voices",
    )

    def __init__(self) -> None:
        self._voices = _Levels(SPEECH_HALF_BLOCKS)
        self._murmurs = _Levels(PAUSE_HALF_BLOCKS)
        self._noises = _Levels(PAUSE_HALF_BLOCKS)
        self._near_db: float | None = None
        self._background_db = _NONE_DB
        self._noise_db = _NONE_DB
        self._loud_noise_db = _NONE_DB
        self._all = _Levels(PAUSE_HALF_BLOCKS)
        self._early_db = _NONE_DB
        self._early = True
        self._newest_db: deque[float] = deque(maxlen=PEAK_BLOCKS)
        self._since_near = PAUSE_BLOCKS
        self._speaking = False
        self._echo_known = False
        self._blocks = 0

    @property
    def background_db(self) -> float | None:
        """The level that others reach on this channel, dBFS; None: nobody is heard."""
        return None if self._background_db == _NONE_DB else self._background_db

    def step(self, speech: float, level_db: float, echoed: bool = False) -> float:
        """One block: its speech probability and level, dBFS.

        ``echoed``: the other party's echo may be heard in it. That is nobody in the
        background, and the cross-talk gate knows it better: it counts as silence, and what
        was learned before the echo was known is forgotten.
        """
        if echoed and not self._echo_known:
            self._forget()
        self._newest_db.append(level_db)
        peak_db = max(self._newest_db)
        if self._early:
            speech = self._early_judged(speech, level_db, peak_db, echoed)
        out = speech if self._near_db is None else self._judged(speech, level_db, peak_db)
        self._speaking = out >= VOICE or (self._speaking and out >= MURMUR)
        self._learn(speech, level_db, peak_db, echoed)
        return out

    def missing(self) -> None:
        """No audio for a while."""
        self._newest_db.clear()
        self._since_near = PAUSE_BLOCKS
        self._speaking = False

    def _early_judged(self, speech: float, level_db: float, peak_db: float, echoed: bool) -> float:
        if not echoed:
            self._all.add(level_db)
        if self._all.blocks >= EARLY_FROM_BLOCKS:
            self._early_db = self._all.exceeded_by(EARLY_SHARE)
        self._early = self._voices.blocks < EARLY_BLOCKS
        wanted_db = self._early_db + EARLY_OVER_DB - (STAYS_DB if self._speaking else 0.0)
        return min(speech, REFUSED) if peak_db < wanted_db and speech < SURE else speech

    def _judged(self, speech: float, level_db: float, peak_db: float) -> float:
        assert self._near_db is not None  # noqa: S101
        if peak_db < self._near_db - FAR_DB:
            return min(speech, REFUSED)
        if self._background_db != _NONE_DB:
            wanted_db = min(self._background_db + OVER_DB, self._near_db - CAP_DB)
            if peak_db < wanted_db - (STAYS_DB if self._speaking else 0.0):
                return min(speech, REFUSED)
            return speech
        if self._near_db - self._noise_db < NOISY_DB:
            return self._in_noise(speech, level_db, peak_db)
        return speech

    def _in_noise(self, speech: float, level_db: float, peak_db: float) -> float:
        least_db, most_db = EVIDENCE_RANGE_DB
        above_db = sum(
            min(max(db - self._loud_noise_db, least_db), most_db) for db in (level_db, peak_db)
        )
        odds = exp(min(EVIDENCE_AT_0 + EVIDENCE_PER_DB * above_db, MOST_EVIDENCE))
        return speech * odds / (1.0 - speech + speech * odds)

    def _learn(self, speech: float, level_db: float, peak_db: float, echoed: bool) -> None:
        near_db = self._near_db
        if speech >= VOICE:
            if not echoed:
                self._voices.add(level_db)
            near = near_db is None or level_db > near_db - NEAR_DB
            self._since_near = 0 if near else self._since_near + 1
        else:
            self._since_near += 1
        if self._since_near > PAUSE_BLOCKS:
            self._murmurs.add(peak_db if speech >= MURMUR and not echoed else None)
            if not echoed:
                self._noises.add(level_db)
        self._blocks += 1
        if self._blocks % LEARN_EVERY == 0:
            self._settle()

    def _forget(self) -> None:
        self._echo_known = True
        self._voices = _Levels(SPEECH_HALF_BLOCKS)
        self._murmurs = _Levels(PAUSE_HALF_BLOCKS)
        self._noises = _Levels(PAUSE_HALF_BLOCKS)
        self._near_db = None
        self._background_db = self._noise_db = self._loud_noise_db = _NONE_DB

    def _settle(self) -> None:
        if self._voices.blocks >= LEAST_BLOCKS:
            self._near_db = self._voices.exceeded_by(SPEECH_SHARE)
        if self._noises.blocks >= LEAST_PAUSE_BLOCKS:
            self._noise_db = self._noises.exceeded_by(0.5)
            self._loud_noise_db = self._noises.exceeded_by(BACKGROUND_SHARE)
            talk = self._murmurs.share >= TALK_SHARE
            self._background_db = self._murmurs.exceeded_by(BACKGROUND_SHARE) if talk else _NONE_DB
