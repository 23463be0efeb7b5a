"""The caller who yells before hello: let the first wave pass, then greet as always."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Evidence
from monitor.nudges._common import agent_words_known
from monitor.nudges._cues import by_phrase
from monitor.view import View

TITLE = "Wait, then greet"
TEXT = "Let them finish. Then greet, and acknowledge."
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


def need(view: View, th: Mapping[str, float]) -> Evidence | None:
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
        text, value = f"{newest.text}, before anyone said hello", newest.value
    elif _loud(view, th):
        text, value = "They came in loud, before anyone said hello", view.voice
    else:
        return None
    return Evidence(kind="interaction", t=view.t, text=text, value=round(value, 2), unit="llr")


def _loud(view: View, th: Mapping[str, float]) -> bool:
    """By the voice alone, of somebody who says words: laughter is loud as well."""
    if view.words and not any(one.party == "customer" for one in view.said):
        return False
    spoken_s = view.customer_turn[1] if view.customer_turn is not None else 0.0
    return view.voice >= th["voice"] and spoken_s >= th["loud_s"]


def done(view: View, since: float, th: Mapping[str, float]) -> Evidence | None:
    greeted = view.heard("agent", *GREETED, since=since)
    if not greeted:
        return None
    return by_phrase(view, since, greeted[-1], f"You said: “{greeted[-1].text}”")
