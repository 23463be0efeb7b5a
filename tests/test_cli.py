"""The command line in this process: what it takes, what it gives, what it refuses."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import typer.main

from monitor import analysis, cli
from monitor.config import AsrSettings, Settings, StoreSettings
from monitor.events import (
    PARTIES,
    CallEnded,
    CallStarted,
    Event,
    Opportunity,
    Overlap,
    Report,
    Words,
)
from monitor.store import Store
from monitor.weights import resolve
from tests.commands import (
    ROOT,
    Ran,
    as_person,
    comparable,
    events_in,
    process,
    run,
    talk_over_excerpt,
)

Monitor = Callable[..., Ran]
COMMANDS = ("demo", "serve", "analyze", "listen", "token", "doctor")


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one call in many files."""
    folder = tmp_path_factory.mktemp("calls")
    pcm, rate = talk_over_excerpt()
    assert rate == 8000
    write = soundfile.write
    write(folder / "call.wav", pcm, rate, "PCM_16")
    write(folder / "swapped.wav", pcm[:, ::-1], rate, "PCM_16")
    write(folder / "agent.wav", pcm[:, 0], rate, "PCM_16")
    write(folder / "customer.wav", pcm[:, 1], rate, "PCM_16")
    write(folder / "customer-short.wav", pcm[: 7 * rate, 1], rate, "PCM_16")
    write(folder / "shared.wav", pcm.sum(axis=1) / 2, rate, "PCM_16")
    write(folder / "customer-only.wav", pcm * np.array([0, 1], np.float32), rate, "PCM_16")
    write(folder / "ulaw.wav", pcm, rate, "ULAW")
    write(folder / "24bit.wav", pcm, rate, "PCM_24")
    write(folder / "call.mp3", pcm, rate, "MPEG_LAYER_III", format="MP3")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with as_person(tmp_path, MONITOR_ASR__OFFLINE="true"):
        yield tmp_path


@pytest.fixture
def monitor(home: Path, capsys: pytest.CaptureFixture[str]) -> Monitor:
    return lambda *arguments: run(capsys, *arguments)


@pytest.fixture
def analyzed(monitor: Monitor, home: Path) -> Callable[..., list[Event]]:
    """The events of ``monitor analyze``, which must go well."""

    def events(*arguments: object) -> list[Event]:
        ran = monitor("analyze", *arguments, "--events", home / "out.jsonl")
        assert (ran.status, ran.err) == (0, ""), ran
        return events_in(home / "out.jsonl")

    return events


def words_of(events: list[Event], party: str) -> str:
    return " ".join(e.text for e in events if isinstance(e, Words) and e.party == party)


# ---- analyze: what it gives ------------------------------------------------------


@pytest.mark.weights
def test_analyze_gives_events_report_and_figures(monitor: Monitor, home: Path, calls: Path) -> None:
    ran = monitor(
        "analyze", calls / "call.wav", "--agent-channel", 0, "--events", "e.jsonl",
        "--report", "r.json",
    )  # fmt: skip
    assert (ran.status, ran.err) == (0, "")
    events = events_in(home / "e.jsonl")
    assert isinstance(events[0], CallStarted)
    assert isinstance(events[-1], CallEnded)
    assert events[-1].reason == "completed"
    seqs = [event.seq for event in events]
    assert seqs[0] == 1
    assert seqs == sorted(set(seqs)), "each number once, in order"
    times = [event.t for event in events]
    assert times == sorted(times)
    assert len({event.call_id for event in events}) == 1
    for party in PARTIES:
        assert len(words_of(events, party).split()) >= 5, party
    overlaps = [e for e in events if isinstance(e, Overlap) and e.kind == "talk_over"]
    assert {e.by for e in overlaps} == {"agent"}
    report = Report.model_validate_json((home / "r.json").read_text())
    assert report == next(e for e in events if isinstance(e, Report))
    assert report.overlaps["talk_over"] == len({e.id for e in overlaps if e.final})
    assert f"{report.agent.talk_share:.0%}" in ran.out
    assert "talk-overs per 10 min of customer" in ran.out
    assert "1 talk-over" in ran.out


@pytest.mark.weights
def test_the_agent_is_on_the_channel_that_is_said(
    analyzed: Callable[..., list[Event]], calls: Path
) -> None:
    expected = comparable(analyzed(calls / "call.wav"))
    got = comparable(analyzed(calls / "swapped.wav", "--agent-channel", 1))
    assert got[0].pop("title") == "swapped"
    assert expected[0].pop("title") == "call"
    assert got == expected
    two = comparable(analyzed("--agent", calls / "agent.wav", "--customer", calls / "customer.wav"))
    assert two[0].pop("title") == "agent"
    assert two == expected


