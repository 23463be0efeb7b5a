"""Nudges for an upset customer: lower your voice, reassure, it's not you, bring someone in, and
wait, then greet."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from monitor.events import Evidence
from monitor.nudges import (
    bring_someone_in,
    its_not_you,
    lower_your_voice,
    reassure,
    wait_then_greet,
)
from monitor.view import View
from tests.dialogue import line, words
from tests.nudges.talk import Words, shown_of
from tests.nudges.views import called, cue, done, how_done, need, said, why_needed

# ---- lower your voice ----------------------------------------------------------------

LOUD = View(
    t=60.0, mood=2.5, kinds=2, agent_speaking_since=57.0, agent_above_db=6.0, agent_last_speech=60.0
)


def test_lower_when_louder_than_usual_with_an_upset_customer() -> None:
    assert why_needed(lower_your_voice, LOUD) == "They are upset; you are 6 dB louder than usual"


@pytest.mark.parametrize(
    "change",
    [
        {"agent_above_db": 4.7},
        {"agent_above_db": None},
        {"agent_speaking_since": None},
        {"agent_speaking_since": 59.5},
        {"mood": 1.9},
        {"kinds": 1},
    ],
)
def test_lower_is_not_needed(change: dict[str, Any]) -> None:
    assert need(lower_your_voice, replace(LOUD, **change)) is None


def test_lower_done_when_back() -> None:
    back = replace(LOUD, t=70.0, agent_above_db=1.0, agent_last_speech=69.0)
    assert how_done(lower_your_voice, back, 60.0) == "Back to your usual voice after 10 s"
    assert done(lower_your_voice, replace(back, agent_above_db=3.0), 60.0) is None
    assert done(lower_your_voice, replace(back, agent_last_speech=61.0), 60.0) is None


RAISED = (
    line((1, "."), (16, "="), (9, "."), (6, "#"), (9, ".")),
    line((17.5, "."), (8, "="), (7, "."), (3, "=")),
)
UPSET_SAID = [
    words("agent", 1, 17, "Parcel desk, good morning. I have your order in front of me here."),
    words("customer", 17.5, 21, "I already told your colleague three times that it is broken."),
    words("customer", 21.2, 25.5, "This is ridiculous, you are not listening to me."),
    words("agent", 26, 32, "I am only asking you for the number of the order."),
]


def test_lower_in_a_call_where_the_agent_gets_loud() -> None:
    found = shown_of("lower_your_voice", *RAISED, UPSET_SAID)
    assert [name for name, _ in found] == ["lower_your_voice"]
    assert 27.0 <= found[0][1] <= 31.0


def test_lower_is_quiet_in_the_same_call_with_a_level_voice() -> None:
    agent, customer = RAISED
    assert shown_of("lower_your_voice", agent.replace("#", "="), customer, UPSET_SAID) == []


# ---- reassure ------------------------------------------------------------------------

AFRAID = View(
    t=52.0,
    words=True,
    cues=(cue("fear", 30.0, text="I'm so scared"),),
    last={"fear": 30.0},
    agent_turn=(35.0, 2.0),
    agent_turn_ends=(37.0,),
    agent_last_speech=37.0,
    agent_words_until=37.0,
)


def worried(*times: float, **more: Any) -> View:
    cues = tuple(cue("worry", t) for t in times)
    return replace(AFRAID, cues=cues, last={"worry": times[-1]}, **more)


def test_reassure_when_fear_was_passed_over() -> None:
    assert why_needed(reassure, AFRAID) == "They said “I'm so scared” 22 s ago"


def test_reassure_a_mild_worry_only_when_it_comes_back() -> None:
    assert need(reassure, worried(30.0)) is None
    assert need(reassure, worried(30.0, 31.0)) is None, "one breath"
    assert need(reassure, worried(20.0, 30.0)) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"words": False},
        {"cues": (), "last": {}},
        {"t": 71.0},
        {"t": 39.0, "agent_turn_ends": (37.0,)},
        {"agent_speaking_since": 51.0},
        {"agent_words_until": 30.0, "t": 42.0},
        {"agent_turn": None, "agent_turn_ends": ()},
        {"cues": (cue("fear", 30.0), cue("reassurance", 36.0, "agent"))},
        {"cues": (cue("fear", 30.0), cue("acknowledgement", 36.0, "agent"))},
        {"cues": (cue("fear", 30.0), cue("commitment", 36.0, "agent"))},
    ],
)
def test_reassure_is_not_needed(change: dict[str, Any]) -> None:
    assert need(reassure, replace(AFRAID, **change)) is None


def test_reassure_done() -> None:
    met = replace(AFRAID, t=60.0, cues=(*AFRAID.cues, cue("reassurance", 55.0, "agent")))
    assert how_done(reassure, met, 52.0) == "You said: “<reassurance>”"
    assert done(reassure, met, 56.0) is None


def test_reassure_is_called_for_as_soon_as_it_was_said() -> None:
    early = replace(AFRAID, t=33.0, agent_last_speech=None, agent_turn=None, agent_turn_ends=())
    assert need(reassure, early) is None
    why = called(reassure, early)
    assert why is not None
    assert why.t == 30.0
    met = replace(early, cues=(*early.cues, cue("reassurance", 32.0, "agent")))
    assert called(reassure, met) is None
    assert called(reassure, worried(30.0)) is None


LETTER = (
    line((3, "="), (8.5, "."), (2.5, "="), (4.5, "."), (3, "="), (12, ".")),
    line((3.5, "."), (7.5, "="), (3.5, "."), (3, "="), (4.5, "."), (4, "=")),
)


def letter(answer: str) -> list[Words]:
    return [
        words("agent", 0, 3, "Housing support, this is Andrew."),
        words("customer", 3.5, 11, "They are stopping the rent. I'm really scared, I can't sleep."),
        words("agent", 11.5, 14, answer),
        words("customer", 14.5, 17.5, "It is B two six one four."),
        words("agent", 18.5, 21.5, "And the date at the top of it?"),
        words("customer", 22, 26, "The third of March, I think it says."),
    ]


def test_reassure_in_a_call_that_goes_on_as_if_nothing_was_said() -> None:
    found = shown_of("reassure", *LETTER, letter("Do you have the reference at the top?"))
    assert [name for name, _ in found] == ["reassure"]
    assert found[0][1] > 15.2, "not before the agent's words were known"


def test_reassure_is_quiet_when_it_was_met() -> None:
    met = letter("Don't worry, you are not going to lose your home.")
    assert shown_of("reassure", *LETTER, met) == []


# ---- it's not you --------------------------------------------------------------------

INSULTED = View(
    t=60.0,
    cues=(cue("insult", 30.0), cue("aimed_profanity", 52.0)),
    last={"insult": 30.0, "aimed_profanity": 52.0},
)


def test_not_you_after_two_insults() -> None:
    assert why_needed(its_not_you, INSULTED) == "2 insults. You do not have to take it home"


def test_not_you_after_one_insult_from_somebody_upset() -> None:
    once = replace(INSULTED, cues=INSULTED.cues[1:], mood=2.5, kinds=2)
    assert why_needed(its_not_you, once) == "An insult. You do not have to take it home"
    assert need(its_not_you, replace(once, mood=2.4)) is None
    assert need(its_not_you, replace(once, kinds=1)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"cues": (), "last": {}},
        {"cues": (cue("insult", 52.0),)},
        {"cues": (cue("insult", 52.0), cue("aimed_profanity", 52.5))},
        {"t": 68.0},
        {"t": 150.0},
    ],
)
def test_not_you_is_not_needed(change: dict[str, Any]) -> None:
    assert need(its_not_you, replace(INSULTED, **change)) is None


@pytest.mark.parametrize("family", ["boundary", "acknowledgement"])
def test_not_you_done_when_they_stay_with_it(family: str) -> None:
    calm = replace(INSULTED, t=70.0, cues=(*INSULTED.cues, cue(family, 65.0, "agent")))
    assert how_done(its_not_you, calm, 60.0) == f"You stayed with it: “<{family}>”"
    assert done(its_not_you, calm, 66.0) is None


def test_not_you_is_for_the_agent_alone() -> None:
    assert its_not_you.PRIVATE


INSULTS = (
    line((3, "="), (6, "."), (2, "="), (10, ".")),
    line((3.5, "."), (5, "="), (3, "."), (5, "="), (5, ".")),
)
INSULTS_SAID = [
    words("agent", 0, 3, "Parcel desk, you are speaking with Mia."),
    words("customer", 3.5, 8.5, "Which of you idiots left the present in a bin?"),
    words("agent", 9, 11, "Do you have the number?"),
    words("customer", 11.5, 16.5, "Are you thick? A monkey could do your job!"),
]


def test_not_you_in_a_call_with_two_insults() -> None:
    found = shown_of("its_not_you", *INSULTS, INSULTS_SAID)
    assert [name for name, _ in found] == ["its_not_you"]
    assert 16.5 < found[0][1] < 19.0


def test_not_you_is_quiet_when_they_insult_the_thing() -> None:
    mild = [
        INSULTS_SAID[0],
        words("customer", 3.5, 8.5, "This app is stupid, and the phone is useless."),
        INSULTS_SAID[2],
        words("customer", 11.5, 16.5, "I feel like an idiot, I can't find it."),
    ]
    assert shown_of("its_not_you", *INSULTS, mild) == []


# ---- bring someone in ----------------------------------------------------------------

ASKED = View(
    t=45.0,
    words=True,
    cues=(cue("escalation_request", 30.0, text="speak to your manager"),),
    last={"escalation_request": 30.0},
    agent_turn=(33.0, 3.0),
    agent_turn_ends=(36.5,),
    agent_last_speech=36.5,
    agent_words_until=36.5,
)


def test_bring_someone_in_when_the_request_was_passed_over() -> None:
    why = why_needed(bring_someone_in, ASKED)
    assert why == "They asked “speak to your manager”; no answer for 15 s"


def test_bring_someone_in_when_asked_again_before_an_answer() -> None:
    again = (ASKED.cues[0], cue("escalation_request", 44.0))
    view = replace(ASKED, cues=again, last={"escalation_request": 44.0}, agent_speaking_since=44.5)
    why = need(bring_someone_in, view)
    assert why is not None
    assert why.text.startswith("They asked again, “")
    breath = (ASKED.cues[0], cue("escalation_request", 32.0))
    assert need(bring_someone_in, replace(view, cues=breath)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"cues": (), "last": {}},
        {"words": False},
        {"agent_turn_ends": (), "agent_turn": None},
        {"agent_speaking_since": 44.0},
        {"agent_words_until": 30.0, "t": 40.0},
        {"t": 76.0},
        {"last": {"escalation_request": 30.0, "handover": 35.0}},
        {"cues": (*ASKED.cues, cue("acknowledgement", 34.0, "agent"))},
        {"cues": (*ASKED.cues, cue("bare_sorry", 34.0, "agent"))},
    ],
)
def test_bring_someone_in_is_not_needed(change: dict[str, Any]) -> None:
    assert need(bring_someone_in, replace(ASKED, **change)) is None


def test_bring_someone_in_on_abuse() -> None:
    cues = tuple(cue("insult", t) for t in (20.0, 40.0, 55.0))
    view = View(t=60.0, cues=cues, last={"insult": 55.0})
    why = why_needed(bring_someone_in, view)
    assert why == "3 insults in two minutes; nobody has to take that alone"
    assert need(bring_someone_in, replace(view, cues=cues[1:])) is None
    assert need(bring_someone_in, replace(view, t=71.0)) is None
    offered = replace(view, last={"insult": 55.0, "handover": 50.0})
    assert need(bring_someone_in, offered) is None


def test_bring_someone_in_after_two_minutes_of_high_frustration() -> None:
    view = View(t=200.0, mood=4.0, kinds=2, high_since=79.0)
    assert why_needed(bring_someone_in, view) == "Very upset for 2 minutes without a break"
    assert need(bring_someone_in, replace(view, high_since=81.0)) is None
    assert need(bring_someone_in, replace(view, kinds=1)) is None
    assert need(bring_someone_in, replace(view, last={"handover": 100.0})) is None


def test_bring_someone_in_done() -> None:
    offered = replace(ASKED, t=55.0, cues=(*ASKED.cues, cue("handover", 50.0, "agent")))
    assert how_done(bring_someone_in, offered, 45.0) == "You said: “<handover>”"
    assert done(bring_someone_in, offered, 51.0) is None


def test_bring_someone_in_is_called_for_when_asked() -> None:
    asked = replace(ASKED, t=32.0)
    why = called(bring_someone_in, asked)
    assert why is not None
    assert why.t == 30.0
    answered = replace(asked, last={"escalation_request": 30.0, "handover": 31.0})
    assert called(bring_someone_in, answered) is None


MANAGER = (
    line((3, "="), (8, "."), (3.5, "="), (4, "."), (2, "="), (10, ".")),
    line((3.5, "."), (7, "="), (4.5, "."), (3, "=")),
)


def manager(answer: str) -> list[Words]:
    return [
        words("agent", 0, 3, "Home claims, this is Julie."),
        words("customer", 3.5, 10.5, "It was not gradual. I want to speak to your manager."),
        words("agent", 11, 14.5, answer),
        words("customer", 15, 18, "Then I will hear it from them."),
    ]


def test_bring_someone_in_in_a_call_that_refuses() -> None:
    found = shown_of(
        "bring_someone_in", *MANAGER, manager("They will only say the same, you know.")
    )
    assert [name for name, _ in found] == ["bring_someone_in"]
    assert 15.0 < found[0][1] < 20.0


@pytest.mark.parametrize(
    "answer",
    ["Of course, let me get my supervisor for you.", "I hear you, and I am sorry about the floor."],
)
def test_bring_someone_in_is_quiet_when_it_is_offered_or_they_are_met(answer: str) -> None:
    assert shown_of("bring_someone_in", *MANAGER, manager(answer)) == []


# ---- wait, then greet ----------------------------------------------------------------

YELLS = View(
    t=9.0,
    began=1.0,
    words=True,
    customer_turn=(1.0, 7.5),
    customer_speaking_since=1.0,
    customer_last_speech=9.0,
    frustrations=(Evidence(kind="words", t=6.0, text="They said “absolute joke”", value=2.0),),
)


def test_wait_when_they_are_upset_before_hello() -> None:
    why = why_needed(wait_then_greet, YELLS)
    assert why == "They said “absolute joke”, before anyone said hello"


def test_wait_when_they_come_in_loud() -> None:
    loud = replace(YELLS, frustrations=(), voice=1.2)
    for heard in (
        replace(loud, said=(said("customer", 1.0, "Where is it?"),)),
        replace(loud, words=False),
    ):
        why = why_needed(wait_then_greet, heard)
        assert why == "They came in loud, before anyone said hello"
    assert need(wait_then_greet, loud) is None  # not a word: somebody laughs


@pytest.mark.parametrize(
    "change",
    [
        {"frustrations": ()},
        {"frustrations": (), "voice": 0.8},
        {"frustrations": (), "voice": 1.2, "customer_turn": (5.0, 3.5)},
        {"t": 22.0},
        {"began": None},
        {"customer_turn": None},
        {"customer_turn": (7.5, 1.5)},
        {"agent_talk_s": 1.5},
        {"agent_speaking_since": 8.5},
        {"agent_talk_s": 0.6, "agent_last_speech": 8.0},
        {"last": {"greeting": 0.5}},
        {"last": {"acknowledgement": 5.0}},
    ],
)
def test_wait_is_not_needed(change: dict[str, Any]) -> None:
    assert need(wait_then_greet, replace(YELLS, **change)) is None


def test_wait_done_when_greeted() -> None:
    greeted = replace(YELLS, t=20.0, cues=(cue("greeting", 14.0, "agent"),))
    assert how_done(wait_then_greet, greeted, 9.0) == "You said: “<greeting>”"
    assert done(wait_then_greet, greeted, 15.0) is None


YELLING = (line((12, "."), (2, "="), (6, ".")), line((0.5, "."), (8, "#"), (5, "."), (3, "=")))
YELLING_SAID = [
    words("customer", 0.5, 8.5, "Which one of you cancelled my flight? This is ridiculous!"),
    words("agent", 12, 14, "Booking number?"),
]


def test_wait_in_a_call_that_begins_with_yelling() -> None:
    found = shown_of("wait_then_greet", *YELLING, YELLING_SAID)
    assert [name for name, _ in found] == ["wait_then_greet"]
    assert found[0][1] < 12.0


def test_wait_is_quiet_when_the_agent_greeted_first() -> None:
    agent, customer = (line((2, "="), (14.5, ".")), line((2.5, "."), (8, "#"), (6, ".")))
    said = [
        words("agent", 0, 2, "Good morning, this is Yuki."),
        words("customer", 2.5, 10.5, "Which one of you cancelled my flight? This is ridiculous!"),
    ]
    assert shown_of("wait_then_greet", agent, customer, said) == []


def test_wait_is_quiet_when_a_calm_caller_speaks_first() -> None:
    said = [words("customer", 0.5, 8.5, "Hello, I would like to change the date of my flight.")]
    agent, customer = YELLING
    assert shown_of("wait_then_greet", agent, customer.replace("#", "="), said) == []


# ---- taken back ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nudge", "view"),
    [(reassure, AFRAID), (its_not_you, INSULTED), (bring_someone_in, ASKED)],
)
def test_what_they_rest_on_may_be_taken_back(nudge: ModuleType, view: View) -> None:
    assert nudge.holds(replace(view, t=view.t + 5), view.t, nudge.THRESHOLDS)
    assert not nudge.holds(replace(view, cues=()), view.t, nudge.THRESHOLDS)
