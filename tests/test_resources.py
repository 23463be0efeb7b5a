"""Resources are found in the source tree and in an installed package."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.resources import resource


def test_source_tree() -> None:
    assert (resource("models") / "manifest.toml").is_file()
    assert resource("samples").name == "samples"
    assert resource("dashboard").parts[-2:] == ("dashboard", "dist")


def test_what_is_packed_wins_over_the_source_tree(tmp_path: Path) -> None:
    package = tmp_path / "monitor"
    (package / "_models").mkdir(parents=True)
    (tmp_path / "models").mkdir()
    assert resource("models", package=package) == package / "_models"
    assert resource("samples", package=package) == tmp_path / "samples"


def test_an_unknown_name_lists_the_others() -> None:
    with pytest.raises(LookupError, match="dashboard, models, samples"):
        resource("weights")
