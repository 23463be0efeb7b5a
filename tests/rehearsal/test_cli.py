"""monitor policy and monitor whatif, as a person has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from monitor.config import AsrSettings, Settings
from monitor.meaning import Meaning
from monitor.phrases import Phrases
from monitor.playbook import Playbook
from monitor.rehearsal import cases
from monitor.rehearsal.cases import Case, Outcome
from monitor.weights import find_encoder
from tests.commands import Ran, as_person, run, talk_over_excerpt


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with as_person(
        tmp_path, MONITOR_ASR__OFFLINE="true", MONITOR_STORE__DATA_DIR=str(tmp_path / "data")
    ):
        yield tmp_path


@pytest.fixture
def policy(home: Path) -> Path:
    path = home / "new.toml"
    path.write_text("[nudge.let_them_finish]\nenabled = false\n[team.t]\nagents = ['a1']\n")
    return path


def test_check_says_what_holds_for_whom(capsys: pytest.CaptureFixture[str], policy: Path) -> None:
    ran = run(capsys, "policy", "check", policy)
    assert ran.status == 0
    assert f"{policy}: usable" in ran.out
    for whom in ("everyone else", "team t", "agent a1"):
        assert whom in ran.out


def test_check_says_where_it_is_wrong(capsys: pytest.CaptureFixture[str], policy: Path) -> None:
    policy.write_text("[nudge.let_them_sing]")
    assert (
        "no nudge 'let_them_sing'; there is: " in run(capsys, "policy", "check", policy).complaint()
    )
    assert "No such file" in run(capsys, "policy", "check", "nowhere.toml").complaint()


def test_the_cases_that_come_along(capsys: pytest.CaptureFixture[str], policy: Path) -> None:
    assert run(capsys, "policy", "test").status == 0
    failed = run(capsys, "policy", "test", "--policy", policy)
    assert failed.status == 1
    assert "did not open: let_them_finish" in failed.out


def test_a_case_is_heard_as_a_call_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Meaning | None] = []
    real = cases.run

    def noted(
        case: Case, settings: Settings, book: Playbook, phrases: Phrases, meaning: Meaning | None
    ) -> Outcome:
        given.append(meaning)
        return real(case, settings, book, phrases, meaning)

    monkeypatch.setattr(cases, "run", noted)
    alone = "No meaning is told here: a call hears phrases alone."
    installed = find_encoder(AsrSettings(offline=True)) is not None
    assert (alone not in run(capsys, "policy", "test").out) is installed
    assert all((meaning is not None) is installed for meaning in given)
    given.clear()
    monkeypatch.setenv("MONITOR_ASR__MEANING", "false")
    assert alone in run(capsys, "policy", "test").out
    assert set(given) == {None}


def test_a_case_of_ones_own(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    path = home / "mine.toml"
    path.write_text("[[case]]\nname = 'Silence'\nagent = [{ at = 0, lasts = 2 }]\nonly = true")
    assert "1 cases, 0 failed" in run(capsys, "policy", "test", path).out
    path.write_text("[[case]]\nname = 'Silence'")
    assert "nobody says anything" in run(capsys, "policy", "test", path).complaint()


def talk_over(home: Path, name: str = "call.wav") -> Path:
    samples, rate_hz = talk_over_excerpt()
    path = home / name
    soundfile.write(path, samples, rate_hz)
    return path


def test_whatif_on_a_recording(
    capsys: pytest.CaptureFixture[str], home: Path, policy: Path
) -> None:
    out, page = home / "out.json", home / "out.html"
    ran = run(capsys, "whatif", "--policy", policy, talk_over(home), "--json", out, "--page", page)
    assert ran.status == 0, ran.err
    assert "− " in ran.out
    assert "let_them_finish" in ran.out
    told = json.loads(out.read_text())
    assert (told["overall"]["gained"], told["overall"]["lost"]) == (0, 1)
    assert [nudge["nudge"] for nudge in told["calls"][0]["lost"]] == ["let_them_finish"]
    assert page.read_text().count("data:audio/flac") == 1


def test_whatif_on_a_stored_call(
    capsys: pytest.CaptureFixture[str], home: Path, policy: Path
) -> None:
    kept: Ran = run(capsys, "analyze", talk_over(home), "--no-words", "--keep")
    assert kept.status == 0, kept.err
    ran = run(capsys, "whatif", "--policy", policy)
    assert ran.status == 0, ran.err
    assert "1 calls" in ran.out
    assert "1 lost" in ran.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--policy NEW.toml"),
        (["--policy", "nowhere.toml"], "No such file"),
        (["--policy", "new.toml"], "no call is stored yet"),
        (["--policy", "new.toml", "abc"], "no stored call 'abc', and no file of that name"),
    ],
)
def test_whatif_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], policy: Path, arguments: list[str], says: str
) -> None:
    assert says in run(capsys, "whatif", *arguments).complaint()
