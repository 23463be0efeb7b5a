"""The agent talks clearly faster than a calm customer. Never the other way round."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "Match their pace"
TEXT = "They speak more slowly. Take your time."
REASONS = {
    "faster": "You are about {ratio:.1f} times as fast as they are",
    "back": "Back in step after {seconds:.0f} s",
}
KIND = "pace"
PRIORITY = 20
TTL_S = 30.0
COOLDOWN_S = 300.0
"""A pace is a habit, no event: said every minute, it brings nothing new."""
CALM = True
THRESHOLDS = {
    "ratio": 1.35,  # 14 % off: opens on 2 of 100 at a true 1.0-1.1, on 55 at 1.4-1.6; until in step
    "agent_talk_s": 15.0,  # a greeting said a hundred times a day is no pace
    "spoken_s": 2.0,  # the agent said so much since
    "calm_below": 2.0,  # an upset customer is not mirrored: then it is "slow down"
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if view.pace_ratio is None or view.pace_ratio < th["ratio"] or view.mood >= th["calm_below"]:
        return None
    if view.agent_speaking_since is None or view.agent_talk_s < th["agent_talk_s"]:
        return None
    return reason("faster", "interaction", view.t, round(view.pace_ratio, 2), "x")


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    if view.pace_ratio is not None or view.agent_last_speech is None:
        return None
    if view.agent_last_speech < since + th["spoken_s"]:
        return None
    return reason("back", "interaction", view.t, round(view.t - since, 1), "s")
