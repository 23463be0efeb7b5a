"""Speech codecs of telephone lines, there and back. Float32 (samples,) at 8 kHz, as long as before.

GSM, G.721 and Opus are those of libsndfile, so the bits are real ones.
"""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

from monitor import audio
from monitor.audio import RATE_HZ

F32 = NDArray[np.float32]


def mulaw(x: F32) -> F32:
    return audio.mulaw_decode(audio.mulaw_encode(x))


def alaw(x: F32) -> F32:
    return audio.alaw_decode(audio.alaw_encode(x))


def gsm(x: F32) -> F32:
    """GSM 06.10 full rate. Frames of 20 ms, so what comes back is cut to the length."""
    return _there_and_back(x, "WAV", "GSM610")


def adpcm(x: F32) -> F32:
    """G.721 (now G.726 at 32 kbit/s)."""
    return _there_and_back(x, "AU", "G721_32")


def opus(x: F32) -> F32:
    """Opus with the library's own bit rate for one channel at 8 kHz."""
    return _there_and_back(x, "OGG", "OPUS")


def _there_and_back(x: F32, file_format: str, subtype: str) -> F32:
    coded = io.BytesIO()
    soundfile.write(coded, np.clip(x, -1, 1), RATE_HZ, format=file_format, subtype=subtype)
    coded.seek(0)
    decoded, _ = soundfile.read(coded, dtype="float32")
    out = np.zeros(len(x), np.float32)
    out[: len(decoded)] = decoded[: len(x)]
    return out
