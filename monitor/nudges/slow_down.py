"""The customer is upset, and the agent hurries."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "Slow down"
TEXT = "They are upset. Speak slowly and calmly."
REASONS = {
    "own": "They are upset; you are {percent:.0f} % above your usual pace",
    "theirs": "They are upset; you are {ratio:.1f} times as fast as they are",
    "back": "Back to a calm pace after {seconds:.0f} s",
}
KIND = "pace"
PRIORITY = 40
TTL_S = 25.0
THRESHOLDS = {
    "mood": 2.0,
    "own_ratio": 1.2,  # over the agent's own usual
    "ratio": 1.3,  # over the customer's, which is 14 % off
    "back_ratio": 1.05,
    "spoken_s": 2.0,  # the agent said so much since
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.upset(th["mood"]) or view.agent_speaking_since is None:
        return None
    own, theirs = view.agent_pace_ratio, view.pace_ratio
    if own is not None and own >= th["own_ratio"]:
        above = (own - 1) * 100
        return reason("own", "interaction", view.t, round(own, 2), "x", percent=above)
    if theirs is not None and theirs >= th["ratio"]:
        return reason("theirs", "interaction", view.t, round(theirs, 2), "x")
    return None


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    if view.pace_ratio is not None or view.agent_last_speech is None:
        return None
    if view.agent_last_speech < since + th["spoken_s"]:
        return None
    own = view.agent_pace_ratio
    if own is not None and own > th["back_ratio"]:
        return None
    return reason("back", "interaction", view.t, round(view.t - since, 1), "s")
