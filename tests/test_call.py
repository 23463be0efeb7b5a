"""Whole calls: inputs in, events out."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest

from monitor.audio import BLOCK_S
from monitor.call import MIXED, SHARED
from monitor.config import NudgeSettings, Settings
from monitor.ear import Heard
from monitor.events import Command, End, HangUp, Missing, Transcript, Trouble
from monitor.registry import UnknownName
from tests.dialogue import (
    CALM,
    CALM_SAID,
    HURRIED,
    HURT,
    HURT_SAID,
    TALK_OVER,
    call,
    line,
    of,
    play,
    run,
    words,
)
from tests.scores import heard

TROUBLED = ("nudge.opened", "alert.raised", "degraded")


def test_a_calm_call_with_backchannels_raises_nothing() -> None:
    events = run(*CALM, CALM_SAID)
    assert of(events, *TROUBLED) == []
    assert all(mood.level == "calm" for mood in of(events, "mood"))
    kinds = Counter(overlap.kind for overlap in of(events, "overlap"))
    assert kinds["talk_over"] == 0
    assert kinds["backchannel"] >= 2


def test_the_envelope() -> None:
    events = run(*HURT, HURT_SAID)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert {event.call_id for event in events} == {"c1"}
    assert all(a.t <= b.t for a, b in itertools.pairwise(events))
    assert events[0].type == "call.started"
    assert [event.type for event in events[-2:]] == ["report", "call.ended"]


@pytest.mark.parametrize("chunk", [2, 7, 31, 10_000])
def test_any_chunking_gives_the_same_events(chunk: int) -> None:
    sound = heard(*HURT)
    assert play(call(), sound, HURT_SAID, chunk) == play(call(), sound, HURT_SAID)


def test_a_strong_talk_over_nudges_while_it_lasts() -> None:
    events = run(*TALK_OVER)
    (opened,) = of(events, "nudge.opened")
    (closed,) = of(events, "nudge.closed")
    first, second = (o.t0 for o in of(events, "overlap") if not o.final)
    assert opened.nudge == "let_them_finish"
    assert opened.why == "You kept talking over them for 1.0 s"
    assert 1.0 <= opened.t - first <= 1.2
    assert opened.t < second
    assert (closed.outcome, closed.id) == ("done", opened.id)
    (effect,) = of(events, "nudge.effect")
    assert effect.followed


def test_the_second_talk_over_nudges_in_the_block_where_it_is_judged() -> None:
    often = {"strong_score": 9.0, "weak_repeats": 2.0}
    settings = Settings(nudges=NudgeSettings(thresholds={"let_them_finish": often}))
    events = play(call(settings), heard(*TALK_OVER))
    (opened,) = of(events, "nudge.opened")
    _, second = (o for o in of(events, "overlap") if o.final and o.t1 - o.t0 < 1.1)
    assert opened.t == second.t
    assert opened.t - second.t1 <= 0.65, "cut off, and then silent for so long"
    assert opened.why == "You spoke over them twice in a minute"


def test_backchannel_words_take_the_talk_over_back() -> None:
    agent = line((16, "."), (1.3, "="), (20, "."))
    customer = line((3, "."), (17, "="))
    said = [words("agent", 16, 17.3, "Yeah, okay, I see.", at=18.5)]
    with_words, without = run(agent, customer, said), run(agent, customer)
    assert of(without, "overlap")[-1].kind == "talk_over"
    assert of(with_words, "overlap")[-1].kind == "backchannel"
    assert max(mood.score for mood in of(without, "mood")) > 0.6
    late = [mood.score for mood in of(with_words, "mood") if mood.t >= 18.5]
    assert late[0] == 0


def test_a_hurried_agent_is_slowed() -> None:
    events = run(*HURRIED)
    assert [o.nudge for o in of(events, "nudge.opened")] == ["match_their_pace"]
    pace = of(events, "pace")[-1]
    assert pace.agent_syl_per_s > 1.2 * pace.customer_syl_per_s


def test_a_slow_agent_is_left_alone() -> None:
    hurried, slow = HURRIED
    assert of(run(slow, hurried), "nudge.opened") == []


def test_words_raise_an_alert_and_the_nudge_that_answers_it() -> None:
    events = run(*HURT, HURT_SAID)
    (alert,) = of(events, "alert.raised")
    assert alert.reasons[0].text == "Asks for someone else: “speak to your manager”"
    opened = of(events, "nudge.opened")[0]
    closed = of(events, "nudge.closed")[0]
    assert opened.nudge == "acknowledge_first"
    assert "ago; not acknowledged yet" in opened.why
    assert (closed.id, closed.outcome) == (opened.id, "done")
    assert closed.why == "You said: “I am sorry you”"


def test_an_acknowledgement_in_time_spares_the_nudge() -> None:
    answer = words("agent", 12, 15, "I am so sorry you had to call three times.")
    said = [answer if tr.t0 == 12 else (at, tr) for at, tr in HURT_SAID if tr.t0 <= 12]
    assert of(run(*HURT, said), "nudge.opened") == []


def test_upset_and_long_is_let_vent() -> None:
    agent = line((2, "="), (60, "."), (3, "="))
    customer = line((30, "."), (4, "="), (1, "."), (24, "="), (2, "."))
    said = [words("customer", 30, 34, "I am so angry, I have told you this already three times.")]
    events = run(agent, customer, said)
    (opened,) = of(events, "nudge.opened")
    (closed,) = of(events, "nudge.closed")
    assert opened.nudge == "let_them_vent"
    assert closed.outcome == "done"
    assert opened.t < 40


# ---- words ---------------------------------------------------------------------------


def test_late_words_are_shown_but_raise_nothing() -> None:
    late = [(tr.t1 + 9, tr) for _, tr in HURT_SAID]
    events = run(*HURT, late)
    assert all(w.late for w in of(events, "words"))
    assert len(of(events, "words")) == len(HURT_SAID)
    assert of(events, "nudge.opened", "alert.raised") == []
    assert not [r for mood in of(events, "mood") for r in mood.reasons if r.kind == "words"]
    assert not [c for c in of(events, "cue") if c.party == "customer"]


def test_words_marked_late_by_the_outside_too() -> None:
    at, tr = HURT_SAID[1]
    events = run(*HURT, [(at, tr.model_copy(update={"late": True}))])
    assert of(events, "words")[0].late
    assert of(events, "cue") == []


def partial(said: tuple[float, Transcript], at: float, text: str) -> tuple[float, Transcript]:
    return at, said[1].model_copy(update={"final": False, "t1": at, "text": text, "words": []})


def test_partial_words_raise_a_cue_once_and_the_final_ones_confirm_it() -> None:
    final = HURT_SAID[1]
    early = [partial(final, 5, "I already told"), partial(final, 6, "I already told your")]
    with_partials, without = run(*HURT, [*early, final]), run(*HURT, [final])
    assert [w.final for w in of(with_partials, "words")] == [False, False, True]
    (cue,) = (cue for cue in of(with_partials, "cue") if cue.family == "repetition")
    (told_late,) = (cue for cue in of(without, "cue") if cue.family == "repetition")
    assert (cue.status, told_late.status) == ("likely", "heard")
    assert cue.t < 5.1 < 11 < told_late.t, "7 s sooner"
    peaks = [max(m.score for m in of(events, "mood")) for events in (with_partials, without)]
    assert peaks[0] <= peaks[1], "counted once"


def test_a_cue_that_the_final_words_lack_is_taken_back() -> None:
    at, tr = HURT_SAID[1]
    final = (at, tr.model_copy(update={"text": "I read you all of it", "words": []}))
    events = run(*HURT, [partial(final, 5, "I already told you"), final])
    likely, gone = of(events, "cue")
    assert (likely.status, gone.status) == ("likely", "taken_back")
    assert (gone.family, gone.t0, gone.text) == (likely.family, likely.t0, likely.text)
    before = [mood for mood in of(events, "mood") if mood.t < gone.t]
    after = [mood for mood in of(events, "mood") if gone.t <= mood.t <= gone.t + 1]
    assert max(mood.score for mood in before) > 1.5
    assert after[0].score < 0.5
    assert not [reason for reason in after[0].reasons if reason.kind == "words"]
    assert of(events, "nudge.opened") == []


def test_an_empty_final_takes_partial_words_and_their_cue_back() -> None:
    at, tr = HURT_SAID[1]
    final = (at, tr.model_copy(update={"text": "", "words": []}))
    events = run(*HURT, [partial(final, 5, "I already told you"), final])
    assert [cue.status for cue in of(events, "cue")] == ["likely", "taken_back"]
    assert of(events, "words")[-1].text == ""


def test_partial_words_of_relief_or_of_the_agent_raise_nothing() -> None:
    final = HURT_SAID[1]
    agent = (9.0, HURT_SAID[6][1].model_copy(update={"final": False}))
    events = run(*HURT, [partial(final, 5, "Thank you so much that is great"), agent])
    assert of(events, "cue") == []


def test_a_family_counted_a_moment_ago_is_left_to_the_final_words() -> None:
    first, second = HURT_SAID[1], HURT_SAID[3]
    events = run(*HURT, [first, partial(second, 17, "Yes I already told you")])
    assert {cue.status for cue in of(events, "cue")} == {"heard"}


def test_the_unfinished_utterance_keeps_its_number() -> None:
    on, sound = call(), heard(line((9, "."), (1, "=")), line((1, "."), (6, "="), (6, ".")))
    assert on.unfinished() is None
    on.receive(sound.part(0, 94))
    open_now = on.unfinished()
    assert open_now is not None
    assert (open_now.number, open_now.party, open_now.final) == (1, "customer", False)
    assert (open_now.t0, open_now.t1) == (pytest.approx(1, abs=0.1), pytest.approx(3, abs=0.04))
    on.receive(sound.part(94, 188))
    assert on.unfinished().number == 1  # type: ignore[union-attr]
    on.receive(sound.part(188, sound.blocks))
    on.receive(HangUp())
    assert [(u.number, u.party) for u in on.utterances()] == [(1, "customer"), (2, "agent")]
    assert on.unfinished() is None


def test_without_words_the_acoustic_lane_goes_on() -> None:
    events = run(*TALK_OVER, words=None)
    assert [o.nudge for o in of(events, "nudge.opened")] == ["let_them_finish"]


def test_words_in_trouble_nobody_is_blamed_for_what_was_not_heard() -> None:
    on = call()
    sound = heard(*HURT)
    on.receive(sound.part(0, 100))
    on.receive(Trouble(part="words", active=True, reason="engine failed"))
    events = play(on, sound.part(100, sound.blocks), HURT_SAID)
    assert of(events, "degraded")[0].reason == "engine failed"
    assert of(events, "nudge.opened") == []


def test_words_never_move_an_utterance() -> None:
    with_words, without = call(), call(words=None)
    play(with_words, heard(*HURT), HURT_SAID)
    play(without, heard(*HURT))
    utterances = with_words.utterances()
    assert utterances == without.utterances()
    assert [u.number for u in utterances] == list(range(1, len(utterances) + 1))
    assert with_words.utterances() == []


def test_words_after_the_hang_up_are_still_taken() -> None:
    on = call()
    on.receive(heard(*HURT))
    on.receive(HangUp())
    on.receive(HURT_SAID[3][1])
    on.receive(End())
    events = on.events()
    types = [event.type for event in events]
    assert types.index("words") < types.index("report")
    assert of(events, "nudge.opened") == []


# ---- one channel, or two that are one ----------------------------------------------------


def test_one_channel_for_both() -> None:
    silent = "." * len(HURT[1])
    both = "".join(a if a != "." else c for a, c in itertools.zip_longest(*HURT, fillvalue="."))
    events = run(silent, both, HURT_SAID, separated=False)
    assert events[0].limits == [SHARED]  # type: ignore[attr-defined]
    assert of(events, "report")[0].limits == [SHARED]
    assert len(of(events, "words")) == len(HURT_SAID)
    assert of(events, "turn", "levels", "floor")
    assert of(events, "overlap", "mood", "pace", "cue", *TROUBLED) == []


def mixed_sound(seconds: float = 30.0) -> Heard:
    """Two people in turn, both on both channels; the levels wander as speech does."""
    rng = np.random.default_rng(1)
    blocks = round(seconds / BLOCK_S)
    one = heard(line((seconds, "=")), line((seconds, "=")))
    level = -26 + 5 * np.repeat(rng.standard_normal(blocks // 4 + 1), 4)[:blocks]
    quiet = (np.arange(blocks) // 20) % 4 == 3
    fields: dict[str, Any] = {name: getattr(one, name)[:, :blocks].copy() for name in one.__slots__}
    fields["level_db"] = np.stack([np.where(quiet, -70, level)] * 2).astype(np.float32)
    fields["speech"] = np.stack([np.where(quiet, 0.02, 0.95)] * 2).astype(np.float32)
    return Heard(**fields)


def test_mixed_channels_are_found_and_said() -> None:
    events = play(call(), mixed_sound())
    (degraded,) = of(events, "degraded")
    assert (degraded.part, degraded.reason) == ("hearing", MIXED)
    after = [event for event in events if event.t > degraded.t + BLOCK_S]
    assert of(after, "overlap", "mood", "nudge.opened", "alert.raised") == []
    assert MIXED in of(events, "report")[0].limits
    assert "talk_over" not in of(events, "report")[0].overlaps


# ---- gaps, commands, the end ------------------------------------------------------------


def test_missing_audio_is_a_gap_and_no_dead_air() -> None:
    on = call()
    on.receive(heard("", line((3, "="))))
    t0 = on.t
    on.receive(Missing(blocks=300, reason="hold"))
    assert on.t == pytest.approx(t0 + 300 * BLOCK_S)
    events = play(on, heard("", line((3, "="))))
    (gap,) = of(events, "gap")
    assert (gap.t0, gap.t1, gap.reason) == (t0, round(t0 + 300 * BLOCK_S, 3), "hold")
    assert of(events, "dead_air") == []
    assert len(on.utterances()) == 2


def test_dead_air_is_told_and_felt_once() -> None:
    events = run(line((3, "="), (11, "."), (2, "=")), line((3, "."), (4, "=")))
    (dead_air,) = of(events, "dead_air")
    assert dead_air.t1 - dead_air.t0 == pytest.approx(7, abs=0.1)
    assert max(mood.score for mood in of(events, "mood")) == 0.3


def test_a_note() -> None:
    on = call()
    on.receive(Command(command="note", by="Sam", text="Offer the refund"))
    note = on.events()[-1]
    assert (note.type, note.by, note.text) == ("note", "Sam", "Offer the refund")  # type: ignore[attr-defined]


def opened_talk_over() -> tuple[Any, Heard, int]:
    """A call stopped right after its nudge opened, the sound, and the block it is at."""
    on = call()
    sound = heard(*TALK_OVER)
    for at in range(sound.blocks):
        on.receive(sound.part(at, at + 1))
        if any(event.type == "nudge.opened" for event in on.events()):
            return on, sound, at + 1
    raise AssertionError("no nudge")


def test_dismiss() -> None:
    on, sound, at = opened_talk_over()
    on.receive(Command(command="dismiss_nudge", text="n1"))
    (closed,) = on.events()
    assert (closed.type, closed.outcome) == ("nudge.closed", "dismissed")
    assert of(play(on, sound.part(at, sound.blocks)), "nudge.opened", "nudge.closed") == []


def test_snooze() -> None:
    on = call()
    on.receive(Command(command="snooze", for_s=600))
    assert of(play(on, heard(*TALK_OVER)), "nudge.opened") == []


def test_the_end_closes_what_is_open() -> None:
    on, _, _ = opened_talk_over()
    on.receive(End(reason="lost", detail="socket closed"))
    events = on.events()
    assert [e.type for e in events if e.type.startswith("nudge")] == [
        "nudge.closed",
        "nudge.effect",
    ]
    assert of(events, "nudge.closed")[0].outcome == "call_ended"
    ended = events[-1]
    assert (ended.reason, ended.detail, ended.duration_s) == ("lost", "socket closed", on.t)
    assert on.ended


def test_after_the_end_nothing_is_taken() -> None:
    on = call()
    on.receive(End())
    on.events()
    on.receive(heard("===", "==="))
    on.receive(Transcript(utterance=1, party="agent", t0=0, t1=1, text="hello"))
    on.receive(End())
    assert on.events() == []
    assert on.t == 0


def test_a_call_of_nothing() -> None:
    on = call()
    on.receive(End())
    report = of(on.events(), "report")[0]
    assert report.duration_s == 0
    assert report.agent.talk_share == 0


def test_one_row_is_refused() -> None:
    with pytest.raises(ValueError, match="2 channels"):
        call().receive(heard("==", "==").rows(0, 1))


def test_an_unknown_nudge_is_refused() -> None:
    settings = Settings(nudges=NudgeSettings(enabled=["sing_along"]))
    with pytest.raises(UnknownName, match="let_them_finish"):
        call(settings)


def test_inputs_replayed_give_the_same_events() -> None:
    """Heard goes through its log format, words through JSON."""
    sound = heard(*HURT)
    again = Heard.from_bytes(sound.to_bytes())
    said = [(at, Transcript.model_validate_json(tr.model_dump_json())) for at, tr in HURT_SAID]
    assert play(call(), again, said) == play(call(), sound, HURT_SAID)
