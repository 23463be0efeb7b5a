"""Labels with hindsight: one call written as intervals, what a listener says of it."""

from __future__ import annotations

import pytest

from samples.labels import Label, clear, only_backchannels, overlaps, turns, unfinished
from samples.timing import Conversation, Interval

Spoken = tuple[float, float] | tuple[float, float, str]


def call(agent: list[Spoken], customer: list[Spoken]) -> Conversation:
    return Conversation(
        "x",
        tuple(Interval(*spoken) for spoken in agent),
        tuple(Interval(*spoken) for spoken in customer),
        60.0,
    )


def only(agent: list[Spoken], customer: list[Spoken]) -> Label:
    found = overlaps(call(agent, customer))
    assert len(found) == 1, found
    return found[0]


def kind(agent: list[Spoken], customer: list[Spoken]) -> str:
    """Of the one overlap; what it is must not hang on who is the agent but for the word."""
    label, swapped = only(agent, customer), only(customer, agent)
    assert (label.t0, label.t1) == (swapped.t0, swapped.t1)
    pair = {label.kind, swapped.kind}
    assert len(pair) == 1 or pair == {"talk_over", "interruption"}
    assert label.by != swapped.by
    return label.kind


def test_coming_in_and_keeping_on_is_talk_over_of_the_agent() -> None:
    label = only([(5, 8)], [(0, 7)])
    assert label == Label("talk_over", "agent", 5, 7, 2.0, "both kept on")
    assert only([(0, 7)], [(5, 8)]).kind == "interruption"


@pytest.mark.parametrize("length_s", [0.3, 0.8])
def test_stopping_soon_while_the_other_goes_on_is_a_backchannel(length_s: float) -> None:
    assert kind([(5, 5 + length_s)], [(0, 10)]) == "backchannel"


def test_a_second_over_the_other_is_competitive_and_less_is_a_side_remark() -> None:
    assert kind([(5, 6.0)], [(0, 10)]) == "talk_over"
    assert kind([(5, 5.95)], [(0, 10)]) == "backchannel"


def test_words_that_only_agree_are_a_backchannel_though_they_are_long() -> None:
    assert kind([(5, 6.4, "Yeah, yeah. <UNSURE>OK</UNSURE>.")], [(0, 10, "So I said.")]) == (
        "backchannel"
    )
    assert kind([(5, 6.4, "Yeah, but listen.")], [(0, 10, "So I said.")]) == "talk_over"
    assert kind([(5, 6.4, "<UNIN/> okay")], [(0, 10, "So I said.")]) == "talk_over"


def test_coming_in_just_before_the_end_is_terminal() -> None:
    assert kind([(5, 9)], [(0, 5.5)]) == "terminal"


def test_a_little_earlier_it_is_a_side_remark_and_hangs_on_whether_the_other_had_ended() -> None:
    assert kind([(5, 9)], [(0, 5.8, "That was on Monday.")]) == "terminal"
    assert kind([(5, 9)], [(0, 5.8, "That was on")]) == "talk_over"


def test_without_words_who_tries_again_under_the_other_had_not_ended() -> None:
    assert kind([(5, 9)], [(0, 5.8), (15, 16)]) == "terminal"
    label = overlaps(call([(5, 9)], [(0, 5.8), (6.6, 8)]))[0]
    assert (label.kind, label.why) == ("talk_over", "the other broke off")


def test_both_ending_together_after_a_short_word_is_terminal() -> None:
    assert kind([(5, 5.8)], [(0, 5.7)]) == "terminal"


def test_what_nobody_would_notice_is_nothing() -> None:
    assert overlaps(call([(5, 8)], [(0, 5.2)])) == []


def test_nobody_is_talked_over_who_has_only_just_begun() -> None:
    assert overlaps(call([(5, 8)], [(4.1, 8)])) == []
    assert only([(5, 8)], [(3.9, 8)]).by == "agent"


