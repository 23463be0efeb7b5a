"""Annotated calls, heard and compared with their references."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.config import Settings
from monitor.events import PARTIES, NudgeOpened, Opportunity, Party
from monitor.runtime import Runtime
from monitor.score import activity, frustration, line, nudges, overlaps, turns
from monitor.score.annotated import AnnotatedCall
from monitor.score.listening import Listened, audio_of, listen
from monitor.score.nudges import CallNudges, NudgesFigures
from monitor.score.spans import bridged, common

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ScoredCall:
    """One call, and each annotated part of it compared with what was heard. A part is null
    where it is not annotated, or cannot be heard where both parties share one channel."""

    name: str
    heard: Listened
    notes: list[str]
    overlaps: overlaps.CallOverlaps | None
    activity_from: activity.Source | None
    activity: dict[Party, activity.CallActivity]
    turns: turns.CallTurns | None
    frustration: dict[frustration.Signal, frustration.CallSignal]
    nudges: CallNudges[NudgeOpened] | None
    needs: CallNudges[Opportunity] | None
    """The same of what was due, shown or not."""


@dataclass(frozen=True, slots=True)
class TurnsFigures:
    """What ``monitor score turns`` tells of some calls."""

    calls: int
    duration_s: float
    overlaps: overlaps.OverlapFigures | None
    activity: dict[Party, activity.ActivityFigures | None]
    turns: turns.TurnFigures | None


@dataclass(frozen=True, slots=True)
class CallsFigures(TurnsFigures):
    """What ``monitor score calls`` tells of them besides."""

    frustration: dict[frustration.Signal, frustration.SignalFigures | None]
    nudges: NudgesFigures | None
    needs: NudgesFigures | None


def compare(call: AnnotatedCall, heard: Listened, *, understood: bool = True) -> ScoredCall:
    """Every part that is annotated and can be heard; frustration and nudges, which want words,
    only where what was ``understood`` is asked for."""
    reference = call.reference
    notes = list(heard.troubles)
    told = activity.speech_of(reference)
    speech = heard.speech if told is None else told[1]
    if told is None:
        notes.append("no speech, words or turns are annotated: hours of speech are those found")
    if heard.separated:
        overlapping, turned = reference.overlaps, reference.turns
    else:
        notes.append("one channel for both: only speech of whomever is scored")
        overlapping = turned = None
        speech = {"agent": [], "customer": bridged([*speech["agent"], *speech["customer"]], 0.0)}
    asked = understood and heard.separated
    frustrated = reference.frustration if asked else None
    expected, never = (reference.nudges if asked else None), reference.never or []
    calm = None if reference.frustration is None else not reference.frustration
    duration_s = heard.duration_s
    on = frustration.on_times(heard.moods, heard.alerts, duration_s)
    return ScoredCall(
        name=call.name,
        heard=heard,
        notes=notes,
        overlaps=None
        if overlapping is None
        else overlaps.compare(
            overlapping,
            heard.overlaps,
            activity.seconds_of(speech),
            common(speech["agent"], speech["customer"])
            if told is not None and told[0] == "speech"
            else None,
        ),
        activity_from=None if told is None else told[0],
        activity={}
        if told is None
        else {
            party: activity.compare(
                speech[party], heard.speech[party], duration_s, pauses_known=told[0] != "turns"
            )
            for party in (PARTIES if heard.separated else PARTIES[1:])
        },
        turns=None if turned is None else turns.compare(turned, heard.turns),
        frustration={}
        if frustrated is None
        else {
            signal: frustration.compare(frustrated, on[signal], duration_s)
            for signal in frustration.SIGNALS
        },
        nudges=None
        if expected is None
        else nudges.compare(expected, heard.nudges, duration_s, calm=calm, never=never),
        needs=None
        if expected is None
        else nudges.compare(expected, heard.needs, duration_s, calm=calm, never=never),
    )


def turns_figures(calls: Sequence[ScoredCall]) -> TurnsFigures:
    """Of all these calls together."""
    of_overlaps = [call.overlaps for call in calls if call.overlaps is not None]
    return TurnsFigures(
        calls=len(calls),
        duration_s=round(sum(call.heard.duration_s for call in calls), 3),
        overlaps=overlaps.figures(of_overlaps) if of_overlaps else None,
        activity={
            party: activity.figures([c.activity[party] for c in calls if party in c.activity])
            for party in PARTIES
        },
        turns=turns.figures([call.turns for call in calls if call.turns is not None]),
    )


def calls_figures(calls: Sequence[ScoredCall]) -> CallsFigures:
    """Of all these calls together."""
    timing = turns_figures(calls)
    return CallsFigures(
        calls=timing.calls,
        duration_s=timing.duration_s,
        overlaps=timing.overlaps,
        activity=timing.activity,
        turns=timing.turns,
        frustration={
            signal: frustration.figures([c.frustration[signal] for c in calls if c.frustration])
            for signal in frustration.SIGNALS
        },
        nudges=nudges.figures([call.nudges for call in calls if call.nudges is not None]),
        needs=nudges.figures([call.needs for call in calls if call.needs is not None]),
    )


async def score(
    settings: Settings,
    calls: Sequence[AnnotatedCall],
    *,
    words: bool,
    understood: bool = True,
    over: str | None = None,
    seed: int = 0,
    at_once: int = 1,
    progress: Callable[[float], None] | None = None,
    watch: Callable[[int, ScoredCall, F32], None] | None = None,
) -> list[ScoredCall]:
    """Hear and compare them, up to ``at_once`` at a time; in order, and the same for any.

    ``understood``: frustration and nudges too. ``over`` is the line (``line.through``) that
    their audio is sent down first; what is chance in it depends on ``seed`` and the name of the
    call. ``progress`` is told the audio time that was heard, of all calls; ``watch`` gets the
    number of each call when it is done, and the audio that was heard, (2, samples). Raises
    ScoreError, and what ``Runtime.start`` raises.
    """
    if over is not None:
        line.through(over, np.zeros((2, 0), np.float32), seed)  # an unknown one costs no time
    runtime = await Runtime.start(settings, words=words)
    heard_s = dict.fromkeys((call.name for call in calls), 0.0)
    turnstile = asyncio.Semaphore(at_once)

    def moved(name: str, t: float) -> None:
        heard_s[name] = t
        if progress is not None:
            progress(sum(heard_s.values()))

    async def one(number: int, call: AnnotatedCall) -> ScoredCall:
        async with turnstile:
            info, pcm = await audio_of(call)
            if over is not None:
                own = zlib.crc32(f"{seed} {call.name}".encode())
                pcm = await asyncio.to_thread(line.through, over, pcm, own)
            heard = await listen(runtime, call.name, info, pcm, lambda t: moved(call.name, t))
            scored = compare(call, heard, understood=understood)
            if watch is not None:
                watch(number, scored, pcm)
            moved(call.name, max(call.duration_s, heard.duration_s))
            return scored

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(k, call)) for k, call in enumerate(calls)]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        await runtime.close()
    return [task.result() for task in tasks]


def settings_hash(settings: Settings) -> str:
    """Of all that decides what is heard: scores with the same one are comparable."""
    parts = settings.model_dump_json(include={"hearing", "turns", "pace", "mood", "nudges", "asr"})
    return hashlib.sha256(parts.encode()).hexdigest()[:12]
