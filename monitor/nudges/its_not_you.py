"""The customer insults the agent. For the agent alone: it is the situation, not them."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import insults
from monitor.nudges._cues import by_phrase
from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "It's not you"
TEXT = "Breathe. It is the problem, not you."
REASONS = {
    "one": "An insult. You do not have to take it home",
    "more": "{count:.0f} insults. You do not have to take it home",
    "stayed": "You stayed with it: “{said}”",
}
KIND = "safety"
PRIORITY = 62
TTL_S = 20.0
CALM = True
PRIVATE = True
COOLDOWN_S = 180.0
THRESHOLDS = {
    "insults": 2.0,  # one may have slipped out …
    "mood": 2.5,  # … but not where frustration is well above the watch line
    "within_s": 90.0,
    "fresh_s": 15.0,  # later it only reminds them of it
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    found = insults(view, view.t - th["within_s"])
    if not found or view.t - found[-1].t0 > th["fresh_s"]:
        return None
    if len(found) < th["insults"] and not view.upset(th["mood"]):
        return None
    often = "one" if len(found) == 1 else "more"
    return reason(often, "words", found[-1].t0, float(len(found)), "count")


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    calm = view.heard("agent", "boundary", "acknowledgement", since=since)
    if not calm:
        return None
    return by_phrase(view, since, calm[-1], "stayed")


def holds(view: View, since: float, th: Mapping[str, float]) -> bool:
    """Whether an insult of those before it still stands."""
    return any(cue.t0 <= since for cue in insults(view, since - th["within_s"]))
