"""Figures of turn-taking: counted by hand on a few intervals, known of the real corpora."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from samples.figures import Figures, figures, laid, main
from samples.timing import Conversation, Interval, TimingError, usable

CALL = Conversation(
    "x",
    agent=(Interval(1, 4), Interval(7, 7.5), Interval(11.8, 14)),
    customer=(Interval(4.3, 12), Interval(14.6, 16)),
    duration_s=20.0,
)
REAL = os.environ.get("REAL_TIMING_DIR")
"""A folder with primock57/ and callhome/, which are not ours to ship."""


def test_the_figures_of_one_call() -> None:
    assert figures([CALL]) == Figures(
        conversations=1,
        minutes=20 / 60,
        turns_per_min=12.0,  # 1-4, 4.3-12, 11.8-14, 14.6-16: the "mm-hm" at 7 is none
        fto_median_s=pytest.approx(0.3),  # of +0.3, -0.2, +0.6
        overlapped=pytest.approx(1 / 3),
        together=pytest.approx(0.7 / 20),
        per_10_min={"backchannel": 30.0, "terminal": 0.0, "talk_over": 0.0, "interruption": 0.0},
    )


def test_nobody_taking_a_turn_is_an_error() -> None:
    with pytest.raises(TimingError, match="nobody"):
        figures([])


def test_a_laid_call_has_the_timing_it_was_laid_on(tmp_path: Path) -> None:
    speech = [
        {"party": party, "t0": i.t0, "t1": i.t1}
        for party, intervals in (("agent", CALL.agent), ("customer", CALL.customer))
        for i in intervals
    ]
    reference = {"duration_s": 20.0, "speech": speech}
    (tmp_path / "x.ref.json").write_text(json.dumps(reference))
    assert laid(tmp_path) == [CALL]


def test_a_table_and_a_folder_with_nothing_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "neither" in capsys.readouterr().err


@pytest.mark.skipif(REAL is None, reason="set REAL_TIMING_DIR to the folder of the corpora")
@pytest.mark.parametrize(
    ("corpus", "calls", "fto_s"), [("primock57", 45, (0.1, 0.3)), ("callhome", 84, (-0.1, 0.2))]
)
def test_people_take_turns_as_the_literature_says(
    corpus: str, calls: int, fto_s: tuple[float, float]
) -> None:
    """A third to a half of the transfers overlap, around a gap of a tenth or two (Heldner &
    Edlund 2010; Levinson & Torreira 2015)."""
    assert REAL is not None
    of = figures(usable(Path(REAL) / corpus))
    assert of.conversations == calls
    assert fto_s[0] < of.fto_median_s < fto_s[1]
    assert 0.3 < of.overlapped < 0.5
    assert of.per_10_min["backchannel"] > 2 * of.per_10_min["talk_over"]
