"""What was called for in a call, and what was given: for learning, the agent's own first.

A line for each technique, never a sum over them: one number would rank people by what their
callers happened to need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import numpy as np

from monitor.events import Opportunity, Response, Technique, TechniqueCase

ENOUGH: Final = 4
"""Fewer cases say nothing of how often somebody does it: with three of three given, the 95 %
interval (Wilson 1927) still begins at 0.44, below one half; with four of four at 0.51."""


def scorecard(
    names: Sequence[str], opportunities: Iterable[Opportunity], answers: Iterable[Response]
) -> list[Technique]:
    """Lines of the techniques ``names`` that were called for, the most needed first.

    ``opportunities`` as last told, with the time at which each began; what has no answer yet,
    or was taken back, does not count."""
    answered = {answer.id: answer for answer in answers}
    cases: dict[str, list[tuple[Opportunity, Response]]] = {name: [] for name in names}
    for opportunity in opportunities:
        answer = answered.get(opportunity.id)
        if answer is not None and answer.outcome != "retracted" and opportunity.nudge in cases:
            cases[opportunity.nudge].append((opportunity, answer))
    lines = [_technique(found) for found in cases.values() if found]
    return sorted(lines, key=lambda line: -line.needed)


def _technique(found: Sequence[tuple[Opportunity, Response]]) -> Technique:
    cases = [_case(opportunity, answer) for opportunity, answer in found]
    count = {kind: sum(case.outcome == kind for case in cases) for kind in _KINDS}
    sure = [o.confidence for o, _ in found if o.confidence is not None]
    return Technique(
        nudge=found[0][0].nudge,
        title=found[0][0].title,
        needed=len(cases),
        unprompted=count["unprompted"],
        prompted=count["prompted"],
        missed=count["missed"],
        enough=len(cases) - count["call_ended"] >= ENOUGH,
        by_words=len(sure),
        confidence=round(float(np.mean(sure)), 2) if sure else None,
        cases=cases,
    )


_Kind = Literal["unprompted", "prompted", "missed", "call_ended"]
_KINDS: Final[tuple[_Kind, ...]] = ("unprompted", "prompted", "missed", "call_ended")


def _case(opportunity: Opportunity, answer: Response) -> TechniqueCase:
    given = answer.outcome == "given"
    outcome: _Kind = "call_ended"
    if given:
        outcome = "prompted" if answer.prompted else "unprompted"
    elif answer.outcome == "missed":
        outcome = "missed"
    return TechniqueCase(
        opportunity=opportunity.id,
        t=round(opportunity.t, 2),
        outcome=outcome,
        why=opportunity.evidence[0].text if opportunity.evidence else "",
        answered_t=round(answer.t, 2) if given else None,
    )
