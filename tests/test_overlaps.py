"""What kind of overlap is it? Text scores, one character = 100 ms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.audio import BLOCK_S
from monitor.config import TurnSettings
from monitor.ear import Heard
from monitor.events import Overlap, Transcript, Word
from tests.scores import heard
from tests.test_turns import Played, near

WARM = "=" * 30
"""3 s in which the agent's usual level becomes known."""
OFTEN = "=======..." * 6
"""Six times 0.7 s: how the agent usually begins."""


def overlaps(agent: str, customer: str) -> list[Overlap]:
    return [e for e in Played(heard(agent, customer)).events if isinstance(e, Overlap)]


def last(agent: str, customer: str) -> Overlap:
    return overlaps(agent, customer)[-1]


def call(agent: str, customer: str) -> tuple[str, str]:
    """After the agent's first 3 s, both lines side by side."""
    return WARM + "..." + agent, "." * 33 + customer


def after_often(agent: str, customer: str) -> tuple[str, str]:
    return OFTEN + agent, "." * len(OFTEN) + customer


def test_below_250_ms_is_nothing() -> None:
    assert overlaps(*call("." * 20 + "==", "=" * 40)) == []


def test_a_short_overlap_at_the_end_is_nothing() -> None:
    assert overlaps(*call("." * 18 + "=" * 20, "=" * 20)) == []


def test_agent_stops_and_the_customer_goes_on_backchannel() -> None:
    overlap = last(*call("." * 20 + "'''''", "=" * 40))
    assert (overlap.kind, overlap.by, overlap.final) == ("backchannel", "agent", True)
    assert overlap.t1 - overlap.t0 == near(0.5)


def test_customer_ends_soon_terminal() -> None:
    overlap = last(*call("." * 16 + "=" * 20, "=" * 20))
    assert overlap.kind == "terminal"


def test_customer_who_has_only_begun_does_not_hold_the_floor() -> None:
    assert overlaps(*call("." * 8 + "=" * 30, "=" * 40)) == []


def test_one_second_over_the_customer_is_talk_over() -> None:
    overlap = last(*call("." * 20 + "=" * 14, "=" * 60))
    assert overlap.kind == "talk_over"
    assert overlap.score == 2.0
    assert overlap.reasons == ["agent kept on for 1.0 s over the customer"]


@pytest.mark.parametrize("voice", ["=", "#", "^", "'"])
def test_it_is_told_while_it_is_only_likely(voice: str) -> None:
    first, second, *_ = overlaps(*call("." * 20 + voice * 14, "=" * 60))
    assert (first.kind, first.final, second.final) == ("talk_over", False, True)
    assert first.t - first.t0 == near(0.62)
    assert first.score < second.score == 2.0 + (voice == "#")


def test_a_shout_counts() -> None:
    overlap = last(*call("." * 20 + "#" * 14, "=" * 60))
    assert overlap.score == 3.0
    assert "6 dB above own median" in overlap.reasons


def test_louder_and_higher_than_own_beginnings_counts() -> None:
    overlap = last(*after_often("." * 20 + "^" * 14, "=" * 60))
    assert overlap.score == 3.0
    assert "3 dB and 4 semitones above own usual begin" in overlap.reasons


def test_who_usually_begins_so_does_not_stand_out() -> None:
    agent, customer = after_often("." * 20 + "^" * 14, "=" * 60)
    assert last(agent.replace("=======", "^^^^^^="), customer).score == 2.0


def test_its_sound_makes_no_talk_over_of_a_short_one() -> None:
    for voice in "^#":
        overlap = last(*after_often("." * 20 + voice * 9, "=" * 60))
        assert (overlap.kind, overlap.score) == ("backchannel", 1.0)


def test_provisional_then_final_when_it_is_certain_then_its_length() -> None:
    told = overlaps(*call("." * 20 + "=" * 30, "=" * 60))
    assert [e.id for e in told] == [told[0].id] * 3
    assert [e.final for e in told] == [False, True, True]
    provisional, final, whole = told
    assert provisional.t - provisional.t0 == pytest.approx(0.62, abs=0.04)
    assert final.t - final.t0 == pytest.approx(1.0, abs=0.04)
    assert whole.t1 - whole.t0 == near(3.0)
    assert whole.score == final.score


