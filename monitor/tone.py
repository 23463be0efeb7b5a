"""The tone model: what a stretch of speech is, against whom, and the log-odds of it.

Its numbers were learned (``models/tone/train.py``) and stand in ``models/tone/tone.toml``, one
table for each measure. A measure enters as two distances in standard deviations, both clipped:

- from the caller's **own** normal, with one slope above and one below it;
- from the **population** of calm callers. Who arrives angry has no calm normal of their own.

The caller's own normal shrinks towards the population while little has been heard (normal-
normal empirical Bayes: posterior mean and predictive variance; Gelman et al., Bayesian Data
Analysis, 3rd ed., section 2.5), so that at first both distances are one and the same.

The sum of terms is a logistic regression: log-odds at even odds, that is a log-likelihood ratio.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, isfinite, sqrt
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor.resources import resource

FILE: Final = "tone/tone.toml"
STRETCH_S: Final = 2.0
"""``within`` of a measure is the spread of stretches of about so much voiced speech."""


HIGHEST: Final = 1.0
LOWEST: Final = 3.0
"""Spreads between calm callers that a caller's usual log-odds may lie above and below them."""


class ToneError(ValueError):
    """A model file cannot be used; the message names the measure and the field."""


class Measure(NamedTuple):
    """One number of a stretch of speech: its population and its weights."""

    name: str
    unit: str
    group: str  # measures of one group are one reason
    mean: float | None  # of calm callers; None: not comparable between calls
    between: float  # standard deviation between calm callers
    within: float  # standard deviation between the calm stretches of one caller
    above: float  # log-odds per standard deviation above own normal
    below: float  # … and below it
    population: float  # … above or below the population


class Words(NamedTuple):
    """A reason for people in mid-call: no figures, no terms of acoustics."""

    more: str
    less: str


class Term(NamedTuple):
    """What one measure adds to the log-odds."""

    measure: Measure
    llr: float
    above: float  # the value less the caller's own normal, in the measure's unit
    plain: bool  # own normal and population agree on which side of them it is


class Calm(NamedTuple):
    """Log-odds of the calm stretches of callers that are known."""

    mean: float
    between: float  # standard deviation between callers
    within: float  # … and between the stretches of one


@dataclass(frozen=True, slots=True)
class ToneModel:
    """A logistic regression that can be read. Shared by all calls; it has no state."""

    measures: tuple[Measure, ...]
    words: Mapping[str, Words]  # by group
    bias: float  # log-odds of a voice that is usual in everything
    clip_z: float
    calm: Calm
    margin: float  # so far above a caller's usual log-odds, evidence of frustration begins …
    share: float  # … and is so much of the rest: acted speech is plainer than real
    threshold: float  # log-odds from which a clip of an unknown voice is called angry
    above_median: float  # … and how far above the median of the same caller's other clips

    def terms(self, values: Sequence[float], normal: OwnNormal | None = None) -> list[Term]:
        """Of each measure; without a ``normal`` of their own against the population alone."""
        out = []
        pairs = zip(self.measures, self.distances(values, normal), strict=True)
        for measure, (own, population, above) in pairs:
            llr = measure.population * population
            llr += (measure.above if own > 0 else measure.below) * own
            out.append(Term(measure, llr, above, own * population >= 0 and own != 0))
        return out

    def distances(
        self, values: Sequence[float], normal: OwnNormal | None = None
    ) -> list[tuple[float, float, float]]:
        """Of each measure, in standard deviations and clipped: from own normal, and from the
        population (each 0 where there is none); and from own normal in its unit."""
        normal = normal or OwnNormal(self)
        out = []
        for place, (measure, value) in enumerate(zip(self.measures, values, strict=True)):
            own = population = above = 0.0
            own_mean, own_spread = normal.of(place)
            if own_spread is not None:
                above = value - own_mean
                own = _clip(above / own_spread, self.clip_z)
            if measure.mean is not None:
                spread = sqrt(measure.between**2 + measure.within**2)
                population = _clip((value - measure.mean) / spread, self.clip_z)
            out.append((own, population, above))
        return out

    def log_odds(self, values: Sequence[float], normal: OwnNormal | None = None) -> float:
        return self.bias + sum(term.llr for term in self.terms(values, normal))

    def evidence(self, excess: float) -> float:
        """Of frustration now, in log-odds, from what exceeds the caller's usual."""
        return self.share * (excess - self.margin)


