"""monitor score voice: lists that are read or refused, figures, and the way of a call."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from monitor.audio import BLOCK_S
from monitor.config import Settings
from monitor.score import ScoreError, voice, voicefigures, voicelist
from monitor.score.voice import ScoredClip
from monitor.score.voicelist import LabelledClip
from tests.commands import RENDERED, as_person, run

UPSET = {"annoyed", "upset"}
DATA_DIR = os.environ.get("TONE_DATA_DIR")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with as_person(tmp_path):
        yield tmp_path


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The customers' lines of two sample calls: upset, or nothing of the kind."""
    folder = tmp_path_factory.mktemp("clips")
    rows = []
    for name in ("rising", "hurry"):
        pcm, rate = soundfile.read(RENDERED / f"{name}.flac", dtype="float32")
        for number, line in enumerate(
            json.loads((RENDERED / f"{name}.ref.json").read_text())["lines"]
        ):
            if line["party"] != "customer" or line["t1"] - line["t0"] < 1.5:
                continue
            path = f"{name}-{number}.wav"
            soundfile.write(
                folder / path, pcm[int(line["t0"] * rate) : int(line["t1"] * rate), 1], rate
            )
            rows.append(
                (path, int(bool(UPSET & {*line["manners"]})), name, "-".join(line["manners"]))
            )
    return write(folder / "labels.csv", ["path,label,speaker,manner"], rows)


def write(path: Path, head: list[str], rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", newline="") as file:
        file.write(f"{head[0]}\n")
        csv.writer(file).writerows(rows)
    return path


def scored(log_odds: list[float | None], angry: str, speakers: str) -> list[ScoredClip]:
    return [
        ScoredClip(
            LabelledClip(f"line {k}", f"{k}.wav", Path(), 0, label == "1", speaker, 1.0, {}),
            alone=value,
            known=value,
            usual=0.0,
            median=0.0,
            called_alone=value is not None and value >= 0,
            called=value is not None and value >= 0,
        )
        for k, (value, label, speaker) in enumerate(zip(log_odds, angry, speakers, strict=True))
    ]


# ---- figures --------------------------------------------------------------------


def test_the_area_is_the_share_of_pairs() -> None:
    rng = np.random.default_rng(1)
    score = np.round(rng.normal(size=60), 1)
    angry = rng.random(60) < 0.4
    pairs = [(a > b) + (a == b) / 2 for a in score[angry] for b in score[~angry]]
    assert voicefigures.area(score, angry) == pytest.approx(np.mean(pairs))
    assert voicefigures.area(score, np.zeros(60, np.bool_)) is None


def test_rates_at_the_threshold() -> None:
    found = voicefigures.figures(scored([1.0, 0.0, -1.0, 2.0, -3.0, None], "111000", "aaabbb"))
    assert (found.recall, found.specificity) == (pytest.approx(2 / 3, abs=1e-3),) * 2
    assert found.uar == pytest.approx(2 / 3, abs=1e-3)
    assert (found.clips, found.angry, found.speakers, found.unjudged) == (6, 3, 2, 1)


def test_an_offset_of_a_speaker_mixes_all_clips_but_not_their_own() -> None:
    found = voicefigures.figures(
        scored([5.0, 6.0, 7.0, 8.0, -5.0, -4.0, -3.0, -2.0], "00110011", "aaaabbbb")
    )
    assert (found.auc, found.auc_within) == (0.75, 1.0)


def test_intervals_are_over_speakers() -> None:
    """One speaker who goes wrong, of four: draws without and with twice that one."""
    values: list[float | None] = [-1.0, 1.0] * 3 + [1.0, -1.0]
    found = voicefigures.figures(scored(values, "01" * 4, "aabbccdd"))
    interval = found.intervals["recall"]
    assert interval is not None
    assert interval[0] <= 0.5 < 0.75 == found.recall
    assert interval[1] == 1.0
    two = voicefigures.figures(scored(values[-4:], "01" * 2, "ccdd"))
    assert set(two.intervals.values()) == {None}


# ---- lists ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "rows", "complaint"),
    [
        (
            "path,label",
            [("a.wav", 1)],
            "no column speaker: its first line names path, label, speaker",
        ),
        ("path,label,speaker", [("b.wav", 1, "x")], "line 2: .*b.wav"),
        ("path,label,speaker", [("a.wav", "angry", "x")], "label is 1 .* not 'angry'"),
        ("path,label,speaker", [("a.wav", 1, "")], "line 2: no speaker"),
        ("path,label,speaker", [("a.wav", 1, "x"), ("a.wav", 1, "y")], "every row has the label 1"),
        ("path,label,speaker", [("a.wav", 1)], "line 2: fewer than the 3 fields"),
        ("path,label,speaker", [], "there is no row"),
        ("path,label,speaker,channel", [("a.wav", 1, "x", 2)], "has 1 channels, no '2'"),
    ],
)
def test_a_wrong_list_names_its_line(
    tmp_path: Path, head: str, rows: list[tuple[object, ...]], complaint: str
) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(8000, np.float32), 8000)
    with pytest.raises(ScoreError, match=complaint):
        voicelist.load(write(tmp_path / "l.csv", [head], rows))


