"""Words as phrases see them: one spelling for all the ways of saying the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple


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
    "phoned": "called", "rung": "called", "onto": "on to", "into": "in to", "anymore": "any more",
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
NUMBERS = _words(
    "zero one two three four five six seven eight nine ten eleven twelve first second third "
    "fourth fifth sixth seventh eighth ninth tenth twenty thirty forty fifty sixty ninety hundred "
    "couple several few many half dozen umpteenth nth"
)
_DIGITS = dict(zip(_words("0 1 2 3 4 5 6 7 8 9 10 11 12"), NUMBERS, strict=False)) | dict(
    zip(_words("1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th"), NUMBERS[13:], strict=False)
)
COMMON = _words(
    "a an and are as at be been but by can could did do does for from get go got had has have he "
    "her him his how i if in is it just know like me my no not of oh ok on or our out right she so "
    "that the them then there they this to up was we well were what when will with would yeah yes "
    "you your am going think mean"
)
"""Words that say nothing by themselves."""
_ABOUT_NOTHING = frozenset(COMMON) | frozenset(NUMBERS) | frozenset(_words(
    "about actually again all already also always another any anybody anyone anything around ask "
    "away back because before being bit both bye call called calling came come day done even ever "
    "every everything fine first give going gonna good great guess hello help here hi hold into "
    "issue kind last least let like line little look lot lots make many matter may maybe mean "
    "might minute moment more morning most much must name need never new next nothing now off okay "
    "one only other over own people perhaps phone please point possible pretty problem put quite "
    "rather really said same saw say says see seem seems shall should since someone something "
    "sometimes soon sorry sort speak still stuff such sure take talk tell than thank thanks that "
    "their theirs these thing things think those though through time times today told tomorrow too "
    "took try trying until use used using usually very want wanted way week weeks while who whole "
    "why wonder work working worked yesterday yet yours across after against between during each "
    "either else enough few under upon us which whose without within where wherever however "
    "might ought once ones able myself yourself itself cause got getting goes gone keep kept "
    "understand question obviously basically certainly definitely course correct absolutely"
))  # fmt: skip
"""What every call is full of, and no call is about."""
_WORD_ENDINGS = ("ies", "ing", "ed", "es", "s", "d", "e", "y")
_STEM_LETTERS = 4
_TELLING_LETTERS = 3
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_GLANCE_WORDS = 8
_SENTENCE_END = re.compile(r"[.!?…]+[\"')\]]*\s+")
_NO_SENTENCE_END = re.compile(
    r"\b(?i:mr|mrs|ms|dr|prof|st)\.\s+"
    r"|(?<![^\W\d_])(?i:a\.m|p\.m|e\.g|i\.e|vs)\.\s+(?=[a-z\d])"
    r"|(?<=[\w,]\s)(?i:no|nos|ext)\.\s+(?=\d)"
)
"""A title; "5 p.m. on Friday", where no new sentence begins; "order no. 5", but "No. 5 of them"."""
_CLAUSE = re.compile(r"[,.;:!?()]|\s[-–—]\s|…")


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
            if out and out[-1].text == part and not part.isdigit() and part not in NUMBERS:
                out[-1] = out[-1]._replace(stop=match.end())
                continue
            out.append(Token(part, match.start(), match.end(), clause))
            clause = False
    return out


def sentences(text: str) -> list[tuple[int, int]]:
    """First and one past the last character of each sentence, as it is punctuated."""
    within = {point.end() for point in _NO_SENTENCE_END.finditer(text)}
    ends = [end.end() for end in _SENTENCE_END.finditer(text)]
    spans = pairwise([0, *(end for end in ends if end not in within), len(text)])
    return [(start, stop) for start, stop in spans if _TOKEN.search(text, start, stop)]


def short(text: str) -> str:
    """The beginning of a text, short enough for one glance."""
    said = text.split()
    begin = " ".join(said[:_GLANCE_WORDS]).strip(" ,.;:")
    return f"{begin} …" if len(said) > _GLANCE_WORDS else begin


def normalise(text: str) -> str:
    """Lower case, no punctuation, contractions spelt out, fillers and stutters gone."""
    return " ".join(token.text for token in tokens(text))


def stem(word: str) -> str:
    """A word without its endings, for a telephone loses those: bills, billed, billing -> bil."""
    while True:
        for ending in _WORD_ENDINGS:
            keep = _TELLING_LETTERS if ending == "s" else _STEM_LETTERS
            if word.endswith(ending) and len(word) - len(ending) >= keep:
                word = word.removesuffix(ending)
                break
        else:
            return word[:-1] if len(word) > _TELLING_LETTERS and word[-1] == word[-2] else word


def telling(words: Iterable[str]) -> frozenset[str]:
    """Stems of the words that say what is talked about; ``words`` as ``tokens`` gives them."""
    return frozenset(
        stemmed
        for word in words
        if len(word) >= _TELLING_LETTERS
        and word.isalpha()
        and not {word, stemmed := stem(word)} & _ABOUT_NOTHING
    )
