"""Whisper weights on CTranslate2, with a context that fits the utterance.

Whisper was trained on windows of 30 s, and the usual way to decode 4 s is to pad them to
30 s: nearly all of the encoder's work is then spent on padding. CTranslate2 takes shorter
windows. Here a clip is padded to the next of ``CONTEXTS`` instead, which costs a seventh
and has one failure mode: the decoder does not see where the speech ends and says it
again. Two things stand against that. Behind each short window the decoder is given what
the encoder makes of silence at those places of a 30 s window: encoded once, for nothing,
it is the end that the decoder was trained to find. And repetitions that are left are found
in the text and decoded once more with twice the context, as are texts of short windows that
are not sure. What that costs and how many words are wrong stands in docs/words.md.

faster-whisper brings the mel features, the tokenizer and the alignment of words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from ctranslate2 import StorageView
from ctranslate2.models import WhisperGenerationResult
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import merge_punctuations
from numpy.typing import NDArray

from monitor.audio import RATE_HZ
from monitor.config import AsrSettings
from monitor.engines import Decoded, Dropped, EngineError
from monitor.events import Word
from monitor.gates import most_tokens, reason_to_drop, repeats
from monitor.listed import ListedWords
from monitor.weights import resolve

F32 = NDArray[np.float32]

WHISPER_RATE_HZ = 16_000
FRAME_S = 0.01
CONTEXTS = (500, 750, 1000, 1500, 3000)
"""Frames of 10 ms. Without silence behind the window, and before second tries, 36 % of words
are wrong at a floor of 500, 28 % at 625, 13 % at 750, 7.5 % at 1000 and 6.8 % at 30 s."""
TINY_WIDTH = 384
SURE_CONTEXT = 1000
"""The floor of weights wider than tiny.en, and without silence. Of base, 7.7 % of words are
wrong at this floor and 8.4 % at 750 (155 clips of telephone speech, most of them a few words)."""
SURE_P = 0.5
"""A text of a shorter context and less confidence is decoded again with twice the context: a tenth
of the speech of the tuning half, where 6.3 % of words are then wrong instead of 6.9 %."""
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
MOST_PRIMER_TOKENS = 200
"""Of listed words. The decoder has 448 places, of which 224 are for the text."""


@dataclass(frozen=True, slots=True)
class _Clip:
    index: int
    features: F32  # (mels, frames of 10 ms), not padded
    duration_s: float


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
        self._listed = ListedWords(settings.words) if settings.words else None
        self._check_listed()
        try:
            self._silence = self._encoded_silence()
            self._floor = floor(None if self._silence is None else self._silence.shape[1])
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"{self.model} failed: {error}") from error

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
            batches.setdefault(self._context(clip), []).append(clip)
        detect = language is None and self._whisper.model.is_multilingual
        for context, batch in batches.items():
            # One prompt, so one language, serves a whole batch.
            for group in [[clip] for clip in batch] if detect else [batch]:
                first = self._decode(group, context, language, word_times)
                again = [clip for clip, decoded in zip(group, first, strict=True) if not decoded]
                longer = next((c for c in CONTEXTS if c >= 2 * context), CONTEXTS[-1])
                second = self._decode(again, longer, language, word_times, last=True)
                for clip, decoded in zip([*group, *again], [*first, *second], strict=True):
                    if decoded is not None:
                        results[clip.index] = decoded
        return [results[index] for index in range(len(clips))]

    def _context(self, clip: _Clip) -> int:
        # The last frame stays padding: speech up to the very edge is what starts a loop.
        frames = clip.features.shape[1]
        return next((c for c in CONTEXTS if max(frames + 1, self._floor) <= c), CONTEXTS[-1])

    def _features(self, samples: F32) -> F32:
        """Log-mel of a clip at the common level, shape (mels, frames)."""
        gain = 10 ** (LEVEL_DB / 20) / _rms(samples)
        audio = soxr.resample(samples * np.float32(gain), RATE_HZ, WHISPER_RATE_HZ)
        features: F32 = self._whisper.feature_extractor(audio)
        return features

    def _decode(
        self,
        batch: list[_Clip],
        context: int,
        language: str | None,
        word_times: bool,
        *,
        last: bool = False,
    ) -> list[Decoded | None]:
        """Decode clips of one context. None for a text that repeats itself, or that a longer
        context makes surer, unless this is the ``last`` time."""
        if not batch:
            return []
        model = self._whisper.model
        encoded = self._encode(batch, context)
        language_p = 1.0
        if language is None and model.is_multilingual:
            marker, language_p = model.detect_language(encoded)[0][0]
            language = marker.strip("<|>")
        tokenizer = self._tokenizer(language)
        spoken = tokenizer.language_code
        generated = self._generate(encoded, batch, tokenizer)
        rows: list[Decoded | None] = []
        for clip, result in zip(batch, generated, strict=True):
            ids = _said(result, tokenizer)
            text = _text(result, tokenizer)
            log_prob, no_speech = float(result.scores[0]), float(result.no_speech_prob)
            dropped = reason_to_drop(
                text,
                log_prob=log_prob,
                no_speech=no_speech,
                # The clip's own limit: that of the batch depends on the neighbours.
                endless=len(ids) >= most_tokens(clip.duration_s, spoken),
                duration_s=clip.duration_s,
            )
            confidence = min(1.0, math.exp(log_prob))
            looped = dropped == "loop" or (dropped is None and repeats(text))
            unsure = dropped is None and confidence < SURE_P and context < SURE_CONTEXT
            decoded = Decoded(
                text="" if dropped else text,
                confidence=confidence,
                no_speech=no_speech,
                language=spoken,
                language_p=float(language_p),
                dropped=dropped,
            )
            rows.append(decoded if last or not (looped or unsure) else None)
        if self._listed is not None and any(row and row.text for row in rows):
            primed = self._generate(encoded, batch, tokenizer, self._listed.primer)
            rows = [
                row and replace(row, text=self._listed.write(row.text, _text(result, tokenizer)))
                for row, result in zip(rows, primed, strict=True)
            ]
        wanted = [tokenizer.encode(" " + row.text) if row and row.text else [] for row in rows]
        if not word_times or not any(wanted):
            return rows
        frames = [clip.features.shape[1] for clip in batch]
        aligned = self._whisper.find_alignment(tokenizer, wanted, encoded, frames)
        return [
            row and replace(row, words=_words(timings, clip.duration_s))
            for clip, row, timings in zip(batch, rows, aligned, strict=True)
        ]

    def _generate(
        self, encoded: StorageView, batch: list[_Clip], tokenizer: Tokenizer, primer: str = ""
    ) -> list[WhisperGenerationResult]:
        """One text a clip, by the likeliest token each time, after reading ``primer``."""
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        if primer:
            prompt = [tokenizer.sot_prev, *tokenizer.encode(" " + primer), *prompt]
        longest = max(most_tokens(clip.duration_s, tokenizer.language_code) for clip in batch)
        generated: list[WhisperGenerationResult] = self._whisper.model.generate(
            encoded,
            [prompt] * len(batch),
            beam_size=1,
            sampling_temperature=0,
            # CTranslate2 writes at most half of this, and less by the prompt.
            max_length=max(2 * longest, longest + len(prompt)),
            return_scores=True,
            return_no_speech_prob=True,
        )
        return generated

    def _encode(self, batch: list[_Clip], context: int) -> StorageView:
        """What the decoder listens to: the clips' windows, and behind them silence."""
        encoded = self._whisper.encode(np.stack([_pad(clip.features, context) for clip in batch]))
        if self._silence is None:
            return encoded
        # Without the 30 s window's own end: there are no positions behind it.
        windows = np.asarray(encoded)
        heard = windows.shape[1]
        tail = self._silence[heard : heard + TAIL_POSITIONS]
        tails = np.broadcast_to(tail, (len(batch), *tail.shape))
        return StorageView.from_array(np.concatenate([windows, tails], axis=1))

    def _encoded_silence(self) -> F32 | None:
        """A silent 30 s as the decoder hears it, (positions, width), or None on a device
        whose memory is not ours: there every window would cross the bus twice."""
        if self._whisper.model.device != "cpu":
            return None
        mels = self._whisper.model.n_mels
        window = np.full((1, mels, CONTEXTS[-1]), SILENT_MEL, np.float32)
        encoded: F32 = np.array(self._whisper.encode(window))[0]
        return encoded

    def _tokenizer(self, language: str | None) -> Tokenizer:
        multilingual = self._whisper.model.is_multilingual
        return Tokenizer(
            self._whisper.hf_tokenizer,
            multilingual,
            task="transcribe" if multilingual else None,
            language=language if multilingual else None,
        )

    def _check_listed(self) -> None:
        if self._listed is None:
            return
        tokens = len(self._tokenizer(None).encode(" " + self._listed.primer))
        if tokens > MOST_PRIMER_TOKENS:
            raise EngineError(
                f"asr.words takes {tokens} tokens of {self.model}, at most {MOST_PRIMER_TOKENS} can"
                " be read: leave out those that are heard without it"
            )

    def _check_language(self, language: str | None) -> None:
        known = self._whisper.supported_languages
        if language is not None and language not in known:
            raise EngineError(
                f"{self.model} does not know the language {language!r}"
                + (", only English: choose multilingual weights" if known == ["en"] else "")
            )


def floor(width: int | None) -> int:
    """The shortest context in frames, by the width of the weights; None: with no silence
    behind the window."""
    return CONTEXTS[0] if width is not None and width <= TINY_WIDTH else SURE_CONTEXT


def _said(result: WhisperGenerationResult, tokenizer: Tokenizer) -> list[int]:
    return [token for token in result.sequences_ids[0] if token < tokenizer.eot]


def _text(result: WhisperGenerationResult, tokenizer: Tokenizer) -> str:
    text: str = tokenizer.decode(_said(result, tokenizer)).strip()
    return text


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