def test_some_of_the_rows(labels: Path) -> None:
    rows = voicelist.load(labels, ["speaker=rising"])
    assert {row.speaker for row in rows} == {"rising"}
    with pytest.raises(ScoreError, match="no column 'voice'"):
        voicelist.load(labels, ["voice=x"])


# ---- the way of a call ------------------------------------------------------------


def test_upset_lines_of_our_calls_are_told_from_others(
    home: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "out.json"
    ran = run(capsys, "score", "voice", labels, "--json", path, "--by", "manner")
    assert (ran.status, ran.err) == (0, "")
    assert "clip alone" in ran.out
    found = json.loads(path.read_text())
    assert found["overall"]["auc_within"] > 0.8
    assert len(found["clips"]) == found["overall"]["clips"]
    assert found["groups"]["upset"]["angry"] == found["groups"]["upset"]["clips"]
    assert found["groups"]["upset"]["auc"] is None


def test_a_gain_changes_nothing_that_matters(labels: Path) -> None:
    clips = voicelist.load(labels)[:4]
    plain, louder = (
        voice.judge(clips, voice.hear(clips, Settings(), over)) for over in ("gain:0", "gain:-12")
    )
    for one, two in zip(plain, louder, strict=True):
        assert one.alone == pytest.approx(two.alone, abs=0.35)


def test_silence_before_a_clip_changes_nothing_that_matters(labels: Path, tmp_path: Path) -> None:
    """The voice detector wakes a block earlier or later, so an edge may differ."""
    (clip, *_) = voicelist.load(labels)
    pcm, rate = soundfile.read(clip.path, dtype="float32")
    longer = np.concatenate((np.zeros(round(100 * BLOCK_S * rate), np.float32), pcm))
    soundfile.write(tmp_path / "a.wav", longer, rate)
    late = LabelledClip("", "a.wav", tmp_path / "a.wav", 0, True, "x", 1.0, {})
    one, two = voice.judge([clip, late], voice.hear([clip, late], Settings()))
    assert one.alone == pytest.approx(two.alone, abs=0.5)


def test_a_clip_of_silence_is_not_judged(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(16000, np.float32), 8000)
    clip = LabelledClip("", "a.wav", tmp_path / "a.wav", 0, True, "x", 2.0, {})
    (found,) = voice.judge([clip], voice.hear([clip], Settings()))
    assert (found.alone, found.known, found.excess, found.median) == (None,) * 4
    assert not found.called
    assert not found.called_alone


def test_labels_of_the_other_clips_are_not_used(labels: Path) -> None:
    clips = voicelist.load(labels)
    heard = voice.hear(clips, Settings())
    turned = [_relabelled(clip, not clip.angry) for clip in clips]
    assert [each.known for each in voice.judge(clips, heard)] == [
        each.known for each in voice.judge(turned, heard)
    ]


def _relabelled(clip: LabelledClip, angry: bool) -> LabelledClip:
    fields: dict[str, Any] = {name: getattr(clip, name) for name in clip.__slots__}
    return LabelledClip(**fields | {"angry": angry})


def test_a_bar_that_is_not_cleared(
    home: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = run(capsys, "score", "voice", labels, "--telephone", "--at-least", "alone.auc=1.01")
    assert ran.status == 1
    assert ran.err.startswith("monitor: alone.auc is ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument"),
        (("nowhere.csv",), "nowhere.csv cannot be read"),
        (("--by", "mood"), "no column 'mood'"),
        (("--line", "tin-cans"), "no line 'tin-cans'"),
        (("--at-least", "auc"), "FIGURE=VALUE"),
    ],
    ids=str,
)
def test_what_it_refuses(
    home: Path,
    labels: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    given = arguments if not arguments or arguments[0].endswith("csv") else (labels, *arguments)
    assert said in run(capsys, "score", "voice", *given).complaint()


def test_the_telephone_is_at_both_ends_of_a_line() -> None:
    assert voice.telephone(None) == "band+mulaw"
    assert voice.telephone("gsm") == "band+gsm+mulaw"


@pytest.mark.skipif(DATA_DIR is None, reason="TONE_DATA_DIR names no labelled recordings")
@pytest.mark.timeout(600)
def test_actors_that_were_learned_from_are_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The path from file to figure still gives what docs/tone.md says of the training data."""
    ran = run(
        capsys, "score", "voice", Path(str(DATA_DIR)) / "labels.csv", "--where", "language=de",
        "--at-least", "auc=0.95", "--at-least", "alone.auc=0.93",
    )  # fmt: skip
    assert (ran.status, ran.err) == (0, "")
