"""Whose normal is it, and on which line? A caller's own normal, for as long as it holds.

Own normal (``tone.OwnNormal``) is that of one person on one line. Two things end it in the middle
of a call, and neither is a mood:

- **The line** gets louder or softer and stays so: another phone, the loudspeaker, gain control.
  Who raises the voice gets higher and sharper as well; a line that gets louder changes the level
  alone, and that of its pauses. Which of the two it is, is a sum of log-likelihood ratios over
  the stretches in question. Then the level that is usual moves, and nothing else.
- **Another person** has the phone: the pitch jumps and stays, and the spectrum does not go with
  it as it does in anger. Then own normal begins anew.

A stretch in question is judged without what is in doubt, and learned once the doubt is over. Only
the means of own normal are compared, which are forgotten with it: nothing here knows a person.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum
from statistics import fmean
from typing import Final, NamedTuple

from monitor.running import RunningMedian
from monitor.tone import OwnNormal, Term, ToneModel

KNOWN_S: Final = 5.0
"""Voiced speech before which a caller has no normal that could end."""
WIDER: Final = 1.7
"""In a conversation, stretches differ more than the read sentences behind ``within``."""

TRUSTED_S: Final = 10.0
"""Voice before which somebody new is not known well enough to say that they are upset."""

LOUDER_DB: Final = 3.0
"""A little more than one spread of a caller's calm stretches: smaller steps do no harm."""
PITCH_PER_DB: Final = 0.4
"""Semitones, of a voice that is raised by 1 dB: 0.2 to 0.6 (Gramming, Sundberg, Ternström,
Leanderson & Perkins 1988, J. Voice 2:118-126)."""
BALANCE_PER_DB: Final = 0.4
"""dB. The part above 1 kHz against that below gains 12 dB in men and 19 dB in women over 28 dB
(Sundberg & Nordenberg 2006, J. Acoust. Soc. Am. 120:453-457)."""
STRETCH_MOST: Final = 4.0
FLOOR_MOST: Final = 3.0
"""One stretch, or the pauses, say no more than that: a noise may set in, and a gate mute them."""
FLOOR_SPREAD_DB: Final = 3.0
LINE_FROM: Final = 4.0
"""Angry clips of EmoDB, 6 and 10 dB above calm ones of the same actor and with pauses as before,
got there in 2 of 800 calls of 10 stretches, on a telephone line and in street noise; calm ones
that came 10 dB louder in 394 of 400; 6 dB louder, with their pauses, in 359."""
LINE_LEAST: Final = 2
LINE_MOST: Final = 8
"""Stretches: one may be a word into the microphone, and what stays so long is the line where it
is more likely than not."""

OTHER_ST: Final = 4.0
OTHER_MEAN_ST: Final = 6.0
"""Further than loudness explains. Of a calm caller on a real call a quarter of all stretches are
3 semitones off, and four in a row were, by 4.3; from a woman to a man it is 10, on average."""
SHARPER_PER_ST: Final = 0.2
"""dB of balance for a semitone. In anger it is 0.38 to 1.25, in joy 0.18 or more, actor by actor
of EmoDB; from the men to the women of them it is below 0."""
PERSON_LEAST: Final = 3
PERSON_MOST: Final = 6
"""Stretches in a row; who is not found to be another person by then is the same, and stays so
for as long as the row goes on."""

FLOOR_QUANTILE: Final = 0.2
FLOOR_USUAL: Final = 625
FLOOR_NOW: Final = 94
"""Blocks: 20 s of pauses, and the newest 3 s."""
FLOOR_LEAST: Final = 16
MUTED_DB: Final = -75.0
"""Such pauses are cut, not quiet: they say nothing of the line."""


class Doubt(Enum):
    """What of own normal may no longer hold."""

    NONE = "none"
    LINE = "line"
    PERSON = "person"


class Floor:
    """The level of one channel's pauses, dBFS: usual, and since the newest usual stretch."""

    __slots__ = ("_now", "_usual")

    def __init__(self) -> None:
        self._usual = RunningMedian(FLOOR_USUAL)
        self._now: deque[float] = deque(maxlen=FLOOR_NOW)

    def add(self, level_db: float) -> None:
        """One block without speech."""
        self._now.append(level_db)

    def settle(self) -> None:
        """What was heard since is usual."""
        for level_db in self._now:
            self._usual.add(level_db)
        self._now.clear()

    def restart(self) -> None:
        """The line is another."""
        self._usual = RunningMedian(FLOOR_USUAL)
        self.settle()

    @property
    def moved_db(self) -> float | None:
        """How far above the usual the pauses are now; None where they tell nothing."""
        if min(len(self._usual), len(self._now)) < FLOOR_LEAST:
            return None
        usual_db = self._usual.quantile(FLOOR_QUANTILE)
        now_db = sorted(self._now)[int(FLOOR_QUANTILE * len(self._now))]
        return None if min(usual_db, now_db) < MUTED_DB else now_db - usual_db


class _Off(NamedTuple):
    """How a stretch differs from own normal."""

    louder_db: float
    higher_st: float
    sharper_db: float


class Judged(NamedTuple):
    """A stretch, in log-odds that it is angry."""

    terms: list[Term]
    log_odds: float
    excess: float  # over what is usual


