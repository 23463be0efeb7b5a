"""Tone of the customer's voice against own baseline and population; the agent's level.

The customer: a stretch of speech becomes eight measures that survive 300-3400 Hz and any gain
(``measure``), and these the log-odds that it sounds frustrated (``monitor.tone``, a model whose
numbers can be read in ``models/tone/tone.toml``). Frustrated speech is higher, hits
harder, and is sharper in spectrum (Banse & Scherer 1996; Juslin & Laukka 2003).

The agent: observable behaviour only, the level. Nothing here takes the agent's pitch
or spectrum, and no agent value can reach ``CustomerVoice``, which takes one channel.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from math import log2, sqrt
from statistics import fmean, median
from typing import NamedTuple

from monitor import tone
from monitor.audio import BLOCK_S
from monitor.baseline import Baseline
from monitor.events import Evidence
from monitor.running import RunningMedian
from monitor.tone import Term, ToneModel
from monitor.utterances import ROUNDING_S

SHORTEST_S = 0.8
VOICED_MIN_S = 0.3
KEPT_BLOCKS = 780
"""25 s of speech: an utterance is asked for at the latest a cut and a hang-over later."""
VOICED_FROM = 0.7
"""Harmonicity from which a pitch is believed."""
OCTAVE_GUARD_SEMITONES = 8.0
"""So far from the utterance's median, a pitch is an octave error."""
STEP_MOST_SEMITONES = 4.0
"""So much from block to block is another jump of the octave."""
DIP_DB = 25.0
"""Stops and short pauses inside speech: so far below its median they are not voice."""
LOUD_SHARE = 0.4
"""The loudest blocks of the voice: its stressed vowels."""
CLIP_LLR = 1.5
CALM_LLR = -0.35
"""No more than that speaks against frustration: many a frustrated caller sounds calm."""
REASON_LLR = 0.2
REASONS = 3

MEASURES = (
    "pitch",
    "jumps",
    "loudness",
    "punch",
    "balance",
    "balance_loud",
    "voicing",
    "pitch_level",
)
"""What ``measure`` gives, in this order; docs/tone.md defines each."""


class Stretch(NamedTuple):
    """A stretch of speech, measured."""

    t1: float
    values: tuple[float, ...]  # in the order of MEASURES
    voiced_s: float


@dataclass(frozen=True, slots=True)
class Tone:
    """Log-odds that the customer sounds frustrated, and the strongest reasons."""

    llr: float  # evidence for the mood, from CALM_LLR to CLIP_LLR
    evidence: list[Evidence]
    log_odds: float  # that it is angry rather than anything else, at even odds


class _Heard(NamedTuple):
    t: float
    level_db: float
    semitones: float | None
    voicing: float
    balance_db: float
    nuclei: float


class StretchMeter:
    """Keeps the newest speech of one channel and measures stretches of it."""

    def __init__(self) -> None:
        self._blocks: deque[_Heard] = deque(maxlen=KEPT_BLOCKS)

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
        """One block of the channel that ends at audio time ``t``; ``f0_hz`` NaN: unvoiced."""
        if speaking:
            semitones = 12 * log2(f0_hz / 100) if f0_hz > 0 and voicing >= VOICED_FROM else None
            self._blocks.append(_Heard(t, level_db, semitones, voicing, balance_db, nuclei))

    def missing(self) -> None:
        """No audio for a while: what was heard before is no part of what comes after."""
        self._blocks.clear()

    def stretch(self, t0: float, t1: float) -> Stretch | None:
        """The speech from ``t0`` to ``t1``; None below 0.8 s of it, or 0.3 s voiced."""
        spoken = [b for b in self._blocks if t0 + ROUNDING_S < b.t <= t1 + ROUNDING_S]
        if len(spoken) * BLOCK_S < SHORTEST_S - ROUNDING_S:
            return None
        lowest_db = median(b.level_db for b in spoken) - DIP_DB
        blocks = [b for b in spoken if b.level_db >= lowest_db]
        voiced_s = sum(b.semitones is not None for b in blocks) * BLOCK_S
        return Stretch(t1, _measure(blocks), voiced_s) if voiced_s >= VOICED_MIN_S else None


