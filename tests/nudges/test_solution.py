"""Nudges for the way out: say it back, offer what you can, give options, promise a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.nudges import give_options, offer_what_you_can, promise_a_time, say_it_back
from monitor.view import View
from tests.nudges.talk import by_themselves, shown
from tests.nudges.views import (
    HURT,
    QUIET,
    agents,
    called,
    cue,
    done,
    how_done,
    need,
    said,
    why_needed,
    with_cues,
)

# ---- say it back ---------------------------------------------------------------------

TOLD = said(
    "customer",
    80.0,
    "The signal keeps dropping out in the back bedroom, mostly in the evenings, when my son is"
    " trying to do his homework, and downstairs it is fine.",
    seconds=10.0,
)
SOLVES = said("agent", 92.0, "Right, so have you got the settings open?")
LEAPT = replace(
    with_cues(QUIET, cue("trouble_told", 81.0), agents("instructs", 92.5)), said=(TOLD, SOLVES)
)


def test_back_when_the_agent_leaps_to_solving() -> None:
    why = why_needed(say_it_back, LEAPT)
    assert why == "They told you “<trouble_told>”; you went on to “<instructs>”"


@pytest.mark.parametrize(
    "view",
    [
        replace(LEAPT, words=False),
        replace(LEAPT, t=105.0),
        replace(LEAPT, agent_speaking_since=99.0),
        replace(LEAPT, agent_words_until=93.0),
        replace(LEAPT, said=(said("customer", 80.0, "It keeps dropping out."), SOLVES)),
        replace(LEAPT, said=(TOLD, said("agent", 92.0, "So the signal in the bedroom is bad?"))),
        replace(LEAPT, said=(said("agent", 80.0, TOLD.text), SOLVES)),
        replace(with_cues(QUIET, agents("instructs", 92.5)), said=(TOLD, SOLVES)),
        with_cues(LEAPT, agents("says_back", 91.0)),
        with_cues(LEAPT, agents("acknowledgement", 91.0)),
        replace(with_cues(QUIET, cue("trouble_told", 81.0)), said=(TOLD, SOLVES)),
    ],
)
def test_back_is_not_needed(view: View) -> None:
    assert need(say_it_back, view) is None


def test_back_of_a_story_in_pieces() -> None:
    pieces = (
        said("customer", 80.0, "The signal keeps dropping out in the back bedroom, mostly."),
        said("agent", 83.5, "Mm-hm."),
        said("customer", 84.0, "In the evenings when my son is trying to do his homework."),
        SOLVES,
    )
    assert need(say_it_back, replace(LEAPT, said=pieces)) is not None


def test_back_done_by_a_phrase_or_by_their_words() -> None:
    assert done(say_it_back, with_cues(LEAPT, agents("says_back", 98.0)), 96.0)
    theirs = said("agent", 97.0, "So upstairs in the bedroom the signal is dropping.")
    how = how_done(say_it_back, replace(LEAPT, said=(TOLD, SOLVES, theirs)), 96.0)
    assert how == "You said: “So upstairs in the bedroom the signal is …”"
    other = said("agent", 97.0, "Then press the green button.")
    assert done(say_it_back, replace(LEAPT, said=(TOLD, SOLVES, other)), 96.0) is None


ROUTER = (
    "A Broadband team, good morning, how can I help?",
    "C This is ridiculous. The signal keeps dropping out in the back bedroom, mostly in the"
    " evenings, when my son is trying to do his homework, and I have told you that before.",
)


def test_back_was_called_for_where_they_said_it_back_before_solving() -> None:
    echoed = said("agent", 90.5, "So upstairs in the bedroom the signal is dropping.", 1.0)
    why = called(say_it_back, replace(LEAPT, said=(TOLD, echoed, SOLVES)))
    assert (why and why.text, why and why.t) == ("They told you “<trouble_told>”", 90.0)
    assert called(say_it_back, LEAPT) is None
    few = said("customer", 80.0, "The signal keeps dropping out in the bedroom.")
    assert called(say_it_back, replace(LEAPT, said=(few, echoed, SOLVES))) is None
    chat = replace(with_cues(QUIET, agents("instructs", 92.5)), said=(TOLD, echoed, SOLVES))
    assert called(say_it_back, chat) is None, "nothing was wrong"


def test_back_in_a_call() -> None:
    assert shown("say_it_back", *ROUTER, "A Okay, have you got the settings open?", "C+5 Um.")
    again = "A So the signal in the bedroom drops in the evenings. Have you got the settings open?"
    assert not shown("say_it_back", *ROUTER, again, "C+5 Yes.")
    assert by_themselves("say_it_back", *ROUTER, again, "C+5 Yes.") == [(1, 1)]
    assert by_themselves("say_it_back", *ROUTER, "A Okay.", "C+5 Yes.") == []


# ---- offer what you can --------------------------------------------------------------

NO = replace(
    with_cues(QUIET, agents("refusal", 93.0)),
    customer_turn=(95.5, 2.0),
    customer_last_speech=98.0,
)


def test_offer_after_a_bare_no() -> None:
    why = need(offer_what_you_can, NO)
    assert why is not None
    assert why.text == "You said “<refusal>” and nothing else that is possible"
    assert why.t == 93.0


def test_offer_when_nobody_says_anything_more() -> None:
    silent = replace(NO, customer_turn=(80.0, 2.0), customer_last_speech=82.0)
    assert need(offer_what_you_can, silent) is not None
    assert need(offer_what_you_can, replace(silent, t=98.0)) is None


@pytest.mark.parametrize(
    "view",
    [
        replace(NO, words=False),
        replace(NO, t=119.0),
        replace(NO, agent_speaking_since=99.0),
        replace(NO, agent_words_until=94.0),
        replace(NO, t=98.5, customer_turn=(95.5, 0.5)),
        with_cues(NO, agents("alternative", 94.0)),
        with_cues(NO, agents("options", 94.0)),
        with_cues(NO, agents("alternative", 85.0)),
        with_cues(NO, agents("commitment", 94.0)),
    ],
)
def test_offer_is_not_needed(view: View) -> None:
    assert need(offer_what_you_can, view) is None


def test_offer_is_called_for_with_the_no_itself() -> None:
    th = offer_what_you_can.THRESHOLDS
    at_once = replace(NO, t=95.0, customer_turn=None, agent_speaking_since=92.0)
    assert offer_what_you_can.called_for(at_once, th)
    both = with_cues(at_once, agents("alternative", 94.0))
    assert offer_what_you_can.called_for(both, th), "the same breath has it, and is counted"
    assert not offer_what_you_can.called_for(with_cues(NO, agents("options", 85.0)), th)


def test_offer_done() -> None:
    assert done(offer_what_you_can, with_cues(QUIET, agents("alternative", 98.0)), 96.0)
    assert not done(offer_what_you_can, with_cues(QUIET, agents("refusal", 98.0)), 96.0)


BOOTS = (
    "A Customer service, hello, how can I help?",
    "C I bought some boots in May and they are too small, I was hoping to send them back.",
)


def test_offer_in_a_call() -> None:
    no = "A I'm afraid that's not possible after thirty days."
    assert shown("offer_what_you_can", *BOOTS, no, "C Oh. I only wore them once.", "A Hm.")
    but = f"{no} What I can do is swap them for a larger pair."
    assert not shown("offer_what_you_can", *BOOTS, but, "C Oh. I would like that.", "A Good.")


# ---- give options --------------------------------------------------------------------

ASKS = with_cues(QUIET, cue("asks_options", 88.0))
LONG = replace(
    with_cues(QUIET, cue("problem_told", 5.0), cue("still_again", 60.0)),
    frustrations=(HURT,),
    customer_last_speech=98.0,
    agent_talk_s=30.0,
)


def test_options_when_they_ask() -> None:
    assert why_needed(give_options, ASKS) == "They asked “<asks_options>”; nothing was offered yet"


def test_options_when_it_has_long_been_clear() -> None:
    why = why_needed(give_options, LONG)
    assert why == "Their problem has been clear for 95 s; nothing was offered yet"


@pytest.mark.parametrize(
    "view",
    [
        replace(ASKS, words=False),
        replace(ASKS, t=114.0),
        replace(ASKS, agent_last_speech=87.0),
        replace(ASKS, agent_speaking_since=99.0),
        with_cues(ASKS, agents("options", 93.0)),
        with_cues(ASKS, agents("alternative", 93.0)),
        with_cues(ASKS, agents("time_given", 93.0)),
        replace(LONG, t=94.0, customer_last_speech=93.0),
        replace(LONG, frustrations=()),
        replace(LONG, customer_last_speech=96.0),
        replace(LONG, customer_speaking_since=99.0),
        replace(LONG, agent_talk_s=10.0),
        with_cues(LONG, agents("commitment", 50.0)),
        with_cues(LONG, agents("options", 50.0)),
    ],
)
def test_options_are_not_needed(view: View) -> None:
    assert need(give_options, view) is None


def test_options_are_called_for_as_soon_as_they_ask() -> None:
    th = give_options.THRESHOLDS
    assert give_options.called_for(replace(ASKS, t=90.0, agent_last_speech=80.0), th)
    assert not give_options.called_for(LONG, th)


def test_options_done() -> None:
    assert done(give_options, with_cues(QUIET, agents("options", 98.0)), 96.0)
    assert not done(give_options, with_cues(QUIET, agents("commitment", 98.0)), 96.0)


def test_options_in_a_call() -> None:
    asks = (*BOOTS, "A It has been more than thirty days.", "C So what can you do for me?")
    assert shown("give_options", *asks, "A Well, it says thirty days on the receipt.", "C+4 Hm.")
    two = "A You've got two options, a voucher or a larger pair."
    assert not shown("give_options", *asks, two, "C+4 A larger pair.")


# ---- promise a time ------------------------------------------------------------------

VAGUE = with_cues(QUIET, agents("vague_promise", 80.0), agents("closing", 93.0))
OPEN = replace(
    with_cues(QUIET, cue("fault_told", 40.0), agents("goodbye", 93.0)), frustrations=(HURT,)
)


def test_promise_after_somebody_will_be_in_touch() -> None:
    assert why_needed(promise_a_time, VAGUE) == "You said “<vague_promise>”; they do not know when"


def test_promise_at_the_end_of_an_open_problem() -> None:
    why = why_needed(promise_a_time, OPEN)
    assert why == "The call is ending, and they do not know what happens when"


@pytest.mark.parametrize(
    "view",
    [
        replace(VAGUE, words=False),
        replace(VAGUE, t=104.0),
        replace(VAGUE, agent_speaking_since=99.0),
        with_cues(VAGUE, agents("time_given", 82.0)),
        with_cues(VAGUE, agents("resolved", 82.0)),
        with_cues(QUIET, agents("vague_promise", 40.0), agents("closing", 93.0)),
        with_cues(QUIET, agents("vague_promise", 80.0)),
        with_cues(QUIET, agents("closing", 93.0)),
        replace(OPEN, frustrations=()),
        with_cues(OPEN, agents("resolved", 60.0)),
        with_cues(OPEN, cue("thanks_relief", 60.0)),
        with_cues(OPEN, agents("time_given", 60.0)),
    ],
)
def test_promise_is_not_needed(view: View) -> None:
    assert need(promise_a_time, view) is None


def test_promise_done() -> None:
    assert done(promise_a_time, with_cues(QUIET, agents("time_given", 98.0)), 96.0)
    assert not done(promise_a_time, with_cues(QUIET, agents("vague_promise", 98.0)), 96.0)


def test_promise_was_called_for_where_a_time_was_named() -> None:
    for open_end in (VAGUE, OPEN):
        why = called(promise_a_time, with_cues(open_end, agents("time_given", 82.0)))
        assert (why and why.t) == 82.0
        assert called(promise_a_time, open_end) is None
        assert called(promise_a_time, with_cues(open_end, agents("time_given", 30.0))) is None
    closed = with_cues(OPEN, agents("time_given", 50.0), agents("resolved", 60.0))
    assert called(promise_a_time, closed) is None


def test_promise_in_a_call() -> None:
    money = (
        "A Payments, good afternoon, how can I help?",
        "C I sent some money to my sister on Monday, and she says that she never got it.",
    )
    vague = "A It is with the other bank. Somebody will get back to you. Is there anything else?"
    assert shown("promise_a_time", *money, vague, "C+4 No. I guess that's it, then.")
    when = "A I'll ring them now and call you back by five. Is there anything else?"
    assert not shown("promise_a_time", *money, when, "C+4 No. That's it, then.")
    both = "A Somebody will get back to you, by Friday at the latest. Is there anything else?"
    assert by_themselves("promise_a_time", *money, both, "C+4 No. That's it.") == [(1, 1)]
