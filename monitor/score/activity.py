"""Speech found against speech annotated, by party."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from monitor.events import PARTIES, Party
from monitor.score.figures import ratio
from monitor.score.reference import Reference
from monitor.score.spans import Stretch, bridged, painted, total_s

STEP_S: Final = 0.01
BRIDGED_S: Final = 0.2
"""Pauses shorter than the hang-over of turn-taking are speech, in the reference too."""
COLLAR_S: Final = 0.1
"""Not scored around each begin and end of the reference: a label is no better than that, and
three blocks of speech are."""

Source = Literal["speech", "words", "turns"]


@dataclass(frozen=True, slots=True)
class CallActivity:
    """Speech of one party in one call, s. ``missed_s`` and ``speech_s`` are null where the
    reference has turns only: pauses stand in them."""

    missed_s: float | None
    false_s: float
    speech_s: float | None
    silence_s: float


@dataclass(frozen=True, slots=True)
class ActivityFigures:
    missed_s: float | None
    false_s: float
    missed_s_per_h: float | None
    """Per hour of the party's annotated speech."""
    false_s_per_h: float | None
    """Per hour in which the party is silent."""
    missed: float | None
    """Share of the annotated speech."""
    false: float | None
    """Share of the annotated silence."""


def speech_of(reference: Reference) -> tuple[Source, dict[Party, list[Stretch]]] | None:
    """Each party's speech and what it was taken from; None where nothing tells."""
    source: Source
    if reference.speech is not None:
        source, spans = "speech", [(s.party, Stretch(s.t0, s.t1)) for s in reference.speech]
    elif reference.words is not None:
        source, spans = "words", [(w.party, Stretch(w.t0, w.t1)) for w in reference.words]
    elif reference.turns is not None:
        # What is said inside the other's turn is no turn, but stands in the overlaps.
        source, spans = "turns", [(t.party, Stretch(t.t0, t.t1)) for t in reference.turns]
        spans += [(o.by, Stretch(o.t0, o.t1)) for o in reference.overlaps or []]
    else:
        return None
    return source, {
        party: bridged([span for who, span in spans if who == party], BRIDGED_S)
        for party in PARTIES
    }


def compare(
    reference: Sequence[Stretch],
    found: Sequence[Stretch],
    duration_s: float,
    *,
    pauses_known: bool = True,
) -> CallActivity:
    """``pauses_known`` False: the reference may hold silence, so that nothing is missed."""
    grid = round(duration_s / STEP_S)
    said = painted(reference, grid, STEP_S)
    heard = painted(bridged(found, BRIDGED_S), grid, STEP_S)
    edges = [edge for span in reference for edge in (span.t0, span.t1)]
    scored = ~painted([Stretch(t - COLLAR_S, t + COLLAR_S) for t in edges], grid, STEP_S)
    return CallActivity(
        missed_s=_seconds(said & ~heard & scored) if pauses_known else None,
        false_s=_seconds(heard & ~said & scored),
        speech_s=_seconds(said & scored) if pauses_known else None,
        silence_s=_seconds(~said & scored),
    )


def figures(calls: Sequence[CallActivity]) -> ActivityFigures | None:
    if not calls:
        return None
    false_s, silence_s = sum(c.false_s for c in calls), sum(c.silence_s for c in calls)
    told = [(c.missed_s, c.speech_s) for c in calls if c.missed_s is not None and c.speech_s]
    missed_s = sum(missed for missed, _ in told)
    speech_s = sum(speech for _, speech in told)
    return ActivityFigures(
        missed_s=round(missed_s, 2) if told else None,
        false_s=round(false_s, 2),
        missed_s_per_h=ratio(missed_s * 3600, speech_s),
        false_s_per_h=ratio(false_s * 3600, silence_s),
        missed=ratio(missed_s, speech_s),
        false=ratio(false_s, silence_s),
    )


def seconds_of(speech: dict[Party, list[Stretch]]) -> dict[Party, float]:
    return {party: total_s(spans) for party, spans in speech.items()}


def _seconds(mask: NDArray[np.bool_]) -> float:
    return round(float(np.count_nonzero(mask)) * STEP_S, 3)
