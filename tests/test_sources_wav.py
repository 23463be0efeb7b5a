"""Recordings as calls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.audio import RATE_HZ
from monitor.events import Person
from monitor.sources import Pcm, SourceError
from monitor.sources.wav import SHARED, WavSource

RNG = np.random.default_rng(7)


def write(path: Path, seconds: float, channels: int = 1, rate_hz: int = RATE_HZ) -> np.ndarray:
    pcm = (RNG.integers(-12000, 12000, (round(seconds * rate_hz), channels)) / 32768).astype("f4")
    soundfile.write(path, pcm, rate_hz)
    return pcm.T


async def collect(source: WavSource) -> tuple[np.ndarray, list[int]]:
    chunks = [chunk async for chunk in source.chunks()]
    assert all(isinstance(chunk, Pcm) for chunk in chunks)
    await source.close()
    return np.concatenate([c.samples for c in chunks], axis=1), [c.samples.shape[1] for c in chunks]


@pytest.mark.parametrize("agent_channel", [0, 1])
async def test_stereo(tmp_path: Path, agent_channel: int) -> None:
    path = tmp_path / "billing.wav"
    pcm = write(path, 2.5, channels=2)
    source = WavSource(path, agent_channel=agent_channel)
    samples, _ = await collect(source)
    assert np.array_equal(samples, pcm[[agent_channel, 1 - agent_channel]])
    info = source.info
    assert (info.source, info.title, info.live, info.separated) == ("wav", "billing", False, True)
    assert info.duration_s == 2.5
    assert info.limits == ()


async def test_two_files_of_different_length(tmp_path: Path) -> None:
    agent = write(tmp_path / "a.wav", 12.0)
    customer = write(tmp_path / "c.wav", 7.25)
    source = WavSource(
        agent_path=tmp_path / "a.wav",
        customer_path=tmp_path / "c.wav",
        title="Refund",
        agent=Person(id="7", name="Ada"),
    )
    samples, _ = await collect(source)
    assert np.array_equal(samples[0], agent[0])
    assert np.array_equal(samples[1, : customer.shape[1]], customer[0])
    assert not samples[1, customer.shape[1] :].any()
    assert source.info.limits == (
        "The customer's recording ends 4.8 s before the other: silence from there",
    )
    assert source.info.duration_s == 12.0
    assert source.info.title == "Refund"
    assert source.info.agent.name == "Ada"


async def test_two_files_of_different_rate(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", 11.0, rate_hz=44100)
    write(tmp_path / "c.wav", 11.0, rate_hz=16000)
    samples, _ = await collect(
        WavSource(agent_path=tmp_path / "a.wav", customer_path=tmp_path / "c.wav")
    )
    assert samples.shape == (2, 11 * RATE_HZ)
    assert np.abs(samples).mean(axis=1).min() > 0.05


async def test_mono_is_shared(tmp_path: Path) -> None:
    pcm = write(tmp_path / "m.wav", 1.0)
    source = WavSource(tmp_path / "m.wav")
    samples, _ = await collect(source)
    assert not source.info.separated
    assert source.info.limits == (SHARED,)
    assert not samples[0].any()
    assert np.array_equal(samples[1], pcm[0])


@pytest.mark.parametrize("chunk_ms", [10, 37, 1000])
async def test_chunk_sizes_give_the_same_samples(tmp_path: Path, chunk_ms: int) -> None:
    pcm = write(tmp_path / "s.wav", 11.3, channels=2)
    samples, sizes = await collect(WavSource(tmp_path / "s.wav", chunk_ms=chunk_ms))
    assert np.array_equal(samples, pcm)
    assert set(sizes[:-1]) == {chunk_ms * 8}
    assert 0 < sizes[-1] <= chunk_ms * 8


class Clock:
    """Time that passes only in ``sleep``, which oversleeps, as timers do."""

    def __init__(self, oversleep_s: float = 0.0) -> None:
        self.now = 100.0
        self.oversleep_s = oversleep_s

    def __call__(self) -> float:
        return self.now

    async def sleep(self, for_s: float) -> None:
        assert for_s > 0
        self.now += for_s + self.oversleep_s


async def test_live_pace_does_not_drift(tmp_path: Path) -> None:
    pcm = write(tmp_path / "s.wav", 6.0, channels=2)
    clock = Clock(oversleep_s=0.003)
    source = WavSource(tmp_path / "s.wav", speed="live", clock=clock, sleep=clock.sleep)
    assert source.info.live
    at, got = [], []
    async for chunk in source.chunks():
        assert isinstance(chunk, Pcm)
        got.append(chunk.samples)
        at.append(clock.now - 100.0)
    ends = np.cumsum([samples.shape[1] for samples in got]) / RATE_HZ
    assert np.array_equal(np.concatenate(got, axis=1), pcm)
    late = np.array(at) - ends
    assert late.min() >= -1e-9
    assert late.max() <= 0.003 + 1e-9


async def test_a_reader_that_falls_behind_gets_at_once_and_in_one_piece_what_it_missed(
    tmp_path: Path,
) -> None:
    pcm = write(tmp_path / "s.wav", 2.0, channels=2)
    clock = Clock()
    source = WavSource(
        tmp_path / "s.wav", speed="live", chunk_ms=100, clock=clock, sleep=clock.sleep
    )
    served, got = [], []
    async for chunk in source.chunks():
        assert isinstance(chunk, Pcm)
        served.append(clock.now - 100.0)
        got.append(chunk.samples)
        if len(served) == 3:
            clock.now += 1.0
    assert served == pytest.approx([0.1, 0.2, 0.3, *np.arange(1.3, 2.05, 0.1)])
    missed = round(1.0 * RATE_HZ)
    assert [samples.shape[1] for samples in got] == [800] * 3 + [missed] + [800] * 7
    assert np.array_equal(np.concatenate(got, axis=1), pcm)


async def test_silent_and_truncated_are_limits(tmp_path: Path) -> None:
    path = tmp_path / "s.wav"
    pcm = np.zeros((4 * RATE_HZ, 2), np.float32)
    pcm[:, 0] = RNG.uniform(-0.3, 0.3, 4 * RATE_HZ)
    soundfile.write(path, pcm, RATE_HZ)
    data = path.read_bytes()
    path.write_bytes(data[: 44 + 4 * RATE_HZ])
    source = WavSource(path, agent_channel=1)
    assert source.info.limits == (
        "s.wav is cut off: 1.0 s of 4.0 s are there",
        "The agent's channel is silent",
    )
    samples, _ = await collect(source)
    assert samples.shape == (2, RATE_HZ)


async def test_a_file_that_goes_away_breaks_the_source(tmp_path: Path) -> None:
    path = tmp_path / "s.wav"
    write(path, 1.0, channels=2)
    source = WavSource(path)
    path.unlink()
    with pytest.raises(SourceError):
        await collect(source)


def test_bad_arguments(tmp_path: Path) -> None:
    stereo, mono = tmp_path / "s.wav", tmp_path / "m.wav"
    write(stereo, 0.5, channels=2)
    write(mono, 0.5)
    with pytest.raises(SourceError, match="give one recording of both parties"):
        WavSource()
    with pytest.raises(SourceError, match="give one recording of both parties"):
        WavSource(stereo, agent_path=mono, customer_path=mono)
    with pytest.raises(SourceError, match="give one recording of both parties"):
        WavSource(agent_path=mono)
    with pytest.raises(SourceError, match=r"s\.wav is stereo; one mono file"):
        WavSource(agent_path=stereo, customer_path=mono)
    with pytest.raises(SourceError, match="channel is 0 or 1, not 2"):
        WavSource(stereo, agent_channel=2)
    with pytest.raises(SourceError, match="1 ms at least"):
        WavSource(stereo, chunk_ms=0)
    with pytest.raises(SourceError, match="No such file"):
        WavSource(tmp_path / "none.wav")
