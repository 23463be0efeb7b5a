"""Nudges for the flow of a call: show you're there, ask what happened, ask, don't guess, they also
mentioned, say what you're doing, they settled, and take a break."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.events import Evidence, Missing
from monitor.nudges import (
    ask_dont_guess,
    ask_what_happened,
    hard_run,
    say_what_youre_doing,
    show_youre_there,
    they_also_mentioned,
    they_settled,
)
from monitor.view import View
from tests.dialogue import HURT, HURT_SAID, call, line, of, play, words
from tests.nudges.talk import Words, shown_of
from tests.nudges.views import called, cue, done, how_done, need, only, opened, said, why_needed
from tests.scores import heard, natural


def shown(name: str, agent: str, customer: str, said: list[Words], **started: Any) -> list[str]:
    return [nudge for nudge, _ in shown_of(name, agent, customer, said, **started)]


# ---- show you're there ---------------------------------------------------------------

STORY = View(
    t=40.0,
    customer_turn=(9.0, 27.0),
    customer_speaking_since=36.0,
    customer_last_speech=40.0,
    agent_last_speech=8.0,
)


def test_show_in_a_long_story_without_a_sound() -> None:
    why = why_needed(show_youre_there, STORY)
    assert why == "They have talked for 31 s without a sound from you"


@pytest.mark.parametrize(
    "change",
    [
        {"t": 38.0},
        {"customer_turn": None},
        {"customer_speaking_since": None},
        {"customer_turn": (9.0, 20.0)},
        {"agent_last_speech": 20.0},
        {"agent_speaking_since": 39.5},
        {"mood": 2.0},
    ],
)
def test_show_is_not_needed(change: dict[str, Any]) -> None:
    assert need(show_youre_there, replace(STORY, **change)) is None


def test_show_done_with_any_sound() -> None:
    how = how_done(show_youre_there, replace(STORY, t=45.0, agent_last_speech=43.0), 40.0)
    assert how == "They heard you after 3 s"
    assert done(show_youre_there, replace(STORY, t=45.0), 40.0) is None


def test_show_was_called_for_where_they_were_heard() -> None:
    why = called(show_youre_there, replace(STORY, agent_last_speech=25.0))
    assert why is not None
    assert (why.t, why.text) == (11.0, "They have talked for 31 s, and heard you")
    assert how_done(show_youre_there, replace(STORY, agent_last_speech=25.0), why.t)
    assert called(show_youre_there, STORY) is None
    ended = replace(STORY, agent_last_speech=10.5)
    assert called(show_youre_there, ended) is None, "the end of the agent's own sentence"
    early = replace(STORY, t=38.0, agent_last_speech=25.0)
    assert called(show_youre_there, early) is None


TALE = (line((2, "="), (45, ".")), line((2.5, "."), (40, "="), (3, ".")))


def test_show_in_a_call_with_a_long_tale() -> None:
    assert shown("show_youre_there", *TALE, []) == ["show_youre_there"]


def test_show_is_quiet_when_the_agent_says_mm_hm() -> None:
    agent = line((2, "="), (15, "."), (0.5, "'"), (30, "."))
    assert shown("show_youre_there", agent, TALE[1], []) == []
    told = play(call(only("show_youre_there")), heard(agent, TALE[1]), [])
    assert [(x.needed, x.unprompted) for x in of(told, "report")[0].scorecard] == [(1, 1)]


# ---- ask what happened ---------------------------------------------------------------

CLOSED = tuple(cue("closed_question", t, "agent") for t in (20.0, 27.0, 34.0))
TRIED = cue("wants_to_tell", 38.0, text="it's just that")
QUESTIONED = View(
    t=40.0,
    words=True,
    cues=(*CLOSED, TRIED),
    last={"closed_question": 34.0, "wants_to_tell": 38.0},
    said=(said("customer", 23.0, "Yes, it was.", 1.5), said("customer", 38.0, "It's just that")),
)


def test_what_happened_after_three_closed_questions() -> None:
    why = why_needed(ask_what_happened, QUESTIONED)
    assert why == "3 yes-or-no questions running; they began “it's just that”"


def test_what_happened_when_they_are_upset() -> None:
    upset = replace(QUESTIONED, cues=CLOSED, last={"closed_question": 34.0}, mood=2.5, kinds=2)
    assert why_needed(ask_what_happened, upset) == "3 yes-or-no questions running; they are upset"


@pytest.mark.parametrize(
    "change",
    [
        {"words": False},
        {"cues": (*CLOSED[:2], TRIED)},
        {"cues": CLOSED, "last": {"closed_question": 34.0}},
        {"t": 54.0},
        {"t": 90.0},
        {"last": {"closed_question": 34.0, "wants_to_tell": 38.0, "open_question": 25.0}},
        {"customer_turn": (22.0, 6.0)},
        {"said": (said("customer", 23.0, "Well, it was standing there.", 6.0),)},
    ],
)
def test_what_happened_is_not_needed(change: dict[str, Any]) -> None:
    assert need(ask_what_happened, replace(QUESTIONED, **change)) is None


def test_what_happened_done() -> None:
    asked = replace(QUESTIONED, t=50.0, cues=(cue("open_question", 46.0, "agent"),))
    assert how_done(ask_what_happened, asked, 40.0) == "You asked: “<open_question>”"
    told = replace(QUESTIONED, t=50.0, customer_turn=(42.0, 5.5))
    assert how_done(ask_what_happened, told, 40.0) == "You let them tell it"
    assert done(ask_what_happened, QUESTIONED, 40.0) is None


FORM = (
    line((3, "="), (2, "."), (3, "="), (2, "."), (3, "="), (2.5, "."), (3, "="), (9, ".")),
    line((3.3, "."), (1.5, "="), (3.5, "."), (1.5, "="), (3.5, "."), (2, "=")),
)


def form(answer: str) -> list[Words]:
    return [
        words("agent", 0, 3, "Okay, was it parked at the time?"),
        words("customer", 3.3, 4.8, "Yes, it was."),
        words("agent", 5, 8, "And did you see the other driver?"),
        words("customer", 8.3, 9.8, "No."),
        words("agent", 10, 13, "Is it the driver's side?"),
        words("customer", 13.3, 15.3, answer),
        words("agent", 15.5, 18.5, "And are you insured with us?"),
    ]


def test_what_happened_in_a_call_that_fills_in_a_form() -> None:
    found = shown("ask_what_happened", *FORM, form("It is, it's just that..."))
    assert found == ["ask_what_happened"]


def test_what_happened_is_quiet_when_they_only_answer() -> None:
    assert shown("ask_what_happened", *FORM, form("Yes, the driver's side.")) == []


# ---- ask, don't guess ----------------------------------------------------------------

LOST = View(
    t=60.0,
    words=True,
    cues=(cue("not_understood", 30.0), cue("not_understood", 55.0, text="you have lost me")),
    last={"not_understood": 55.0},
)


def test_ask_when_they_are_lost_a_second_time() -> None:
    assert why_needed(ask_dont_guess, LOST) == "Not understood twice: “you have lost me”"


@pytest.mark.parametrize(
    "change",
    [
        {"words": False},
        {"cues": (), "last": {}},
        {"cues": LOST.cues[1:]},
        {"cues": (cue("not_understood", 54.0), cue("confused", 54.5)), "last": {"confused": 54.5}},
        {"t": 71.0},
        {"cues": (*LOST.cues, cue("clarifying", 40.0, "agent"))},
    ],
)
def test_ask_is_not_needed(change: dict[str, Any]) -> None:
    assert need(ask_dont_guess, replace(LOST, **change)) is None


@pytest.mark.parametrize("family", ["clarifying", "open_question"])
def test_ask_done(family: str) -> None:
    asked = replace(LOST, t=70.0, cues=(*LOST.cues, cue(family, 65.0, "agent")))
    assert how_done(ask_dont_guess, asked, 60.0) == f"You asked: “<{family}>”"
    assert done(ask_dont_guess, asked, 66.0) is None


def test_ask_holds_while_it_was_said() -> None:
    later = replace(LOST, t=70.0)
    assert ask_dont_guess.holds(later, 60.0, ask_dont_guess.THRESHOLDS)
    taken_back = replace(later, cues=(cue("not_understood", 65.0),))
    assert not ask_dont_guess.holds(taken_back, 60.0, ask_dont_guess.THRESHOLDS)


JARGON = (
    line((3, "="), (5, "."), (4, "="), (5, "."), (4, "="), (10, ".")),
    line((3.5, "."), (4, "="), (5, "."), (4, "="), (5, "."), (4, "=")),
)


def jargon(second: str) -> list[Words]:
    return [
        words("agent", 0, 3, "You flush the resolver and renegotiate the tunnel."),
        words("customer", 3.5, 7.5, "Sorry, I don't understand what you mean."),
        words("agent", 8, 12, "The resolver cache. Then you lower the number."),
        words("customer", 12.5, 16.5, second),
        words("agent", 17, 21, "It is the certificate on the client."),
    ]


def test_ask_in_a_call_that_explains_the_same_again() -> None:
    assert shown("ask_dont_guess", *JARGON, jargon("No, you've lost me again.")) == [
        "ask_dont_guess"
    ]


def test_ask_is_quiet_when_the_second_time_went_well() -> None:
    assert shown("ask_dont_guess", *JARGON, jargon("Oh, I see, I will do that.")) == []


# ---- they also mentioned ---------------------------------------------------------------

BOTH = View(
    t=62.0,
    words=True,
    cues=(cue("also_mentioned", 14.0, text="there's also a charge"),),
    last={"also_mentioned": 14.0, "rounds_off": 58.0},
    said=(
        said("customer", 10.0, "My router drops. And there's also a charge on my bill.", 6.0),
        said("agent", 20.0, "So have you got the router settings open?"),
        said("agent", 57.0, "So that's you all fixed."),
    ),
)


def test_mentioned_when_the_agent_closes_without_it() -> None:
    why = why_needed(they_also_mentioned, BOTH)
    assert why == "They also said “there's also a charge on my bill”"


def named_just_now() -> dict[str, Any]:
    return {
        "cues": (cue("also_mentioned", 55.0, text="there's also a charge"),),
        "said": (said("customer", 53.0, "And there's also a charge on my bill."), *BOTH.said[1:]),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"words": False},
        {"last": {"also_mentioned": 14.0}},
        {"last": {"rounds_off": 58.0}, "cues": ()},
        {"t": 71.0},
        {"agent_speaking_since": 61.0},
        {"said": (*BOTH.said, said("agent", 40.0, "And the charges are for a call abroad."))},
        {"last": {**BOTH.last, "takes_up_other": 45.0}},
        {"said": (said("customer", 10.0, "And there's also something.", 6.0),)},
        named_just_now(),
    ],
)
def test_mentioned_is_not_needed(change: dict[str, Any]) -> None:
    assert need(they_also_mentioned, replace(BOTH, **change)) is None


def test_mentioned_done_in_its_words_or_in_others() -> None:
    back = said("agent", 66.0, "Now, that charge on your bill.")
    how = how_done(they_also_mentioned, replace(BOTH, t=70.0, said=(*BOTH.said, back)), 62.0)
    assert how == "You came back to “there's also a charge on my bill”"
    other = replace(BOTH, t=70.0, cues=(*BOTH.cues, cue("takes_up_other", 66.0, "agent")))
    assert how_done(they_also_mentioned, other, 62.0) == "You said: “<takes_up_other>”"
    assert done(they_also_mentioned, replace(BOTH, t=70.0), 62.0) is None


def test_mentioned_was_called_for_where_it_was_taken_up() -> None:
    up = replace(
        BOTH, said=(*BOTH.said, said("agent", 40.0, "And the charge is for a call abroad."))
    )
    why = called(they_also_mentioned, up)
    assert why is not None
    assert (why.t, why.text) == (15.0, "They also said “there's also a charge on my bill”")
    assert called(they_also_mentioned, BOTH) is None
    assert called(they_also_mentioned, replace(up, t=71.0)) is None


TWO = (
    line((2, "="), (9, "."), (5, "="), (3, "."), (4, "="), (2, "."), (3, "="), (9, ".")),
    line((2.5, "."), (8, "="), (6, "."), (2, "="), (5.5, "."), (1, "=")),
)


def two(middle: str) -> list[Words]:
    return [
        words("agent", 0, 2, "Broadband team, it's Chris."),
        words("customer", 2.5, 6.3, "The signal keeps dropping in the bedroom."),
        words("customer", 6.5, 10.5, "Oh, and there's a weird charge on this month's bill."),
        words("agent", 11, 16, "Please change the channel to eleven in the router settings."),
        words("customer", 16.5, 18.5, "Okay, done that."),
        words("agent", 19, 23, middle),
        words("customer", 24, 25, "Yes, it is."),
        words("agent", 25, 28, "So that's you all fixed."),
    ]


def test_mentioned_in_a_call_that_forgets_the_bill() -> None:
    found = shown("they_also_mentioned", *TWO, two("Good, is the signal any better up there?"))
    assert found == ["they_also_mentioned"]


def test_mentioned_is_quiet_when_the_bill_was_taken_up() -> None:
    taken_up = two("Good, and the charge was a call abroad.")
    assert shown("they_also_mentioned", *TWO, taken_up) == []
    told = play(call(only("they_also_mentioned")), heard(*TWO), taken_up)
    assert [(x.needed, x.unprompted) for x in of(told, "report")[0].scorecard] == [(1, 1)]


# ---- say what you're doing -------------------------------------------------------------

SILENT = View(
    t=50.0,
    began=0.0,
    words=True,
    agent_last_speech=39.0,
    agent_words_until=39.0,
    customer_last_speech=37.0,
    silence_s=12.5,
    said=(said("customer", 34.0, "It is seven seven four."), said("agent", 38.0, "Right.", 1.0)),
)


def test_say_after_twelve_silent_seconds() -> None:
    assert why_needed(say_what_youre_doing, SILENT) == "Silent for 12 s, and they do not know why"


@pytest.mark.parametrize(
    "change",
    [
        {"words": False},
        {"silence_s": 11.5},
        {"began": 35.0},
        {"agent_speaking_since": 49.5},
        {"agent_last_speech": None},
        {"said": (said("agent", 38.0, "What is the number on the back?", 1.0),)},
        {"last": {"solving": 38.2}},
        {"last": {"explains_doing": 38.0}},
        {"last": {"hold_bare": 38.0}},
        {"last": {"rounds_off": 30.0}},
        {"last": {"wraps_up": 36.0}},
        {"customer_last_speech": 44.0, "t": 56.0},
    ],
)
def test_say_is_not_needed(change: dict[str, Any]) -> None:
    assert need(say_what_youre_doing, replace(SILENT, **change)) is None


def test_say_when_it_is_longer_than_what_was_announced() -> None:
    for family, enough_s in (("hold_bare", 20.0), ("explains_doing", 40.0), ("hold_coming", 60.0)):
        told = replace(SILENT, last={family: 38.0})
        less, more = (
            replace(told, t=39.0 + silence_s, silence_s=silence_s)
            for silence_s in (enough_s - 0.5, enough_s + 0.5)
        )
        assert need(say_what_youre_doing, less) is None
        assert need(say_what_youre_doing, more) is not None


def test_say_not_while_the_customer_looks_for_something() -> None:
    looks = (said("agent", 30.0, "Okay."), said("customer", 38.0, "Hold on, let me find it.", 2.0))
    theirs = replace(SILENT, said=looks, customer_last_speech=40.0, agent_last_speech=31.0, t=52.0)
    assert need(say_what_youre_doing, theirs) is not None
    assert need(say_what_youre_doing, replace(theirs, last={"lets_you_wait": 38.0})) is None


def test_say_when_they_call_out_into_the_silence() -> None:
    asks = replace(
        SILENT,
        t=49.0,
        silence_s=0.0,
        customer_last_speech=48.0,
        customer_speaking_since=48.5,
        last={"are_you_there": 46.0},
    )
    why = why_needed(say_what_youre_doing, asks)
    assert why == "They ask whether you are there; silent for 10 s"
    assert need(say_what_youre_doing, replace(asks, t=53.0)) is None
    assert need(say_what_youre_doing, replace(asks, agent_last_speech=42.0)) is None
    spells = (*SILENT.said, said("customer", 42.0, "T, I.", 2.0))
    assert need(say_what_youre_doing, replace(asks, said=spells)) is None


def test_say_was_called_for_where_it_was_explained_before() -> None:
    explained = replace(
        SILENT,
        last={"explains_doing": 37.5},
        cues=(cue("explains_doing", 37.5, "agent"),),
    )
    why = called(say_what_youre_doing, explained)
    assert why is not None
    assert (why.t, why.text) == (37.5, "Silent for 12 s, and they know why")
    assert how_done(say_what_youre_doing, explained, why.t) == "You said: “<explains_doing>”"
    assert called(say_what_youre_doing, SILENT) is None
    assert called(say_what_youre_doing, replace(explained, silence_s=11.0)) is None
    assert called(say_what_youre_doing, replace(explained, last={"explains_doing": 20.0})) is None
    theirs = replace(explained, last={"explains_doing": 37.5, "wraps_up": 36.0})
    assert called(say_what_youre_doing, theirs) is None


def test_say_done_when_they_explain_or_are_back() -> None:
    told = replace(SILENT, t=56.0, cues=(cue("explains_doing", 53.0, "agent"),))
    assert how_done(say_what_youre_doing, told, 50.0) == "You said: “<explains_doing>”"
    said_it = done(say_what_youre_doing, told, 50.0)
    assert said_it is not None
    assert said_it.value == 3.0, "after so long, though it is known only later"
    back = replace(SILENT, said=(said("agent", 52.0, "It left us on Monday, I can see."),))
    assert how_done(say_what_youre_doing, back, 50.0) == "You are back"
    assert done(say_what_youre_doing, SILENT, 50.0) is None


KEYBOARD = (
    line((3, "="), (15, "."), (2, "="), (4.5, "."), (1.5, "="), (18, ".")),
    line((3.5, "."), (14, "="), (3, "."), (3.5, "=")),
)


def keyboard(last: str) -> list[Words]:
    return [
        words("agent", 0, 3, "Payments, Victor speaking."),
        words("customer", 3.5, 17.5, "I sent some money on Monday and it has not turned up."),
        words("agent", 18, 20, "Your reference?"),
        words("customer", 20.5, 24, "Seven seven four."),
        words("agent", 24.5, 26, last),
    ]


def test_say_in_a_call_with_nothing_but_the_keyboard() -> None:
    found = shown("say_what_youre_doing", *KEYBOARD, keyboard("Right."))
    assert found == ["say_what_youre_doing"]


def test_say_is_quiet_about_audio_that_is_missing() -> None:
    on = call(only("say_what_youre_doing"))
    agent, customer = (one[:270] for one in KEYBOARD)
    said_so_far = keyboard("Right.")
    for sound in (heard(agent, customer), Missing(blocks=1000, reason="hold")):
        on.receive(sound)
        for _, transcript in said_so_far:
            on.receive(transcript)
        said_so_far = []
    on.receive(heard(line((8, ".")), line((8, "."))))
    assert opened(on.events()) == []


@pytest.mark.parametrize(
    "last", ["I'm just looking that up, it takes a minute.", "And the name on the account?"]
)
def test_say_is_quiet_when_it_was_announced_or_is_theirs(last: str) -> None:
    assert shown("say_what_youre_doing", *KEYBOARD, keyboard(last)) == []


def test_say_is_on_the_scorecard_of_who_explained_before() -> None:
    spoken = keyboard("I'm just looking that up, it takes a minute.")
    told = play(call(only("say_what_youre_doing")), heard(*KEYBOARD), spoken)
    assert [(x.needed, x.unprompted) for x in of(told, "report")[0].scorecard] == [(1, 1)]


# ---- they settled ----------------------------------------------------------------------

SETTLED = View(
    t=100.0,
    words=True,
    mood=1.5,
    mood_peak=(70.0, 4.5),
    cues=(cue("acknowledgement", 75.0, "agent"), cue("thanks_relief", 97.0)),
    last={"acknowledgement": 75.0, "thanks_relief": 97.0},
)


def test_settled_after_what_the_agent_did() -> None:
    why = why_needed(they_settled, SETTLED)
    assert why == "You named what went wrong, and 25 s later they come round"


@pytest.mark.parametrize(
    "change",
    [
        {"last": {}},
        {"t": 113.0},
        {"mood_peak": None},
        {"mood_peak": (70.0, 2.4)},
        {"mood_peak": (98.0, 4.5)},
        {"mood": 3.1},
        {"cues": (cue("thanks_relief", 97.0),)},
        {"cues": (cue("acknowledgement", 30.0, "agent"),)},
        {"cues": (cue("acknowledgement", 98.0, "agent"),)},
        {"frustrations": (Evidence(kind="words", t=98.0, text="They said “still broken”"),)},
    ],
)
def test_settled_is_not_said(change: dict[str, Any]) -> None:
    assert need(they_settled, replace(SETTLED, **change)) is None


def test_settled_when_they_make_up() -> None:
    sorry = replace(SETTLED, cues=(SETTLED.cues[0],), last={"makes_up": 97.0})
    assert need(they_settled, sorry) is not None


def test_settled_asks_for_nothing() -> None:
    assert they_settled.PRAISE
    assert done(they_settled, SETTLED, 90.0) is None


def test_settled_in_a_call_that_ends_well() -> None:
    agent = line((2, "="), (10, "."), (3, "="), (6, "."), (4, "="), (5, "."), (4, "="), (2, "."))
    agent += line((8, "="), (26, "."))
    customer = line((2.5, "."), (9, "="), (4, "."), (5, "="), (4.5, "."), (4.5, "="), (35, "."))
    customer += line((3, "="), (3, "."))
    thanks = words("customer", 64.5, 67.5, "Okay. That does actually help. Thank you so much.")
    met = [*HURT_SAID[:6], words("agent", 36, 44, "I am sorry you have been through this."), thanks]
    told = play(call(only("they_settled")), natural(heard(agent, customer)), met)
    assert of(told, "alert.raised")
    assert [name for name, _ in opened(told)] == ["they_settled"]
    unmet = [*HURT_SAID[:6], words("agent", 36, 44, "The weather is fine here today."), thanks]
    told = play(call(only("they_settled")), natural(heard(agent, customer)), unmet)
    assert opened(told) == []


# ---- take a break ----------------------------------------------------------------------

THIRD = View(t=200.0, hung_up=True, hot_calls=2, alerts=1)


def test_break_after_the_third_hard_call() -> None:
    assert why_needed(hard_run, THIRD) == "3 hard calls within an hour"
    assert hard_run.PRIVATE
    assert hard_run.WHEN == "after"
    assert done(hard_run, THIRD, 190.0) is None


@pytest.mark.parametrize("change", [{"hung_up": False}, {"hot_calls": 1}, {"alerts": 0}])
def test_break_is_not_needed(change: dict[str, Any]) -> None:
    assert need(hard_run, replace(THIRD, **change)) is None


def test_break_when_a_third_hard_call_has_ended() -> None:
    assert shown("hard_run", *HURT, HURT_SAID, hot_calls=2) == ["hard_run"]
    assert shown("hard_run", *HURT, HURT_SAID, hot_calls=1) == []
    calm = [words("agent", 0, 2, "Hello, how can I help?")]
    assert shown("hard_run", *HURT, calm, hot_calls=2) == []
