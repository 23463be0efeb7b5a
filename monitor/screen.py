"""The one place on the agent's screen: which nudge has it, and when it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from monitor.events import Evidence, NudgeClosed, NudgeOpened, NudgeReport
from monitor.repertoire import Nudge
from monitor.view import View

Outcome = Literal["done", "expired", "replaced", "dismissed", "retracted", "call_ended"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A nudge that has the place since audio time ``t``, s."""

    nudge: Nudge
    id: str  # empty: it only takes up the place, and nobody sees it
    t: float


class Screen:
    """What stands there now, and every nudge that was seen there. Times are audio time, s.

    What is held out has the place too, as long as it would have stood there, and tells nothing
    of it: were the place free instead, the next nudge would come sooner than after one that was
    shown, and the calls with and without it would differ in more than that.
    """

    def __init__(self) -> None:
        self.now: Shown | None = None
        self._count = 0
        self._reports: dict[str, NudgeReport] = {}

    @property
    def seen(self) -> Shown | None:
        """What the agent sees now."""
        return self.now if self.now is not None and self.now.id else None

    def hold(self, nudge: Nudge, t: float) -> None:
        """Nobody sees it, but it has the place; what stood there was closed before."""
        self.now = Shown(nudge, "", t)

    def show(self, nudge: Nudge, why: Evidence, t: float) -> NudgeOpened:
        """Put it there; what stood there was closed before."""
        self._count += 1
        shown = self.now = Shown(nudge, f"n{self._count}", t)
        if not nudge.private:
            self._reports[shown.id] = NudgeReport(
                id=shown.id, nudge=nudge.name, title=nudge.title, t=round(t, 2), why=why.text
            )
        return NudgeOpened(
            t=t,
            id=shown.id,
            nudge=nudge.name,
            title=nudge.title,
            text=nudge.text,
            why=why.text,
            evidence=[why],
            priority=nudge.priority,
            ttl_s=nudge.ttl_s,
            when=nudge.when,
            private=nudge.private,
        )

    def step(self, view: View) -> list[NudgeClosed]:
        """One look at the call: what was done, taken back or stood long enough leaves."""
        if self.now is None:
            return []
        nudge, since = self.now.nudge, self.now.t
        if nudge.holds is not None and not nudge.holds(view, since, nudge.thresholds):
            return self.close(view.t, "retracted", "It was not so after all")
        if (how := nudge.done(view, since, nudge.thresholds)) is not None:
            return self.close(view.t, "done", how.text)
        if view.t - since >= nudge.ttl_s:
            return self.close(view.t, "expired")
        return []

    def close(self, t: float, outcome: Outcome, why: str = "") -> list[NudgeClosed]:
        """Take away what has the place. Nothing to tell where nobody saw it."""
        shown, self.now = self.seen, None
        if shown is None:
            return []
        if (report := self._reports.get(shown.id)) is not None:
            self._reports[shown.id] = report.model_copy(
                update={"closed_t": round(t, 2), "outcome": outcome}
            )
        closed = NudgeClosed(
            t=t,
            id=shown.id,
            nudge=shown.nudge.name,
            outcome=outcome,
            why=why,
            open_s=round(t - shown.t, 2),
            private=shown.nudge.private,
        )
        return [closed]

    def reports(self) -> list[NudgeReport]:
        """Every nudge that was shown, in order; without those for the agent only."""
        return list(self._reports.values())
