"""The agent said no, and left it at that."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import agent_words_known
from monitor.nudges._cues import WAYS_OUT, as_said, because, customer_answered, newest, said_since
from monitor.reasons import Reason
from monitor.view import View
from monitor.wording import short

TITLE = "Offer what you can"
TEXT = "Say what is possible instead."
REASONS = {
    "bare": "You said “{said}” and nothing else that is possible",
    "no": "You said “{said}”",
    "said": "You said: “{said}”",
}
KIND = "solution"
PRIORITY = 47
TTL_S = 25.0
CALM = True
"""A plain no without another way is a fault whatever the mood."""
THRESHOLDS = {
    "fresh_s": 25.0,  # from the no
    "same_breath_s": 10.0,  # offered so shortly before: the no was about something else
    "answered_s": 0.8,  # they took the no, or did not, with so much speech: your turn was over
    "silence_s": 4.0,  # … or nobody says anything more
}
OFFERED = (*WAYS_OUT, "owned", "commitment")


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.words:
        return None
    no = newest(view, th["fresh_s"], "refusal")
    if no is None or not agent_words_known(view):
        return None
    if said_since(view, no.t0 - th["same_breath_s"], *OFFERED):
        return None
    spoke = view.agent_last_speech or no.t1
    if not customer_answered(view, no.t1, th["answered_s"]) and view.t - spoke < th["silence_s"]:
        return None
    return because("bare", no, said=short(no.text))


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    no = newest(view, th["fresh_s"], "refusal") if view.words else None
    if no is None:
        return None
    before = said_since(view, no.t0 - th["same_breath_s"], *OFFERED)
    if before and not said_since(view, no.t0, *OFFERED):
        return None
    return because("no", no, said=short(no.text))


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    return as_said(view, since, *OFFERED)
