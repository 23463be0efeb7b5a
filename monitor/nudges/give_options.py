"""The customer asks what can be done, or the problem has long been clear, and there is no offer."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import agent_words_known
from monitor.nudges._cues import (
    OWNED,
    TROUBLE,
    WAYS_OUT,
    as_said,
    because,
    just_asked,
    said_since,
    tense,
    unanswered,
)
from monitor.reasons import Reason, reason
from monitor.view import View
from monitor.wording import short

TITLE = "Give options"
TEXT = "Offer two ways. Let them choose."
REASONS = {
    "asked": "They asked “{asked}”",
    "unanswered": "They asked “{asked}”; nothing was offered yet",
    "clear": "Their problem has been clear for {seconds:.0f} s; nothing was offered yet",
    "said": "You said: “{said}”",
}
KIND = "solution"
PRIORITY = 32
TTL_S = 25.0
CALM = True
"""Shown on a calm call only when they ask."""
THRESHOLDS = {
    "fresh_s": 25.0,  # from their question
    "turns": 1.0,  # chances to answer it …
    "within_s": 6.0,  # … or so long, with a word from the agent
    "spoken_by_agent_s": 1.0,  # a turn that could hold an offer
    "clear_for_s": 90.0,  # the problem has been known so long
    "told_within_s": 120.0,  # … and is still talked about
    "agent_talk_s": 20.0,  # time enough in words, too
    "their_pause_s": 3.0,  # they have just ended: the agent is to answer
}
OFFERED = (*WAYS_OUT, "time_given", "resolved", *OWNED)


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.words:
        return None
    asked = unanswered(view, th["fresh_s"], "asks_options", OFFERED, th)
    if asked is not None:
        return because("unanswered", asked, asked=short(asked.text))
    return _long_clear(view, th)


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    return just_asked(view, th["fresh_s"], "asks_options")


def _long_clear(view: View, th: Mapping[str, float]) -> Reason | None:
    if view.customer_last_speech is None or view.customer_speaking_since is not None:
        return None
    if view.t - view.customer_last_speech > th["their_pause_s"]:
        return None
    told = [view.first[family] for family in TROUBLE if family in view.first]
    if not told or view.t - min(told) < th["clear_for_s"] or not tense(view):
        return None
    if not said_since(view, view.t - th["told_within_s"], *TROUBLE):
        return None
    if view.agent_talk_s < th["agent_talk_s"] or not agent_words_known(view):
        return None
    if said_since(view, min(told), *OFFERED):
        return None
    return reason("clear", "words", view.t, round(view.t - min(told)), "s")


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    return as_said(view, since, *WAYS_OUT, "time_given", "resolved")
