"""The customer said that something is badly wrong, and nobody has named it yet."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import agent_had_a_chance
from monitor.nudges._cues import by_phrase
from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "Acknowledge it first"
TEXT = "Name what went wrong for them, then solve."
REASONS = {
    "passed_over": "{what} {seconds:.0f} s ago; not acknowledged yet",
    "half": "{what} {seconds:.0f} s ago; you said sorry, but not for what",
    "just_now": "{what}",
    "said": "You said: “{said}”",
}
KIND = "empathy"
PRIORITY = 60
TTL_S = 25.0
THRESHOLDS = {
    "turns": 2.0,  # chances the agent has had
    "within_s": 12.0,
    "spoken_by_agent_s": 1.0,  # … when at least this much was said
    "stale_s": 40.0,  # then the moment has passed
    "enough": 1.0,  # a bare "sorry" is half
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.words:
        return None  # what was not transcribed was not left unsaid
    for event in view.frustrations:
        if view.t - event.t > th["stale_s"]:
            continue
        said = view.acknowledgement(event.t)
        if said < th["enough"] and agent_had_a_chance(view, event.t, th):
            age_s = round(view.t - event.t, 1)
            missing = "half" if said else "passed_over"
            return reason(missing, "words", view.t, age_s, "s", what=event.text)
    return None


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    """Something upset was said just now: whoever names it at once needs no nudge."""
    if not view.words:
        return None
    for event in view.frustrations:
        fresh = view.t - event.t <= th["stale_s"]
        if fresh and view.acknowledgement(event.t) < th["enough"]:
            return reason("just_now", "words", event.t, event.value, event.unit, what=event.text)
    return None


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    named = view.heard("agent", "acknowledgement", since=since)
    sorry = view.heard("agent", "bare_sorry", since=since)
    if not named and 0.5 * len(sorry) < th["enough"]:
        return None
    return by_phrase(view, since, (named or sorry)[-1])


def holds(view: View, since: float, th: Mapping[str, float]) -> bool:
    """Whether anything upset that was said before still stands."""
    return any(since - th["stale_s"] <= event.t <= since for event in view.frustrations)
