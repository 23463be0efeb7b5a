"""The customer is getting it off their chest: leave them the floor until they are through."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Evidence
from monitor.view import View

TITLE = "Let them vent"
TEXT = "Stay quiet until they are through. Then acknowledge."
KIND = "floor"
PRIORITY = 80
TTL_S = 30.0
THRESHOLDS = {
    "turn_s": 8.0,  # longer than most answers, shorter than most stories
    "mood": 2.0,  # frustration is up: the watch line
    "cut_in_turn_s": 3.0,  # agent comes in on an upset turn at least so long
    "cut_in_s": 3.0,  # … so recently
    "finished_s": 1.0,  # a pause this long, and they are through
}


def need(view: View, th: Mapping[str, float]) -> Evidence | None:
    if not view.upset(th["mood"]) or view.customer_turn is None:
        return None
    t0, spoken_s = view.customer_turn
    cut_in = view.talk_overs(max(t0, view.t - th["cut_in_s"]))
    if cut_in and spoken_s >= th["cut_in_turn_s"]:
        return Evidence(
            kind="interaction",
            t=cut_in[-1].t0,
            text=f"They are upset, and you came in after {spoken_s:.0f} s",
            value=round(spoken_s, 1),
            unit="s",
        )
    if view.customer_speaking_since is None or spoken_s < th["turn_s"]:
        return None
    return Evidence(
        kind="interaction",
        t=view.t,
        text=f"They are upset and have talked for {spoken_s:.0f} s",
        value=round(spoken_s, 1),
        unit="s",
    )


def called_for(view: View, th: Mapping[str, float]) -> Evidence | None:
    """They are upset and talking: whoever leaves them the floor needs no nudge."""
    if not view.upset(th["mood"]) or view.customer_turn is None:
        return None
    t0, spoken_s = view.customer_turn
    if view.customer_speaking_since is None or spoken_s < th["cut_in_turn_s"]:
        return None
    return Evidence(
        kind="interaction",
        t=t0,
        text="They are upset and talking",
        value=round(spoken_s, 1),
        unit="s",
    )


def done(view: View, since: float, th: Mapping[str, float]) -> Evidence | None:
    if view.customer_speaking_since is not None or view.customer_last_speech is None:
        return None
    end = view.customer_last_speech
    if end <= since or view.talk_overs(since):
        return None
    answered = view.agent_speaking_since is not None and view.agent_speaking_since >= end
    if not answered and view.t - end < th["finished_s"]:
        return None
    return Evidence(
        kind="interaction",
        t=view.t,
        text=f"You let them finish: {end - since:.0f} s more",
        value=round(end - since, 1),
        unit="s",
    )
