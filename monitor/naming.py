"""The customer's name: told by the source or heard, and how often the agent says it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from monitor.events import Transcript
from monitor.misheard import distance
from monitor.wording import NUMBERS

ASKED_WITHIN_S = 15.0
"""A name that is given so shortly after the agent asked for one is the customer's."""
INTRODUCES_WITHIN_S = 40.0
"""So early in the call "this is …" and "it's …" are how somebody says who calls."""
ASKS_ELSE_WORDS = 3
"""With so many words the agent has gone on to ask for the address."""
NAME_WORDS = 3
USES = 16
LONG = 7
"""Letters from which two may be wrong in a name that was misheard, else one."""
SHORTEST_NEAR = 4
"""Shorter names are taken only as they are written: Ann, Lee, Joe."""


def _set(line: str) -> frozenset[str]:
    return frozenset(line.split())


_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mister", "missus", "doctor", "dr", "sir", "madam"})
_WORDS_TOO = _set(
    "amber angel april art august autumn baker bay bell berry bill black bond bright brook "
    "brown buck carol case chance chase chip church clay cliff cook cooper cross dale dawn "
    "day dean dick dot drew earl early england eve faith ferry field fields fish flower ford "
    "forest fox france frank gale gay gene glad glen grace grant gray green grey guy hall "
    "hardy harry hazel heath heather high hill holly honor hope house hunt hunter ivy jack "
    "jade jean jewel jim john joy june justice key king knight lake lance lane law little "
    "long love major mark marsh mason matt may mercy mike mill miller min moon more nick "
    "noble norm olive page park parker pat pearl penny pepper peter pierce piper poppy "
    "porter price prince rain ray read reed rich robin rock rob rose rosemary ruby rush "
    "rusty sandy savage shade sharp short skip small song stone sue summer sunny swift "
    "tailor taylor terry tim tom tony town trip victor violet wade walker ward waters way "
    "wells west white wild will willow winter wise wolf wood woods young"
)
"""Names that are words too: they count as a name only where one calls somebody by it."""
_NO_NAME = _set(
    "a about account actually again ah alright also american an and arabic asian at "
    "australian bank because bloody both boy british but bye calling can canadian capital "
    "catholic cheers chinese christian christmas cool correct crazy customer day dear "
    "december do dutch english european excuse february fine first for france french friday "
    "german god good goodbye great ha he hello her here hey hi his hiya hm hmm how i if in "
    "indian international irish is it italian january japanese jesus jewish jul july just "
    "last let like listen london look lord ma'am maam manager maybe mhm mine mm mmm monday "
    "mum muslim my name no nope not november october of oh ok okay on one only or order "
    "perfect please polish pretty probably really right saturday scottish second see "
    "september she so some somebody someone sorry spain spanish speak speaking still sunday "
    "support sure swiss thank thanks that that's the then there these they this thursday to "
    "today tomorrow tuesday two uh uk um unbelievable us usa we wednesday well welsh what "
    "when where which who why with yeah yep yes yesterday you your"
)
"""Words with a capital that are nobody's name."""
_NUMBERS = frozenset(NUMBERS) | _set(
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen seventy eighty thousand march "
    "eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth "
    "twentieth thirtieth oh double triple"
)
"""Who is asked for a name often gives the date of birth with it."""
_ASKS = re.compile(
    r"\b(?:your (?:\w+ ){0,3}name|who am i (?:speaking|talking)|who do i have|who's calling"
    r"|who is calling|(?:get|have|take|catch) (?:a|the) name|name,? please|name for you)\b",
    re.IGNORECASE,
)
_MINE = re.compile(
    r"\b(?:my|the|full|first|last|sur)\s*(?:full |first |last |sur)?name"
    r"(?:'s|’s|s|\s+is|\s+would be)\b"
    r"(?:[,:]?\s+(?:um|uh|er|it's|is))*",
    re.IGNORECASE,
)
_THIS_IS = re.compile(
    r"(?:^|[.,!?;]\s+|\b(?:hi|hello|hey|morning|evening|afternoon|yeah|yes)\s+)"
    r"(?:this is|it's|it’s|it is|i'm|i’m|i am)\b",
    re.IGNORECASE,
)
_PRONOUNS = _set("i it that we you he she they there what here who where")
_AFTER = frozenset({"calling", "here", "speaking", "from", "ringing"})
_CONFIRMS = re.compile(
    r"\b(?:am i (?:speaking|talking) (?:to|with)|is (?:this|that)|(?:speak|talk) (?:to|with))\b",
    re.IGNORECASE,
)
_YES = frozenset(
    {"yes", "yeah", "yep", "yup", "correct", "it", "that", "that's", "speaking", "it's"}
)
_GREETS = frozenset({"hi", "hello", "hey", "thanks", "you", "ok", "okay", "sorry", "right", "dear"})
_SELF = frozenset({"i'm", "am", "is", "name's"})
_ALIKE = str.maketrans({"c": "k", "q": "k", "g": "k", "z": "s", "d": "t", "b": "p", "v": "f"})