class Baseline:
    """Own normal of whoever speaks on one channel."""

    def __init__(self, model: ToneModel) -> None:
        self._model = model
        names = [measure.name for measure in model.measures]
        self._pitch, self._loudness, self._balance = map(
            names.index, ("pitch", "loudness", "balance")
        )
        self.floor = Floor()
        self.normal = OwnNormal(model)
        self.doubt = Doubt.NONE
        self._new_s: float | None = None  # voice of somebody new, so far
        self._run: deque[_Off] = deque(maxlen=LINE_MOST)
        self._run_of: tuple[Doubt, bool] = (Doubt.NONE, False)
        self._pending: deque[tuple[Sequence[float], float, float]] = deque(maxlen=LINE_MOST)

    def judge(self, values: Sequence[float]) -> Judged:
        """The next stretch, against own normal as far as that may hold for it."""
        self._doubt(self._off(values))
        if self.doubt is Doubt.LINE:
            values = list(values)
            values[self._loudness], _ = self.normal.of(self._loudness)
        judged = self._against(self.normal, values)
        if self.doubt is Doubt.PERSON:
            excess = min(judged.excess, self._against(OwnNormal(self._model), values).excess)
            return judged._replace(excess=excess)
        return judged

    def learn(
        self, values: Sequence[float], voiced_s: float, log_odds: float, frozen: bool = False
    ) -> None:
        """The stretch that was judged, with so much voice in it, is of this caller. ``frozen``:
        frustration is likely, and it is no part of what is normal; somebody new is learned
        all the same, whose frustration it was not."""
        if frozen and self.trust == 1.0:
            self._pending.clear()
            return
        self._pending.append((values, voiced_s, log_odds))
        if self.doubt is Doubt.NONE:
            for each in self._pending:
                self.normal.learn(*each)
                if self._new_s is not None:
                    self._new_s += each[1]
            self._pending.clear()

    @property
    def trust(self) -> float:
        """How much the voice counts, 0 to 1: somebody who takes over the phone must not look
        like one whose voice has changed, so theirs counts as they become known."""
        return 1.0 if self._new_s is None else min(1.0, self._new_s / TRUSTED_S)

    def _against(self, normal: OwnNormal, values: Sequence[float]) -> Judged:
        terms = self._model.terms(values, normal)
        log_odds = self._model.bias + sum(term.llr for term in terms)
        return Judged(terms, log_odds, log_odds - normal.usual)

    # ---- does own normal hold? ---------------------------------------------------

    def _off(self, values: Sequence[float]) -> _Off:
        places = (self._loudness, self._pitch, self._balance)
        return _Off(*(values[place] - self.normal.of(place)[0] for place in places))

    def _doubt(self, off: _Off) -> None:
        run_of = self._sort(off)
        if run_of != self._run_of:
            self._run_of = run_of
            self._run.clear()
        self._run.append(off)
        match run_of[0]:
            case Doubt.PERSON:
                self._ask_person()
            case Doubt.LINE:
                self._ask_line()
            case Doubt.NONE:
                self._run.clear()
                self.doubt = Doubt.NONE
                self.floor.settle()

    def _sort(self, off: _Off) -> tuple[Doubt, bool]:
        """What a stretch like this may be a sign of, and whether upwards."""
        if self.normal.heard_s < KNOWN_S:
            return Doubt.NONE, False
        other_st = _unexplained(off)
        if other_st <= -OTHER_ST:
            return Doubt.PERSON, False
        if other_st >= OTHER_ST and off.sharper_db <= SHARPER_PER_ST * off.higher_st:
            return Doubt.PERSON, True
        if abs(off.louder_db) >= LOUDER_DB:
            return Doubt.LINE, off.louder_db > 0
        return Doubt.NONE, False

    def _ask_person(self) -> None:
        far = abs(fmean(map(_unexplained, self._run))) >= OTHER_MEAN_ST
        self.doubt = Doubt.PERSON if len(self._run) < PERSON_MOST else Doubt.NONE
        if far and PERSON_LEAST <= len(self._run) <= PERSON_MOST:
            self.normal = OwnNormal(self._model)
            self._new_s = 0.0
            while len(self._pending) >= len(self._run):  # this stretch is not pending yet
                self._pending.popleft()
            self._end()

    def _ask_line(self) -> None:
        llr = sum(map(self._for_line, self._run)) + self._floor_for_line()
        self.doubt = Doubt.LINE if llr > 0 else Doubt.NONE
        sure = llr >= LINE_FROM and len(self._run) >= LINE_LEAST
        if sure or (llr > 0 and len(self._run) == LINE_MOST):
            self.normal.move(self._loudness, fmean(off.louder_db for off in self._run))
            self.floor.restart()
            self._end()

    def _end(self) -> None:
        self._run.clear()
        self._run_of, self.doubt = (Doubt.NONE, False), Doubt.NONE

    def _for_line(self, off: _Off) -> float:
        """Log-likelihood ratio of another line against a voice that is raised or lowered."""
        llr = 0.0
        for place, found, per_db in (
            (self._pitch, off.higher_st, PITCH_PER_DB),
            (self._balance, off.sharper_db, BALANCE_PER_DB),
        ):
            spread = WIDER * self._model.measures[place].within
            raised = found - per_db * off.louder_db
            llr += (raised**2 - found**2) / (2 * spread**2)
        return max(-STRETCH_MOST, min(STRETCH_MOST, llr))

    def _floor_for_line(self) -> float:
        moved_db = self.floor.moved_db
        if moved_db is None:
            return 0.0
        by_db = fmean(off.louder_db for off in self._run)
        llr = (moved_db**2 - (moved_db - by_db) ** 2) / (2 * FLOOR_SPREAD_DB**2)
        return max(-FLOOR_MOST, min(FLOOR_MOST, llr))


def _unexplained(off: _Off) -> float:
    """How much higher a stretch is than by being louder, or lower than by being softer."""
    if off.higher_st > 0:
        return max(off.higher_st - PITCH_PER_DB * max(off.louder_db, 0.0), 0.0)
    return min(off.higher_st - PITCH_PER_DB * min(off.louder_db, 0.0), 0.0)
