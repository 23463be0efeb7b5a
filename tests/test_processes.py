"""The monitor as processes: real sockets, real signals, a real kill."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import numpy as np
import pytest
import soundfile
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from monitor.config import StoreSettings
from monitor.events import CALL_EVENT, CallEnded, Event, Report
from monitor.sources import Pcm
from monitor.sources.wav import WavSource
from monitor.store import Store
from tests.commands import Process, environment, process, replayed, talk_over_excerpt

WITHIN_S = 60.0
"""For anything that the network or a decoder brings, on a machine that is busy with others."""
DRAINED_WITHIN_S = 25.0


@dataclass
class Serving:
    """A ``monitor serve`` that is up."""

    process: Process
    url: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def socket(self, path: str) -> connect:
        return connect(self.url.replace("http", "ws", 1) + path, additional_headers=self.headers)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=WITHIN_S)


@asynccontextmanager
async def serving(home: Path, *options: object) -> AsyncIterator[Serving]:
    command = ("serve", "--port", 0, "--data-dir", "data", *options)
    async with process(home, *command) as running:
        link = urlsplit((await running.line("floor")).split()[1])
        [token] = parse_qs(link.query)["token"]
        yield Serving(running, f"http://{link.netloc}", token)


@dataclass
class Watching:
    """What a screen has been sent of one call, and when."""

    socket: ClientConnection
    events: list[tuple[float, Event]] = field(default_factory=list)

    async def until(self, kind: str, t: float = 0.0) -> Any:
        """The next event of that kind at audio time ``t`` or later."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                message = json.loads(await self.socket.recv())
                if message["type"] in ("heartbeat", "resync", "error"):
                    assert message["type"] == "heartbeat", message
                    continue
                news = message["events"] if message["type"] == "snapshot" else [message]
                for one in news:
                    event = CALL_EVENT.validate_python(one)
                    self.events.append((time.monotonic(), event))
                    if event.type == kind and event.t >= t:
                        return event


@pytest.fixture
def call(tmp_path: Path) -> Path:
    pcm, rate = talk_over_excerpt()
    path = tmp_path / "call.wav"
    soundfile.write(path, pcm, rate)
    return path


def interleaved(chunk: Pcm) -> bytes:
    return np.rint(chunk.samples.T * 32767).astype("<i2").tobytes()


async def begin(ingest: ClientConnection) -> str:
    await ingest.send(json.dumps({"rate": 8000, "title": "Line 4", "agent": {"id": "ada"}}))
    async with asyncio.timeout(WITHIN_S):
        reply = json.loads(await ingest.recv())
    assert reply["event"] == "started", reply
    return str(reply["call_id"])


async def send(ingest: ClientConnection, path: Path, *, live: bool = False) -> float:
    """The recording into the call, as fast as it goes or as one talks; its seconds."""
    source = WavSource(path, speed="live" if live else "max")
    async for chunk in source.chunks():
        assert isinstance(chunk, Pcm)
        await ingest.send(interleaved(chunk))
    assert source.info.duration_s is not None
    return source.info.duration_s


async def watch(screen: ClientConnection, call_id: str) -> Watching:
    await screen.send(json.dumps({"type": "subscribe", "call_id": call_id}))
    return Watching(screen)


def kept_of(event: Event) -> bool:
    """Whether the store keeps it: facts, and the state that curves are drawn from."""
    return event.fact or event.type in ("mood", "pace")


def opened(home: Path) -> Store:
    store = Store(StoreSettings(data_dir=home / "data"))
    store.open()
    return store


# ---- serve -------------------------------------------------------------------------


@pytest.mark.weights
async def test_ctrl_c_closes_and_stores_the_live_call(tmp_path: Path, call: Path) -> None:
    async with serving(tmp_path) as served, served.client() as client:
        assert (await client.get("/api/calls")).status_code == 401, "not without the link"
        page = await client.get("/floor", params={"token": served.token}, follow_redirects=True)
        assert page.status_code in (200, 503), "503 says that the dashboard is not built"
        assert "<html" in page.text
        async with served.socket("/ingest/pcm") as ingest, served.socket("/live") as screen:
            call_id = await begin(ingest)
            watching = await watch(screen, call_id)
            seconds = await send(ingest, call)
            await watching.until("levels", seconds - 0.25)
            words = await watching.until("words")
            served.process.signal(signal.SIGINT)
            await served.process.line("Closing 1 live call")
            ended = await watching.until("call.ended")
        ran = await served.process.end(DRAINED_WITHIN_S)
    assert (ran.status, ran.err) == (0, "")
    assert ended.reason == "stopped"
    store = opened(tmp_path)
    try:
        [kept] = store.calls()
        assert (kept.call_id, kept.live, kept.ended_reason) == (call_id, False, "stopped")
        assert kept.agent.id == "ada"
        assert seconds - 0.3 < ended.duration_s < seconds + 0.04
        assert kept.duration_s == ended.duration_s
        events = store.events(call_id)
        assert [e.type for e in events[-2:]] == ["report", "call.ended"]
        assert words in events
        facts = [e for e in replayed(store, call_id) if e.fact]
        assert facts == [e for e in events if e.fact], "a live call replays too"
        recording = store.recordings.path(call_id)
        assert recording is not None
        heard, rate = soundfile.read(recording, always_2d=True)
    finally:
        store.close()
    sent, _ = soundfile.read(call, always_2d=True)
    assert (recording.suffix, rate) == (".flac", 8000)
    assert len(heard) == round(ended.duration_s * 8000)
    whole = min(len(heard), len(sent))
    assert np.abs(heard[:whole] - sent[:whole]).max() < 1e-3, "what was said, sample by sample"


