"""Does the agent follow? Rates with a known answer, and chance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from monitor.accommodation import (
    EXCHANGE_MIN_NUCLEI,
    EXCHANGE_MIN_S,
    LEAST_EXCHANGES,
    Exchanges,
    accommodation,
)
from monitor.events import Accommodation
from monitor.rate import Stretch, rate_of

CUSTOMER_SD = 0.2
"""Of the log rate of a customer's turns (PriMock57: 0.24, errors of the text included)."""
OWN_SD = 0.15
"""… of an agent's turns where they do not follow, and of a rate found in 4 s of speech."""


def made(count: int, follow: float, seed: int, drift: float = 0.0) -> list[tuple[float, float]]:
    """Log rates of exchanges with an agent who follows so far; ``drift``: faster than the
    customer at first by so much, at the end no more."""
    rng = np.random.default_rng(seed)
    customer = rng.normal(0, CUSTOMER_SD, count)
    agent = follow * customer + rng.normal(0, OWN_SD, count) + np.linspace(drift, 0, count)
    return list(zip((1.5 + customer).tolist(), (1.6 + agent).tolist(), strict=True))


def told(pairs: list[tuple[float, float]]) -> Accommodation:
    found = accommodation(pairs)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("follow", "verdict", "least"), [(1.0, "followed", 0.9), (-1.0, "moved_away", 0.9)]
)
def test_who_follows_and_who_does_the_opposite(follow: float, verdict: str, least: float) -> None:
    found = [told(made(25, follow, seed)) for seed in range(100)]
    assert np.mean([one.verdict == verdict for one in found]) >= least
    assert np.sign(np.mean([one.r for one in found])) == np.sign(follow)


def test_half_the_way_is_half_the_figure_or_so() -> None:
    whole, half, none = (
        np.mean([told(made(25, follow, seed)).r for seed in range(100)])
        for follow in (1.0, 0.5, 0.0)
    )
    assert none == pytest.approx(0, abs=0.05)
    assert none + 0.3 < half < whole - 0.15


def test_chance_is_called_something_as_often_as_the_interval_says() -> None:
    found = [told(made(20, 0.0, seed)) for seed in range(1000)]
    wrong = np.mean([one.verdict in ("followed", "moved_away") for one in found])
    assert 0.03 < wrong < 0.07
    assert np.mean([one.low < 0 < one.high for one in found]) == pytest.approx(1 - wrong, abs=0.01)


def test_keeping_own_pace_takes_many_exchanges_to_say() -> None:
    few, many = (
        np.mean([told(made(count, 0.0, seed)).verdict == "kept_own" for seed in range(200)])
        for count in (10, 60)
    )
    assert few < 0.2
    assert many > 0.7
    half = [told(made(60, 0.5, seed)).verdict == "kept_own" for seed in range(200)]
    assert np.mean(half) < 0.05


def test_coming_closer() -> None:
    closes = [told(made(24, 0.0, seed, drift=0.6)).closer for seed in range(100)]
    stays = [told(made(24, 0.0, seed)).closer for seed in range(400)]
    assert np.mean(closes) > 0.7
    assert np.mean(stays) < 0.05
    leaves = [pair for seed in range(5) for pair in [made(24, 0.0, seed, drift=0.6)[::-1]]]
    assert not any(told(pairs).closer for pairs in leaves)


def test_the_ratio_of_both_halves() -> None:
    early = [(math.log(4.0), math.log(6.0)), (math.log(5.0), math.log(7.5))] * 3
    late = [(math.log(4.0), math.log(4.4)), (math.log(5.0), math.log(5.5))] * 3
    found = told(early + late)
    assert (found.early_ratio, found.late_ratio, found.closer) == (1.5, 1.1, True)


def test_nothing_is_said_of_few_or_of_one_pace() -> None:
    assert accommodation(made(LEAST_EXCHANGES - 1, 1.0, 1)) is None
    assert accommodation(made(LEAST_EXCHANGES, 1.0, 1)) is not None
    assert accommodation([(1.5, 1.6)] * 20) is None
    same = told([(1.4 + 0.1 * k, 1.4 + 0.1 * k) for k in range(10)])
    assert (same.verdict, same.r) == ("followed", 1.0)


# ---- exchanges -----------------------------------------------------------------------


def paced(nuclei: float, seconds: float) -> Stretch:
    return Stretch(seconds, nuclei)


def test_an_exchange_is_a_turn_and_its_answer() -> None:
    exchanges = Exchanges()
    exchanges.said("agent", paced(20, 4))  # the greeting answers nothing
    for k in range(3):
        exchanges.said("customer", paced(16 + k, 4))
        exchanges.said("agent", paced(20, 4))
    expected = [(math.log(rate_of(16 + k, 4)), math.log(rate_of(20, 4))) for k in range(3)]
    assert exchanges.pairs() == expected


def test_what_is_too_short_waits_for_more() -> None:
    exchanges = Exchanges()
    exchanges.said("customer", paced(5, 1.2))
    exchanges.said("agent", paced(20, 4))  # the customer has no pace yet
    assert exchanges.pairs() == []
    exchanges.said("customer", paced(7, 1.8))
    exchanges.said("agent", paced(5, 1.0))  # too short for an answer …
    exchanges.said("customer", paced(8, 2.0))
    exchanges.said("agent", paced(6, 1.5))
    exchanges.said("agent", paced(6, 1.5))  # … and this one is in two parts
    exchanges.said("customer", paced(3, 1.0))
    pair = (math.log(rate_of(20, 5.0)), math.log(rate_of(12, 3.0)))
    assert exchanges.pairs() == [pytest.approx(pair)]


def test_what_the_agent_is_saying_counts_at_the_end_of_a_call() -> None:
    exchanges = Exchanges()
    assert exchanges.pairs(paced(20, 4)) == []
    exchanges.said("customer", paced(16, 4))
    assert len(exchanges.pairs(paced(20, 4))) == 1
    assert exchanges.pairs(paced(5, 4)) == exchanges.pairs() == []


@pytest.mark.parametrize(
    ("nuclei", "seconds"), [(EXCHANGE_MIN_NUCLEI - 1, 4), (20, EXCHANGE_MIN_S - 0.1)]
)
def test_both_syllables_and_seconds_must_be_enough(nuclei: float, seconds: float) -> None:
    exchanges = Exchanges()
    exchanges.said("customer", paced(16, 4))
    exchanges.said("agent", paced(nuclei, seconds))
    assert exchanges.pairs() == []
