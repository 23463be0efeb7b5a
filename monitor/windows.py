"""What Whisper listens to: clips in a window that fits them, with an end behind it.

Whisper was trained on windows of 30 s, and the usual way to decode 4 s is to pad them to
30 s: nearly all of the encoder's work is then spent on padding. CTranslate2 takes shorter
windows. Here a clip is padded to the next of ``CONTEXTS`` instead, which costs a seventh
and has one failure mode: the decoder does not see where the speech ends and says it
again. So behind each short window the decoder is given what the encoder makes of silence
at those places of a 30 s window: encoded once, for nothing, it is the end that the decoder
was trained to find.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr
from ctranslate2 import StorageView
from faster_whisper import WhisperModel
from numpy.typing import NDArray

from monitor.audio import RATE_HZ
from monitor.engines import Dropped, EngineError

F32 = NDArray[np.float32]

WHISPER_RATE_HZ = 16_000
FRAME_S = 0.01
CONTEXTS = (500, 750, 1000, 1500, 3000)
"""Frames of 10 ms. Without silence behind the window, and before second tries, 36 % of words
are wrong at a floor of 500, 28 % at 625, 13 % at 750, 7.5 % at 1000 and 6.8 % at 30 s."""
SECOND_CONTEXTS = (1000, 1500, 2000, 3000)
"""Of second tries. Behind 30 s there is no room for silence: of 35 clips of speech without a
pause four came out empty or dropped at 3000, one at 2000."""
TINY_WIDTH = 384
SURE_CONTEXT = 1000
"""The floor of weights wider than tiny.en, and without silence. Of base, 7.7 % of words are
wrong at this floor and 8.4 % at 750 (155 clips of telephone speech, most of them a few words)."""
TAIL_POSITIONS = 250
"""Of 20 ms: silence behind the window. At a floor of 500, before second tries, 250 leave
8.3 % of words wrong (153 clips) and 750 8.2 %, which cost a third more in the decoder. After
second tries 50 leave 8.3 % at a floor of 300, 125 leave 7.1-7.8 %."""
SILENT_MEL = -0.9
"""The floor of a telephone clip in the features, the median of 153 clips."""
LEVEL_DB = -29.0
"""RMS in dBFS to which every clip is brought, so that words do not hang on line level.
-29 costs nothing (13.6 % of words wrong, 13.5 % at the level as it comes); -20 does (14.2 %)."""
SILENT_DB = -75.0
MIN_CLIP_S = 0.06
MAX_CLIP_S = CONTEXTS[-1] * FRAME_S


@dataclass(frozen=True, slots=True)
class Clip:
    """One of those that are decoded together; ``index``: which."""

    index: int
    features: F32  # log-mel, (mels, frames of 10 ms), not padded
    duration_s: float


class Windows:
    """Of one set of weights. Stateless: threads may share it."""

    def __init__(self, whisper: WhisperModel) -> None:
        """Encodes silence, unless the weights are on a device whose memory is not ours: there
        every window would cross the bus twice. Raises what CTranslate2 raises."""
        self._whisper = whisper
        self._silence = self._encoded_silence() if whisper.model.device == "cpu" else None
        self._floor = floor(None if self._silence is None else self._silence.shape[1])

    def clip(self, index: int, samples: F32) -> Clip:
        """``samples``, mono float32 at 8 kHz, at the common level."""
        gain = 10 ** (LEVEL_DB / 20) / _rms(samples)
        audio = soxr.resample(samples * np.float32(gain), RATE_HZ, WHISPER_RATE_HZ)
        return Clip(index, self._whisper.feature_extractor(audio), samples.size / RATE_HZ)

    def context(self, clip: Clip) -> int:
        """The shortest context for a clip, in frames."""
        # The last frame stays padding: speech up to the very edge is what starts a loop.
        frames = clip.features.shape[1]
        return next((c for c in CONTEXTS if max(frames + 1, self._floor) <= c), CONTEXTS[-1])

    def encode(self, clips: Sequence[Clip], context: int) -> StorageView:
        """The clips' windows, and behind them silence: (clips, positions of 20 ms, width)."""
        encoded = self._whisper.encode(np.stack([_pad(clip.features, context) for clip in clips]))
        if self._silence is None:
            return encoded
        # Without the 30 s window's own end: there are no positions behind it.
        windows = np.asarray(encoded)
        heard = windows.shape[1]
        tail = self._silence[heard : heard + TAIL_POSITIONS]
        tails = np.broadcast_to(tail, (len(clips), *tail.shape))
        return StorageView.from_array(np.concatenate([windows, tails], axis=1))

    def _encoded_silence(self) -> F32:
        """A silent 30 s as the decoder hears it, (positions, width)."""
        mels = self._whisper.model.n_mels
        window = np.full((1, mels, CONTEXTS[-1]), SILENT_MEL, np.float32)
        encoded: F32 = np.array(self._whisper.encode(window))[0]
        return encoded


def floor(width: int | None) -> int:
    """The shortest context in frames, by the width of the weights; None: with no silence
    behind the window."""
    return CONTEXTS[0] if width is not None and width <= TINY_WIDTH else SURE_CONTEXT


def longer(context: int) -> int | None:
    """The context for a second try, at least twice as long; None behind the longest."""
    return next((c for c in SECOND_CONTEXTS if c >= 2 * context), None)


def unusable(samples: F32) -> Dropped | None:
    """Why a clip needs no decoding. Raises EngineError for one that cannot be decoded."""
    if samples.ndim != 1 or samples.size > MAX_CLIP_S * RATE_HZ:
        raise EngineError(f"a clip is mono and at most {MAX_CLIP_S:.0f} s; got {samples.shape}")
    if samples.size < MIN_CLIP_S * RATE_HZ:
        return "too_short"
    rms = _rms(samples)
    if not math.isfinite(rms):
        raise EngineError("a clip holds samples that are not numbers")
    return "silence" if rms < 10 ** (SILENT_DB / 20) else None


def _rms(samples: F32) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _pad(features: F32, context: int) -> F32:
    """To (mels, context). With the clip's own floor: zero is a tone in log-mel, and the
    mel of digital silence is a step down from the noise of a telephone line."""
    missing = context - features.shape[1]
    if missing <= 0:
        return features[:, :context]
    return np.pad(features, ((0, 0), (0, missing)), constant_values=features.min())
