"""Hand-made views for the tests of the nudges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import ModuleType
from typing import Any

from monitor.config import NudgeSettings, Settings
from monitor.events import Cue, Event, Evidence, NudgeOpened, Overlap, Party
from monitor.reasons import Reason
from monitor.view import Said, View

HURT = Evidence(kind="words", t=70.0, text="They said “still broken”", value=2.0)
QUIET = View(
    t=100.0,
    began=0.0,
    words=True,
    agent_turn=(92.0, 3.0),
    agent_turn_ends=(95.0,),
    agent_last_speech=95.0,
    agent_words_until=95.0,
)
"""The agent has spoken and is silent now; every word is known."""


def need(nudge: ModuleType, view: View, **th: float) -> Evidence | None:
    """Whether it is needed; ``th`` overrides its thresholds."""
    return _said(nudge, nudge.need(view, nudge.THRESHOLDS | th))


def done(nudge: ModuleType, view: View, since: float, **th: float) -> Evidence | None:
    """Whether it was done since then."""
    return _said(nudge, nudge.done(view, since, nudge.THRESHOLDS | th))


def called(nudge: ModuleType, view: View) -> Evidence | None:
    """Whether it is called for, though not late enough for the nudge."""
    return _said(nudge, nudge.called_for(view, nudge.THRESHOLDS))


def _said(nudge: ModuleType, found: Reason | None) -> Evidence | None:
    return None if found is None else found.said(nudge.REASONS)


def why_needed(nudge: ModuleType, view: View) -> str | None:
    """What the agent is told of why it is needed, or None where it is not."""
    found = need(nudge, view)
    return None if found is None else found.text


def how_done(nudge: ModuleType, view: View, since: float) -> str | None:
    """What the agent is told of how they did it since then, or None where they did not."""
    found = done(nudge, view, since)
    return None if found is None else found.text


def cue(family: str, t0: float, party: Party = "customer", **more: Any) -> Cue:
    """A phrase of a family, 1 s long."""
    given = {"family": family, "party": party, "t0": t0, "t1": t0 + 1, "text": f"<{family}>"}
    return Cue.model_validate(given | more)


def agents(family: str, t0: float) -> Cue:
    """A phrase of the agent's."""
    return cue(family, t0, "agent")


def said(party: Party, t0: float, text: str, seconds: float = 3.0) -> Said:
    """Final words."""
    return Said.of(party, t0, t0 + seconds, text)


def overlap(t0: float, seconds: float = 1.0, **more: Any) -> Overlap:
    """A talk-over of the agent."""
    given = {"id": f"o{t0}", "kind": "talk_over", "by": "agent", "score": 2.0, "final": True}
    return Overlap.model_validate({**given, "t": t0 + seconds, "t0": t0, "t1": t0 + seconds} | more)


def opened(events: Iterable[Event]) -> list[tuple[str, float]]:
    """The nudges of a call that were shown, and when, s."""
    return [(event.nudge, event.t) for event in events if isinstance(event, NudgeOpened)]


def only(name: str) -> Settings:
    """No other nudge takes the screen, the gap or the budget."""
    return Settings(nudges=NudgeSettings(enabled=[name]))


def with_cues(view: View, *cues: Cue) -> View:
    """The same moment, where these phrases were heard too."""
    first, last = dict(view.first), dict(view.last)
    for one in cues:
        first[one.family] = min(one.t0, first.get(one.family, one.t0))
        last[one.family] = max(one.t0, last.get(one.family, one.t0))
    return replace(view, cues=(*view.cues, *cues), first=first, last=last)
