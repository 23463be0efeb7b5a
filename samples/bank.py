"""Bank: minutes of speech of one voice, from which a stretch of any length can be cut.

A voice says the lines of the dialogues, once. Their pauses are shortened to ``PAUSE_S`` and they
are joined into one track. A stretch of a wanted length is cut where a sentence begins and ends
if there is such a one, and else between words; the few per cent that are missing or too much are
made up by playing it so much slower or faster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samples import telephone
from samples.dialogue import Manner
from samples.reading import load, names
from samples.voices import SENTENCE_END, VOICES, Studio, package

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

PAUSE_S = 0.12
"""Longest pause in the track: the monitor's turns bridge 0.2 s, a stop consonant is 0.1 s."""
STEP_S = 0.005
DIP_DB = 12.0
"""A place between words is so much below the louder speech on both of its sides."""
DIP_REACH_S = 0.12
MAX_STRETCH = 0.06
"""Played so much faster or slower at most: one semitone of pitch."""
FORGET_S = 40.0
"""Speech of the track comes again after so long at the earliest."""
MIN_WORDS = 5
SECONDS = {"hibari": 240.0, "kokoro": 110.0, "flite": 240.0}
"""Length of the track by the model of its voice; Kokoro takes twenty times as long to speak."""

SHORT = (
    *("Mm-hm.", "Yeah.", "Okay.", "Right.", "Yes.", "Sure.", "I see.", "Oh, okay."),
    *("Yeah, yeah.", "Okay, right.", "Yeah, of course.", "Okay, I understand."),
)
SHORT_RATES = (0.8, 1.0, 1.3)
SHORT_STRETCH = 0.12
MOST_SHORT = 2


@dataclass(frozen=True, slots=True)
class Bank:
    """One voice. ``track`` is (samples,) at 8 kHz in the telephone band; the others are
    positions in it, in samples, and words that stand alone."""

    track: F32
    begins: I64  # where something can begin: sentences and words
    ends: I64
    begins_sentence: NDArray[np.bool_]  # for each of ``begins``
    ends_sentence: NDArray[np.bool_]
    short: tuple[tuple[str, F32], ...]

    def person(self, factor: float) -> Bank:
        """Another person: everything so many times as fast, and as high."""
        short = tuple((text, stretch(x, round(len(x) / factor))) for text, x in self.short)
        return replace(
            self,
            track=stretch(self.track, round(len(self.track) / factor)),
            begins=(self.begins / factor).astype(np.int64),
            ends=(self.ends / factor).astype(np.int64),
            short=short,
        )


