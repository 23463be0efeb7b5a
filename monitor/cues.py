"""Phrase families heard in the words.

The families are data (``models/phrases/*.toml``, which explains its own small
pattern language): each one is compiled to a single regular expression over
normalised text, in which every token is followed by one space. That one rule
makes optional words and alternatives concatenate without special cases.
"""

from __future__ import annotations

import re
import tomllib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

from monitor.events import PARTIES, Cue, Party, Transcript

ONCE_IN_S = 20.0
"""A family adds its weight once in so long; heard again it is shown with weight 0."""
UTTERANCE_CAP = 3.0
"""One utterance adds at most so much, either way: one misheard sentence is no alert."""
NEGATION_REACH = 3
REPEAT_WITHIN_S = 180.0
REPEAT_RUN = 7
REPEAT_RATIO = 0.8
ASKED_WITHIN_S = 20.0

SELF_REPETITION = "repetition"
RELIEF = "thanks_relief"
ASKS_AGAIN = "asks_again"


def _words(line: str) -> tuple[str, ...]:
    return tuple(line.split())


_CONTRACTIONS = {
    "can't": "can not", "cant": "can not", "cannot": "can not", "won't": "will not",
    "wont": "will not", "ain't": "is not", "shan't": "shall not", "let's": "let us",
    "y'all": "you all", "gonna": "going to", "wanna": "want to", "gotta": "got to",
    "gimme": "give me", "lemme": "let me", "dunno": "do not know", "outta": "out of",
    "im": "i am", "ive": "i have", "youre": "you are", "youve": "you have", "theyre": "they are",
    "theyve": "they have", "weve": "we have", "thats": "that is", "its": "it is",
    "whats": "what is", "dont": "do not", "didnt": "did not", "doesnt": "does not",
    "isnt": "is not", "arent": "are not", "wasnt": "was not", "werent": "were not",
    "havent": "have not", "hasnt": "has not", "hadnt": "had not", "couldnt": "could not",
    "wouldnt": "would not", "shouldnt": "should not", "apologise": "apologize",
    "apologising": "apologizing", "realise": "realize", "cancelled": "canceled",
    "cancelling": "canceling", "okay": "ok", "alright": "all right", "til": "until",
    "cos": "because", "cuz": "because", "rang": "called", "ringing": "calling",
    "phoned": "called",
}  # fmt: skip
_IS = _words("it that this what there here he she who where how everything nobody")
_ENDINGS = {
    "n't": " not",
    "'m": " am",
    "'re": " are",
    "'ve": " have",
    "'ll": " will",
    "'d": " would",
}
_FILLERS = frozenset({"um", "erm", "er", "uhm", "umm", "em"})
_NUMBERS = _words(
    "zero one two three four five six seven eight nine ten eleven twelve first second third "
    "fourth fifth sixth seventh eighth ninth tenth twenty thirty forty fifty sixty ninety hundred "
    "couple several few many half dozen umpteenth nth"
)
_DIGITS = dict(zip(_words("0 1 2 3 4 5 6 7 8 9 10 11 12"), _NUMBERS, strict=False)) | dict(
    zip(_words("1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th"), _NUMBERS[13:], strict=False)
)
_NEGATORS = frozenset({"not", "never", "hardly", "without", "neither"})
_COMMON = _words(
    "a an and are as at be been but by can could did do does for from get go got had has have he "
    "her him his how i if in is it just know like me my no not of oh ok on or our out right she so "
    "that the them then there they this to up was we well were what when will with would yeah yes "
    "you your am going think mean"
)
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_CLAUSE = re.compile(r"[,.;:!?()]|\s[-–—]\s|…")
_PATTERN = re.compile(r"\s*(<[\w ]+>|\.\.\.|[()\[\]|#]|_(?!\w)|[^\s()\[\]|<>#]+)")


class PhraseError(ValueError):
    """A phrase file cannot be used; the message names the family and the phrase."""


class Token(NamedTuple):
    """One normalised word and the characters of the text it comes from."""

    text: str
    start: int
    stop: int
    clause: bool  # the first of its clause


