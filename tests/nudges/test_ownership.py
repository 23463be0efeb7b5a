"""Nudges for taking it on: own it, skip the why, apologise for the fault, be on their side,
agree on one point."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.events import Cue
from monitor.nudges import (
    agree_on_one_point,
    apologise_for_the_fault,
    be_on_their_side,
    own_it,
    skip_the_why,
)
from monitor.view import View
from tests.nudges.talk import shown
from tests.nudges.views import (
    HURT,
    QUIET,
    agents,
    cue,
    done,
    how_done,
    need,
    said,
    why_needed,
    with_cues,
)

UPSET = replace(QUIET, frustrations=(HURT,))


# ---- own it --------------------------------------------------------------------------

ASKED = with_cues(QUIET, cue("who_will", 90.0))
AWAY = with_cues(UPSET, agents("not_mine", 93.0))


def test_own_when_nobody_answers_who_will_do_it() -> None:
    assert why_needed(own_it, ASKED) == "They asked “<who_will>”; nobody has taken it on"


def test_own_when_an_upset_customer_is_sent_elsewhere() -> None:
    assert why_needed(own_it, AWAY) == "You said “<not_mine>”; they need somebody to take it on"


@pytest.mark.parametrize(
    "view",
    [
        replace(ASKED, words=False),
        replace(ASKED, t=112.0),
        replace(ASKED, agent_last_speech=89.0),
        replace(ASKED, agent_words_until=93.0),
        replace(ASKED, agent_speaking_since=99.0),
        with_cues(ASKED, agents("commitment", 94.0)),
        with_cues(ASKED, agents("owned", 94.0)),
        replace(AWAY, frustrations=()),
        replace(AWAY, agent_speaking_since=99.0),
        with_cues(AWAY, agents("owned", 88.0)),
        with_cues(AWAY, agents("commitment", 94.0)),
    ],
)
def test_own_is_not_needed(view: View) -> None:
    assert need(own_it, view) is None


def test_own_is_called_for_as_soon_as_they_ask() -> None:
    assert own_it.called_for(replace(ASKED, t=92.0, agent_last_speech=80.0), own_it.THRESHOLDS)
    assert not own_it.called_for(AWAY, own_it.THRESHOLDS)


def test_own_done() -> None:
    assert how_done(own_it, with_cues(QUIET, agents("owned", 98.0)), 96.0) == "You said: “<owned>”"
    assert done(own_it, with_cues(QUIET, agents("owned", 94.0)), 96.0) is None


BURST = (
    "A Home claims, good morning, how can I help you today?",
    "C A pipe burst in my kitchen three weeks ago and nobody has come to dry the floor.",
)


def test_own_in_a_call() -> None:
    asked = (*BURST, "A I can only see that it was rejected.", "C So who is going to fix this?")
    assert shown("own_it", *asked, "A That would be the assessors, they decide that.", "C+5 Hello?")
    assert not shown("own_it", *asked, "A I will. I'll take care of this for you.", "C+5 Thanks.")


# ---- skip the why --------------------------------------------------------------------

WHY = with_cues(UPSET, agents("excuse", 93.0))
BLAMED = with_cues(QUIET, cue("fault_told", 60.0), agents("blames", 93.0))


def test_skip_a_reason_for_who_is_upset() -> None:
    assert why_needed(skip_the_why, WHY) == "You explained: “<excuse>”; they want it put right"


def test_skip_whose_fault_it_was_for_anybody_with_a_trouble() -> None:
    assert need(skip_the_why, BLAMED) is not None


@pytest.mark.parametrize(
    "view",
    [
        replace(WHY, words=False),
        replace(WHY, t=114.0),
        replace(WHY, frustrations=()),
        replace(WHY, agent_speaking_since=99.0),
        with_cues(WHY, agents("apology", 86.0)),
        with_cues(WHY, agents("owned", 94.0)),
        with_cues(QUIET, agents("blames", 93.0)),
        with_cues(QUIET, cue("fault_told", 60.0), agents("excuse", 93.0)),
    ],
)
def test_skip_is_not_needed(view: View) -> None:
    assert need(skip_the_why, view) is None


def test_skip_a_reason_though_it_was_understood() -> None:
    assert need(skip_the_why, with_cues(WHY, agents("acknowledgement", 91.0))) is not None


def test_skip_done() -> None:
    assert done(skip_the_why, with_cues(QUIET, agents("commitment", 98.0)), 96.0) is not None
    assert done(skip_the_why, with_cues(QUIET, agents("excuse", 98.0)), 96.0) is None


def test_skip_in_a_call() -> None:
    assert shown(
        "skip_the_why",
        *BURST,
        "A Well, you should have read the terms and conditions.",
        "C+3 What?",
    )
    assert not shown(
        "skip_the_why",
        *BURST,
        "A I am so sorry about that, my colleague probably forgot to book it. I'll fix it now.",
        "C+3 Right.",
    )


# ---- apologise for the fault ---------------------------------------------------------

FAULT = with_cues(QUIET, cue("fault_told", 80.0))


def test_apologise_after_15_s_without_a_sorry() -> None:
    why = why_needed(apologise_for_the_fault, FAULT)
    assert why == "They told you “<fault_told>”; nobody said sorry"


def test_apologise_after_three_turns() -> None:
    soon = replace(FAULT, t=94.0, agent_last_speech=93.0, agent_words_until=93.0)
    assert need(apologise_for_the_fault, replace(soon, agent_turn_ends=(84.0, 88.0))) is None
    three = replace(soon, agent_turn_ends=(84.0, 88.0, 93.0))
    assert need(apologise_for_the_fault, three) is not None


@pytest.mark.parametrize(
    "view",
    [
        QUIET,
        replace(FAULT, words=False),
        replace(FAULT, t=92.0),
        replace(FAULT, t=141.0),
        replace(FAULT, agent_last_speech=79.0),
        replace(FAULT, agent_speaking_since=99.0),
        with_cues(FAULT, agents("apology", 84.0)),
        with_cues(FAULT, agents("bare_sorry", 84.0)),
        with_cues(FAULT, agents("acknowledgement", 84.0)),
        with_cues(QUIET, cue("fault_told", 50.0), agents("apology", 55.0), cue("fault_told", 80.0)),
        replace(FAULT, frustrations=(HURT,)),
    ],
)
def test_apologise_is_not_needed(view: View) -> None:
    assert need(apologise_for_the_fault, view) is None


def test_apologise_is_called_for_before_it_is_due() -> None:
    at_once = replace(FAULT, t=82.0, agent_last_speech=79.0)
    called = apologise_for_the_fault.called_for(at_once, apologise_for_the_fault.THRESHOLDS)
    assert called is not None
    assert called.t == 80.0


@pytest.mark.parametrize("family", ["apology", "acknowledgement", "bare_sorry"])
def test_apologise_done(family: str) -> None:
    assert done(apologise_for_the_fault, with_cues(QUIET, agents(family, 98.0)), 96.0)
    assert not done(apologise_for_the_fault, with_cues(QUIET, agents(family, 90.0)), 96.0)


KETTLE = (
    "A Kitchen store, good morning, how can I help?",
    "C Hi, I bought your glass kettle, and it arrived broken, with a big crack in it.",
)
FORM = (
    "A Okay. Do you have the order number for me?",
    "C Yes, it is four four nine two six one.",
)


def test_apologise_in_a_call() -> None:
    form = "A Thanks. Then you can fill in the form on our website for that."
    assert shown("apologise_for_the_fault", *KETTLE, *FORM, form, "C+3 Right.")
    sorry = "A I'm so sorry it arrived like that. I'll send a new one."
    assert not shown("apologise_for_the_fault", *KETTLE, *FORM, sorry, "C+3 Right.")


# ---- be on their side ----------------------------------------------------------------


def test_side_a_plain_one_is_enough() -> None:
    why = why_needed(be_on_their_side, with_cues(QUIET, agents("talks_down", 93.0)))
    assert why == "You said “<talks_down>”; it sounds like you against them"


def test_side_a_mild_one_counts_for_who_is_upset_or_twice() -> None:
    assert need(be_on_their_side, with_cues(UPSET, agents("against_them", 93.0))) is not None
    twice = with_cues(QUIET, agents("defensive", 60.0), agents("against_them", 93.0))
    assert need(be_on_their_side, twice) is not None


def test_side_a_hold_for_who_is_upset() -> None:
    hold = replace(with_cues(QUIET, agents("hold_coming", 93.0)), mood=2.5, kinds=2)
    assert why_needed(be_on_their_side, hold) == "They are upset and will have to wait alone"
    assert need(be_on_their_side, replace(hold, kinds=1)) is None
    assert need(be_on_their_side, with_cues(hold, agents("on_their_side", 94.0))) is None


@pytest.mark.parametrize(
    "cues",
    [
        (agents("against_them", 93.0),),
        (agents("defensive", 30.0), agents("against_them", 93.0)),
        (agents("talks_down", 79.0),),
        (agents("talks_down", 93.0), agents("on_their_side", 95.0)),
        (agents("hold_coming", 93.0),),
    ],
)
def test_side_is_not_needed(cues: tuple[Cue, ...]) -> None:
    assert need(be_on_their_side, with_cues(QUIET, *cues)) is None


def test_side_done() -> None:
    assert done(be_on_their_side, with_cues(QUIET, agents("on_their_side", 98.0)), 96.0)
    assert not done(be_on_their_side, with_cues(QUIET, agents("talks_down", 98.0)), 96.0)


def test_side_in_a_call() -> None:
    assert shown("be_on_their_side", *BURST, "A Sir, you need to calm down.", "C+3 I am calm.")
    asked = "A You need to press the green button, and then let's see what we can do."
    assert not shown("be_on_their_side", *BURST, asked, "C+3 Okay.")


# ---- agree on one point --------------------------------------------------------------

NO = (said("agent", 70.0, "That is not true."), said("agent", 92.0, "We did nothing wrong."))
ARGUES = replace(with_cues(QUIET, agents("defensive", 70.5), agents("defensive", 92.5)), said=NO)


def test_agree_after_two_defences() -> None:
    why = why_needed(agree_on_one_point, ARGUES)
    assert why == "You said “<defensive>”; it has become an argument"


def test_agree_after_one_with_who_is_upset() -> None:
    once = replace(with_cues(QUIET, agents("defensive", 92.5)), said=NO[1:])
    assert need(agree_on_one_point, once) is None
    assert need(agree_on_one_point, replace(once, frustrations=(HURT,))) is not None


def test_agree_counts_sentences_that_begin_with_but() -> None:
    but = said("agent", 80.0, "But it is on the receipt.")
    view = with_cues(QUIET, agents("defensive", 92.5))
    assert need(agree_on_one_point, replace(view, said=(but, NO[1]))) is not None
    theirs = said("customer", 80.0, "But it is on the receipt.")
    assert need(agree_on_one_point, replace(view, said=(theirs, NO[1]))) is None


@pytest.mark.parametrize(
    "view",
    [
        replace(ARGUES, words=False),
        replace(ARGUES, t=113.0),
        replace(ARGUES, t=120.0, said=NO[:1]),
        with_cues(ARGUES, agents("agreement", 94.0)),
        with_cues(ARGUES, agents("agreement", 80.0)),
        with_cues(ARGUES, agents("apology", 90.0)),
    ],
)
def test_agree_is_not_needed(view: View) -> None:
    assert need(agree_on_one_point, view) is None


def test_agree_done() -> None:
    assert done(agree_on_one_point, with_cues(QUIET, agents("agreement", 98.0)), 96.0)
    assert not done(agree_on_one_point, with_cues(QUIET, agents("agreement", 90.0)), 96.0)


def test_agree_in_a_call() -> None:
    card = (
        "A Card services, good evening, how can I help?",
        "C My card was refused tonight, and I did tell you my travel dates.",
    )
    assert shown(
        "agree_on_one_point",
        *card,
        "A Well, that's not a mistake, the block is automatic.",
        "C But I gave you the dates.",
        "A I never said that you could rely on them.",
        "C+3 Really?",
    )
    assert not shown(
        "agree_on_one_point",
        *card,
        "A You're right, the dates should have been enough. That's not what happened here.",
        "C+3 Okay.",
    )
