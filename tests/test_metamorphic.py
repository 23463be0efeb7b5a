"""What a change of the input must, and must not, change in the events."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from monitor.ear import Heard
from monitor.events import Event, other
from tests.dialogue import CALM, CALM_SAID, HURRIED, HURT, HURT_SAID, TALK_OVER, call, of, play
from tests.scores import heard

CALLS = {
    "calm": (CALM, CALM_SAID),
    "talk over": (TALK_OVER, []),
    "hurried": (HURRIED, []),
    "hurt": (HURT, HURT_SAID),
}


def louder(sound: Heard, agent_db: float, customer_db: float) -> Heard:
    fields: dict[str, Any] = {name: getattr(sound, name) for name in sound.__slots__}
    by = np.array([[agent_db], [customer_db]], np.float32)
    return Heard(**fields | {"level_db": sound.level_db + by})


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("gain", [(6, 6), (-6, -6), (6, 0), (0, 6), (-6, 0), (0, -6)])
def test_a_gain_changes_no_nudge(name: str, gain: tuple[float, float]) -> None:
    score, said = CALLS[name]
    kinds = ("nudge.opened", "nudge.closed", "alert.raised", "alert.cleared")
    expected = play(call(), heard(*score), said)
    got = play(call(), louder(heard(*score), *gain), said)
    same(strip(of(got, *kinds)), strip(of(expected, *kinds)))


def strip(events: list[Event]) -> list[dict[str, Any]]:
    return [event.model_dump(exclude={"seq"}) for event in events]


SHIFT_BLOCKS = 930
"""A multiple of everything the call counts in blocks (5, 6 and 62)."""


@pytest.mark.parametrize("name", CALLS)
def test_silence_before_shifts_every_time(name: str) -> None:
    score, said = CALLS[name]
    sound = heard(*score)
    shift_s = SHIFT_BLOCKS * 0.032
    silence = heard("." * 298).part(0, SHIFT_BLOCKS)
    assert silence.blocks == SHIFT_BLOCKS
    names = sound.__slots__
    later = Heard(
        *(np.concatenate([getattr(silence, n), getattr(sound, n)], axis=1) for n in names)
    )
    said_later = [
        (at + shift_s, tr.model_copy(update={"t0": tr.t0 + shift_s, "t1": tr.t1 + shift_s}))
        for at, tr in said
    ]
    kinds = (
        "turn", "overlap", "dead_air", "words", "cue", "mood", "alert.raised", "alert.cleared",
        "nudge.opened", "nudge.closed", "nudge.effect", "opportunity", "response",
    )  # fmt: skip
    expected = of(play(call(), sound, said), *kinds)
    got = of(play(call(), later, said_later), *kinds)
    assert expected
    same(strip(got), shifted(strip(expected), shift_s))


TIMES = {"t", "t0", "t1"}


def shifted(value: Any, by_s: float) -> Any:
    if isinstance(value, dict):
        return {
            key: item + by_s if key in TIMES else shifted(item, by_s) for key, item in value.items()
        }
    if isinstance(value, list):
        return [shifted(item, by_s) for item in value]
    return value


def same(a: Any, b: Any) -> None:
    """Equal but for ids, and for one look at the call (0.16 s): the gate may hear an onset
    a block later above another noise floor."""
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            if key != "id":
                same(a[key], b[key])
    elif isinstance(a, list):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    elif isinstance(a, float):
        assert math.isclose(a, b, abs_tol=0.17)
    else:
        assert a == b


@pytest.mark.parametrize("name", ["calm", "talk over", "hurt"])
def test_swapped_channels_swap_the_roles(name: str) -> None:
    score, _ = CALLS[name]
    sound = heard(*score)
    swapped = Heard(*(getattr(sound, n)[::-1] for n in sound.__slots__))
    expected, got = play(call(), sound), play(call(), swapped)
    turns = [(e.party, e.t0, e.t1, e.fto_s) for e in of(expected, "turn")]
    assert turns
    assert [(other(e.party), e.t0, e.t1, e.fto_s) for e in of(got, "turn")] == turns
    overlaps = [(e.by, e.t0, e.t1, e.score, ROLES[e.kind]) for e in of(expected, "overlap")]
    assert [(other(e.by), e.t0, e.t1, e.score, e.kind) for e in of(got, "overlap")] == overlaps
    before, after = of(expected, "report")[0], of(got, "report")[0]
    assert (after.agent, after.customer) == (before.customer, before.agent)


ROLES = {
    "talk_over": "interruption",
    "interruption": "talk_over",
    "terminal": "terminal",
    "backchannel": "backchannel",
}
"""The same overlap is talk-over when the agent comes in, an interruption when the customer does."""
