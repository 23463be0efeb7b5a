"""One party's speech over time: runs for turn-taking, utterances for the words."""

from __future__ import annotations

import math
from collections import deque
from enum import Enum

from monitor.audio import BLOCK_S
from monitor.config import HearingSettings

NEVER = -math.inf
ROUNDING_S = 1e-6
"""Audio times are sums of blocks; comparisons forgive their rounding."""
CUT_BLOCKS = round(0.2 / BLOCK_S)
"""A forced cut falls into the quietest 200 ms."""
BACKDATED_BLOCKS = 3
"""The gate says yes at the third or fourth block of speech; the start is dated back."""
WAKE_BLOCKS = 13
"""After long silence the voice detector may need up to 0.4 s to believe a voice …"""
WAKE_LOUD_DB = 15.0
"""… which is then dated back over sound within so much of the loudest of it …"""
WAKE_STOP_BLOCKS = 4
"""… and over the silence of a stop consonant …"""
WAKE_EDGE_DB = 30.0
WAKE_EDGE_BLOCKS = 2
"""… to a sharp edge: just before it, so much less. In noise there is none, and no guess."""


class Change(Enum):
    """What a block did to a party's run of speech."""

    STARTED = "started"
    STOPPED = "stopped"


class Ended:
    """An utterance that has ended: audio time from ``t0`` to ``t1``, s."""

    __slots__ = ("cut", "t0", "t1")

    def __init__(self, t0: float, t1: float, cut: bool) -> None:
        self.t0 = t0
        self.t1 = t1
        self.cut = cut


