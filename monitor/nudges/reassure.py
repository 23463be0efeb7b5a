"""The customer said that they are afraid, and the agent went on as if they had not."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import NEVER, agent_had_a_chance
from monitor.nudges._cues import by_phrase
from monitor.reasons import Reason, reason
from monitor.view import View
from monitor.wording import short

TITLE = "Reassure them"
TEXT = "Say what will not happen, then what will."
REASONS = {
    "passed_over": "They said “{said}” {seconds:.0f} s ago",
    "just_now": "They said that they are afraid",
    "met": "You said: “{said}”",
}
KIND = "empathy"
PRIORITY = 50
TTL_S = 25.0
CALM = True
THRESHOLDS = {
    "turns": 2.0,  # chances the agent has had
    "within_s": 10.0,
    "spoken_by_agent_s": 0.8,  # … when at least this much was said: "Do you have a number?"
    "stale_s": 40.0,  # then the moment has passed
    "apart_s": 5.0,  # a mild worry counts when it comes back; fear counts at once
}
MET_BY = ("reassurance", "acknowledgement", "commitment")


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    newest_t = max(view.last.get("fear", NEVER), view.last.get("worry", NEVER))
    if not view.words or view.t - newest_t > th["stale_s"]:
        return None
    said = view.heard("customer", "fear", "worry", since=view.t - th["stale_s"])
    if not said or view.heard("agent", *MET_BY, since=said[0].t0):
        return None
    afraid = next((cue for cue in said if cue.family == "fear"), None)
    if afraid is None and said[-1].t0 - said[0].t0 < th["apart_s"]:
        return None
    worry = afraid or said[0]
    if not agent_had_a_chance(view, worry.t1, th):
        return None
    age_s = round(view.t - worry.t0, 1)
    return reason("passed_over", "words", view.t, age_s, "s", said=short(worry.text))


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    """They just said it: whoever meets it at once needs no nudge."""
    fear_t = view.last.get("fear", NEVER)
    if not view.words or view.t - fear_t > th["stale_s"]:
        return None
    if view.heard("agent", *MET_BY, since=fear_t):
        return None
    return reason("just_now", "words", fear_t)


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    met = view.heard("agent", *MET_BY, since=since)
    if not met:
        return None
    return by_phrase(view, since, met[-1], "met")


def holds(view: View, since: float, th: Mapping[str, float]) -> bool:
    """Whether a worry that was said before it still stands."""
    said = view.heard("customer", "fear", "worry", since=since - th["stale_s"])
    return any(cue.t0 <= since for cue in said)
