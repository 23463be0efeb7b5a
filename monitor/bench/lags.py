"""What the subscriber of one call sees, turned into delays. No sockets, no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

OVERLAP_S = 0.6
"""The overlap is as long as the budget of DESIGN section 13 starts from."""
NUDGE_WITHIN_S = 3.0
"""A let_them_finish that opens later is about another overlap, or was held back by policy."""
ROUNDING_S = 2e-3
"""Audio times on the wire are rounded to 1 ms."""

Lag = tuple[float, float]
"""When what it is about had been sent (loop time), and how much later the message came, s."""


@dataclass(frozen=True, slots=True)
class _Words:
    party: str
    t0: float
    t1: float
    lag: Lag


class Lags:
    """Feed it every message of one call, each with the loop time of its arrival.

    ``sent(audio_s)``: loop time at which so much audio of this call had been sent; None
    when it never was. Gaps that the monitor put in for lost audio are reckoned with.
    """

    def __init__(self, sent: Callable[[float], float | None]) -> None:
        self._sent = sent
        self._gaps: list[tuple[float, float]] = []
        self._words: list[_Words] = []
        self._talk_overs: dict[str, float] = {}  # id: its beginning
        self.talk_overs: list[Lag] = []
        """Agent's overlap of 0.6 s -> talk-over. The rule's own delay is in it."""
        self.told: list[Lag] = []
        """Audio with which the rule was certain -> talk-over: the machine's part."""
        self.nudges: list[Lag] = []
        """Overlap of 0.6 s -> let_them_finish, where one came of it."""
        self.facts: list[Lag] = []
        """Audio time of a fact -> the fact."""
        self.seen: Counter[str] = Counter()
        """Messages by type."""
        self.degraded: list[str] = []
        """``part: reason``, each time a part began to work less well."""
        self.ended = ""
        """Why the call ended; empty while it goes on."""
        self.resynced = False

    @property
    def gap_s(self) -> float:
        """Audio that the monitor missed."""
        return sum(t1 - t0 for t0, t1 in self._gaps)

    @property
    def words(self) -> list[Lag]:
        """End of an utterance, by a pause -> its final words."""
        cut = self._cut()
        return [words.lag for words in self._words if (words.party, words.t1) not in cut]

    @property
    def cut_words(self) -> list[Lag]:
        """The same for utterances that went on: cut at their quietest point up to 3 s before
        anybody could know, so this lag is the rule's more than the machine's."""
        cut = self._cut()
        return [words.lag for words in self._words if (words.party, words.t1) in cut]

    def message(self, message: dict[str, Any], at: float) -> None:
        kind = message["type"]
        self.seen[kind] += 1
        match kind:
            case "snapshot":
                for event in message["events"]:
                    self._gap(event)
                return
            case "words" if message["final"]:
                self._final_words(message, at)
            case "overlap":
                self._overlap(message, at)
            case "nudge.opened" if message["nudge"] == "let_them_finish":
                self._nudge(message, at)
            case "degraded" if message["active"]:
                self.degraded.append(f"{message['part']}: {message['reason']}")
            case "call.ended":
                self.ended = message["reason"]
            case "resync":
                self.resynced = True
        self._gap(message)
        if kind in ("turn", "overlap", "words", "nudge.opened", "cue"):
            self._keep(self.facts, message["t"], at)

    def _lag(self, t: float, at: float) -> Lag | None:
        missing_s = sum(t1 - t0 for t0, t1 in self._gaps if t1 <= t + ROUNDING_S)
        sent_at = self._sent(t - missing_s)
        return None if sent_at is None else (sent_at, at - sent_at)

    def _gap(self, event: dict[str, Any]) -> None:
        if event["type"] == "gap":
            self._gaps.append((event["t0"], event["t1"]))

    def _final_words(self, words: dict[str, Any], at: float) -> None:
        lag = self._lag(words["t1"], at)
        if lag is not None:
            self._words.append(_Words(words["party"], words["t0"], words["t1"], lag))

    def _cut(self) -> set[tuple[str, float]]:
        """Ends of utterances at which the same party's next one begins."""
        begins = {(words.party, round(words.t0, 3)) for words in self._words}
        ends = ((words.party, words.t1) for words in self._words)
        return {end for end in ends if (end[0], round(end[1], 3)) in begins}

    def _overlap(self, overlap: dict[str, Any], at: float) -> None:
        t, t0 = overlap["t"], overlap["t0"]
        new = overlap["kind"] == "talk_over" and overlap["id"] not in self._talk_overs
        if not new or t - t0 < OVERLAP_S - ROUNDING_S:
            return
        self._talk_overs[overlap["id"]] = t0
        self._keep(self.talk_overs, t0 + OVERLAP_S, at)
        self._keep(self.told, t, at)

    def _nudge(self, nudge: dict[str, Any], at: float) -> None:
        t0 = next(reversed(self._talk_overs.values()), None)
        if t0 is not None and nudge["t"] - t0 <= NUDGE_WITHIN_S:
            self._keep(self.nudges, t0 + OVERLAP_S, at)

    def _keep(self, lags: list[Lag], t: float, at: float) -> None:
        lag = self._lag(t, at)
        if lag is not None:
            lags.append(lag)


def between(lags: Iterable[Lag], since: float, until: float) -> list[float]:
    """The delays of what had been sent in that stretch of loop time."""
    return [lag_s for sent_at, lag_s in lags if since <= sent_at < until]