class _Word(NamedTuple):
    """A word of a text as a name may be: its letters, and how it stands there."""

    letters: str  # lower case, without 's
    capital: bool
    opens: bool  # the first of its clause
    closes: bool  # the last of its clause
    first: bool  # the first of the text or of a sentence: its capital says nothing
    start: int
    stop: int


def _words(text: str) -> list[_Word]:
    found = list(_WORD.finditer(text))
    out: list[_Word] = []
    for at, match in enumerate(found):
        before = text[found[at - 1].end() if at else 0 : match.start()]
        after = text[match.end() : found[at + 1].start() if at + 1 < len(found) else len(text)]
        last = at + 1 == len(found)
        raw = match.group().rstrip(".")
        dotted = match.group().endswith(".") and raw.lower() not in _TITLES
        ended = bool(out) and out[-1].closes and text[out[-1].stop - 1] == "."
        out.append(
            _Word(
                letters=re.sub(r"['’]s$", "", raw.lower()).replace("’", "'"),
                capital=raw[0].isupper(),
                opens=at == 0 or ended or any(c in before for c in ",.;:!?()"),
                closes=last or dotted or any(c in after for c in ",.;:!?()"),
                first=at == 0 or ended or any(c in before for c in ".!?"),
                start=match.start(),
                stop=match.end(),
            )
        )
    return out


def _sound(letters: str) -> str:
    """Roughly how it sounds on the phone: its consonants, those that are mixed up as one."""
    folded = letters.replace("ph", "f").replace("ck", "k").replace("ch", "k").translate(_ALIKE)
    kept = [c for at, c in enumerate(folded) if at == 0 or c not in "aeiouhwy'-"]
    return "".join(c for at, c in enumerate(kept) if at == 0 or kept[at - 1] != c)


class Naming:
    """The name of one call's customer. Times are audio time, s.

    A name told by the source is known from the start; one that is heard, once it was said.
    Both are kept: whoever calls may be the wife of the account's holder.
    """

    def __init__(self, told: str = "") -> None:
        self.name = " ".join(w for w in told.split() if w.strip(".").lower() not in _TITLES)
        """As told by the source, else as heard; empty: unknown."""
        self.since: float | None = 0.0 if self.name else None
        self.used: deque[float] = deque(maxlen=USES)
        """When the agent said it."""
        self._parts = set(_parts(self.name))
        self._heard = False
        self._asked_t = float("-inf")
        self._supposed = ""

    def transcript(self, tr: Transcript) -> None:
        """The final words of one utterance, in the order in which they come."""
        words = _words(tr.text)
        if not words:
            return
        if tr.party == "customer":
            self._listen(tr, words)
            return
        if _ASKS.search(tr.text):
            self._asked_t = tr.t1
        elif len(words) >= ASKS_ELSE_WORDS:
            self._asked_t = float("-inf")
        if self._parts and _says(words, self._parts):
            self.used.append(tr.t0)
        elif not self.name and (match := _CONFIRMS.search(tr.text)):
            self._supposed = _run(words, match.end())[0]

    def _listen(self, tr: Transcript, words: Sequence[_Word]) -> None:
        name = "" if self._heard else self._introduced(tr, words)
        if not name and words[0].letters in _YES:
            name = self._supposed
        self._supposed = ""
        if not name:
            return
        self._heard = True
        self._parts |= set(_parts(name))
        if not self.name:
            self.name, self.since = name, tr.t1

    def _introduced(self, tr: Transcript, words: Sequence[_Word]) -> str:
        """The name that the customer gives here, or nothing."""
        if match := _MINE.search(tr.text):
            return _run(words, match.end())[0]
        if tr.t0 - self._asked_t <= ASKED_WITHIN_S:
            runs = [_run(words, word.start)[0] for word in _before_numbers(tr.text, words)]
            return max(runs, key=lambda run: len(run.split()), default="")
        if tr.t0 > INTRODUCES_WITHIN_S:
            return ""
        if match := _THIS_IS.search(tr.text):
            name, after = _run(words, match.end())
            if name and (words[after - 1].closes or words[after].letters in _AFTER):
                return name
        for word in words:
            if word.opens:
                name, after = _run(words, word.start)
                if name and after < len(words) and words[after].letters in _AFTER - {"from"}:
                    return name
        return ""