async def test_a_killed_monitor_has_all_but_the_last_second(tmp_path: Path, call: Path) -> None:
    async with serving(tmp_path, "--no-words") as served:
        async with served.socket("/ingest/pcm") as ingest, served.socket("/live") as screen:
            call_id = await begin(ingest)
            watching = await watch(screen, call_id)
            sending = asyncio.create_task(send(ingest, call, live=True))
            await watching.until("levels", 7.5)
            served.process.signal(signal.SIGKILL)
            killed_s = time.monotonic()
            with pytest.raises(ConnectionClosed):
                await watching.until("call.ended")
            with pytest.raises(ConnectionClosed):
                await sending
        assert (await served.process.end(5)).status == -signal.SIGKILL
    shown = [event for at_s, event in watching.events if kept_of(event) and killed_s - at_s > 1]
    assert len(shown) >= 3

    async with serving(tmp_path, "--no-words") as served, served.client() as client:
        found = await client.get(f"/api/calls/{call_id}", headers=served.headers)
        assert found.status_code == 200
        assert '"lost"' in found.text
        audio = await client.get(f"/api/calls/{call_id}/audio", headers=served.headers)
        assert audio.status_code == 200
        served.process.signal(signal.SIGTERM)
        assert (await served.process.end(DRAINED_WITHIN_S)).status == 0

    store = opened(tmp_path)
    try:
        [kept] = store.calls()
        assert (kept.call_id, kept.live, kept.ended_reason) == (call_id, False, "lost")
        events = store.events(call_id)
        recording = store.recordings.path(call_id)
    finally:
        store.close()
    for event in shown:
        assert event in events
    assert isinstance(events[-1], CallEnded)
    assert [e.seq for e in events] == sorted({e.seq for e in events})
    assert events[-1].duration_s > 6.5
    assert recording is not None
    heard, _ = soundfile.read(recording, always_2d=True)
    assert len(heard) / 8000 > 6.5
    sent, _ = soundfile.read(call, always_2d=True)
    assert np.abs(heard - sent[: len(heard)]).max() < 1e-3