@pytest.mark.parametrize("word", ["^^^", "'" * 5, "#####"])
def test_a_word_is_not_told_and_taken_back(word: str) -> None:
    (told,) = overlaps(*call("." * 20 + word, "=" * 60))
    assert (told.kind, told.final) == ("backchannel", True)


@pytest.mark.parametrize(("agent", "kind"), [("=" * 9, "backchannel"), ("=" * 40, "terminal")])
def test_what_was_only_likely_is_taken_back_under_the_same_id(agent: str, kind: str) -> None:
    rows = heard(*call("." * 20 + agent, "=" * (60 if kind == "backchannel" else 29)))
    fade(rows, 1, 6.2)
    told = [e for e in Played(rows).events if isinstance(e, Overlap)]
    assert [(e.kind, e.final) for e in told] == [("talk_over", False), (kind, True)]
    assert told[0].id == told[1].id


def fade(rows: Heard, row: int, at_s: float) -> None:
    """The last 250 ms before ``at_s`` fall, as ends of sentences do."""
    end = int(at_s / BLOCK_S) + 1
    rows.level_db[row, end - 8 : end] -= 12.0


BOUTS = "====...=====....===="
"""An attempt with pauses of 0.3 and 0.4 s: 1.3 s of speech in 2.0 s."""


def test_an_attempt_in_bouts_is_one_talk_over() -> None:
    told = overlaps(*call("." * 20 + BOUTS, "=" * 60))
    assert {e.id for e in told} == {told[0].id}
    assert {e.kind for e in told} == {"talk_over"}
    whole = told[-1]
    assert (whole.t0, whole.t1) == (near(5.3), near(7.3))
    assert whole.score == 2.0
    assert whole.reasons == ["agent kept on for 1.0 s over the customer"]


def test_a_pause_of_half_a_second_is_inside_an_attempt() -> None:
    agent = "." * 20 + "=" * 6 + "." * 5 + "=" * 6
    assert [e.kind for e in overlaps(*call(agent, "=" * 60))] == ["talk_over"] * 3


def test_two_backchannels_a_second_apart_are_two() -> None:
    agent = "." * 20 + "====" + "." * 10 + "===="
    told = overlaps(*call(agent, "=" * 60))
    assert [e.kind for e in told] == ["backchannel"] * 2
    assert told[0].id != told[1].id


def test_a_customer_who_pauses_and_goes_on_was_talked_over() -> None:
    told = overlaps(*call("." * 20 + "=" * 30, "=" * 23 + "....." + "=" * 40))
    assert {e.id for e in told} == {told[0].id}
    assert told[-1].kind == "talk_over"
    assert (told[-1].t0, told[-1].t1) == (near(5.3), near(8.3))


def test_a_customer_who_pauses_under_it_still_holds() -> None:
    """The second attempt finds a customer who has spoken for long, pauses or not."""
    agent = "." * 20 + "=" * 8 + "." * 8 + "=" * 20
    told = overlaps(*call(agent, "=" * 25 + "...." + "=" * 40))
    assert [e.kind for e in told if e.final] == ["backchannel", "talk_over", "talk_over"]
    assert {e.by for e in told} == {"agent"}


def test_coming_in_within_a_pause_of_a_customer_who_goes_on() -> None:
    told = overlaps(*call("." * 22 + "^" * 25, "=" * 20 + "...." + "=" * 50))
    assert {(e.kind, e.by) for e in told} == {("talk_over", "agent")}
    assert (told[-1].t0, told[-1].t1) == (near(5.7), near(8.0))
    assert told[-1].score == 2.0


