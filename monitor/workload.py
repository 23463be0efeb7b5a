"""How busy speech-to-text is, and what became of what it was asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.jobs import Kind

OVER_S = 5.0
"""Utilisation is that of the last seconds, the newest counting most: a decaying mean. A batch
takes 0.2 to 1 s, so that one alone does not look like a load; a wave of finals shows in 2 s."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Counts are since the start, by kind of job: final, partial, calm_partial, recording."""

    waiting: dict[str, int] = field(default_factory=dict)
    """Utterances in the queue now."""
    decoding: int = 0
    """Utterances that are being decoded."""
    oldest_wait_s: float = 0.0
    """How long the oldest final of a live call has waited."""
    utilisation: float = 0.0
    """Share of the decoding threads' time that is used, 0 to 1, over the last few seconds."""
    decoded: dict[str, int] = field(default_factory=dict)
    late: int = 0
    """Live finals that were decoded, but later than a nudge can wait for."""
    shed: dict[str, int] = field(default_factory=dict)
    """Given up to keep up: the queue was full."""
    expired: dict[str, int] = field(default_factory=dict)
    """Not decoded by their deadline."""
    refused: dict[str, int] = field(default_factory=dict)
    """Partials that were never asked for, since there was no room."""
    failed: dict[str, int] = field(default_factory=dict)
    """The engine raised, hung, or gave what nobody can have said."""


class Meter:
    """Counts what becomes of jobs and how busy ``workers`` threads are. ``now`` in s."""

    def __init__(self, workers: int, now: float) -> None:
        self._workers = workers
        self._busy = 0
        self._share = 0.0
        self._at = now
        self.decoded: Counter[Kind] = Counter()
        self.shed: Counter[Kind] = Counter()
        self.expired: Counter[Kind] = Counter()
        self.refused: Counter[Kind] = Counter()
        self.failed: Counter[Kind] = Counter()
        self.late = 0

    def busy(self, workers: int, now: float) -> None:
        """From now on so many threads are decoding."""
        self._share = self.utilisation(now)
        self._at = now
        self._busy = workers

    def utilisation(self, now: float) -> float:
        """Share of the threads' time in use, 0 to 1, the last ``OVER_S`` counting most."""
        target = self._busy / self._workers
        return target + (self._share - target) * math.exp(-(now - self._at) / OVER_S)

    def report(
        self, waiting: dict[str, int], decoding: int, oldest_wait_s: float, now: float
    ) -> Workload:
        return Workload(
            waiting=waiting,
            decoding=decoding,
            oldest_wait_s=round(oldest_wait_s, 3),
            utilisation=round(self.utilisation(now), 3),
            decoded=_plain(self.decoded),
            late=self.late,
            shed=_plain(self.shed),
            expired=_plain(self.expired),
            refused=_plain(self.refused),
            failed=_plain(self.failed),
        )


def _plain(counts: Mapping[Kind, int]) -> dict[str, int]:
    return {str(kind): count for kind, count in counts.items()}