class Cutter:
    """Cuts stretches out of a bank for one party of one call; repeats none of it too soon."""

    def __init__(self, bank: Bank, rng: np.random.Generator) -> None:
        self._bank = bank
        self._rng = rng
        self._used: list[tuple[float, int, int]] = []  # (when, from, to)

    def backchannel(self, length_s: float, text: str = "") -> F32:
        """A word or more that say "I hear you, go on", of exactly this length."""
        wanted = length_s * telephone.RATE_HZ
        said = [(word, clip) for word, clip in self._bank.short]
        for _ in range(MOST_SHORT - 1):
            if any(_off(clip, wanted) <= SHORT_STRETCH for _, clip in said):
                break
            pause = np.zeros(round(PAUSE_S * telephone.RATE_HZ), np.float32)
            said = [
                (f"{before} {word}", np.concatenate([start, pause, clip]))
                for before, start in said
                for word, clip in self._bank.short
            ]
        off = np.array([_off(clip, wanted) for _, clip in said])
        near = np.flatnonzero(off <= max(SHORT_STRETCH, off.min()))
        same = [i for i in near if _letters(said[i][0]) == _letters(text)]
        chosen = same or list(near)
        return stretch(said[chosen[int(self._rng.integers(len(chosen)))]][1], round(wanted))

    def stretch_of(self, length_s: float, at_s: float, breaks_off: bool = False) -> F32:
        """Speech of exactly this length for the time ``at_s`` of the call.

        ``breaks_off``: ends between words, not with a sentence."""
        wanted = round(length_s * telephone.RATE_HZ)
        longest = len(self._bank.track) // 3
        if wanted > longest:
            half_s = length_s / 2
            first = self.stretch_of(half_s, at_s, breaks_off=True)
            second = self.stretch_of(half_s, at_s + half_s, breaks_off)
            return stretch(np.concatenate([first, second]), wanted)
        begin, end = self._find(wanted, at_s, breaks_off)
        self._used.append((at_s + length_s, begin, end))
        return stretch(self._bank.track[begin:end], wanted)

    def _find(self, wanted: int, at_s: float, breaks_off: bool) -> tuple[int, int]:
        """Where to cut. Costs, from what must not be to what should not: repeats what was
        just said, is too long or too short, ends otherwise than it should, begins or is
        stretched; chance decides the rest."""
        bank = self._bank
        lengths = bank.ends[None, :] - bank.begins[:, None]
        fits = np.abs(lengths - wanted) <= MAX_STRETCH * wanted
        rows, columns = np.nonzero(fits if fits.any() else lengths > 0)
        begins, ends = bank.begins[rows], bank.ends[columns]
        cost = np.abs(np.log((ends - begins) / wanted)) / MAX_STRETCH
        cost += np.where(cost > 1.0, 20.0 * cost, 0.0)
        cost += np.where(bank.begins_sentence[rows], 0.0, 1.0)
        cost += np.where(bank.ends_sentence[columns] == breaks_off, 1.5, 0.0)
        for until_s, begin, end in self._used:
            if at_s - until_s < FORGET_S:
                cost += np.where((begins < end) & (ends > begin), 50.0, 0.0)
        best = int(np.argmin(cost + self._rng.uniform(0, 1.0, len(cost))))
        return int(begins[best]), int(ends[best])


def stretch(x: F32, samples: int) -> F32:
    """``x`` played faster or slower so that it takes so many samples."""
    if len(x) == samples:
        return x
    soxr = package("soxr")
    wide = soxr.resample(np.asarray(x, np.float64), len(x), samples, quality="HQ")
    out = np.zeros(samples, np.float32)
    out[: min(samples, len(wide))] = wide[:samples]
    return out


def read(voice: str, studio: Studio, cache: Path | None = None) -> Bank:
    """The bank of a voice: from the cache, or spoken now and kept there."""
    sentences = _sentences()
    seconds = SECONDS[VOICES[voice].model]
    rates = SHORT_RATES[1:] if VOICES[voice].model == "kokoro" else SHORT_RATES
    key = repr((voice, VOICES[voice], sentences, seconds, SHORT, rates, PAUSE_S))
    name = f"bank-{voice}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.npz"
    kept = cache / name if cache else None
    if kept and kept.is_file():
        with np.load(kept) as file:
            parts = np.split(file["said"], file["edges"])
    else:
        parts = []
        while sum(map(len, parts)) < seconds * telephone.RATE_HZ and len(parts) < len(sentences):
            parts.append(studio.say(sentences[len(parts)], voice, Manner()).samples)
        parts += [studio.say(s, voice, Manner(rate=rate)).samples for s in SHORT for rate in rates]
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(
                kept, said=np.concatenate(parts), edges=np.cumsum([len(p) for p in parts])[:-1]
            )
    short = len(SHORT) * len(rates)
    texts = [text for text in SHORT for _ in rates]
    return build(parts[:-short], list(zip(texts, parts[-short:], strict=True)))


