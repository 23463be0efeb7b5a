"""Speech, turns, frustration and nudges against their references; constructed calls."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.events import (
    AlertCleared,
    AlertRaised,
    Mood,
    MoodLevel,
    NudgeOpened,
    Turn,
)
from monitor.score import ScoreError, activity, bars, frustration, nudges, turns
from monitor.score.reference import NudgeRef, Reference, Span, TurnRef
from monitor.score.spans import Stretch, one_to_one, shared_s

# ---- spans ---------------------------------------------------------------------------


def test_those_that_share_most_are_paired_first() -> None:
    left = [Stretch(0, 10), Stretch(10, 20)]
    right = [Stretch(8, 19), Stretch(0, 1)]
    assert one_to_one(left, right, 0.0, lambda a, b: True) == [(0, 1), (1, 0)]
    assert shared_s(Stretch(0, 1), Stretch(3, 4)) == -2


# ---- speech --------------------------------------------------------------------------


def test_missed_and_false_speech_outside_the_collar() -> None:
    found = activity.compare([Stretch(10, 20)], [Stretch(12, 23)], duration_s=60)
    assert found.missed_s == pytest.approx(1.9)
    assert found.false_s == pytest.approx(2.9)
    assert found.speech_s == pytest.approx(9.8)
    assert found.silence_s == pytest.approx(49.8)
    figures = activity.figures([found])
    assert figures is not None
    assert figures.missed == pytest.approx(1.9 / 9.8, abs=1e-4)
    assert figures.false_s_per_h == pytest.approx(2.9 / 49.8 * 3600, abs=0.1)


def test_a_tenth_of_a_second_at_an_edge_is_no_error() -> None:
    found = activity.compare([Stretch(10, 20)], [Stretch(9.91, 20.09)], duration_s=60)
    assert (found.missed_s, found.false_s) == (0, 0)


def test_short_pauses_are_speech_on_both_sides() -> None:
    found = activity.compare([Stretch(1, 9)], [Stretch(1, 4), Stretch(4.19, 9)], duration_s=10)
    assert found.missed_s == 0
    found = activity.compare([Stretch(1, 9)], [Stretch(1, 4), Stretch(4.3, 9)], duration_s=10)
    assert found.missed_s == pytest.approx(0.3)


def reference(**parts: Any) -> Reference:
    return Reference.model_validate(parts)


SPOKEN: dict[str, Any] = {
    "turns": [{"party": "agent", "t0": 0, "t1": 9}],
    "words": [
        {"party": "agent", "t0": 0, "t1": 1, "text": "so"},
        {"party": "agent", "t0": 1.1, "t1": 2, "text": "then"},
    ],
    "speech": [{"party": "customer", "t0": 0, "t1": 1}],
    "overlaps": [{"kind": "backchannel", "by": "customer", "t0": 4, "t1": 5}],
}


@pytest.mark.parametrize(
    ("left_out", "source", "agent", "customer"),
    [
        ([], "speech", [], [(0, 1)]),
        (["speech"], "words", [(0, 2)], []),
        (["speech", "words"], "turns", [(0, 9)], [(4, 5)]),
    ],
)
def test_speech_is_taken_from_the_best_that_is_annotated(
    left_out: list[str], source: str, agent: list[Any], customer: list[Any]
) -> None:
    parts = {key: part for key, part in SPOKEN.items() if key not in left_out}
    assert activity.speech_of(reference(**parts)) == (
        source,
        {"agent": agent, "customer": customer},
    )


def test_from_turns_nothing_is_missed_since_pauses_stand_in_them() -> None:
    found = activity.compare([Stretch(1, 9)], [Stretch(12, 13)], 20, pauses_known=False)
    assert found.missed_s is None
    assert found.false_s == pytest.approx(1.0)
    figures = activity.figures([found])
    assert figures is not None
    assert figures.missed_s is None
    assert figures.missed is None


def test_no_speech_at_all_annotated() -> None:
    assert activity.speech_of(reference(frustration=[])) is None


# ---- turns ---------------------------------------------------------------------------


def test_turns_begin_alike_and_gaps_are_compared() -> None:
    annotated = [
        TurnRef(party="agent", t0=0, t1=4),
        TurnRef(party="customer", t0=5, t1=9),
        TurnRef(party="agent", t0=9.2, t1=12),
    ]
    found = [
        Turn(party="agent", t0=0.1, t1=4),
        Turn(party="customer", t0=5.4, t1=9, fto_s=1.4),
        Turn(party="agent", t0=9.9, t1=12, fto_s=0.9),
    ]
    compared = turns.compare(annotated, found)
    assert compared.boundaries == 2, "0.7 s off is another change of floor"
    assert compared.fto_errors_s == pytest.approx([0.4])
    figures = turns.figures([compared])
    assert figures is not None
    assert figures.recall == pytest.approx(2 / 3, abs=1e-4)
    assert figures.begin_error_s == pytest.approx(0.25)
    assert figures.fto_error_s == pytest.approx(0.4)


def test_the_wrong_party_takes_no_floor() -> None:
    compared = turns.compare(
        [TurnRef(party="agent", t0=0, t1=4)], [Turn(party="customer", t0=0, t1=4)]
    )
    assert compared.boundaries == 0


# ---- frustration ---------------------------------------------------------------------

CALL_S = 600.0


def mood(t: float, level: MoodLevel) -> Mood:
    return Mood(t=t, score=3.0, level=level)


def test_when_signals_are_on() -> None:
    moods = [mood(5, "calm"), mood(10, "watch"), mood(20, "alert"), mood(30, "calm")]
    alerts = [
        AlertRaised(t=20, id="a1", kind="rising", score=4, reasons=[]),
        AlertCleared(t=29, id="a1", lasted_s=9),
        AlertRaised(t=500, id="a2", kind="rising", score=4, reasons=[]),
    ]
    assert frustration.on_times(moods, alerts, CALL_S) == {
        "watch": [(10, 30)],
        "alert": [(20, 29), (500, 600)],
    }


def signal(spans: list[tuple[float, float]], on: list[Stretch]) -> frustration.CallSignal:
    return frustration.compare([Span(t0=t0, t1=t1) for t0, t1 in spans], on, CALL_S)


@pytest.mark.parametrize(
    ("on", "delay"),
    [
        ([Stretch(110, 130)], 10.0),
        ([Stretch(160, 170)], 60.0),
        ([Stretch(98.5, 130)], 0.0),
    ],
)
def test_frustration_seen_in_time(on: list[Stretch], delay: float) -> None:
    found = signal([(100, 105)], on)
    assert [seen[1] for seen in found.seen] == [delay]
    assert not found.false


@pytest.mark.parametrize(
    "on", [[], [Stretch(161, 170)], [Stretch(40, 60)]], ids=["never", "too late", "before"]
)
def test_frustration_missed(on: list[Stretch]) -> None:
    found = signal([(100, 105)], on)
    assert len(found.missed) == 1
    assert found.false == on


def test_one_alert_that_stays_on_sees_two_spans_and_one_without_any_is_false() -> None:
    found = signal([(100, 105), (120, 130)], [Stretch(104, 140), Stretch(300, 310)])
    assert [delay for _, delay in found.seen] == [4.0, 0.0]
    assert found.false == [(300, 310)]


def test_figures_of_calm_calls() -> None:
    calls = [signal([], []), signal([], [Stretch(10, 20), Stretch(50, 60)]), signal([(9, 10)], [])]
    found = frustration.figures(calls)
    assert found is not None
    assert (found.calm_calls, found.false_per_calm_call, found.calm_calls_with_one) == (2, 1.0, 0.5)
    assert found.false_per_h == pytest.approx(2 / (3 * CALL_S / 3600))
    assert (found.recall, found.precision) == (0.0, 0.0)
    assert found.false_per_calm_h == pytest.approx(2 / (2 * CALL_S / 3600))
    assert found.precision_in_service == 0.0


def test_what_an_alert_is_worth_on_the_floor() -> None:
    """Three of four calls with frustration found, one of ten calm ones alarmed: where 8 % of
    calls have frustration, 0.06 of all calls are found and 0.092 alarmed for nothing."""
    upset = [signal([(100, 105)], [Stretch(104, 110)])] * 3 + [signal([(100, 105)], [])]
    calm = [signal([], [Stretch(10, 20)])] + [signal([], [])] * 9
    found = frustration.figures(upset + calm)
    assert found is not None
    assert found.precision_in_service == pytest.approx(0.06 / (0.06 + 0.092), abs=1e-4)
    only_calm = frustration.figures(calm)
    assert only_calm is not None
    assert only_calm.precision_in_service is None


# ---- nudges --------------------------------------------------------------------------


def want(nudge: str, after: float, before: float) -> NudgeRef:
    return NudgeRef(nudge=nudge, after=after, before=before)


def opened(nudge: str, t: float) -> NudgeOpened:
    return NudgeOpened(
        t=t, id=f"n{t}", nudge=nudge, title="", text="", why="", evidence=[], ttl_s=9
    )


def test_nudges_count_in_their_time_and_once() -> None:
    call = nudges.compare(
        [want("slow_down", 10, 20), want("slow_down", 12, 40), want("let_them_vent", 5, 9)],
        [opened("slow_down", 15), opened("let_them_vent", 9.1), opened("slow_down", 30)],
        CALL_S,
        calm=False,
    )
    assert [(w.before, o.t) for w, o in call.hits] == [(20, 15), (40, 30)]
    assert [w.nudge for w in call.missed] == ["let_them_vent"]
    assert [o.t for o in call.unexpected] == [9.1]


def test_a_nudge_that_may_open_is_neither_right_nor_wrong() -> None:
    may = NudgeRef(nudge="slow_down", after=1, before=9, optional=True)
    call = nudges.compare([may], [opened("slow_down", 3)], CALL_S, calm=True)
    assert (call.hits, call.missed, call.unexpected) == ([], [], [])
    assert nudges.compare([may], [], CALL_S, calm=True).missed == []
    late = nudges.compare([may], [opened("slow_down", 12)], CALL_S, calm=True)
    assert [o.t for o in late.unexpected] == [12]
    both = nudges.compare(
        [may, want("slow_down", 1, 9)],
        [opened("slow_down", 3), opened("slow_down", 8)],
        CALL_S,
        calm=True,
    )
    assert ([o.t for _, o in both.hits], both.unexpected) == ([3], [])


def test_nudge_figures_by_name_and_on_calm_calls() -> None:
    calls = [
        nudges.compare([want("slow_down", 1, 9)], [opened("slow_down", 3)], CALL_S, calm=True),
        nudges.compare([], [opened("let_them_vent", 3)], CALL_S, calm=True),
        nudges.compare([], [], CALL_S, calm=True),
        nudges.compare([], [opened("slow_down", 3)], CALL_S, calm=None),
    ]
    found = nudges.figures(calls)
    assert found is not None
    assert found.each["slow_down"].precision == 0.5
    assert found.each["slow_down"].wait_p50_s == 2.0
    assert found.each["let_them_vent"].recall is None
    assert (found.all.expected, found.all.opened, found.all.hits) == (1, 3, 1)
    assert found.calm_calls == 3
    assert found.calm_calls_with_a_nudge == pytest.approx(2 / 3, abs=1e-4)
    assert found.calm_calls_with_an_unexpected_nudge == pytest.approx(1 / 3, abs=1e-4)


def test_where_a_nudge_comes_near_and_must_not_open() -> None:
    near = ["slow_down", "let_them_vent"]
    calls = [
        nudges.compare([], [opened("slow_down", 3)], CALL_S, calm=True, never=near),
        nudges.compare([], [], CALL_S, calm=True, never=["slow_down"]),
        nudges.compare([], [opened("slow_down", 3)], CALL_S, calm=True),
    ]
    found = nudges.figures(calls)
    assert found is not None
    told = {name: (each.near_misses, each.near_misses_opened) for name, each in found.each.items()}
    assert told == {"slow_down": (2, 1), "let_them_vent": (1, 0)}
    assert (found.all.near_misses, found.all.near_misses_opened) == (3, 1)


# ---- bars ----------------------------------------------------------------------------

OVERALL: dict[str, Any] = {
    "overlaps": {"kinds": {"talk_over": {"f1": 0.9, "recall": None}}, "talk_overs_told": 3},
    "frustration": {},
    "nudges": None,
}


def test_bars_that_are_cleared_and_not() -> None:
    assert bars.missed(OVERALL, ["talk_over=.9"], ["overlaps.talk_overs_told=3"]) == []
    assert bars.missed(OVERALL, ["talk_over=.95"], []) == [
        "talk_over is 0.9, at least 0.95 is asked"
    ]
    assert bars.missed(OVERALL, [], ["talk_over=.5"]) == ["talk_over is 0.9, at most 0.5 is asked"]


@pytest.mark.parametrize("name", ["overlaps.kinds.talk_over.recall", "nudges", "false_alerts"])
def test_a_figure_that_is_not_there_clears_no_bar(name: str) -> None:
    assert "cannot be told" in bars.missed(OVERALL, [f"{name}=0"], [])[0]


@pytest.mark.parametrize("text", ["talk_over", "talk_over=much", "overlaps=1", "nothing.here=1"])
def test_bars_that_make_no_sense(text: str) -> None:
    with pytest.raises(ScoreError, match=r"talk_over|name one of them"):
        bars.missed(OVERALL, [text], [])
