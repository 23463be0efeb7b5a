"""Numbers written as the house writes them: "020 7946 0958", however Whisper wrote it.

The same number comes as "0207-946 0958", as "02 079460958", or in words, as it pleases the
recogniser; people who search, copy or compare transcripts need one way. Whisper cannot be told
which, so its text is rewritten: a number with as many digits as a style is written like it, and
everything else stays to the letter.

What a number is, and no price, date or row of years, is left to redaction, which comes after
this and must see the same: a number is rewritten only where redaction takes it for one before and
after, and every other number with it. So no style can bring digits past it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple, Self

from monitor.config import NUMBER_STYLE
from monitor.events import Word
from monitor.redaction import FILLERS, MIN_RUN, TIMES, UNITS, found

ANY: Final = "#"
MOST_DIGITS: Final = 20
"""Account numbers of some banks have so many; nobody reads out more in one breath."""
_SEPARATORS: Final = re.compile(r"[().,/–—-]+")
_SPOKEN: Final = {word: digit for word, digit in UNITS.items() if len(digit) == 1}
_BEFORE: Final = "\"'“‘¿¡"
_BEHIND: Final = ".,;:?!…\"'”’"


@dataclass(frozen=True, slots=True)
class _Style:
    pattern: str  # ANY for each digit
    digits: str  # ANY where it may be another

    @classmethod
    def of(cls, example: str) -> Self:
        pattern = re.sub(r"[0-9#]", ANY, example)
        said = "".join(re.findall(r"[0-9#]", example))
        return cls(pattern, said if ANY in said else ANY * len(said))

    @property
    def fixed(self) -> int:
        return len(self.digits) - self.digits.count(ANY)

    def fits(self, digits: str) -> bool:
        return len(digits) == len(self.digits) and all(
            own in (ANY, digit) for own, digit in zip(self.digits, digits, strict=True)
        )

    def write(self, digits: str) -> str:
        left = iter(digits)
        return "".join(next(left) if c == ANY else c for c in self.pattern)


class _Change(NamedTuple):
    """Tokens start..stop, and what to write in their place."""

    start: int
    stop: int
    styled: list[str]


class NumberStyles:
    """How numbers of some lengths are written, by example.

    "020 7946 0958": any number of eleven digits is written so. "07### ######": # is any digit
    and the others are as they stand, so only those that begin with 07; it comes before the first.
    """

    def __init__(self, examples: Sequence[str]) -> None:
        """Raises ValueError for one that is none, or that would never be used."""
        self._styles: list[_Style] = []
        for example in examples:
            style = _Style.of(example)
            if not re.fullmatch(NUMBER_STYLE, example) or example != " ".join(example.split()):
                raise ValueError(f"{example!r} is not digits, or #, with space ( ) . - / between")
            if not MIN_RUN <= len(style.digits) <= MOST_DIGITS:
                raise ValueError(
                    f"{example!r} has {len(style.digits)} digits: {MIN_RUN} to {MOST_DIGITS} can be"
                    " written in a style, since fewer may be a year, a price or a count"
                )
            if any(other.digits == style.digits for other in self._styles):
                raise ValueError(f"{example!r} would never be used: another is for the same digits")
            tokens = style.write(style.digits.replace(ANY, "1")).split()
            if _numbers(tokens) != [(0, len(tokens))]:
                raise ValueError(f"{example!r} is not seen as one number by redaction")
            self._styles.append(style)
        self._styles.sort(key=lambda style: style.fixed, reverse=True)

    def write(self, text: str) -> str:
        """``text`` with its numbers in style; itself, where there are none to write."""
        tokens = text.split()
        changes = self._changes(tokens)
        for change in changes:
            tokens[change.start : change.stop] = change.styled
        return " ".join(tokens) if changes else text

    def write_words(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """The words of a text with its numbers in style, as ``write`` the text.

        A number stays where it was spoken, from its first word to its last, so that it is silenced
        there; its groups share this time by their length. A word may be a sign and a word
        ("- 7946").
        """
        tokens = [(token, i) for i, word in enumerate(words) for token in word.text.split()]
        written = list(words)
        for change in self._changes([token for token, _ in tokens]):
            first, last = tokens[change.start][1], tokens[change.stop - 1][1]
            before = [token for token, i in tokens[: change.start] if i == first]
            behind = [token for token, i in tokens[change.stop :] if i == last]
            texts = [*change.styled]
            texts[0] = " ".join([*before, texts[0]])
            texts[-1] = " ".join([texts[-1], *behind])
            written[first : last + 1] = _spread(texts, words[first : last + 1])
        return tuple(written)

    def _changes(self, tokens: Sequence[str]) -> list[_Change]:
        """What to write otherwise, the last first."""
        numbers = _numbers(tokens) if self._styles else []
        left = list(tokens)
        changes = []
        for i in reversed(range(len(numbers))):
            start, stop = numbers[i]
            styled = self._styled(left[start:stop])
            if styled is None:
                continue
            written = [*left[:start], *styled, *left[stop:]]
            more = len(styled) - (stop - start)
            behind = [(a + more, b + more) for a, b in numbers[i + 1 :]]
            moved = [*numbers[:i], (start, stop + more), *behind]
            if _numbers(written) == moved:
                left, numbers = written, moved
                changes.append(_Change(start, stop, styled))
        return changes

    def _styled(self, tokens: Sequence[str]) -> list[str] | None:
        digits = _digits(tokens)
        style = next((s for s in self._styles if digits and s.fits(digits)), None)
        if digits is None or style is None:
            return None
        first, last = tokens[0], tokens[-1]
        before = first[: len(first) - len(first.lstrip(_BEFORE))]
        behind = last[len(last.rstrip(_BEHIND)) :]
        return (before + style.write(digits) + behind).split()


def _spread(texts: Sequence[str], spoken: Sequence[Word]) -> list[Word]:
    """These texts in the time and with the least certainty of what was spoken."""
    t0, t1 = spoken[0].t0, spoken[-1].t1
    ends = list(accumulate(len(text) for text in texts))
    times = [t0, *(round(t0 + (t1 - t0) * end / ends[-1], 3) for end in ends[:-1]), t1]
    p = min(word.p for word in spoken)
    return [Word(text=text, t0=times[i], t1=times[i + 1], p=p) for i, text in enumerate(texts)]


def _numbers(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Where redaction sees numbers: the first token of each and the one behind it."""
    return [(run.start, run.stop) for run in found(tokens, False, "")]


def _digits(tokens: Sequence[str]) -> str | None:
    """What the tokens spell, digit by digit; None where that is not sure ("forty", "double 44")."""
    digits, times = "", 1
    for token in tokens:
        bare = token.strip(_BEFORE + _BEHIND).lower()
        if bare in TIMES and times == 1:
            times = TIMES[bare]
            continue
        parts = [part for part in _SEPARATORS.split(bare) if part]
        if times == 1 and all(part in FILLERS for part in parts):
            continue
        pieces = [_SPOKEN.get(part, part) for part in parts]
        said = "".join(pieces)
        if not (said.isascii() and said.isdecimal()) or (times > 1 and len(pieces[0]) > 1):
            return None
        digits += said[0] * times + said[1:]
        times = 1
    return digits if times == 1 else None
