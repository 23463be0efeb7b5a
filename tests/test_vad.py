"""Voice activity: the changed graph against the bundled one, and what makes loading fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from monitor.audio import BLOCK
from monitor.vad import LEAD, STATE, ModelError, Vad, model_path, windows


def voices(blocks: int, channels: int) -> np.ndarray:
    """Windows of buzzing, gliding, pausing sound: (blocks, channels, 576), speech-like
    enough for the model to swing between its extremes."""
    rng = np.random.default_rng(5)
    n = LEAD + blocks * BLOCK
    t = np.arange(n) / 8000
    rows = []
    for channel in range(channels):
        f0 = 110 + 40 * channel % 130 + 20 * np.sin(2 * np.pi * 1.3 * t + channel)
        phase = 2 * np.pi * np.cumsum(f0) / 8000
        buzz = sum(np.sin(k * phase) / k for k in range(1, 12))
        syllables = np.maximum(np.sin(2 * np.pi * (3 + 0.3 * channel) * t), 0) ** 2
        phrases = np.sin(2 * np.pi * 0.4 * t + channel) > -0.3
        rows.append(0.1 * buzz * syllables * phrases + 0.001 * rng.standard_normal(n))
    return windows(np.array(rows, np.float32))


@pytest.fixture(scope="module")
def vad() -> Vad:
    return Vad()


def zeros(channels: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((channels, STATE), np.float32), np.zeros((channels, STATE), np.float32)


def bundled(frames: np.ndarray) -> np.ndarray:
    """One channel, (blocks, 576), through the file as it is: its batch axis is time."""
    session: Any = onnxruntime.InferenceSession(model_path(), providers=["CPUExecutionProvider"])
    state = np.zeros((1, 1, STATE), np.float32)
    return session.run(None, {"input": frames, "h": state, "c": state})[0]


def test_agrees_with_the_bundled_model(vad: Vad) -> None:
    frames = voices(150, 6)
    speech, _, _ = vad.speech(frames, *zeros(6))
    assert speech.max() > 0.9
    assert speech.min() < 0.1
    for channel in range(6):
        expected = bundled(np.ascontiguousarray(frames[:, channel]))
        assert np.abs(speech[:, channel] - expected).max() < 1e-5


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 16, 17])
@pytest.mark.parametrize("step", [1, 2, 7, 60])
def test_bits_do_not_depend_on_the_batch(vad: Vad, channels: int, step: int) -> None:
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


def test_the_windows_are_the_same_sound_at_16_khz() -> None:
    t = np.arange(LEAD + 3 * BLOCK) / 8000
    for hz in (300.0, 1000.0, 3000.0):
        frames = windows(np.sin(2 * np.pi * hz * t)[np.newaxis].astype(np.float32))
        assert frames.shape == (3, 1, 576)
        # The filter delays by 1 ms; the window begins 32 samples of 8 kHz before its block.
        for block in range(3):
            first_s = (LEAD + block * BLOCK - 32 - 8) / 8000
            expected = np.sin(2 * np.pi * hz * (first_s + np.arange(576) / 16000))
            assert np.abs(frames[block, 0] - expected).max() < 0.02


def test_a_wrong_model_is_refused_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "silero_vad_v6.onnx"
    path.write_bytes(model_path().read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match=r"sha256 differs.*pip install"):
        Vad(path)
    with pytest.raises(ModelError, match=r"cannot be read.*pip install"):
        Vad(tmp_path / "none.onnx")
