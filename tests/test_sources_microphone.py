"""Microphone and loopback: choice of devices, alignment, failures, and one real PulseAudio."""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from monitor.audio import BLOCK, RATE_HZ
from monitor.events import Missing
from monitor.sources import Pcm, SourceError
from monitor.sources._alignment import MAX_SKEW, Alignment
from monitor.sources.microphone import MicrophoneSource, devices


class FakeError(Exception):
    pass


class FakeStream:
    """Feeds the callback when the test says so, from a thread as PortAudio does."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.adc_s = 10.0
        self.open = False

    def start(self) -> None:
        self.open = True

    def abort(self) -> None:
        self.open = False

    def close(self) -> None:
        self.open = False

    def _feed(self, value: float, frames: int, lost: int) -> None:
        self.adc_s += lost / self.options["samplerate"]
        data = np.full((frames, self.options["channels"]), value, np.float32)
        when = SimpleNamespace(inputBufferAdcTime=self.adc_s)
        status = SimpleNamespace(input_overflow=lost > 0)
        self.options["callback"](data, frames, when, status)
        self.adc_s += frames / self.options["samplerate"]
        data[:] = 99.0  # PortAudio uses its buffer again

    async def feed(self, value: float, frames: int = 160, lost: int = 0) -> None:
        await asyncio.to_thread(self._feed, value, frames, lost)

    async def unplug(self) -> None:
        await asyncio.to_thread(self.options["finished_callback"])


@dataclass
class FakeAudio:
    """Stands in for the sounddevice module."""

    inputs: list[tuple[str, int]] = field(
        default_factory=lambda: [("Mic", 1), ("Line in", 2), ("Speakers Monitor", 2)]
    )
    refuse_8k: bool = False
    refuse_open: str = ""
    streams: list[FakeStream] = field(default_factory=list)
    PortAudioError = FakeError

    def query_devices(self, kind: str | None = None) -> Any:
        if kind == "input":
            if not self.inputs:
                raise FakeError("no default input device")
            return {"index": 0}
        return [
            {"name": name, "max_input_channels": channels, "default_samplerate": 48000.0}
            for name, channels in self.inputs
        ]

    def check_input_settings(self, **_: Any) -> None:
        if self.refuse_8k:
            raise FakeError("Invalid sample rate")

    def InputStream(self, **options: Any) -> FakeStream:  # noqa: N802
        if self.refuse_open and self.inputs[options["device"]][0] == self.refuse_open:
            raise FakeError("Device unavailable")
        self.streams.append(FakeStream(**options))
        return self.streams[-1]

    async def opened(self, count: int) -> list[FakeStream]:
        async with asyncio.timeout(5):
            while len(self.streams) < count or not all(s.open for s in self.streams):
                await asyncio.sleep(0)
        return self.streams


async def taken(source: MicrophoneSource) -> None:
    """Until the source has taken what was fed: whose first buffer came first decides where
    both begin."""
    async with asyncio.timeout(5):
        while any(one._queue for one in source._inputs):
            await asyncio.sleep(0.001)


class Listener:
    """Collects chunks until enough samples, lost ones among them, have come."""

    def __init__(self, source: MicrophoneSource) -> None:
        self.source = source
        self.got: list[Pcm | Missing] = []
        self.more = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async for chunk in self.source.chunks():
            self.got.append(chunk)
            self.more.set()

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not enough():
                await self.more.wait()
                self.more.clear()

    async def stop(self) -> None:
        await self.source.close()
        await asyncio.wait_for(self.task, 5)

    @property
    def pcm(self) -> np.ndarray:
        parts = [c.samples for c in self.got if isinstance(c, Pcm)]
        return np.concatenate([np.zeros((2, 0), np.float32), *parts], axis=1)

    @property
    def missing(self) -> list[Missing]:
        return [c for c in self.got if isinstance(c, Missing)]


# ---- devices -------------------------------------------------------------------


def test_devices_tell_loopbacks_apart() -> None:
    audio = FakeAudio([("Mic", 1), ("Out only", 0), ("BlackHole 2ch", 2), ("USB Audio", 1)])
    found = [(d.number, d.name, d.loopback, d.rate_hz) for d in devices(audio)]
    assert found == [
        (0, "Mic", False, 48000),
        (2, "BlackHole 2ch", True, 48000),
        (3, "USB Audio", False, 48000),
    ]


def test_no_portaudio_names_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(
        SourceError, match=r"PortAudio library not found.*apt install libportaudio2"
    ):
        MicrophoneSource()
    with pytest.raises(SourceError, match="apt install libportaudio2"):
        devices()


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        ([], {}, "no microphone; there is: no input device at all"),
        ([("Mic", 1)], {}, "no loopback device.*there is: 0 Mic"),
        ([("Speakers Monitor", 2)], {}, "no microphone; there is: 0 Speakers Monitor"),
        (None, {"agent_device": "Headset"}, "no input device 'Headset'; there is: 0 Mic, 1 Line"),
        (None, {"customer_device": "9"}, "no input device '9'"),
        (None, {"agent_device": "i"}, "fits several input devices: 0 Mic, 1 Line in, 2"),
        (None, {"stereo_device": "Mic"}, "Mic has one channel; two are needed"),
        (None, {"stereo_device": "1", "agent_device": "0"}, "not both"),
        (None, {"agent_device": "1", "customer_device": "line"}, "cannot be both parties"),
    ],
)
def test_wrong_devices(
    inputs: list[tuple[str, int]] | None, options: dict[str, str], message: str
) -> None:
    audio = FakeAudio() if inputs is None else FakeAudio(inputs)
    with pytest.raises(SourceError, match=message):
        MicrophoneSource(sounddevice=audio, **options)


async def test_a_device_that_does_not_open() -> None:
    audio = FakeAudio(refuse_open="Speakers Monitor")
    listener = Listener(MicrophoneSource(sounddevice=audio))
    with pytest.raises(SourceError, match="Speakers Monitor cannot be opened: Device unavailable"):
        await asyncio.wait_for(listener.task, 5)
    assert [stream.open for stream in audio.streams] == [False]


# ---- hearing -------------------------------------------------------------------


async def test_two_devices_become_two_rows() -> None:
    audio = FakeAudio()
    source = MicrophoneSource(sounddevice=audio)
    assert (source.info.source, source.info.live, source.info.separated) == (
        "microphone",
        True,
        True,
    )
    listener = Listener(source)
    mic, far = await audio.opened(2)
    assert (mic.options["device"], far.options["device"]) == (0, 2)
    for k in range(5):
        await mic.feed(0.1 * k)
        await taken(source)
        await far.feed(-0.1 * k)
        await taken(source)
    await listener.until(lambda: listener.pcm.shape[1] >= 640)
    await listener.stop()
    # The first buffer of the microphone came before the other had begun: left out.
    assert np.array_equal(listener.pcm[0], np.repeat([0.1, 0.2, 0.3, 0.4], 160).astype("f4"))
    assert np.array_equal(listener.pcm[1], np.repeat([-0.0, -0.1, -0.2, -0.3], 160).astype("f4"))
    assert not any(stream.open for stream in audio.streams)


async def test_stereo_device() -> None:
    audio = FakeAudio()
    listener = Listener(MicrophoneSource(sounddevice=audio, stereo_device="line"))
    (stream,) = await audio.opened(1)
    assert (stream.options["device"], stream.options["channels"]) == (1, 2)
    await stream.feed(0.5)
    await listener.until(lambda: listener.pcm.shape[1] == 160)
    await listener.stop()


async def test_own_rate_is_resampled() -> None:
    audio = FakeAudio(refuse_8k=True)
    listener = Listener(MicrophoneSource(sounddevice=audio, stereo_device="1"))
    (stream,) = await audio.opened(1)
    assert stream.options["samplerate"] == 48000
    for _ in range(50):
        await stream.feed(0.25, frames=960)
    await listener.until(lambda: listener.pcm.shape[1] > 7000)
    await listener.stop()
    assert listener.pcm.shape[1] <= RATE_HZ
    assert np.allclose(listener.pcm[:, 500:], 0.25, atol=1e-3)


async def test_an_overrun_is_a_gap_of_the_right_length() -> None:
    audio = FakeAudio()
    source = MicrophoneSource(sounddevice=audio, stereo_device="1")
    listener = Listener(source)
    (stream,) = await audio.opened(1)
    await stream.feed(0.1)
    await stream.feed(0.2, lost=4000)
    await listener.until(lambda: listener.pcm.shape[1] == 320)
    await listener.stop()
    assert source.lost_s == pytest.approx(0.5)
    (gap,) = listener.missing
    assert gap.reason == "overrun"
    # 160 samples, padded to a block by the call, then the gap: within a block of 4160.
    assert abs(BLOCK + gap.blocks * BLOCK - 4160) < BLOCK


async def test_a_stalled_event_loop_costs_a_gap_not_memory() -> None:
    audio = FakeAudio()
    source = MicrophoneSource(sounddevice=audio, stereo_device="1")
    listener = Listener(source)
    (stream,) = await audio.opened(1)
    for _ in range(1000):  # 20 s while the loop is held
        stream._feed(0.1, 160, 0)
    await stream.feed(0.2)
    await listener.until(lambda: listener.pcm.shape[1] >= 250 * 160)
    await stream.feed(0.3)
    await listener.until(lambda: bool(listener.missing))
    await listener.stop()
    heard = listener.pcm.shape[1] + sum(m.blocks for m in listener.missing) * BLOCK
    assert heard == pytest.approx(1002 * 160, abs=2 * BLOCK)
    assert listener.pcm.shape[1] < 260 * 160


async def test_an_unplugged_device_ends_the_call_with_a_reason() -> None:
    audio = FakeAudio()
    listener = Listener(MicrophoneSource(sounddevice=audio, stereo_device="1"))
    (stream,) = await audio.opened(1)
    await stream.feed(0.1)
    await listener.until(lambda: listener.pcm.shape[1] == 160)
    await stream.unplug()
    with pytest.raises(SourceError, match="Line in stopped giving audio"):
        await asyncio.wait_for(listener.task, 5)


# ---- alignment -----------------------------------------------------------------


def ramp(start: int, samples: int) -> np.ndarray:
    return np.arange(start, start + samples, dtype=np.float32)[np.newaxis]


def timeline(chunks: list[Pcm | Missing], sent: int = 0) -> list[tuple[int, Pcm | Missing]]:
    """Each chunk with the sample at which the call puts it."""
    out = []
    for chunk in chunks:
        if isinstance(chunk, Missing):
            sent += -sent % BLOCK
            out.append((sent, chunk))
            sent += chunk.blocks * BLOCK
        else:
            out.append((sent, chunk))
            sent += chunk.samples.shape[1]
    return out


def begun() -> Alignment:
    alignment = Alignment(2)
    alignment.push(0, ramp(0, 0))
    alignment.push(1, ramp(0, 0))
    return alignment


def test_many_losses_never_move_the_time_out_of_bounds() -> None:
    rng = np.random.default_rng(3)
    alignment = begun()
    at = [0, 0]
    chunks: list[Pcm | Missing] = []
    for _ in range(2000):
        number = int(rng.integers(2)) if abs(at[0] - at[1]) < 300 else int(at[0] > at[1])
        samples = int(rng.integers(1, 200))
        if rng.random() < 0.1:
            alignment.lose(number, samples * 4)
            at[number] += samples * 4
        else:
            alignment.push(number, ramp(at[number], samples))
            at[number] += samples
        chunks += alignment.take()
    assert sum(isinstance(chunk, Missing) for chunk in chunks) > 50
    for sent, chunk in timeline(chunks):
        if isinstance(chunk, Pcm):
            assert np.array_equal(chunk.samples[0], chunk.samples[1])
            assert abs(chunk.samples[0, 0] - sent) <= 1.5 * BLOCK


def test_a_fast_clock_is_cut_back() -> None:
    alignment = begun()
    worst = 0
    chunks: list[Pcm | Missing] = []
    for _ in range(60 * 50):  # a minute in buffers of 20 ms; the first clock 1/160 fast
        alignment.push(0, np.full((1, 161), 1, np.float32))
        alignment.push(1, np.full((1, 160), 2, np.float32))
        chunks += alignment.take()
        worst = max(worst, alignment._ahead(0))
    assert alignment.cuts >= 3
    assert worst <= MAX_SKEW + 2 * 2 * RATE_HZ / 160  # found within two watches of 2 s
    assert sum(c.samples.shape[1] for c in chunks if isinstance(c, Pcm)) == 60 * RATE_HZ


def test_jitter_is_not_drift() -> None:
    alignment = begun()
    for _ in range(500):
        for _ in range(10):
            alignment.push(0, ramp(0, 160))
        for _ in range(10):
            alignment.push(1, ramp(0, 160))
            alignment.take()
    assert alignment.cuts == 0


# ---- a real sound server -------------------------------------------------------


@pytest.fixture
def pulse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A PulseAudio of our own with two null sinks, whose monitors are the two parties."""
    daemon = shutil.which("pulseaudio")
    if daemon is None or shutil.which("pactl") is None:
        pytest.skip("needs pulseaudio and pactl")
    if not list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        pytest.skip("needs the ALSA plugin of PulseAudio (libasound2-plugins)")
    socket = tmp_path / "native"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PULSE_SERVER", f"unix:{socket}")
    command = [daemon, "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes"]
    for module in (
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
        "module-null-sink sink_name=desk",
        "module-null-sink sink_name=phone",
    ):
        command += ["-L", module]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 10
            while subprocess.run(["pactl", "info"], capture_output=True).returncode:
                assert server.poll() is None, "pulseaudio ended"
                assert time.monotonic() < deadline, "pulseaudio does not answer"
            yield
        finally:
            server.terminate()


