"""What was called for in a call, and what was given."""

from __future__ import annotations

from typing import Any

import pytest

import monitor.events
from monitor.events import Evidence, Opportunity, Response
from monitor.scorecard import ENOUGH, scorecard
from tests.dialogue import HURT, HURT_SAID, of, run


def needed(id_: str, nudge: str, t: float, confidence: float | None = None) -> Opportunity:
    why = Evidence(kind="words" if confidence else "interaction", t=t, text=f"why {id_}")
    title = nudge.replace("_", " ").capitalize()
    return Opportunity(id=id_, t=t, nudge=nudge, title=title, evidence=[why], confidence=confidence)


def answered(id_: str, outcome: str, t: float = 99.0, **more: Any) -> Response:
    return Response.model_validate({"id": id_, "nudge": "x", "t": t, "outcome": outcome} | more)


def test_each_technique_has_its_line_and_each_case_its_time() -> None:
    (line,) = scorecard(
        ["own_it"],
        [needed(f"p{k}", "own_it", 10.0 * k) for k in range(1, 5)],
        [
            answered("p1", "given", 12.0),
            answered("p2", "given", 25.0, prompted=True),
            answered("p3", "missed", 90.0),
            answered("p4", "call_ended", 95.0),
        ],
    )
    assert (line.needed, line.unprompted, line.prompted, line.missed) == (4, 1, 1, 1)
    assert [(c.t, c.outcome, c.answered_t, c.why) for c in line.cases] == [
        (10.0, "unprompted", 12.0, "why p1"),
        (20.0, "prompted", 25.0, "why p2"),
        (30.0, "missed", None, "why p3"),
        (40.0, "call_ended", None, "why p4"),
    ]


def test_what_was_taken_back_or_is_still_open_or_not_listed_does_not_count() -> None:
    told = [needed("p1", "own_it", 10), needed("p2", "own_it", 20), needed("p3", "praise", 30)]
    answers = [answered("p1", "retracted"), answered("p3", "given")]
    assert scorecard(["own_it"], told, answers) == []


def test_the_most_needed_first() -> None:
    told = [needed(f"p{k}", name, k) for k, name in enumerate(("a", "b", "b", "c"))]
    lines = scorecard(["a", "b", "c"], told, [answered(one.id, "missed") for one in told])
    assert [line.nudge for line in lines] == ["b", "a", "c"]


def test_few_cases_say_nothing_of_how_often() -> None:
    def enough(missed: int, ended: int) -> bool:
        told = [needed(f"p{k}", "own_it", k) for k in range(missed + ended)]
        outcomes = ["missed"] * missed + ["call_ended"] * ended
        answers = [answered(f"p{k}", outcome) for k, outcome in enumerate(outcomes)]
        (line,) = scorecard(["own_it"], told, answers)
        return line.enough

    assert enough(ENOUGH, 0)
    assert not enough(ENOUGH - 1, 3), "a call that ended first tells nothing"


def test_how_much_of_it_rests_on_words_and_how_sure_they_are() -> None:
    told = [
        needed("p1", "own_it", 1, 0.9),
        needed("p2", "own_it", 2, 0.6),
        needed("p3", "own_it", 3),
    ]
    (line,) = scorecard(["own_it"], told, [answered(one.id, "given") for one in told])
    assert (line.by_words, line.confidence) == (2, 0.75)


@pytest.mark.parametrize("name", ["Technique", "TechniqueCase"])
def test_nothing_on_it_is_a_number_to_rank_people_by(name: str) -> None:
    """Counts of what was asked for and done; no total, no share, no mark."""
    numbers = {
        field
        for field, info in getattr(monitor.events, name).model_fields.items()
        if info.annotation in (int, float, float | None)
    }
    counts = {"needed", "unprompted", "prompted", "missed", "by_words", "confidence"}
    assert numbers == (counts if name == "Technique" else {"t", "answered_t"})


def test_the_report_of_a_heated_call_has_one() -> None:
    events = run(*HURT, HURT_SAID)
    report = of(events, "report")[0]
    lines = {line.nudge: line for line in report.scorecard}
    acknowledged = lines["acknowledge_first"]
    assert [case.outcome for case in acknowledged.cases] == ["prompted"]
    assert acknowledged.cases[0].answered_t == pytest.approx(35.2, abs=0.3)
    vented = lines["let_them_vent"]
    assert (vented.needed, vented.unprompted) == (2, 2)
    told = {e.id: e.t for e in reversed(of(events, "opportunity"))}
    for line in report.scorecard:
        for case in line.cases:
            assert case.t == pytest.approx(told[case.opportunity], abs=0.01)
