"""Nudges for courtesy and clarity: thank them, use their name, plainer words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.nudges import plainer_words, thank_them, use_their_name
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

# ---- thank them ----------------------------------------------------------------------

COMPLAINED = with_cues(QUIET, cue("gives_feedback", 80.0))
ENDS = with_cues(QUIET, agents("goodbye", 94.0))


def test_thank_who_told_what_should_be_better() -> None:
    assert why_needed(thank_them, COMPLAINED) == "They told you: “<gives_feedback>”; no thanks yet"


def test_thank_at_the_end_of_a_call_without_a_thanks() -> None:
    assert why_needed(thank_them, ENDS) == "The call is ending, and nobody has said thanks"


def test_thank_who_was_upset_before_the_goodbye_and_lately() -> None:
    upset = replace(with_cues(QUIET, agents("closing", 94.0)), frustrations=(HURT,))
    assert need(thank_them, upset) is not None
    assert need(thank_them, with_cues(upset, agents("thanks", 20.0))) is not None
    assert need(thank_them, with_cues(upset, agents("thanks", 70.0))) is None


@pytest.mark.parametrize(
    "view",
    [
        QUIET,
        replace(COMPLAINED, words=False),
        replace(COMPLAINED, t=93.0),
        replace(COMPLAINED, t=126.0),
        replace(COMPLAINED, agent_last_speech=79.0),
        with_cues(COMPLAINED, agents("gratitude", 85.0)),
        with_cues(COMPLAINED, agents("thanks", 85.0)),
        replace(ENDS, t=105.0),
        replace(ENDS, began=80.0),
        with_cues(ENDS, agents("thanks", 10.0)),
        with_cues(QUIET, agents("closing", 94.0)),
    ],
)
def test_thank_is_not_needed(view: View) -> None:
    assert need(thank_them, view) is None


def test_thank_is_called_for_as_soon_as_they_tell() -> None:
    assert thank_them.called_for(replace(COMPLAINED, t=82.0), thank_them.THRESHOLDS)
    assert not thank_them.called_for(ENDS, thank_them.THRESHOLDS)


def test_thank_was_called_for_where_the_call_ended_with_it() -> None:
    why = called(thank_them, with_cues(ENDS, agents("thanks", 60.0)))
    assert (why and why.t) == 60.0
    assert called(thank_them, ENDS) is None
    upset = replace(with_cues(ENDS, agents("thanks", 60.0)), frustrations=(HURT,))
    assert called(thank_them, upset) is None, "too long ago for who was upset"
    assert called(thank_them, with_cues(upset, agents("thanks", 70.0))) is not None
    assert called(thank_them, replace(with_cues(ENDS, agents("thanks", 85.0)), began=80.0)) is None


def test_thank_done() -> None:
    assert done(thank_them, with_cues(QUIET, agents("gratitude", 98.0)), 96.0)
    assert not done(thank_them, with_cues(QUIET, agents("closing", 98.0)), 96.0)


TAP = (
    "A Water company, this is Kate.",
    "C The cover outside our gate has been loose since spring, and the postman nearly fell over"
    " it, and my husband put a flower pot on it, so I wanted to let you know about it.",
    "A Okay. What's the house number?",
    "C Forty one, Heron Close, and the gate is the green one on the left.",
)


def test_thank_in_a_call() -> None:
    booked = "A I have booked a repair for Tuesday."
    assert shown("thank_them", *TAP, booked, "C Good.", "A Okay then. Bye.", "C+1 Bye bye.")
    thanked = "A Thank you for telling us. Goodbye."
    assert not shown("thank_them", *TAP, thanked, "C+1 Bye bye.")
    assert by_themselves("thank_them", *TAP, thanked, "C+1 Bye bye.") == [(1, 1)]


# ---- use their name ------------------------------------------------------------------

NAMED = replace(
    QUIET,
    customer_name="Maria Lopez",
    name_since=10.0,
    customer_last_speech=98.0,
    agent_talk_s=30.0,
)


def test_name_that_was_never_said() -> None:
    assert why_needed(use_their_name, NAMED) == "Maria Lopez: not said for 90 s"


def test_name_that_has_rested_long() -> None:
    later = replace(NAMED, t=300.0, customer_last_speech=299.0, name_used=(110.0,))
    assert need(use_their_name, later) is not None
    assert need(use_their_name, replace(later, name_used=(130.0,))) is None
    assert need(use_their_name, replace(later, name_used=(20.0, 60.0, 110.0))) is None


@pytest.mark.parametrize(
    "view",
    [
        QUIET,
        replace(NAMED, words=False),
        replace(NAMED, name_since=None),
        replace(NAMED, name_since=45.0),
        replace(NAMED, name_used=(50.0,)),
        replace(NAMED, customer_last_speech=96.0),
        replace(NAMED, customer_speaking_since=99.0),
        replace(NAMED, agent_speaking_since=99.0),
        replace(NAMED, agent_words_until=90.0),
        replace(NAMED, agent_talk_s=5.0),
        replace(NAMED, began=60.0, name_since=0.0),
    ],
)
def test_name_is_not_needed(view: View) -> None:
    assert need(use_their_name, view) is None


def test_name_is_called_for_once_it_is_known_and_could_be_said() -> None:
    for used in ((), (12.0,)):
        why = called(use_their_name, replace(NAMED, name_used=used))
        assert (why and why.t) == 10.0
    assert called(use_their_name, replace(NAMED, agent_talk_s=5.0)) is None
    assert called(use_their_name, replace(NAMED, name_since=None)) is None
    assert called(use_their_name, replace(NAMED, words=False)) is None


def test_name_done() -> None:
    how = how_done(use_their_name, replace(NAMED, name_used=(97.0,)), 95.0)
    assert how == "You said their name 2 s later"
    assert done(use_their_name, replace(NAMED, name_used=(90.0,)), 95.0) is None


COLD = (
    "A Heating helpline, good evening, how can I help you tonight?",
    "C It's Denise Walker. This is ridiculous, I have told you three times, we have no heating.",
    "A I see, so there is no heating at all. What does the pressure dial say at the moment?",
    "C It is right down near zero, and the little red flame is on, as I told the last person.",
    "A And underneath the boiler, is it dry there, or do you see any water on the floor?",
    "C No, it is bone dry, I put a tea towel down, just in case, and nothing came of it.",
    "A There is a thin silver hose underneath. Could you turn the lever on it very gently?",
    "C I am kneeling down now. There is one lever, and it is rather stiff, but it has moved.",
)
"""More than a minute; who calls says their name at the start of it."""


def test_name_in_a_call() -> None:
    back = "A Then put it back, {}and look at the dial again for me, it should have gone up now."
    more = (
        "C It has not moved at all. I am losing all patience with this thing, honestly I am.",
        "A I see, so the valve must be stuck in there, and that is why it cannot fill up.",
        "C+1 Hello?",
    )
    assert shown("use_their_name", *COLD, back.format(""), *more)
    assert not shown("use_their_name", *COLD, back.format("Mrs. Walker, "), *more)
    named = back.format("Mrs. Walker, ")
    assert by_themselves("use_their_name", *COLD, named, *more) == [(1, 1)]
    assert by_themselves("use_their_name", *COLD, back.format(""), *more) == [(1, 0)]


# ---- plainer words -------------------------------------------------------------------

TERM = with_cues(QUIET, agents("jargon", 85.0), cue("confused", 96.0))


def test_plainer_after_a_term_of_the_trade() -> None:
    assert why_needed(plainer_words, TERM) == "They asked “<confused>” after your “<jargon>”"


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("Your D N S is probably down.", "D N S"),
        ("Check the MTU on it.", "MTU"),
        ("It is on at 8 AM on TV in the UK.", None),
        ("Is it OK with you?", None),
    ],
)
def test_plainer_after_an_abbreviation(text: str, term: str | None) -> None:
    view = replace(with_cues(QUIET, cue("confused", 96.0)), said=(said("agent", 85.0, text),))
    why = need(plainer_words, view)
    assert (why is not None) is (term is not None)
    assert term is None or (why is not None and f"“{term}”" in why.text)


@pytest.mark.parametrize(
    "view",
    [
        replace(TERM, words=False),
        replace(TERM, t=112.0),
        with_cues(QUIET, cue("confused", 96.0)),
        with_cues(QUIET, agents("jargon", 85.0)),
        with_cues(QUIET, agents("jargon", 60.0), cue("confused", 96.0)),
        with_cues(QUIET, agents("jargon", 97.0), cue("confused", 96.0)),
    ],
)
def test_plainer_is_not_needed(view: View) -> None:
    assert need(plainer_words, view) is None


def test_plainer_done() -> None:
    assert done(plainer_words, with_cues(TERM, agents("rephrases", 98.0)), 96.0)
    plain = said("agent", 97.0, "It is the little box on the wall behind your television.")
    how = how_done(plainer_words, replace(QUIET, said=(plain,)), 96.0)
    assert how == "You said: “It is the little box on the wall …”"
    assert not done(plainer_words, replace(QUIET, said=(said("agent", 97.0, "Hm."),)), 96.0)
    again = said("agent", 97.0, "You flush the DNS and then you check it once more.")
    assert not done(plainer_words, replace(QUIET, said=(again,)), 96.0)


WORK = ("A Service desk, good morning.", "C The little padlock at my work thing is not green.")


def test_plainer_in_a_call() -> None:
    dns = "A Okay, so you have to flush the DNS on the adapter."
    assert shown("plainer_words", *WORK, dns, "C Sorry, what does that mean?", "A+2 Hm.")
    box = "A Okay, so you have to turn the box off and on."
    assert not shown("plainer_words", *WORK, box, "C Sorry, what does that mean?", "A+2 Hm.")
