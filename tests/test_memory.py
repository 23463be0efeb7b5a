"""What a call remembers for its nudges."""

from __future__ import annotations

from typing import Any

from monitor.events import Cue, Overlap, Transcript
from monitor.memory import Memory
from monitor.view import PEAK_WITHIN_S, REMEMBERED_S


def cue(family: str, t0: float, **more: Any) -> Cue:
    given = {"family": family, "party": "customer", "t0": t0, "t1": t0 + 1, "text": "so it is"}
    return Cue.model_validate(given | more)


def said(t0: float, text: str, party: str = "agent") -> Transcript:
    given = {"utterance": 1, "party": party, "t0": t0, "t1": t0 + 2, "text": text}
    return Transcript.model_validate(given)


def test_the_first_and_the_newest_of_a_family_outlast_the_cues() -> None:
    memory = Memory()
    for t0 in (3.0, 9.0, 6.0):
        memory.cue(cue("thanks", t0))
    memory.forget(9.0 + REMEMBERED_S + 2)
    assert not memory.cues
    assert (memory.first["thanks"], memory.last["thanks"]) == (3.0, 9.0)


def test_what_is_taken_back_was_never_heard() -> None:
    memory = Memory()
    likely = cue("not_heard", 5.0, weight=2.0, status="likely")
    memory.cue(cue("not_heard", 2.0))
    memory.cue(likely)
    memory.heavy(likely)
    assert len(memory.frustrations) == 1
    memory.take_back(likely)
    assert not memory.frustrations
    assert memory.last["not_heard"] == memory.first["not_heard"] == 2.0
    memory.take_back(memory.cues[0])
    assert not memory.last
    assert not memory.first


def test_words_are_kept_as_phrases_see_them() -> None:
    memory = Memory()
    memory.transcript(said(1.0, "I'm here, um, okay?"))
    memory.transcript(said(4.0, "", "agent"))
    memory.transcript(said(7.0, "Yes.", "customer"))
    assert [one.words for one in memory.said] == [("i", "am", "here", "ok"), ("yes",)]
    assert memory.agent_words_until == 6.0
    memory.forget(3.0 + REMEMBERED_S + 0.1)
    assert [one.party for one in memory.said] == ["customer"]


def talk_over(number: int, t0: float, kind: str = "talk_over") -> Overlap:
    given = {"id": f"o{number}", "by": "agent", "t0": t0, "t1": t0 + 1}
    return Overlap.model_validate(given | {"kind": kind})


def test_what_another_agent_does_from_their_first_word_on_is_theirs() -> None:
    memory = Memory("John Smith")
    for number, t0 in enumerate((60.0, 90.0)):
        memory.transcript(said(t0, "Hello Mr Smith."))
        memory.overlap(talk_over(number, t0))
        memory.agent_turn_ends.append(t0 + 2)
        memory.heavy(cue("frustration", t0, weight=2.0))
    memory.overlap(talk_over(2, 62.0, "backchannel"))
    memory.another_agent(90.0)
    assert list(memory.naming.used) == [90.0]
    assert list(memory.overlaps) == ["o1", "o2"], "who only agreed did nothing"
    assert list(memory.agent_turn_ends) == [92.0]
    assert [one.t for one in memory.frustrations] == [90.0]
    assert len(memory.said) == 2, "what was said stays said"


def test_a_frustration_is_short_enough_for_a_glance() -> None:
    memory = Memory()
    told = cue(
        "not_heard", 5.0, weight=2.0, text="I have told each of you the very same thing again"
    )
    memory.heavy(told)
    assert memory.frustrations[0].text == "They said “I have told each of you the very …”"
    memory.take_back(told)
    assert not memory.frustrations


def test_the_mood_has_a_peak_and_a_time_above_the_line() -> None:
    memory = Memory()
    assert memory.mood_peak is None
    for t, score in ((1.0, 2.0), (2.0, 5.0), (3.0, 4.0), (4.0, 1.0)):
        memory.mood(t, score, alert=3.4)
        high = memory.high_since
        assert high == (2.0 if score > 3.4 else None)
    assert memory.mood_peak == (2.0, 5.0)
    memory.mood(2.5 + PEAK_WITHIN_S, 0.5, alert=3.4)
    assert memory.mood_peak == (3.0, 4.0)
