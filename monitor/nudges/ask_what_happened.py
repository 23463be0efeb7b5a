"""One closed question after the other, while the customer has something to tell."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import NEVER
from monitor.nudges._cues import by_phrase
from monitor.reasons import Reason, reason
from monitor.view import View
from monitor.wording import short

TITLE = "Ask what happened"
TEXT = "One open question, then let them tell it."
REASONS = {
    "tried": "{count:.0f} yes-or-no questions running; they began “{said}”",
    "upset": "{count:.0f} yes-or-no questions running; they are upset",
    "asked": "You asked: “{said}”",
    "told": "You let them tell it",
}
KIND = "questions"
PRIORITY = 30
TTL_S = 20.0
CALM = True
"""It waits for the customer to try to tell more: a form that is filled in is no fault."""
COOLDOWN_S = 180.0
THRESHOLDS = {
    "questions": 3.0,  # closed ones running
    "within_s": 60.0,  # … in so long
    "fresh_s": 15.0,  # since the newest sign that they want to tell more
    "story_s": 5.0,  # they talked so long in one go: it was told
    "mood": 2.0,  # or frustration is up
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    tried_t = view.last.get("wants_to_tell", NEVER)
    if view.t - tried_t > th["fresh_s"] and not view.upset(th["mood"]):
        return None
    if not view.words or "closed_question" not in view.last:
        return None
    since = view.t - th["within_s"]
    opened = view.last.get("open_question")
    if opened is not None:
        since = max(since, opened)
    closed = view.heard("agent", "closed_question", since=since)
    if len(closed) < th["questions"]:
        return None
    wanted = view.heard("customer", "wants_to_tell", since=max(since, view.t - th["fresh_s"]))
    if (not wanted and not view.upset(th["mood"])) or _told(view, closed[0].t0, th):
        return None
    count = float(len(closed))
    if wanted:
        return reason("tried", "words", view.t, count, "count", said=short(wanted[-1].text))
    return reason("upset", "words", view.t, count, "count")


def _told(view: View, since: float, th: Mapping[str, float]) -> bool:
    """The customer talked at length since then."""
    turn = view.customer_turn
    if turn is not None and turn[0] >= since and turn[1] >= th["story_s"]:
        return True
    return any(
        one.party == "customer" and one.t0 >= since and one.t1 - one.t0 >= th["story_s"]
        for one in view.said
    )


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    asked = view.heard("agent", "open_question", since=since)
    if asked:
        return by_phrase(view, since, asked[-1], "asked")
    if _told(view, since, th):
        return reason("told", "words", view.t, round(view.t - since, 1), "s")
    return None
