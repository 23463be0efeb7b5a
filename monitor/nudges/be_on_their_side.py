"""The agent's words stand against the customer, or leave them waiting alone."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Cue
from monitor.nudges._common import agent_words_known
from monitor.nudges._cues import as_said, because, newest, said_since, tense
from monitor.reasons import Reason
from monitor.view import View
from monitor.wording import short

TITLE = "Be on their side"
TEXT = "You and them against the problem. Say “let us”."
REASONS = {
    "against": "You said “{said}”; it sounds like you against them",
    "alone": "They are upset and will have to wait alone",
    "said": "You said: “{said}”",
}
KIND = "alliance"
PRIORITY = 48
TTL_S = 25.0
CALM = True
"""Shown on a calm call only when it was said plainly, or twice."""
THRESHOLDS = {
    "fresh_s": 20.0,  # from the words; later the talk has moved on
    "within_s": 60.0,  # mild ones so close together count as one
    "enough": 2.0,  # points: a plain one has 2, a mild one 1 …
    "enough_tense": 1.0,  # … and with a customer who is not calm
    "same_breath_s": 5.0,  # stood with them so shortly before
    "mood": 2.0,  # a hold is hard on who is upset: the watch line
}
POINTS = {"talks_down": 2.0, "against_them": 1.0, "defensive": 1.0}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.words:
        return None
    cue = newest(view, th["fresh_s"], *POINTS)
    if cue is not None and _points(view, cue, th) >= _enough(view, th):
        if said_since(view, cue.t0 - th["same_breath_s"], "on_their_side", "agreement"):
            return None
        return because("against", cue, said=short(cue.text))
    hold = newest(view, th["fresh_s"], "hold_coming")
    if hold is None or not view.upset(th["mood"]) or not agent_words_known(view):
        return None
    if said_since(view, hold.t0 - th["same_breath_s"], "on_their_side", "owned"):
        return None
    return because("alone", hold)


def _points(view: View, newest_one: Cue, th: Mapping[str, float]) -> float:
    since = newest_one.t0 - th["within_s"]
    return sum(POINTS.get(cue.family, 0.0) for cue in view.cues if cue.t0 >= since)


def _enough(view: View, th: Mapping[str, float]) -> float:
    return th["enough_tense"] if tense(view) else th["enough"]


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    return as_said(view, since, "on_their_side", "agreement", "owned")
