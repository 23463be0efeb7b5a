"""Does another agent speak from here on? Told by the words alone.

No source says so: to the platforms that send audio, a call that is put through is one stream. So
three things must come together: the agent hands over ("I will put you through to my supervisor"),
is silent for a while, and the first thing then said on the agent's side is who speaks ("this is
Martha speaking, how can I help?"). Hello and thanks for holding are also what the same agent says
who comes back from asking the supervisor. How anybody sounds is not asked.
"""

from __future__ import annotations

from typing import Final

from monitor.events import Cue, Transcript
from monitor.utterances import NEVER

SILENT_S: Final = 4.0
"""Who goes on sooner is the same agent; who asks a colleague over takes longer."""
INTRODUCED_WITHIN_S: Final = 8.0
"""… of the first word after that silence."""
WITHIN_S: Final = 300.0
"""Whoever was announced longer ago did not come."""


class Transfer:
    """Whether the agent's side changed hands in one call. Times are audio time, s."""

    def __init__(self) -> None:
        self._announced = NEVER
        self._until = NEVER
        self._back = NEVER

    def transcript(self, tr: Transcript) -> None:
        """The final words of one utterance; before the cues that are heard in it."""
        if tr.party == "agent":
            if tr.t0 - self._until >= SILENT_S:
                self._back = tr.t0
            self._until = max(self._until, tr.t1)

    def cue(self, cue: Cue) -> float | None:
        """A phrase of either party; where it shows that another agent is there: since when."""
        if cue.party != "agent":
            return None
        if cue.family == "handover":
            self._announced = cue.t0
        elif cue.family == "introduces" and self._announced < self._back <= cue.t0:
            soon = cue.t0 - self._back <= INTRODUCED_WITHIN_S
            if soon and cue.t0 - self._announced <= WITHIN_S:
                self._announced = NEVER
                return self._back
        return None
