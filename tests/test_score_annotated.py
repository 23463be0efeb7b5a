"""Annotated calls on disk: what is found, and what is refused before anything is heard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from monitor.score import ScoreError
from monitor.score.annotated import find

RATE_HZ = 8000


def sound(path: Path, channels: int = 2, seconds: float = 4.0) -> Path:
    noise = np.random.default_rng(1).normal(0, 0.1, (round(seconds * RATE_HZ), channels))
    soundfile.write(path, noise, RATE_HZ, subtype="PCM_16")
    return path


def reference(path: Path, **parts: Any) -> Path:
    path.write_text(json.dumps(parts))
    return path


def test_a_folder_and_those_below(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name in ("b", "a", "more/a"):
        sound(tmp_path / f"{name}.wav")
        reference(tmp_path / f"{name}.ref.json")
    sound(tmp_path / "not annotated.wav")
    assert [call.name for call in find([tmp_path])] == ["a", "b", "more/a"]


def test_a_file_for_each_party(tmp_path: Path) -> None:
    reference(tmp_path / "x.ref.json")
    sound(tmp_path / "x_agent.wav", channels=1)
    sound(tmp_path / "x_caller.FLAC", channels=1, seconds=5.0)
    (call,) = find([tmp_path])
    assert [path.name for path in call.audio] == ["x_agent.wav", "x_caller.FLAC"]
    assert call.duration_s == 5.0
    assert call.separated


@pytest.mark.parametrize("files", [("x.wav",), ("x_agent.wav", "x_customer.wav")])
def test_the_customers_name_is_told_as_a_telephone_system_would(
    tmp_path: Path, files: tuple[str, ...]
) -> None:
    reference(tmp_path / "x.ref.json", customer_name="Maria Lopez")
    for file in files:
        sound(tmp_path / file, channels=3 - len(files))
    (call,) = find([tmp_path])
    assert call.open().info.customer.name == "Maria Lopez"


@pytest.mark.parametrize("named", ["x.ref.json", "x_agent.wav", "x_customer.wav"])
def test_one_call_by_any_of_its_files(tmp_path: Path, named: str) -> None:
    reference(tmp_path / "x.ref.json")
    for party in ("agent", "customer"):
        sound(tmp_path / f"x_{party}.wav", channels=1)
    sound(tmp_path / "y.wav")
    reference(tmp_path / "y.ref.json")
    assert [call.name for call in find([tmp_path / named])] == ["x"]


def test_a_call_named_twice_is_one_and_two_of_a_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        sound(tmp_path / folder / "x.wav")
        reference(tmp_path / folder / "x.ref.json")
    names = [c.name for c in find([tmp_path / "one", tmp_path / "one/x.wav", tmp_path / "two"])]
    assert names == [str(tmp_path / "one/x"), str(tmp_path / "two/x")]


def test_one_channel_for_both_is_said(tmp_path: Path) -> None:
    sound(tmp_path / "x.wav", channels=1)
    reference(tmp_path / "x.ref.json")
    assert not find([tmp_path])[0].separated


def complaint(*places: Path) -> str:
    with pytest.raises(ScoreError) as error:
        find(places)
    return str(error.value)


def test_an_empty_folder_and_what_is_not_there(tmp_path: Path) -> None:
    assert "no NAME.ref.json in" in complaint(tmp_path)
    assert "docs/references.md" in complaint(tmp_path)
    assert str(tmp_path / "x.ref.json") in complaint(tmp_path / "x.ref.json")
    sound(tmp_path / "x.wav")
    assert str(tmp_path / "x.ref.json") in complaint(tmp_path / "x.wav")


def test_audio_that_is_missing(tmp_path: Path) -> None:
    path = reference(tmp_path / "x.ref.json")
    said = complaint(tmp_path)
    assert str(path) in said
    assert "x_agent.wav and x_customer.wav" in said
    sound(tmp_path / "x_agent.wav", channels=1)
    assert "x_customer.wav" in complaint(tmp_path)


def test_audio_that_is_there_twice(tmp_path: Path) -> None:
    reference(tmp_path / "x.ref.json")
    sound(tmp_path / "x.wav")
    sound(tmp_path / "x.flac")
    assert "x.flac and x.wav" in complaint(tmp_path)


@pytest.mark.parametrize(
    ("audio", "said"), [(b"no audio", "x.wav is not audio"), (b"", "x.wav is empty")]
)
def test_audio_that_is_none(tmp_path: Path, audio: bytes, said: str) -> None:
    reference(tmp_path / "x.ref.json")
    (tmp_path / "x.wav").write_bytes(audio)
    assert said in complaint(tmp_path)


def test_stereo_where_one_party_is_expected(tmp_path: Path) -> None:
    reference(tmp_path / "x.ref.json")
    sound(tmp_path / "x_agent.wav")
    sound(tmp_path / "x_customer.wav", channels=1)
    assert "x_agent.wav is stereo" in complaint(tmp_path)


@pytest.mark.parametrize(
    "parts",
    [
        {"turns": [{"party": "agent", "t0": 1, "t1": 4.6}]},
        {"speech": [{"party": "agent", "t0": 1, "t1": 4.6}]},
        {"overlaps": [{"kind": "terminal", "by": "agent", "t0": 1, "t1": 4.6}]},
        {"frustration": [{"t0": 1, "t1": 4.6}]},
        {"words": [{"party": "agent", "t0": 1, "t1": 4.6, "text": "hello"}]},
        {"nudges": [{"nudge": "slow_down", "after": 4.6, "before": 9}]},
    ],
    ids=lambda parts: next(iter(parts)),
)
def test_labels_beyond_the_audio(tmp_path: Path, parts: dict[str, Any]) -> None:
    sound(tmp_path / "x.wav", seconds=4.0)
    path = reference(tmp_path / "x.ref.json", **parts)
    said = complaint(tmp_path)
    assert f"{path}: {next(iter(parts))} goes on to 4.6 s, but x.wav ends at 4.0 s" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "the file"),
        ('{"turns": [{"party": "boss", "t0": 0, "t1": 1}]}', "turns.0.party"),
        ('{"overlaps": [{"kind": "shout", "by": "agent", "t0": 0, "t1": 1}]}', "overlaps.0.kind"),
        ('{"frustration": [{"t0": 2, "t1": 1}]}', "before t0"),
        ('{"agent_channel": 2}', "agent_channel"),
    ],
)
def test_a_reference_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    sound(tmp_path / "x.wav")
    (tmp_path / "x.ref.json").write_text(text)
    complained = complaint(tmp_path)
    assert str(tmp_path / "x.ref.json") in complained
    assert said in complained