def _expand(word: str) -> str:
    word = _CONTRACTIONS.get(word, word)
    for ending, full in _ENDINGS.items():
        if word.endswith(ending):
            return word[: -len(ending)] + full
    if word.endswith("'s") and word[:-2] in _IS:
        return f"{word[:-2]} is"
    return _DIGITS.get(word, word.replace("'", ""))


def tokens(text: str) -> list[Token]:
    """The words of a text as phrases see them; a stuttered "I I I" is one token."""
    out: list[Token] = []
    text = text.replace("’", "'").replace("‘", "'").replace("`", "'")
    end = 0
    for match in _TOKEN.finditer(text):
        clause = end == 0 or _CLAUSE.search(text, end, match.start()) is not None
        end = match.end()
        for part in _expand(match.group().lower()).split():
            if part in _FILLERS:
                continue
            if out and out[-1].text == part and not part.isdigit() and part not in _NUMBERS:
                out[-1] = out[-1]._replace(stop=match.end())
                continue
            out.append(Token(part, match.start(), match.end(), clause))
            clause = False
    return out


def normalise(text: str) -> str:
    """Lower case, no punctuation, contractions spelt out, fillers and stutters gone."""
    return " ".join(token.text for token in tokens(text))


# ---- the pattern language ------------------------------------------------------


class _Compiler:
    """Recursive descent over one phrase. Grammar: the head of models/phrases/en.toml."""

    def __init__(self, lists: Mapping[str, list[str]]) -> None:
        self._lists = lists
        self._ready: dict[str, str] = {}
        self._open: set[str] = set()

    def phrase(self, source: str) -> str:
        parts: list[str] = []
        at = 0
        while at < len(source.rstrip()):
            match = _PATTERN.match(source, at)
            if match is None:
                raise PhraseError(f"cannot read {source[at:].strip()!r}")
            parts.append(match.group(1))
            at = match.end()
        parts.reverse()
        regex = self._choice(parts)
        if parts:
            raise PhraseError(f"unexpected {parts[-1]!r}")
        return regex

    def _choice(self, rest: list[str]) -> str:
        options = [self._sequence(rest)]
        while rest and rest[-1] == "|":
            rest.pop()
            options.append(self._sequence(rest))
        if not all(options):
            raise PhraseError("an empty phrase or alternative")
        return options[0] if len(options) == 1 else f"(?:{'|'.join(options)})"

    def _sequence(self, rest: list[str]) -> str:
        out: list[str] = []
        while rest and rest[-1] not in ("|", ")", "]"):
            out.append(self._item(rest.pop(), rest))
        return "".join(out)

    def _item(self, part: str, rest: list[str]) -> str:
        if part in ("(", "["):
            inner = self._choice(rest)
            closing = ")" if part == "(" else "]"
            if not rest or rest.pop() != closing:
                raise PhraseError(f"{closing!r} is missing")
            return f"(?:{inner}){'?' if part == '[' else ''}"
        if part == "...":
            return r"(?:\S+ ){0,4}?"
        if part == "_":
            return r"\S+ "
        if part == "#":
            return rf"(?:\d+|{'|'.join(_NUMBERS)}) "
        if part.startswith("<"):
            return self._list(part[1:-1])
        if part.endswith("*"):
            return re.escape(part[:-1].lower()) + r"\S* "
        words = normalise(part)
        if not words:
            raise PhraseError(f"cannot read {part!r}")
        return re.escape(words).replace(r"\ ", " ") + " "

    def _list(self, name: str) -> str:
        if name not in self._lists:
            raise PhraseError(
                f"no list <{name}>; there is: {', '.join(sorted(self._lists)) or 'none'}"
            )
        if name not in self._ready:
            if name in self._open:
                raise PhraseError(f"list <{name}> contains itself")
            self._open.add(name)
            options = "|".join(self.phrase(source) for source in self._lists[name])
            self._ready[name] = f"(?:{options})"
        return self._ready[name]

    def any_of(self, sources: list[str]) -> re.Pattern[str]:
        return re.compile(r"(?<!\S)(?:" + "|".join(self.phrase(s) for s in sources) + ")")


