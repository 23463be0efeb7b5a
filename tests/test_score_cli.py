"""monitor score as a person has it: tables, JSON, bars, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor import __version__
from tests.commands import RENDERED, as_person, run

TALKOVER = RENDERED / "talkover.ref.json"
CALM = RENDERED / "calm.ref.json"
RISING = RENDERED / "rising.ref.json"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with as_person(tmp_path, MONITOR_ASR__OFFLINE="true"):
        yield tmp_path


def figures(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text())
    return read


def test_turns_as_tables_and_as_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "out.json"
    ran = run(capsys, "score", "turns", TALKOVER, CALM, "--json", path)
    assert (ran.status, ran.err) == (0, "")
    assert "2 calls" in ran.out
    assert "talk-over" in ran.out
    read = figures(path)
    assert (read["score"], read["version"], read["words"]) == ("turns", __version__, False)
    assert len(read["settings"]) == 12
    assert read["machine"]["cores"] >= 1
    assert read["line"] is None
    talk_over = read["overall"]["overlaps"]["kinds"]["talk_over"]
    assert talk_over["reference"] >= 4
    assert talk_over["f1"] >= 0.85
    assert [call["call"] for call in read["calls"]] == ["talkover", "calm"]
    assert read["calls"][1]["overlaps"]["kinds"]["talk_over"]["found"] == 0
    assert read["calls"][0]["activity_from"] == "words"
    assert read["overall"]["turns"]["recall"] > 0.9
    for party in ("agent", "customer"):
        assert read["overall"]["activity"][party]["false"] < 0.02


def test_calls_without_words(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "out.json"
    ran = run(capsys, "score", "calls", TALKOVER, CALM, "--no-words", "--json", path)
    assert (ran.status, ran.err) == (0, "")
    read = figures(path)
    overall = read["overall"]
    assert overall["frustration"]["alert"]["spans"] == 2
    assert overall["frustration"]["alert"]["calm_calls"] == 1
    assert overall["frustration"]["alert"]["false_per_calm_call"] == 0
    assert overall["nudges"]["each"]["let_them_finish"]["hits"] == 1
    assert overall["overlaps"]["kinds"]["talk_over"]["hits"] >= 3


@pytest.mark.weights
def test_calls_with_words(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "out.json"
    rising = RENDERED / "rising.ref.json"
    ran = run(capsys, "score", "calls", rising, "--json", path, "--at-least", "alerts=1")
    assert (ran.status, ran.err) == (0, "")
    assert figures(path)["overall"]["frustration"]["alert"]["seen"] == 1
    assert figures(path)["words"] is True


def test_a_line_is_named_in_the_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "out.json"
    ran = run(capsys, "score", "turns", TALKOVER, "--line", "mulaw", "--seed", 7, "--json", path)
    assert (ran.status, ran.err) == (0, "")
    assert (figures(path)["line"], figures(path)["seed"]) == ("mulaw", 7)


def test_a_page_of_what_went_wrong(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "out.html"
    overlaps = [{"kind": "talk_over", "by": "customer", "t0": 60, "t1": 62}]
    (home / "calm.flac").write_bytes((RENDERED / "calm.flac").read_bytes())
    (home / "calm.ref.json").write_text(
        json.dumps({"overlaps": overlaps, "frustration": [{"t0": 1, "t1": 2}]})
    )
    ran = run(capsys, "score", "turns", home, "--page", path)
    assert (ran.status, ran.err) == (0, "")
    text = path.read_text()
    assert "talk-over by the customer, not heard" in text
    assert "data:audio/flac;base64," in text
    assert "no alert" not in text, "frustration is scored by: monitor score calls"
    assert "talk-over" in text


def test_a_bar_that_is_not_cleared(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bars = ("--at-least", "talk_over=1.01", "--at-most", "backchannels_as_talk_over=0.5")
    ran = run(capsys, "score", "turns", TALKOVER, *bars)
    assert ran.status == 1
    (line,) = ran.err.splitlines()
    assert line.startswith("monitor: talk_over is ")
    assert "Overlaps" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument"),
        (("nowhere",), "there is no nowhere"),
        ((".",), "no NAME.ref.json"),
        ((TALKOVER, "--line", "tin-cans"), "no line 'tin-cans'"),
        ((TALKOVER, "--json", "nowhere/out.json"), "no folder nowhere"),
        ((TALKOVER, "--at-least", "talk_over"), "FIGURE=VALUE"),
        ((TALKOVER, "--at-least", "charm=1"), "no figure 'charm'"),
    ],
    ids=str,
)
def test_what_it_refuses(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[object, ...], said: str
) -> None:
    assert said in run(capsys, "score", "turns", *arguments).complaint()


def test_the_audio_is_never_overwritten(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("calm.flac", "calm.ref.json"):
        (home / name).write_bytes((RENDERED / name).read_bytes())
    before = (home / "calm.flac").read_bytes()
    for name in ("calm.flac", "calm.ref.json"):
        for option in ("--json", "--page"):
            said = run(capsys, "score", "turns", home, option, home / name).complaint()
            assert "named twice" in said
    assert (home / "calm.flac").read_bytes() == before


def test_a_kind_of_evidence_left_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without words it is the voice that tells; without that too, nothing does."""
    told = {}
    for kinds in ((), ("voice",), ("voice", "interaction")):
        path = home / "out.json"
        options = [part for kind in kinds for part in ("--without", kind)]
        ran = run(capsys, "score", "calls", RISING, "--no-words", *options, "--json", path)
        assert ran.status == 0, ran.err
        told[kinds] = figures(path)
    watch = {kinds: read["overall"]["frustration"]["watch"] for kinds, read in told.items()}
    assert watch[()]["seen"] == 1
    assert watch["voice", "interaction"]["raised"] == 0
    assert len({read["settings"] for read in told.values()}) == 3
