"""Tone of the customer's voice against own baseline and population; the agent's level.

The customer: log-odds that an utterance sounds frustrated, from features that survive
300-3400 Hz and any gain. Each feature is compared twice, and both comparisons enter a
logistic sum with hand-set weights (``FEATURES``):

- with the caller's own normal. It is estimated from the first ``BASELINE_S`` of voiced
  speech and drifts slowly afterwards; with little heard it shrinks towards the
  population (normal-normal empirical Bayes: posterior mean and predictive variance,
  Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.5). The level has no
  population: a gain must change nothing.
- with the population. A caller who arrives angry has no calm baseline.

Frustrated speech is higher, wider in pitch, louder, flatter in spectrum and a little
faster (Banse & Scherer 1996; Juslin & Laukka 2003).

The agent: observable behaviour only, the level. Nothing here takes the agent's pitch
or spectrum, and no agent value can reach ``CustomerVoice``, which takes one channel.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import log2, sqrt
from statistics import median
from typing import NamedTuple

from monitor.audio import BLOCK_S
from monitor.events import Evidence
from monitor.running import RunningMedian
from monitor.utterances import ROUNDING_S

SHORTEST_S = 0.8
VOICED_MIN_S = 0.3
KEPT_BLOCKS = 780
"""25 s of speech: an utterance is asked for at the latest a cut and a hang-over later."""
BASELINE_S = 20.0
DRIFT_S = 90.0
"""After the baseline, time constant in voiced speech of its drift."""
VOICED_FROM = 0.7
"""Harmonicity from which a pitch is believed."""
OCTAVE_GUARD_SEMITONES = 8.0
"""So far from the utterance's median, a pitch is an octave error."""
DIP_DB = 25.0
"""Stops and short pauses inside speech: so far below its median they are not voice."""
STRETCH_S = 2.0
"""The spreads below are those of stretches of about so much voiced speech."""
CLIP_Z = 2.5
CLIP_LLR = 1.5
CALM_LLR = -0.35
"""A voice that is usual in everything speaks a little against frustration."""
REASON_LLR = 0.2
REASONS = 3


class Feature(NamedTuple):
    """One feature of an utterance: its population and its weights, hand-set."""

    name: str
    unit: str
    mean: float | None  # population; None: not comparable between calls
    between: float  # standard deviation between callers
    within: float  # standard deviation between one caller's calm utterances
    own_weight: float  # log-odds per standard deviation above own normal
    population_weight: float  # … above the population
    reason: str  # for people in mid-call: no figures, no terms of acoustics


FEATURES = (
    Feature("pitch", "semitones", 9.0, 5.5, 2.5, 0.30, 0.10, "voice higher than usual"),
    Feature("pitch_high", "semitones", 12.5, 5.5, 3.0, 0.10, 0.00, "voice goes up more than usual"),
    Feature("pitch_range", "semitones", 6.0, 2.0, 2.5, 0.05, 0.05, "voice goes up and down a lot"),
    Feature("level", "dB", None, 0.0, 2.7, 0.40, 0.00, "louder than usual"),
    Feature("level_range", "dB", 25.5, 2.0, 5.0, 0.05, 0.05, "loud and soft by turns"),
    Feature("balance", "dB", -12.0, 3.5, 3.2, 0.30, 0.30, "sharper voice than usual"),
    Feature("rate", "syllables/s", 5.4, 0.5, 0.8, 0.10, 0.05, "faster than usual"),
)
"""Pitch: semitones above 100 Hz, men and women mixed. Ranges are P90 - P10. Balance is
1-3.4 kHz over 0.3-1 kHz in voiced blocks. Means and deviations: neutral clips of EmoDB
(10 speakers, band-limited to 300-3400 Hz) and calm telephone speech, rounded; in the
same clips anger is 5 to 10 semitones higher and 5 to 9 dB flatter in balance."""


@dataclass(frozen=True, slots=True)
class Tone:
    """Log-odds that the customer sounds frustrated, and the strongest reasons."""

    llr: float
    evidence: list[Evidence]


class _Heard(NamedTuple):
    t: float
    level_db: float
    semitones: float | None
    balance_db: float
    nuclei: float