async def test_the_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path, "--no-words") as served:
        address = urlsplit(served.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            # An upload that never ends: the server gives it 5 s.
            writer.write(
                b"POST /api/recordings HTTP/1.1\r\nHost: " + address.netloc.encode() + b"\r\n"
                b"Authorization: Bearer " + served.token.encode() + b"\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n"
                b"Expect: 100-continue\r\n\r\n"
            )
            async with asyncio.timeout(WITHIN_S):
                assert b"100 Continue" in await reader.readline(), "it has begun to read"
            served.process.signal(signal.SIGINT)
            await served.process.line("Ctrl-C again")
            served.process.signal(signal.SIGINT)
            ran = await served.process.end(within_s=4)
        finally:
            writer.close()
    assert ran.status == -signal.SIGINT


async def test_a_port_in_use_names_the_option(tmp_path: Path) -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as taken:
        port = taken.sockets[0].getsockname()[1]
        for command in (("serve", "--no-words"), ("demo", "--once", "--no-words")):
            options = ("--port", port, "--data-dir", "data")
            async with process(tmp_path, *command, *options) as running:
                complaint = (await running.end(WITHIN_S)).complaint()
            assert complaint == f"port {port} is in use: choose another with --port"


# ---- demo ----------------------------------------------------------------------------


async def test_demo_plays_the_calls_and_ends(tmp_path: Path, call: Path) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    pcm, rate = soundfile.read(call)
    soundfile.write(folder / "one.wav", pcm, rate)
    soundfile.write(folder / "two.flac", pcm[: 3 * rate], rate)
    command = ("demo", "--once", "--no-words", "--calls", folder, "--data-dir", "data")
    async with process(tmp_path, *command, MONITOR_SERVER__PORT="0") as running:
        ran = await running.end(WITHIN_S)
    assert (ran.status, ran.err) == (0, "")
    for link in ("floor", "replay", "agent"):
        assert f"  {link}" in ran.out
    assert ran.out.count("call started") == 2
    assert ran.out.count("call ended · completed") == 2
    assert "one" in ran.out
    assert "agent talks over" in ran.out
    assert "Let them finish" in ran.out
    assert "All calls have ended" in ran.out
    store = opened(tmp_path)
    try:
        assert {c.title: c.agent.name for c in store.calls()} == {"one": "Ada", "two": "Ben"}
    finally:
        store.close()


async def test_demo_takes_another_port_when_its_own_is_in_use(tmp_path: Path, call: Path) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    pcm, rate = soundfile.read(call)
    soundfile.write(folder / "short.wav", pcm[:rate], rate)
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as taken:
        port = taken.sockets[0].getsockname()[1]
        command = ("demo", "--once", "--no-words", "--calls", folder, "--data-dir", "data")
        async with process(tmp_path, *command, MONITOR_SERVER__PORT=str(port)) as running:
            ran = await running.end(WITHIN_S)
    assert (ran.status, ran.err) == (0, "")
    assert f"Port {port} is in use; taking a free port." in ran.out
    assert "call ended · completed" in ran.out


# ---- listen --------------------------------------------------------------------------


@asynccontextmanager
async def sound_server(home: Path) -> AsyncIterator[dict[str, str]]:
    """A PulseAudio with a null sink, "desk"; the environment to reach it."""
    if any(shutil.which(name) is None for name in ("pulseaudio", "pactl", "paplay")):
        pytest.skip("needs pulseaudio and its utilities")
    if not list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        pytest.skip("needs the ALSA plugin of PulseAudio (libasound2-plugins)")
    where = {"PULSE_SERVER": f"unix:{home / 'native'}", "XDG_RUNTIME_DIR": str(home)}
    modules = (
        f"module-native-protocol-unix socket={home / 'native'} auth-anonymous=1",
        "module-null-sink sink_name=desk",
    )
    server = await asyncio.create_subprocess_exec(
        *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes"),
        *("--log-target=stderr", "--log-level=info"),
        *(part for module in modules for part in ("-L", module)),
        env=environment(home, **where),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert server.stderr is not None
        async with asyncio.timeout(WITHIN_S):
            while b"Daemon startup complete" not in (said := await server.stderr.readline()):
                assert said, "pulseaudio ended"
        yield where
    finally:
        if server.returncode is None:
            server.terminate()
        await server.communicate()


async def play(sink: str, path: Path, where: dict[str, str]) -> None:
    player = await asyncio.create_subprocess_exec(
        "paplay", f"--device={sink}", str(path), env=environment(path.parent, **where)
    )
    assert await player.wait() == 0


async def test_listen_hears_a_softphone(tmp_path: Path, call: Path) -> None:
    device = ("--stereo-device", "desk.monitor")  # two players would not start together
    command = ("listen", *device, "--no-words", "--port", 0, "--data-dir", "data")
    async with sound_server(tmp_path) as where, process(tmp_path, *command, **where) as running:
        if not await heard_pulse(tmp_path, where):
            pytest.skip("PortAudio is missing, or does not see PulseAudio")
        await running.line("agent ")
        await running.line("call started")
        await play("desk", call, where)
        running.signal(signal.SIGINT)
        ran = await running.end(DRAINED_WITHIN_S)
    assert (ran.status, ran.err) == (0, "")
    assert "call ended · stopped" in ran.out
    store = opened(tmp_path)
    try:
        [kept] = store.calls()
        assert (kept.source, kept.agent.id, kept.ended_reason) == ("microphone", "me", "stopped")
        report = next(e for e in store.events(kept.call_id) if isinstance(e, Report))
        recording = store.recordings.path(kept.call_id)
    finally:
        store.close()
    assert report.agent.talk_s > 1.5
    assert report.customer.talk_s > 3
    assert recording is not None
    heard, _ = soundfile.read(recording)
    sent, _ = soundfile.read(call)
    for row in (0, 1):
        assert loudness(heard[:, row]) == pytest.approx(loudness(sent[:, row]), rel=0.1)


def loudness(samples: Any) -> float:
    return float(np.square(samples).sum())


async def heard_pulse(home: Path, where: dict[str, str]) -> bool:
    async with process(home, "listen", "--list", **where) as listing:
        ran = await listing.end(WITHIN_S)
    return ran.status == 0 and "pulse:desk.monitor" in ran.out