class OwnNormal:
    """What is usual for one caller, measure by measure, from what was heard of them."""

    BASELINE_S = 20.0
    DRIFT_S = 90.0
    """After the baseline, time constant in voiced speech of its drift."""
    LEAST_WEIGHT = 0.25
    """Speech that sounds angry by the population alone weighs less in what is called normal,
    but never nothing: some calm voices are sharp and high."""

    def __init__(self, model: ToneModel) -> None:
        self._model = model
        self._means = [measure.mean or 0.0 for measure in model.measures]
        self._log_odds = model.calm.mean
        self.heard_s = 0.0
        """Voiced speech behind it, s; what sounded angry counts less."""

    @property
    def usual(self) -> float:
        """The caller's usual log-odds: at most one spread above those of calm callers, since who
        is angry all along is not calm, and at most three below: a line, a language or a quiet
        person shift them all."""
        calm, stretches = self._model.calm, self.heard_s / STRETCH_S
        within, between = calm.within**2, calm.between**2
        trust = between * stretches / (between * stretches + within)
        shift = trust * (self._log_odds - calm.mean)
        return calm.mean + max(-LOWEST * calm.between, min(HIGHEST * calm.between, shift))

    def of(self, place: int) -> tuple[float, float | None]:
        """Mean of a measure and the spread around it; None while nothing is known."""
        measure, own = self._model.measures[place], self._means[place]
        stretches = self.heard_s / STRETCH_S
        if measure.mean is None:
            if stretches == 0:
                return own, None
            return own, measure.within * sqrt(1 + 1 / stretches)
        within, between = measure.within**2, measure.between**2
        trust = between * stretches / (between * stretches + within)
        mean = trust * own + (1 - trust) * measure.mean
        return mean, sqrt(within + (1 - trust) * between)

    def learn(
        self, values: Sequence[float], voiced_s: float, log_odds: float | None = None
    ) -> None:
        """So much voiced speech measured so; ``log_odds`` as it was judged, None: it was not."""
        odds = exp(min(self._model.log_odds(values), 50.0))
        weight_s = voiced_s * max(self.LEAST_WEIGHT, 1 / (1 + odds))
        self.heard_s += weight_s
        memory_s = self.heard_s if self.heard_s <= self.BASELINE_S else self.DRIFT_S
        share = min(1.0, weight_s / memory_s)
        self._means = [
            mean + share * (value - mean) for mean, value in zip(self._means, values, strict=True)
        ]
        if log_odds is not None:
            self._log_odds += share * (log_odds - self._log_odds)

    def move(self, place: int, by: float) -> None:
        """What is usual of one measure lies so much higher from now on."""
        self._means[place] += by


@cache
def shipped() -> ToneModel:
    """The model that comes with the monitor. Raises ToneError, OSError."""
    return load(resource("models") / FILE)


def load(path: Path) -> ToneModel:
    """Read a model file. Raises ToneError, which names what is wrong in it, or OSError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ToneError(f"{path.name}: {error}") from error
    model, calm = (_table(data, key, path.name) for key in ("model", "calm"))
    words = {
        group: Words(_text(texts, "more", group), _text(texts, "less", group))
        for group, texts in _table(data, "reasons", path.name).items()
    }
    measures = tuple(
        _measure(name, fields, words)
        for name, fields in _table(data, "measures", path.name).items()
    )
    return ToneModel(
        measures=measures,
        words=words,
        bias=_number(model, "bias", "model"),
        clip_z=_number(model, "clip_z", "model"),
        calm=Calm(*(_number(calm, key, "calm") for key in Calm._fields)),
        margin=_number(model, "margin", "model"),
        share=_number(model, "share", "model"),
        threshold=_number(model, "threshold", "model"),
        above_median=_number(model, "above_median", "model"),
    )


def _measure(name: str, fields: Mapping[str, Any], words: Mapping[str, Words]) -> Measure:
    group = _text(fields, "group", name)
    if group not in words:
        raise ToneError(f"{name}: no reason {group!r}; there is: {', '.join(words)}")
    within = _number(fields, "within", name)
    if within <= 0:
        raise ToneError(f"{name}: within is above 0, not {within:g}")
    known = "mean" in fields
    return Measure(
        name=name,
        unit=_text(fields, "unit", name),
        group=group,
        mean=_number(fields, "mean", name) if known else None,
        between=_number(fields, "between", name) if known else 0.0,
        within=within,
        above=_number(fields, "above", name),
        below=_number(fields, "below", name),
        population=_number(fields, "population", name) if known else 0.0,
    )


def _table(data: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    found = data.get(key)
    if not isinstance(found, Mapping):
        raise ToneError(f"{where}: no table [{key}]")
    return found


def _number(fields: Mapping[str, Any], key: str, where: str) -> float:
    value = fields.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise ToneError(f"{where}: {key} is a number, not {value!r}")
    return float(value)


def _text(fields: Mapping[str, Any], key: str, where: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not value:
        raise ToneError(f"{where}: {key} is a text, not {value!r}")
    return value


def _clip(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))
