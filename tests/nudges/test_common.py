"""What several nudges ask of a view."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.nudges._common import (
    WORDS_LAG_S,
    agent_had_a_chance,
    agent_said,
    agent_words,
    agent_words_known,
    taken_up,
)
from monitor.view import View
from monitor.wording import stem
from tests.nudges.views import said

TH = {"turns": 2.0, "within_s": 12.0, "spoken_by_agent_s": 1.0}
SPOKE = View(
    t=93.0,
    agent_turn=(84.0, 3.0),
    agent_turn_ends=(88.0,),
    agent_last_speech=90.0,
    agent_words_until=90.0,
)


def test_a_chance_is_a_turn_and_some_time_or_two_turns() -> None:
    assert agent_had_a_chance(SPOKE, 80.0, TH)
    assert not agent_had_a_chance(replace(SPOKE, agent_turn_ends=(88.0, 90.0)), 87.5, TH)
    assert agent_had_a_chance(replace(SPOKE, agent_turn_ends=(88.0, 90.0)), 84.0, TH)


@pytest.mark.parametrize(
    "change",
    [
        {"t": 91.0},
        {"agent_last_speech": None},
        {"agent_last_speech": 79.0},
        {"agent_speaking_since": 92.0},
        {"agent_words_until": 85.0},
        {"agent_turn": None, "agent_turn_ends": ()},
    ],
)
def test_no_chance_yet(change: dict[str, Any]) -> None:
    assert not agent_had_a_chance(replace(SPOKE, **change), 80.0, TH)


def test_words_are_known_once_they_came_or_never_will() -> None:
    assert agent_words_known(View(t=5.0))
    assert agent_words_known(SPOKE)
    behind = replace(SPOKE, agent_words_until=85.0)
    assert not agent_words_known(behind)
    assert agent_words_known(replace(behind, t=90.0 + WORDS_LAG_S))


def test_what_the_agent_said_and_took_up() -> None:
    told = said("customer", 10.0, "And my delivery was late, by the way.")
    view = View(
        t=60.0,
        said=(
            said("agent", 5.0, "One moment please."),
            told,
            said("agent", 20.0, "The deliveries are late this week, sorry."),
        ),
    )
    assert [one.t0 for one in agent_said(view, 5.0, until=20.0)] == [5.0]
    assert agent_words(view, 6.0) == 7
    assert taken_up(view, told.telling, 10.0) == {"deliver", "late"}
    assert taken_up(view, told.telling, 21.0) == frozenset()


@pytest.mark.parametrize(
    "words",
    [
        ("bill", "bills", "billed", "billing"),
        ("charge", "charges", "charged", "charging"),
        ("delivery", "deliveries", "delivered"),
        ("refund", "refunds", "refunded"),
        ("address", "addresses"),
        ("fee", "fees"),
        ("ship", "shipping"),
    ],
)
def test_one_stem_for_all_endings(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


def test_different_words_keep_different_stems() -> None:
    words = ("card", "car", "bill", "boiler", "phone", "refund", "router", "password", "payment")
    assert len({stem(word) for word in words}) == len(words)
