"""A call that is put through: the next agent begins with nothing."""

from __future__ import annotations

import pytest

from monitor.events import Cue, Party, Person, Transcript
from monitor.policy import Policy
from monitor.transfer import INTRODUCED_WITHIN_S, SILENT_S, WITHIN_S, Transfer
from monitor.usual import ONSETS_MIN, USUAL_MIN_BLOCKS, Usual
from monitor.view import View
from tests.dialogue import call, line, play, words
from tests.scores import heard

INTRODUCTION = "Hello, this is Martha speaking, how can I help?"
HANDOVER = "I will put you through to my supervisor."
CONSULTS = "Let me ask my supervisor about this, one moment please."


def said(t0: float, t1: float, party: Party = "agent") -> Transcript:
    return Transcript(utterance=1, party=party, t0=t0, t1=t1, text="so it is")


def cue(family: str, t0: float, party: Party = "agent") -> Cue:
    return Cue(family=family, party=party, t0=t0, t1=t0 + 1, text="so it is")


def announced(at: float = 60.0) -> Transfer:
    transfer = Transfer()
    transfer.transcript(said(at - 10, at - 5))
    transfer.transcript(said(at, at + 3))
    assert transfer.cue(cue("handover", at)) is None
    return transfer


def test_announced_then_silent_then_an_introduction() -> None:
    transfer = announced()
    transfer.transcript(said(90, 94))
    assert transfer.cue(cue("greeting", 90.2)) is None, "who comes back says hello, too"
    assert transfer.cue(cue("introduces", 90.5)) == 90, "from the first word on"
    assert transfer.cue(cue("introduces", 93)) is None, "once"


@pytest.mark.parametrize(
    ("back", "introduces"),
    [
        (63 + SILENT_S - 0.5, 63 + SILENT_S),
        (90, 90 + INTRODUCED_WITHIN_S + 1),
        (60 + WITHIN_S, 60 + WITHIN_S + 1),
    ],
    ids=["no silence", "a late introduction", "long ago"],
)
def test_one_of_the_three_alone_is_no_transfer(back: float, introduces: float) -> None:
    transfer = announced()
    transfer.transcript(said(back, back + 10))
    assert transfer.cue(cue("introduces", introduces)) is None


def test_an_introduction_that_nobody_announced_is_none() -> None:
    transfer = Transfer()
    for t0 in (1.0, 40.0):
        transfer.transcript(said(t0, t0 + 3))
        assert transfer.cue(cue("introduces", t0)) is None


def test_what_the_customer_says_is_none() -> None:
    transfer = announced()
    transfer.transcript(said(80, 84, "customer"))
    assert transfer.cue(cue("introduces", 80, "customer")) is None
    transfer.transcript(said(64, 66))
    found = transfer.cue(cue("introduces", 64))
    assert found is None, "the customer's words are no silence's end"


def test_a_silence_before_the_announcement_is_not_the_one() -> None:
    transfer = Transfer()
    transfer.transcript(said(0, 4))
    transfer.transcript(said(60, 70))
    transfer.cue(cue("handover", 60))
    transfer.transcript(said(71, 74))
    assert transfer.cue(cue("introduces", 71)) is None


def test_nothing_is_usual_for_somebody_new() -> None:
    usual = Usual()
    for run in range(2 * ONSETS_MIN):
        for block in range(32):
            usual.hear(run + block * 0.032, float(run), -40.0, 100.0, True)
    end = usual.end
    usual.restart()
    assert usual.end == end
    for block in range(32):
        usual.hear(100 + block * 0.032, 100.0, -20.0, 300.0, True)
    assert len(usual.level_db) < USUAL_MIN_BLOCKS
    assert usual.stands_out() == ""


# ---- a whole call ------------------------------------------------------------------

AGENT = line((25, "="), (4, "."), (30, "4"), (1, "."), (3, "="), (30, "."), (27, "#"))
CUSTOMER = line((25, "."), (4, "="), (40, "."), (20, "="))


def told(handover: str, then: str = INTRODUCTION) -> list[tuple[float, Transcript]]:
    return [
        words("agent", 0, 25, "Good morning, this is Tom, how can I help you?"),
        words("customer", 25, 29, "This is ridiculous, you are not listening to me."),
        words("agent", 29, 59, "So the first thing that we need is the number of the order."),
        words("agent", 60, 63, handover),
        words("agent", 93, 101, then),
        words("agent", 101, 120, "Now then."),
    ]


@pytest.fixture
def views(monkeypatch: pytest.MonkeyPatch) -> list[View]:
    """What every look of the policy saw."""
    seen: list[View] = []
    step = Policy.step

    def watched(policy: Policy, view: View) -> object:
        seen.append(view)
        return step(policy, view)

    monkeypatch.setattr(Policy, "step", watched)
    return seen


def at(views: list[View], t: float) -> View:
    return next(view for view in views if view.t >= t)


def test_the_next_agent_is_not_measured_by_the_one_before(views: list[View]) -> None:
    play(call(), heard(AGENT, CUSTOMER), told(HANDOVER))
    before, after = at(views, 92.0), at(views, 104.0)
    assert before.agent_above_db is not None
    assert before.agent_pace_ratio is not None
    assert before.frustrations
    assert before.agent_turn_ends
    assert after.agent_above_db is None, "louder than the one before: known after 10 s"
    assert after.agent_pace_ratio is None
    assert not after.frustrations
    assert not [end for end in after.agent_turn_ends if end < 93]


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("Let me have a look at it.", INTRODUCTION),
        (CONSULTS, "Hello, thank you for waiting, I have asked her and she will allow it."),
        (CONSULTS, "Hi, thanks for holding. So I spoke with the supervisor just now."),
        (CONSULTS, "Hello, are you still there?"),
        (CONSULTS, "Hello? Mr Smith?"),
        (CONSULTS, "Hi, it's Tom again, sorry about that."),
        (CONSULTS, "Okay, good morning then, where were we?"),
        (CONSULTS, "Hello. She says that I can put you through to billing."),
    ],
)
def test_the_same_agent_who_comes_back_is(views: list[View], before: str, then: str) -> None:
    play(call(), heard(AGENT, CUSTOMER), told(before, then))
    before_it, after = at(views, 92.0), at(views, 104.0)
    assert after.agent_above_db is not None
    assert after.agent_above_db > 3.0
    assert after.agent_pace_ratio is not None
    assert set(before_it.agent_turn_ends) <= set(after.agent_turn_ends)
    assert after.frustrations == before_it.frustrations


def test_what_the_next_agent_does_in_the_introduction_is_theirs(views: list[View]) -> None:
    said = told(HANDOVER, "Hello Mr Smith, this is Martha speaking.")
    said[2] = words("agent", 29, 59, "So, Mr Smith, the first thing is the number of the order.")
    play(call(customer=Person(name="John Smith")), heard(AGENT, CUSTOMER), said)
    assert at(views, 92.0).name_used == (29.0,)
    assert at(views, 104.0).name_used == (93.0,)
