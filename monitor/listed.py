"""Words of a list, written as the list has them wherever they were said, and nowhere else.

Whisper spells as in what it is given to read first, so a list of names there makes it write them
right. It also makes it write them where nobody said them, and changes other words: see
docs/words.md. So an utterance is written twice from the same sound, without the list and with it,
and of the second text only words of the list are taken, each in the place of what the first text
has there, and only where the two sound alike. A text in which the list finds nothing stays as it
is, to the letter; and where the first text is empty nothing can come from the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

ALIKE: Final = 0.6
"""Of rough sounds. Of 23 exchanges in rendered sentences with eleven names the right ones had .62
("general" for Velora) to 1, and two wrong ones .50 and .57 ("when" for Nguyen)."""
WIDER: Final = 2
"""A name that was not known may have become so many words more ("core Vex", "and a lease")."""
_SAME_SOUND: Final = tuple(
    (re.compile(letters), sound)
    for letters, sound in (
        ("tch|sch|ch|sh|cz|sz", "s"),
        ("ph", "f"),
        ("[ckqg]+", "k"),
        ("[sz]+", "s"),
        ("x", "ks"),
        ("[dt]+", "t"),
        ("[bp]+", "p"),
        ("[vfw]+", "f"),
        ("[mn]+", "n"),
        ("[aeiouyhj]+", "a"),
        (r"(.)\1+", r"\1"),
    )
)
"""Letters that come for one another when a name is not known, on a telephone. One vowel is as
good as another; other alphabets stay as they are."""


class ListedWords:
    """A list of words and names, each of one word or a few."""

    def __init__(self, words: Sequence[str]) -> None:
        """Raises ValueError for one without letters or digits."""
        self._phrases = {tuple(_letters(part) for part in word.split()) for word in words}
        if not all(phrase and all(phrase) for phrase in self._phrases):
            raise ValueError("each listed word has letters or digits")
        self._sizes = sorted({len(phrase) for phrase in self._phrases}, reverse=True)
        self.primer = ", ".join(words) + "."
        """What Whisper is given to read first."""

    def write(self, plain: str, primed: str) -> str:
        """``plain``, which was written without the list, with the listed words of ``primed``.
        Not of one that tells the list instead of what was said: texts of one sound are alike."""
        if alike(plain, primed) < ALIKE:
            return plain
        ours, theirs = plain.split(), primed.split()
        written: list[str] = []
        i = j = 0
        for x, y in [*self._agreed(ours, theirs), (len(ours), len(theirs))]:
            written += self._exchange(ours[i:x], theirs[j:y])
            written += ours[x : x + 1]
            i, j = x + 1, y + 1
        return " ".join(written)

    def _agreed(self, ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]]:
        """Places of words that both texts have and the list has not."""
        listed = {at + k for at, size in self._listed(theirs) for k in range(size)}
        matcher = SequenceMatcher(
            None, list(map(_letters, ours)), list(map(_letters, theirs)), autojunk=False
        )
        return [
            (i + k, j + k)
            for i, j, size in matcher.get_matching_blocks()
            for k in range(size)
            if j + k not in listed
        ]

    def _exchange(self, ours: list[str], theirs: list[str]) -> list[str]:
        """``ours`` with each listed word of ``theirs`` in the place of what sounds like it; what
        stands before and behind it is compared by itself."""
        for at, size in self._listed(theirs):
            span = _most_alike(ours, theirs[at : at + size])
            if span is not None:
                x, y = span
                return [
                    *self._exchange(ours[:x], theirs[:at]),
                    *_dressed(theirs[at : at + size], ours[x:y]),
                    *self._exchange(ours[y:], theirs[at + size :]),
                ]
        return ours

    def _listed(self, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Where listed words stand, the longest first: (index, number of words)."""
        letters = [_letters(word) for word in words]
        for size in self._sizes:
            for at in range(len(words) - size + 1):
                *head, last = letters[at : at + size]
                # "Jamie's" is Jamie too.
                if {(*head, last), (*head, last.removesuffix("s"))} & self._phrases:
                    yield at, size


def alike(one: str, other: str) -> float:
    """How much two stretches of text sound alike, 0..1: the share of letters in common, in order
    (Ratcliff & Metzener 1988), of what is left when letters that are confused are one."""
    return SequenceMatcher(None, _sound(one), _sound(other), autojunk=False).ratio()


def _most_alike(ours: Sequence[str], listed: Sequence[str]) -> tuple[int, int] | None:
    name = "".join(listed)
    spans = [
        (alike("".join(ours[x:y]), name), x, y)
        for x in range(len(ours))
        for y in range(x + 1, min(len(ours), x + len(listed) + WIDER) + 1)
    ]
    if not spans:
        return None
    best, x, y = max(spans, key=lambda span: (span[0], span[1] - span[2]))
    return (x, y) if best >= ALIKE else None


def _dressed(listed: Sequence[str], ours: Sequence[str]) -> list[str]:
    """The listed words with the punctuation of what they stand for."""
    before, after = _edges(ours[0])[0], _edges(ours[-1])[2]
    words = [*listed]
    words[0] = before + words[0].removeprefix(_edges(words[0])[0])
    words[-1] = words[-1].removesuffix(_edges(words[-1])[2]) + after
    return words


def _edges(word: str) -> tuple[str, str, str]:
    """Punctuation before, the word, punctuation behind."""
    core = word.strip(_marks(word))
    at = word.index(core)
    return word[:at], core, word[at + len(core) :]


def _marks(word: str) -> str:
    """What of it is neither letter nor digit."""
    return "".join(character for character in word if not character.isalnum())


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _sound(text: str) -> str:
    sound = _letters(text)
    for letters, same in _SAME_SOUND:
        sound = letters.sub(same, sound)
    return sound
