"""docs/references.md: its examples parse and run, and no field or figure is left out."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from monitor.events import OverlapKind
from monitor.score import activity, bars, frustration, nudges, overlaps, turns
from monitor.score.reference import Reference, load
from tests.commands import ROOT

PAGE = (ROOT / "docs" / "references.md").read_text(encoding="utf-8")

AUDACITY = """0.8\t2.9\tspeech agent
3.2\t9.7\tspeech customer
8.6\t9.7\toverlap talk_over agent
5.0\t30.0\tfrustration
9.2\t20.0\tnudge let_them_finish
0.8\t9.0\tturn agent
0.8\t1.1\tword agent Hello there
"""
PRAAT = "tmin\ttier\ttext\ttmax\n8.6\toverlap\ttalk_over agent\t9.7\n0.8\tspeech\tagent\t2.9\n"
ELAN = "overlap\t\t8.6\t9.7\ttalk_over agent\nspeech\t\t0.8\t2.9\tagent\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.M | re.S)


def test_the_example_is_a_reference_with_every_part(tmp_path: Path) -> None:
    (example,) = blocks("json")
    (tmp_path / "x.ref.json").write_text(example)
    read = load(tmp_path / "x.ref.json")
    parts = read.model_dump(exclude={"duration_s"})
    assert all(part not in (None, []) for part in parts.values())


def test_every_field_of_the_format_is_described() -> None:
    for name, field in Reference.model_fields.items():
        assert f"`{name}`" in PAGE
        for model in _models(field.annotation):
            for inner in model.model_fields:
                assert f"`{inner}`" in PAGE, f"{name}.{inner}"
    for kind in get_args(OverlapKind):
        assert f"| `{kind}` |" in PAGE


def _models(annotation: Any) -> list[Any]:
    found = [annotation] if hasattr(annotation, "model_fields") else []
    return found + [model for part in get_args(annotation) for model in _models(part)]


@pytest.mark.parametrize(
    "figures",
    [
        overlaps.KindFigures,
        overlaps.OverlapFigures,
        activity.ActivityFigures,
        turns.TurnFigures,
        frustration.SignalFigures,
        nudges.NudgeFigures,
        nudges.NudgesFigures,
    ],
)
def test_every_figure_is_defined(figures: Any) -> None:
    defined = PAGE.partition("## What is measured")[2]
    missing = [f.name for f in fields(figures) if f"`{f.name}`" not in defined]
    assert missing in ([], ["kinds"]), "kinds are a table of their own"


def test_every_short_name_of_a_bar_is_named() -> None:
    for name in bars.SHORT:
        assert f"`{name}`" in PAGE.partition("## In a build")[2]


@pytest.mark.parametrize(
    ("tool", "labels"),
    [("audacity", AUDACITY), ("praat", PRAAT), ("elan", ELAN)],
    ids=["audacity", "praat", "elan"],
)
def test_labels_of_other_tools_become_a_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, labels: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("labels.txt").write_text(labels, encoding="utf-8")
    names: dict[str, Any] = {}
    *functions, use = blocks("python")
    for function in functions:
        exec(function, names)
    every = ["speech", "turns", "overlaps", "words", "frustration", "nudges"]
    Path("call.ref.json").write_text(names["reference"](names[tool]("labels.txt"), every))
    read = load(Path("call.ref.json"))
    assert [(o.kind, o.by, o.t0, o.t1) for o in read.overlaps or []] == [
        ("talk_over", "agent", 8.6, 9.7)
    ]
    assert [(s.party, s.t0, s.t1) for s in read.speech or []][:1] == [("agent", 0.8, 2.9)]
    if tool == "audacity":
        assert [(n.nudge, n.after, n.before) for n in read.nudges or []] == [
            ("let_them_finish", 9.2, 20.0)
        ]
        assert [word.text for word in read.words or []] == ["Hello there"]
        assert len(read.turns or []) == len(read.frustration or []) == 1
        Path("labels.txt").write_text(labels.replace("turn", "speech").split("9.2\t")[0])
        exec(use, names)
        assert load(Path("call.ref.json")).turns is None
    else:
        assert read.nudges == []
