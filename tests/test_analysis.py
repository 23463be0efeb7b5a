"""A recording from first to last sample: its events, its report; the sample calls; no network."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from monitor.analysis import AnalysisError, analyze
from monitor.audio import BLOCK, BLOCK_S, RATE_HZ
from monitor.audiofile import AudioFile
from monitor.config import Settings, StoreSettings
from monitor.events import CALL_EVENT, Event
from monitor.resources import resource
from monitor.runtime import Runtime
from monitor.scribe import MUTE_EDGE_S
from monitor.sources import Pcm
from monitor.sources.wav import WavSource
from monitor.store import Store
from tests.dialogue import HURT, HURT_SAID, PHRASES, line
from tests.scores import heard
from tests.sessions import (
    KnowingEngine,
    Script,
    audible,
    broken,
    chunked,
    hearing,
    said,
    transcribing,
)

SAMPLES = resource("samples") / "rendered"
HURT_WORDS = [transcript for _, transcript in HURT_SAID]


@asynccontextmanager
async def runtime(engine: KnowingEngine) -> AsyncIterator[Runtime]:
    async with hearing() as ears, transcribing(engine) as transcriber:
        yield Runtime(Settings(), PHRASES, ears, transcriber, engine.model)


def events(out: io.StringIO) -> list[Any]:
    return [CALL_EVENT.validate_json(text) for text in out.getvalue().splitlines()]


# ---- what it gives out -------------------------------------------------------------------


async def test_every_event_is_a_line_and_the_report_comes_back() -> None:
    out = io.StringIO()
    heard_s: list[float] = []
    source = Script(chunked(audible(heard(*HURT)), RATE_HZ), live=False, title="Hurt")
    async with runtime(KnowingEngine(HURT_WORDS)) as shared:
        report = await analyze(shared, source, call_id="a1", out=out, progress=heard_s.append)
    told = events(out)
    assert (told[0].type, told[0].title, told[0].live) == ("call.started", "Hurt", False)
    assert told[-1].type == "call.ended"
    assert told[-2] == report
    assert report.duration_s == pytest.approx(54.0, abs=0.05)
    assert {"words", "turn", "mood", "nudge.opened", "nudge.closed"} <= {e.type for e in told}
    assert not [e for e in told if e.type == "levels"], "meters are for screens"
    assert {e.call_id for e in told} == {"a1"}
    assert heard_s == sorted(heard_s)
    assert heard_s[-1] == report.duration_s
    assert source.closed


async def test_a_recording_that_breaks_off_raises_with_what_was_heard_written() -> None:
    out = io.StringIO()
    pcm = audible(heard(*HURT))[:, : 20 * RATE_HZ]
    async with runtime(KnowingEngine(HURT_WORDS)) as shared:
        with pytest.raises(AnalysisError, match="the line broke"):
            await analyze(shared, Script([Pcm(pcm), broken()]), call_id="a1", out=out)
    told = events(out)
    assert next(e.text for e in told if e.type == "words") == HURT_WORDS[0].text
    assert [e.type for e in told][-2:] == ["report", "call.ended"]
    assert told[-1].reason == "failed"


async def test_a_kept_call_has_its_audio_without_the_numbers(tmp_path: Path) -> None:
    card = "one one one one one one one one one one one one one one one one"
    spoken = said(("customer", 3, 12, f"It is {card} okay"))
    pcm = audible(heard("", line((3, "."), (9, "="), (3, "."))))
    store = Store(StoreSettings(data_dir=tmp_path, flush_s=0.02))
    store.open()
    try:
        async with runtime(KnowingEngine(spoken)) as shared:
            source = Script(chunked(pcm, 1000))
            report = await analyze(shared, source, call_id="a1", store=store)
        await asyncio.to_thread(store.flush)
        kept = store.call("a1")
        assert kept is not None
        assert (kept.live, kept.ended_reason, kept.has_audio) == (False, "completed", True)
        assert [e for e in store.events("a1") if e.type == "report"] == [report]
        assert "[number]" in "".join(store.event_texts("a1"))
        assert "one one" not in "".join(store.event_texts("a1"))
        path = store.recordings.path("a1")
        assert path is not None
        audio, _ = soundfile.read(path)
    finally:
        store.close()
    marks = audio[: len(audio) // BLOCK * BLOCK].reshape(-1, BLOCK, 2)[:, BLOCK // 2]
    quiet = np.flatnonzero(marks[:, 1] == 0)
    step_s = 9 / 19
    first_s, last_s = 3 + 2 * step_s - MUTE_EDGE_S, 3 + 18 * step_s + MUTE_EDGE_S
    assert quiet[0] * BLOCK_S == pytest.approx(first_s, abs=0.1)
    assert quiet[-1] * BLOCK_S == pytest.approx(last_s, abs=0.1)
    assert len(quiet) == quiet[-1] - quiet[0] + 1, "nothing of it is heard"
    assert marks[:, 0].all(), "only the party who said it is muted"


# ---- the sample calls, with the real ear and the real weights -----------------------------


def reference(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.ref.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def analysed() -> dict[str, list[Event]]:
    """Every sample call, heard once."""

    async def all_of_them() -> dict[str, list[Event]]:
        shared = await Runtime.start(Settings())
        try:
            found = {}
            for path in sorted(SAMPLES.glob("*.flac")):
                out = io.StringIO()
                await analyze(shared, WavSource(path), call_id=path.stem, out=out)
                found[path.stem] = events(out)
            return found
        finally:
            await shared.close()

    return asyncio.run(all_of_them())


def opened(told: list[Any]) -> list[tuple[str, float]]:
    return [(e.nudge, e.t) for e in told if e.type == "nudge.opened"]


TOLERANCE_S = 2.0
"""A recording's words come a second after their utterance, which ends a half after its last."""


