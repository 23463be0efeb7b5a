"""Long words that were nearly recognised: a letter or two away from one that matters.

Speech-to-text mostly errs into other real words, which no distance can tell from what was
said. So this is held to long words that a phrase file names, and never touches a word
that the file lists as real.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.wording import Token

SHORTEST = 6
"""Letters. Below it every word has a neighbour that means something else."""
LONG = 9
"""From so many letters on two of them may be wrong, else one."""


class Misheard:
    """Reads a word as its neighbour of ``words``. Stateless after construction."""

    def __init__(self, words: Iterable[str], real: Iterable[str]) -> None:
        """``words``: to be recognised although misspelt; ``real``: never to be read as one.

        Raises ValueError for a word shorter than SHORTEST letters.
        """
        self.words = frozenset(words)
        self._known = self.words.union(real)
        self._by_first: dict[str, list[str]] = {}
        for word in sorted(self.words):
            if len(word) < SHORTEST:
                raise ValueError(f"{word!r} is too short: {SHORTEST} letters at least")
            self._by_first.setdefault(word[0], []).append(word)

    def mend(self, heard: list[Token]) -> list[Token]:
        """The same tokens, each misheard one with the text of its only nearest neighbour."""
        return [token._replace(text=self._nearest(token.text)) for token in heard]

    def _nearest(self, word: str) -> str:
        if len(word) < SHORTEST or word in self._known:
            return word
        near: dict[int, list[str]] = {}
        for known in self._by_first.get(word[0], ()):
            most = 1 if min(len(word), len(known)) < LONG else 2
            if (wrong := distance(word, known, most)) <= most:
                near.setdefault(wrong, []).append(known)
        nearest = near[min(near)] if near else []
        return nearest[0] if len(nearest) == 1 else word


def distance(a: str, b: str, most: int) -> int:
    """Letters to insert, delete or replace to make ``a`` into ``b``; most + 1 when more.

    Levenshtein's distance (1966) by the row-wise recursion of Wagner and Fischer (1974),
    only in the band that can still end at ``most``.
    """
    if abs(len(a) - len(b)) > most:
        return most + 1
    above = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        row = [i] + [most + 1] * len(b)
        for j in range(max(1, i - most), min(len(b), i + most) + 1):
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != b[j - 1]))
        if min(row) > most:
            return most + 1
        above = row
    return min(above[-1], most + 1)
