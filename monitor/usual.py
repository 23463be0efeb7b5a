"""How one party usually sounds: louder or higher than that, or falling to an end."""

from __future__ import annotations

from collections import deque
from math import log2
from statistics import fmean, median

from monitor.running import RunningMedian

USUAL_MIN_BLOCKS = 62
"""2 s of speech before "louder than usual" means anything."""
USUAL_BLOCKS = 1875
"""What is usual is taken over the newest minute of speech."""
DIP_DB = 25.0
"""Speech holds stops and short pauses; so far below own median they say nothing of it."""
SHOWN_MIN_BLOCKS = 6
FINAL_FALL_DB = 6.0
FINAL_FALL_SEMITONES = 2.0
"""Speech that fell so far below own median at its end was coming to its end."""
TAIL_BLOCKS = 8


class Usual:
    """What is usual for one party: level and pitch of the newest minute of speech."""

    __slots__ = ("level_db", "pitch_hz", "tail")

    def __init__(self) -> None:
        self.level_db = RunningMedian(USUAL_BLOCKS)
        self.pitch_hz = RunningMedian(USUAL_BLOCKS)
        self.tail: deque[tuple[float, float]] = deque(maxlen=TAIL_BLOCKS)

    def dips(self, level_db: float) -> bool:
        """Whether a block of speech is a dip in it; never while the usual is unknown."""
        usual = self.level_db
        return len(usual) >= USUAL_MIN_BLOCKS and level_db < usual.median - DIP_DB

    def hear(self, level_db: float, f0_hz: float, alone: bool) -> None:
        """One block of speech that is no dip."""
        self.tail.append((level_db, f0_hz))
        if alone:
            self.level_db.add(level_db)
            if f0_hz == f0_hz:  # not NaN: voiced
                self.pitch_hz.add(f0_hz)

    def louder_db(self, levels_db: list[float]) -> float:
        """How far the mean of ``levels_db`` lies above the usual; 0 while unknown."""
        if len(levels_db) < SHOWN_MIN_BLOCKS or len(self.level_db) < USUAL_MIN_BLOCKS:
            return 0.0
        return fmean(levels_db) - self.level_db.median

    def higher_semitones(self, pitches_hz: list[float]) -> float:
        """How far the median of ``pitches_hz`` lies above the usual; 0 while unknown."""
        if len(pitches_hz) < SHOWN_MIN_BLOCKS or len(self.pitch_hz) < USUAL_MIN_BLOCKS // 2:
            return 0.0
        return 12 * log2(median(pitches_hz) / self.pitch_hz.median)

    def came_to_end(self) -> bool:
        """Whether the newest 250 ms of speech fell in level or pitch, as phrases end."""
        if not self.tail:
            return False
        if self.louder_db([level for level, _ in self.tail]) <= -FINAL_FALL_DB:
            return True
        voiced = [f0 for _, f0 in self.tail if f0 == f0]
        if len(voiced) < SHOWN_MIN_BLOCKS // 2 or len(self.pitch_hz) < USUAL_MIN_BLOCKS // 2:
            return False
        return 12 * log2(median(voiced) / self.pitch_hz.median) <= -FINAL_FALL_SEMITONES
