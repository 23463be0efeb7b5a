"""Words that only say "I hear you, go on"."""

from __future__ import annotations

from monitor.events import Transcript

WORDS_MARGIN_S = 0.3

BACKCHANNEL_WORDS = frozenset(
    [
        *("absolutely", "ah", "aha", "all", "alright", "cool", "course", "exactly", "fine"),
        *("good", "got", "gotcha", "great", "hm", "hmm", "huh", "i", "indeed", "it", "know"),
        *("lovely", "mhm", "mm", "mmhm", "mmhmm", "mmm", "nice", "of", "oh", "ok", "okay"),
        *("perfect", "really", "right", "see", "sure", "true", "uh", "uhhuh", "um"),
        *("understand", "wow", "ya", "yeah", "yep", "yes", "yup"),
    ]
)
"""Words of which English backchannels are made ("oh I see", "of course", "got it")."""
BESIDE = frozenset(["no"])
"""Words that agree beside one of those ("no, sure"), and contradict alone."""


def only_backchannels(words: list[str]) -> bool:
    """Whether nothing is said but "mm-hm", "yeah, okay", "I see" … (at most 6 words)."""
    bare = {part for word in words for part in _letters(word).split()}
    said = sum(len(_letters(word).split()) for word in words)
    return 0 < said <= 6 and bare <= BACKCHANNEL_WORDS | BESIDE and not bare <= BESIDE


def _letters(word: str) -> str:
    return "".join(c if c.isalpha() else " " for c in word.lower().replace("'", ""))


def said_only_backchannels(tr: Transcript, from_s: float, to_s: float) -> bool:
    """Whether the words said between two audio times are known, and only backchannels."""
    t0, t1 = from_s - WORDS_MARGIN_S, to_s + WORDS_MARGIN_S
    if tr.t1 <= from_s or tr.t0 >= to_s:
        return False
    if tr.words:
        return only_backchannels([word.text for word in tr.words if word.t1 > t0 and word.t0 < t1])
    inside = tr.t0 >= t0 and tr.t1 <= t1
    return inside and only_backchannels(tr.text.split())
