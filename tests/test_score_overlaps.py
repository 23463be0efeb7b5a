"""Overlaps found against annotated ones: pairing, counting, delays; constructed calls."""

from __future__ import annotations

import pytest

from monitor.events import Overlap, OverlapKind, Party
from monitor.score.listening import ToldOverlap
from monitor.score.overlaps import CallOverlaps, compare, figures
from monitor.score.reference import OverlapRef
from monitor.score.spans import Stretch

SPEECH: dict[Party, float] = {"agent": 900.0, "customer": 1800.0}


def ref(kind: OverlapKind, by: Party, t0: float, t1: float) -> OverlapRef:
    return OverlapRef(kind=kind, by=by, t0=t0, t1=t1)


def told(by: Party, t0: float, t1: float, *said: tuple[float, OverlapKind]) -> ToldOverlap:
    """``said``: audio time and kind of each event."""
    return ToldOverlap(
        tuple(
            Overlap(t=t, id=f"o{t0}", kind=kind, by=by, t0=t0, t1=t1, final=k == len(said) - 1)
            for k, (t, kind) in enumerate(said)
        )
    )


def one(references: list[OverlapRef], found: list[ToldOverlap]) -> CallOverlaps:
    return compare(references, found, SPEECH)


def test_the_last_word_counts_and_the_delay_is_to_the_first_that_says_it() -> None:
    references = [ref("talk_over", "agent", 10, 12)]
    found = [told("agent", 10.1, 12, (10.7, "talk_over"), (11.6, "talk_over"))]
    kind = figures([one(references, found)]).kinds["talk_over"]
    assert (kind.hits, kind.precision, kind.recall, kind.f1) == (1, 1.0, 1.0, 1.0)
    assert kind.onset_error_s == pytest.approx(0.1)
    assert kind.delay_p50_s == pytest.approx(0.7)
    assert kind.delay_after_long_p95_s == pytest.approx(0.1)


def test_pauses_do_not_count_towards_the_six_tenths() -> None:
    references = [ref("talk_over", "agent", 10, 12)]
    found = [told("agent", 10, 12, (11.3, "talk_over"))]
    together = [Stretch(10, 10.4), Stretch(11, 12)]
    kind = figures([compare(references, found, SPEECH, together)]).kinds["talk_over"]
    assert kind.delay_after_long_p95_s == pytest.approx(0.1)
    short = figures([compare(references, found, SPEECH, together[:1])]).kinds["talk_over"]
    assert short.delay_after_long == 0


def test_what_is_not_clear_is_left_out_of_the_second_figures() -> None:
    references = [
        ref("talk_over", "agent", 10, 12),
        ref("terminal", "agent", 30, 31).model_copy(update={"clear": False}),
    ]
    found = [
        told("agent", 10, 12, (10.7, "talk_over")),
        told("agent", 30, 31, (30.7, "talk_over")),
        told("agent", 50, 52, (50.7, "talk_over")),
    ]
    all_of_it = figures([one(references, found)])
    assert all_of_it.kinds["talk_over"].precision == pytest.approx(1 / 3, abs=1e-4)
    assert all_of_it.clear is not None
    assert all_of_it.clear["talk_over"].precision == 0.5, "found where nothing is annotated"
    assert all_of_it.clear["terminal"].reference == 0
    assert figures([one(references[:1], found)]).clear is None


def test_what_is_taken_back_is_no_talk_over() -> None:
    references = [ref("backchannel", "agent", 10, 10.7)]
    found = [told("agent", 10, 10.7, (10.65, "talk_over"), (11.4, "backchannel"))]
    all_of_it = figures([one(references, found)])
    assert all_of_it.kinds["talk_over"].found == 0
    assert all_of_it.kinds["backchannel"].hits == 1
    assert all_of_it.talk_overs_told == 1
    assert all_of_it.talk_overs_taken_back == 1.0
    assert all_of_it.backchannels_as_talk_over == 0.0