def test_both_starting_in_a_pause_and_the_agent_yielding_is_no_talk_over() -> None:
    told = overlaps(*call("." * 22 + "^" * 9, "=" * 20 + "...." + "=" * 50))
    assert [(e.kind, e.by) for e in told] == [("backchannel", "agent")]


def test_a_customer_who_had_stopped_for_good_comes_in_again() -> None:
    told = overlaps(*call("." * 22 + "=" * 40, "=" * 20 + "." * 14 + "=" * 20))
    assert {e.by for e in told} == {"customer"}


def test_what_was_told_of_its_sound_stays() -> None:
    told = overlaps(*call("." * 20 + "#" * 9 + "'" * 30, "=" * 60))
    assert [e.score for e in told] == [1.0, 3.0, 3.0]


def test_after_a_second_and_a_half_a_pause_before_it_is_no_excuse() -> None:
    agent, customer = call("." * 26 + "=" * 30, "=" * 20 + "...." + "=" * 60)
    told = overlaps(agent, customer)
    assert told[0].t - told[0].t0 == near(1.5)
    assert (told[-1].kind, told[-1].score) == ("talk_over", 2.0)


def test_dips_inside_speech_do_not_hide_that_it_is_louder() -> None:
    rows = heard(*call("." * 20 + "#" * 14, "=" * 60))
    onset = round(5.3 / BLOCK_S)
    for block in range(onset + 4, onset + 40, 6):
        rows.level_db[0, block : block + 2] = -68.0
    overlap = [e for e in Played(rows).events if isinstance(e, Overlap)][-1]
    assert "6 dB above own median" in overlap.reasons


@settings(max_examples=60, deadline=None)
@given(
    agent=st.lists(st.tuples(st.sampled_from("=#^'."), st.integers(1, 9)), max_size=9),
    pauses=st.lists(st.tuples(st.integers(3, 30), st.integers(1, 12)), max_size=4),
)
def test_nothing_is_told_before_600_ms_of_both(
    agent: list[tuple[str, int]], pauses: list[tuple[int, int]]
) -> None:
    customer = "".join("=" * said + "." * pause for said, pause in pauses)
    rows = heard(*call("." * 15 + "".join(c * n for c, n in agent), "=" * 15 + customer))
    for event in Played(rows).events:
        if isinstance(event, Overlap) and event.kind == "talk_over":
            inside = slice(round(event.t0 / BLOCK_S), round(event.t1 / BLOCK_S))
            both = np.count_nonzero((rows.speech[:, inside] > 0.5).all(axis=0)) * BLOCK_S
            bridged_s = 0.2 * len(agent)
            assert both + bridged_s >= 0.6 - 2 * BLOCK_S
            assert event.t - event.t0 >= 0.6 - BLOCK_S


def test_customer_breaks_off() -> None:
    told = overlaps(*call("." * 20 + "=" * 30, "=" * 28))
    assert {e.kind for e in told} == {"talk_over"}
    assert "the customer broke off" in told[-1].reasons


def test_a_customer_who_came_to_an_end_did_not_break_off() -> None:
    rows = heard(*call("." * 20 + "=" * 30, "=" * 28))
    fade(rows, 1, 6.1)
    overlap = [e for e in Played(rows).events if isinstance(e, Overlap)][-1]
    assert (overlap.kind, overlap.score) == ("terminal", 1.0)


def test_voice_activity_that_outlasts_the_voice_does_not_count() -> None:
    rows = heard(*call("." * 20 + "=" * 9, "=" * 60))
    tail = slice(round(6.0 / BLOCK_S), round(6.2 / BLOCK_S))
    rows.level_db[0, tail] = -68.0
    told = [e for e in Played(rows).events if isinstance(e, Overlap)]
    assert (told[-1].kind, told[-1].t1) == ("backchannel", near(6.0))


def test_onset_just_after_a_pause_weighs_less() -> None:
    overlap = last(*call("." * 25 + "=" * 14, "=" * 20 + "...." + "=" * 40))
    assert "the customer had only just gone on after a pause" in overlap.reasons
    assert (overlap.kind, overlap.score) == ("terminal", 1.0)