class Speaker:
    """Runs (pauses of ``turn_hangover_ms`` end them) and utterances
    (``utterance_hangover_ms``) of one party. Both hang-overs count from the last
    block of speech, and both end there.

    A run that is not yet ``min_speech_ms`` long does not exist: a click never
    speaks. Once confirmed, its start is dated back to its first block.
    """

    __slots__ = (
        "_before_db",
        "_candidate",
        "_candidate_end",
        "_cut_after_s",
        "_cut_by_s",
        "_hot_blocks",
        "_levels",
        "_levels_sum",
        "_min_speech_s",
        "_off",
        "_on",
        "_quietest_at",
        "_quietest_sum",
        "_turn_hangover_s",
        "_utterance_hangover_s",
        "active",
        "ended",
        "last_end",
        "since",
        "speaking",
        "talk_s",
        "utterance_t0",
    )

    def __init__(self, settings: HearingSettings) -> None:
        self._on = settings.speech_on
        self._off = settings.speech_off
        self._min_speech_s = settings.min_speech_ms / 1000 - ROUNDING_S
        self._turn_hangover_s = settings.turn_hangover_ms / 1000 - ROUNDING_S
        self._utterance_hangover_s = settings.utterance_hangover_ms / 1000 - ROUNDING_S
        self._cut_after_s = settings.utterance_cut_after_s - ROUNDING_S
        self._cut_by_s = settings.utterance_cut_by_s - ROUNDING_S
        self._candidate: float | None = None
        self._candidate_end = 0.0
        self._hot_blocks = 0
        self._before_db: deque[float] = deque(maxlen=WAKE_BLOCKS)
        self._levels: deque[float] = deque()
        self._levels_sum = 0.0
        self._quietest_at = 0.0
        self._quietest_sum: float | None = None
        self.active = False
        """Speech in the newest block."""
        self.speaking = False
        """In a run: speech, or a pause shorter than the turn hang-over."""
        self.since = 0.0
        """Start of the current run, or of the last one."""
        self.last_end = NEVER
        """End of the last block of speech; NEVER before the first."""
        self.talk_s = 0.0
        """Length of all finished runs."""
        self.utterance_t0 = NEVER
        """Start of the open utterance; NEVER between utterances."""
        self.ended: list[Ended] = []
        """Utterances that ended; whoever takes them empties the list."""

    @property
    def run_s(self) -> float:
        """Length of the current run, s; 0 when there is none."""
        return self.last_end - self.since if self.speaking else 0.0

    @property
    def beginning(self) -> bool:
        """Speech that is not yet long enough to be a run."""
        return self._candidate is not None

    def step(self, t: float, own: bool, speech: float, level_db: float) -> Change | None:
        """One block that ends at audio time ``t``."""
        self.active = active = own and speech >= self._off
        change: Change | None = None
        if active:
            change = self._hear(t, level_db)
        elif self.speaking:
            if t - self.last_end >= self._turn_hangover_s:
                self._stop()
                change = Change.STOPPED
        elif self._candidate is not None and t - self._candidate_end > 1.5 * BLOCK_S:
            self._candidate = None
        self._hot_blocks = self._hot_blocks + 1 if speech >= self._on and not own else 0
        if not active:
            self._before_db.append(level_db)
        if self.utterance_t0 != NEVER:
            self._watch_utterance(t, level_db)
        return change

    def close(self) -> Change | None:
        """Audio ends here (a gap, or the call): what is open ends at its last speech."""
        change = None
        if self.speaking:
            self._stop()
            change = Change.STOPPED
        self._candidate = None
        self._hot_blocks = 0
        self._before_db.clear()
        self.active = False
        if self.utterance_t0 != NEVER:
            self._end_utterance(self.last_end)
        return change

    def _hear(self, t: float, level_db: float) -> Change | None:
        if self.speaking:
            self.last_end = t
            return None
        if self._candidate is None:
            unheard = max(min(self._hot_blocks, BACKDATED_BLOCKS), self._loud_before(level_db))
            self._candidate = max(t - BLOCK_S * (1 + unheard), self.last_end)
            self._before_db.clear()
        self._candidate_end = t
        if t - self._candidate < self._min_speech_s:
            return None
        self.since = self._candidate
        self._candidate = None
        self.speaking = True
        self.last_end = t
        if self.utterance_t0 == NEVER:
            self.utterance_t0 = self.since
        return Change.STARTED

    def _loud_before(self, level_db: float) -> int:
        """How many blocks before this one were as loud, back to a sharp edge; 0 without one."""
        loudest_db = max([level_db, *self._before_db])
        found, loud, low = 0, 0, int(level_db < loudest_db - WAKE_LOUD_DB)
        for count, before_db in enumerate(reversed(self._before_db), start=1):
            if before_db >= loudest_db - WAKE_LOUD_DB:
                loud, low = count, 0
                continue
            low += 1
            if before_db <= loudest_db - WAKE_EDGE_DB and count - loud <= WAKE_EDGE_BLOCKS:
                found = loud
            elif low > WAKE_STOP_BLOCKS:
                break
        return found

    def _stop(self) -> None:
        self.speaking = False
        self.talk_s += self.last_end - self.since

    def _watch_utterance(self, t: float, level_db: float) -> None:
        age = t - self.utterance_t0
        pause = t - self.last_end
        if not self.speaking and self._candidate is None:
            if pause >= self._utterance_hangover_s or age >= self._cut_after_s:
                self._end_utterance(self.last_end)
            return
        if age < self._cut_after_s:
            return
        self._levels.append(level_db)
        self._levels_sum += level_db
        if len(self._levels) > CUT_BLOCKS:
            self._levels_sum -= self._levels.popleft()
        if len(self._levels) == CUT_BLOCKS and (
            self._quietest_sum is None or self._levels_sum < self._quietest_sum
        ):
            self._quietest_sum = self._levels_sum
            self._quietest_at = t - CUT_BLOCKS * BLOCK_S / 2
        if age >= self._cut_by_s and self._quietest_sum is not None:
            self._cut(self._quietest_at)

    def _cut(self, at: float) -> None:
        self.ended.append(Ended(self.utterance_t0, at, cut=True))
        self._forget_levels()
        self.utterance_t0 = at

    def _end_utterance(self, t1: float) -> None:
        if t1 > self.utterance_t0:
            self.ended.append(Ended(self.utterance_t0, t1, cut=False))
        self._forget_levels()
        self.utterance_t0 = NEVER

    def _forget_levels(self) -> None:
        self._levels.clear()
        self._levels_sum = 0.0
        self._quietest_sum = None