def test_a_backchannel_called_talk_over_is_a_miss_and_a_false_alarm() -> None:
    references = [ref("backchannel", "agent", 10, 10.7), ref("backchannel", "agent", 30, 30.5)]
    found = [
        told("agent", 10, 10.7, (10.7, "talk_over")),
        told("agent", 30, 30.5, (31.2, "backchannel")),
    ]
    all_of_it = figures([one(references, found)])
    assert all_of_it.backchannels_as_talk_over == 0.5
    assert all_of_it.kinds["backchannel"].recall == 0.5
    talk_over = all_of_it.kinds["talk_over"]
    assert (talk_over.reference, talk_over.found, talk_over.hits) == (0, 1, 0)
    assert talk_over.recall is None
    assert talk_over.false_per_h == 2.0, "one in half an hour of the customer's speech"
    assert all_of_it.confusion["backchannel_by_agent"] == {
        "talk_over_by_agent": 1,
        "backchannel_by_agent": 1,
        "nothing": 0,
    }


def test_the_same_kind_is_paired_before_what_shares_more_time() -> None:
    references = [ref("talk_over", "agent", 10, 12)]
    found = [
        told("customer", 10, 12, (12.7, "terminal")),
        told("agent", 11, 12, (11.7, "talk_over")),
    ]
    call = one(references, found)
    assert [f.by for _, f in call.hits] == ["agent"]
    assert [f.kind for f in call.false] == ["terminal"]


def test_one_long_overlap_answers_for_one_of_two() -> None:
    references = [ref("talk_over", "agent", 10, 11), ref("talk_over", "agent", 11.5, 14)]
    call = one(references, [told("agent", 10, 14, (10.7, "talk_over"))])
    assert [r.t0 for r, _ in call.hits] == [11.5], "the one that shares most"
    assert [r.t0 for r in call.missed] == [10]


def test_the_wrong_party_is_a_mistake() -> None:
    call = one(
        [ref("backchannel", "agent", 5, 5.6)], [told("customer", 5, 5.6, (6.3, "backchannel"))]
    )
    assert not call.hits
    assert len(call.mistaken) == 1


@pytest.mark.parametrize(("late_s", "paired"), [(0.24, True), (0.26, False)])
def test_a_quarter_of_a_second_between_them_is_forgiven(late_s: float, paired: bool) -> None:
    found = told("agent", 11 + late_s, 12, (12.7, "backchannel"))
    call = one([ref("backchannel", "agent", 10, 11)], [found])
    assert bool(call.hits) is paired


def test_very_short_ones_are_not_asked_for_and_no_fault_when_found() -> None:
    short = [ref("terminal", "agent", 10, 10.2), ref("terminal", "agent", 20, 20.2)]
    call = one(short, [told("agent", 10, 10.25, (10.9, "terminal"))])
    assert [call.hits, call.mistaken, call.missed, call.false] == [[], [], [], []]
    wrong = one(short, [told("agent", 10, 10.9, (10.9, "talk_over"))])
    assert [f.kind for f in wrong.false] == ["talk_over"]


def test_intervals_need_calls_that_tell_and_hold_the_figure() -> None:
    good = one([ref("talk_over", "agent", 10, 12)], [told("agent", 10, 12, (10.7, "talk_over"))])
    bad = one([ref("talk_over", "agent", 10, 12)], [])
    quiet = one([], [])
    assert figures([good, bad, quiet, quiet]).kinds["talk_over"].intervals == {}
    assert figures([good, good, good]).kinds["talk_over"].intervals == {}, "all went alike"
    many = figures([good, bad, good, good, bad]).kinds["talk_over"]
    assert many.recall is not None
    low, high = many.intervals["recall"]
    assert 0 <= low < many.recall < high <= 1
    assert figures([good, bad, good, good, bad]) == figures([good, bad, good, good, bad])
