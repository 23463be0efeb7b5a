"""Phrase families: a small pattern language that a supervisor can edit, compiled.

The families are data (``models/phrases/*.toml``, which explains the language): each
one is compiled to a single regular expression over normalised text, in which every
token is followed by one space. That one rule makes optional words and alternatives
concatenate without special cases.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.events import PARTIES, Party
from monitor.misheard import Misheard
from monitor.wording import NUMBERS, Token, normalise

NEGATION_REACH = 3
_NEGATORS = frozenset({"not", "never", "hardly", "without", "neither"})
_PATTERN = re.compile(r"\s*(<[\w ]+>|\.\.\.|[()\[\]|#]|_(?!\w)|[^\s()\[\]|<>#]+)")


_ARTICLES = frozenset({"a", "an", "the"})
_ENDINGS = ("ing", "ed", "es", "e", "s", "d")
_FREE_WORD = 5
_FREE_STEM = 4
"""Letters. Shorter ones belong to several words, and "the third time" is not "three times"."""


def _forms(word: str) -> str:
    """A word of a phrase as a regular expression over what may be heard of it.

    On a telephone the ends of words go first ("they charge me twice"), and so does which
    article it was. So a regular ending counts as any other or none.
    """
    if word in _ARTICLES:
        return "(?:a|an|the)"
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _FREE_STEM and not (ending == "s" and stem[-1] in "su"):
            break
    else:
        stem = word
    if len(word) < _FREE_WORD or not stem.isalpha():
        return re.escape(word)
    return rf"{stem}(?:e|es|s|ed|d|ing)?"


class PhraseError(ValueError):
    """A phrase file cannot be used; the message names the family and the phrase."""


class _Compiler:
    """Recursive descent over one phrase. Grammar: the head of models/phrases/en.toml."""

    def __init__(self, lists: Mapping[str, list[str]], *, exact: bool) -> None:
        self._lists = lists
        self._exact = exact
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
            return rf"(?:\d+|{'|'.join(NUMBERS)}) "
        if part.startswith("<"):
            return self._list(part[1:-1])
        if part.endswith("*"):
            return re.escape(part[:-1].lower()) + r"\S* "
        words = normalise(part)
        if not words:
            raise PhraseError(f"cannot read {part!r}")
        forms = re.escape if self._exact else _forms
        return "".join(f"{forms(word)} " for word in words.split())

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
    in_anger: str | None
    by_meaning: bool

    def find(self, heard: list[Token]) -> tuple[int, int] | None:
        """First and one past the last token of the first match that stands, or None."""
        return next(self.finds(heard), None)

    def finds(self, heard: list[Token]) -> Iterator[tuple[int, int]]:
        """First and one past the last token of each match that stands."""
        text = "".join(f"{token.text} " for token in heard)
        starts: dict[int, int] = {}
        at = 0
        for index, token in enumerate(heard):
            starts[at] = index
            at += len(token.text) + 1
        starts[at] = len(heard)
        if self.whole:
            if heard and self.pattern.fullmatch(text):
                yield 0, len(heard)
            return
        barred = [m.span() for m in self.unless.finditer(text)] if self.unless else []
        for match in self.pattern.finditer(text):
            start, stop = match.span()
            if any(a < stop and start < b for a, b in barred):
                continue
            first = starts[start]
            if self.negatable and _negated(heard, first):
                continue
            yield first, starts[stop]


def _negated(heard: list[Token], first: int) -> bool:
    for back in range(1, NEGATION_REACH + 1):
        at = first - back
        if at < 0 or heard[at + 1].clause:
            return False
        if heard[at].text in _NEGATORS or (back == 1 and heard[at].text == "no"):
            return True
    return False


_KEYS = frozenset(
    {
        "party",
        "weight",
        "shown",
        "phrases",
        "unless",
        "negatable",
        "whole",
        "yields_to",
        "in_anger",
        "by_meaning",
    }
)


@dataclass(frozen=True, slots=True)
class Phrases:
    """The families of one language. Shared by all calls; nothing in it changes."""

    language: str
    families: tuple[Family, ...]
    misheard: Misheard

    @classmethod
    def parse(cls, text: str, *more: str) -> Phrases:
        """From the text of a phrase file, and of those that add lists and families to it.

        Raises PhraseError, naming family and phrase."""
        data = _read(text)
        for addition in map(_read, more):
            _add(data, addition)
        lists = data.get("lists", {})
        # What stands against a phrase must be heard as it is written.
        free, exact = _Compiler(lists, exact=False), _Compiler(lists, exact=True)
        families = [_family(name, raw, free, exact) for name, raw in data.get("family", {}).items()]
        if not families:
            raise PhraseError("no [family.…] in the file")
        names = {family.name for family in families}
        for family in families:
            for other in (*family.yields_to, *filter(None, [family.in_anger])):
                if other not in names:
                    raise PhraseError(f"family {family.name}: there is no family {other!r}")
        near = data.get("misheard", {})
        try:
            misheard = Misheard(near.get("words", []), near.get("real", []))
        except ValueError as error:
            raise PhraseError(f"misheard: {error}") from error
        return cls(str(data.get("language", "")), tuple(families), misheard)

    @classmethod
    def load(cls, path: Path) -> Phrases:
        """From a file, and those of the folder beside it that has its name: ``en.toml`` and
        ``en/*.toml``. Raises OSError when one cannot be read, PhraseError when it is wrong."""
        files = [path, *sorted(path.with_suffix("").glob("*.toml"))]
        return cls.parse(*(file.read_text(encoding="utf-8") for file in files))

    def __getitem__(self, name: str) -> Family:
        for family in self.families:
            if family.name == name:
                return family
        known = ", ".join(sorted(f.name for f in self.families))
        raise KeyError(f"no phrase family {name!r}; there is: {known}")

    @property
    def upset(self) -> frozenset[str]:
        """Names of the families that add to the customer's frustration."""
        return frozenset(f.name for f in self.families if f.weight > 0)

    def of(self, party: Party) -> Iterator[Family]:
        return (family for family in self.families if family.party == party)

    def shown(self, name: str) -> str:
        """How a reason of this family reads; the name itself for an unknown one."""
        return next((f.shown for f in self.families if f.name == name), name.replace("_", " "))


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PhraseError(f"not valid TOML: {error}") from error


def _add(data: dict[str, Any], addition: dict[str, Any]) -> None:
    for table in ("lists", "family"):
        known = data.setdefault(table, {})
        for name, value in addition.get(table, {}).items():
            if name in known:
                raise PhraseError(f"{table} {name} stands in two files")
            known[name] = value
    if unknown := sorted(addition.keys() - {"lists", "family"}):
        raise PhraseError(f"only lists and families can be added, not {unknown[0]!r}")


def _family(name: str, raw: dict[str, Any], free: _Compiler, exact: _Compiler) -> Family:
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
            exact.phrase(source)
        except PhraseError as error:
            raise PhraseError(f"family {name}: {error} in {source!r}") from error
    return Family(
        name=name,
        party=party,
        weight=weight,
        shown=str(raw.get("shown", name.replace("_", " "))),
        pattern=free.any_of(sources),
        unless=exact.any_of(raw["unless"]) if raw.get("unless") else None,
        negatable=bool(raw.get("negatable", False)),
        whole=bool(raw.get("whole", False)),
        yields_to=tuple(raw.get("yields_to", ())),
        in_anger=raw.get("in_anger"),
        by_meaning=bool(raw.get("by_meaning", False)),
    )
