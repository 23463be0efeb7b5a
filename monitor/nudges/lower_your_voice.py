"""The customer is upset, and the agent has become louder. A level, never an emotion."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "Lower your voice"
TEXT = "Speak softly; they will come down with you."
REASONS = {
    "louder": "They are upset; you are {db:.0f} dB louder than usual",
    "back": "Back to your usual voice after {seconds:.0f} s",
}
KIND = "voice"
PRIORITY = 45
TTL_S = 20.0
COOLDOWN_S = 120.0
THRESHOLDS = {
    "mood": 2.0,  # frustration is up: the watch line
    "above_db": 5.0,  # over own usual: in a calm recorded call never above 4.7, 2.5 in nine of ten
    "speaking_s": 1.0,  # one loud word is none
    "back_db": 2.0,  # this close to own usual again
    "spoken_s": 2.0,  # the agent said so much since
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    above_db, since = view.agent_above_db, view.agent_speaking_since
    if above_db is None or above_db < th["above_db"] or since is None:
        return None
    if view.t - since < th["speaking_s"] or not view.upset(th["mood"]):
        return None
    return reason("louder", "interaction", view.t, round(above_db, 1), "dB")


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    if view.agent_above_db is None or view.agent_above_db > th["back_db"]:
        return None
    if view.agent_last_speech is None or view.agent_last_speech < since + th["spoken_s"]:
        return None
    return reason("back", "interaction", view.t, round(view.t - since, 1), "s")
