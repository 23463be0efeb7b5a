"""What one call remembers of itself for its nudges: cues, overlaps, words, and when."""

from __future__ import annotations

from collections import deque

from monitor.events import Cue, Evidence, Overlap, Transcript
from monitor.naming import Naming
from monitor.view import PEAK_WITHIN_S, REMEMBERED_S, Said
from monitor.wording import short

HEAVY_WEIGHT = 1.5
"""A cue with so much weight is a frustration that wants an acknowledgement."""
TURN_ENDS = 32


class Memory:
    """The past of one call. Times are audio time, s. Bounded: what is older than
    REMEMBERED_S goes, and of each phrase family only the first and the newest time stay."""

    def __init__(self, customer_name: str = "") -> None:
        """``customer_name``: told by the source; empty: it may be heard."""
        self.naming = Naming(customer_name)
        self.overlaps: dict[str, Overlap] = {}
        self.cues: deque[Cue] = deque()
        self.frustrations: deque[Evidence] = deque()
        self.said: deque[Said] = deque()
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.agent_turn_ends: deque[float] = deque(maxlen=TURN_ENDS)
        self.agent_words_until = 0.0
        self.high_since: float | None = None
        self.alerts = 0
        self._moods: deque[tuple[float, float]] = deque()

    # ---- what happened -----------------------------------------------------------

    def overlap(self, overlap: Overlap) -> None:
        """One overlap as it is judged now; the same id takes the place of its older self."""
        self.overlaps[overlap.id] = overlap

    def transcript(self, tr: Transcript) -> None:
        """The final words of one utterance."""
        if tr.party == "agent":
            self.agent_words_until = max(self.agent_words_until, tr.t1)
        self.naming.transcript(tr)
        said = Said.of(tr.party, tr.t0, tr.t1, tr.text, tr.confidence)
        if said.words:
            self.said.append(said)

    def cue(self, cue: Cue) -> None:
        """A phrase that was heard, likely or surely."""
        self.cues.append(cue)
        self.first[cue.family] = min(cue.t0, self.first.get(cue.family, cue.t0))
        self.last[cue.family] = max(cue.t0, self.last.get(cue.family, cue.t0))

    def heavy(self, cue: Cue) -> None:
        """A phrase that wants an acknowledgement, where it weighs enough."""
        if cue.weight >= HEAVY_WEIGHT:
            self.frustrations.append(_said(cue))

    def take_back(self, cue: Cue) -> None:
        """The final words do not have a phrase that was likely."""
        self.cues = deque(other for other in self.cues if other != cue)
        said = _said(cue)
        self.frustrations = deque(one for one in self.frustrations if one != said)
        times = [other.t0 for other in self.cues if other.family == cue.family]
        for known, newest in ((self.first, min), (self.last, max)):
            if known.get(cue.family) == cue.t0:
                known.pop(cue.family)
                if times:
                    known[cue.family] = newest(times)

    def alert(self, t: float) -> None:
        """An alert was raised."""
        self.alerts += 1
        self.frustrations.append(Evidence(kind="interaction", t=t, text="Their frustration rose"))

    def another_agent(self, since: float) -> None:
        """Another agent is there since then: talk-over, turns, what was to be acknowledged and
        how often the name was said, before, are not theirs. What was said stays said."""
        self.overlaps = {
            i: one for i, one in self.overlaps.items() if one.kind != "talk_over" or one.t0 >= since
        }
        self.frustrations = deque(one for one in self.frustrations if one.t >= since)
        for times in (self.agent_turn_ends, self.naming.used):
            kept = [t for t in times if t >= since]
            times.clear()
            times.extend(kept)

    def mood(self, t: float, score: float, alert: float) -> None:
        """The customer's mood at ``t``; ``alert`` is the line above which it is high."""
        if score < alert:
            self.high_since = None
        elif self.high_since is None:
            self.high_since = t
        while self._moods and self._moods[-1][1] <= score:
            self._moods.pop()
        self._moods.append((t, score))
        while self._moods[0][0] < t - PEAK_WITHIN_S:
            self._moods.popleft()

    @property
    def mood_peak(self) -> tuple[float, float] | None:
        """When the mood was highest within PEAK_WITHIN_S, and how high; None before any."""
        return self._moods[0] if self._moods else None

    def forget(self, t: float) -> None:
        """Let go of what no nudge may look at any more at ``t``."""
        before = t - REMEMBERED_S
        while self.cues and self.cues[0].t1 < before:
            self.cues.popleft()
        while self.frustrations and self.frustrations[0].t < before:
            self.frustrations.popleft()
        while self.said and self.said[0].t1 < before:
            self.said.popleft()
        if self.overlaps:
            oldest = next(iter(self.overlaps))
            if self.overlaps[oldest].t1 < before:
                del self.overlaps[oldest]


def _said(cue: Cue) -> Evidence:
    text = f"They said “{short(cue.text)}”"
    return Evidence(kind="words", t=cue.t0, text=text, value=cue.weight, unit="llr")