@pytest.mark.weights
def test_the_events_hang_on_neither_speed_nor_chunks(
    analyzed: Callable[..., list[Event]], calls: Path
) -> None:
    expected = comparable(analyzed(calls / "call.wav"))
    for options in (
        ("--chunk-ms", 10),
        ("--chunk-ms", 37),
        ("--chunk-ms", 1000),
        ("--speed", "live"),
    ):
        assert comparable(analyzed(calls / "call.wav", *options)) == expected, options


def test_two_files_of_different_length(
    monitor: Monitor, analyzed: Callable[..., list[Event]], calls: Path
) -> None:
    files = ("--agent", calls / "agent.wav", "--customer", calls / "customer-short.wav")
    events = analyzed(*files, "--no-words")
    seconds = soundfile.info(calls / "agent.wav").duration
    assert isinstance(events[-1], CallEnded)
    assert events[-1].duration_s == pytest.approx(seconds, abs=0.04)
    limits = report_of(events).limits
    assert any("customer's recording ends" in limit for limit in limits)
    assert limits[0] in monitor("analyze", *files, "--no-words").out


@pytest.mark.weights
def test_one_file_for_both_says_what_is_off(
    monitor: Monitor, analyzed: Callable[..., list[Event]], calls: Path
) -> None:
    events = analyzed(calls / "shared.wav")
    assert not [e for e in events if isinstance(e, Overlap)]
    assert len(words_of(events, "customer").split()) >= 10
    [limit] = report_of(events).limits
    assert "share one channel: talk-over" in limit
    ran = monitor("analyze", calls / "shared.wav", "--no-words")
    assert ran.out.count(limit) == 1
    assert "customer" not in ran.out, "nothing is said of one party that holds for both"
    assert "No nudge was" not in ran.out


def test_a_silent_channel_is_named(analyzed: Callable[..., list[Event]], calls: Path) -> None:
    report = report_of(analyzed(calls / "customer-only.wav", "--no-words"))
    assert report.limits == ["The agent's channel is silent"]
    assert report.agent.talk_s == 0
    assert report.customer.talk_s > 2


def report_of(events: list[Event]) -> Report:
    return next(e for e in events if isinstance(e, Report))


@pytest.mark.parametrize("name", ["ulaw.wav", "24bit.wav", "call.mp3", "cd.wav", "call.m4a"])
def test_any_format_is_the_same_call(
    analyzed: Callable[..., list[Event]], calls: Path, home: Path, name: str
) -> None:
    path = calls / name
    if name in ("cd.wav", "call.m4a"):
        encoder = shutil.which("ffmpeg")
        if encoder is None:
            pytest.skip("needs ffmpeg")
        path = home / name
        subprocess.run(
            [encoder, "-v", "error", "-i", calls / "call.wav", "-ar", "44100", path], check=True
        )
    expected = report_of(analyzed(calls / "call.wav", "--no-words"))
    got = report_of(analyzed(path, "--no-words"))
    assert got.duration_s == pytest.approx(expected.duration_s, abs=0.15)
    assert got.limits == []
    for party in PARTIES:
        talk_s = getattr(expected, party).talk_s
        assert getattr(got, party).talk_s == pytest.approx(talk_s, abs=0.5), party


