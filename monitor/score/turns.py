"""Turns found against turns annotated: who takes the floor, when, after how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from monitor.events import Party, Turn
from monitor.score.figures import quantile, ratio
from monitor.score.reference import TurnRef
from monitor.score.spans import one_to_one

BOUNDARY_S: Final = 0.5
"""The same party takes the floor no further away than so: it is the same change of floor."""


@dataclass(frozen=True, slots=True)
class CallTurns:
    reference: int
    found: int
    boundaries: int
    """Turns that begin within BOUNDARY_S of one another, one to one, of the same party."""
    begin_errors_s: list[float]
    fto_errors_s: list[float]
    """Found − reference, of matched turns that both follow one of the other party."""


@dataclass(frozen=True, slots=True)
class TurnFigures:
    reference: int
    found: int
    boundaries: int
    precision: float | None
    recall: float | None
    begin_error_s: float | None
    """Median of its size."""
    fto_error_s: float | None
    """Median; positive: the gap is heard too long."""
    fto_error_size_s: float | None
    """Median of its size."""


class _Begin(NamedTuple):
    """A turn where it begins."""

    party: Party
    t0: float
    fto_s: float | None

    @property
    def t1(self) -> float:
        return self.t0


def compare(reference: Sequence[TurnRef], found: Sequence[Turn]) -> CallTurns:
    ours = [_Begin(turn.party, turn.t0, turn.fto_s) for turn in found]
    theirs = _begins(reference)
    pairs = one_to_one(theirs, ours, BOUNDARY_S, lambda a, b: a.party == b.party)
    matched = [(theirs[i], ours[j]) for i, j in pairs]
    return CallTurns(
        reference=len(theirs),
        found=len(ours),
        boundaries=len(matched),
        begin_errors_s=[b.t0 - a.t0 for a, b in matched],
        fto_errors_s=[
            b.fto_s - a.fto_s for a, b in matched if a.fto_s is not None and b.fto_s is not None
        ],
    )


def figures(calls: Sequence[CallTurns]) -> TurnFigures | None:
    if not calls:
        return None
    reference, found = sum(c.reference for c in calls), sum(c.found for c in calls)
    boundaries = sum(c.boundaries for c in calls)
    begins = [abs(error) for c in calls for error in c.begin_errors_s]
    ftos = [error for c in calls for error in c.fto_errors_s]
    return TurnFigures(
        reference=reference,
        found=found,
        boundaries=boundaries,
        precision=ratio(boundaries, found),
        recall=ratio(boundaries, reference),
        begin_error_s=quantile(begins, 0.5),
        fto_error_s=quantile(ftos, 0.5),
        fto_error_size_s=quantile([abs(error) for error in ftos], 0.5),
    )


def _begins(reference: Sequence[TurnRef]) -> list[_Begin]:
    begins: list[_Begin] = []
    before: TurnRef | None = None
    for turn in sorted(reference, key=lambda turn: turn.t0):
        follows = before is not None and before.party != turn.party
        fto_s = turn.t0 - before.t1 if before is not None and follows else None
        begins.append(_Begin(turn.party, turn.t0, fto_s))
        before = turn
    return begins
