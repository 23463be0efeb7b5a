"""The customer said that something is badly wrong, and nobody has named it yet."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Evidence
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
    "unheard_s": 0.5,  # the agent's words are known but for the last so many
    "words_lag_s": 6.0,  # what was not transcribed by then had no words in it
}


def need(view: View, th: Mapping[str, float]) -> Evidence | None:
    if not view.words:
        return None  # what was not transcribed was not left unsaid
    for event in view.frustrations:
        if view.t - event.t > th["stale_s"]:
            continue
        said = view.acknowledgement(event.t)
        if said < th["enough"] and _had_a_chance(view, event.t, th):
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


def _had_a_chance(view: View, since: float, th: Mapping[str, float]) -> bool:
    """The agent spoke since then, and everything of it is transcribed."""
    if view.agent_last_speech is None or view.agent_last_speech <= since:
        return False
    if view.agent_speaking_since is not None:
        return False
    unheard_s = view.agent_last_speech - view.agent_words_until
    if unheard_s > th["unheard_s"] and view.t - view.agent_last_speech < th["words_lag_s"]:
        return False
    turns = sum(end > since + th["spoken_by_agent_s"] for end in view.agent_turn_ends)
    if turns >= th["turns"]:
        return True
    spoke = turns > 0 or (
        view.agent_turn is not None
        and view.agent_turn[0] >= since
        and view.agent_turn[1] >= th["spoken_by_agent_s"]
    )
    return spoke and view.t - since >= th["within_s"]


def done(view: View, since: float, th: Mapping[str, float]) -> Evidence | None:
    named = view.heard("agent", "acknowledgement", since=since)
    sorry = view.heard("agent", "bare_sorry", since=since)
    if not named and 0.5 * len(sorry) < th["enough"]:
        return None
    cue = (named or sorry)[-1]
    return Evidence(
        kind="words",
        t=view.t,
        text=f"You said: “{cue.text}”",
        value=round(cue.t0 - since, 1),
        unit="s",
    )
