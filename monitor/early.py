"""Cues heard in partial words: told at once as likely, then kept or taken back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from monitor.cues import ONCE_IN_S, CueSpotter
from monitor.events import Cue, Transcript
from monitor.phrases import Phrases

OPEN = 8
"""Utterances whose final may still come; one whose decoding failed never gets one."""


class EarlyCues:
    """What the customer's partial words have raised. Only what adds to their frustration:
    relief can wait, and half a sentence of thanks may end otherwise ("thanks for nothing")."""

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases
        self._likely: OrderedDict[int, dict[str, Cue]] = OrderedDict()

    def partial(self, tr: Transcript, t: float, known: Iterable[Cue]) -> list[Cue]:
        """Cues that are new in these partial words; a family that is among the ``known``
        of the last ``ONCE_IN_S`` is left to the final."""
        counted = {cue.family for cue in known if cue.weight and tr.t1 - cue.t0 < ONCE_IN_S}
        told = self._likely.setdefault(tr.utterance, {})
        new = [
            cue.model_copy(update={"status": "likely"})
            for cue in CueSpotter(self._phrases).transcript(tr, t)
            if cue.weight > 0 and cue.family not in counted and cue.family not in told
        ]
        told.update({cue.family: cue for cue in new})
        if len(self._likely) > OPEN:
            self._likely.popitem(last=False)
        return new

    def final(self, tr: Transcript, t: float) -> tuple[set[str], list[Cue]]:
        """The families that were told already and have a phrase in the final words, and the
        cues that have none: what the final means in other words is another cue, by its weight."""
        told = self._likely.pop(tr.utterance, {})
        if not told:
            return set(), []
        cues = CueSpotter(self._phrases).transcript(tr, t)
        there = {cue.family for cue in cues if cue.by == "phrase"}
        gone = [cue for family, cue in told.items() if family not in there]
        return told.keys() & there, gone
