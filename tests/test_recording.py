from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.audio import RATE_HZ
from monitor.recording import Recordings


def tone(seconds: float, left: float = 0.5, right: float = 0.25) -> np.ndarray:
    wave = np.sin(2 * np.pi * 300 * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)
    return np.stack([left * wave, right * wave]).astype(np.float32)


def test_a_live_file_is_valid_after_each_flush(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    recording = recordings.open("c1")
    recording.write(0, tone(1.0))
    recording.flush()
    audio, rate = soundfile.read(recording.path)
    assert (audio.shape, rate) == ((RATE_HZ, 2), RATE_HZ)
    np.testing.assert_allclose(audio.T, tone(1.0), atol=1e-4)
    recording.write(RATE_HZ, tone(0.5))
    recording.close()
    assert soundfile.info(recording.path).frames == RATE_HZ * 3 // 2


def test_audio_that_never_came_is_silence_at_its_time(tmp_path: Path) -> None:
    recording = Recordings(tmp_path).open("c1")
    recording.write(0, tone(0.5))
    recording.write(2 * RATE_HZ, tone(0.5))
    recording.close(duration_s=4.0)
    audio, _ = soundfile.read(recording.path)
    assert len(audio) == 4 * RATE_HZ
    assert not audio[RATE_HZ // 2 : 2 * RATE_HZ].any()
    assert audio[2 * RATE_HZ : 5 * RATE_HZ // 2].any()
    assert not audio[5 * RATE_HZ // 2 :].any()


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    recording = Recordings(tmp_path).open("c1")
    for _ in range(2):
        recording.write(0, tone(1.0))
        recording.write(RATE_HZ, tone(0.5))
    assert recording.duration_s == 1.5
    recording.close()


def test_muting_silences_one_party_only(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    recording = recordings.open("c1")
    recording.write(0, tone(3.0))
    recording.mute(1.0, 2.0, "customer")
    recording.mute(2.9, 99.0, "agent")
    recording.close()
    recordings.finish("c1")
    path = recordings.path("c1")
    assert path is not None
    audio, _ = soundfile.read(path)
    assert len(audio) == 3 * RATE_HZ
    assert not audio[RATE_HZ : 2 * RATE_HZ, 1].any()
    np.testing.assert_allclose(audio[RATE_HZ : 2 * RATE_HZ, 0], tone(3.0)[0, 8000:16000], atol=1e-4)
    assert audio[: RATE_HZ - 1, 1].any()
    assert not audio[int(2.9 * RATE_HZ) :, 0].any()


def test_an_ended_call_is_flac_with_the_same_samples(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    recording = recordings.open("c1")
    recording.write(0, tone(2.0))
    recording.close()
    before, _ = soundfile.read(recording.path, dtype="int16")
    recordings.finish("c1")
    path = recordings.path("c1")
    assert path is not None
    assert [p.name for p in tmp_path.iterdir()] == ["c1.flac"]
    after, _ = soundfile.read(path, dtype="int16")
    np.testing.assert_array_equal(before, after)
    assert path.stat().st_mode & 0o077 == 0
    recordings.finish("c1")  # nothing left to do
    recordings.delete("c1")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_recording_is_repaired(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    recording = recordings.open("c1")
    recording.write(0, tone(1.25))
    with recording.path.open("ab") as file:
        file.write(b"\x01\x02\x03")  # killed within a frame; header still says zero
    assert recordings.repair("c1") == 1.25
    assert soundfile.info(recording.path).frames == RATE_HZ * 5 // 4
    assert recordings.repair("none") == 0.0
    recording.close()


@pytest.mark.parametrize("per_s", [1, 7, 20])
def test_peaks_are_the_largest_magnitudes(tmp_path: Path, per_s: int) -> None:
    recordings = Recordings(tmp_path)
    recording = recordings.open("c1")
    pcm = np.zeros((2, 65 * RATE_HZ + 100), np.float32)
    pcm[0, 40 * RATE_HZ + 10] = -0.75
    pcm[1, -1] = 0.5
    recording.write(0, pcm)
    recording.close()
    peaks = recordings.peaks("c1", per_s)
    assert peaks.shape == (2, 65 * per_s + 1)
    assert np.flatnonzero(peaks[0]).tolist() == [40 * per_s]
    assert peaks[0].max() == pytest.approx(0.75, abs=1e-3)
    assert np.flatnonzero(peaks[1]).tolist() == [65 * per_s]


def test_peaks_refuse_what_makes_no_sense(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    with pytest.raises(FileNotFoundError):
        recordings.peaks("c1", 20)
    with pytest.raises(ValueError, match="per_s"):
        recordings.peaks("c1", 0)


@pytest.mark.parametrize("call_id", ["", "../etc/passwd", "a/b", "a.b", "x" * 121])
def test_a_call_id_is_only_a_file_name(tmp_path: Path, call_id: str) -> None:
    with pytest.raises(ValueError, match="call id"):
        Recordings(tmp_path).open(call_id)
