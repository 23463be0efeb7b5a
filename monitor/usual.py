"""How one party usually sounds: how it begins to speak, where it ends, whether it stops short."""

from __future__ import annotations

from collections import deque
from math import log2, nan
from statistics import fmean, median
from typing import NamedTuple

from monitor.running import RunningMedian
from monitor.utterances import NEVER, Speaker

USUAL_MIN_BLOCKS = 62
"""2 s of speech before its level is known."""
USUAL_BLOCKS = 1875
"""What is usual is taken over the newest minute of speech."""
DIP_MIN_BLOCKS = 16
DIP_DB = 22.0
"""Speech holds stops and short pauses; so far below own median they say nothing of it."""

ONSET_BLOCKS = 16
"""A run of speech begins with its first half second."""
ONSET_MIN_VOICED = 5
ONSETS = 40
ONSETS_MIN = 5
"""So many beginnings before "louder and higher than usual" means anything."""
SHOUT_DB = 6.0
"""So far above the median of own speech, 5 % of ordinary beginnings are by chance."""
LOUDER_DB = 3.0
HIGHER_SEMITONES = 2.0
"""Differences that a listener hears, and at least the spread of the speaker's own beginnings.
Against the median of all speech half of all ordinary beginnings pass one of the two: people
begin high. Against own beginnings 7 % pass both, of 242 on the samples and a real call."""

TAIL_BLOCKS = 3
SHORT_DB = -3.0
"""Ends of turns fade: of 109 on the samples and a real call 2 ended above this, against own
median. In mid-speech half of all 96 ms do."""


class Onset(NamedTuple):
    """How a run of speech began."""

    level_db: float  # mean
    pitch_st: float  # median, semitones re 1 Hz; NaN with too little voice in it


class Usual:
    """What is usual for one party, from its blocks of speech."""

    __slots__ = (
        "_alone",
        "_levels_db",
        "_onset_levels_db",
        "_onset_pitches_st",
        "_pitches_hz",
        "_since",
        "_tail_db",
        "end",
        "level_db",
        "onset",
    )

    def __init__(self) -> None:
        self.level_db = RunningMedian(USUAL_BLOCKS)
        self.end = NEVER
        """End of the newest block of speech that is no dip. Voice activity goes on for 0.1 s
        after the voice has ended; this is right to a block."""
        self.onset: Onset | None = None
        """Of the run that goes on; None before its first half second."""
        self._onset_levels_db = RunningMedian(ONSETS)
        self._onset_pitches_st = RunningMedian(ONSETS)
        self._since = nan
        self._alone = True
        self._levels_db: list[float] = []
        self._pitches_hz: list[float] = []
        self._tail_db: deque[float] = deque(maxlen=TAIL_BLOCKS)

    def restart(self) -> None:
        """Somebody else speaks here from now on: nothing is usual yet. Where the voice ended
        stays, and so does the run that goes on."""
        self.level_db = RunningMedian(USUAL_BLOCKS)
        self._onset_levels_db = RunningMedian(ONSETS)
        self._onset_pitches_st = RunningMedian(ONSETS)

    def dips(self, level_db: float) -> bool:
        """Whether a block of speech is a dip in it; never while the usual is unknown."""
        usual = self.level_db
        return len(usual) >= DIP_MIN_BLOCKS and level_db < usual.median - DIP_DB

    def hear(self, t: float, since: float, level_db: float, f0_hz: float, alone: bool) -> None:
        """One block that ends at ``t``, of a run of speech that began at ``since``.

        ``f0_hz`` is NaN where unvoiced. ``alone`` false: the other speaks too, and nothing of
        it becomes usual."""
        if since != self._since:
            self._since, self._alone, self.onset = since, True, None
            self._levels_db, self._pitches_hz = [], []
        if self.dips(level_db):
            return
        self.end = t
        self._tail_db.append(level_db)
        if alone:
            self.level_db.add(level_db)
        if len(self._levels_db) < ONSET_BLOCKS:
            self._begin(level_db, f0_hz, alone)

    def voice_end(self, speaker: Speaker) -> float:
        """End of the voice in this party's newest run of speech; NEVER before the first."""
        if speaker.last_end == NEVER:
            return NEVER
        return max(speaker.since, min(self.end, speaker.last_end))

    def stands_out(self) -> str:
        """How the run that goes on began unlike others of this party; empty when it did not:
        shouted, or louder and higher at once than own beginnings."""
        onset = self.onset
        if onset is None or len(self.level_db) < USUAL_MIN_BLOCKS:
            return ""
        shout_db = onset.level_db - self.level_db.median
        if shout_db >= SHOUT_DB:
            return f"{shout_db:.0f} dB above own median"
        if len(self._onset_pitches_st) < ONSETS_MIN:
            return ""
        louder_db = onset.level_db - self._onset_levels_db.median
        higher_st = onset.pitch_st - self._onset_pitches_st.median
        if louder_db >= max(LOUDER_DB, _spread(self._onset_levels_db)) and higher_st >= max(
            HIGHER_SEMITONES, _spread(self._onset_pitches_st)
        ):
            return f"{louder_db:.0f} dB and {higher_st:.0f} semitones above own usual begin"
        return ""

    def stopped_short(self) -> bool:
        """Whether the newest speech stopped at full level, as none does that came to its end."""
        if len(self._tail_db) < TAIL_BLOCKS or len(self.level_db) < USUAL_MIN_BLOCKS:
            return False
        return fmean(self._tail_db) >= self.level_db.median + SHORT_DB

    def _begin(self, level_db: float, f0_hz: float, alone: bool) -> None:
        self._alone = self._alone and alone
        self._levels_db.append(level_db)
        if f0_hz == f0_hz:  # not NaN: voiced
            self._pitches_hz.append(f0_hz)
        if len(self._levels_db) < ONSET_BLOCKS:
            return
        voiced = len(self._pitches_hz) >= ONSET_MIN_VOICED
        pitch_st = 12 * log2(median(self._pitches_hz)) if voiced else nan
        self.onset = Onset(fmean(self._levels_db), pitch_st)
        if self._alone:
            self._onset_levels_db.add(self.onset.level_db)
            if voiced:
                self._onset_pitches_st.add(pitch_st)


def _spread(values: RunningMedian) -> float:
    """Half of the range that holds the middle two thirds: the deviation, were they normal."""
    return (values.quantile(5 / 6) - values.quantile(1 / 6)) / 2
