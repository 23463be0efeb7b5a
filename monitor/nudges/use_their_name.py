"""The customer's name is known, and the agent does not say it."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import agent_words_known
from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "Use their name"
TEXT = "Say their name once. It shows you listen."
REASONS = {
    "unused": "{name}: not said for {seconds:.0f} s",
    "known": "{name}: the name is known",
    "used": "You said their name {seconds:.0f} s later",
}
KIND = "courtesy"
PRIORITY = 15
TTL_S = 25.0
COOLDOWN_S = 240.0
"""Asked for more often, a name becomes a trick."""
THRESHOLDS = {
    "unused_s": 60.0,  # known so long and not said, or not since
    "again_s": 180.0,  # said before: it may rest so long
    "enough": 3.0,  # said so often: it is never asked for again
    "agent_talk_s": 10.0,  # the agent has had occasion to say it
    "their_pause_s": 3.0,  # they have just ended: the agent is to answer
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if view.name_since is None or not view.words or len(view.name_used) >= th["enough"]:
        return None
    began = max(view.name_since, view.began or 0.0)
    unused_s = view.t - (view.name_used[-1] if view.name_used else began)
    if unused_s < th["again_s" if view.name_used else "unused_s"]:
        return None
    if view.customer_last_speech is None or view.customer_speaking_since is not None:
        return None
    if view.t - view.customer_last_speech > th["their_pause_s"]:
        return None
    if view.agent_talk_s < th["agent_talk_s"] or not agent_words_known(view):
        return None
    return reason("unused", "words", view.t, round(unused_s), "s", name=view.customer_name)


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    """Their name is known, and the agent has had occasion to say it: whoever has, or soon does,
    needs no nudge. Once a call."""
    if view.name_since is None or not view.words or view.agent_talk_s < th["agent_talk_s"]:
        return None
    known_t = max(view.name_since, view.began or 0.0)
    return reason("known", "words", known_t, name=view.customer_name)


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    used = next((t for t in view.name_used if t >= since), None)
    if used is None:
        return None
    return reason("used", "words", view.t, round(used - since, 1), "s")
