"""Recordings on disk: every format, and every way in which a file can be bad."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from monitor.audio import RATE_HZ, AudioError
from monitor.audiofile import AudioFile


def voice(rate_hz: int, channels: int, seconds: float = 2.0) -> np.ndarray:
    """A gliding tone of half scale, other in each channel, shape (samples, channels)."""
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    rows = [0.5 * np.sin(2 * np.pi * (200 + 100 * k) * t * (1 + 0.1 * t)) for k in range(channels)]
    return np.stack(rows, axis=1).astype(np.float32)


def read(path: Path, piece_s: float = 5.0) -> np.ndarray:
    return np.concatenate(list(AudioFile(path).pieces(piece_s)), axis=1)


@pytest.mark.parametrize(
    ("suffix", "subtype", "tolerance"),
    [
        ("wav", "PCM_U8", 0.01),
        ("wav", "PCM_16", 1e-4),
        ("wav", "PCM_24", 1e-6),
        ("wav", "PCM_32", 1e-6),
        ("wav", "FLOAT", 0.0),
        ("wav", "DOUBLE", 1e-7),
        ("wav", "ULAW", 0.02),
        ("wav", "ALAW", 0.02),
        ("flac", "PCM_16", 1e-4),
        ("flac", "PCM_24", 1e-6),
        ("ogg", "VORBIS", 0.1),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_formats(
    tmp_path: Path, suffix: str, subtype: str, tolerance: float, channels: int
) -> None:
    path = tmp_path / f"call.{suffix}"
    pcm = voice(RATE_HZ, channels)
    soundfile.write(path, pcm, RATE_HZ, subtype=subtype)
    file = AudioFile(path)
    assert (file.channels, file.rate_hz, file.missing_s, file.silent) == (channels, 8000, 0.0, ())
    assert file.duration_s == pytest.approx(2.0)
    got = read(path)
    assert got.shape == (channels, 2 * RATE_HZ)
    assert np.abs(got - pcm.T).max() <= tolerance


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 22050, 44100, 48000])
def test_rates_and_piece_sizes(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, voice(rate_hz, 2), rate_hz, subtype="PCM_24")
    whole = read(path)
    assert whole.shape == (2, 2 * RATE_HZ)
    assert np.array_equal(read(path, 0.013), whole)
    assert np.abs(whole - voice(RATE_HZ, 2).T)[:, 200:-200].max() < 2e-3


def test_mp3(tmp_path: Path) -> None:
    path = tmp_path / "call.mp3"
    pcm = voice(16000, 2)
    soundfile.write(path, pcm, 16000)
    got = read(path)
    assert got.shape == (2, 2 * RATE_HZ)
    assert np.abs(got - voice(RATE_HZ, 2).T)[:, 1000:-1000].max() < 0.05


def write_m4a(path: Path, pcm: np.ndarray, rate_hz: int) -> None:
    layout = "stereo" if pcm.shape[1] == 2 else "mono"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=rate_hz)
        stream.layout = layout
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm.T), format="fltp", layout=layout
        )
        frame.sample_rate = rate_hz
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


@pytest.mark.parametrize("channels", [1, 2])
def test_m4a(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "call.m4a"
    write_m4a(path, voice(44100, channels), 44100)
    file = AudioFile(path)
    assert (file.channels, file.rate_hz) == (channels, 44100)
    assert file.duration_s == pytest.approx(2.0, abs=0.1)
    got = read(path)
    assert got.shape[0] == channels
    assert got.shape[1] == pytest.approx(2 * RATE_HZ, abs=800)
    assert np.sqrt(np.mean(got[:, 2000:-2000] ** 2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3"])
def test_a_truncated_file_gives_what_is_there_and_says_so(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"call.{suffix}"
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (10 * RATE_HZ, 2))
    soundfile.write(path, noise, RATE_HZ)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    file = AudioFile(path)
    assert 3.0 < file.duration_s < 6.0
    assert file.duration_s + file.missing_s == pytest.approx(10.0, abs=0.1)
    got = read(path, 0.5)
    assert got.shape[1] == round(file.duration_s * RATE_HZ)
    if suffix != "mp3":
        assert np.abs(got - noise.T[:, : got.shape[1]]).max() < 1e-3


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_wav_from_a_pipe_is_whole(tmp_path: Path, size: int) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, voice(RATE_HZ, 1), RATE_HZ)
    data = bytearray(path.read_bytes())
    data[40:44] = size.to_bytes(4, "little")
    path.write_bytes(data)
    file = AudioFile(path)
    assert file.missing_s == 0.0
    assert read(path).shape == (1, 2 * RATE_HZ)


def test_nan_in_a_float_file_does_not_spread(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    pcm = voice(16000, 1)
    pcm[5000:5010] = np.nan
    soundfile.write(path, pcm, 16000, subtype="FLOAT")
    assert np.isfinite(read(path)).all()


@pytest.mark.parametrize(("loud", "silent"), [(0, (1,)), (1, (0,))])
def test_a_silent_channel_is_told(tmp_path: Path, loud: int, silent: tuple[int, ...]) -> None:
    path = tmp_path / "call.wav"
    pcm = np.random.default_rng(2).uniform(-2e-4, 2e-4, (3 * RATE_HZ, 2))
    pcm[-100:, loud] = 0.3
    soundfile.write(path, pcm, RATE_HZ)
    assert AudioFile(path).silent == silent


def test_pieces_are_small(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, voice(RATE_HZ, 1, 20.0), RATE_HZ)
    assert {piece.shape[1] for piece in AudioFile(path).pieces(2.0)} == {2 * RATE_HZ}


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.wav", b"", "empty.wav is empty"),
        ("notes.txt", b"hello there\n" * 50, "notes.txt is not audio in a format"),
        ("lie.wav", bytes(range(256)) * 20, "lie.wav is not audio in a format"),
        ("stub.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "stub.wav is not audio in a format"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(AudioError, match=message) as error:
        AudioFile(path)
    assert "\n" not in str(error.value)


def test_no_samples(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, np.zeros((0, 2)), RATE_HZ)
    with pytest.raises(AudioError, match="holds no samples"):
        AudioFile(path)


def test_too_many_channels(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, np.zeros((100, 6)), RATE_HZ)
    with pytest.raises(AudioError, match="has 6 channels; one or two"):
        AudioFile(path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"none\.wav cannot be read: No such file"):
        AudioFile(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="is not a file"):
        AudioFile(tmp_path)


def test_video_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    with pytest.raises(AudioError, match="is not audio in a format"):
        AudioFile(path)
