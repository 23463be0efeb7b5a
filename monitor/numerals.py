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
from typing import Final, Self

from monitor.events import Transcript, Word
from monitor.redaction import MIN_RUN, redact

ANY: Final = "#"
MOST_DIGITS: Final = 20
"""Account numbers of some banks have so many; nobody reads out more in one breath."""
_STYLE: Final = re.compile(r"\(?[0-9#][0-9# ().\-/]*")
_SEPARATORS: Final = re.compile(r"[().,/+–-]+")
_SPOKEN: Final = {
    word: digit
    for digit, words in enumerate(
        ("zero oh o nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
    for word in words.split()
}
_TIMES: Final = {"double": 2, "triple": 3, "treble": 3}
_FILLERS: Final = frozenset(("uh", "um", "er", "erm", "dash", "hyphen"))
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
            if not _STYLE.fullmatch(example) or example != " ".join(example.split()):
                raise ValueError(f"{example!r} is not digits, or #, with space ( ) . - / between")
            if not MIN_RUN <= len(style.digits) <= MOST_DIGITS:
                raise ValueError(
                    f"{example!r} has {len(style.digits)} digits: {MIN_RUN} to {MOST_DIGITS} can be"
                    " written in a style, since fewer may be a year, a price or a count"
                )
            if any(other.digits == style.digits for other in self._styles):
                raise ValueError(f"{example!r} would never be used: another is for the same digits")
            tokens = style.write(style.digits.replace(ANY, "7")).split()
            if _numbers(tokens) != [(0, len(tokens))]:
                raise ValueError(f"{example!r} is not seen as one number by redaction")
            self._styles.append(style)
        self._styles.sort(key=lambda style: style.fixed, reverse=True)

    def write(self, text: str) -> str:
        """``text`` with its numbers in style; itself, where there are none to write."""
        tokens = text.split()
        numbers = _numbers(tokens) if self._styles else []
        changed = False
        for i in reversed(range(len(numbers))):
            start, stop = numbers[i]
            styled = self._styled(tokens[start:stop])
            if styled is None:
                continue
            written = [*tokens[:start], *styled, *tokens[stop:]]
            more = len(styled) - (stop - start)
            behind = [(a + more, b + more) for a, b in numbers[i + 1 :]]
            moved = [*numbers[:i], (start, stop + more), *behind]
            if _numbers(written) == moved:
                tokens, numbers, changed = written, moved, True
        return " ".join(tokens) if changed else text

    def _styled(self, tokens: Sequence[str]) -> list[str] | None:
        digits = _digits(tokens)
        style = next((s for s in self._styles if digits and s.fits(digits)), None)
        if digits is None or style is None:
            return None
        first, last = tokens[0], tokens[-1]
        before = first[: len(first) - len(first.lstrip(_BEFORE))]
        behind = last[len(last.rstrip(_BEHIND)) :]
        return (before + style.write(digits) + behind).split()


def _numbers(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Where redaction sees numbers: the first token of each and the one behind it."""
    words = [Word(text=token, t0=i, t1=i + 1) for i, token in enumerate(tokens)]
    _, spans = redact(
        Transcript(
            utterance=0,
            party="customer",
            t0=0.0,
            t1=float(len(tokens)),
            text=" ".join(tokens),
            words=words,
        )
    )
    return [(round(span.t0), round(span.t1)) for span in spans]


def _digits(tokens: Sequence[str]) -> str | None:
    """What the tokens spell, digit by digit; None where that is not sure ("forty", "double 44")."""
    digits, times = "", 1
    for token in tokens:
        bare = token.strip(_BEFORE + _BEHIND).lower()
        if bare in _TIMES and times == 1:
            times = _TIMES[bare]
            continue
        parts = [part for part in _SEPARATORS.split(bare) if part]
        if times == 1 and all(part in _FILLERS for part in parts):
            continue
        pieces = [str(_SPOKEN.get(part, part)) for part in parts]
        said = "".join(pieces)
        if not (said.isascii() and said.isdecimal()) or (times > 1 and len(pieces[0]) > 1):
            return None
        digits += said[0] * times + said[1:]
        times = 1
    return digits if times == 1 else None
