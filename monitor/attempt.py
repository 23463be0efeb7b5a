"""One attempt at the floor: how long both speak, over all its bouts, and who stopped when."""

from __future__ import annotations

from monitor.events import OverlapKind
from monitor.usual import Usual
from monitor.utterances import ROUNDING_S, Speaker

YIELD_S = 0.6
"""So long silent, a party has stopped for good. Pauses inside an attempt last up to 0.5 s,
and the gate takes 0.1 s to be sure that one is over."""
STOP_S = 0.1
"""A silence that is longer than that of a stop consonant."""


class Attempt:
    """Party ``by`` came in at ``t0`` while the other, the holder, spoke.

    Measured block by block while it lasts, and kept afterwards until its words are in.
    Times are audio time, s; ``speakers`` are (agent, customer).
    """

    __slots__ = (
        "_before_s",
        "_speakers",
        "_together_from",
        "_usual",
        "after_pause",
        "backchannel_words",
        "broke_off",
        "by",
        "counted",
        "final",
        "id",
        "kind",
        "points",
        "sent",
        "stands_out",
        "t0",
        "t1",
        "together_s",
    )

    def __init__(
        self,
        name: str,
        by: int,
        t0: float,
        speakers: tuple[Speaker, Speaker],
        usual: tuple[Usual, Usual],
        after_pause: bool,
    ) -> None:
        self.id = name
        self.by = by
        self.t0 = t0
        self.t1 = t0
        """Both speak for the last time."""
        self.together_s = 0.0
        """Both speaking, over all bouts."""
        self.after_pause = after_pause
        """The holder had paused, and went on only about when the other came in."""
        self.broke_off = False
        self.stands_out = ""
        """How who came in began unlike usual; stays once it is known."""
        self.backchannel_words = False
        self.kind: OverlapKind = "backchannel"
        self.points: list[tuple[float, str]] = []
        self.counted: OverlapKind | None = None
        self.sent = False
        self.final = False
        self._speakers = speakers
        self._usual = usual
        self._together_from: float | None = t0  # both speak since; None in a pause
        self._before_s = 0.0  # together in finished bouts

    @property
    def score(self) -> float:
        return sum(points for points, _ in self.points)

    @property
    def came_s(self) -> float:
        """From the begin to the newest speech of who came in."""
        return self._end(self.by) - self.t0

    @property
    def held_s(self) -> float:
        """From the begin to the newest speech of the holder."""
        return self._end(1 - self.by) - self.t0

    def stops(self, t: float) -> bool:
        """Whether one of the two is silent at ``t``, longer than for a stop consonant."""
        return any(t - self._end(row) > STOP_S for row in (0, 1))

    def measure(self) -> None:
        """After each block. A bout ends where the first of both falls silent."""
        first, second = self._speakers
        together = first.speaking and second.speaking
        if together and self._together_from is None:
            self._together_from = max(first.since, second.since)
        if self._together_from is None:
            return
        end = min(self._end(0), self._end(1))
        self.t1 = max(self.t1, end)
        self.together_s = self._before_s + max(0.0, end - self._together_from)
        if not together:
            self._before_s = self.together_s
            self._together_from = None

    def over(self, t: float) -> bool:
        """Whether one of the two has stopped for good."""
        return any(
            not speaker.beginning and t - speaker.last_end >= YIELD_S - ROUNDING_S
            for speaker in self._speakers
        )

    def _end(self, row: int) -> float:
        """Where the party's voice was heard last."""
        return self._usual[row].voice_end(self._speakers[row])