class CustomerVoice:
    """The customer's tone, utterance by utterance. Takes one channel: the customer's."""

    def __init__(self) -> None:
        self._blocks: deque[_Heard] = deque(maxlen=KEPT_BLOCKS)
        self._means = [feature.mean or 0.0 for feature in FEATURES]
        self._voiced_s = 0.0
        self._frozen = False

    @property
    def baseline_s(self) -> float:
        """Voiced speech behind the caller's own normal, s."""
        return self._voiced_s

    def freeze(self, frozen: bool) -> None:
        """While frustration is likely, nothing that is heard is called normal."""
        self._frozen = frozen

    def step(
        self,
        t: float,
        speaking: bool,
        level_db: float,
        f0_hz: float,
        voicing: float,
        balance_db: float,
        nuclei: float,
    ) -> None:
        """One block of the customer's channel that ends at audio time ``t``.

        ``f0_hz`` is NaN where unvoiced."""
        if speaking:
            semitones = 12 * log2(f0_hz / 100) if f0_hz > 0 and voicing >= VOICED_FROM else None
            self._blocks.append(_Heard(t, level_db, semitones, balance_db, nuclei))

    def missing(self) -> None:
        """No audio for a while: what was heard before is no part of what comes after."""
        self._blocks.clear()

    def utterance(self, t0: float, t1: float) -> Tone | None:
        """Tone of the speech from ``t0`` to ``t1``; None below 0.8 s of it, or 0.3 s voiced.

        What was heard becomes part of the caller's own normal, unless frozen."""
        spoken = [b for b in self._blocks if t0 + ROUNDING_S < b.t <= t1 + ROUNDING_S]
        if len(spoken) * BLOCK_S < SHORTEST_S - ROUNDING_S:
            return None
        lowest_db = median(b.level_db for b in spoken) - DIP_DB
        blocks = [b for b in spoken if b.level_db >= lowest_db]
        voiced = [b for b in blocks if b.semitones is not None]
        voiced_s = len(voiced) * BLOCK_S
        if voiced_s < VOICED_MIN_S:
            return None
        values = _features(blocks, voiced)
        tone = self._judge(t1, values)
        if not self._frozen:
            self._learn(values, voiced_s)
        return tone

    def _judge(self, t: float, values: list[float]) -> Tone:
        llr = CALM_LLR
        reasons: list[tuple[float, Evidence]] = []
        for feature, value, own in zip(FEATURES, values, self._means, strict=True):
            own_mean, own_spread = self._normal(feature, own)
            term = 0.0
            if own_spread is not None:
                term += feature.own_weight * _clip((value - own_mean) / own_spread, CLIP_Z)
            if feature.mean is not None:
                spread = sqrt(feature.between**2 + feature.within**2)
                z = _clip((value - feature.mean) / spread, CLIP_Z)
                term += feature.population_weight * z
            llr += term
            if term >= REASON_LLR:
                evidence = Evidence(
                    kind="voice",
                    t=t,
                    text=feature.reason,
                    value=value - own_mean,
                    unit=feature.unit,
                )
                reasons.append((term, evidence))
        reasons.sort(key=lambda reason: -reason[0])
        return Tone(_clip(llr, CLIP_LLR), [evidence for _, evidence in reasons[:REASONS]])

    def _normal(self, feature: Feature, own: float) -> tuple[float, float | None]:
        """The caller's normal and the spread around it; None while nothing is known."""
        stretches = self._voiced_s / STRETCH_S
        if feature.mean is None:
            if stretches == 0:
                return own, None
            return own, feature.within * sqrt(1 + 1 / stretches)
        within, between = feature.within**2, feature.between**2
        trust = between * stretches / (between * stretches + within)
        mean = trust * own + (1 - trust) * feature.mean
        return mean, sqrt(within + (1 - trust) * between)

    def _learn(self, values: list[float], voiced_s: float) -> None:
        self._voiced_s += voiced_s
        memory_s = self._voiced_s if self._voiced_s <= BASELINE_S else DRIFT_S
        share = min(1.0, voiced_s / memory_s)
        self._means = [
            mean + share * (value - mean) for mean, value in zip(self._means, values, strict=True)
        ]


class AgentLevel:
    """How loud the agent speaks against the agent's own usual: behaviour, no emotion."""

    RECENT_S = 3.0
    RECENT_MIN_S = 1.0
    USUAL_MIN_S = 10.0
    USUAL_S = 180.0

    def __init__(self) -> None:
        self._recent = RunningMedian(round(self.RECENT_S / BLOCK_S))
        self._usual = RunningMedian(round(self.USUAL_S / BLOCK_S))

    def step(self, t: float, speaking: bool, level_db: float) -> None:
        """One block of the agent's channel that ends at audio time ``t``."""
        if speaking:
            self._recent.add(level_db)
            self._usual.add(level_db)

    @property
    def above_baseline_db(self) -> float | None:
        """Median level of the newest 3 s of speech over that of the newest 3 min, dB;
        None before 10 s of speech."""
        if len(self._usual) * BLOCK_S < self.USUAL_MIN_S:
            return None
        return self._recent.median - self._usual.median


def _features(blocks: list[_Heard], voiced: list[_Heard]) -> list[float]:
    """Values in the order of FEATURES."""
    pitch = sorted(b.semitones for b in voiced if b.semitones is not None)
    middle = _quantile(pitch, 0.5)
    pitch = [value for value in pitch if abs(value - middle) <= OCTAVE_GUARD_SEMITONES]
    level = sorted(b.level_db for b in blocks)
    balance = sorted(b.balance_db for b in voiced)
    syllables = sum(b.nuclei for b in blocks)
    return [
        _quantile(pitch, 0.5),
        _quantile(pitch, 0.9),
        _quantile(pitch, 0.9) - _quantile(pitch, 0.1),
        _quantile(level, 0.5),
        _quantile(level, 0.9) - _quantile(level, 0.1),
        _quantile(balance, 0.5),
        syllables / (len(blocks) * BLOCK_S),
    ]


def _quantile(ordered: list[float], q: float) -> float:
    return ordered[min(int(q * len(ordered)), len(ordered) - 1)]


def _clip(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))
