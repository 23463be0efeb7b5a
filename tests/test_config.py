"""Settings: order, clear errors, and a page that tells the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import ConfigError, load, markdown


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_environment_wins_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "monitor.toml").write_text("[server]\nport = 1234\nmax_calls = 7\n")
    monkeypatch.setenv("MONITOR_SERVER__PORT", "4321")
    settings = load()
    assert settings.server.port == 4321
    assert settings.server.max_calls == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server]\nport = 'many'\n", "server.port"),
        ("[sever]\nport = 1\n", "sever"),
        ("[mood]\nanger = 1\n", "mood.anger"),
        ("[server\n", "not valid TOML"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "monitor.toml").write_text(text)
    with pytest.raises(ConfigError, match=says):
        load()


def test_a_named_file_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_CONFIG", "nowhere.toml")
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load()


def test_the_page_tells_every_setting() -> None:
    page = Path(__file__).parent.parent / "docs" / "settings.md"
    assert page.read_text() == markdown(), "run: python -m monitor.config > docs/settings.md"
