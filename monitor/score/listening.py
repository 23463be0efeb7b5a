"""An annotated call, heard by the monitor as any other recording; what it said of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK_S, RATE_HZ
from monitor.call import CallInput
from monitor.config import HearingSettings
from monitor.ear import Heard
from monitor.events import (
    PARTIES,
    AlertCleared,
    AlertRaised,
    CallEnded,
    Degraded,
    Event,
    HangUp,
    Missing,
    Mood,
    NudgeOpened,
    Opportunity,
    Overlap,
    OverlapKind,
    Party,
    Response,
    Turn,
    Words,
)
from monitor.parties import Parties
from monitor.runtime import Runtime
from monitor.score import ScoreError
from monitor.score.annotated import AnnotatedCall
from monitor.score.spans import Stretch
from monitor.sources import Pcm, Source, SourceError, SourceInfo
from monitor.utterances import Change, Speaker

F32 = NDArray[np.float32]
CHUNK = RATE_HZ
"""Samples that a call is given at a time; its events do not depend on it."""


@dataclass(frozen=True, slots=True)
class ToldOverlap:
    """One overlap, in all that was said of it: the last word counts."""

    told: tuple[Overlap, ...]

    @property
    def last(self) -> Overlap:
        return self.told[-1]

    @property
    def t0(self) -> float:
        return self.last.t0

    @property
    def t1(self) -> float:
        return self.last.t1

    @property
    def kind(self) -> OverlapKind:
        return self.last.kind

    @property
    def by(self) -> Party:
        return self.last.by

    def first_said(self, kind: OverlapKind) -> float | None:
        """Audio time at which it was first said to be of this kind, s."""
        return next((event.t for event in self.told if event.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Listened:
    """What the monitor made of a call."""

    duration_s: float
    separated: bool  # False: one channel for both
    overlaps: list[ToldOverlap]
    turns: list[Turn]
    speech: dict[Party, list[Stretch]]  # without a channel for each, all stands with the customer
    alerts: list[AlertRaised | AlertCleared]
    moods: list[Mood]
    nudges: list[NudgeOpened]
    needs: list[Opportunity]
    """Where a nudge was due, shown or not: each opportunity as it became so."""
    words: list[Words]
    troubles: list[str]


class SpeechRuns:
    """The runs of speech that turn-taking sees: own speech of each party, pauses shorter than
    the turn hang-over closed, each dated back to its first block. Fed with a call's inputs."""

    def __init__(self, settings: HearingSettings, *, separated: bool) -> None:
        self._parties = Parties(settings, separated=separated)
        self._speakers = (Speaker(settings), Speaker(settings))
        self._blocks = 0
        self.runs: dict[Party, list[Stretch]] = {party: [] for party in PARTIES}

    def input(self, item: CallInput) -> None:
        match item:
            case Heard():
                self._hear(item)
            case Missing():
                self._parties.missing()
                self._close()
                self._blocks += item.blocks
            case HangUp():
                self._close()

    def _hear(self, heard: Heard) -> None:
        columns = zip(
            zip(*heard.speech.tolist(), strict=True),
            zip(*heard.level_db.tolist(), strict=True),
            strict=True,
        )
        for speech, level_db in columns:
            self._blocks += 1
            t = round(self._blocks * BLOCK_S, 3)
            speech, own = self._parties.step(speech, level_db)
            for row, speaker in enumerate(self._speakers):
                self._keep(row, speaker.step(t, own[row], speech[row], level_db[row]))

    def _close(self) -> None:
        for row, speaker in enumerate(self._speakers):
            self._keep(row, speaker.close())

    def _keep(self, row: int, change: Change | None) -> None:
        if change is Change.STOPPED:
            speaker = self._speakers[row]
            self.runs[PARTIES[row]].append(Stretch(speaker.since, speaker.last_end))
            speaker.ended.clear()


@dataclass
class _Listener:
    """A session's sink that keeps what is scored."""

    runs: SpeechRuns
    overlaps: dict[str, list[Overlap]] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    alerts: list[AlertRaised | AlertCleared] = field(default_factory=list)
    moods: list[Mood] = field(default_factory=list)
    nudges: list[NudgeOpened] = field(default_factory=list)
    needs: dict[str, Opportunity] = field(default_factory=dict)
    words: list[Words] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    ended: CallEnded | None = None

    def event(self, event: Event) -> None:
        match event:
            case Overlap():
                self.overlaps.setdefault(event.id, []).append(event)
            case Turn():
                self.turns.append(event)
            case AlertRaised() | AlertCleared():
                self.alerts.append(event)
            case Mood():
                self.moods.append(event)
            case NudgeOpened():
                self.nudges.append(event)
            case Opportunity(due=True):
                self.needs.setdefault(event.id, event)
            case Response(outcome="retracted"):
                self.needs.pop(event.id, None)
            case Words(final=True):
                self.words.append(event)
            case Degraded(active=True):
                self.troubles.append(event.reason)
            case CallEnded():
                self.ended = event

    def input(self, call_id: str, t: float, item: CallInput) -> None:
        self.runs.input(item)

    def audio(self, call_id: str, t: float, pcm: F32) -> None: ...

    def mute(self, call_id: str, t0: float, t1: float, party: Party) -> None: ...


class _Samples:
    """A whole call in memory as a source."""

    def __init__(self, info: SourceInfo, pcm: F32) -> None:
        self.info = info
        self._pcm = pcm

    async def chunks(self) -> AsyncIterator[Pcm | Missing]:
        for start in range(0, self._pcm.shape[1], CHUNK):
            yield Pcm(self._pcm[:, start : start + CHUNK])

    async def close(self) -> None: ...


async def audio_of(call: AnnotatedCall) -> tuple[SourceInfo, F32]:
    """The whole call, (2, samples) at 8 kHz, agent first. Raises ScoreError."""
    try:
        source = call.open()
        pieces = [chunk.samples async for chunk in source.chunks() if isinstance(chunk, Pcm)]
    except SourceError as error:
        raise ScoreError(f"{call.name}: {error}") from error
    return source.info, np.concatenate(pieces, axis=1)


async def listen(
    runtime: Runtime,
    name: str,
    info: SourceInfo,
    pcm: F32,
    progress: Callable[[float], None] | None = None,
) -> Listened:
    """Run ``pcm`` (2, samples) through a session of its own, as fast as it goes.

    Raises ScoreError when the call fails."""
    source: Source = _Samples(info, pcm)
    runs = SpeechRuns(runtime.settings.hearing, separated=info.separated)
    sink = _Listener(runs)
    session = runtime.session(source, sink, recorded=True, call_id=name, progress=progress)
    await session.run()
    if sink.ended is None or sink.ended.reason == "failed":
        raise ScoreError(f"{name}: {sink.ended.detail if sink.ended else 'the call did not end'}")
    return Listened(
        duration_s=sink.ended.duration_s,
        separated=info.separated,
        overlaps=[ToldOverlap(tuple(told)) for told in sink.overlaps.values()],
        turns=sink.turns,
        speech=runs.runs,
        alerts=sink.alerts,
        moods=sink.moods,
        nudges=sink.nudges,
        needs=list(sink.needs.values()),
        words=sink.words,
        troubles=list(dict.fromkeys([*info.limits, *sink.troubles])),
    )