class CustomerVoice(StretchMeter):
    """The customer's tone, utterance by utterance. Takes one channel: the customer's."""

    def __init__(self, model: ToneModel | None = None) -> None:
        """With the model that is shipped. Raises tone.ToneError where its measures are others."""
        self._model = model or tone.shipped()
        if tuple(each.name for each in self._model.measures) != MEASURES:
            raise tone.ToneError(f"a tone model has the measures {', '.join(MEASURES)}, in order")
        super().__init__()
        self._baseline = Baseline(self._model)
        self._frozen = False

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
        """One block of the customer's channel; its pauses tell how loud the line is."""
        super().step(t, speaking, level_db, f0_hz, voicing, balance_db, nuclei)
        if not speaking:
            self._baseline.floor.add(level_db)

    @property
    def baseline_s(self) -> float:
        """Voiced speech behind the caller's own normal, s."""
        return self._baseline.normal.heard_s

    @property
    def usual(self) -> float:
        """The caller's usual log-odds."""
        return self._baseline.normal.usual

    def freeze(self, frozen: bool) -> None:
        """While frustration is likely, nothing that is heard is called normal."""
        self._frozen = frozen

    def utterance(self, t0: float, t1: float) -> Tone | None:
        """Tone of the speech from ``t0`` to ``t1``; None below 0.8 s of it, or 0.3 s voiced.

        What was heard becomes part of the caller's own normal, unless frozen."""
        stretch = self.stretch(t0, t1)
        return None if stretch is None else self.hear(stretch)

    def hear(self, stretch: Stretch) -> Tone:
        """Judge a stretch, then learn from it what is normal."""
        judged = self._baseline.judge(stretch.values)
        llr = max(CALM_LLR, min(CLIP_LLR, self._model.evidence(judged.excess)))
        if llr > 0:
            llr *= self._baseline.trust
        self._baseline.learn(stretch.values, stretch.voiced_s, judged.log_odds, self._frozen)
        reasons = self._reasons(stretch.t1, judged.terms) if llr > 0 else []
        return Tone(llr, reasons, judged.log_odds)

    def _reasons(self, t: float, terms: list[Term]) -> list[Evidence]:
        """The groups of measures that speak most for frustration, strongest first."""
        groups: dict[str, list[Term]] = {}
        for term in terms:
            groups.setdefault(term.measure.group, []).append(term)
        found = []
        for group, members in groups.items():
            llr = self._model.share * sum(term.llr for term in members)
            if llr < REASON_LLR:
                continue
            strongest = max(members, key=lambda term: term.llr)
            if not strongest.plain:
                continue  # "than usual" would not be true of this caller
            above, words = strongest.above, self._model.words[group]
            evidence = Evidence(
                kind="voice",
                t=t,
                text=words.more if above > 0 else words.less,
                value=above,
                unit=strongest.measure.unit,
            )
            found.append((llr, evidence))
        found.sort(key=lambda reason: -reason[0])
        return [evidence for _, evidence in found[:REASONS]]


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


def _measure(blocks: list[_Heard]) -> tuple[float, ...]:
    """Values in the order of MEASURES; at least one block is voiced."""
    voiced = [b for b in blocks if b.semitones is not None]
    middle = _quantile(sorted(_pitch(b) for b in voiced), 0.5)
    sung = [b for b in voiced if abs(_pitch(b) - middle) <= OCTAVE_GUARD_SEMITONES]
    pitch = [_pitch(b) for b in sung]
    loud_db = _quantile(sorted(b.level_db for b in voiced), 1 - LOUD_SHARE)
    return (
        _quantile(sorted(pitch), 0.5),
        fmean(_jumps(voiced) or [0.0]),
        _quantile(sorted(b.level_db for b in blocks), 0.9),
        fmean(_steps(blocks) or [0.0]),
        _quantile(sorted(b.balance_db for b in voiced), 0.5),
        fmean(b.balance_db for b in voiced if b.level_db >= loud_db),
        _quantile(sorted(b.voicing for b in voiced), 0.2),
        _correlation([b.level_db for b in sung], pitch),
    )


def _pitch(block: _Heard) -> float:
    assert block.semitones is not None  # noqa: S101  # only voiced blocks come here
    return block.semitones


def _jumps(voiced: list[_Heard]) -> list[float]:
    """Steps of the pitch between neighbouring blocks, semitones."""
    steps = [abs(_pitch(b) - _pitch(a)) for a, b in _neighbours(voiced)]
    return [step for step in steps if step < STEP_MOST_SEMITONES]


def _steps(blocks: list[_Heard]) -> list[float]:
    """Steps of the level between neighbouring blocks, dB."""
    return [abs(b.level_db - a.level_db) for a, b in _neighbours(blocks)]


def _neighbours(blocks: list[_Heard]) -> list[tuple[_Heard, _Heard]]:
    return [(a, b) for a, b in pairwise(blocks) if b.t - a.t < 1.5 * BLOCK_S]


def _spread(values: list[float]) -> float:
    mean = fmean(values)
    return sqrt(fmean([(value - mean) ** 2 for value in values]))


def _covariance(x: list[float], y: list[float]) -> float:
    x_mean, y_mean = fmean(x), fmean(y)
    return fmean([(a - x_mean) * (b - y_mean) for a, b in zip(x, y, strict=True)])


FLAT = 1e-6
"""What has no spread goes with nothing."""


def _correlation(x: list[float], y: list[float]) -> float:
    """0 where either does not vary."""
    product = _spread(x) * _spread(y)
    return _covariance(x, y) / product if product > FLAT else 0.0


def _quantile(ordered: list[float], q: float) -> float:
    return ordered[min(int(q * len(ordered)), len(ordered) - 1)]
