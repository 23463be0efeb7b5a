"""A call is a function of its inputs: the log of a kept call gives the same events again."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from monitor.config import StoreSettings
from monitor.events import Levels
from monitor.store import Store
from tests.commands import as_person, events_in, replayed, run, talk_over_excerpt


@pytest.mark.weights
@pytest.mark.parametrize("shared", [False, True], ids=["two channels", "one for both"])
def test_the_log_of_a_kept_call_gives_its_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shared: bool
) -> None:
    pcm, rate = talk_over_excerpt()
    soundfile.write(tmp_path / "call.wav", pcm.sum(axis=1) / 2 if shared else pcm, rate)
    with as_person(tmp_path):
        command = ("analyze", "call.wav", "--keep", "--data-dir", "kept", "--events", "e.jsonl")
        ran = run(capsys, *command)
        assert ran.status == 0, ran.err
        store = Store(StoreSettings(data_dir=tmp_path / "kept"))
        store.open()
        try:
            [call] = store.calls()
            assert f"Kept as call {call.call_id}" in ran.out
            assert (call.live, call.ended_reason) == (False, "completed")
            events = replayed(store, call.call_id)
            kept = store.event_texts(call.call_id)
            recording = store.recordings.path(call.call_id)
        finally:
            store.close()
    told = [event.model_dump_json() for event in events if not isinstance(event, Levels)]
    assert told == (tmp_path / "e.jsonl").read_text().splitlines(), "bit for bit"
    assert set(kept) <= set(told)
    assert {e.seq for e in events if e.fact} <= {e.seq for e in events_in(tmp_path / "e.jsonl")}
    assert recording is not None
    assert soundfile.info(recording).duration == pytest.approx(len(pcm) / rate, abs=0.04)
    assert any(event.type == "words" for event in events)
