"""Turn-taking, told by text scores: one character = 100 ms."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.audio import BLOCK_S
from monitor.config import HearingSettings, TurnSettings
from monitor.ear import Heard
from monitor.events import DeadAir, Event, Floor, Overlap, Turn, Utterance
from monitor.turns import Row, TurnTaker
from tests.scores import heard, louder, swapped

GRAIN_S = BLOCK_S
"""A character border falls between blocks: times are right to a block."""


def rows_of(rows: Heard) -> list[Row]:
    fields = (
        (rows.speech > 0.5).T,
        rows.speech.T,
        rows.level_db.T,
        rows.f0_hz.T,
        rows.voicing.T,
        rows.balance_db.T,
        rows.nuclei.T,
    )
    columns = zip(*(field.tolist() for field in fields), strict=True)
    return [Row(*(tuple(pair) for pair in column)) for column in columns]


class Played:
    """A score, played to a TurnTaker."""

    def __init__(self, rows: Heard, ended: bool = True, separated: bool = True) -> None:
        self.taker = TurnTaker(HearingSettings(), TurnSettings(), separated=separated)
        self.events: list[Event] = []
        self.said: list[Utterance] = []
        self.t = 0.0
        self.play(rows)
        if ended:
            self.events += self.taker.end(self.t)
            self.said += self.taker.utterances()

    def play(self, rows: Heard) -> None:
        for row in rows_of(rows):
            self.t += BLOCK_S
            self.events += self.taker.step(self.t, row)
            self.said += self.taker.utterances()

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def turns(self) -> list[Turn]:
        return self.of(Turn)  # type: ignore[return-value]


def near(value: float) -> object:
    return pytest.approx(value, abs=GRAIN_S + 1e-6)


def test_turns_alternate_with_their_gaps() -> None:
    played = Played(heard("..=====.....=====...", ".........==........."))
    assert [turn.party for turn in played.turns] == ["agent", "customer", "agent"]
    assert [(turn.t0, turn.t1) for turn in played.turns] == [
        (near(0.2), near(0.7)),
        (near(0.9), near(1.1)),
        (near(1.2), near(1.7)),
    ]
    assert [turn.fto_s for turn in played.turns] == [None, near(0.2), near(0.1)]


def test_a_turn_that_starts_in_the_others_end_has_a_negative_offset() -> None:
    played = Played(heard("==========.......", ".......=========="))
    agent, customer = played.turns
    assert (agent.t1, customer.t0) == (near(1.0), near(0.7))
    assert customer.fto_s == near(-0.3)


def test_a_backchannel_in_the_others_speech_is_no_turn() -> None:
    played = Played(heard("....................", "==================.."))
    with_it = Played(heard(".......==...........", "==================.."))
    assert [t.party for t in with_it.turns] == [t.party for t in played.turns] == ["customer"]
    assert with_it.turns[0].t1 == near(1.8)


def test_a_pause_inside_a_turn_does_not_end_it() -> None:
    played = Played(heard("=====..........=====", ""))
    assert [(turn.t0, turn.t1) for turn in played.turns] == [(near(0), near(2.0))]
    assert played.taker.figures().turns == {"agent": 1, "customer": 0}


def test_a_holder_who_pauses_under_the_others_speech_keeps_the_turn() -> None:
    agent = "." * 20 + "=" * 12 + "." * 28
    customer = "=" * 26 + "....." + "=" * 29
    played = Played(heard(agent, customer))
    assert [(turn.party, turn.t0, turn.t1) for turn in played.turns] == [
        ("customer", near(0), near(6.0))
    ]
    assert played.taker.figures().longest_monologue_s["customer"] == near(6.0)


def test_whoever_goes_on_when_the_holder_stops_for_good_has_the_floor() -> None:
    played = Played(heard("." * 20 + "=" * 20, "=" * 25))
    customer, agent = played.turns
    assert (customer.party, customer.t1) == ("customer", near(2.5))
    assert (agent.party, agent.t0, agent.t1) == ("agent", near(2.0), near(4.0))
    assert agent.fto_s == near(-0.5)


@pytest.mark.parametrize("quiet", ["", "." * 20])
def test_the_last_word_is_a_turn_although_it_began_in_the_others(quiet: str) -> None:
    played = Played(heard("." * 20 + "=" * 8 + quiet, "=" * 25 + quiet))
    assert [(turn.party, turn.t1) for turn in played.turns] == [
        ("customer", near(2.5)),
        ("agent", near(2.8)),
    ]


def test_utterances_end_after_550_ms_and_end_at_their_last_speech() -> None:
    played = Played(heard("=====....=====.......===......", ""))
    assert [(u.number, u.t0, u.t1) for u in played.said] == [
        (1, near(0), near(1.4)),
        (2, near(2.1), near(2.4)),
    ]


def test_utterances_are_numbered_over_both_in_order_of_their_end() -> None:
    played = Played(heard("=" * 30, "...===......................==" + "." * 8))
    assert [(u.number, u.party) for u in played.said] == [
        (1, "customer"),
        (2, "agent"),
        (3, "customer"),
    ]


def test_an_utterance_is_asked_for_when_it_has_ended_and_not_later() -> None:
    played = Played(heard("==========....", ""), ended=False)
    assert played.said == []
    played.play(heard("..", ""))
    assert len(played.said) == 1


def test_long_speech_is_cut_at_its_quietest_200_ms() -> None:
    played = Played(heard("#" * 104 + "''" + "#" * 60, ""))
    first, second = played.said
    assert first.cut
    assert first.t1 == pytest.approx(10.5, abs=0.1)
    assert second.t0 == first.t1
    assert not second.cut


def test_long_speech_is_cut_by_12_s_even_without_a_quiet_moment() -> None:
    played = Played(heard("=" * 400, ""))
    assert all(u.cut for u in played.said[:-1])
    assert all(9.0 - 0.2 <= u.t1 - u.t0 <= 12.0 for u in played.said[:-1])
    for before, after in zip(played.said, played.said[1:], strict=False):
        assert after.t0 == before.t1


def test_after_9_s_a_short_pause_is_enough() -> None:
    played = Played(heard("=" * 95 + "..." + "=" * 20, ""))
    first, second = played.said
    assert (first.t1, second.t0) == (near(9.5), near(9.8))
    assert not first.cut


def test_a_click_never_speaks() -> None:
    rows = heard("." * 20, "")
    rows.speech[0, 10:12] = 0.95
    played = Played(rows)
    assert played.events == []
    assert played.said == []
    assert played.taker.last_speech_end("agent") is None


def test_the_start_is_dated_back_to_where_the_detector_heard_it() -> None:
    taker = TurnTaker(HearingSettings(), TurnSettings())
    rows = rows_of(heard("..........==========", ""))
    for i, row in enumerate(rows):
        gate_is_late = row._replace(own=(i >= 33, False))
        taker.step((i + 1) * BLOCK_S, gate_is_late)
    since = taker.speaking_since("agent")
    assert since == near(31 * BLOCK_S)


def test_dead_air_is_told_when_it_ends() -> None:
    played = Played(heard("=====" + "." * 60 + "=====", ""), ended=False)
    (dead,) = played.of(DeadAir)
    assert isinstance(dead, DeadAir)
    assert (dead.t0, dead.t1) == (near(0.5), near(6.5))
    assert dead.t == near(6.6)
    figures = played.taker.figures()
    assert (figures.dead_air_count, figures.dead_air_s) == (1, pytest.approx(6.0, abs=0.07))


def test_silence_before_the_first_word_is_not_dead_air() -> None:
    played = Played(heard("." * 80 + "=====", ""))
    assert played.of(DeadAir) == []
    assert Played(heard("." * 80, "")).taker.silence_s == 0.0


def test_silence_counts_from_the_last_speech_of_either() -> None:
    played = Played(heard("=====", "=======..........."), ended=False)
    assert played.taker.silence_s == near(1.1)
    assert played.taker.last_speech_end("agent") == near(0.5)
    assert played.taker.last_speech_end("customer") == near(0.7)


def test_a_gap_is_not_silence() -> None:
    played = Played(heard("==========", ""), ended=False)
    t0, t1 = played.t, played.t + 60 * BLOCK_S * 5
    closed = played.taker.missing(t0, t1)
    assert [type(event) for event in closed] == [Turn, Floor]
    assert played.taker.utterances()[0].t1 == near(1.0)
    assert not played.taker.speaking("agent")
    played.t = t1
    played.play(heard("..........", ""))
    assert played.taker.silence_s == near(1.0)
    played.events.clear()
    played.play(heard("=====", ""))
    assert played.of(DeadAir) == []


def test_a_turn_across_a_gap_is_two() -> None:
    played = Played(heard("==========", ""), ended=False)
    played.events += played.taker.missing(played.t, played.t + 10.0)
    played.t += 10.0
    played.play(heard("=====", "......====="))
    played.events += played.taker.end(played.t)
    assert [turn.party for turn in played.turns] == ["agent", "agent", "customer"]
    assert played.turns[1].fto_s is None


def test_the_floor_is_followed() -> None:
    score = heard("==========............====......", "............==========..........")
    played = Played(score, ended=False)
    floor = [(e.holder, e.since) for e in played.of(Floor) if isinstance(e, Floor)]
    assert floor == [
        ("agent", near(0)),
        ("customer", near(1.2)),
        ("agent", near(2.2)),
        ("nobody", near(2.6)),
    ]
    assert (played.taker.holder, played.taker.holder_since) == ("nobody", near(2.6))


def test_both_hold_the_floor_while_both_speak() -> None:
    played = Played(heard("=" * 20, "." * 10 + "=" * 10), ended=False)
    assert (played.taker.holder, played.taker.holder_since) == ("both", near(1.0))
    assert played.taker.speaking_since("customer") == near(1.0)


def test_a_story_goes_on_through_short_contributions() -> None:
    customer = "=" * 20 + "......" + "=" * 20 + "......" + "=" * 20
    agent = "." * 22 + "==" + "." * 24 + "=" + "." * 20
    played = Played(heard(agent, customer), ended=False)
    story = played.taker.turn_of("customer")
    assert story is not None
    assert story[0] == near(0)
    assert story[1] == pytest.approx(6.0, abs=0.1)
    assert played.taker.turn_of("agent") is None
    played.play(heard("....==========", ""))
    assert played.taker.turn_of("customer") is None
    assert played.taker.turn_of("agent") is not None
    assert played.taker.figures().longest_monologue_s["customer"] == pytest.approx(7.2, abs=0.1)


def test_figures_of_a_small_call() -> None:
    score = heard("==========..............==========", "............==========........====")
    figures = Played(score).taker.figures()
    assert figures.talk_s["agent"] == pytest.approx(2.0, abs=0.07)
    assert figures.talk_s["customer"] == figures.customer_speech_s == pytest.approx(1.4, abs=0.07)
    assert figures.turns == {"agent": 2, "customer": 1}
    assert figures.ftos["customer"] == [near(0.2)]
    assert figures.median_fto_of("agent") == near(0.2)
    assert figures.median_fto_s == near(0.2)
    assert figures.overtalk_s == pytest.approx(0.4, abs=0.07)


def test_one_shared_channel_has_no_overlaps() -> None:
    score = heard("." * 20 + "=" * 30, "=" * 50)
    assert Played(score).of(Overlap) != []
    assert Played(score, separated=False).of(Overlap) == []


def test_channels_found_to_be_mixed_take_their_talk_over_back() -> None:
    played = Played(heard("." * 20 + "=" * 15, "=" * 35), ended=False)
    before = played.of(Overlap)[-1]
    assert isinstance(before, Overlap)
    assert before.kind == "talk_over"
    played.events.clear()
    played.taker.talk_over_off("both channels carry the same sound")
    played.play(heard("=" * 40, "=" * 40))
    (after,) = played.of(Overlap)
    assert isinstance(after, Overlap)
    assert (after.id, after.kind, after.final) == (before.id, "backchannel", True)
    assert after.reasons == ["both channels carry the same sound"]
    assert "talk_over" not in played.taker.figures().overlaps


LINE = st.lists(
    st.tuples(st.sampled_from("=.=.#'^"), st.integers(1, 14)), min_size=1, max_size=8
).map(lambda parts: "".join(char * count for char, count in parts))


def told(events: list[Event], shift: float = 0.0) -> list[tuple[object, ...]]:
    """Events as tuples of rounded values, without their ids."""
    out = []
    for event in events:
        values = event.model_dump(exclude={"id", "reasons"})
        for key in ("t", "t0", "t1", "since"):
            if key in values:
                values[key] -= shift
        flat = [round(v, 2) if isinstance(v, float) else v for v in values.values()]
        out.append(tuple(flat))
    return out


@settings(max_examples=40, deadline=None)
@given(agent=LINE, customer=LINE)
def test_swapping_the_rows_swaps_the_roles(agent: str, customer: str) -> None:
    rows = heard(agent, customer)
    one, two = Played(rows), Played(swapped(rows))
    other = {"agent": "customer", "customer": "agent"}
    for a, b in zip(one.turns, two.turns, strict=True):
        assert (a.party, a.t0, a.t1, a.fto_s) == (other[b.party], b.t0, b.t1, b.fto_s)
    a_all, b_all = one.of(Overlap), two.of(Overlap)
    same = {"talk_over": "interruption"}
    for a, b in zip(a_all, b_all, strict=True):
        assert isinstance(a, Overlap)
        assert isinstance(b, Overlap)
        assert (a.by, a.t0, a.t1, a.score) == (other[b.by], b.t0, b.t1, b.score)
        assert same.get(a.kind, a.kind) == same.get(b.kind, b.kind)
        assert (a.kind == "talk_over") <= (a.by == "agent")


@settings(max_examples=30, deadline=None)
@given(agent=LINE, customer=LINE, gain_db=st.sampled_from([-6.0, 6.0]))
def test_a_gain_changes_nothing(agent: str, customer: str, gain_db: float) -> None:
    rows = heard(agent, customer)
    one, two = Played(rows), Played(louder(rows, gain_db))
    assert told(one.events) == told(two.events)
    assert one.said == two.said


@settings(max_examples=30, deadline=None)
@given(agent=LINE, customer=LINE, blocks=st.integers(1, 200))
def test_silence_before_shifts_the_times(agent: str, customer: str, blocks: int) -> None:
    rows = rows_of(heard(agent, customer))
    quiet = rows_of(heard("." * 100))[:1] * blocks

    def play(rows: list[Row]) -> list[Event]:
        taker = TurnTaker(HearingSettings(), TurnSettings())
        events = [e for i, row in enumerate(rows) for e in taker.step((i + 1) * BLOCK_S, row)]
        return events + taker.end(len(rows) * BLOCK_S)

    assert told(play(quiet + rows), blocks * BLOCK_S) == told(play(rows))


@settings(max_examples=40, deadline=None)
@given(agent=LINE, customer=LINE)
def test_what_always_holds(agent: str, customer: str) -> None:
    played = Played(heard(agent, customer))
    for turn in played.turns:
        assert 0.0 <= turn.t0 < turn.t1 <= played.t + 1e-6
    times = [event.t for event in played.events]
    assert times == sorted(times)
    assert [u.number for u in played.said] == list(range(1, len(played.said) + 1))
    figures = played.taker.figures()
    for row, party in enumerate(("agent", "customer")):
        spoken = sum(1 for char in (agent, customer)[row] if char != ".") * 0.1
        assert figures.talk_s[party] >= spoken * 0.6 - 0.2  # type: ignore[index]
        assert math.isfinite(figures.longest_monologue_s[party])  # type: ignore[index]
    assert 0 <= figures.overtalk_s <= min(figures.talk_s.values()) + 1e-6
