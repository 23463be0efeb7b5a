"""Does a nudge do any good? Moods after nudges that were shown, against those held out at random.

The naive look compares the mood before and after a nudge. It flatters every nudge: one opens
when frustration is high, and what is high falls by itself. With ``nudges.hold_out`` chance
decides whether a nudge that is needed is shown, everything else being equal; so what is left
between the two is what showing it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from monitor import schema
from monitor.events import CALL_EVENT, CallStarted, NudgeEffect
from monitor.opportunities import EFFECT_AFTER_S
from monitor.score.figures import Interval, interval
from monitor.store import Store

F64 = NDArray[np.float64]

LEAST_EACH: Final = 20
"""Shown, and held out, before anything is said. In 1000 simulated studies each (skewed changes,
calls that differ, a tenth to half held out) a 95 % interval held the truth in 81-87 % with 5
held out, in 90 % with 10, in 92-95 % from 20 on."""
DRAWS: Final = 2000
AT_ONCE: Final = 100
"""Draws made together: a year of calls times all of them would not fit into memory."""
SEED: Final = 20

Verdict = Literal["calmer", "more_upset", "no_difference", "too_few", "no_hold_out"]


@dataclass(frozen=True, slots=True)
class Observed:
    """One nudge that was shown, or held out, and the customer's mood a minute later."""

    call_id: str
    policy: str  # its hash
    nudge: str
    held_out: bool
    change: float  # of the mood; below 0: calmer
    given: bool  # the agent did what it asks for


@dataclass(frozen=True, slots=True)
class Effect:
    """``difference`` is the mean change when shown less that when held out, compared within
    each policy and nudge; below 0: showing it leaves the customer calmer."""

    nudge: str | None
    """None: all of them."""
    calls: int
    shown: int
    held_out: int
    change_shown: float | None
    change_held_out: float | None
    given_shown: float | None
    given_held_out: float | None
    difference: float | None
    interval: Interval | None
    """95 %, by the bootstrap over calls."""
    verdict: Verdict


def observed(store: Store, since: datetime | None = None) -> list[Observed]:
    """From the stored calls that began at or after ``since``. Only policies that held something
    out: what was shown under another was not drawn by the same lot. Nudges for the agent only
    are left out, and so are calls that ended within the minute."""
    calls, events = schema.calls, schema.events
    wanted = [CallStarted.model_fields["type"].default, NudgeEffect.model_fields["type"].default]
    query = (
        sa.select(events.c.body)
        .join(calls, calls.c.call_id == events.c.call_id)
        .where(events.c.type.in_(wanted))
        .order_by(calls.c.started_s, events.c.call_id, events.c.seq)
    )
    if since is not None:
        query = query.where(calls.c.started_s >= since.timestamp())
    return of_events(CALL_EVENT.validate_json(row.body) for row in store.read(query))


def of_events(told: Iterable[CallStarted | NudgeEffect]) -> list[Observed]:
    """The same from events: each call's start, then its effects."""
    found: list[Observed] = []
    policies: dict[str, str] = {}
    for event in told:
        if isinstance(event, CallStarted):
            policies[event.call_id] = event.policy
        elif _counts(event):
            found.append(
                Observed(
                    call_id=event.call_id,
                    policy=policies.get(event.call_id, ""),
                    nudge=event.nudge,
                    held_out=event.arm == "held_out",
                    change=event.mood_after - event.mood_before,
                    given=event.followed,
                )
            )
    drawing = {one.policy for one in found if one.held_out}
    return [one for one in found if one.policy in drawing]


def _counts(effect: NudgeEffect) -> bool:
    """Shown or held out by the lot, and measured to the end."""
    whole = effect.after_s >= EFFECT_AFTER_S
    return bool(effect.opportunity) and effect.arm != "not_shown" and whole and not effect.private


def effects(found: Sequence[Observed]) -> list[Effect]:
    """Of all nudges together first, then of each, by name."""
    names = sorted({one.nudge for one in found})
    return [
        _effect(None, found),
        *(_effect(name, [one for one in found if one.nudge == name]) for name in names),
    ]


def _effect(name: str | None, found: Sequence[Observed]) -> Effect:
    shown = [one for one in found if not one.held_out]
    held = [one for one in found if one.held_out]
    difference: float | None = None
    bounds: Interval | None = None
    verdict: Verdict = "too_few" if held else "no_hold_out"
    if min(len(shown), len(held)) >= LEAST_EACH:
        sums = _sums(found)
        difference = round(float(_difference(sums.sum(axis=0)[None])[0]), 4)
        bounds = interval(_drawn(sums))
        verdict = _verdict(bounds)
    return Effect(
        nudge=name,
        calls=len({one.call_id for one in found}),
        shown=len(shown),
        held_out=len(held),
        change_shown=_mean([one.change for one in shown]),
        change_held_out=_mean([one.change for one in held]),
        given_shown=_mean([one.given for one in shown]),
        given_held_out=_mean([one.given for one in held]),
        difference=difference,
        interval=bounds,
        verdict=verdict,
    )


def _verdict(bounds: Interval | None) -> Verdict:
    if bounds is None:
        return "too_few"
    low, high = bounds
    if high < 0:
        return "calmer"
    return "more_upset" if low > 0 else "no_difference"


def _sums(found: Sequence[Observed]) -> F64:
    """Shape (calls, policies and nudges, 4): of each how many were shown, the sum of their
    changes, how many were held out, the sum of theirs."""
    calls = {name: at for at, name in enumerate(sorted({one.call_id for one in found}))}
    kinds = {kind: at for at, kind in enumerate(sorted({_kind(one) for one in found}))}
    sums = np.zeros((len(calls), len(kinds), 4))
    for one in found:
        arm = 2 if one.held_out else 0
        sums[calls[one.call_id], kinds[_kind(one)], arm : arm + 2] += (1.0, one.change)
    return sums


def _kind(one: Observed) -> tuple[str, str]:
    return one.policy, one.nudge


def _difference(sums: F64) -> F64:
    """Of each row of (rows, kinds, 4): the difference of the two means within each kind, each
    weighed by what it can tell, n1 n2 / (n1 + n2) (Cochran 1954). NaN where no kind has both."""
    shown, of_shown, held, of_held = np.moveaxis(sums, -1, 0)
    both = (shown > 0) & (held > 0)
    n1, n2 = np.where(both, shown, 1.0), np.where(both, held, 1.0)
    weight = np.where(both, n1 * n2 / (n1 + n2), 0.0)
    total = weight.sum(axis=1)
    weighed = (weight * (of_shown / n1 - of_held / n2)).sum(axis=1)
    out: F64 = np.divide(weighed, total, out=np.full(len(sums), np.nan), where=total > 0)
    return out


def _drawn(sums: F64) -> F64:
    """The difference in DRAWS studies of as many calls, drawn with replacement: what happens in
    one call hangs together."""
    rng = np.random.default_rng(SEED)
    calls = len(sums)
    flat = sums.reshape(calls, -1)
    chances = np.full(calls, 1 / calls)
    studies = [
        rng.multinomial(calls, chances, size=AT_ONCE) @ flat for _ in range(DRAWS // AT_ONCE)
    ]
    return _difference(np.concatenate(studies).reshape(DRAWS, *sums.shape[1:]))


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None
