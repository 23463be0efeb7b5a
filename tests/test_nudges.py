"""Each nudge over hand-made views: when it is needed, and when it is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor import registry
from monitor.events import Cue, Evidence, Overlap
from monitor.nudges import (
    acknowledge_first,
    let_them_finish,
    let_them_vent,
    match_their_pace,
    slow_down,
)
from monitor.view import View
from tests.nudges.views import done, need

NAMES = registry.names("monitor.nudges")


def overlap(t0: float, seconds: float = 1.0, **more: Any) -> Overlap:
    given = {"id": f"o{t0}", "kind": "talk_over", "by": "agent", "score": 2.0, "final": True}
    return Overlap.model_validate({**given, "t": t0 + seconds, "t0": t0, "t1": t0 + seconds} | more)


def cue(family: str, t0: float, party: str = "agent", **more: Any) -> Cue:
    given = {"family": family, "party": party, "t0": t0, "t1": t0 + 1, "text": f"<{family}>"}
    return Cue.model_validate(given | more)


@pytest.mark.parametrize("name", NAMES)
def test_what_every_nudge_has(name: str) -> None:
    nudge = registry.load("monitor.nudges", name)
    assert 1 <= len(nudge.TITLE.split()) <= 4
    assert 1 <= len(nudge.TEXT.split()) <= 9
    assert nudge.KIND
    assert isinstance(nudge.PRIORITY, int)
    assert 5 <= nudge.TTL_S <= 30
    assert all(isinstance(value, float) for value in nudge.THRESHOLDS.values())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_needed_in_an_empty_view(name: str) -> None:
    nudge = registry.load("monitor.nudges", name)
    assert need(nudge, View(t=100.0, began=0.0, words=True)) is None
    assert done(nudge, View(t=100.0, began=0.0, words=True), 95.0) is None


PUT_RIGHT = {
    "agree_on_one_point",
    "ask_dont_guess",
    "ask_what_happened",
    "be_on_their_side",
    "let_them_finish",
    "lower_your_voice",
    "match_their_pace",
    "plainer_words",
    "skip_the_why",
    "slow_down",
    "wait_then_greet",
}
"""Due at once, or called for by what the agent did: who does not do that has given nothing."""


def test_who_does_it_by_themselves_is_known_but_where_there_is_nothing_to_do() -> None:
    for name in NAMES:
        nudge = registry.load("monitor.nudges", name)
        counted = not getattr(nudge, "PRAISE", False) and not getattr(nudge, "PRIVATE", False)
        wanted = counted and name not in PUT_RIGHT
        assert hasattr(nudge, "called_for") is wanted, name


def test_the_five_are_there() -> None:
    assert {
        "acknowledge_first",
        "let_them_finish",
        "let_them_vent",
        "match_their_pace",
        "slow_down",
    } <= set(NAMES)


# ---- let them vent -----------------------------------------------------------------

VENT = View(
    t=100.0,
    mood=2.5,
    kinds=2,
    customer_turn=(91.0, 8.5),
    customer_speaking_since=98.0,
    customer_last_speech=100.0,
)


def test_vent_a_long_upset_turn() -> None:
    why = need(let_them_vent, VENT)
    assert why is not None
    assert why.text == "They are upset and have talked for 8 s"


@pytest.mark.parametrize(
    "change",
    [
        {"mood": 1.9},
        {"kinds": 1},
        {"customer_turn": (91.0, 7.9)},
        {"customer_turn": None},
        {"customer_speaking_since": None},
    ],
)
def test_vent_is_not_needed(change: dict[str, Any]) -> None:
    assert need(let_them_vent, replace(VENT, **change)) is None


def test_vent_when_the_agent_comes_in() -> None:
    view = replace(VENT, customer_turn=(95.0, 4.0), overlaps=(overlap(99.0),))
    why = need(let_them_vent, view)
    assert why is not None
    assert why.text == "They are upset, and you came in after 4 s"
    assert need(let_them_vent, replace(view, overlaps=(overlap(92.0),))) is None


def test_vent_done_when_they_are_through() -> None:
    through = replace(VENT, t=108.0, customer_speaking_since=None, customer_last_speech=106.9)
    assert done(let_them_vent, through, 100.0) is not None
    assert done(let_them_vent, replace(through, customer_last_speech=107.5), 100.0) is None
    assert done(let_them_vent, replace(through, overlaps=(overlap(103.0),)), 100.0) is None
    assert done(let_them_vent, replace(through, customer_last_speech=99.0), 100.0) is None


# ---- let them finish ---------------------------------------------------------------


def test_finish_one_strong_talk_over() -> None:
    view = View(t=101.0, overlaps=(overlap(100.0, score=3.0),))
    why = need(let_them_finish, view)
    assert why is not None
    assert why.text == "You kept talking over them for 1.0 s"
    assert need(let_them_finish, View(t=101.0, overlaps=(overlap(100.0, score=2.0),))) is None


def test_finish_one_that_goes_on_and_on() -> None:
    both = {"agent_speaking_since": 100.0, "customer_speaking_since": 90.0}
    told = overlap(100.0)
    assert need(let_them_finish, View(t=102.4, overlaps=(told,), **both)) is None
    why = need(let_them_finish, View(t=102.6, overlaps=(told,), **both))
    assert why is not None
    assert why.text == "You kept talking over them for 2.6 s"
    for since in (None, 102.0):
        view = View(t=102.6, overlaps=(told,), **both | {"agent_speaking_since": since})
        assert need(let_them_finish, view) is None


def test_finish_is_not_opened_on_what_is_only_likely() -> None:
    likely = overlap(100.0, score=3.0, final=False)
    assert need(let_them_finish, View(t=101.0, overlaps=(likely,))) is None


def test_finish_two_in_a_minute() -> None:
    loud = overlap(60.0, score=3.0, final=True)
    why = need(let_them_finish, View(t=101.0, overlaps=(loud, overlap(100.0))))
    assert why is not None
    assert why.text == "You spoke over them twice in a minute"
    before = overlap(40.0, score=3.0, final=True)
    assert need(let_them_finish, View(t=101.0, overlaps=(before, overlap(100.0)))) is None


def test_finish_two_that_were_only_long_may_be_the_ends_of_sentences() -> None:
    first, second, third = (overlap(t0, final=True) for t0 in (60.0, 80.0, 100.0))
    assert need(let_them_finish, View(t=101.0, overlaps=(first, third))) is None
    very_long = overlap(60.0, seconds=2.0, final=True)
    assert need(let_them_finish, View(t=101.0, overlaps=(very_long, third))) is not None
    why = need(let_them_finish, View(t=101.0, overlaps=(first, second, third)))
    assert why is not None
    assert why.text == "You spoke over them 3 times in a minute"


def test_finish_is_never_late() -> None:
    assert need(let_them_finish, View(t=104.0, overlaps=(overlap(60.0), overlap(100.0)))) is None


@pytest.mark.parametrize("kind", ["backchannel", "terminal", "interruption"])
def test_finish_other_overlaps_do_not_count(kind: str) -> None:
    overlaps = tuple(overlap(t0, score=3.0, kind=kind) for t0 in (99.0, 100.0))
    assert need(let_them_finish, View(t=101.0, overlaps=overlaps)) is None


def test_finish_done_when_the_agent_yields() -> None:
    view = View(t=103.0, customer_speaking_since=99.0, agent_last_speech=101.5)
    how = done(let_them_finish, view, 101.0)
    assert how is not None
    assert how.text == "You stopped 0.5 s later; they go on"
    assert done(let_them_finish, replace(view, agent_speaking_since=99.5), 101.0) is None
    assert done(let_them_finish, replace(view, customer_speaking_since=None), 101.0) is None


def test_finish_does_not_hold_once_taken_back() -> None:
    strong = overlap(100.0, score=3.0)
    assert let_them_finish.holds(
        View(t=102.0, overlaps=(strong,)), 101.0, let_them_finish.THRESHOLDS
    )
    weak = overlap(60.0, final=True)
    taken_back = strong.model_copy(update={"kind": "backchannel"})
    assert not let_them_finish.holds(
        View(t=102.0, overlaps=(weak, taken_back)), 101.0, let_them_finish.THRESHOLDS
    )
    assert not let_them_finish.holds(
        View(t=102.0, overlaps=(taken_back,)), 101.0, let_them_finish.THRESHOLDS
    )


# ---- acknowledge it first ------------------------------------------------------------

HURT = Evidence(kind="words", t=80.0, text="They said “still broken”", value=2.0)
IGNORED = View(
    t=93.0,
    words=True,
    frustrations=(HURT,),
    agent_turn=(84.0, 3.0),
    agent_turn_ends=(88.0,),
    agent_last_speech=90.0,
    agent_words_until=90.0,
)


def test_acknowledge_after_12_s_without_one() -> None:
    why = need(acknowledge_first, IGNORED)
    assert why is not None
    assert why.text == "They said “still broken” 13 s ago; not acknowledged yet"


def test_acknowledge_after_two_turns_without_one() -> None:
    view = replace(IGNORED, t=88.0, agent_last_speech=87.5, agent_words_until=87.5)
    assert need(acknowledge_first, view) is None
    assert need(acknowledge_first, replace(view, agent_turn_ends=(83.0, 87.5))) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"words": False},
        {"frustrations": ()},
        {"t": 121.0},
        {"agent_last_speech": 79.0},
        {"agent_speaking_since": 92.0},
        {"agent_words_until": 85.0},
        {"agent_turn": None, "agent_turn_ends": ()},
        {"cues": (cue("acknowledgement", 85.0),)},
        {"cues": (cue("bare_sorry", 85.0), cue("bare_sorry", 88.0))},
    ],
)
def test_acknowledge_is_not_needed(change: dict[str, Any]) -> None:
    assert need(acknowledge_first, replace(IGNORED, **change)) is None


def test_a_bare_sorry_is_half() -> None:
    why = need(acknowledge_first, replace(IGNORED, cues=(cue("bare_sorry", 85.0),)))
    assert why is not None
    assert why.text.endswith("you said sorry, but not for what")


def test_an_acknowledgement_before_does_not_count() -> None:
    view = replace(IGNORED, cues=(cue("acknowledgement", 70.0),))
    assert need(acknowledge_first, view) is not None


def test_an_older_hurt_is_not_forgotten_over_a_new_one() -> None:
    fresh = HURT.model_copy(update={"t": 92.5})
    assert need(acknowledge_first, replace(IGNORED, frustrations=(HURT, fresh))) is not None


def test_words_that_never_come_do_not_hold_it_back() -> None:
    """A cough is an utterance without words: its transcript never arrives."""
    view = replace(IGNORED, t=97.0, agent_words_until=85.0)
    assert need(acknowledge_first, view) is not None


def test_acknowledge_done_when_it_is_named() -> None:
    view = replace(IGNORED, t=97.0, cues=(cue("acknowledgement", 95.0),))
    how = done(acknowledge_first, view, 93.0)
    assert how is not None
    assert how.text == "You said: “<acknowledgement>”"
    assert done(acknowledge_first, replace(view, cues=(cue("bare_sorry", 95.0),)), 93.0) is None
    assert done(acknowledge_first, view, 96.0) is None


# ---- pace ----------------------------------------------------------------------------


TALKS = View(t=60.0, agent_speaking_since=58.0, agent_talk_s=20.0)


def test_match_their_pace_when_clearly_faster() -> None:
    why = need(match_their_pace, replace(TALKS, pace_ratio=1.4))
    assert why is not None
    assert why.text == "You are about 1.4 times as fast as they are"


@pytest.mark.parametrize("ratio", [None, 0.6, 1.0, 1.19])
def test_never_told_to_speed_up(ratio: float | None) -> None:
    for mood in (0.0, 5.0):
        view = replace(TALKS, pace_ratio=ratio, agent_pace_ratio=0.5, mood=mood, kinds=2)
        assert need(match_their_pace, view) is None
        assert need(slow_down, view) is None


def test_an_upset_customer_is_not_mirrored() -> None:
    view = replace(TALKS, pace_ratio=1.4, mood=2.5, kinds=2)
    assert need(match_their_pace, view) is None
    assert need(slow_down, view) is not None


@pytest.mark.parametrize("change", [{"agent_speaking_since": None}, {"agent_talk_s": 14.0}])
def test_no_pace_is_matched_before_the_agent_has_one(change: dict[str, Any]) -> None:
    assert need(match_their_pace, replace(TALKS, pace_ratio=1.4, **change)) is None


def test_match_done_when_back_in_step() -> None:
    view = View(t=70.0, agent_last_speech=69.0)
    assert done(match_their_pace, view, 60.0) is not None
    assert done(match_their_pace, replace(view, pace_ratio=1.3), 60.0) is None
    assert done(match_their_pace, replace(view, agent_last_speech=61.0), 60.0) is None


HURRIES = replace(TALKS, mood=2.5, kinds=2, agent_pace_ratio=1.25)


def test_slow_down_above_own_usual() -> None:
    why = need(slow_down, HURRIES)
    assert why is not None
    assert why.text == "They are upset; you are 25 % above your usual pace"
    assert need(slow_down, replace(HURRIES, mood=1.5)) is None
    assert need(slow_down, replace(HURRIES, agent_pace_ratio=1.1)) is None
    assert need(slow_down, replace(HURRIES, agent_speaking_since=None)) is None
    assert need(slow_down, replace(HURRIES, kinds=1)) is None, "an angry voice alone"


def test_slow_down_done_when_settled() -> None:
    view = View(t=70.0, mood=2.5, agent_last_speech=69.0, agent_pace_ratio=1.0)
    assert done(slow_down, view, 60.0) is not None
    assert done(slow_down, replace(view, agent_pace_ratio=1.1), 60.0) is None
    assert done(slow_down, replace(view, pace_ratio=1.3), 60.0) is None


def test_thresholds_are_obeyed() -> None:
    assert need(match_their_pace, replace(TALKS, pace_ratio=1.4), ratio=1.5) is None


def test_settled_until_something_heavier_follows() -> None:
    relief = cue("thanks_relief", 55.0, "customer")
    assert View(t=60.0, cues=(relief,)).settled
    assert not View(t=70.0, cues=(relief,)).settled
    again = HURT.model_copy(update={"t": 58.0})
    assert not View(t=60.0, cues=(relief,), frustrations=(again,)).settled
