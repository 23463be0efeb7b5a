"""The customer does not understand, and the agent's words were those of the trade."""

from __future__ import annotations

import re
from collections.abc import Mapping

from monitor.nudges._cues import as_said, because, newest
from monitor.reasons import Reason, reason
from monitor.view import View
from monitor.wording import short

TITLE = "Plainer words"
TEXT = "Say it again in everyday words."
REASONS = {
    "term": "They asked “{asked}” after your “{term}”",
    "said": "You said: “{said}”",
}
KIND = "clarity"
PRIORITY = 46
TTL_S = 20.0
CALM = True
"""They said that they do not understand."""
THRESHOLDS = {
    "fresh_s": 15.0,  # from their question
    "before_s": 30.0,  # the words that they ask about were said so shortly before
    "plain_words": 8.0,  # so many words of the agent without a term are said more plainly
}
_ABBREVIATION = re.compile(r"\b(?:[A-Z]{2,5}|(?:[A-Z][ .-]){1,4}[A-Z])\b")
_KNOWN = frozenset(
    {"AM", "PM", "OK", "TV", "UK", "US", "USA", "EU", "ID", "PIN", "CD", "DVD", "PC"}
)
"""Letters that everybody knows."""


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.words:
        return None
    asked = newest(view, th["fresh_s"], "confused")
    if asked is None:
        return None
    term = _term(view, asked.t0 - th["before_s"], asked.t0)
    if not term:
        return None
    return because("term", asked, asked=short(asked.text), term=term)


def _term(view: View, since: float, until: float) -> str:
    """The last term of the trade that the agent used in that time; empty: none."""
    found, at = "", since
    for cue in view.cues:
        if cue.family == "jargon" and at <= cue.t0 < until:
            found, at = cue.text, cue.t0
    if found:
        return found
    for one in view.said:
        if one.party == "agent" and since <= one.t0 < until:
            for match in _ABBREVIATION.finditer(one.text):
                if match.group().replace(" ", "") not in _KNOWN:
                    found = match.group()
    return found


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    if (how := as_said(view, since, "rephrases")) is not None:
        return how
    said = [one for one in view.said if one.party == "agent" and one.t0 >= since]
    if sum(len(one.words) for one in said) < th["plain_words"]:
        return None
    if _term(view, since, view.t) or newest(view, view.t - since, "confused") is not None:
        return None
    return reason("said", "words", view.t, said=short(said[-1].text))
