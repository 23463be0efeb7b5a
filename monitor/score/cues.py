"""What sentences do, heard as a call hears it, against what people say they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from monitor.cues import CueSpotter
from monitor.events import PARTIES, Cue, Party, Transcript
from monitor.phrases import Phrases
from monitor.reader import Reader
from monitor.score import ScoreError
from monitor.score.cuelist import Sentence
from monitor.score.figures import LEAST_CALLS, Interval, drawn, interval, ratio, ratios

F64 = NDArray[np.float64]

CHARS_PER_S: Final = 15.0
"""Of speech, so that a sentence has a length; no cue depends on it."""


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    sentence: Sentence
    heard: dict[str, Literal["phrase", "meaning"]]
    """Families as a call hears them, and by what."""
    by_phrases: frozenset[str]
    """Families heard where phrases stand alone."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Of cues: a sentence has one for each family it is of. None where nothing can be divided."""

    there: int
    heard: int
    right: int
    precision: float | None
    recall: float | None
    f1: float | None
    false_per_1000: float | None  # heard and not there, in 1000 sentences
    intervals: dict[str, Interval]  # 95 %, by the bootstrap over sentences


@dataclass(frozen=True, slots=True)
class CueFigures(Rates):
    """As a call hears them; ``phrases``: the same where phrases stand alone."""

    sentences: int
    phrases: Rates


@dataclass(frozen=True, slots=True)
class FamilyFigures(CueFigures):
    """``sentences``: of its party, of this family or not."""

    party: Party


@dataclass(frozen=True, slots=True)
class CuesFigures(CueFigures):
    """What ``monitor score cues`` tells of some sentences. Families that none of them is of are
    left out, also what was heard of them; where none is of any, all count."""

    parties: dict[Party, CueFigures]
    families: dict[str, FamilyFigures]


async def hear(
    sentences: Sequence[Sentence],
    phrases: Phrases,
    reader: Reader | None,
    done: Callable[[], None] | None = None,
) -> list[ScoredSentence]:
    """Each as the only transcript of a call, all of whose words are sure. ``reader``: None where
    no meaning can be told; ``done`` is called after each. Raises ScoreError."""
    scored = []
    for number, sentence in enumerate(sentences):
        plain = Transcript(
            utterance=number,
            party=sentence.party,
            t0=0.0,
            t1=len(sentence.text) / CHARS_PER_S,
            text=sentence.text,
            language=phrases.language,
        )
        read = plain if reader is None else await reader.read(plain, patient=True)
        if reader is not None and read.meant is None:
            raise ScoreError("what sentences mean could not be told: the text encoder failed")
        heard = {cue.family: cue.by for cue in _cues(phrases, read)}
        by_phrases = frozenset(cue.family for cue in _cues(phrases, plain))
        scored.append(ScoredSentence(sentence, heard, by_phrases))
        if done is not None:
            done()
    return scored


def _cues(phrases: Phrases, transcript: Transcript) -> list[Cue]:
    return CueSpotter(phrases).transcript(transcript, transcript.t1)


def figures(scored: Sequence[ScoredSentence], phrases: Phrases) -> CuesFigures:
    """Of all these sentences together, by party and by family."""
    said = {party: sum(each.sentence.party == party for each in scored) for party in PARTIES}
    asked = {family for each in scored for family in each.sentence.families}
    families = [
        (family.party, family.name)
        for family in sorted(phrases.families, key=lambda one: (one.party, one.name))
        if (family.name in asked if asked else said[family.party])
    ]
    counts = _counts(scored, [name for _, name in families])
    draws = drawn(counts.reshape(len(scored), -1)).reshape(-1, *counts.shape[1:])

    def of(which: Sequence[int], sentences: int) -> tuple[Rates, Rates]:
        alone, together = (
            _rates(counts[:, way, which], draws[:, way, which], sentences) for way in (0, 1)
        )
        return together, alone

    def party(name: Party) -> CueFigures:
        which = [k for k, (of_party, _) in enumerate(families) if of_party == name]
        together, alone = of(which, said[name])
        return CueFigures(**_fields(together), sentences=said[name], phrases=alone)

    by_family = {}
    for k, (of_party, name) in enumerate(families):
        together, alone = of([k], said[of_party])
        by_family[name] = FamilyFigures(
            **_fields(together), sentences=said[of_party], phrases=alone, party=of_party
        )
    together, alone = of(range(len(families)), len(scored))
    return CuesFigures(
        **_fields(together),
        sentences=len(scored),
        phrases=alone,
        parties={name: party(name) for name in PARTIES if said[name]},
        families=by_family,
    )


def wrong(scored: Sequence[ScoredSentence], figures: CuesFigures) -> list[ScoredSentence]:
    """Those with a cue missed or heard for nothing, as a call hears them; most such first."""
    errors = [
        len((each.sentence.families ^ each.heard.keys()) & figures.families.keys())
        for each in scored
    ]
    order = sorted(range(len(scored)), key=lambda k: -errors[k])
    return [scored[k] for k in order if errors[k]]


def _counts(scored: Sequence[ScoredSentence], families: Sequence[str]) -> F64:
    """(sentences, phrases alone or as a call, families, there or heard or right)."""
    there, alone, together = (
        np.array([[family in known for family in families] for known in each], np.bool_)
        for each in (
            [each.sentence.families for each in scored],
            [each.by_phrases for each in scored],
            [each.heard for each in scored],
        )
    )
    ways = [np.stack([there, heard, there & heard], axis=-1) for heard in (alone, together)]
    counts: F64 = np.stack(ways, axis=1).astype(np.float64)
    return counts


def _rates(counts: F64, draws: F64, sentences: int) -> Rates:
    """``counts`` (sentences, families, 3) and their sums over what was drawn."""
    there, heard, right = counts.sum(axis=(0, 1))
    told = np.count_nonzero(counts.any(axis=(1, 2)))
    spread = draws.sum(axis=1).T
    intervals = {
        "precision": interval(ratios(spread[2], spread[1])),
        "recall": interval(ratios(spread[2], spread[0])),
        "f1": interval(ratios(2 * spread[2], spread[0] + spread[1])),
    }
    return Rates(
        there=int(there),
        heard=int(heard),
        right=int(right),
        precision=ratio(right, heard),
        recall=ratio(right, there),
        f1=ratio(2 * right, there + heard),
        false_per_1000=ratio(1000 * (heard - right), sentences),
        intervals={name: each for name, each in intervals.items() if each is not None}
        if told >= LEAST_CALLS
        else {},
    )


def _fields(rates: Rates) -> dict[str, Any]:
    return {name: getattr(rates, name) for name in Rates.__slots__}
