"""What a sentence does, whatever its words: one learned line through meaning for each family.

Phrases hear what somebody thought of. People ask for a manager, and agents own a problem, in more
ways than anybody writes down. So each family also has a logistic regression, learned from sentences
of ours (models/meaning): of the sentence's vector (``encoder``), which is alike for sentences that
mean alike, and of the words, pairs and triples in it, which tell apart what is alike in topic only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from monitor.encoder import Encoder
from monitor.events import PARTIES, Meant, Party
from monitor.weights import WeightsError
from monitor.wording import normalise, sentences

F32 = NDArray[np.float32]

POSSIBLE: Final = -2.0
"""Log-odds below which no phrase makes a sentence one of the family: less is not told."""


@dataclass(frozen=True, slots=True)
class Families:
    """Those of one party. ``grams``: of a word, pair or triple, families by number and weights,
    which a sentence shares among the square root of how many grams it has."""

    names: tuple[str, ...]
    bias: F32  # (families,)
    vectors: F32  # (width, families)
    grams: dict[str, tuple[NDArray[np.intp], F32]]

    def log_odds(self, sentence: str, vector: F32) -> F32:
        """Of each family, shape (families,)."""
        there = grams(sentence)
        total = np.zeros_like(self.bias)
        # In an order of its own: sums of floats depend on it, and sets have none.
        for gram in sorted(there & self.grams.keys()):
            which, weights = self.grams[gram]
            total[which] += weights
        log_odds: F32 = self.bias + vector @ self.vectors + total / np.float32(len(there) ** 0.5)
        return log_odds


class Meaning:
    """Stateless; safe to call from several threads at once."""

    def __init__(self, encoder: Encoder, language: str, by_party: dict[Party, Families]) -> None:
        self.language = language
        self.by_party = by_party
        self._encoder = encoder

    @classmethod
    def load(cls, path: Path, encoder: Encoder) -> Meaning:
        """From a file that models/meaning/train.py wrote. Raises WeightsError."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            by_party = {party: _families(data[party], encoder.width) for party in PARTIES}
            return cls(encoder, str(data["language"]), by_party)
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"{path} cannot be used: {error}; reinstall call-monitor") from error

    def read(self, text: str, party: Party) -> list[Meant]:
        """The families that each sentence of ``text`` may be of. Raises RuntimeError."""
        said = [text[start:stop] for start, stop in sentences(text)]
        families = self.by_party[party]
        meant: list[Meant] = []
        # One by one: what a sentence means must not depend, in the last digit, on its neighbours.
        for number, sentence in enumerate(said):
            log_odds = families.log_odds(sentence, self._encoder.encode([sentence])[0])
            meant += [
                Meant(
                    family=families.names[k], sentence=number, log_odds=round(float(log_odds[k]), 2)
                )
                for k in np.flatnonzero(log_odds >= POSSIBLE)
            ]
        return meant


def grams(sentence: str) -> set[str]:
    """Its words, pairs, triples and pairs with a word between, as phrases see words; "<" and ">"
    stand before the first and after the last."""
    words = ["<", *normalise(sentence).split(), ">"]
    pairs = {f"{a} {b}" for a, b in pairwise(words)}
    triples = zip(words, words[1:], words[2:], strict=False)
    longer = {gram for a, b, c in triples for gram in (f"{a} {b} {c}", f"{a} _ {c}")}
    return {*words[1:-1], *pairs, *longer}


def _families(data: dict[str, Any], width: int) -> Families:
    names = tuple(data["families"])
    bias = np.array(data["bias"], np.float32)
    vectors = np.array(data["vectors"], np.float32)
    if bias.shape != (len(names),) or vectors.shape != (len(names), width):
        raise ValueError(f"vectors {vectors.shape} of {len(names)} families, {width} numbers each")
    known = {}
    for gram, weights in data["grams"].items():
        which = np.array([names.index(family) for family in weights], np.intp)
        known[gram] = (which, np.array(list(weights.values()), np.float32))
    return Families(names, bias, np.ascontiguousarray(vectors.T), known)
