"""The customer says a second time that they were not understood, or do not follow."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from monitor.nudges._common import NEVER
from monitor.nudges._cues import by_phrase
from monitor.reasons import Reason, reason
from monitor.view import View
from monitor.wording import short

TITLE = "Ask, don't guess"
TEXT = "Ask what they mean, or what they see."
REASONS = {
    "twice": "Not understood twice: “{said}”",
    "often": "Not understood {count:.0f} times: “{said}”",
    "asked": "You asked: “{said}”",
}
KIND = "clarity"
PRIORITY = 35
TTL_S = 25.0
CALM = True
THRESHOLDS = {
    "times": 2.0,  # once is part of any conversation
    "within_s": 90.0,
    "apart_s": 3.0,  # two phrases of one breath are one
    "fresh_s": 15.0,  # later the talk has gone on
}
LOST = ("not_understood", "confused")


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    newest_t = max(view.last.get(family, NEVER) for family in LOST)
    if not view.words or view.t - newest_t > th["fresh_s"]:
        return None
    lost = view.heard("customer", *LOST, since=view.t - th["within_s"])
    if not lost:
        return None
    times = 1 + sum(b.t0 - a.t0 >= th["apart_s"] for a, b in pairwise(lost))
    if times < th["times"] or view.heard("agent", "clarifying", since=lost[0].t1):
        return None
    often = "twice" if times == 2 else "often"
    return reason(often, "words", newest_t, float(times), "count", said=short(lost[-1].text))


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    asked = view.heard("agent", "clarifying", "open_question", since=since)
    if not asked:
        return None
    return by_phrase(view, since, asked[-1], "asked")


def holds(view: View, since: float, th: Mapping[str, float]) -> bool:
    """Whether what was not understood before it still stands."""
    lost = view.heard("customer", *LOST, since=since - th["within_s"])
    return any(cue.t0 <= since for cue in lost)
