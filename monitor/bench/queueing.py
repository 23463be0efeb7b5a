"""What the monitor says of its queue of words, look by look, as figures of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.bench.figures import Spread

NOTHING = Spread(0)
FATES = ("decoded", "shed", "expired", "failed", "refused")


@dataclass(frozen=True, slots=True)
class Queueing:
    """Of the measured stretch. Counts are utterances by kind: final, partial, calm_partial."""

    depth: Spread = NOTHING  # utterances that wait, at each look
    oldest_wait_s: Spread = NOTHING  # how long the oldest final has waited, at each look
    used: Spread = NOTHING  # share of the decoding threads' time in use
    late: int = 0  # finals decoded too late for a nudge
    decoded: dict[str, int] = field(default_factory=dict)
    shed: dict[str, int] = field(default_factory=dict)  # the queue was full
    expired: dict[str, int] = field(default_factory=dict)  # not decoded by their deadline
    failed: dict[str, int] = field(default_factory=dict)  # the engine raised, hung, talked rubbish
    refused: dict[str, int] = field(default_factory=dict)  # partials nobody asked for: no room

    @property
    def given_up(self) -> int:
        """Finals whose words never came."""
        return sum(fate.get("final", 0) for fate in (self.shed, self.expired, self.failed))


class Looks:
    """Collects what ``/api/health`` says."""

    def __init__(self) -> None:
        self._queues: list[Mapping[str, Any]] = []

    def saw(self, health: Mapping[str, Any]) -> None:
        self._queues.append(health["queues"])

    def figures(self) -> Queueing:
        """Of all looks; the counts are those between the first and the last."""
        if not self._queues:
            return Queueing()
        work = [queues["speech_to_text"] for queues in self._queues]
        first, last = work[0], work[-1]
        return Queueing(
            depth=Spread.of(queues["words"] for queues in self._queues),
            oldest_wait_s=Spread.of(look["oldest_wait_s"] for look in work),
            used=Spread.of(look["utilisation"] for look in work),
            late=last["late"] - first["late"],
            **{fate: _grown(first[fate], last[fate]) for fate in FATES},
        )


def _grown(first: Mapping[str, int], last: Mapping[str, int]) -> dict[str, int]:
    grown = {kind: count - first.get(kind, 0) for kind, count in last.items()}
    return {kind: count for kind, count in grown.items() if count}
