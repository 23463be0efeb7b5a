"""Every need of a call, shown or not, and what became of it.

A count of what was *shown* would say more about the budget than about the call. So each need
is a case of its own: it opens when what its nudge asks for is called for, at most one of a
nudge at a time; it closes when the agent has done it, or has not within a minute; and the
customer's mood is told from when the nudge was shown, or would have been, to a minute later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from monitor.events import (
    Arm,
    Event,
    Evidence,
    NudgeEffect,
    Opportunity,
    Response,
    Withheld,
)
from monitor.repertoire import Nudge
from monitor.view import View

EFFECT_AFTER_S = 60.0
RESPONSE_WITHIN_S = EFFECT_AFTER_S
"""Done later than this, it was no answer any more."""
WORDS_BACK_S = 15.0
"""What was said in so long before it is what a need that comes from words rests on."""
AS_IF_SHOWN = frozenset({"held_out", "quiet"})
"""Withheld, but taking its place on the screen, in gap, budget and cooldown as if it had been
shown: so the calls with and without it differ in nothing else."""

Leave = Literal["yes", "if_shown", "no"]


@dataclass(slots=True)
class Case:
    """One opportunity. Times are audio time, s."""

    nudge: Nudge
    id: str
    why: Evidence
    since: float  # from here on an answer counts, and the mood: when last decided anew
    mood: float  # then
    confidence: float | None
    due: bool = False
    shown: str = ""
    withheld: Withheld = ""
    answer: Response | None = None
    answered_t: float = 0.0

    @property
    def decided(self) -> bool:
        """It has been on the screen, or was held out in its place."""
        return bool(self.shown) or self.withheld in AS_IF_SHOWN

    @property
    def arm(self) -> Arm:
        if self.shown:
            return "shown"
        return "held_out" if self.withheld == "held_out" else "not_shown"


class Opportunities:
    """The cases of one call. ``cooldown_s`` holds where a nudge has no longer one."""

    def __init__(self, cooldown_s: float) -> None:
        self._cooldown_s = cooldown_s
        self._count = 0
        self._open: dict[str, Case] = {}
        self._last: dict[str, Case] = {}
        self._absent: set[str] = set()
        self._effects: list[Case] = []
        self._told: dict[str, Opportunity] = {}
        self._answers: list[Response] = []

    def open(self, nudge: Nudge) -> Case | None:
        """The case of this nudge that still waits for its answer."""
        return self._open.get(nudge.name)

    def told(self) -> Sequence[Opportunity]:
        """As last told, in order of their beginning."""
        return list(self._told.values())

    def answers(self) -> Sequence[Response]:
        return self._answers

    # ---- opening -------------------------------------------------------------------

    def leave(self, nudge: Nudge, view: View) -> Leave:
        """Whether a new case may begin at all: one that was shown, or missed, is not recorded
        again within the cooldown, but what could not be shown then may be shown now."""
        last = self._last.get(nudge.name)
        if last is None or view.t - last.since >= max(self._cooldown_s, nudge.cooldown_s):
            return "yes"
        if last.decided:
            return "no"
        answered = last.answer is not None and last.answer.outcome == "given"
        return "yes" if answered and nudge.name in self._absent else "if_shown"

    def is_new(self, nudge: Nudge, why: Evidence) -> bool:
        """It arose after the last case of this nudge was answered."""
        last = self._last.get(nudge.name)
        return last is None or why.t > last.answered_t

    def absent(self, nudge: Nudge) -> None:
        """Nothing is needed now: what comes next is another need."""
        self._absent.add(nudge.name)

    def begin(self, nudge: Nudge, why: Evidence, view: View, *, due: bool) -> Case:
        """A new case; ``tell`` it once it is decided what becomes of its nudge."""
        self._count += 1
        confidence = view.confidence(why.t - WORDS_BACK_S) if why.kind == "words" else None
        case = Case(nudge, f"p{self._count}", why, view.t, view.mood, confidence, due)
        self._open[nudge.name] = self._last[nudge.name] = case
        self._absent.discard(nudge.name)
        if nudge.when == "during":
            self._effects.append(case)
        return case

    def due(self, case: Case, view: View) -> None:
        """From here on its nudge could be shown."""
        case.due = True
        self._restart(case, view)

    def shown(self, case: Case, nudge_id: str, view: View) -> None:
        case.shown, case.withheld = nudge_id, ""
        self._restart(case, view)

    def withhold(self, case: Case, reason: Withheld, view: View) -> None:
        case.withheld = reason
        if reason in AS_IF_SHOWN:
            self._restart(case, view)

    def _restart(self, case: Case, view: View) -> None:
        case.since, case.mood = view.t, view.mood
        self._effects.sort(key=lambda each: each.since)

    def tell(self, case: Case, t: float) -> Opportunity:
        """The event of a case as it stands."""
        event = Opportunity(
            t=t,
            id=case.id,
            nudge=case.nudge.name,
            title=case.nudge.title,
            evidence=[case.why],
            due=case.due,
            shown=case.shown,
            withheld=case.withheld,
            confidence=case.confidence,
            private=case.nudge.private,
        )
        before = self._told.get(case.id)
        self._told[case.id] = event.model_copy(update={"t": before.t if before else t})
        return event

    # ---- closing -------------------------------------------------------------------

    def step(self, view: View) -> Iterator[Event]:
        """What was answered or missed by now, and the effects that are due."""
        for case in list(self._open.values()):
            if self._taken_back(case, view):
                yield self._close(case, view.t, "retracted")
            elif (how := self._done_since(case, case.since, view)) is not None:
                yield self._close(case, view.t, "given", how, prompted=bool(case.shown))
            elif (how := self._done_since(case, case.why.t, view)) is not None:
                yield self._close(case, view.t, "given", how)  # before, and known only now
            elif view.t - case.since >= RESPONSE_WITHIN_S:
                yield self._close(case, view.t, "missed")
        while self._effects and view.t - self._effects[0].since >= EFFECT_AFTER_S:
            yield self._effect(self._effects.pop(0), view.t, view.mood)

    def _done_since(self, case: Case, since: float, view: View) -> Evidence | None:
        return case.nudge.done(view, since, case.nudge.thresholds)

    def _taken_back(self, case: Case, view: View) -> bool:
        holds = case.nudge.holds
        return holds is not None and not holds(view, case.since, case.nudge.thresholds)

    def close_given(self, case: Case, how: Evidence, t: float) -> Response:
        """The agent was doing it by the time it was found to be needed."""
        return self._close(case, t, "given", how)

    def retract(self, t: float) -> Iterator[Event]:
        """The ground of them all is gone."""
        for case in list(self._open.values()):
            yield self._close(case, t, "retracted")
        self._effects.clear()

    def end(self, view: View) -> Iterator[Event]:
        """The call is over: what was said at its very end still counts."""
        yield from self.step(view)
        for case in list(self._open.values()):
            yield self._close(case, view.t, "call_ended")
        for case in self._effects:
            yield self._effect(case, view.t, view.mood)
        self._effects.clear()

    def _close(
        self,
        case: Case,
        t: float,
        outcome: Literal["given", "missed", "retracted", "call_ended"],
        how: Evidence | None = None,
        *,
        prompted: bool = False,
    ) -> Response:
        del self._open[case.nudge.name]
        if outcome == "retracted" and case in self._effects:
            self._effects.remove(case)  # it should never have been there
        case.answer = Response(
            t=t,
            id=case.id,
            nudge=case.nudge.name,
            outcome=outcome,
            prompted=prompted,
            how=how,
            private=case.nudge.private,
        )
        case.answered_t = t
        self._absent.discard(case.nudge.name)
        self._answers.append(case.answer)
        return case.answer

    def _effect(self, case: Case, t: float, mood: float) -> NudgeEffect:
        return NudgeEffect(
            t=t,
            id=case.shown,
            nudge=case.nudge.name,
            followed=case.answer is not None and case.answer.outcome == "given",
            mood_before=round(case.mood, 2),
            mood_after=round(mood, 2),
            opportunity=case.id,
            arm=case.arm,
            after_s=round(t - case.since, 2),
            private=case.nudge.private,
        )
