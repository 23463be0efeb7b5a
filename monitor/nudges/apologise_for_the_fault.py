"""The customer tells of a fault of the company's, and nobody has said sorry for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from monitor.nudges._common import agent_had_a_chance
from monitor.nudges._cues import SORRY, as_said, because, newest, said_since
from monitor.reasons import Reason
from monitor.view import View
from monitor.wording import short

TITLE = "Apologise for the fault"
TEXT = "Say sorry for exactly what went wrong."
REASONS = {
    "fault": "They told you “{told}”; nobody said sorry",
    "said": "You said: “{said}”",
}
KIND = "apology"
PRIORITY = 50
TTL_S = 30.0
CALM = True
"""A broken thing wants a sorry from calm people too."""
THRESHOLDS = {
    "turns": 3.0,  # chances the agent has had
    "within_s": 15.0,  # … or so long, with a word from the agent
    "spoken_by_agent_s": 1.0,  # a turn that could hold an apology
    "stale_s": 60.0,  # then the moment has passed
    "upset_s": 40.0,  # so long after something upset was said, "acknowledge it first" has it
}


def _fault(view: View, th: Mapping[str, float]) -> Reason | None:
    """The fault that nobody has said sorry for: not since the first was told, either, for
    who tells it twice wants no second apology."""
    told = newest(view, th["stale_s"], "fault_told") if view.words else None
    if view.frustrations and view.t - view.frustrations[-1].t < th["upset_s"]:
        return None  # whoever is upset wants that acknowledged first
    if told is None or said_since(view, view.first.get("fault_told", told.t0), *SORRY):
        return None
    return because("fault", told, told=short(told.text))


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    fault = _fault(view, th)
    if fault is None or not agent_had_a_chance(view, fault.t, th):
        return None
    return replace(fault, t=view.t)


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    return _fault(view, th)


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    return as_said(view, since, *SORRY)
