"""The customer named a second problem, and the agent closes without having come to it."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Cue
from monitor.nudges._common import NEVER, agent_words_known, taken_up
from monitor.nudges._cues import by_phrase
from monitor.reasons import Reason, reason
from monitor.view import View
from monitor.wording import short, telling, tokens

TITLE = "They also mentioned"
TEXT = "One thing is still open. Ask about it."
REASONS = {
    "open": "They also said “{told}”",
    "said": "You said: “{said}”",
    "back": "You came back to “{told}”",
}
KIND = "solution"
PRIORITY = 28
TTL_S = 20.0
CALM = True
THRESHOLDS = {
    "closing_within_s": 12.0,  # the agent began to close so recently
    "before_closing_s": 8.0,  # named only just before: the closing may be of the first problem
    "telling_words": 2.0,  # with fewer it cannot be told whether it was taken up
    "goes_on_s": 3.0,  # what they say so soon after the phrase still belongs to it
}


def _closing(view: View, th: Mapping[str, float]) -> float | None:
    """When the agent began to close, just now, a call in which something else was mentioned."""
    closing_t = view.last.get("rounds_off")
    if not view.words or closing_t is None or view.t - closing_t > th["closing_within_s"]:
        return None
    return closing_t if "also_mentioned" in view.last and agent_words_known(view) else None


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if (closing_t := _closing(view, th)) is None:
        return None
    for cue in view.heard("customer", "also_mentioned"):
        if closing_t - cue.t0 < th["before_closing_s"]:
            return None
        if _open(view, cue, th):
            age_s = round(view.t - cue.t0, 1)
            return reason("open", "words", closing_t, age_s, "s", told=short(_told(view, cue)))
    return None


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    """They close, and have come to what was mentioned besides."""
    if (closing_t := _closing(view, th)) is None:
        return None
    for cue in view.heard("customer", "also_mentioned"):
        named = cue.t1 < closing_t and len(_about(view, cue, th)) >= th["telling_words"]
        if named and done(view, cue.t1, th) is not None:
            return reason("open", "words", cue.t1, told=short(_told(view, cue)))
    return None


def _open(view: View, cue: Cue, th: Mapping[str, float]) -> bool:
    """Nothing of it was said by the agent, and it was not picked up in other words."""
    if view.last.get("takes_up_other", NEVER) > cue.t0:
        return False
    about = _about(view, cue, th)
    return len(about) >= th["telling_words"] and not taken_up(view, about, cue.t0)


def _told(view: View, cue: Cue) -> str:
    """The words of the utterance from the phrase on."""
    for one in view.said:
        if one.party == "customer" and one.t0 <= cue.t1 and cue.t0 <= one.t1:
            _, found, after = one.text.partition(cue.text)
            if found:
                return found + after
    return cue.text


def _about(view: View, cue: Cue, th: Mapping[str, float]) -> frozenset[str]:
    about = telling(token.text for token in tokens(_told(view, cue)))
    end = cue.t1
    for one in view.said:
        if one.party == "customer" and cue.t1 < one.t0 <= end + th["goes_on_s"]:
            about |= one.telling
            end = one.t1
    return about


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    back = view.heard("agent", "takes_up_other", since=since)
    if back:
        return by_phrase(view, since, back[-1])
    for cue in view.heard("customer", "also_mentioned"):
        if cue.t0 < since and taken_up(view, _about(view, cue, th), since):
            after_s = round(view.t - since, 1)
            return reason("back", "words", view.t, after_s, "s", told=short(_told(view, cue)))
    return None