@dataclass(frozen=True, slots=True)
class Family:
    """One phrase family, ready to be listened for."""

    name: str
    party: Party
    weight: float
    shown: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    negatable: bool
    whole: bool
    yields_to: tuple[str, ...]

    def find(self, heard: list[Token]) -> tuple[int, int] | None:
        """First and one past the last token of the first match that stands, or None."""
        text = "".join(f"{token.text} " for token in heard)
        starts: dict[int, int] = {}
        at = 0
        for index, token in enumerate(heard):
            starts[at] = index
            at += len(token.text) + 1
        starts[at] = len(heard)
        if self.whole:
            return (0, len(heard)) if heard and self.pattern.fullmatch(text) else None
        barred = [m.span() for m in self.unless.finditer(text)] if self.unless else []
        for match in self.pattern.finditer(text):
            start, stop = match.span()
            if any(a < stop and start < b for a, b in barred):
                continue
            first = starts[start]
            if self.negatable and _negated(heard, first):
                continue
            return first, starts[stop]
        return None


def _negated(heard: list[Token], first: int) -> bool:
    for back in range(1, NEGATION_REACH + 1):
        at = first - back
        if at < 0 or heard[at + 1].clause:
            return False
        if heard[at].text in _NEGATORS or (back == 1 and heard[at].text == "no"):
            return True
    return False


_KEYS = frozenset(
    {"party", "weight", "shown", "phrases", "unless", "negatable", "whole", "yields_to"}
)


@dataclass(frozen=True, slots=True)
class Phrases:
    """The families of one language. Shared by all calls; nothing in it changes."""

    language: str
    families: tuple[Family, ...]

    @classmethod
    def parse(cls, text: str) -> Phrases:
        """From the text of a phrase file. Raises PhraseError, naming family and phrase."""
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PhraseError(f"not valid TOML: {error}") from error
        compiler = _Compiler(data.get("lists", {}))
        families = [_family(name, raw, compiler) for name, raw in data.get("family", {}).items()]
        if not families:
            raise PhraseError("no [family.…] in the file")
        return cls(str(data.get("language", "")), tuple(families))

    @classmethod
    def load(cls, path: Path) -> Phrases:
        """From a file. Raises OSError when it cannot be read, PhraseError when it is wrong."""
        return cls.parse(path.read_text(encoding="utf-8"))

    def __getitem__(self, name: str) -> Family:
        for family in self.families:
            if family.name == name:
                return family
        known = ", ".join(sorted(f.name for f in self.families))
        raise KeyError(f"no phrase family {name!r}; there is: {known}")

    def of(self, party: Party) -> Iterator[Family]:
        return (family for family in self.families if family.party == party)

    def shown(self, name: str) -> str:
        """How a reason of this family reads; the name itself for an unknown one."""
        return next((f.shown for f in self.families if f.name == name), name.replace("_", " "))


def _family(name: str, raw: dict[str, Any], compiler: _Compiler) -> Family:
    if unknown := sorted(raw.keys() - _KEYS):
        raise PhraseError(f"family {name}: unknown key {unknown[0]!r}")
    party = raw.get("party")
    if party not in PARTIES:
        raise PhraseError(f"family {name}: party must be one of {', '.join(PARTIES)}")
    weight = float(raw.get("weight", 0.0))
    if party == "agent" and weight:
        raise PhraseError(f"family {name}: an agent's words have no weight in the mood")
    sources: list[str] = raw.get("phrases", [])
    if not sources:
        raise PhraseError(f"family {name}: no phrases")
    for source in [*sources, *raw.get("unless", [])]:
        try:
            compiler.phrase(source)
        except PhraseError as error:
            raise PhraseError(f"family {name}: {error} in {source!r}") from error
    return Family(
        name=name,
        party=party,
        weight=weight,
        shown=str(raw.get("shown", name.replace("_", " "))),
        pattern=compiler.any_of(sources),
        unless=compiler.any_of(raw["unless"]) if raw.get("unless") else None,
        negatable=bool(raw.get("negatable", False)),
        whole=bool(raw.get("whole", False)),
        yields_to=tuple(raw.get("yields_to", ())),
    )


# ---- listening -----------------------------------------------------------------


@dataclass(slots=True)
class _Said:
    t: float
    words: list[str]


