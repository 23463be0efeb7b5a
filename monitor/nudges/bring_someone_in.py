"""Alone is not the way on: a manager is asked for, abuse, or two minutes of high frustration."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import NEVER, agent_had_a_chance, insults
from monitor.nudges._cues import by_phrase
from monitor.reasons import Reason, reason
from monitor.view import View
from monitor.wording import short

TITLE = "Bring someone in"
TEXT = "Offer a supervisor, and say when they join."
REASONS = {
    "passed_over": "They asked “{asked}”; no answer for {seconds:.0f} s",
    "again": "They asked again, “{asked}”; no answer for {seconds:.0f} s",
    "abuse": "{count:.0f} insults in two minutes; nobody has to take that alone",
    "high": "Very upset for {minutes:.0f} minutes without a break",
    "just_now": "They asked for somebody else",
    "said": "You said: “{said}”",
}
KIND = "safety"
PRIORITY = 70
TTL_S = 30.0
CALM = True
COOLDOWN_S = 180.0
THRESHOLDS = {
    "turns": 1.0,  # chances the agent has had to answer the request
    "within_s": 12.0,  # … or so long, and something said
    "spoken_by_agent_s": 0.8,
    "times": 2.0,  # asked for so often, and it is no question any more
    "apart_s": 5.0,  # two phrases of one breath are one
    "stale_s": 45.0,  # then the request has been dealt with, or given up
    "insults": 3.0,  # abuse, not a word that slipped out
    "insults_within_s": 120.0,
    "fresh_s": 15.0,  # since the newest of them
    "high_s": 120.0,  # at the alert line without a break
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    return _asked(view, th) or _abused(view, th) or _high(view, th)


def _handed_over(view: View, since: float) -> bool:
    return view.last.get("handover", NEVER) >= since


def _asked(view: View, th: Mapping[str, float]) -> Reason | None:
    newest_t = view.last.get("escalation_request")
    if newest_t is None or view.t - newest_t > th["stale_s"]:
        return None
    asked = view.heard("customer", "escalation_request", since=view.t - th["stale_s"])
    if not asked or _handed_over(view, asked[0].t0):
        return None
    again = asked[-1].t0 - asked[0].t0 >= th["apart_s"] and len(asked) >= th["times"]
    if not again and not _passed_over(view, asked[0].t1, th):
        return None
    age_s = round(view.t - asked[0].t0, 1)
    how = "again" if again else "passed_over"
    return reason(how, "words", view.t, age_s, "s", asked=short(asked[-1].text))


def _passed_over(view: View, since: float, th: Mapping[str, float]) -> bool:
    """The agent answered something else, and did not meet them either: who acknowledges first
    may still come to it."""
    return view.words and not view.acknowledgement(since) and agent_had_a_chance(view, since, th)


def _abused(view: View, th: Mapping[str, float]) -> Reason | None:
    found = insults(view, view.t - th["insults_within_s"])
    if len(found) < th["insults"] or view.t - found[-1].t0 > th["fresh_s"]:
        return None
    if _handed_over(view, found[0].t0):
        return None
    return reason("abuse", "words", found[-1].t0, float(len(found)), "count")


def _high(view: View, th: Mapping[str, float]) -> Reason | None:
    if view.high_since is None or view.kinds < 2:
        return None
    high_s = view.t - view.high_since
    if high_s < th["high_s"] or _handed_over(view, view.high_since):
        return None
    return reason("high", "interaction", view.t, round(high_s, 1), "s", minutes=high_s / 60)


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    """They just asked for somebody else: whoever offers it at once needs no nudge."""
    asked_t = view.last.get("escalation_request", NEVER)
    if not view.words or view.t - asked_t > th["stale_s"] or _handed_over(view, asked_t):
        return None
    return reason("just_now", "words", asked_t)


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    offered = view.heard("agent", "handover", since=since)
    if not offered:
        return None
    return by_phrase(view, since, offered[-1])


def holds(view: View, since: float, th: Mapping[str, float]) -> bool:
    """Whether what it was opened on still stands: a request, insults, or a long frustration."""
    if view.high_since is not None or insults(view, since - th["insults_within_s"]):
        return True
    return bool(view.heard("customer", "escalation_request", since=since - th["stale_s"]))
