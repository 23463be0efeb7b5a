"""What waits to be decoded: in which order, which together, and what is given up first.

Order: finals that are still in time; finals that are *overdue*; partials of calls that are
not calm; partials of calm calls; recordings (*patient* jobs, which nobody waits for on a
screen). Oldest first; but of finals still in time the newest first once the queue is *behind*:
from when it is full or holds an overdue one until it is half empty and nothing half so old.

With one order for all, an overload makes everything late: each utterance waits for all those
before it that came too late already. Were overdue ones only set aside, each would still wait
until it is almost overdue. Newest first, what can be decoded at all comes at once, and the
rest comes late, flagged, as soon as there is time for it, or not at all.

What is given up is the last in that order, and of what is overdue the oldest: so partials of
calm calls go, then all partials, then finals, of calm calls before others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator

from monitor.jobs import KINDS, Entry, Job, Kind

_RANKS: dict[Kind, int] = {"final": 0, "partial": 2, "calm_partial": 3, "recording": 4}
_FRESH, _OVERDUE = 0, 1


class Backlog:
    """Entries in no order of their own: what comes first depends on when one asks.

    ``bound``: so many live ones, and as many of recordings. ``overdue_s``: a final that has
    waited so long stands behind those that have not.
    """

    def __init__(self, bound: int, overdue_s: float) -> None:
        self._bound = bound
        self._overdue_s = overdue_s
        self._entries: list[Entry] = []
        self._behind = False

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        counts: dict[str, int] = dict.fromkeys(KINDS, 0)
        for entry in self._entries:
            counts[entry.job.kind] += 1
        return counts

    def count(self, *kinds: Kind) -> int:
        return sum(entry.job.kind in kinds for entry in self._entries)

    def oldest_wait_s(self, now: float) -> float:
        """How long the oldest final of a live call has waited; 0 when none does."""
        since = (entry.submitted_at for entry in self._entries if entry.job.kind == "final")
        return now - min(since, default=now)

    def overdue(self, now: float) -> bool:
        """Whether a live final waits that should have been decoded long ago."""
        return self.oldest_wait_s(now) > self._overdue_s

    def add(self, entry: Entry, now: float) -> tuple[list[Entry], list[Entry]]:
        """Queue it; gives the entries that leave for it: older partials of the same
        utterance, and what is too much."""
        replaced = [other for other in self._entries if _replaces(entry.job, other.job)]
        self._entries = [other for other in self._entries if other not in replaced]
        self._entries.append(entry)
        patient = entry.job.patient  # each bound by itself: neither pushes the other out
        mine = [other for other in self._entries if other.job.patient == patient]
        if len(mine) <= self._bound:
            return replaced, []
        self._behind = self._behind or not patient
        last = max(mine, key=lambda other: self._sheds(other, now))
        self._entries.remove(last)
        return replaced, [last]

    def expired(self, now: float) -> list[Entry]:
        """Take out what was not decoded by its deadline."""
        late = [entry for entry in self._entries if now >= entry.expires_at]
        if late:
            self._entries = [entry for entry in self._entries if now < entry.expires_at]
        return late

    def forget_done(self) -> None:
        """Take out what its owner has taken back."""
        self._entries = [entry for entry in self._entries if not entry.words.done()]

    def clear(self) -> list[Entry]:
        """Take out everything."""
        entries, self._entries = self._entries, []
        return entries

    def take(
        self,
        now: float,
        most: int,
        shared_by: int,
        alike: Callable[[Job], Hashable],
        kinds: tuple[Kind, ...],
    ) -> list[Entry]:
        """Take out the first in order among ``kinds``, with those behind it for which
        ``alike`` is the same: at most ``most``, and a fair share for each of ``shared_by``."""
        self._watch(now)
        ready = sorted(
            (entry for entry in self._entries if entry.job.kind in kinds),
            key=lambda entry: self._order(entry, now),
        )
        if not ready:
            return []
        first = alike(ready[0].job)
        together = [entry for entry in ready if alike(entry.job) == first]
        batch = together[: min(most, math.ceil(len(together) / shared_by))]
        self._entries = [entry for entry in self._entries if entry not in batch]
        return batch

    def _watch(self, now: float) -> None:
        oldest_s = self.oldest_wait_s(now)
        if oldest_s > self._overdue_s:
            self._behind = True
        elif oldest_s <= self._overdue_s / 2 and self.count("final") <= self._bound // 2:
            self._behind = False

    def _order(self, entry: Entry, now: float) -> tuple[int, int]:
        rank = _RANKS[entry.job.kind]
        if rank == _FRESH:
            if now - entry.submitted_at > self._overdue_s:
                return _OVERDUE, entry.number
            if self._behind:
                return _FRESH, -entry.number
        return rank, entry.number

    def _sheds(self, entry: Entry, now: float) -> tuple[int, bool, int]:
        rank, number = self._order(entry, now)
        return rank, entry.job.calm, -number if rank == _OVERDUE else number


def _replaces(job: Job, other: Job) -> bool:
    return not other.utterance.final and (
        (job.call_id, job.utterance.party, job.utterance.number)
        == (other.call_id, other.utterance.party, other.utterance.number)
    )