def build(sentences: Sequence[F32], short: Sequence[tuple[str, F32]]) -> Bank:
    """A bank of clips as they were spoken, each (samples,) at 8 kHz."""
    pause = np.zeros(round(PAUSE_S * telephone.RATE_HZ), np.float32)
    track: list[F32] = []
    begins: list[tuple[int, bool]] = []
    ends: list[tuple[int, bool]] = []
    at = 0
    for sentence in sentences:
        clip = telephone.level(telephone.band(squeeze(sentence)), -24.0)
        first, last = edges(clip)
        begins.append((at + first, True))
        ends.append((at + last, True))
        for end, begin in dips(clip):
            if first < end and begin < last:
                ends.append((at + end, False))
                begins.append((at + begin, False))
        track += [clip, pause]
        at += len(clip) + len(pause)
    begins.sort()
    ends.sort()
    words = []
    for text, x in short:
        clip = telephone.level(telephone.band(squeeze(x)), -24.0)
        first, last = edges(clip)
        words.append((text, clip[first:last]))
    return Bank(
        np.concatenate(track),
        np.array([b for b, _ in begins], np.int64),
        np.array([e for e, _ in ends], np.int64),
        np.array([s for _, s in begins]),
        np.array([s for _, s in ends]),
        tuple(words),
    )


def levels_db(x: F32) -> NDArray[np.float64]:
    """Level every STEP_S over 4 steps around it, dB."""
    step = round(STEP_S * telephone.RATE_HZ)
    power = np.mean(x[: len(x) // step * step].reshape(-1, step).astype(np.float64) ** 2, axis=1)
    db: NDArray[np.float64] = 10 * np.log10(np.convolve(power, np.ones(4) / 4, "same") + 1e-12)
    return db


def edges(x: F32, below_peak_db: float = 25.0) -> tuple[int, int]:
    """First and last sample that one hears: within so many dB of the loudest."""
    step = round(STEP_S * telephone.RATE_HZ)
    db = levels_db(x)
    loud = np.flatnonzero(db > db.max() - below_peak_db)
    return int(loud[0]) * step, int(loud[-1] + 1) * step


def dips(x: F32) -> list[tuple[int, int]]:
    """Places between words: where the speech before them ends, and that after them begins."""
    step = round(STEP_S * telephone.RATE_HZ)
    reach = round(DIP_REACH_S / STEP_S)
    db = levels_db(x)
    found: list[tuple[int, int]] = []
    for i in range(reach, len(db) - reach):
        if db[i] > db[i - reach : i + reach + 1].min():
            continue
        limit = min(db[i - reach : i].max(), db[i + 1 : i + reach + 1].max()) - DIP_DB
        if db[i] > limit:
            continue
        end = i
        while end > i - reach and db[end] <= limit:
            end -= 1
        begin = i
        while begin < i + reach and db[begin] <= limit:
            begin += 1
        place = ((end + 1) * step, begin * step)
        if not found or place[0] >= found[-1][1]:
            found.append(place)
    return found


def squeeze(x: F32) -> F32:
    """``x`` with no pause longer than PAUSE_S."""
    step = round(telephone.FRAME_S * telephone.RATE_HZ)
    loud = telephone.active(x, telephone.RATE_HZ)
    keep = np.ones(len(loud), bool)
    most = round(PAUSE_S / telephone.FRAME_S)
    begin = 0
    for i in range(1, len(loud) + 1):
        if i == len(loud) or loud[i] != loud[begin]:
            if not loud[begin] and i - begin > most:
                keep[begin + most // 2 : i - (most - most // 2)] = False
            begin = i
    samples = np.repeat(keep, step)
    squeezed: F32 = x[: len(samples)][samples]
    return squeezed


def _sentences() -> tuple[str, ...]:
    """Every sentence of the dialogues that is more than an answer, once."""
    said = {
        sentence: None
        for name in names()
        for line in load(name).lines
        for sentence in SENTENCE_END.split(line.text)
        if len(sentence.split()) >= MIN_WORDS
    }
    return tuple(said)


def _off(x: F32, samples: float) -> float:
    return abs(float(np.log(len(x) / samples)))


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalpha())
