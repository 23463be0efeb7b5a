"""A call heard for its score: by the same session as any recording."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.analysis import analyze
from monitor.config import HearingSettings, Settings
from monitor.events import PARTIES, Event, HangUp, Levels, Party
from monitor.runtime import Runtime
from monitor.score import ScoreError
from monitor.score.annotated import AnnotatedCall, find
from monitor.score.listening import Listened, SpeechRuns, audio_of, listen
from monitor.score.scoring import compare, score
from monitor.score.spans import Stretch
from monitor.sources.wav import WavSource
from tests import dialogue
from tests.commands import RENDERED
from tests.test_crosstalk_grid import hear, leaked, pcm

SAMPLE = RENDERED / "talkover.ref.json"


@pytest.fixture(scope="module")
def both() -> tuple[Listened, list[Event]]:
    """What the score hears of a sample, and what ``monitor analyze`` does."""
    return asyncio.run(_both())


async def _both() -> tuple[Listened, list[Event]]:
    events: list[Event] = []
    runtime = await Runtime.start(Settings(), words=False)
    try:
        call = find([SAMPLE])[0]
        heard = await listen(runtime, call.name, *await audio_of(call))
        source = WavSource(call.audio[0])
        await analyze(runtime, source, call_id=call.name, watch=events.append)
    finally:
        await runtime.close()
    return heard, events


def test_it_hears_what_analyze_hears(both: tuple[Listened, list[Event]]) -> None:
    heard, events = both
    told = [event for overlap in heard.overlaps for event in overlap.told]
    assert sorted(told, key=lambda o: o.seq) == [e for e in events if e.type == "overlap"]
    assert heard.turns == [e for e in events if e.type == "turn"]
    assert heard.nudges == [e for e in events if e.type == "nudge.opened"]
    assert len(heard.overlaps) >= 5


def test_runs_of_speech_are_those_the_call_goes_by(both: tuple[Listened, list[Event]]) -> None:
    """The meters say "speaking" inside runs only, to the block in which each is sure."""
    heard, events = both
    levels = [e for e in events if isinstance(e, Levels)]
    assert len(levels) > 400
    for party in PARTIES:
        runs = heard.speech[party]
        assert len(runs) > 10
        for meter in levels:
            inside = any(run.t0 <= meter.t <= run.t1 for run in runs)
            near = any(run.t0 <= meter.t <= run.t1 + 0.2 for run in runs)
            speaking = meter.agent_speaking if party == "agent" else meter.customer_speaking
            if speaking:
                assert near, (party, meter.t)
            elif inside:
                begun = next(run for run in runs if run.t0 <= meter.t <= run.t1)
                assert meter.t - begun.t0 < 0.55, "dated back over a soft onset"


@pytest.mark.parametrize(
    ("source", "gain_db", "delay_ms"), [(0, -15, 200), (1, -20, 60), (0, 0, 30)], ids=str
)
def test_runs_of_speech_are_those_of_the_call_under_echo(
    source: int, gain_db: float, delay_ms: float
) -> None:
    """A known echo changes what is learned of each channel; 0 dB: both carry one sound."""
    (rows,) = hear([leaked(pcm("calm"), source, gain_db, delay_ms)])
    (told,) = dialogue.of(dialogue.play(dialogue.call(), rows), "report")
    runs = SpeechRuns(HearingSettings(), separated=True)
    for item in (rows.part(0, 1000), rows.part(1000, rows.blocks), HangUp()):
        runs.input(item)
    talk_s = [sum(run.t1 - run.t0 for run in runs.runs[party]) for party in PARTIES]
    assert talk_s == pytest.approx([told.agent.talk_s, told.customer.talk_s], abs=0.01)


def mono(folder: Path) -> AnnotatedCall:
    pcm, rate = soundfile.read(RENDERED / "talkover.flac", dtype="float32", frames=30 * 8000)
    soundfile.write(folder / "x.wav", pcm.sum(axis=1) / 2, rate)
    (folder / "x.ref.json").write_text(
        '{"turns": [{"party": "agent", "t0": 0.8, "t1": 5.38}, '
        '{"party": "customer", "t0": 5.68, "t1": 30}], "overlaps": [], "nudges": [], '
        '"frustration": []}'
    )
    return find([folder])[0]


async def test_one_channel_is_scored_for_what_can_be_heard(tmp_path: Path) -> None:
    (scored,) = await score(Settings(), [mono(tmp_path)], words=False)
    assert (scored.overlaps, scored.turns, scored.nudges) == (None, None, None)
    assert set(scored.activity) == {"customer"}
    assert scored.activity["customer"].false_s < 1.0
    assert any("one channel for both" in note for note in scored.notes)


async def test_a_part_that_is_not_annotated_is_not_scored() -> None:
    call = find([SAMPLE])[0]
    bare = AnnotatedCall(
        call.name,
        call.path,
        call.reference.model_copy(
            update=dict.fromkeys(("turns", "overlaps", "words", "nudges", "frustration"))
        ),
        call.audio,
        call.duration_s,
        separated=True,
    )
    (scored,) = await score(Settings(), [bare], words=False)
    assert (scored.overlaps, scored.turns, scored.nudges) == (None, None, None)
    assert (scored.activity, scored.frustration) == ({}, {})
    assert any("hours of speech are those found" in note for note in scored.notes)


async def test_any_number_at_once_and_in_order() -> None:
    calls = find([RENDERED / f"{name}.ref.json" for name in ("pace", "calm", "talkover")])
    told: list[float] = []
    one = await score(Settings(), calls, words=False, at_once=1, progress=told.append)
    three = await score(Settings(), calls, words=False, at_once=3)
    assert [call.name for call in three] == ["pace", "calm", "talkover"]
    assert [call.overlaps for call in one] == [call.overlaps for call in three]
    assert told == sorted(told)
    assert told[-1] == pytest.approx(sum(call.duration_s for call in calls), abs=0.1)


async def test_a_line_is_heard_and_its_chance_is_the_seed_s() -> None:
    calls = find([SAMPLE])
    heard: list[np.ndarray] = []
    for seed in (1, 1, 2):
        await score(
            Settings(),
            calls,
            words=False,
            over="loss:5",
            seed=seed,
            watch=lambda call, scored, pcm: heard.append(pcm),
        )
    assert np.array_equal(heard[0], heard[1])
    assert not np.array_equal(heard[0], heard[2])
    with pytest.raises(ScoreError, match="no line 'tin-cans'"):
        await score(Settings(), calls, words=False, over="tin-cans")


async def test_audio_that_has_gone_meanwhile(tmp_path: Path) -> None:
    call = mono(tmp_path)
    call.audio[0].unlink()
    with pytest.raises(ScoreError, match=r"x: x\.wav cannot be read"):
        await score(Settings(), [call], words=False)


def test_hours_of_speech_are_the_references(both: tuple[Listened, list[Event]]) -> None:
    heard, _ = both
    call = find([SAMPLE])[0]
    scored = compare(call, heard)
    assert scored.overlaps is not None
    annotated: dict[Party, list[Stretch]] = {"agent": [], "customer": []}
    for word in call.reference.words or []:
        annotated[word.party].append(Stretch(word.t0, word.t1))
    for party in PARTIES:
        said_s = sum(word.t1 - word.t0 for word in annotated[party])
        assert scored.overlaps.speech_s[party] == pytest.approx(said_s, rel=0.15)
