"""Annotated calls, heard one after the other and compared with their references."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.config import Settings
from monitor.events import PARTIES, Party
from monitor.runtime import Runtime
from monitor.score import activity, overlaps, turns
from monitor.score.annotated import AnnotatedCall
from monitor.score.listening import Listened, audio_of, listen
from monitor.score.spans import bridged

F32 = NDArray[np.float32]
Degrade = Callable[[F32], F32]


@dataclass(frozen=True, slots=True)
class ScoredCall:
    """One call and how well each annotated part of it was heard; null: not annotated, or not
    to be heard on one channel."""

    name: str
    duration_s: float
    heard: Listened
    overlaps: overlaps.CallOverlaps | None
    activity_from: activity.Source | None
    activity: dict[Party, activity.CallActivity]
    turns: turns.CallTurns | None
    notes: list[str]


@dataclass(frozen=True, slots=True)
class TurnsFigures:
    """What ``monitor score turns`` tells of some calls."""

    calls: int
    duration_s: float
    overlaps: overlaps.OverlapFigures | None
    activity: dict[Party, activity.ActivityFigures | None]
    turns: turns.TurnFigures | None


def compare(call: AnnotatedCall, heard: Listened) -> ScoredCall:
    reference = call.reference
    notes = list(heard.troubles)
    told = activity.speech_of(reference)
    found_speech = heard.speech
    compared: dict[Party, activity.CallActivity] = {}
    if told is not None:
        source, said = told
        if not heard.separated:
            said = {"agent": [], "customer": bridged([*said["agent"], *said["customer"]], 0.0)}
        compared = {
            party: activity.compare(
                said[party], found_speech[party], heard.duration_s, pauses_known=source != "turns"
            )
            for party in PARTIES
            if heard.separated or party == "customer"
        }
        speech = said
    else:
        speech = found_speech
        notes.append("no speech, words or turns annotated: hours of speech are those found")
    if not heard.separated and (reference.overlaps or reference.turns):
        notes.append("one channel for both: overlaps and turns are not scored")
    return ScoredCall(
        name=call.name,
        duration_s=heard.duration_s,
        heard=heard,
        overlaps=overlaps.compare(reference.overlaps, heard.overlaps, activity.seconds_of(speech))
        if heard.separated and reference.overlaps is not None
        else None,
        activity_from=told[0] if told else None,
        activity=compared,
        turns=turns.compare(reference.turns, heard.turns)
        if heard.separated and reference.turns is not None
        else None,
        notes=notes,
    )


def turns_figures(calls: Sequence[ScoredCall]) -> TurnsFigures:
    """Of all these calls together."""
    of_overlaps = [call.overlaps for call in calls if call.overlaps is not None]
    of_turns = [call.turns for call in calls if call.turns is not None]
    return TurnsFigures(
        calls=len(calls),
        duration_s=round(sum(call.duration_s for call in calls), 3),
        overlaps=overlaps.figures(of_overlaps) if of_overlaps else None,
        activity={
            party: activity.figures([c.activity[party] for c in calls if party in c.activity])
            for party in PARTIES
        },
        turns=turns.figures(of_turns),
    )


async def score(
    settings: Settings,
    calls: Sequence[AnnotatedCall],
    *,
    words: bool,
    degrade: Degrade | None = None,
    at_once: int = 1,
    progress: Callable[[float], None] | None = None,
    watch: Callable[[AnnotatedCall, ScoredCall, F32], None] | None = None,
) -> list[ScoredCall]:
    """Hear and compare them, up to ``at_once`` at a time; in order, and the same for any.

    ``degrade`` changes the audio (2, samples) before it is heard; ``progress`` is told the
    audio time of all calls that was heard; ``watch`` gets each call when it is done, with the
    audio that was heard. Raises ScoreError, and what ``Runtime.start`` raises.
    """
    runtime = await Runtime.start(settings, words=words)
    done: dict[str, float] = {}
    turnstile = asyncio.Semaphore(at_once)

    def moved(name: str, t: float) -> None:
        done[name] = t
        if progress is not None:
            progress(sum(done.values()))

    async def one(call: AnnotatedCall) -> ScoredCall:
        async with turnstile:
            info, pcm = await audio_of(call)
            if degrade is not None:
                pcm = await asyncio.to_thread(degrade, pcm)
            heard = await listen(runtime, call.name, info, pcm, lambda t: moved(call.name, t))
            scored = compare(call, heard)
            if watch is not None:
                watch(call, scored, pcm)
            moved(call.name, call.duration_s)
            return scored

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(call)) for call in calls]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        await runtime.close()
    return [task.result() for task in tasks]


def settings_hash(settings: Settings) -> str:
    """Of all that decides what is heard: two scores with one hash are comparable."""
    parts = settings.model_dump_json(include={"hearing", "turns", "pace", "mood", "nudges", "asr"})
    return hashlib.sha256(parts.encode()).hexdigest()[:12]
