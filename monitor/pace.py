"""Speech rate, words per minute, mismatch."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from monitor.audio import BLOCK_S
from monitor.config import PaceSettings
from monitor.events import PARTIES, Party, Transcript
from monitor.turns import Row
from monitor.utterances import ROUNDING_S

PAUSE_BLOCKS = round(0.55 / BLOCK_S)
"""Longer pauses end an utterance and are no part of its pace."""
LATE_BLOCKS = 4
"""A syllable nucleus is confirmed up to so much after it was spoken."""
RATE_MIN_S = 1.0
COMPARE_MIN_S = 4.0
"""Two paces are compared only on so much speech of each."""
COMPARE_EVERY = 8
"""Blocks of speech between two comparisons."""
RECENT_S = 5.0
BASELINE_MIN_S = 15.0
EASED = 0.95
"""An agent who speaks so much slower than usual is already giving way."""
WPM_WINDOW_S = 30.0
WPM_MIN_S = 3.0


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The agent has been faster than a slower customer for a while."""

    ratio: float  # agent over customer
    agent_syl_per_s: float
    customer_syl_per_s: float
    since: float  # audio time at which it began, s
    above_baseline: float | None  # agent over own usual


class _Window:
    """Syllables per second over the newest ``length_s`` of speaking time."""

    __slots__ = ("_blocks", "_most", "syllables")

    def __init__(self, length_s: float) -> None:
        self._most = max(1, round(length_s / BLOCK_S))
        self._blocks: deque[float] = deque()
        self.syllables = 0.0

    def add(self, nuclei: float) -> None:
        self._blocks.append(nuclei)
        self.syllables += nuclei
        if len(self._blocks) > self._most:
            self.syllables -= self._blocks.popleft()

    def late(self, nuclei: float) -> None:
        """A nucleus confirmed after the speech that it belongs to."""
        if self._blocks:
            self._blocks[-1] += nuclei
            self.syllables += nuclei

    @property
    def length_s(self) -> float:
        return len(self._blocks) * BLOCK_S

    @property
    def rate(self) -> float:
        return self.syllables / self.length_s


class _Pace:
    """One party's pace."""

    __slots__ = ("_pause", "all_s", "all_syllables", "recent", "said", "window", "words", "words_s")

    def __init__(self, settings: PaceSettings) -> None:
        self.window = _Window(settings.window_s)
        self.recent = _Window(RECENT_S)
        self.all_s = 0.0
        self.all_syllables = 0.0
        self._pause: list[float] | None = None
        self.said: deque[tuple[int, float]] = deque()
        self.words = 0
        self.words_s = 0.0

    def step(self, own: bool, nuclei: float) -> None:
        if own:
            if self._pause:
                for late in self._pause:
                    self._add(late)
            self._pause = []
            self._add(nuclei)
        elif self._pause is not None:
            self._pause.append(0.0)
            if nuclei and len(self._pause) <= LATE_BLOCKS:
                self.window.late(nuclei)
                self.recent.late(nuclei)
                self.all_syllables += nuclei
            if len(self._pause) > PAUSE_BLOCKS:
                self._pause = None

    def _add(self, nuclei: float) -> None:
        self.window.add(nuclei)
        self.recent.add(nuclei)
        self.all_s += BLOCK_S
        self.all_syllables += nuclei

    def rate(self, settings: PaceSettings) -> float | None:
        window = self.window
        if window.syllables < settings.min_syllables or window.length_s < RATE_MIN_S - ROUNDING_S:
            return None
        return window.rate

    @property
    def wpm(self) -> float | None:
        seconds = sum(seconds for _, seconds in self.said)
        return 60 * sum(words for words, _ in self.said) / seconds if seconds >= WPM_MIN_S else None


class PaceMeter:
    """How fast both parties speak, block by block.

    A rate counts the pauses inside utterances (speech rate), not those between them,
    over the newest ``window_s`` of speaking time.
    """

    def __init__(self, settings: PaceSettings) -> None:
        self._settings = settings
        self._paces = (_Pace(settings), _Pace(settings))
        self._since: float | None = None
        self._blocks = 0

    def step(self, t: float, row: Row) -> None:
        """One block of both parties that ends at audio time ``t``."""
        self._paces[0].step(row.own[0], row.nuclei[0])
        self._paces[1].step(row.own[1], row.nuclei[1])
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
        pace = self._paces[PARTIES.index(tr.party)]
        pace.words += words
        pace.words_s += seconds
        pace.said.append((words, seconds))
        while sum(length for _, length in pace.said) - pace.said[0][1] >= WPM_WINDOW_S:
            pace.said.popleft()

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
        if pace.all_syllables < self._settings.min_syllables or pace.all_s < RATE_MIN_S:
            return None
        return pace.all_syllables / pace.all_s

    def wpm(self, party: Party) -> float | None:
        """Words per minute of speaking time over the whole call so far."""
        pace = self._paces[PARTIES.index(party)]
        return 60 * pace.words / pace.words_s if pace.words_s >= WPM_MIN_S else None

    def agent_above_baseline(self, t: float) -> float | None:
        """The agent's newest 5 s of speech over the agent's usual rate; None before 15 s."""
        agent = self._paces[0]
        recent = agent.recent
        before_s = agent.all_s - recent.length_s
        before = agent.all_syllables - recent.syllables
        if before_s < BASELINE_MIN_S - RECENT_S - ROUNDING_S or before < 1:
            return None
        return recent.rate / (before / before_s)

    def mismatch(self, t: float) -> Mismatch | None:
        """The agent has been ``mismatch_ratio`` faster than the customer for
        ``mismatch_for_s``, and is not slowing down against own baseline."""
        ratio = self._ratio()
        if ratio is None or self._since is None:
            return None
        if t - self._since < self._settings.mismatch_for_s - ROUNDING_S:
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
        if min(agent.window.length_s, customer.window.length_s) < COMPARE_MIN_S - ROUNDING_S:
            return None
        if min(agent.window.syllables, customer.window.syllables) < self._settings.min_syllables:
            return None
        return agent.window.rate / customer.window.rate

    def _watch(self, t: float) -> None:
        ratio = self._ratio()
        own = self.agent_above_baseline(t)
        fast = ratio is not None and ratio >= self._settings.mismatch_ratio - ROUNDING_S
        if not fast or (own is not None and own < EASED):
            self._since = None
        elif self._since is None:
            self._since = t