def test_events_for_the_agent_only_are_in_the_file_and_the_reader_is_told(
    monitor: Monitor, home: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = ("analyze", calls / "call.wav", "--no-words")
    assert "only the agent" not in monitor(*plain, "--events", "e.jsonl").out
    insulted = Opportunity(
        id="p9", nudge="its_not_you", title="It's not you", evidence=[], private=True
    )

    async def analyze(*given: Any, watch: Callable[[Event], None], **more: Any) -> Report:
        watch(insulted)
        return await analysis.analyze(*given, watch=watch, **more)

    monkeypatch.setattr(cli, "analyze_source", analyze)
    ran = monitor(*plain, "--events", "e.jsonl")
    assert "e.jsonl also holds what only the agent may see (“private”: true)" in ran.out
    assert "not you" not in ran.out, "what it was is for the agent only"
    assert "only the agent" not in monitor(*plain).out, "nothing was written"


# ---- analyze: what it refuses -------------------------------------------------------


def cut_off(source: Path, target: Path, share: float) -> Path:
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


def test_a_file_that_was_cut_off_is_analyzed_and_named(
    analyzed: Callable[..., list[Event]], calls: Path, home: Path
) -> None:
    path = cut_off(calls / "call.wav", home / "cut.wav", 0.6)
    [limit] = report_of(analyzed(path, "--no-words")).limits
    assert limit.startswith("cut.wav is cut off")


def test_what_cannot_be_heard_is_refused(monitor: Monitor, calls: Path, home: Path) -> None:
    (home / "empty.wav").touch()
    (home / "text.wav").write_text("Dear customer, " * 100)
    cut_off(calls / "call.wav", home / "header.wav", 0.00005)
    soundfile.write(home / "none.wav", np.zeros((0, 2)), 8000)
    soundfile.write(home / "three.wav", np.zeros((800, 3)), 8000)
    for name, problem in {
        "empty.wav": "empty.wav is empty",
        "text.wav": "text.wav is not audio",
        "header.wav": "header.wav is not audio",
        "none.wav": "none.wav holds no samples",
        "three.wav": "three.wav has 3 channels",
        "[bold]nowhere.wav": "[bold]nowhere.wav cannot be read: No such file",
        ".": "is not a file",
    }.items():
        assert problem in monitor("analyze", name, "--no-words").complaint(), name


def test_a_recording_that_breaks_in_the_middle(monitor: Monitor, home: Path) -> None:
    pcm, rate = talk_over_excerpt()
    soundfile.write(home / "whole.flac", np.tile(pcm, (4, 1)), rate)
    data = bytearray((home / "whole.flac").read_bytes())
    late = len(data) * 9 // 10  # beyond what is read to open it
    data[late : late + 4000] = np.random.default_rng(1).bytes(4000)
    (home / "broken.flac").write_bytes(data)
    ran = monitor("analyze", "broken.flac", "--no-words", "--events", "e.jsonl")
    assert "broken.flac is damaged" in ran.complaint()
    ended = events_in(home / "e.jsonl")[-1]
    assert isinstance(ended, CallEnded)
    assert ended.reason == "failed"
    assert "broken.flac is damaged" in ended.detail
    assert ended.duration_s > 5, "what came before it is there"


def test_wrong_use_is_one_line(monitor: Monitor, calls: Path) -> None:
    call = calls / "call.wav"
    for arguments, problem in {
        ("analyze",): "give one recording of both parties, or",
        ("analyze", call, "--agent", call): "give one recording of both parties, or",
        ("analyze", "--agent", call): "give one recording of both parties, or",
        ("analyze", "--agent", call, "--customer", call): "call.wav is stereo",
        ("analyze", call, call): "(see: monitor analyze --help)",
        ("analyze", call, "--agent-channel", 2): "--agent-channel",
        ("analyze", call, "--speed", "slow"): "'max', 'live'",
        ("analyze", call, "--chunk-ms", 0): "--chunk-ms",
        ("analize", call): "Did you mean 'analyze'? (see: monitor --help)",
        ("serve", "--port", 65536): "--port",
        ("serve", "--host", "no.such.host.invalid", "--no-words"): "host no.such.host.invalid",
        ("listen", "--stereo-device", "x", "--agent-device", "y"): "",
        ("demo", "--calls", calls / "nowhere"): "is not a folder",
        ("doctor", "--deep"): "--deep",
    }.items():
        assert problem in monitor(*arguments).complaint(), arguments


def test_outputs_are_checked_before_the_work(monitor: Monitor, calls: Path, home: Path) -> None:
    call = home / "call.wav"
    shutil.copy(calls / "call.wav", call)
    before = call.read_bytes()
    (home / "link.json").symlink_to(call)
    for option in ("--events", "--report"):
        for target, problem in {
            "nowhere/out": "there is no folder nowhere",
            ".": "it is a folder",
            "call.wav": "named twice",
            "link.json": "named twice",
        }.items():
            ran = monitor("analyze", call, "--no-words", option, target)
            assert problem in ran.complaint(), (option, target)
    both = monitor("analyze", call, "--no-words", "--events", "out", "--report", "out")
    assert "named twice" in both.complaint()
    assert call.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("option", ["--events", "--report"])
def test_a_full_disk_is_an_answer(monitor: Monitor, calls: Path, option: str) -> None:
    ran = monitor("analyze", calls / "call.wav", "--no-words", option, "/dev/full")
    assert ran.complaint() == "cannot write /dev/full: No space left on device"


# ---- weights and settings --------------------------------------------------------------


@pytest.fixture
def tampered(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache holds the published weights with other contents in one file."""
    folder = home / "weights" / "tiny.en"
    folder.mkdir(parents=True)
    for file in resolve(AsrSettings(offline=True)).iterdir():
        (folder / file.name).symlink_to(file)
    (folder / "model.bin").unlink()
    (folder / "model.bin").write_bytes(os.urandom(4096))
    monkeypatch.setenv("MONITOR_ASR__CACHE_DIR", str(home / "weights"))
    return folder


def test_tampered_weights_are_refused_and_the_fix_named(
    monitor: Monitor, tampered: Path, calls: Path
) -> None:
    call = calls / "call.wav"
    complaint = monitor("analyze", call).complaint()
    assert f"{tampered / 'model.bin'} is not the published file" in complaint
    assert f"delete {tampered}" in complaint
    assert monitor("serve", "--port", 0).complaint() == complaint
    assert monitor("analyze", call, "--no-words").status == 0


def test_weights_that_are_not_there(monitor: Monitor, home: Path, calls: Path) -> None:
    call = calls / "call.wav"
    complaint = monitor("analyze", call, "--model", "small.en").complaint()
    assert "asr.offline forbids the hub" in complaint
    assert "name it in asr.model" in complaint
    assert "tiny.en" in monitor("analyze", call, "--model", "huge").complaint()
    (home / "own").mkdir()
    (home / "own" / "config.json").write_text("{}")
    assert "has no model.bin" in monitor("analyze", call, "--model", home / "own").complaint()


def test_ones_own_folder_of_weights_that_does_not_load(
    monitor: Monitor, home: Path, calls: Path
) -> None:
    own = home / "own"
    shutil.copytree(resolve(AsrSettings(offline=True)), own, ignore=lambda *_: ["model.bin"])
    (own / "model.bin").write_bytes(os.urandom(4096))
    complaint = monitor("analyze", calls / "call.wav", "--model", own).complaint()
    assert f"{own} cannot be loaded as Whisper weights" in complaint


def test_settings_that_cannot_be_used(
    monitor: Monitor, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = home / "monitor.toml"
    for text, problem in {
        b"[server": "monitor.toml: not valid TOML",
        b"\xff\xfe": "monitor.toml: not valid TOML",
        b"[server]\nporto = 1": "setting server.porto",
        b"[server]\nport = 70000": "setting server.port",
        b"[nudges]\nenabled = ['flatter_them']": "no 'flatter_them' in nudges; there is: ",
        b"[nudges.thresholds.slow_down]\nspeed = 1": "slow_down",
        b"[asr]\nengine = 'ears'": "no 'ears' in engines",
    }.items():
        settings.write_bytes(text)
        assert problem in monitor("serve", "--port", 0).complaint(), text
    settings.unlink()
    monkeypatch.setenv("MONITOR_SERVER", "8080")
    assert "server" in monitor("doctor").complaint()


def test_without_consent_nothing_is_heard_where_it_is_required(
    monitor: Monitor, home: Path, calls: Path
) -> None:
    (home / "monitor.toml").write_text("[privacy]\nconsent = 'required'")
    for command in (("analyze", calls / "call.wav"), ("listen",)):
        assert "privacy.consent" in monitor(*command).complaint()
    ran = monitor("analyze", calls / "call.wav", "--no-words", "--consent")
    assert ran.status == 0, ran.err


# ---- listen ----------------------------------------------------------------------------


def test_listen_without_the_sound_library(
    monitor: Monitor, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(home)
    for arguments in (("listen",), ("listen", "--list")):
        complaint = monitor(*arguments).complaint()
        assert "PortAudio library not found" in complaint
        assert "apt install libportaudio2" in complaint


class Sound:
    """The sounddevice module of a machine with these devices."""

    class PortAudioError(Exception):
        pass

    def __init__(self, *names: str) -> None:
        self._devices = [
            {
                "name": name,
                "index": index,
                "max_input_channels": 2,
                "default_samplerate": 48000.0,
                "hostapi": 0,
            }
            for index, name in enumerate(names)
        ]

    def query_devices(self, kind: str | None = None) -> Any:
        if kind is not None:
            raise self.PortAudioError(f"no default {kind} device")
        return self._devices

    def query_hostapis(self, *_: Any) -> Any:
        return {"name": "ALSA", "default_input_device": -1}


def test_listen_says_which_devices_there_are(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", Sound())
    ran = monitor("listen", "--list")
    assert (ran.status, ran.out) == (0, "This machine has no input device.\n")
    assert "no input device" in monitor("listen").complaint()
    monkeypatch.setitem(sys.modules, "sounddevice", Sound("Headset [USB]", "Monitor of Speakers"))
    ran = monitor("listen", "--list")
    assert ran.status == 0
    assert re.search(r"0 +Headset \[USB\] +2 +48000 Hz *\n", ran.out)
    assert re.search(r"1 +Monitor of Speakers +2 .*loopback", ran.out)
    complaint = monitor("listen", "--agent-device", "trumpet").complaint()
    assert "trumpet" in complaint
    assert "Headset [USB]" in complaint


# ---- Ctrl-C ----------------------------------------------------------------------------


async def test_ctrl_c_ends_an_analysis_at_once(tmp_path: Path, calls: Path) -> None:
    pipe = tmp_path / "events"
    os.mkfifo(pipe)
    command = ("analyze", calls / "call.wav", "--speed", "live", "--no-words", "--events", pipe)
    async with process(tmp_path, *command) as running:
        with await asyncio.to_thread(pipe.open) as lines:
            first = await asyncio.to_thread(lines.readline)
            assert json.loads(first)["type"] == "call.started"
            running.signal(signal.SIGINT)
            ran = await running.end(within_s=8)
            last = json.loads(lines.readlines()[-1])
    assert (ran.status, ran.err) == (130, "")
    assert (last["type"], last["reason"]) == ("call.ended", "stopped")


# ---- help and README ---------------------------------------------------------------------


def command_of(line: str) -> Any:
    """The command that a line of the form ``monitor COMMAND ...`` runs."""
    found: Any = typer.main.get_command(cli.app)
    for word in line.split()[1:]:
        found = getattr(found, "commands", {}).get(word, found)
    return found


def assert_possible(line: str) -> None:
    """Each option that the line shows is one of its command."""
    options = {name for parameter in command_of(line).params for name in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", line)) <= options | {"--help"}, line


def leaves(line: str) -> list[str]:
    """Every command that does something, as it is typed."""
    commands = getattr(command_of(line), "commands", None)
    if commands is None:
        return [line]
    return [leaf for name in commands for leaf in leaves(f"{line} {name}")]


def test_effect_says_what_it_cannot_know(monitor: Monitor, home: Path) -> None:
    said = monitor("effect", "--data-dir", "kept").complaint()
    assert "no kept calls in kept" in said
    store = Store(StoreSettings(data_dir=home / "kept"))
    store.open()
    store.close()
    ran = monitor("effect", "--data-dir", "kept", "--json", "effect.json")
    assert ran.status == 0, ran.err
    assert "Nothing was held out" in ran.out
    assert "hold_out = 0.2" in ran.out
    (overall,) = json.loads((home / "effect.json").read_text())
    assert (overall["nudge"], overall["verdict"]) == (None, "no_hold_out")
    assert "%Y-%m-%d" in monitor("effect", "--since", "yesterday").complaint()


def test_every_command_teaches_by_example(monitor: Monitor) -> None:
    assert {f"monitor {command}" for command in COMMANDS} <= set(leaves("monitor"))
    overview = monitor()
    assert overview.status == 0
    for command in leaves("monitor"):
        assert command.split()[1] in overview.out
        ran = monitor(*command.split()[1:], "--help")
        assert ran.status == 0
        examples = re.findall(rf"^ *({command}\b.*)$", ran.out, re.M)
        assert examples, command
        for example in examples:
            assert_possible(example)


def test_readme_shows_commands_that_exist() -> None:
    text = (ROOT / "README.md").read_text()
    blocks = re.findall(r"```(\w*)\n(.*?)```", text, re.S)
    shown = re.findall(r"`(monitor [^`]+)`", text)
    for language, block in blocks:
        if language == "toml":
            Settings.model_validate(tomllib.loads(block))
        else:
            shown += [line.split(" #")[0] for line in block.splitlines()]
    makefile = (ROOT / "Makefile").read_text()
    for line in shown:
        if line.startswith("make "):
            assert re.search(rf"^{line.split()[1]}:", makefile, re.M), line
        if line.startswith("monitor "):
            assert command_of(line) is not command_of("monitor"), line
            assert_possible(line)
    used = {line.split()[1] for line in shown if line.startswith("monitor ")}
    assert used >= set(COMMANDS), "README shows every command"


def test_version(monitor: Monitor) -> None:
    assert monitor("--version").out == f"call-monitor {cli.__version__}\n"
