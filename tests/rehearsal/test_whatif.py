"""Past calls under another policy: logged inputs in, the difference out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monitor.call import Call, CallInput
from monitor.config import NudgeSettings, Settings, StoreSettings
from monitor.events import CallStarted, Command, End, Event, HangUp, NudgeOpened
from monitor.playbook import Playbook
from monitor.rehearsal import RehearsalError, page, past, whatif
from monitor.rehearsal.rerun import rerun
from monitor.rehearsal.whatif import PastCall
from monitor.score.reference import NudgeRef, Reference
from monitor.store import Store
from tests.dialogue import HURT, HURT_SAID, PHRASES, TALK_OVER, Said
from tests.scores import heard

NOW = Playbook(NudgeSettings())
NEVER_FINISH = Playbook.parse(NudgeSettings(), "[nudge.let_them_finish]\nenabled = false")
STARTED = CallStarted(
    call_id="c1", started_at="2026-01-05T10:00:00+00:00", source="score", words="tiny.en"
)


def inputs(score: tuple[str, str], said: Said = ()) -> list[CallInput]:
    """As a session would have logged them: half-second pieces, words when they came."""
    sound = heard(*score)
    waiting = sorted(said, key=lambda item: item[0])
    out: list[CallInput] = []
    for at in range(0, sound.blocks, 16):
        while waiting and waiting[0][0] <= at * 0.032:
            out.append(waiting.pop(0)[1])
        out.append(sound.part(at, min(at + 16, sound.blocks)))
    return [*out, HangUp(), *(transcript for _, transcript in waiting), End()]


def call(name: str, score: tuple[str, str], said: Said = (), nudges: object = None) -> PastCall:
    reference = None if nudges is None else Reference.model_validate({"nudges": nudges})
    return PastCall(name, STARTED, inputs(score, said), reference)


def difference(past_call: PastCall, new: Playbook) -> whatif.Difference:
    return whatif.difference(past_call, Settings(), NOW, new, PHRASES)


def test_the_same_policy_changes_nothing() -> None:
    told = difference(call("hurt", HURT, HURT_SAID), NOW)
    assert told.before == told.after
    assert told.before
    assert (told.kept, told.gained, told.lost) == (len(told.before), [], [])


def test_a_rerun_is_what_the_call_told() -> None:
    items = inputs(HURT, HURT_SAID)
    original = Call(STARTED, Settings(), PHRASES)
    for item in items:
        original.receive(item)
    first: list[Event] = original.events()
    started = next(event for event in first if isinstance(event, CallStarted))
    assert rerun(started, items, Settings(), NudgeSettings(), PHRASES) == first


def test_what_is_switched_off_is_lost_and_nothing_else() -> None:
    told = difference(call("talkover", TALK_OVER), NEVER_FINISH)
    assert {nudge.nudge for nudge in told.lost} == {"let_them_finish"}
    assert not any(nudge.nudge == "let_them_finish" for nudge in told.after)
    assert told.kept == len(told.before) - len(told.lost)


def test_a_nudge_that_moves_a_little_is_the_same() -> None:
    later = Playbook.parse(NudgeSettings(), "warm_up_s = 19")
    told = difference(call("talkover", TALK_OVER), later)
    moved = [nudge.t for nudge in told.before] != [nudge.t for nudge in told.after]
    assert moved
    assert (told.gained, told.lost) == ([], [])


def test_references_say_what_is_won_and_lost() -> None:
    opened = difference(call("t", TALK_OVER), NOW).before[0]
    due = NudgeRef(nudge=opened.nudge, after=opened.t - 2, before=opened.t + 2)
    told = difference(call("t", TALK_OVER, nudges=[due]), NEVER_FINISH)
    assert told.judged is not None
    before, after = told.judged
    assert (before.hits, before.missed) == (1, 0)
    assert (after.hits, after.missed) == (0, 1)
    total = whatif.total([told, difference(call("calm", HURT, HURT_SAID), NOW)])
    assert (total.calls, total.changed, total.annotated) == (2, 1, 1)
    assert (total.hits, total.missed) == ((1, 0), (0, 1))
    assert total.each["let_them_finish"][1] == 0


def test_nobody_guesses_who_would_have_waved_it_away() -> None:
    items = inputs(TALK_OVER)
    half = len(items) * 2 // 3
    items.insert(half, Command(command="dismiss_nudge", text="n1"))
    told = whatif.difference(PastCall("t", STARTED, items), Settings(), NOW, NOW, PHRASES)
    assert told.before == difference(call("t", TALK_OVER), NOW).before
    items[half] = Command(command="snooze", for_s=600.0)
    items.insert(0, items.pop(half))
    snoozed = whatif.difference(PastCall("t", STARTED, items), Settings(), NOW, NOW, PHRASES)
    assert snoozed.before == []


def test_a_log_that_ends_in_mid_call_is_closed() -> None:
    cut = inputs(TALK_OVER)[:-40]
    told = whatif.difference(PastCall("t", STARTED, cut), Settings(), NOW, NOW, PHRASES)
    assert told.duration_s > 0


def test_stored_calls_by_their_logs(tmp_path: Path) -> None:
    store = Store(StoreSettings(data_dir=tmp_path))
    store.open()
    try:
        items = inputs(TALK_OVER)
        done = Call(STARTED, Settings(), PHRASES)
        for event in done.events():
            store.event(event)
        pcm = np.zeros((2, 8000), np.float32)
        pcm[1] = 0.25
        store.audio("c1", 0.0, pcm)
        for item in items:
            store.input("c1", done.t, item)
            done.receive(item)
            for event in done.events():
                store.event(event)
        store.flush()
        (found,) = past.stored(store, ["c1"])
        told = difference(found, NOW)
        assert told.before == difference(call("t", TALK_OVER), NOW).before
        store.flush()
        assert [row.by for row in store.access("c1")] == ["monitor whatif"]
        assert found.cut is not None
        heard_again = found.cut(0.2, 0.7)
        assert heard_again.shape == (2, 4000)
        assert abs(float(heard_again[1].mean()) - 0.25) < 0.02
        with pytest.raises(RehearsalError, match="no stored call 'c2'"):
            past.stored(store, ["c2"])
    finally:
        store.close()


def test_the_page_shows_each_difference_with_its_sound() -> None:
    def cut(t0: float, t1: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return np.zeros((2, round((t1 - t0) * 8000)), np.float32)

    silent = call("a & b", TALK_OVER)
    sounding = PastCall(silent.name, silent.started, silent.inputs, None, cut)
    for one, clips in ((silent, 0), (sounding, 1)):
        told = difference(one, NEVER_FINISH)
        text = page.html("What if?", ["a fact"], [(one, told)])
        assert "<h2>a &amp; b</h2>" in text
        assert text.count("No longer shown: Let them finish") == len(told.lost) >= 1
        assert text.count("data:audio/flac;base64,") == clips * len(told.lost)


def test_openings_are_matched_one_to_one() -> None:
    def opened(*times: float) -> list[NudgeOpened]:
        return [
            NudgeOpened(
                t=t, id="n", nudge="x", title="X", text="x", why="", evidence=[], ttl_s=10.0
            )
            for t in times
        ]

    lost, gained = whatif._apart(opened(10.0, 40.0), opened(14.0, 18.0, 80.0))
    assert [nudge.t for nudge in lost] == [40.0]
    assert [nudge.t for nudge in gained] == [18.0, 80.0]
