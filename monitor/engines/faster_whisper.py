"""Whisper weights on CTranslate2: clips in, texts out, doubtful ones tried twice.

Each clip is decoded once, in a window that fits it (``monitor/windows.py``). A text that
says something again, of a short window and not sure, or about to be dropped for what it is
(``monitor/gates.py``) is decoded once more with twice the context. What that costs and how
many words are wrong stands in docs/words.md.

faster-whisper brings the mel features, the tokenizer and the alignment of words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2 import StorageView
from ctranslate2.models import WhisperGenerationResult
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import merge_punctuations
from numpy.typing import NDArray

from monitor.audio import RATE_HZ
from monitor.config import AsrSettings
from monitor.engines import Decoded, EngineError
from monitor.events import Word
from monitor.gates import doubtful, most_tokens, reason_to_drop
from monitor.listed import ListedWords
from monitor.numerals import NumberStyles
from monitor.weights import resolve
from monitor.windows import SURE_CONTEXT, Clip, Windows, longer, unusable

F32 = NDArray[np.float32]

MOST_PRIMER_TOKENS = 200
"""Of listed words. The decoder has 448 places, of which 224 are for the text."""


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
            self._styles = NumberStyles(settings.number_styles)
        except ValueError as error:
            raise EngineError(f"asr.number_styles: {error}") from error
        try:
            self._windows = Windows(self._whisper)
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
        batches: dict[int, list[Clip]] = {}
        for index, samples in enumerate(clips):
            reason = unusable(samples)
            if reason is not None:
                results[index] = Decoded("", language=language, dropped=reason)
                continue
            clip = self._windows.clip(index, samples)
            batches.setdefault(self._windows.context(clip), []).append(clip)
        detect = language is None and self._whisper.model.is_multilingual
        for context, batch in batches.items():
            # One prompt, so one language, serves a whole batch.
            for group in [[clip] for clip in batch] if detect else [batch]:
                results |= self._decoded(group, context, language, word_times)
        return [results[index] for index in range(len(clips))]

    def _decoded(
        self, clips: list[Clip], context: int, language: str | None, word_times: bool
    ) -> dict[int, Decoded]:
        """Texts by the clips' indices; of doubtful ones, those of a longer context."""
        second = longer(context)
        texts = self._decode(clips, context, language, word_times, last=second is None)
        again = [clip for clip, decoded in zip(clips, texts, strict=True) if decoded is None]
        if again and second is not None:
            texts += self._decode(again, second, language, word_times, last=True)
        return {
            clip.index: decoded
            for clip, decoded in zip([*clips, *again], texts, strict=True)
            if decoded is not None
        }

    def _decode(
        self,
        batch: list[Clip],
        context: int,
        language: str | None,
        word_times: bool,
        *,
        last: bool,
    ) -> list[Decoded | None]:
        """Decode clips of one context. None for a doubtful text, unless this is the ``last``
        time."""
        model = self._whisper.model
        encoded = self._windows.encode(batch, context)
        language_p = 1.0
        if language is None and model.is_multilingual:
            marker, language_p = model.detect_language(encoded)[0][0]
            language = marker.strip("<|>")
        tokenizer = self._tokenizer(language)
        spoken = tokenizer.language_code
        rows: list[Decoded | None] = []
        for clip, result in zip(batch, self._generate(encoded, batch, tokenizer), strict=True):
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
            if not last and doubtful(text, dropped, confidence, context < SURE_CONTEXT):
                rows.append(None)
                continue
            decoded = Decoded(
                text="" if dropped else text,
                confidence=confidence,
                no_speech=no_speech,
                language=spoken,
                language_p=float(language_p),
                dropped=dropped,
            )
            rows.append(decoded)
        return self._finished(rows, batch, encoded, tokenizer, word_times)

    def _finished(
        self,
        rows: list[Decoded | None],
        batch: list[Clip],
        encoded: StorageView,
        tokenizer: Tokenizer,
        word_times: bool,
    ) -> list[Decoded | None]:
        """The texts that are kept, as the settings want them written, and when each word is."""
        if self._listed is not None and any(row and row.text for row in rows):
            primed = self._generate(encoded, batch, tokenizer, self._listed.primer)
            rows = [
                row and replace(row, text=self._listed.write(row.text, _text(result, tokenizer)))
                for row, result in zip(rows, primed, strict=True)
            ]
        styled = [row and replace(row, text=self._styles.write(row.text)) for row in rows]
        # Numbers are found in the audio as the weights wrote them.
        wanted = [tokenizer.encode(" " + row.text) if row and row.text else [] for row in rows]
        if not word_times or not any(wanted):
            return styled
        frames = [clip.features.shape[1] for clip in batch]
        aligned = self._whisper.find_alignment(tokenizer, wanted, encoded, frames)
        return [
            row and replace(row, words=self._styles.write_words(_words(timings, clip.duration_s)))
            for clip, row, timings in zip(batch, styled, aligned, strict=True)
        ]

    def _generate(
        self, encoded: StorageView, batch: list[Clip], tokenizer: Tokenizer, primer: str = ""
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


def _said(result: WhisperGenerationResult, tokenizer: Tokenizer) -> list[int]:
    return [token for token in result.sequences_ids[0] if token < tokenizer.eot]


def _text(result: WhisperGenerationResult, tokenizer: Tokenizer) -> str:
    text: str = tokenizer.decode(_said(result, tokenizer)).strip()
    return text


def _words(timings: list[dict[str, Any]], duration_s: float) -> tuple[Word, ...]:
    merge_punctuations(timings, "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、")
    words: list[Word] = []
    for timing in timings:
        if text := timing["word"].strip():
            t0 = min(float(timing["start"]), duration_s)
            t1 = min(max(float(timing["end"]), t0), duration_s)
            p = round(float(timing["probability"]), 3)
            # Alignment splits "555-0123" at the dash; it is one word of the text.
            if words and not timing["word"][0].isspace() and not text[0].isalnum():
                before = words.pop()
                text, t0, p = before.text + text, before.t0, min(before.p, p)
            words.append(Word(text=text, t0=round(t0, 3), t1=round(t1, 3), p=p))
    return tuple(words)
