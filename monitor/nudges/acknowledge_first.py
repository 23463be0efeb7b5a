"""The customer said that something is badly wrong, and nobody has named it yet."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Evidence
from monitor.nudges._common import agent_had_a_chance
from monitor.nudges._cues import by_phrase
from monitor.view import View

TITLE = "Acknowledge it first"
TEXT = "Name what went wrong for them, then solve."
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


def need(view: View, th: Mapping[str, float]) -> Evidence | None:
    if not view.words:
        return None  # what was not transcribed was not left unsaid
    for event in view.frustrations:
        if view.t - event.t > th["stale_s"]:
            continue
        said = view.acknowledgement(event.t)
        if said < th["enough"] and agent_had_a_chance(view, event.t, th):
            age_s = view.t - event.t
            missing = "you said sorry, but not for what" if said else "not acknowledged yet"
            return Evidence(
                kind="words",
                t=view.t,
                text=f"{event.text} {age_s:.0f} s ago; {missing}",
                value=round(age_s, 1),
                unit="s",
            )
    return None


def called_for(view: View, th: Mapping[str, float]) -> Evidence | None:
    """Something upset was said just now: whoever names it at once needs no nudge."""
    if not view.words:
        return None
    for event in view.frustrations:
        fresh = view.t - event.t <= th["stale_s"]
        if fresh and view.acknowledgement(event.t) < th["enough"]:
            return event.model_copy(update={"kind": "words"})
    return None


def done(view: View, since: float, th: Mapping[str, float]) -> Evidence | None:
    named = view.heard("agent", "acknowledgement", since=since)
    sorry = view.heard("agent", "bare_sorry", since=since)
    if not named and 0.5 * len(sorry) < th["enough"]:
        return None
    cue = (named or sorry)[-1]
    return by_phrase(view, since, cue, f"You said: “{cue.text}”")


def holds(view: View, since: float, th: Mapping[str, float]) -> bool:
    """Whether anything upset that was said before still stands."""
    return any(since - th["stale_s"] <= event.t <= since for event in view.frustrations)
