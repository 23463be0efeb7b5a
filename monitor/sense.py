"""What the sentences of a transcript mean, set against the phrases heard in them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from monitor.events import Meant, Transcript
from monitor.phrases import Family
from monitor.wording import Token, sentences

PHRASE: Final = 1.2
"""What a phrase adds to the log-odds that its sentence is of the family. Fitted on sentences of
calls that the model had not seen (docs/meaning.md)."""
PHRASE_OF_UPSET: Final = 2.0
"""… where the family weighs in the mood; and any such family will do: who insults may be heard as
fed up, which is no error of the mood's."""
FEWEST: Final = 3
"""Words of a sentence whose meaning counts by itself. "But" and "Again?" say nothing without what
came before; they were a fifth of what was heard wrongly in 6.8 h of calm consultations."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a family is heard, in tokens: first, and one past the last."""

    first: int
    stop: int
    p: float | None = None  # 0..1, that it is meant, where no phrase says so

    @property
    def sure(self) -> float:
        """What it counts for: a phrase in full, a meaning by its probability."""
        return 1.0 if self.p is None else self.p

    @property
    def by(self) -> Literal["phrase", "meaning"]:
        return "phrase" if self.p is None else "meaning"


class Sense:
    """Of one transcript; where nobody looked (``Transcript.meant``), phrases stand alone."""

    def __init__(self, tr: Transcript, heard: list[Token], upset: Collection[str]) -> None:
        """``heard``: the tokens of its text. ``upset``: the families that weigh in the mood."""
        self._upset = upset
        self._told = tr.meant is not None
        self._meant: dict[str, list[Meant]] = {}
        spans = [_within(heard, *span) for span in sentences(tr.text)] if self._told else []
        self._spans = dict(enumerate(spans))
        for one in tr.meant or ():
            if one.sentence in self._spans:
                self._meant.setdefault(one.family, []).append(one)

    def place(self, family: Family, phrases: Iterable[tuple[int, int]]) -> Place | None:
        """The first of its ``phrases`` that stands in a sentence which may be of the family; or
        the sentence that most likely is."""
        if not (self._told and family.by_meaning):
            return next((Place(*phrase) for phrase in phrases), None)
        for phrase in phrases:
            if self._backs(family, phrase):
                return Place(*phrase)
        likely = [
            one
            for one in self._meant.get(family.name, ())
            if one.log_odds >= 0 and _length(self._spans[one.sentence]) >= FEWEST
        ]
        best = max(likely, key=lambda one: one.log_odds, default=None)
        if best is None:
            return None
        return Place(*self._spans[best.sentence], 1 / (1 + math.exp(-best.log_odds)))

    def _backs(self, family: Family, phrase: tuple[int, int]) -> bool:
        names: Collection[str] = (family.name,)
        adds = PHRASE
        if family.name in self._upset:
            names, adds = self._upset, PHRASE_OF_UPSET
        return any(
            one.log_odds + adds >= 0 and _meet(phrase, self._spans[one.sentence])
            for name in names
            for one in self._meant.get(name, ())
        )


def _within(heard: list[Token], start: int, stop: int) -> tuple[int, int]:
    inside = [k for k, token in enumerate(heard) if start <= token.start < stop]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


def _length(span: tuple[int, int]) -> int:
    return span[1] - span[0]


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