def test_both_starting_at_once_after_the_customers_pause_is_the_agent_coming_in() -> None:
    told = overlaps(*call("." * 24 + "=" * 30, "=" * 20 + "...." + "=" * 60))
    assert {(e.kind, e.by) for e in told} == {("talk_over", "agent")}
    assert told[0].t - told[0].t0 == near(1.5)


def test_the_customer_never_talks_over() -> None:
    overlap = last("=" * 60, "." * 20 + "=" * 14)
    assert (overlap.kind, overlap.by) == ("interruption", "customer")


def test_agent_yields_to_the_customer() -> None:
    overlap = last("=" * 27, "." * 20 + "=" * 30)
    assert (overlap.kind, overlap.by) == ("interruption", "customer")
    assert overlap.reasons[-1] == "the agent broke off"


def words(text: str, t0: float, t1: float, party: str = "agent") -> Transcript:
    parts = text.split()
    step = (t1 - t0) / len(parts)
    times = [(t0 + i * step, t0 + (i + 1) * step) for i in range(len(parts))]
    return Transcript(
        utterance=1,
        party=party,
        t0=t0,
        t1=t1,
        text=text,
        words=[Word(text=w, t0=a, t1=b) for w, (a, b) in zip(parts, times, strict=True)],
    )


def talked_over() -> tuple[Played, Overlap]:
    played = Played(heard(*call("." * 20 + "=" * 14, "=" * 60)), ended=False)
    overlap = [e for e in played.events if isinstance(e, Overlap)][-1]
    assert overlap.kind == "talk_over"
    assert played.taker.figures().overlaps == {"talk_over": 1}
    return played, overlap


@pytest.mark.parametrize("with_times", [True, False])
def test_words_take_a_talk_over_back(with_times: bool) -> None:
    played, overlap = talked_over()
    tr = words("Mm-hm, yeah, I see.", overlap.t0, overlap.t1)
    (after,) = played.taker.transcript(tr if with_times else tr.model_copy(update={"words": []}))
    assert isinstance(after, Overlap)
    assert (after.id, after.kind, after.final) == (overlap.id, "backchannel", True)
    assert after.score == overlap.score - 2
    assert played.taker.figures().overlaps == {"backchannel": 1}
    assert played.taker.transcript(tr) == [], "once"


def test_other_words_do_not() -> None:
    played, overlap = talked_over()
    assert played.taker.transcript(words("let me just stop you", overlap.t0, overlap.t1)) == []
    mixed = words("yeah but that is wrong", overlap.t0, overlap.t1)
    assert played.taker.transcript(mixed) == []


def test_only_the_words_said_meanwhile_count() -> None:
    played, overlap = talked_over()
    tr = words("okay", overlap.t0, overlap.t1)
    later = words("we close at five", overlap.t1 + 2, overlap.t1 + 4)
    tr = tr.model_copy(update={"words": tr.words + later.words, "t1": later.t1})
    assert len(played.taker.transcript(tr)) == 1


def test_the_customers_words_are_not_the_agents() -> None:
    played, overlap = talked_over()
    assert played.taker.transcript(words("yeah yeah", overlap.t0, overlap.t1, "customer")) == []


def test_words_never_make_a_talk_over() -> None:
    played = Played(heard(*call("." * 20 + "'''''", "=" * 40)), ended=False)
    overlap = [e for e in played.events if isinstance(e, Overlap)][-1]
    assert played.taker.transcript(words("no stop that", overlap.t0, overlap.t1)) == []


def test_who_shouts_and_cuts_off_talks_over_whatever_the_words() -> None:
    played = Played(heard(*call("." * 20 + "#" * 30, "=" * 31)))
    overlap = [e for e in played.events if isinstance(e, Overlap)][-1]
    assert overlap.score == 4.0
    assert played.taker.transcript(words("right right okay", overlap.t0, overlap.t1)) == []


def test_the_line_is_a_setting() -> None:
    assert TurnSettings().talk_over_score == 2.0
