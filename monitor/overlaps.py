"""Both speak at once: what kind of overlap is it?

Most overlaps are not interruptions. The rule, in the order in which it is asked;
"in" is who came in, "holder" is who spoke already (for ``holder_min_s`` at least,
or nothing is judged):

1. less than ``ignore_below_s`` of both speaking: nothing;
2. in yields within ``backchannel_max_s`` while the holder goes on: backchannel;
3. the holder ends within ``terminal_within_s``: terminal;
4. otherwise points: +1 when they speak together for 0.6 s, +1 at 1.0 s, +1 when in is
   3 dB above own median, +1 when 2 semitones above own median pitch, +1 when the holder
   breaks off in mid-phrase within 1.2 s, -1 when the holder had only just gone on after
   a pause (forgotten at 1.5 s), -2 when in's words are only backchannels. From
   ``talk_over_score`` on it is talk-over when the agent came in, an interruption when
   the customer did. Below, it is an interruption if in took the floor, else a
   backchannel.

An overlap is one attempt at the floor, and is judged as a whole. Whoever competes
stops and starts ("Sir, — sir, let me —") and so does whoever is competed with; only
``YIELD_S`` of silence is yielding, or an end. Judged bout by bout, the same attempt
is a row of backchannels and terminal overlaps. Times spoken together add up over its
bouts.

Nothing is told before 0.6 s of speaking together, and with no point to spare nothing
before it is too long for a backchannel: an "mm-hm" can be high and last 0.6 s, and
would have to be taken back.

The points follow the cues of competitive overlap in conversation analysis (onset
before a possible end, raised pitch and level: French & Local 1983; Kurtić, Brown &
Wells 2013); their sizes are hand-set.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from monitor.backchannels import said_only_backchannels
from monitor.config import TurnSettings
from monitor.events import Event, Overlap, OverlapKind, Party, Transcript
from monitor.usual import Usual
from monitor.utterances import ROUNDING_S, Speaker

LONG_S = (0.6, 1.0)
YIELD_S = 0.6
"""So long silent, a party has stopped for good. Pauses inside an attempt last up to 0.5 s,
and the gate takes 0.1 s to be sure that one is over."""
BREAK_OFF_WITHIN_S = 1.2
LOUDER_DB = 3.0
HIGHER_SEMITONES = 2.0
RESUMED_WITHIN_S = 0.3
"""The holder had only just gone on: started so recently before the other came in."""
PAUSED_S = 0.1
"""A silence of the holder at the onset that is longer than a stop consonant."""
PAUSE_FORGOTTEN_S = 1.5
"""Nobody goes on for so long by mistake."""
ENDS_TOGETHER_S = 0.25
TO_SPARE = 1.0
"""Points beyond ``talk_over_score`` with which even a short one is told."""
BACKCHANNEL_POINTS = (-2.0, "the words are only backchannels")
REMEMBERED = 32


class _Open:
    """One attempt while it lasts, and afterwards until its words are in."""

    __slots__ = (
        "after_pause",
        "backchannel_words",
        "before_s",
        "broke_off",
        "by",
        "counted",
        "final",
        "higher_semitones",
        "id",
        "kind",
        "levels_db",
        "louder_db",
        "pitches_hz",
        "points",
        "sent",
        "sent_score",
        "t0",
        "t1",
        "together_from",
        "together_s",
    )

    def __init__(self, number: int, by: int, t0: float, after_pause: bool) -> None:
        self.id = f"o{number}"
        self.by = by
        self.t0 = t0
        self.t1 = t0
        self.together_from: float | None = t0  # both speak since; None in a pause
        self.together_s = 0.0  # both speaking, over all bouts
        self.before_s = 0.0  # of that, in finished bouts
        self.after_pause = after_pause
        self.broke_off = False
        self.backchannel_words = False
        self.levels_db: list[float] = []
        self.pitches_hz: list[float] = []
        self.louder_db = 0.0  # at its beginning; what was told of it stays
        self.higher_semitones = 0.0
        self.kind: OverlapKind = "backchannel"
        self.points: list[tuple[float, str]] = []
        self.counted: OverlapKind | None = None
        self.sent = False
        self.sent_score = 0.0
        self.final = False

    @property
    def score(self) -> float:
        return sum(points for points, _ in self.points)


class OverlapJudge:
    """Judges the overlaps of one call, block by block.

    ``on_counted(old_kind, new_kind)`` is told of each overlap that is final, and of
    each later change of its kind.
    """

    def __init__(
        self,
        settings: TurnSettings,
        speakers: tuple[Speaker, Speaker],
        on_counted: Callable[[OverlapKind | None, OverlapKind], None],
    ) -> None:
        self._settings = settings
        self._speakers = speakers
        self._on_counted = on_counted
        self._usual = (Usual(), Usual())
        self._open: _Open | None = None
        self._past: deque[_Open] = deque(maxlen=REMEMBERED)
        self._number = 0

    def begin(self, by: int, holder_s: float) -> None:
        """Party ``by`` starts a run while the other is in one, having spoken ``holder_s``."""
        holder, comer = self._speakers[1 - by], self._speakers[by]
        if holder_s < self._settings.holder_min_s - ROUNDING_S or self._open is not None:
            return
        t0 = max(comer.since, holder.since)
        just_resumed = comer.since - holder.since < RESUMED_WITHIN_S
        in_pause = comer.since - holder.last_end > PAUSED_S
        self._number += 1
        self._open = _Open(self._number, by, t0, after_pause=just_resumed or in_pause)

    def step(
        self, t: float, level_db: tuple[float, float], f0_hz: tuple[float, float]
    ) -> list[Event]:
        """One block; to be called after both speakers have stepped."""
        speakers = self._speakers
        together = speakers[0].speaking and speakers[1].speaking
        for row in (0, 1):
            if speakers[row].active and not self._usual[row].dips(level_db[row]):
                self._usual[row].hear(level_db[row], f0_hz[row], alone=not together)
        overlap = self._open
        if overlap is None:
            return []
        by = overlap.by
        if speakers[by].active and not overlap.sent and not self._usual[by].dips(level_db[by]):
            overlap.levels_db.append(level_db[by])
            if f0_hz[by] == f0_hz[by]:
                overlap.pitches_hz.append(f0_hz[by])
        self._measure(overlap, together)
        if self._yielded(t, by) or self._yielded(t, 1 - by):
            return self._over(t, overlap)
        return self._tell(t, overlap) if speakers[by].active else []

    @property
    def attempt_by(self) -> int | None:
        """Who came in and has not yielded yet; None when nobody did."""
        return None if self._open is None else self._open.by

    def close(self, t: float) -> list[Event]:
        """Audio ends here; both speakers are closed."""
        return [] if self._open is None else self._over(t, self._open)

    def transcript(self, t: float, tr: Transcript) -> list[Event]:
        """Words may only take a talk-over back, never make one."""
        by = 0 if tr.party == "agent" else 1
        out: list[Event] = []
        candidates = [*self._past, *([self._open] if self._open else [])]
        for overlap in candidates:
            if overlap.by != by or overlap.backchannel_words:
                continue
            if not said_only_backchannels(tr, overlap.t0, overlap.t1):
                continue
            overlap.backchannel_words = True
            overlap.points = [*overlap.points, BACKCHANNEL_POINTS]
            if (
                overlap.kind in ("talk_over", "interruption")
                and overlap.score < self._settings.talk_over_score
            ):
                overlap.kind = "backchannel"
                out += self._send(t, overlap, final=True)
        return out

    def retract_all(self, t: float, reason: str) -> list[Event]:
        """The channels cannot be told apart: no talk-over was ever heard."""
        out: list[Event] = []
        for overlap in [*self._past, *([self._open] if self._open else [])]:
            if overlap.sent and overlap.kind in ("talk_over", "interruption"):
                overlap.kind = "backchannel"
                overlap.points = [(0.0, reason)]
                out += self._send(t, overlap, final=True)
        self._open = None
        return out

    def _measure(self, overlap: _Open, together: bool) -> None:
        """Times of the attempt. A bout ends where the first of both falls silent."""
        first, second = self._speakers
        if together and overlap.together_from is None:
            overlap.together_from = max(first.since, second.since)
        if overlap.together_from is None:
            return
        end = min(first.last_end, second.last_end)
        overlap.t1 = max(overlap.t1, end)
        overlap.together_s = overlap.before_s + max(0.0, end - overlap.together_from)
        if not together:
            overlap.before_s = overlap.together_s
            overlap.together_from = None

    def _yielded(self, t: float, row: int) -> bool:
        speaker = self._speakers[row]
        return not speaker.beginning and t - speaker.last_end >= YIELD_S - ROUNDING_S

    def _tell(self, t: float, overlap: _Open) -> list[Event]:
        """Tell what is certain enough, once provisionally and once finally."""
        if overlap.together_s < LONG_S[0] - ROUNDING_S:
            return []
        self._score(overlap)
        spare = overlap.score - self._settings.talk_over_score
        came_s = self._speakers[overlap.by].last_end - overlap.t0
        short = came_s <= self._settings.backchannel_max_s + ROUNDING_S
        if spare < 0 or (spare < TO_SPARE and short):
            return []
        final = t - overlap.t0 >= self._settings.final_by_s - ROUNDING_S
        if (
            final == overlap.final
            and overlap.sent
            and (not final or overlap.score <= overlap.sent_score)
        ):
            return []
        overlap.kind = self._kind_by_score(overlap, took_floor=True)
        return self._send(t, overlap, final)

    def _over(self, t: float, overlap: _Open) -> list[Event]:
        self._open = None
        holder, comer = self._speakers[1 - overlap.by], self._speakers[overlap.by]
        self._measure(overlap, together=False)
        if overlap.together_s < self._settings.ignore_below_s - ROUNDING_S:
            return []
        held_s = holder.last_end - overlap.t0
        came_s = comer.last_end - overlap.t0
        if held_s < came_s - ROUNDING_S and held_s <= BREAK_OFF_WITHIN_S:
            overlap.broke_off = not self._usual[1 - overlap.by].came_to_end()
        self._score(overlap)
        if not overlap.final:
            overlap.kind = self._kind_when_over(overlap, held_s, came_s)
        self._past.append(overlap)
        return self._send(t, overlap, final=True)

    def _kind_when_over(self, overlap: _Open, held_s: float, came_s: float) -> OverlapKind:
        settings = self._settings
        holder_went_on = held_s > came_s + ROUNDING_S
        short_s = settings.backchannel_max_s + ROUNDING_S
        if came_s <= short_s and holder_went_on:
            return "backchannel"
        if held_s <= settings.terminal_within_s + ROUNDING_S:
            return "terminal"
        if came_s <= short_s and came_s - held_s <= ENDS_TOGETHER_S + ROUNDING_S:
            return "terminal"
        return self._kind_by_score(overlap, took_floor=not holder_went_on)

    def _kind_by_score(self, overlap: _Open, took_floor: bool) -> OverlapKind:
        if overlap.score >= self._settings.talk_over_score:
            return "talk_over" if overlap.by == 0 else "interruption"
        if overlap.backchannel_words or not took_floor:
            return "backchannel"
        return "interruption"

    def _score(self, overlap: _Open) -> None:
        comer, holder = ("agent", "the customer") if overlap.by == 0 else ("customer", "the agent")
        usual = self._usual[overlap.by]
        length = overlap.together_s
        points: list[tuple[float, str]] = []
        reached = [limit for limit in LONG_S if length >= limit - ROUNDING_S]
        if reached:
            points.append(
                (float(len(reached)), f"{comer} kept on for {reached[-1]:.1f} s over {holder}")
            )
        if not overlap.sent:
            overlap.louder_db = usual.louder_db(overlap.levels_db)
            overlap.higher_semitones = usual.higher_semitones(overlap.pitches_hz)
        louder_db, higher = overlap.louder_db, overlap.higher_semitones
        if louder_db >= LOUDER_DB - ROUNDING_S:
            points.append((1.0, f"{louder_db:.0f} dB above own median"))
        if higher >= HIGHER_SEMITONES - ROUNDING_S:
            points.append((1.0, f"{higher:.0f} semitones above own median pitch"))
        if overlap.broke_off:
            points.append((1.0, f"{holder} broke off"))
        if overlap.after_pause and length < PAUSE_FORGOTTEN_S - ROUNDING_S:
            points.append((-1.0, f"{holder} had only just gone on after a pause"))
        if overlap.backchannel_words:
            points.append(BACKCHANNEL_POINTS)
        overlap.points = points

    def _send(self, t: float, overlap: _Open, final: bool) -> list[Event]:
        by: Party = "agent" if overlap.by == 0 else "customer"
        if final:
            self._on_counted(overlap.counted, overlap.kind)
            overlap.counted = overlap.kind
        overlap.sent = True
        overlap.sent_score = overlap.score
        overlap.final = final
        return [
            Overlap(
                t=t,
                id=overlap.id,
                kind=overlap.kind,
                by=by,
                t0=round(overlap.t0, 3),
                t1=round(overlap.t1, 3),
                score=overlap.score,
                final=final,
                reasons=[reason for _, reason in overlap.points],
            )
        ]
