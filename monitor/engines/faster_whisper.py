"""Whisper weights on CTranslate2, with a context that fits the utterance.

Whisper was trained on windows of 30 s, and the usual way to decode 4 s is to pad them to
30 s: nearly all of the encoder's work is then spent on padding. CTranslate2 takes shorter
windows. Here a clip is padded to the next of ``CONTEXTS`` instead, which costs an eighth
and has one failure mode: the decoder does not see where the speech ends and says it
again. Those repetitions are found in the text and decoded once more with twice the
context, alone. Measured with tiny.en int8 on 694 s of telephone speech, 1947 words (words
wrong; decoding time per second of speech, one thread): windows of 30 s 13.7 %, 0.104 s;
short windows 22.9 %, 0.016 s; short windows with the second try 14.0 %, 0.019 s. The
difference is within what 3 dB more or less on the line change.

faster-whisper brings the mel features, the tokenizer and the alignment of words.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import merge_punctuations
from numpy.typing import NDArray

from monitor.audio import RATE_HZ
from monitor.config import AsrSettings
from monitor.engines import Decoded, Dropped, EngineError
from monitor.events import Word
from monitor.weights import resolve

F32 = NDArray[np.float32]

WHISPER_RATE_HZ = 16_000
FRAME_S = 0.01
CONTEXTS = (750, 1000, 1500, 3000)
"""Frames of 10 ms. Below 750 the second tries eat what the shorter context saves: at 500
the error rate on prompts was 43 % before them, against 16 % at 750."""
LEVEL_DB = -29.0
"""RMS in dBFS to which every clip is brought, so that words do not hang on line level.
-29 costs nothing (13.6 % of words wrong, 13.5 % at the level as it comes); -20 does (14.2 %)."""
SILENT_DB = -75.0
MIN_CLIP_S = 0.06
MAX_CLIP_S = CONTEXTS[-1] * FRAME_S
TOKENS_PER_S = 8.0
"""Fast speech with its punctuation stays below; a loop does not."""
SPARE_TOKENS = 16
MAX_COMPRESSION = 2.4
MAX_NO_SPEECH = 0.6
"""Over 203 utterances of four corpora the highest was .41; over 35 clips of hold music,
noise, tones and breath the lowest was .68."""
MIN_LOG_PROB = -2.0
"""Mean per token. Real utterances went down to -1.85."""
_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True, slots=True)
class _Clip:
    index: int
    features: F32  # (mels, frames of 10 ms), not padded
    duration_s: float

    @property
    def context(self) -> int:
        # The last frame stays padding: speech up to the very edge is what starts a loop.
        return next((c for c in CONTEXTS if self.features.shape[1] < c), CONTEXTS[-1])

    @property
    def max_tokens(self) -> int:
        return int(self.duration_s * TOKENS_PER_S) + SPARE_TOKENS


def create(settings: AsrSettings) -> FasterWhisper:
    """Load and prove the weights. Raises EngineError or WeightsError."""
    folder = resolve(settings)
    engine = FasterWhisper(folder, settings)
    noise = np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32)
    engine.transcribe([noise * np.float32(0.01)], language=settings.language, word_times=False)
    return engine


class FasterWhisper:
    """Thread-safe: CTranslate2 runs ``settings.workers`` batches side by side."""

    name = "faster_whisper"

    def __init__(self, folder: Path, settings: AsrSettings) -> None:
        """Load ``folder``. Raises EngineError."""
        self.model = folder.name if Path(settings.model).is_dir() else settings.model
        try:
            self._whisper = WhisperModel(
                str(folder),
                device=settings.device,
                compute_type=settings.compute_type,
                cpu_threads=settings.threads,
                num_workers=settings.workers,
            )
        # CTranslate2 and tokenizers raise their own; tokenizers even a bare Exception.
        except Exception as error:
            raise EngineError(f"{folder} cannot be loaded as Whisper weights: {error}") from error
        self._check_language(settings.language)

    def transcribe(
        self, clips: Sequence[F32], *, language: str | None, word_times: bool
    ) -> list[Decoded]:
        """See ``Engine.transcribe``."""
        self._check_language(language)
        try:
            return self._transcribe(clips, language, word_times)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"{self.model} failed: {error}") from error

    def _transcribe(
        self, clips: Sequence[F32], language: str | None, word_times: bool
    ) -> list[Decoded]:
        results: dict[int, Decoded] = {}
        batches: dict[int, list[_Clip]] = {}
        for index, samples in enumerate(clips):
            reason = _unusable(samples)
            if reason is not None:
                results[index] = Decoded("", language=language, dropped=reason)
                continue
            clip = _Clip(index, self._features(samples), samples.size / RATE_HZ)
            batches.setdefault(clip.context, []).append(clip)
        detect = language is None and self._whisper.model.is_multilingual
        for context, batch in batches.items():
            # One prompt, so one language, serves a whole batch.
            for group in [[clip] for clip in batch] if detect else [batch]:
                first = self._decode(group, context, language, word_times)
                for clip, (decoded, again) in zip(group, first, strict=True):
                    if again:
                        longer = min(c for c in CONTEXTS if c >= min(2 * context, CONTEXTS[-1]))
                        # Alone: what this clip says may not depend on its neighbours.
                        [(decoded, _)] = self._decode([clip], longer, language, word_times)
                    results[clip.index] = decoded
        return [results[index] for index in range(len(clips))]

    def _features(self, samples: F32) -> F32:
        """Log-mel of a clip at the common level, shape (mels, frames)."""
        gain = 10 ** (LEVEL_DB / 20) / _rms(samples)
        audio = soxr.resample(samples * np.float32(gain), RATE_HZ, WHISPER_RATE_HZ)
        features: F32 = self._whisper.feature_extractor(audio)
        return features

    def _decode(
        self, batch: list[_Clip], context: int, language: str | None, word_times: bool
    ) -> list[tuple[Decoded, bool]]:
        """Decode clips of one context; with each, whether it seems to repeat itself."""
        model = self._whisper.model
        encoded = self._whisper.encode(np.stack([_pad(clip.features, context) for clip in batch]))
        language_p = 1.0
        if language is None and model.is_multilingual:
            marker, language_p = model.detect_language(encoded)[0][0]
            language = marker.strip("<|>")
        tokenizer = self._tokenizer(language)
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        longest = max(clip.max_tokens for clip in batch)
        generated = model.generate(
            encoded,
            [prompt] * len(batch),
            beam_size=1,
            sampling_temperature=0,
            max_length=min(len(prompt) + longest, self._whisper.max_length),
            return_scores=True,
            return_no_speech_prob=True,
        )
        rows: list[tuple[Decoded, bool]] = []
        wanted: list[list[int]] = []
        for clip, result in zip(batch, generated, strict=True):
            ids = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
            text = tokenizer.decode(ids).strip()
            log_prob, no_speech = float(result.scores[0]), float(result.no_speech_prob)
            # The clip's own limit: that of the batch depends on the neighbours.
            endless = len(ids) >= clip.max_tokens
            dropped = _gate(text, log_prob, no_speech, endless)
            again = dropped == "loop" or (dropped is None and repeats(text))
            decoded = Decoded(
                text="" if dropped else text,
                confidence=min(1.0, math.exp(log_prob)),
                no_speech=no_speech,
                language=tokenizer.language_code,
                language_p=float(language_p),
                dropped=dropped,
            )
            rows.append((decoded, again))
            wanted.append(ids if word_times and not dropped else [])
        if not any(wanted):
            return rows
        frames = [clip.features.shape[1] for clip in batch]
        aligned = self._whisper.find_alignment(tokenizer, wanted, encoded, frames)
        return [
            (replace(decoded, words=_words(timings, clip.duration_s)), again)
            for clip, (decoded, again), timings in zip(batch, rows, aligned, strict=True)
        ]

    def _tokenizer(self, language: str | None) -> Tokenizer:
        multilingual = self._whisper.model.is_multilingual
        return Tokenizer(
            self._whisper.hf_tokenizer,
            multilingual,
            task="transcribe" if multilingual else None,
            language=language if multilingual else None,
        )

    def _check_language(self, language: str | None) -> None:
        known = self._whisper.supported_languages
        if language is not None and language not in known:
            raise EngineError(
                f"{self.model} does not know the language {language!r}"
                + (", only English: choose multilingual weights" if known == ["en"] else "")
            )


def repeats(text: str) -> bool:
    """Whether a text says something again: any three words twice, or two words twice in
    a row. People do that too; so it is a reason to decode again, not to drop."""
    words = [word.lower() for word in _WORD.findall(text)]
    triples = list(zip(words, words[1:], words[2:], strict=False))
    if len(set(triples)) < len(triples):
        return True
    return any(words[i : i + 2] == words[i + 2 : i + 4] for i in range(len(words) - 3))


def compression(text: str) -> float:
    """Bytes over compressed bytes; prose of a sentence or two stays below 1.5."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def _gate(text: str, log_prob: float, no_speech: float, endless: bool) -> Dropped | None:
    if no_speech > MAX_NO_SPEECH:
        return "no_speech"
    if endless or compression(text) > MAX_COMPRESSION:
        return "loop"
    if _WORD.search(text) is None:
        return "no_words"
    if log_prob < MIN_LOG_PROB:
        return "unlikely"
    return None


def _unusable(samples: F32) -> Dropped | None:
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


def _words(timings: list[dict[str, Any]], duration_s: float) -> tuple[Word, ...]:
    merge_punctuations(timings, "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、")
    words: list[Word] = []
    for timing in timings:
        if text := timing["word"].strip():
            t0 = min(float(timing["start"]), duration_s)
            t1 = min(max(float(timing["end"]), t0), duration_s)
            p = round(float(timing["probability"]), 3)
            words.append(Word(text=text, t0=round(t0, 3), t1=round(t1, 3), p=p))
    return tuple(words)
