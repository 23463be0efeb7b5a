"""What the sentences of a transcript mean, set against the phrases heard in them."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Final

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


class Sense:
    """Of one transcript; where nobody looked (``Transcript.meant``), phrases stand alone."""

    def __init__(self, tr: Transcript, heard: list[Token], upset: Collection[str]) -> None:
        """``heard``: the tokens of its text. ``upset``: the families that weigh in the mood."""
        self._upset = upset
        self._told = tr.meant is not None
        self._meant: dict[str, list[Meant]] = {}
        for one in tr.meant or ():
            self._meant.setdefault(one.family, []).append(one)
        self._spans = [_within(heard, *span) for span in sentences(tr.text)] if self._told else []
        self._alone: dict[str, float] = {}

    def agreed(self, family: Family, phrase: tuple[int, int] | None) -> tuple[int, int] | None:
        """Where the family is heard, in tokens: its phrase, unless the sentences that this stands
        in hardly can be of the family; or the sentence that most likely is."""
        if not (self._told and family.by_meaning):
            return phrase
        told = self._told_of(family.name)
        if phrase is not None and self._backs(family, phrase):
            return phrase
        best = max(told, key=lambda one: one.log_odds, default=None)
        if best is None or best.log_odds < 0:
            return None
        first, stop = self._spans[best.sentence]
        if stop - first < FEWEST:
            return None
        self._alone[family.name] = best.log_odds
        return first, stop

    def _backs(self, family: Family, phrase: tuple[int, int]) -> bool:
        """Whether the sentences that the phrase stands in may be meant so."""
        names, adds = ({family.name}, PHRASE)
        if family.name in self._upset:
            names, adds = ({*self._upset}, PHRASE_OF_UPSET)
        return any(
            one.log_odds + adds >= 0 and _meet(phrase, self._spans[one.sentence])
            for name in names
            for one in self._told_of(name)
        )

    def _told_of(self, family: str) -> list[Meant]:
        return [one for one in self._meant.get(family, ()) if one.sentence < len(self._spans)]

    def rename(self, family: str, to: str) -> None:
        """What was heard as of one family counts as of another."""
        if family in self._alone:
            self._alone[to] = self._alone.pop(family)

    def alone(self, family: str) -> bool:
        """Whether the family is heard by what a sentence means, in words of no phrase."""
        return family in self._alone

    def sure(self, family: str) -> float:
        """What a family heard so counts for: a phrase in full, a meaning by its probability."""
        return 1 / (1 + math.exp(-self._alone[family])) if family in self._alone else 1.0


def _within(heard: list[Token], start: int, stop: int) -> tuple[int, int]:
    inside = [k for k, token in enumerate(heard) if start <= token.start < stop]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
