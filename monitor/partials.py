"""Words while somebody still speaks: when to ask for them, and what of them may be shown.

Each partial decodes the whole utterance so far, and its last words change with the next. So
nothing is shown but the *agreed prefix*, the first words on which two successive decodes
agree (LocalAgreement-2: Macháček, Dabre & Bojar 2023, "Turning Whisper into Real-Time
Transcription System"; Liu, Spanakis & Niehues 2020), and what is shown only grows until the
final replaces it.
"""

from __future__ import annotations

from monitor.events import Utterance
from monitor.wording import tokens

FIRST_S = 1.5
"""From so far into an utterance. Most shorter ones are answers, and their final comes sooner
than two decodes could agree."""
EVERY_S = 1.0
"""… and again after so much new audio: about three words."""


class Partials:
    """The partials of one party, one utterance after the other."""

    def __init__(self) -> None:
        self._number = -1
        self._asked_t1 = 0.0
        self._before: list[str] = []
        self._agreed = 0
        self._over = False

    def wanted(self, utterance: Utterance) -> bool:
        """Whether to decode what there is of the utterance now."""
        if utterance.number != self._number:
            return utterance.t1 - utterance.t0 >= FIRST_S
        return utterance.t1 - self._asked_t1 >= EVERY_S

    def asked(self, utterance: Utterance) -> None:
        """It is being decoded."""
        if utterance.number != self._number:
            self._number = utterance.number
            self._before = []
            self._agreed = 0
            self._over = False
        self._asked_t1 = utterance.t1

    def finish(self, number: int) -> None:
        """Its final was asked for: from now on a partial would only jump back."""
        if number == self._number:
            self._over = True

    def agreed(self, number: int, text: str) -> str | None:
        """The agreed prefix after another decode; None when it has not grown."""
        if number != self._number or self._over:
            return None
        heard = tokens(text)
        words = [token.text for token in heard]
        same = 0
        for before, now in zip(self._before, words, strict=False):
            if before != now:
                break
            same += 1
        self._before = words
        if same <= self._agreed:
            return None
        self._agreed = same
        return text[: heard[same - 1].stop]
