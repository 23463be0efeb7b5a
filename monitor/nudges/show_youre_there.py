"""A long story, and not a sound from the agent: nobody likes to talk into a wall."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "Show you're there"
TEXT = "A short “mm-hm” is enough. Let them go on."
REASONS = {
    "wall": "They have talked for {seconds:.0f} s without a sound from you",
    "heard": "They have talked for {seconds:.0f} s, and heard you",
    "sound": "They heard you after {seconds:.0f} s",
}
KIND = "listening"
PRIORITY = 15
TTL_S = 12.0
CALM = True
COOLDOWN_S = 180.0
THRESHOLDS = {
    "silent_s": 30.0,  # of their story without a sound: in 2 of 23 consultations (24 s: in 6)
    "spoken_share": 0.7,  # … of which they spoke so much: who stops to search is not telling
    "settles_s": 2.0,  # so early in it the agent only ends their own sentence
    "calm_below": 2.0,  # an upset customer is to be left alone: then it is "let them vent"
}


def _story(view: View, th: Mapping[str, float]) -> float | None:
    """When the story began that they tell now, s; None where it is none, or a short one."""
    if view.customer_turn is None or view.customer_speaking_since is None:
        return None
    if view.agent_speaking_since is not None or view.mood >= th["calm_below"]:
        return None
    t0, spoken_s = view.customer_turn
    told_s = view.t - t0
    return t0 if told_s >= th["silent_s"] and spoken_s >= th["spoken_share"] * told_s else None


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    t0 = _story(view, th)
    if t0 is None:
        return None
    silent_s = view.t - max(t0, view.agent_last_speech or 0.0)
    if silent_s < th["silent_s"]:
        return None
    return reason("wall", "interaction", view.t, round(silent_s, 1), "s")


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    """As long a story, in which the agent was heard: there it needed no nudge."""
    t0 = _story(view, th)
    if t0 is None or (view.agent_last_speech or 0.0) <= t0 + th["settles_s"]:
        return None
    return reason("heard", "interaction", t0 + th["settles_s"], round(view.t - t0, 1), "s")


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    spoke = view.agent_last_speech
    if spoke is None or spoke <= since:
        return None
    return reason("sound", "interaction", view.t, round(spoke - since, 1), "s")