def _before_numbers(text: str, words: Sequence[_Word]) -> list[_Word]:
    """What stands before the first number: behind it comes a date of birth or a street."""
    digit = re.search(r"\d", text)
    end = digit.start() if digit is not None else len(text)
    number = next((w.start for w in words if w.letters in _NUMBERS), end)
    return [word for word in words if word.start < min(end, number)]


def _says(words: Sequence[_Word], parts: Set[str]) -> bool:
    """The agent calls the customer by one of these names, or says it of them."""
    return any(
        _is_name(words, at, parts) and not _introduces_self(words, at) for at in range(len(words))
    )


def _is_name(words: Sequence[_Word], at: int, parts: Set[str]) -> bool:
    word = words[at]
    titled = at > 0 and words[at - 1].letters in _TITLES
    greeted = at > 0 and words[at - 1].letters in _GREETS
    called = titled or (word.closes and (word.opens or greeted))
    if word.letters in parts:
        return called or word.letters not in _WORDS_TOO or (word.capital and not word.first)
    if not word.capital or (word.first and not called) or _no_name(word.letters):
        return False
    return any(_near(word.letters, part, called=called) for part in parts)


def _no_name(letters: str) -> bool:
    return (
        letters in _NO_NAME
        or letters in _NUMBERS
        or letters in _TITLES
        or letters.split("'")[0] in _PRONOUNS
    )


def _introduces_self(words: Sequence[_Word], at: int) -> bool:
    """ "My name is Maria", "you're speaking with Maria": the agent's own."""
    before = [w.letters for w in words[max(0, at - 4) : at]]
    if not before or words[at].opens:
        return False
    if before[-1] in _SELF:
        return before[-1] in ("i'm", "name's") or before[-2:-1] in (["i"], ["name"], ["this"])
    return before[-1] in ("with", "to") and ("you're" in before or "are" in before)


def _near(heard: str, part: str, *, called: bool) -> bool:
    """Whether a recogniser may have written ``heard`` for the name ``part``."""
    if min(len(heard), len(part)) < SHORTEST_NEAR:
        return False
    most = 2 if min(len(heard), len(part)) >= LONG else 1
    if heard[0] == part[0] and distance(heard, part, most) <= most:
        return True
    key = _sound(heard)
    return key == _sound(part) and len(key) >= (2 if called else 3)


def _parts(name: str) -> Iterator[str]:
    """The words of a name that somebody may be called by."""
    for word in re.split(r"[\s-]+", name):
        letters = word.strip(".,'’").lower()
        if len(letters) > 1 and letters not in _TITLES:
            yield letters


def _run(words: Sequence[_Word], since: int) -> tuple[str, int]:
    """The name that begins at that character, up to NAME_WORDS words with a capital (a title
    is left out), and the index of the word behind it."""
    name: list[str] = []
    at = next((at for at, word in enumerate(words) if word.start >= since), len(words))
    while at < len(words):
        word = words[at]
        at += 1
        if word.letters in _TITLES and not name:
            continue
        if not word.capital or len(word.letters) < 2 or _no_name(word.letters):
            return " ".join(name), at - 1
        name.append(word.letters.title())
        if word.closes or len(name) == NAME_WORDS:
            break
    return " ".join(name), at