def test_who_begins_at_once_with_the_other_comes_in_on_nobody() -> None:
    assert overlaps(call([(5, 8)], [(0, 4), (4.9, 8)])) == []
    assert [label.by for label in overlaps(call([(5, 8)], [(0, 4), (4.7, 8)]))] == ["agent"]


def test_a_story_with_an_mm_hm_in_it_has_been_going_on() -> None:
    found = overlaps(call([(4, 4.4), (6.5, 9)], [(0, 3.9), (5.8, 9)]))
    assert [label.kind for label in found] == ["talk_over"]


def test_who_took_the_floor_under_the_others_speech_has_been_speaking_since() -> None:
    found = overlaps(call([(0, 4.2), (6, 8)], [(4, 12)]))
    assert [(label.kind, label.by, label.t0) for label in found] == [("talk_over", "agent", 6)]


def test_time_held_under_the_others_last_words_counts() -> None:
    found = overlaps(call([(0, 4.2), (5, 8)], [(3.9, 12)]))
    assert [(label.kind, label.by, label.t0) for label in found] == [
        ("terminal", "customer", 3.9),
        ("talk_over", "agent", 5),
    ]


def test_stops_and_starts_are_one_attempt() -> None:
    """Bout by bout these would be three backchannels."""
    label = only([(5, 5.5), (5.9, 6.4), (6.8, 7.3)], [(0, 10)])
    assert (label.kind, label.t0, label.t1) == ("talk_over", 5, 7.3)
    assert label.together_s == pytest.approx(1.5)


def test_after_so_long_a_silence_it_is_another_attempt() -> None:
    found = overlaps(call([(5, 5.5), (6.2, 6.7)], [(0, 10)]))
    assert [label.kind for label in found] == ["backchannel", "backchannel"]


def test_coming_in_during_a_pause_is_no_talk_over_unless_one_keeps_on() -> None:
    assert only([(5.2, 6.8)], [(0, 5), (5.5, 10)]).kind == "backchannel"
    label = only([(5.2, 7.1)], [(0, 5), (5.5, 10)])
    assert (label.kind, label.by, label.t0) == ("talk_over", "agent", 5.5)


def test_a_backchannel_and_what_is_said_inside_the_others_speech_take_no_turn() -> None:
    found = turns(call([(2, 2.5), (5, 6.5), (9, 12)], [(0, 8), (8.4, 9.4), (13, 14)]))
    assert [(party, span.t0, span.t1) for party, span in found] == [
        ("customer", 0, 9.4),
        ("agent", 9, 12),
        ("customer", 13, 14),
    ]


@pytest.mark.parametrize(
    "text", ["Mm-hm.", "O<UNSURE>K</UNSURE>, all right.", "Oh, I see", "No, OK."]
)
def test_words_that_only_agree(text: str) -> None:
    assert only_backchannels(text) is True


@pytest.mark.parametrize("text", ["No.", "Yeah, but", "Monday", "Okay, I see a doctor."])
def test_words_that_do_not_only_agree(text: str) -> None:
    assert only_backchannels(text) is False


@pytest.mark.parametrize("text", ["", "<UNIN/>", "Okay. <INAUDIBLE_SPEECH/>"])
def test_words_that_nobody_understood(text: str) -> None:
    assert only_backchannels(text) is None


def test_a_sentence_without_an_end_is_unfinished() -> None:
    assert unfinished("So I was at")
    assert unfinished("So I was at...")
    assert not unfinished("So I was at home.")
    assert not unfinished("<UNSURE>Is it?</UNSURE>")
    assert not unfinished("")


@pytest.mark.parametrize(
    ("comes_in", "stands"),
    [((5, 7.5), True), ((5, 6.05), False), ((5, 5.75), True), ((5, 5.85), False)],
)
def test_a_label_is_clear_where_a_tenth_of_a_second_does_not_change_it(
    comes_in: Spoken, stands: bool
) -> None:
    conversation = call([comes_in], [(0, 10)])
    assert clear(conversation, overlaps(conversation)) == [stands]
