"""Does the agent follow the customer's pace? Over a whole call, from the syllables alone.

An *exchange* is what the customer says and what the agent answers, each at least
``EXCHANGE_MIN_S`` long. Two questions are asked of the exchanges of a call, after Levitan &
Hirschberg, "Measuring acoustic-prosodic entrainment with respect to multiple levels and
dimensions" (2011):

- synchrony: is the agent faster than usual where the customer just was? The correlation of
  the logarithms of both rates, which takes each party against own mean, with Fisher's
  interval (``atanh r ± 1.96 / √(n - 3)``);
- convergence: is the agent's rate over the customer's nearer to 1 in the second half of the
  call than in the first?

This is what was done, not why, and nothing about a feeling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, variance
from typing import Final, NamedTuple

from monitor.events import Accommodation, AccommodationVerdict, Party
from monitor.rate import Stretch, rate_of

EXCHANGE_MIN_S = 2.0
EXCHANGE_MIN_NUCLEI = 8
"""Real clips of so much speech, 3 to 6 s in the middle: their rate is right to 8-14 %, where a
speaker's own turns differ by 12-23 %. Longer ones leave too few: a consultation of 10 minutes
(PriMock57) has 21 exchanges of 2 s and more, 17 of 3 s."""
LEAST_EXCHANGES = 8
KEPT_BELOW = 0.35
"""Who follows wholly is found at r = .44 and who follows half the way at .28, so noisy are single
turns; where the interval ends below, 1 of 100 of the former and 6-10 of the latter would be
called keeping their own pace (20-30 exchanges, turns of real speech put together)."""
APART = 0.1
"""Who is within a tenth of the customer's pace from the first has nothing to come closer to."""

_FISHER: Final = 1.96


class _Said(NamedTuple):
    """Speaking time, s, and syllable nuclei."""

    seconds: float = 0.0
    nuclei: float = 0.0

    def plus(self, stretch: Stretch) -> _Said:
        return _Said(self.seconds + stretch.seconds, self.nuclei + stretch.nuclei)

    @property
    def enough(self) -> bool:
        return self.seconds >= EXCHANGE_MIN_S and self.nuclei >= EXCHANGE_MIN_NUCLEI

    @property
    def log_rate(self) -> float:
        return math.log(rate_of(self.nuclei, self.seconds))


class Exchanges:
    """Pairs what the customer said with what the agent answered.

    Stretches of speech come in the order in which they end, without backchannels. What is
    too short to have a pace waits for more from the same party.
    """

    def __init__(self) -> None:
        self._customer = _Said()
        self._agent = _Said()
        self._pairs: list[tuple[float, float]] = []

    def said(self, party: Party, stretch: Stretch) -> None:
        if party == "customer":
            self._close()
            self._customer = self._customer.plus(stretch)
        elif self._customer.enough:
            self._agent = self._agent.plus(stretch)

    def pairs(self, going_on: Stretch | None = None) -> list[tuple[float, float]]:
        """Logarithms of syllables per second, customer and agent, of each exchange so far,
        with what the agent is saying now."""
        agent = self._agent
        if going_on is not None and self._customer.enough:
            agent = agent.plus(going_on)
        now = [(self._customer.log_rate, agent.log_rate)] if agent.enough else []
        return self._pairs + now

    def _close(self) -> None:
        if self._agent.enough:
            self._pairs.append((self._customer.log_rate, self._agent.log_rate))
            self._customer = _Said()
        self._agent = _Said()


def accommodation(pairs: Sequence[tuple[float, float]]) -> Accommodation | None:
    """Of the log rates (customer, agent) of exchanges in their order; None for fewer than
    ``LEAST_EXCHANGES``, or where one of them never changed pace."""
    count = len(pairs)
    if count < LEAST_EXCHANGES:
        return None
    r = _correlation(pairs)
    if r is None:
        return None
    z, half = math.atanh(max(-0.999, min(r, 0.999))), _FISHER / math.sqrt(count - 3)
    low, high = math.tanh(z - half), math.tanh(z + half)
    gaps = [agent - customer for customer, agent in pairs]
    early, late = gaps[: count // 2], gaps[count - count // 2 :]
    return Accommodation(
        r=round(r, 2),
        low=round(low, 2),
        high=round(high, 2),
        exchanges=count,
        verdict=_verdict(low, high),
        early_ratio=round(math.exp(fmean(early)), 2),
        late_ratio=round(math.exp(fmean(late)), 2),
        closer=_closer(early, late),
    )


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    customer, agent = (fmean(pair[row] for pair in pairs) for row in (0, 1))
    both = sum((c - customer) * (a - agent) for c, a in pairs)
    spread = sum((c - customer) ** 2 for c, _ in pairs) * sum((a - agent) ** 2 for _, a in pairs)
    return both / math.sqrt(spread) if spread > 0 else None


def _verdict(low: float, high: float) -> AccommodationVerdict:
    if low > 0:
        return "followed"
    if high < 0:
        return "moved_away"
    return "kept_own" if high < KEPT_BELOW else "unclear"


def _closer(early: Sequence[float], late: Sequence[float]) -> bool:
    """Nearer to the customer's pace in the second half, beyond what chance does."""
    before, after = fmean(early), fmean(late)
    if abs(before) < math.log(1 + APART) or abs(after) >= abs(before):
        return False
    freedom = len(early) + len(late) - 2
    student = 1.96 + 2.4 / freedom  # 5 %, two-sided, to 0.1 from 6 degrees of freedom
    error = math.sqrt(variance(early) / len(early) + variance(late) / len(late))
    return abs(before - after) > student * error
