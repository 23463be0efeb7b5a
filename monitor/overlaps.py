"""Both speak at once: what kind of overlap is it?

Most overlaps are not interruptions. The rule, in the order in which it is asked;
"in" is who came in, "holder" is who spoke already (for ``holder_min_s`` at least,
or nothing is judged):

1. less than ``ignore_below_s`` of both speaking: nothing;
2. in yields within ``backchannel_max_s`` while the holder goes on: **backchannel**;
3. the holder ends within ``terminal_within_s``, or in is through within
   ``backchannel_max_s``: **terminal**;
4. otherwise points: +1 when they speak together for 0.6 s, +1 at 1.0 s, +1 when the
   holder breaks off in mid-phrase, +1 from 1.0 s on when in began with a shout, or louder
   and higher at once than in usually begins, -1 when the holder had only just gone on
   after a pause (forgotten at ``final_by_s``; and who stops then did not break off), -2
   when in's words are only backchannels. From ``talk_over_score`` on it is **talk-over**
   when the agent came in, whoever has the floor afterwards, and an **interruption** when
   the customer did;
5. below, **terminal** when the holder ended first, or seemed to have ended when in came
   in; else a remark from the side, a **backchannel**.

So who keeps on for a second over the other talks over, whatever the sound; in less than a
second only who cuts the other off. Most who take the floor after 0.5 to 1 s of overlap cut
nobody off: of 100 such in real consultations 79 came in on a finished sentence.

An overlap is one attempt at the floor, and is judged as a whole. Whoever competes
stops and starts ("Sir, — sir, let me —") and so does whoever is competed with; only
``YIELD_S`` of silence is yielding, or an end. Judged bout by bout, the same attempt
is a row of backchannels and terminal overlaps. Times spoken together add up over its
bouts.

It is told twice. Provisionally (``final`` false) after ``provisional_by_s`` together, when
both still speak: about every second one of these becomes a talk-over, and who waits until it
is certain is too late for whoever watches. Finally as soon as only words can take it back,
mostly at 1.0 s; or when it is over, then as what it turned out to be. Only final ones are
counted, and open nudges.

The points follow the cues of competitive overlap in conversation analysis (onset
before a possible end, raised pitch and level together: French & Local 1983; Kurtić,
Brown & Wells 2013); their sizes are hand-set.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from monitor.attempt import Attempt
from monitor.backchannels import said_only_backchannels
from monitor.config import TurnSettings
from monitor.events import PARTIES, Event, Overlap, OverlapKind, Transcript
from monitor.usual import Usual
from monitor.utterances import ROUNDING_S, Speaker

LONG_S = (0.6, 1.0)
BOUTS_S = 0.4
"""Both must have spoken so long in an attempt with pauses, before it is told."""
BREAK_OFF_WITHIN_S = 1.2
RESUMED_WITHIN_S = 0.2
"""The holder had only just gone on: nobody hears it and reacts sooner."""
PAUSED_S = 0.1
"""A silence of the holder at the onset that is longer than a stop consonant."""
BACKCHANNEL_POINTS = (-2.0, "the words are only backchannels")
COMPETITIVE = ("talk_over", "interruption")
REMEMBERED = 32


class OverlapJudge:
    """Judges the overlaps of one call, block by block.

    ``on_counted(old_kind, new_kind)`` is told of each overlap that is final, and of
    each later change of its kind.
    """

    def __init__(
        self,
        settings: TurnSettings,
        speakers: tuple[Speaker, Speaker],
        usual: tuple[Usual, Usual],
        on_counted: Callable[[OverlapKind | None, OverlapKind], None],
    ) -> None:
        self._settings = settings
        self._speakers = speakers
        self._on_counted = on_counted
        self._usual = usual
        self._open: Attempt | None = None
        self._past: deque[Attempt] = deque(maxlen=REMEMBERED)
        self._number = 0

    @property
    def attempt_by(self) -> int | None:
        """Who came in and has not yielded yet; None when nobody did."""
        return None if self._open is None else self._open.by

    def begin(self, by: int, holder_s: float) -> None:
        """Party ``by`` starts a run while the other is in one, having spoken ``holder_s``."""
        holder, comer = self._speakers[1 - by], self._speakers[by]
        if holder_s < self._settings.holder_min_s - ROUNDING_S or self._open is not None:
            return
        just_resumed = comer.since - holder.since < RESUMED_WITHIN_S
        in_pause = comer.since - holder.last_end > PAUSED_S
        self._number += 1
        self._open = Attempt(
            f"o{self._number}",
            by,
            max(comer.since, holder.since),
            self._speakers,
            self._usual,
            after_pause=just_resumed or in_pause,
        )

    def step(self, t: float) -> list[Event]:
        """One block; to be called when both speakers have stepped and their usual is heard."""
        attempt = self._open
        if attempt is None:
            return []
        attempt.measure()
        if attempt.over(t):
            return self._over(t, attempt)
        return self._tell(t, attempt)

    def close(self, t: float) -> list[Event]:
        """Audio ends here; both speakers are closed."""
        return [] if self._open is None else self._over(t, self._open)

    def transcript(self, t: float, tr: Transcript) -> list[Event]:
        """Words may only take a talk-over back, never make one."""
        by = PARTIES.index(tr.party)
        out: list[Event] = []
        for attempt in self._all():
            if attempt.by != by or attempt.backchannel_words:
                continue
            if not said_only_backchannels(tr, attempt.t0, attempt.t1):
                continue
            attempt.backchannel_words = True
            attempt.points = [*attempt.points, BACKCHANNEL_POINTS]
            certain = attempt.score >= self._settings.talk_over_score
            if attempt.sent and attempt.kind in COMPETITIVE and not certain:
                attempt.kind = "backchannel"
                out += self._send(t, attempt, final=True)
        return out

    def retract_all(self, t: float, reason: str) -> list[Event]:
        """The channels cannot be told apart: no talk-over was ever heard."""
        out: list[Event] = []
        for attempt in self._all():
            if attempt.sent and attempt.kind in COMPETITIVE:
                attempt.kind = "backchannel"
                attempt.points = [(0.0, reason)]
                out += self._send(t, attempt, final=True)
        self._open = None
        return out

    def _all(self) -> list[Attempt]:
        return [*self._past, *([self._open] if self._open else [])]

    def _tell(self, t: float, attempt: Attempt) -> list[Event]:
        """What is likely, once, and what is certain, once."""
        if attempt.final or attempt.backchannel_words:
            return []
        likely = not (attempt.sent or attempt.after_pause) and self._likely(t, attempt)
        self._score(attempt)
        certain = self._certain(t, attempt)
        if not likely and not certain:
            return []
        attempt.kind = self._competitive(attempt)
        return self._send(t, attempt, certain)

    def _likely(self, t: float, attempt: Attempt) -> bool:
        """Both speak on after ``provisional_by_s``, a pause in it included."""
        late = attempt.t1 - attempt.t0 >= self._settings.provisional_by_s - ROUNDING_S
        return late and attempt.together_s >= BOUTS_S - ROUNDING_S and not attempt.stops(t)

    def _certain(self, t: float, attempt: Attempt) -> bool:
        """Both speak on and only words can take it back."""
        short = attempt.came_s <= self._settings.backchannel_max_s + ROUNDING_S
        enough = attempt.score >= self._settings.talk_over_score
        return enough and not short and not attempt.stops(t)

    def _over(self, t: float, attempt: Attempt) -> list[Event]:
        self._open = None
        attempt.measure()
        if attempt.together_s < self._settings.ignore_below_s - ROUNDING_S:
            return []
        held_s = attempt.held_s
        if held_s < attempt.came_s - ROUNDING_S and held_s <= BREAK_OFF_WITHIN_S:
            attempt.broke_off = (
                not attempt.after_pause and self._usual[1 - attempt.by].stopped_short()
            )
        self._score(attempt)
        if not attempt.final:
            attempt.kind = self._kind_when_over(attempt)
        self._past.append(attempt)
        return self._send(t, attempt, final=True)

    def _kind_when_over(self, attempt: Attempt) -> OverlapKind:
        settings = self._settings
        came_s, held_s = attempt.came_s, attempt.held_s
        holder_went_on = held_s > came_s + ROUNDING_S
        short = came_s <= settings.backchannel_max_s + ROUNDING_S
        if short and holder_went_on:
            return "backchannel"
        if short or held_s <= settings.terminal_within_s + ROUNDING_S:
            return "terminal"
        if attempt.score >= settings.talk_over_score:
            return self._competitive(attempt)
        if attempt.backchannel_words:
            return "backchannel"
        return "backchannel" if holder_went_on and not attempt.after_pause else "terminal"

    def _competitive(self, attempt: Attempt) -> OverlapKind:
        return "talk_over" if attempt.by == 0 else "interruption"

    def _score(self, attempt: Attempt) -> None:
        comer, holder = ("agent", "the customer") if attempt.by == 0 else ("customer", "the agent")
        length_s = attempt.together_s
        points: list[tuple[float, str]] = []
        reached = [limit for limit in LONG_S if length_s >= limit - ROUNDING_S]
        if reached:
            points.append(
                (float(len(reached)), f"{comer} kept on for {reached[-1]:.1f} s over {holder}")
            )
        attempt.stands_out = attempt.stands_out or self._usual[attempt.by].stands_out()
        if attempt.stands_out and len(reached) == len(LONG_S):
            points.append((1.0, attempt.stands_out))
        if attempt.broke_off:
            points.append((1.0, f"{holder} broke off"))
        if attempt.after_pause and length_s < self._settings.final_by_s - ROUNDING_S:
            points.append((-1.0, f"{holder} had only just gone on after a pause"))
        if attempt.backchannel_words:
            points.append(BACKCHANNEL_POINTS)
        attempt.points = points

    def _send(self, t: float, attempt: Attempt, final: bool) -> list[Event]:
        if final:
            self._on_counted(attempt.counted, attempt.kind)
            attempt.counted = attempt.kind
        attempt.sent = True
        attempt.final = final
        return [
            Overlap(
                t=t,
                id=attempt.id,
                kind=attempt.kind,
                by=PARTIES[attempt.by],
                t0=round(attempt.t0, 3),
                t1=round(attempt.t1, 3),
                score=attempt.score,
                final=final,
                reasons=[reason for _, reason in attempt.points],
            )
        ]
