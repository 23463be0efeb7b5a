"""Every alert is explained, and the explanation is why: without what it names there is no alert."""

from __future__ import annotations

import pytest

from monitor.events import AlertRaised, Event, Evidence, Transcript
from tests.dialogue import HURT, HURT_SAID, call, line, of, play, words
from tests.scores import heard

Score = tuple[str, str]
Said = list[tuple[float, Transcript]]

LATE_HURT: Score = (
    line((3, "="), (80, "."), (3, "="), (6, "."), (3, "=")) + "." * 400,
    line((3.5, "."), (30, "="), (3, "."), (30, "="), (17, "."), (5, "="), (4, "."), (30, "=")),
)
"""A minute of calm talk, then they raise their voice and say so."""
LATE_LOUD: Score = (LATE_HURT[0], LATE_HURT[1][:835] + LATE_HURT[1][835:].replace("=", "#"))
LATE_SAID: Said = [
    words("agent", 0, 3, "Hello, how can I help you today?"),
    words("customer", 84, 89, "This is ridiculous, nobody ever calls me back."),
    words("agent", 89, 92, "One moment please."),
]
CASES: dict[str, tuple[Score, Said]] = {
    "words": (HURT, list(HURT_SAID)),
    "voice and words": (LATE_LOUD, LATE_SAID),
}


def alerts(score: Score, said: Said) -> list[AlertRaised]:
    events: list[Event] = play(call(), heard(*score), said)
    return of(events, "alert.raised")


def without(score: Score, said: Said, reasons: list[Evidence]) -> tuple[Score, Said]:
    """The same call had the customer not said these things, nor sounded so."""
    agent, customer = score
    for reason in reasons:
        if reason.kind == "words":
            said = [
                (at, tr)
                for at, tr in said
                if not (tr.party == "customer" and tr.t0 - 0.1 <= reason.t <= tr.t1 + 0.1)
            ]
        elif reason.kind == "voice":
            customer = customer.replace("#", "=").replace("^", "=")
    return (agent, customer), said


@pytest.mark.parametrize("case", CASES)
def test_an_alert_names_its_reasons_with_their_times(case: str) -> None:
    raised = alerts(*CASES[case])
    assert raised
    for alert in raised:
        assert 1 <= len(alert.reasons) <= 3
        assert {reason.kind for reason in alert.reasons} == set(case.split(" and "))
        for reason in alert.reasons:
            assert 0 <= reason.t <= alert.t
            assert reason.text
            assert reason.value > 0


@pytest.mark.parametrize("case", CASES)
def test_without_what_it_names_there_is_no_alert(case: str) -> None:
    score, said = CASES[case]
    first = alerts(score, said)[0]
    score, said = without(score, said, first.reasons)
    assert not [alert for alert in alerts(score, said) if alert.t <= first.t]


@pytest.mark.parametrize("case", CASES)
def test_without_what_it_does_not_name_there_is_still_one(case: str) -> None:
    """The test above could not tell an alert from a call that never had one."""
    score, said = CASES[case]
    first = alerts(score, said)[0]
    kept = [(at, tr) for at, tr in said if any(tr.t0 - 0.1 <= r.t <= tr.t1 for r in first.reasons)]
    agent = play(call(), heard(*score), kept)
    assert [alert.t for alert in of(agent, "alert.raised")][:1] == [first.t]
