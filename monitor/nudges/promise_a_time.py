"""The call ends on an open problem, and nobody said who does what by when."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import NEVER, agent_words_known
from monitor.nudges._cues import TROUBLE, as_said, because, newest, said_since, tense
from monitor.reasons import Reason
from monitor.view import View
from monitor.wording import short

TITLE = "Promise a time"
TEXT = "Say who does what, and by when."
REASONS = {
    "vague": "You said “{said}”; they do not know when",
    "open": "The call is ending, and they do not know what happens when",
    "ending": "The call is ending on an open problem",
    "said": "You said: “{said}”",
}
KIND = "promise"
PRIORITY = 42
TTL_S = 20.0
CALM = True
"""Shown on a calm call only when it ends on "somebody will be in touch"."""
THRESHOLDS = {
    "closing_fresh_s": 10.0,  # a goodbye is over in seconds
    "vague_within_s": 45.0,  # what was left open so shortly before the end
    "time_within_s": 60.0,  # a time named so shortly before the end is the promise
}
CLOSED = ("resolved", "thanks_relief")


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    why = _open(view, th)
    if why is None or said_since(view, why.t - th["time_within_s"], "time_given"):
        return None
    return why


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    """It ends as open, and a time was named."""
    why = _open(view, th)
    if why is None or (time := newest(view, th["time_within_s"], "time_given")) is None:
        return None
    return because("ending", time)


def _open(view: View, th: Mapping[str, float]) -> Reason | None:
    """The call is ending, and something is left to be done."""
    if not view.words:
        return None
    closing = newest(view, th["closing_fresh_s"], "closing", "goodbye", "wraps_up")
    if closing is None or not agent_words_known(view):
        return None
    vague = newest(view, th["vague_within_s"], "vague_promise")
    if vague is not None and not said_since(view, vague.t0, "resolved"):
        return because("vague", closing, said=short(vague.text))
    told = max((view.last.get(family, NEVER) for family in TROUBLE), default=NEVER)
    if told == NEVER or not tense(view) or said_since(view, told, *CLOSED):
        return None
    return because("open", closing)


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    return as_said(view, since, "time_given")