@pytest.mark.weights
@pytest.mark.parametrize("name", sorted(p.stem for p in SAMPLES.glob("*.flac")))
def test_a_sample_call_opens_the_nudges_it_was_written_for(
    name: str, analysed: dict[str, list[Event]]
) -> None:
    wanted = reference(name)["nudges"]
    found = opened(analysed[name])
    for want in wanted:
        assert any(
            nudge == want["nudge"] and want["after"] <= t <= want["before"] + TOLERANCE_S
            for nudge, t in found
        ), f"{want} is not in {found}"
    if not wanted:
        assert found == []


@pytest.mark.weights
def test_the_rising_call_raises_an_alert_for_words_and_more(
    analysed: dict[str, list[Event]],
) -> None:
    alerts: list[Any] = [e for e in analysed["rising"] if e.type == "alert.raised"]
    assert [a.kind for a in alerts] == ["rising"]
    assert "words" in {reason.kind for reason in alerts[0].reasons}
    report: Any = analysed["rising"][-2]
    assert report.mood.end < report.mood.peak * 0.6, "it settles"


@pytest.mark.weights
@pytest.mark.parametrize("name", ["calm", "echo", "pace"])
def test_a_calm_call_raises_no_alert(name: str, analysed: dict[str, list[Event]]) -> None:
    assert not [e for e in analysed[name] if e.type == "alert.raised"]


@pytest.mark.weights
@pytest.mark.parametrize("name", ["calm", "echo"])
def test_nobody_talks_over_in_the_calm_call_nor_in_its_echo(
    name: str, analysed: dict[str, list[Event]]
) -> None:
    told: list[Any] = analysed[name]
    assert not [e for e in told if e.type == "overlap" and e.kind == "talk_over"]
    assert any(e.type == "overlap" and e.kind == "backchannel" for e in told)


@pytest.mark.weights
@pytest.mark.parametrize("name", ["calm", "rising", "talkover"])
def test_what_is_said_stands_on_the_right_side(name: str, analysed: dict[str, list[Event]]) -> None:
    told: list[Any] = analysed[name]
    lines = reference(name)["turns"]
    for party in ("agent", "customer"):
        spoken_s = sum(turn["t1"] - turn["t0"] for turn in lines if turn["party"] == party)
        words = [w for e in told if e.type == "words" and e.party == party for w in e.words]
        assert len(words) > spoken_s, "more than a word a second"
        inside = [
            any(t["t0"] - 0.5 <= (w.t0 + w.t1) / 2 <= t["t1"] + 0.5 for t in lines) for w in words
        ]
        assert np.mean(inside) > 0.95


# ---- no network --------------------------------------------------------------------------


def without_network() -> list[str]:
    """The command that runs another one where there is no network, or a skip."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    for flags in ("-rn", "-n"):
        if subprocess.run([unshare, flags, "true"], capture_output=True).returncode == 0:
            return [unshare, flags]
    pytest.skip("network namespaces are not allowed here")


@pytest.mark.weights
def test_it_works_the_same_without_a_network(tmp_path: Path) -> None:
    alone = without_network()
    with socket.create_server(("127.0.0.1", 0)) as server:
        dial = f"import socket; socket.create_connection({server.getsockname()!r}, 5)"
        here = subprocess.run([sys.executable, "-c", dial], capture_output=True)
        there = subprocess.run([*alone, sys.executable, "-c", dial], capture_output=True)
    assert here.returncode == 0
    assert there.returncode != 0, "the namespace is not without a network"

    clip = tmp_path / "clip.wav"
    pieces = AudioFile(SAMPLES / "rising.flac").pieces(30.0)
    soundfile.write(clip, next(pieces).T, RATE_HZ, "PCM_16")
    told = []
    for prefix in ([], alone):
        out, report = tmp_path / f"{len(prefix)}.jsonl", tmp_path / f"{len(prefix)}.json"
        command = [sys.executable, "-m", "monitor", "analyze", str(clip)]
        done = subprocess.run(
            [*prefix, *command, "--events", str(out), "--report", str(report)],
            capture_output=True,
            text=True,
            timeout=100,
            env={**os.environ, "MONITOR_STORE__DATA_DIR": str(tmp_path / "data")},
            cwd=Path(__file__).parent.parent,
        )
        assert done.returncode == 0, done.stderr
        lines = [json.loads(text) for text in out.read_text("utf-8").splitlines()]
        for event in lines:
            event.pop("call_id")
            event.pop("started_at", None)
        told.append(lines)
        assert json.loads(report.read_text("utf-8"))["agent"]["talk_s"] > 1
    assert told[0] == told[1]
    assert any(event["type"] == "words" for event in told[0])
