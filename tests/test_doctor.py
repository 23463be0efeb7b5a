"""The doctor finds what is there, and names the mend of what is not."""

from __future__ import annotations

import hashlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import doctor
from monitor.config import Settings
from monitor.doctor import Finding, examine
from monitor.resources import resource
from tests.commands import as_person, run


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with as_person(tmp_path, MONITOR_ASR__OFFLINE="true", MONITOR_SERVER__PORT="0"):
        yield tmp_path


def findings(**sections: object) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(Settings.model_validate(sections))}


@pytest.mark.weights
def test_a_machine_that_has_everything(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, "doctor")
    assert (ran.status, ran.err) == (0, ""), ran.out
    lines = ran.out.splitlines()
    assert [line[2:14].strip() for line in lines] == [
        "Python", "dashboard", "samples", "data folder", "port", "sound", "ear", "weights", "words",
    ]  # fmt: skip
    marked = {line[2:14].strip(): line[0] for line in lines}
    assert {what for what, mark in marked.items() if mark != "✓"} <= {"sound"}
    for name in ("calm", "rising", "talkover"):
        assert name in lines[2]
    assert "tiny.en (en) from the package" in lines[-2]
    assert "checksums match, model.bin 1a5afae06a4d…" in lines[-2]
    right, _, spoken = lines[-1].removeprefix("✓ words").split()[:3]
    assert int(right) >= 0.8 * int(spoken)
    assert "thank you for calling" in lines[-1].lower(), "what was heard stands there"
    assert not (home / "share").exists(), "a check leaves nothing behind"


def test_missing_weights_fail_with_the_mend(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, "doctor", "--model", "small.en")
    assert ran.status == 1
    weights, words = ran.out.splitlines()[-2:]
    assert weights.startswith("✗ weights      small.en → ")
    assert "name it in asr.model" in weights
    assert words == "✗ words        not tried → mend the weights; --no-words goes without"


def test_weights_that_do_not_load(home: Path) -> None:
    own = home / "own"
    own.mkdir()
    for name in ("config.json", "model.bin", "tokenizer.json"):
        (own / name).write_bytes(b"{}")
    found = findings(asr={"model": str(own)})
    assert found["weights"].state == "ok", "a folder of one's own is one's own to vouch for"
    assert "own folder" in found["weights"].found
    assert f"not checked, model.bin {hashlib.sha256(b'{}').hexdigest()[:12]}…" in (
        found["weights"].found
    )
    assert found["words"].state == "missing"
    assert "cannot be loaded as Whisper weights" in found["words"].mend


@pytest.mark.weights
def test_weights_that_understand_too_little(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = doctor._first_line()
    assert spoken is not None
    monkeypatch.setattr(doctor, "_first_line", lambda: (spoken[0][:400], spoken[1]))
    words = findings()["words"]
    assert words.state == "missing"
    assert words.found.startswith("0 of 1")
    assert spoken[1] in words.mend


@pytest.mark.weights
def test_a_language_that_the_weights_do_not_know(home: Path) -> None:
    words = findings(asr={"language": "de"})["words"]
    assert (words.state, words.found) == ("missing", "speech-to-text does not work")
    assert "choose multilingual weights" in words.mend


def test_an_unknown_name_of_weights_lists_the_known(home: Path) -> None:
    weights = findings(asr={"model": "tiny.em"})["weights"]
    assert weights.state == "missing"
    assert "base, base.en, small, small.en, tiny, tiny.en" in weights.mend
    assert weights.mend.endswith("did you mean tiny.en?")


def test_a_data_folder_that_cannot_be(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "file").touch()
    ran = run(capsys, "doctor", "--data-dir", home / "file" / "data")
    assert ran.status == 1
    assert "Not a directory → set store.data_dir elsewhere" in ran.out


def test_a_port_that_is_taken_is_a_warning(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = findings(server={"port": port})["port"]
    assert (found.state, found.mend) == ("warning", "choose another: monitor serve --port")
    assert findings(server={"port": port})["port"].state == "ok"


def test_a_host_that_is_not_known(home: Path) -> None:
    found = findings(server={"host": "no.such.host.invalid"})["port"]
    assert found.state == "missing"
    assert "no.such.host.invalid" in found.found


def test_what_a_bare_package_lacks(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def bare(name: str) -> Path:
        return resource(name) if name == "models" else home / name

    monkeypatch.setattr(doctor, "resource", bare)
    found = findings()
    assert found["dashboard"].state == "missing"
    assert "make demo" in found["dashboard"].mend
    assert found["samples"].state == "warning"
    assert found["words"].state == "warning", "there is no sample to try"


def test_no_sound_is_a_warning_with_the_mend(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(home)
    sound = findings()["sound"]
    assert sound.state == "warning"
    assert "apt install libportaudio2" in sound.mend
