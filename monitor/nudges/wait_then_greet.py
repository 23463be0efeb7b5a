"""The caller who yells before hello: let the first wave pass, then greet as always."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import agent_words_known
from monitor.nudges._cues import by_phrase
from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "Wait, then greet"
TEXT = "Let them finish. Then greet, and acknowledge."
REASONS = {
    "upset": "{what}, before anyone said hello",
    "loud": "They came in loud, before anyone said hello",
    "said": "You said: “{said}”",
}
KIND = "floor"
PRIORITY = 82
TTL_S = 15.0
CALM = True
WARM_UP_S = 1.5
"""The whole point is the first seconds."""
THRESHOLDS = {
    "start_s": 20.0,  # of the call: 15 s of them, and their words come a little later
    "voice": 1.0,  # log-odds of the voice alone: clearly beyond what most callers sound like
    "spoken_s": 2.0,  # by the customer: a shout is no call yet
    "loud_s": 4.0,  # … and where nothing but the voice says so, more of it
    "greeted_s": 1.0,  # the agent said so much already: a greeting, or past one
}
GREETED = ("greeting", "acknowledgement", "bare_sorry")


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if view.began is None or view.t - view.began > th["start_s"]:
        return None
    if view.customer_turn is None or view.customer_turn[1] < th["spoken_s"]:
        return None
    if view.agent_talk_s >= th["greeted_s"] or any(family in view.last for family in GREETED):
        return None
    if not agent_words_known(view):
        return None
    if view.frustrations:
        newest = view.frustrations[-1]
        weight = round(newest.value, 2)
        return reason("upset", "interaction", view.t, weight, "llr", what=newest.text)
    if _loud(view, th):
        return reason("loud", "interaction", view.t, round(view.voice, 2), "llr")
    return None


def _loud(view: View, th: Mapping[str, float]) -> bool:
    """By the voice alone, of somebody who says words: laughter is loud as well."""
    if view.words and not any(one.party == "customer" for one in view.said):
        return False
    spoken_s = view.customer_turn[1] if view.customer_turn is not None else 0.0
    return view.voice >= th["voice"] and spoken_s >= th["loud_s"]


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    greeted = view.heard("agent", *GREETED, since=since)
    if not greeted:
        return None
    return by_phrase(view, since, greeted[-1])
