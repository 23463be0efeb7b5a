"""docs/supervisors.md tells of every nudge there is, and of no threshold that there is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor import registry
from monitor.policy import FOLDER

PAGE = (Path(__file__).parents[1] / "docs" / "supervisors.md").read_text(encoding="utf-8")
ROWS = {
    title: (mark, thresholds)
    for title, mark, thresholds in re.findall(
        r"^\| \*\*(.+?)\*\*( ○)? \| .+? \| (.+?) \|$", PAGE, re.M
    )
}


@pytest.mark.parametrize("name", registry.names(FOLDER))
def test_every_nudge_has_its_row(name: str) -> None:
    nudge = registry.load(FOLDER, name)
    mark, thresholds = ROWS[nudge.TITLE]
    for threshold in re.findall(r"`(\w+)`", thresholds):
        assert threshold in nudge.THRESHOLDS
    assert bool(mark) is not getattr(nudge, "CALM", False)


def test_no_row_is_of_a_nudge_that_is_gone() -> None:
    titles = {registry.load(FOLDER, name).TITLE for name in registry.names(FOLDER)}
    assert set(ROWS) == titles