@pytest.fixture
def fresh_sounddevice(pulse: None) -> Iterator[Any]:
    """PortAudio looks for devices once, when it starts."""
    try:
        sounddevice = importlib.import_module("sounddevice")
    except OSError as error:
        pytest.skip(f"needs PortAudio: {error}")
    sounddevice._terminate()
    sounddevice._initialize()
    if not any(device["name"] == "pulse" for device in sounddevice.query_devices()):
        pytest.skip("PortAudio does not see PulseAudio")
    yield sounddevice
    sounddevice._terminate()
    sounddevice._initialize()


async def test_real_monitors_of_pulseaudio(fresh_sounddevice: Any) -> None:
    sounddevice = fresh_sounddevice
    names = {d.name: d.loopback for d in devices()}
    assert names["pulse:desk.monitor"]
    assert names["pulse:phone.monitor"]
    source = MicrophoneSource(agent_device="desk", customer_device="phone.monitor")
    listener = Listener(source)
    await listener.until(lambda: listener.pcm.shape[1] > 0)
    pulse_device = next(
        k for k, device in enumerate(sounddevice.query_devices()) if device["name"] == "pulse"
    )
    t = np.arange(RATE_HZ) / RATE_HZ

    def play(sink: str, hz: float) -> None:
        os.environ["PULSE_SINK"] = sink
        with sounddevice.OutputStream(device=pulse_device, channels=1, samplerate=RATE_HZ) as out:
            out.write((0.3 * np.sin(2 * np.pi * hz * t)).astype(np.float32))
        del os.environ["PULSE_SINK"]

    await asyncio.to_thread(play, "desk", 440.0)
    await asyncio.to_thread(play, "phone", 700.0)
    await listener.until(lambda: listener.pcm.shape[1] >= 2 * RATE_HZ)
    await listener.stop()
    power = np.abs(np.fft.rfft(listener.pcm, axis=1))
    hz = np.fft.rfftfreq(listener.pcm.shape[1], 1 / RATE_HZ)
    assert hz[power[0].argmax()] == pytest.approx(440, abs=5)
    assert hz[power[1].argmax()] == pytest.approx(700, abs=5)
    assert source.lost_s == 0.0
