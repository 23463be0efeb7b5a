"""The problem is sent elsewhere, or nobody says who will see to it."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import agent_words_known
from monitor.nudges._cues import (
    OWNED,
    as_said,
    because,
    just_asked,
    newest,
    said_since,
    tense,
    unanswered,
)
from monitor.reasons import Reason
from monitor.view import View
from monitor.wording import short

TITLE = "Own it"
TEXT = "Say what you yourself will do about it."
REASONS = {
    "asked": "They asked “{asked}”",
    "unanswered": "They asked “{asked}”; nobody has taken it on",
    "away": "You said “{said}”; they need somebody to take it on",
    "said": "You said: “{said}”",
}
KIND = "ownership"
PRIORITY = 45
TTL_S = 25.0
CALM = True
"""Shown to the agent of a calm customer only when that customer asks who will do it."""
THRESHOLDS = {
    "fresh_s": 20.0,  # from the words that call for it; later the talk has moved on
    "turns": 1.0,  # chances to answer "who will fix this" …
    "within_s": 6.0,  # … or so long with a word from the agent
    "spoken_by_agent_s": 1.0,  # a turn that could hold an answer
    "same_breath_s": 6.0,  # taken on so shortly before: it was only a detour
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.words:
        return None
    asked = unanswered(view, th["fresh_s"], "who_will", OWNED, th)
    if asked is not None:
        return because("unanswered", asked, asked=short(asked.text))
    away = newest(view, th["fresh_s"], "not_mine")
    if (
        away is not None
        and tense(view)
        and agent_words_known(view)
        and not said_since(view, away.t0 - th["same_breath_s"], *OWNED)
    ):
        return because("away", away, said=short(away.text))
    return None


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    return just_asked(view, th["fresh_s"], "who_will")


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    return as_said(view, since, *OWNED, "on_their_side")
