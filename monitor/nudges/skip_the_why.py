"""The agent explains why it went wrong, or whose fault it was, and does not take it on."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import agent_words_known
from monitor.nudges._cues import OWNED, TROUBLE, as_said, because, newest, said_since, tense
from monitor.reasons import Reason
from monitor.view import View
from monitor.wording import short

TITLE = "Skip the why"
TEXT = "No reasons now. Say what happens next."
REASONS = {
    "explains": "You explained: “{said}”; they want it put right",
    "said": "You said: “{said}”",
}
KIND = "excuses"
PRIORITY = 44
TTL_S = 25.0
CALM = True
"""Shown on a calm call only when the agent says whose fault it was."""
THRESHOLDS = {
    "fresh_s": 20.0,  # from the explanation; later the talk has moved on
    "trouble_within_s": 90.0,  # a calm customer told of a trouble so shortly before
    "same_breath_s": 8.0,  # said sorry or taken on so shortly before: then it may be explained
}
SPARED = (*OWNED, "apology")
"""To understand, and then to blame, is to blame."""


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.words:
        return None
    why = newest(view, th["fresh_s"], *(("excuse", "blames") if tense(view) else ("blames",)))
    if why is None or not agent_words_known(view):
        return None
    if said_since(view, why.t0 - th["same_breath_s"], *SPARED):
        return None
    if not tense(view) and not said_since(view, why.t0 - th["trouble_within_s"], *TROUBLE):
        return None
    return because("explains", why, said=short(why.text))


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    return as_said(view, since, *SPARED, "acknowledgement")
