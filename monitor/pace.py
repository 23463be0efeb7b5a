"""Speech rate, words per minute, mismatch.

Two measurements of pace stand side by side: syllable nuclei, which are there at once, and
the syllables of the transcripts, which come late and leave out what the recogniser leaves
out ("um", half words). Their errors have nothing to do with each other, so the two ratios
are averaged (geometric mean) where both are known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from monitor.accommodation import Exchanges, accommodation
from monitor.audio import BLOCK_S
from monitor.config import PaceSettings
from monitor.events import PARTIES, Accommodation, Party, Transcript
from monitor.rate import RATE_MIN_S, RECENT_S, WPM_MIN_S, Rate, rate_of, syllables
from monitor.turns import Row
from monitor.utterances import ROUNDING_S

COMPARE_MIN_S = 10.0
"""A customer's pace is none before: the rate of 5 s of speech is right to 10 %, of 10 s to
8 %, of 15 s to 7 %. The agent's has to stay fast for ``mismatch_for_s`` anyway."""
COMPARE_EVERY = 8
"""Blocks of speech between two comparisons."""
BACK_IN_STEP = 1.1
"""A mismatch ends below, so that one near ``mismatch_ratio`` does not come and go."""
BASELINE_MIN_S = 20.0
EASED = 0.8
"""An agent who speaks so much slower than usual is already giving way."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The agent has been faster than a slower customer for a while."""

    ratio: float  # agent over customer
    agent_syl_per_s: float
    customer_syl_per_s: float
    since: float  # audio time at which it began, s
    above_baseline: float | None  # agent over own usual


class PaceMeter:
    """How fast both parties speak, block by block.

    A rate counts the pauses inside utterances (speech rate), not those between them,
    over the newest ``window_s`` of speaking time.
    """

    def __init__(self, settings: PaceSettings) -> None:
        self._settings = settings
        self._paces = (Rate(settings), Rate(settings))
        self._exchanges = Exchanges()
        self._blocks = 0
        self._since: float | None = None  # the agent has been faster
        self._counted = 0  # blocks the agent had spoken then
        self._open_counted: int | None = None  # … when that had been so for long enough
        self._agent_from = 0.0, 0.0  # seconds and nuclei of agents before this one

    def step(self, t: float, row: Row) -> None:
        """One block of both parties that ends at audio time ``t``."""
        for party, pace, own, nuclei in zip(PARTIES, self._paces, row.own, row.nuclei, strict=True):
            ended = pace.step(own, nuclei)
            if ended is not None:
                self._exchanges.said(party, ended)
        if row.own[0] or row.own[1]:
            self._blocks += 1
            if self._blocks % COMPARE_EVERY == 0:
                self._watch(t)

    def transcript(self, tr: Transcript) -> None:
        """Words of one utterance, for words per minute over its length."""
        words = len(tr.words) or len(tr.text.split())
        seconds = tr.t1 - tr.t0
        if not tr.final or not words or seconds <= 0:
            return
        self._paces[PARTIES.index(tr.party)].transcript(words, syllables(tr.text), seconds)

    def another_agent(self) -> None:
        """Another agent speaks from here on: whatever is usual for one begins anew. The rates
        of the call go on."""
        agent = self._paces[0]
        self._agent_from = agent.all_s, agent.all_nuclei
        self._since = self._open_counted = None

    def rates(self) -> dict[str, float | None]:
        """The fields of a ``Pace`` event; None until 5 syllables and 1 s, or 3 s of words."""
        agent, customer = self._paces
        return {
            "agent_syl_per_s": agent.rate(self._settings),
            "customer_syl_per_s": customer.rate(self._settings),
            "agent_wpm": agent.wpm,
            "customer_wpm": customer.wpm,
        }

    def syl_per_s(self, party: Party) -> float | None:
        """Speech rate over the whole call so far."""
        pace = self._paces[PARTIES.index(party)]
        if pace.all_nuclei < self._settings.min_syllables or pace.all_s < RATE_MIN_S:
            return None
        return rate_of(pace.all_nuclei, pace.all_s)

    def wpm(self, party: Party) -> float | None:
        """Words per minute of speaking time over the whole call so far."""
        pace = self._paces[PARTIES.index(party)]
        return 60 * pace.words / pace.words_s if pace.words_s >= WPM_MIN_S else None

    def accommodation(self) -> Accommodation | None:
        """Whether the agent followed the customer's pace so far; None until that can be asked."""
        return accommodation(self._exchanges.pairs(self._paces[0].stretch))

    def agent_above_baseline(self, t: float) -> float | None:
        """The agent's newest 8 s of speech over the agent's usual rate; None before 20 s."""
        agent = self._paces[0]
        recent = agent.recent
        others_s, others = self._agent_from
        before_s = agent.all_s - recent.length_s - others_s
        before = agent.all_nuclei - recent.nuclei - others
        if before_s < BASELINE_MIN_S - RECENT_S - ROUNDING_S or before < 1:
            return None
        if recent.length_s < RECENT_S - ROUNDING_S:  # nothing but backchannels so far
            return None
        return recent.rate / rate_of(before, before_s)

    def mismatch(self, t: float) -> Mismatch | None:
        """The agent is faster than the customer, and has been for a while.

        Begins when the ratio of the speech rates has been at least ``mismatch_ratio`` while
        the agent spoke for ``mismatch_for_s`` and did not slow down against own baseline;
        ends when it falls below ``BACK_IN_STEP``, judged by what the agent said since, or
        below ``mismatch_ratio`` while the agent slows down.
        """
        ratio = self._ratio()
        if ratio is None or self._since is None or self._open_counted is None:
            return None
        agent, customer = self._paces
        return Mismatch(
            ratio=ratio,
            agent_syl_per_s=agent.window.rate,
            customer_syl_per_s=customer.window.rate,
            since=self._since,
            above_baseline=self.agent_above_baseline(t),
        )

    def _ratio(self) -> float | None:
        agent, customer = self._paces
        if customer.window.length_s < COMPARE_MIN_S - ROUNDING_S:
            return None
        if agent.rate(self._settings) is None or customer.rate(self._settings) is None:
            return None
        heard = agent.window.rate / customer.window.rate
        told = agent.told_rate(self._settings), customer.told_rate(self._settings)
        if told[0] is None or told[1] is None:
            return heard
        return math.sqrt(heard * told[0] / told[1])

    def _watch(self, t: float) -> None:
        ratio = self._ratio()
        fast = ratio is not None and ratio >= self._settings.mismatch_ratio - ROUNDING_S
        counted = self._paces[0].counted
        if ratio is None:
            self._since = self._open_counted = None
        elif self._open_counted is not None:
            now = ratio * self._slowed(counted - self._open_counted)
            if now < BACK_IN_STEP or (not fast and self._eases(t)):
                self._since = self._open_counted = None
        elif not fast or self._eases(t):
            self._since = None
        elif self._since is None:
            self._since, self._counted = t, counted
        elif (counted - self._counted) * BLOCK_S >= self._settings.mismatch_for_s - ROUNDING_S:
            self._open_counted = counted

    def _eases(self, t: float) -> bool:
        own = self.agent_above_baseline(t)
        return own is not None and own < EASED

    def _slowed(self, blocks: int) -> float:
        """The agent's newest blocks of speech against own window; 1 before there are 8 s."""
        if blocks * BLOCK_S < RECENT_S:
            return 1.0
        window = self._paces[0].window
        return window.newest(blocks) / window.rate
