"""The voices of flite: the same words in the same time, as fast as asked."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from samples import flite
from samples.flite import Flite, FliteError

LINE = "One leg four inches shorter."


def levels(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """RMS of each 20 ms."""
    return np.sqrt(np.mean(x[: len(x) // 320 * 320].reshape(-1, 320) ** 2, axis=1))


@pytest.fixture
def speaker() -> Flite:
    try:
        return Flite()
    except FliteError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("voice", ["rms", "slt", "awb"])
def test_a_line_takes_the_same_time_and_course_whatever_was_said_before(
    speaker: Flite, voice: str
) -> None:
    first, rate_hz = speaker.say(LINE, voice, 1.1)
    speaker.say("And now something else.", voice, 1.3)
    again, _ = speaker.say(LINE, voice, 1.1)
    assert rate_hz == 16000
    assert len(first) > rate_hz
    assert 0.05 < np.abs(first).max() <= 1
    assert len(again) == len(first)
    assert np.corrcoef(levels(first), levels(again))[0, 1] > 0.98


def test_rate_is_times_as_fast(speaker: Flite) -> None:
    lengths = [len(speaker.say(LINE, "rms", rate)[0]) for rate in (1.0, 1.5)]
    assert lengths[0] / lengths[1] == pytest.approx(1.5, rel=0.05)


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flite, "LIBRARY", "libno-such-voice.so.1")
    with pytest.raises(FliteError, match="apt install libflite1"):
        Flite()
