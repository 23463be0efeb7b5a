"""The example of docs/ingest.md, run as it stands there."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.sources import Pcm
from monitor.sources.pcm import Start
from tests.commands import ROOT, as_person, run
from tests.serving import WAIT_S, Stage, stage

TEXT = (ROOT / "docs" / "ingest.md").read_text(encoding="utf-8")


def fenced(language: str) -> str:
    """The one block of that language."""
    (block,) = re.findall(rf"^ *```{language}\n(.*?)^ *```", TEXT, re.S | re.M)
    assert isinstance(block, str)
    return block


def token(capsys: pytest.CaptureFixture[str], folder: Path, *more: str) -> str:
    """What ``monitor token`` prints for the server whose data lies in ``folder``."""
    with as_person(folder):
        ran = run(capsys, "token", "--data-dir", folder / "data", *more)
    assert ran.status == 0
    return ran.out.strip()


async def play(s: Stage, folder: Path, token: str) -> list[dict[str, object]]:
    """What the example prints when it sends half a second, agent left."""
    rate = 16000
    agent = 0.5 * np.sin(np.arange(rate // 2) * 2 * np.pi * 300 / rate)
    soundfile.write(folder / "call.wav", np.stack([agent, 0 * agent], axis=1), rate, "PCM_16")
    (folder / "send_call.py").write_text(fenced("python"), encoding="utf-8")
    sender = await asyncio.create_subprocess_exec(
        sys.executable,
        *(str(folder / "send_call.py"), str(folder / "call.wav")),
        *(f"ws://{s.host}/ingest/pcm", token),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(2 * WAIT_S):
        out, err = await sender.communicate()
    assert (sender.returncode, err) == (0, b"")
    return [json.loads(line) for line in out.splitlines()]


async def test_the_example_sends_a_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with stage(tmp_path) as s:
        said = await play(s, tmp_path, token(capsys, tmp_path, "--days", "365"))
        assert [reply["event"] for reply in said] == ["started", "ended"]
        assert said[1]["reason"] == "completed"
        pcm = np.concatenate([i.samples for i in s.heard["in0"] if isinstance(i, Pcm)], axis=1)
        assert pcm.shape == (2, 4000)
        assert np.abs(pcm[0]).max() > 0.4
        assert np.abs(pcm[1]).max() < 0.01
        assert s.sources[0].info.agent.id == "ada"


async def test_an_agents_token_starts_that_agents_calls_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with stage(tmp_path) as s:
        await play(s, tmp_path, token(capsys, tmp_path, "--agent", "ben", "--name", "Ben"))
        assert s.sources[0].info.agent.id == "ben"


async def test_a_link_opens_the_screen_of_its_reader(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with stage(tmp_path) as s, s.client(None) as client:
        port = ("--port", str(s.server.port))
        link = token(capsys, tmp_path, "--link", "--agent", "ben", "--name", "Ben", *port)
        assert link.startswith(f"http://{s.host}/agent?token=")
        assert (await client.get(link)).status_code == 303
        assert (await client.get("/api/me")).json()["agent"] == {"id": "ben", "name": "Ben"}
        link = token(capsys, tmp_path, "--link", "--name", "Sue", *port)
        assert link.startswith(f"http://{s.host}/floor?token=")
        assert (await client.get(link)).status_code == 303
        assert (await client.get("/api/me")).json()["name"] == "Sue"


def test_the_start_line_is_one_that_is_taken() -> None:
    start = Start.model_validate_json(fenced("json"))
    assert start.agent.name == "Ada"
    assert set(json.loads(fenced("json"))) == set(Start.model_fields)
