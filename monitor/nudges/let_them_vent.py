"""The customer is getting it off their chest: leave them the floor until they are through."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "Let them vent"
TEXT = "Stay quiet until they are through. Then acknowledge."
REASONS = {
    "cut_in": "They are upset, and you came in after {seconds:.0f} s",
    "long": "They are upset and have talked for {seconds:.0f} s",
    "talking": "They are upset and talking",
    "through": "You let them finish: {seconds:.0f} s more",
}
KIND = "floor"
PRIORITY = 80
TTL_S = 30.0
THRESHOLDS = {
    "turn_s": 8.0,  # longer than most answers, shorter than most stories
    "mood": 2.0,  # frustration is up: the watch line
    "cut_in_turn_s": 3.0,  # agent comes in on an upset turn at least so long
    "cut_in_s": 3.0,  # … so recently
    "finished_s": 1.0,  # a pause this long, and they are through
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.upset(th["mood"]) or view.customer_turn is None:
        return None
    t0, spoken_s = view.customer_turn
    cut_in = view.talk_overs(max(t0, view.t - th["cut_in_s"]))
    if cut_in and spoken_s >= th["cut_in_turn_s"]:
        return reason("cut_in", "interaction", cut_in[-1].t0, round(spoken_s, 1), "s")
    if view.customer_speaking_since is None or spoken_s < th["turn_s"]:
        return None
    return reason("long", "interaction", view.t, round(spoken_s, 1), "s")


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    """They are upset and talking: whoever leaves them the floor needs no nudge."""
    if not view.upset(th["mood"]) or view.customer_turn is None:
        return None
    t0, spoken_s = view.customer_turn
    if view.customer_speaking_since is None or spoken_s < th["cut_in_turn_s"]:
        return None
    return reason("talking", "interaction", t0, round(spoken_s, 1), "s")


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    if view.customer_speaking_since is not None or view.customer_last_speech is None:
        return None
    end = view.customer_last_speech
    if end <= since or view.talk_overs(since):
        return None
    answered = view.agent_speaking_since is not None and view.agent_speaking_since >= end
    if not answered and view.t - end < th["finished_s"]:
        return None
    return reason("through", "interaction", view.t, round(end - since, 1), "s")
