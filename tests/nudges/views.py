"""Hand-made views for the tests of the nudges."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from monitor.events import Cue, Evidence, Overlap, Party
from monitor.view import Said, View


def need(nudge: ModuleType, view: View, **th: float) -> Evidence | None:
    """Whether it is needed; ``th`` overrides its thresholds."""
    found: Evidence | None = nudge.need(view, nudge.THRESHOLDS | th)
    return found


def done(nudge: ModuleType, view: View, since: float, **th: float) -> Evidence | None:
    """Whether it was done since then."""
    found: Evidence | None = nudge.done(view, since, nudge.THRESHOLDS | th)
    return found


def cue(family: str, t0: float, party: Party = "customer", **more: Any) -> Cue:
    """A phrase of a family, 1 s long."""
    given = {"family": family, "party": party, "t0": t0, "t1": t0 + 1, "text": f"<{family}>"}
    return Cue.model_validate(given | more)


def said(party: Party, t0: float, text: str, seconds: float = 3.0) -> Said:
    """Final words."""
    return Said.of(party, t0, t0 + seconds, text)


def overlap(t0: float, seconds: float = 1.0, **more: Any) -> Overlap:
    """A talk-over of the agent."""
    given = {"id": f"o{t0}", "kind": "talk_over", "by": "agent", "score": 2.0, "final": True}
    return Overlap.model_validate({**given, "t": t0 + seconds, "t0": t0, "t1": t0 + seconds} | more)
