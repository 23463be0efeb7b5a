"""Cues: the phrase families heard in one call's words."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from monitor.events import Cue, Transcript
from monitor.phrases import Phrases
from monitor.sense import Place, Sense
from monitor.wording import COMMON, NUMBERS, Token, normalise, tokens

__all__ = ["CueSpotter", "Phrases", "normalise"]

ONCE_IN_S = 20.0
"""A family adds its weight once in so long; heard again it is shown with weight 0."""
UTTERANCE_CAP = 3.0
"""One utterance adds at most so much, either way: one misheard sentence is no alert."""
TRUSTED = 0.6
"""Confidence from which a transcript's cues weigh in full. Errors of speech-to-text lose
phrases, they do not make them up: of 301 cues in 532 rendered telephone clips 300 stood in
the text that was spoken, and 26 of the 26 at confidences of .2 to .7."""
REPEAT_WITHIN_S = 180.0
REPEAT_RUN = 7
REPEAT_RATIO = 0.8
REPEAT_WORDS = 4
"""With three telling words ("I've been taking this boxing class") a story only goes on:
2 such in 6.8 h of calm consultations, none with four."""
ASKED_WITHIN_S = 20.0
ANGER_WEIGHT = 1.0
"""A family of so much weight is anger, for what a family counts as ``in_anger``."""
ANGER_WITHIN_S = 30.0

SELF_REPETITION = "repetition"
RELIEF = "thanks_relief"
ASKS_AGAIN = "asks_again"


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
    _angry_t: float = float("-inf")

    def transcript(self, tr: Transcript, t: float) -> list[Cue]:
        """Cues of one final transcript that arrived at audio time ``t``, s.

        The weight of a cue is that of its family, less where the transcript's confidence
        is below TRUSTED, and 0 when the family was counted less than ONCE_IN_S before.
        """
        heard = self.phrases.misheard.mend(tokens(tr.text))
        sense = Sense(tr, heard, self.phrases.upset)
        found: dict[str, Place] = {}
        for family in self.phrases.of(tr.party):
            if place := sense.place(family, family.finds(heard)):
                found[family.name] = place
        for name in [n for n in found if any(y in found for y in self.phrases[n].yields_to)]:
            del found[name]
        if tr.party == "customer":
            told = found.get(SELF_REPETITION)
            if (
                RELIEF not in found
                and (told is None or told.by == "meaning")
                and (span := self._repeats(heard, tr.t0))
            ):
                found[SELF_REPETITION] = Place(*span)
            self._said.append(_Said(tr.t0, [token.text for token in heard]))
            self._in_anger(found, tr.t0)
        elif ASKS_AGAIN in found:
            self._asked_t = tr.t1
        return self._weighed(tr, t, heard, found)

    def _in_anger(self, found: dict[str, Place], t0: float) -> None:
        """A calm caller may ask for the same thing: rename what anger makes a threat."""
        if any(self.phrases[n].weight * found[n].sure >= ANGER_WEIGHT for n in found):
            self._angry_t = t0
        if t0 - self._angry_t <= ANGER_WITHIN_S:
            for name in list(found):
                if (threat := self.phrases[name].in_anger) is not None:
                    found.setdefault(threat, found.pop(name))

    def _weighed(
        self, tr: Transcript, t: float, heard: list[Token], found: dict[str, Place]
    ) -> list[Cue]:
        cues: list[Cue] = []
        total = 0.0
        weight_of = {f.name: f.weight for f in self.phrases.families}
        for name in sorted(found, key=lambda n: -abs(weight_of.get(n, 0.0))):
            place = found[name]
            start, end = heard[place.first].start, heard[place.stop - 1].stop
            t0, t1 = _times(tr, start, end)
            weight = weight_of.get(name, 0.0) * min(max(tr.confidence / TRUSTED, 0.0), 1.0)
            weight *= place.sure
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
                    by=place.by,
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
    return (
        len({w for w in words if w not in COMMON and w not in NUMBERS and w.isalpha()})
        >= REPEAT_WORDS
    )


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