@dataclass(slots=True)
class CueSpotter:
    """The cues of one call, as its transcripts arrive."""

    phrases: Phrases
    _counted: dict[str, float] = field(default_factory=dict)
    _said: deque[_Said] = field(default_factory=lambda: deque(maxlen=12))
    _asked_t: float = float("-inf")

    def transcript(self, tr: Transcript, t: float) -> list[Cue]:
        """Cues of one final transcript that arrived at audio time ``t``, s.

        The weight of a cue is that of its family times the transcript's confidence;
        0 when the family was counted less than ONCE_IN_S before.
        """
        heard = tokens(tr.text)
        found: dict[str, tuple[int, int]] = {}
        for family in self.phrases.of(tr.party):
            if span := family.find(heard):
                found[family.name] = span
        for name in [n for n in found if any(y in found for y in self.phrases[n].yields_to)]:
            del found[name]
        if tr.party == "customer":
            if not found.keys() & {SELF_REPETITION, RELIEF} and (
                span := self._repeats(heard, tr.t0)
            ):
                found[SELF_REPETITION] = span
            self._said.append(_Said(tr.t0, [token.text for token in heard]))
        elif ASKS_AGAIN in found:
            self._asked_t = tr.t1
        return self._weighed(tr, t, heard, found)

    def _weighed(
        self, tr: Transcript, t: float, heard: list[Token], found: dict[str, tuple[int, int]]
    ) -> list[Cue]:
        cues: list[Cue] = []
        total = 0.0
        weight_of = {f.name: f.weight for f in self.phrases.families}
        for name in sorted(found, key=lambda n: -abs(weight_of.get(n, 0.0))):
            first, stop = found[name]
            start, end = heard[first].start, heard[stop - 1].stop
            t0, t1 = _times(tr, start, end)
            weight = weight_of.get(name, 0.0) * min(max(tr.confidence, 0.0), 1.0)
            if weight:
                if t0 - self._counted.get(name, float("-inf")) < ONCE_IN_S:
                    weight = 0.0
                else:
                    self._counted[name] = t0
            capped = min(max(total + weight, -UTTERANCE_CAP), UTTERANCE_CAP)
            weight, total = capped - total, capped
            cues.append(
                Cue(
                    t=t,
                    family=name,
                    party=tr.party,
                    t0=t0,
                    t1=t1,
                    text=tr.text[start:end],
                    weight=round(weight, 3),
                )
            )
        return cues

    def _repeats(self, heard: list[Token], t0: float) -> tuple[int, int] | None:
        """A stretch the customer said before, nearly word for word; None when asked to."""
        if t0 - self._asked_t < ASKED_WITHIN_S or len(heard) < REPEAT_RUN:
            return None
        words = [token.text for token in heard]
        for before in self._said:
            if t0 - before.t > REPEAT_WITHIN_S or len(before.words) < REPEAT_RUN:
                continue
            matcher = SequenceMatcher(None, before.words, words, autojunk=False)
            run = matcher.find_longest_match()
            if run.size >= REPEAT_RUN and _content(words[run.b : run.b + run.size]):
                return run.b, run.b + run.size
            if matcher.ratio() >= REPEAT_RATIO and _content(words):
                return 0, len(words)
        return None


def _content(words: list[str]) -> bool:
    """Enough to have been meant: reading a number back is no repetition."""
    return len({w for w in words if w not in _COMMON and w not in _NUMBERS and w.isalpha()}) >= 3


def _times(tr: Transcript, start: int, stop: int) -> tuple[float, float]:
    """Audio times, s, of the characters start..stop of the transcript's text."""
    at = 0
    inside: list[tuple[float, float]] = []
    for word in tr.words:
        text = word.text.strip()
        found = tr.text.find(text, at)
        if found < 0:
            continue
        at = found + len(text)
        if found < stop and at > start:
            inside.append((word.t0, word.t1))
    if inside:
        return inside[0][0], inside[-1][1]
    per_char_s = (tr.t1 - tr.t0) / max(len(tr.text), 1)
    return round(tr.t0 + start * per_char_s, 3), round(tr.t0 + stop * per_char_s, 3)
