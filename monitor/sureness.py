"""Whether a party's words can be believed: how sure speech-to-text has been of them lately.

Weights that know one language write it whatever they hear, in whole sentences that nobody
said, but they are not sure of them.
"""

from __future__ import annotations

from collections import deque

from monitor.engines import Decoded
from monitor.events import PARTIES, Party

SHORTEST_S = 1.0
"""A word or two may be anything."""
OVER_S = 20.0
FROM_S = 12.0
"""The newest speech that is looked at, and how much of it there must be."""
UNSURE = 0.35
SURE = 0.45
"""Mean confidence, each second of speech counting alike, with tiny.en over telephone lines or
their band. Twelve German and Polish speakers, and a call played backwards: .21 to .35, below .31
at some time. English calls: .47 at the lowest, .36 with other voices 10 dB below."""


class Sureness:
    """Of one call."""

    def __init__(self) -> None:
        self._lately: dict[Party, deque[tuple[float, float]]] = {p: deque() for p in PARTIES}
        self._unsure: dict[Party, bool] = dict.fromkeys(PARTIES, False)

    @property
    def unsure(self) -> bool:
        """Of either party; until it is sure again."""
        return any(self._unsure.values())

    def heard(self, party: Party, duration_s: float, decoded: Decoded) -> None:
        """The next utterance, in the order in which words come."""
        if duration_s < SHORTEST_S or decoded.dropped not in (None, "unlikely", "loop"):
            return
        lately = self._lately[party]
        lately.append((duration_s, decoded.confidence))
        total_s = sum(length_s for length_s, _ in lately)
        while total_s - lately[0][0] >= OVER_S:
            total_s -= lately.popleft()[0]
        if total_s >= FROM_S:
            mean = sum(length_s * sure for length_s, sure in lately) / total_s
            self._unsure[party] = mean < (SURE if self._unsure[party] else UNSURE)
