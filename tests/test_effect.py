"""Whether showing a nudge does any good, from nudges held out at random."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.config import StoreSettings
from monitor.effect import LEAST_EACH, Effect, effects, observed, of_events
from monitor.events import CallEnded, CallStarted, Event, NudgeEffect
from monitor.store import Store

POLICY = "0123456789ab"


def call(call_id: str, *told: NudgeEffect, policy: str = POLICY, day: int = 1) -> list[Event]:
    started = CallStarted(
        call_id=call_id,
        seq=1,
        started_at=f"2026-01-{day:02d}T10:00:00+00:00",
        source="wav",
        policy=policy,
    )
    after = [e.model_copy(update={"call_id": call_id, "seq": k + 2}) for k, e in enumerate(told)]
    ended = CallEnded(call_id=call_id, seq=len(told) + 2, reason="completed", duration_s=300)
    return [started, *after, ended]


def told(nudge: str, change: float, arm: str = "shown", **more: Any) -> NudgeEffect:
    return NudgeEffect.model_validate(
        {
            "id": "n1" if arm == "shown" else "",
            "nudge": nudge,
            "followed": arm == "shown",
            "mood_before": 4.0,
            "mood_after": 4.0 + change,
            "opportunity": "p1",
            "arm": arm,
        }
        | more
    )


def study(seed: int, effect: float, calls: int = 200, held: float = 0.3) -> list[Event]:
    """Calls that differ, moods that fall by themselves with a tail of those that rise; showing
    a nudge changes them by ``effect``. Two nudges, one of them in calls that fall less."""
    rng = np.random.default_rng(seed)
    found: list[Event] = []
    for number in range(calls):
        own = rng.normal(-0.8, 0.7)
        effects = []
        for _ in range(1 + rng.poisson(0.8)):
            nudge = ("let_them_vent", "own_it")[int(rng.random() < 0.4)]
            arm = "held_out" if rng.random() < held else "shown"
            change = own + rng.gamma(2.0, 0.8) - 1.6 + (0.9 if nudge == "own_it" else 0.0)
            effects.append(told(nudge, change + (effect if arm == "shown" else 0.0), arm))
        found += call(f"c{number}", *effects)
    return found


def of_study(events: list[Event]) -> list[Effect]:
    return effects(of_events(e for e in events if isinstance(e, CallStarted | NudgeEffect)))


@pytest.mark.parametrize("planted", [-0.6, 0.0, 0.5])
def test_a_planted_effect_lies_in_its_interval_as_often_as_it_should(planted: float) -> None:
    """In 60 studies a 95 % interval fails 3 times; more than 8 has a chance of one in 200."""
    missed = 0
    verdicts: list[str] = []
    for seed in range(60):
        overall = of_study(study(seed, planted, calls=120))[0]
        assert overall.interval is not None
        low, high = overall.interval
        missed += not low <= planted <= high
        verdicts.append(overall.verdict)
    assert missed <= 8
    wanted = {-0.6: "calmer", 0.0: "no_difference", 0.5: "more_upset"}[planted]
    assert verdicts.count(wanted) >= 45
    if planted == 0:
        assert verdicts.count("calmer") <= 6


def test_overall_and_each_nudge_near_the_truth() -> None:
    found = of_study(study(1, -0.6, calls=1500))
    assert [one.nudge for one in found] == [None, "let_them_vent", "own_it"]
    for one in found:
        assert one.difference == pytest.approx(-0.6, abs=0.15)
        assert one.verdict == "calmer"
    assert found[0].shown == found[1].shown + found[2].shown
    assert (found[0].given_shown, found[0].given_held_out) == (1.0, 0.0)


def test_another_mix_of_nudges_is_no_effect() -> None:
    """One policy holds out much and meets angry callers: pooled, that would look like harm."""
    rng = np.random.default_rng(3)
    events: list[Event] = []
    for number in range(400):
        angry = number % 2 == 0
        held = rng.random() < (0.5 if angry else 0.05)
        change = (-1.5 if angry else 0.5) + rng.normal(0, 0.3)
        policy = "angry" if angry else "calm"
        arm = "held_out" if held else "shown"
        events += call(f"c{number}", told("own_it", change, arm), policy=policy)
    overall = of_study(events)[0]
    assert overall.change_shown is not None
    assert overall.change_held_out is not None
    assert overall.change_shown - overall.change_held_out > 0.5
    assert overall.difference == pytest.approx(0.0, abs=0.15)


def test_few_are_said_to_be_few() -> None:
    events = study(1, -3.0, calls=20, held=0.2)
    overall, *each = of_study(events)
    assert overall.held_out < LEAST_EACH
    assert {one.verdict for one in (overall, *each)} == {"too_few"}
    assert (overall.difference, overall.interval) == (None, None)


def test_nothing_held_out_nothing_known() -> None:
    (overall,) = of_study(study(1, -3.0, held=0.0))
    assert overall == Effect(None, 0, 0, 0, None, None, None, None, None, None, "no_hold_out")


def test_only_what_the_lot_decided_counts() -> None:
    fair = [told("own_it", -1.0), told("own_it", -1.0, "held_out")]
    unfair = [
        told("own_it", 5.0, "not_shown"),
        told("own_it", 5.0, after_s=31.0),
        told("own_it", 5.0, opportunity=""),
        told("own_it", 5.0, private=True),
    ]
    events = [*call("c1", *fair, *unfair), *call("c2", told("own_it", 5.0), policy="no lot")]
    overall = of_study(events)[0]
    assert (overall.shown, overall.held_out, overall.calls) == (1, 1, 1)
    assert overall.change_shown == overall.change_held_out == -1.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(StoreSettings(data_dir=tmp_path))
    store.open()
    yield store
    store.close()


def test_from_stored_calls_since_a_day(store: Store) -> None:
    for day in (1, 5, 9):
        change = float(day)
        both = told("own_it", change), told("own_it", -change, "held_out")
        for event in call(f"c{day}", *both, day=day):
            store.event(event)
    store.flush()
    assert len(observed(store)) == 6
    later = observed(store, datetime(2026, 1, 5, tzinfo=UTC))
    assert sorted(one.change for one in later) == [-9.0, -5.0, 5.0, 9.0]
