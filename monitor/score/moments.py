"""What went wrong in a call, moment by moment: each miss and each false alarm, with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from monitor.events import AlertRaised, NudgeOpened, OverlapKind, Party
from monitor.score.frustration import WITHIN_S
from monitor.score.listening import ToldOverlap
from monitor.score.reference import OverlapRef
from monitor.score.scoring import ScoredCall

Outcome = Literal["missed", "false", "mistaken", "taken back"]

GRAVEST_FIRST: Final = ("talk_over", "alert", "nudge", "interruption", "backchannel", "terminal")
"""What a person acts on comes first."""


@dataclass(frozen=True, slots=True)
class Moment:
    """``t0`` to ``t1`` is what it is about, s."""

    what: str  # one of GRAVEST_FIRST
    outcome: Outcome
    title: str
    t0: float
    t1: float
    said: list[str] = field(default_factory=list)
    """What the monitor said there, each with its time and reasons."""

    @property
    def gravity(self) -> int:
        """0 is the gravest."""
        return GRAVEST_FIRST.index(self.what)


def moments(call: ScoredCall) -> list[Moment]:
    """Of one call, gravest first, then in order of time."""
    found = [*_overlaps(call), *_alerts(call), *_nudges(call)]
    return sorted(found, key=lambda m: (m.gravity, m.t0, m.outcome, m.title))


def named(kind: OverlapKind, by: Party) -> str:
    """A kind of overlap in words: "talk-over by the agent"."""
    return f"{kind.replace('_', '-')} by the {by}"


def _overlaps(call: ScoredCall) -> Iterator[Moment]:
    if call.overlaps is None:
        return
    for reference, found in call.overlaps.mistaken:
        gravest = min(reference.kind, found.kind, key=GRAVEST_FIRST.index)
        yield Moment(
            gravest,
            "mistaken",
            f"{_called(reference)}, called {_called(found)}",
            min(reference.t0, found.t0),
            max(reference.t1, found.t1),
            list(_told(found)),
        )
    for reference in call.overlaps.missed:
        title = f"{_called(reference)}, not heard"
        yield Moment(reference.kind, "missed", title, reference.t0, reference.t1)
    for found in call.overlaps.false:
        title = f"{_called(found)}, where the reference has nothing"
        yield Moment(found.kind, "false", title, found.t0, found.t1, list(_told(found)))
    wrong = {id(found) for _, found in call.overlaps.mistaken}
    wrong |= {id(found) for found in call.overlaps.false}
    for found in call.overlaps.taken_back:
        if id(found) not in wrong:
            title = f"talk-over told at first, {_called(found)} in the end, which is right"
            told = list(_told(found))
            yield Moment("talk_over", "taken back", title, found.t0, found.t1, told)


def _alerts(call: ScoredCall) -> Iterator[Moment]:
    signal = call.frustration.get("alert")
    if signal is None:
        return
    for span in signal.missed:
        title = f"frustration, no alert within {WITHIN_S:.0f} s"
        yield Moment("alert", "missed", title, span.t0, span.t1)
    raised = {alert.t: alert for alert in call.heard.alerts if isinstance(alert, AlertRaised)}
    for on in signal.false:
        alert = raised[on.t0]
        reasons = "; ".join(f"{reason.text} ({reason.t:.1f} s)" for reason in alert.reasons)
        said = [f"{alert.t:.1f} s: alert ({alert.kind.replace('_', ' ')}): {reasons}"]
        yield Moment("alert", "false", "alert, with no frustration to see", on.t0, on.t0, said)


def _nudges(call: ScoredCall) -> Iterator[Moment]:
    if call.nudges is None:
        return
    for want in call.nudges.missed:
        title = f"{_nudge(want.nudge)}: expected from {want.after:.1f} s to {want.before:.1f} s"
        others = [_opened(o) for o in call.heard.nudges if want.after <= o.t <= want.before]
        yield Moment("nudge", "missed", title, want.after, want.before, others)
    for opened in call.nudges.unexpected:
        title = f"{_nudge(opened.nudge)}: not expected here"
        yield Moment("nudge", "false", title, opened.t, opened.t, [_opened(opened)])


def _called(overlap: OverlapRef | ToldOverlap) -> str:
    return named(overlap.kind, overlap.by)


def _told(found: ToldOverlap) -> Iterable[str]:
    for event in found.told:
        points = f", {event.score:g} point{'s' * (event.score != 1)}" if event.score else ""
        sure = "" if event.final else ", not yet sure"
        reasons = f": {'; '.join(event.reasons)}" if event.reasons else ""
        yield f"{event.t:.2f} s: {event.kind.replace('_', '-')}{points}{sure}{reasons}"


def _opened(nudge: NudgeOpened) -> str:
    return f"{nudge.t:.1f} s: {nudge.title}: {nudge.why}"


def _nudge(name: str) -> str:
    return name.replace("_", " ")
