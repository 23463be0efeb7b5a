"""What decides whether a nudge is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.config import ConfigError, NudgeSettings
from monitor.events import (
    Cue,
    Event,
    NudgeClosed,
    NudgeEffect,
    NudgeOpened,
    Opportunity,
    Overlap,
    Response,
)
from monitor.policy import EFFECT_AFTER_S, Policy
from monitor.registry import UnknownName
from monitor.view import View

FAST = View(
    t=60.0,
    began=0.0,
    words=True,
    pace_ratio=1.4,
    agent_speaking_since=30.0,
    agent_talk_s=30.0,
    kinds=2,
)
"""Needs match_their_pace, and goes on needing it."""


def talk_over(t: float, **more: Any) -> Overlap:
    given = {"id": f"o{t}", "kind": "talk_over", "by": "agent", "score": 3.0}
    return Overlap.model_validate({**given, "t": t, "t0": t - 1, "t1": t} | more)


class Screen:
    """A policy and what it has shown."""

    def __init__(self, **settings: Any) -> None:
        self.policy = Policy(NudgeSettings(**settings))
        self.events: list[Event] = []

    def see(self, view: View) -> list[Event]:
        events = self.policy.step(view)
        self.events += events
        return events

    def over(self, view: View, t0: float, t1: float, step: float = 0.5) -> None:
        t = t0
        while t <= t1:
            self.see(replace(view, t=t))
            t += step

    @property
    def opened(self) -> list[tuple[str, float]]:
        return [(e.nudge, e.t) for e in self.events if isinstance(e, NudgeOpened)]

    @property
    def closed(self) -> list[tuple[str, str, float]]:
        return [(e.nudge, e.outcome, e.open_s) for e in self.events if isinstance(e, NudgeClosed)]


def test_opened_with_everything_a_screen_needs() -> None:
    screen = Screen()
    told, event = screen.see(FAST)
    assert isinstance(told, Opportunity)
    assert told.shown == "n1"
    assert isinstance(event, NudgeOpened)
    assert event.id == "n1"
    assert (event.title, event.ttl_s, event.t) == ("Match their pace", 30.0, 60.0)
    assert event.why == event.evidence[0].text
    assert screen.policy.open == "match_their_pace"


def test_nothing_in_the_warm_up() -> None:
    screen = Screen(warm_up_s=5.0)
    screen.over(replace(FAST, began=20.0), 20.0, 24.9)
    screen.see(replace(FAST, began=None, t=40.0))
    assert screen.opened == []
    screen.see(replace(FAST, began=20.0, t=25.0))
    assert screen.opened == [("match_their_pace", 25.0)]


def test_expires_and_does_not_come_back_within_the_cooldown() -> None:
    screen = Screen(cooldown_s=60.0)
    screen.over(replace(FAST, mood=3.0), 60.0, 125.0)
    assert screen.opened == [("slow_down", 60.0), ("slow_down", 120.0)]
    assert screen.closed == [("slow_down", "expired", 25.0)]


def test_a_nudge_may_ask_for_a_longer_cooldown_never_for_a_shorter() -> None:
    screen = Screen(cooldown_s=60.0)
    screen.over(FAST, 60.0, 365.0)
    assert screen.opened == [("match_their_pace", 60.0), ("match_their_pace", 360.0)]
    screen = Screen(cooldown_s=400.0)
    screen.over(FAST, 60.0, 459.5)
    assert screen.opened == [("match_their_pace", 60.0)]


def test_a_cooldown_holds_for_the_kind() -> None:
    screen = Screen(cooldown_s=60.0)
    screen.see(FAST)
    screen.over(replace(FAST, mood=3.0), 95.0, 119.0)
    assert screen.opened == [("match_their_pace", 60.0)]
    screen.see(replace(FAST, mood=3.0, t=120.0))
    assert screen.opened[1:] == [("slow_down", 120.0)]


def test_one_on_the_screen_and_a_gap_between() -> None:
    upset = replace(FAST, mood=3.0, customer_turn=(90.0, 10.0), customer_speaking_since=95.0)
    screen = Screen(min_gap_s=20.0, enabled=["slow_down", "match_their_pace", "let_them_vent"])
    screen.see(replace(upset, t=100.0))
    assert screen.opened == [("let_them_vent", 100.0)]
    through = replace(
        upset, customer_speaking_since=None, customer_turn=None, customer_last_speech=103.0
    )
    screen.over(through, 104.5, 119.5)
    assert screen.closed == [("let_them_vent", "done", 4.5)]
    assert len(screen.opened) == 1
    screen.see(replace(through, t=120.0))
    assert screen.opened[1:] == [("slow_down", 120.0)]


def test_a_budget_for_the_call() -> None:
    screen = Screen(max_per_call=2, cooldown_s=30.0)
    screen.over(replace(FAST, mood=3.0), 60.0, 400.0)
    assert len(screen.opened) == 2


def test_clearly_more_important_replaces() -> None:
    screen = Screen()
    screen.see(FAST)
    screen.see(replace(FAST, t=63.0, overlaps=(talk_over(63.0),)))
    assert len(screen.opened) == 1, "it could not even be read yet"
    screen.see(replace(FAST, t=66.0, overlaps=(talk_over(66.0),)))
    assert screen.opened[1:] == [("let_them_finish", 66.0)]
    assert screen.closed == [("match_their_pace", "replaced", 6.0)]


def test_a_little_more_important_does_not() -> None:
    venting = replace(
        FAST,
        pace_ratio=None,
        agent_speaking_since=None,
        mood=3.0,
        customer_turn=(50.0, 10.0),
        customer_speaking_since=55.0,
    )
    screen = Screen(min_gap_s=0.0)
    screen.see(venting)
    came_in = replace(venting, agent_speaking_since=69.0, overlaps=(talk_over(70.0),))
    screen.over(came_in, 70.0, 72.0)
    assert screen.opened == [("let_them_vent", 60.0)]


def test_quiet_while_the_customer_thanks() -> None:
    relief = Cue(family="thanks_relief", party="customer", t0=55.0, t1=56.0, text="thanks")
    screen = Screen()
    screen.see(replace(FAST, cues=(relief,)))
    assert screen.opened == []
    screen.see(replace(FAST, t=66.0, cues=(relief,)))
    assert len(screen.opened) == 1


def test_not_when_the_agent_does_it_already() -> None:
    """By the time the talk-over is known the customer has the floor again."""
    over = talk_over(58.0)
    yielded = replace(
        FAST,
        pace_ratio=None,
        agent_speaking_since=None,
        overlaps=(over,),
        customer_speaking_since=55.0,
        agent_last_speech=58.2,
    )
    screen = Screen()
    screen.see(replace(yielded, t=59.5))
    assert screen.opened == []


def test_a_late_need_is_dropped() -> None:
    screen = Screen(thresholds={"let_them_finish": {"fresh_s": 100.0}})
    late = replace(FAST, pace_ratio=None, overlaps=(talk_over(40.0),))
    screen.see(late)
    assert screen.opened == []
    screen.see(replace(late, t=51.0))
    assert screen.opened == [("let_them_finish", 51.0)]


def test_retracted_when_the_words_take_the_talk_over_back() -> None:
    screen = Screen()
    over = talk_over(60.0)
    screen.see(replace(FAST, pace_ratio=None, overlaps=(over,)))
    back = over.model_copy(update={"kind": "backchannel"})
    screen.see(replace(FAST, t=61.0, pace_ratio=None, overlaps=(back,)))
    assert screen.closed == [("let_them_finish", "retracted", 1.0)]
    screen.over(replace(FAST, pace_ratio=None), 62.0, 130.0)
    assert not [e for e in screen.events if isinstance(e, NudgeEffect)]


def test_dismiss() -> None:
    screen = Screen()
    screen.see(FAST)
    assert screen.policy.dismiss("n9", 61.0) == []
    (event,) = screen.policy.dismiss("n1", 62.0)
    assert isinstance(event, NudgeClosed)
    assert (event.outcome, event.open_s) == ("dismissed", 2.0)
    assert screen.policy.dismiss("n1", 63.0) == []


def test_snooze() -> None:
    screen = Screen(cooldown_s=0.0)
    screen.see(FAST)
    assert [type(e) for e in screen.policy.snooze(300.0, 62.0)] == [NudgeClosed]
    screen.over(FAST, 62.5, 361.0)
    assert len(screen.opened) == 1
    screen.see(replace(FAST, t=362.0))
    assert len(screen.opened) == 2


def test_effect_after_a_minute() -> None:
    screen = Screen(cooldown_s=600.0)
    screen.see(replace(FAST, mood=1.0))
    screen.see(replace(FAST, t=70.0, pace_ratio=None, agent_last_speech=69.0))
    screen.over(replace(FAST, mood=0.4, pace_ratio=None), 71.0, 60.0 + EFFECT_AFTER_S + 5)
    (effect,) = [e for e in screen.events if isinstance(e, NudgeEffect)]
    assert effect.t == 60.0 + EFFECT_AFTER_S
    assert (effect.followed, effect.mood_before, effect.mood_after) == (True, 1.0, 0.4)


def test_done_after_it_left_the_screen_still_counts_as_followed() -> None:
    screen = Screen(cooldown_s=600.0)
    screen.over(FAST, 60.0, 91.0)
    screen.over(replace(FAST, pace_ratio=None, agent_last_speech=95.0), 96.0, 125.0)
    assert screen.closed == [("match_their_pace", "expired", 30.0)]
    (effect,) = [e for e in screen.events if isinstance(e, NudgeEffect)]
    assert effect.followed


def test_the_end_closes_and_tells_the_effect() -> None:
    screen = Screen()
    screen.see(FAST)
    closed, answer, effect = screen.policy.end(replace(FAST, t=65.0, mood=0.3))
    assert isinstance(closed, NudgeClosed)
    assert isinstance(effect, NudgeEffect)
    assert isinstance(answer, Response)
    assert answer.outcome == "call_ended"
    assert closed.outcome == "call_ended"
    assert (effect.followed, effect.mood_after) == (False, 0.3)
    (entry,) = screen.policy.reports()
    assert (entry.id, entry.outcome, entry.t, entry.closed_t) == ("n1", "call_ended", 60.0, 65.0)


def test_an_unknown_nudge_lists_the_folder() -> None:
    with pytest.raises(UnknownName, match="let_them_vent"):
        Policy(NudgeSettings(enabled=["let_them_sing"]))
    with pytest.raises(UnknownName, match="let_them_vent"):
        Policy(NudgeSettings(thresholds={"let_them_sing": {"x": 1.0}}))


def test_an_unknown_threshold_lists_what_there_is() -> None:
    with pytest.raises(ConfigError, match=r"nudges\.thresholds.slow_down\.speed.*mood"):
        Policy(NudgeSettings(thresholds={"slow_down": {"speed": 1.0}}))


def test_only_what_is_enabled() -> None:
    screen = Screen(enabled=["slow_down"])
    screen.over(FAST, 60.0, 200.0)
    assert screen.opened == []


def test_hash_names_the_policy() -> None:
    def hash_of(**settings: Any) -> str:
        return Policy(NudgeSettings(**settings)).hash

    assert hash_of() == hash_of()
    assert len(hash_of()) == 12
    others = {
        hash_of(max_per_call=5),
        hash_of(enabled=["slow_down"]),
        hash_of(thresholds={"slow_down": {"mood": 3.0}}),
        hash_of(texts={"slow_down": {"text": "Breathe."}}),
        hash_of(hold_out=0.1),
        hash_of(quiet=True),
    }
    assert len(others | {hash_of()}) == 7


def test_a_team_says_it_in_its_own_words() -> None:
    words = {"match_their_pace": {"title": "Sprich langsamer"}}
    screen = Screen(texts=words)
    (event,) = [e for e in screen.see(FAST) if isinstance(e, NudgeOpened)]
    assert (event.title, event.text) == (
        "Sprich langsamer",
        "They speak more slowly. Take your time.",
    )
    assert screen.policy.reports()[0].title == "Sprich langsamer"
    with pytest.raises(UnknownName, match="let_them_vent"):
        Policy(NudgeSettings.model_validate({"texts": {"let_them_sing": {"title": "La"}}}))
