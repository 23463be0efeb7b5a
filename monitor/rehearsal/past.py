"""Calls that have been: from the store, or recordings that are heard once for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from monitor.audio import RATE_HZ
from monitor.call import CallInput
from monitor.ear import Heard
from monitor.events import (
    CallEnded,
    CallStarted,
    Command,
    End,
    Event,
    HangUp,
    Missing,
    Party,
    Transcript,
    Trouble,
)
from monitor.rehearsal import RehearsalError
from monitor.rehearsal.whatif import PastCall
from monitor.runtime import Runtime
from monitor.score.reference import Reference
from monitor.sources import Pcm, Source, SourceError
from monitor.store import Store

F32 = NDArray[np.float32]


def stored(store: Store, call_ids: Sequence[str]) -> list[PastCall]:
    """Calls of the store by their logs. Raises RehearsalError for one that is not there."""
    return [_stored(store, call_id) for call_id in call_ids]


def _stored(store: Store, call_id: str) -> PastCall:
    if store.call(call_id) is None:
        raise RehearsalError(f"there is no stored call {call_id!r}, and no file of that name")
    store.log_access("monitor whatif", "console", "words and log", call_id)
    events = store.events(call_id)
    started = next((event for event in events if isinstance(event, CallStarted)), None)
    inputs = [_input(logged.item) for logged in store.inputs(call_id)]
    if started is None or not inputs:
        raise RehearsalError(f"call {call_id}: its log is gone (retention, or it never began)")
    path = store.recordings.path(call_id)
    cut = None if path is None else lambda t0, t1: _read(path, t0, t1)
    return PastCall(f"{call_id} {started.title}".strip(), started, inputs, None, cut)


def _input(item: object) -> CallInput:
    if not isinstance(item, Heard | Missing | Transcript | Trouble | Command | HangUp | End):
        raise RehearsalError(f"a log holds {type(item).__name__}, which is no input of a call")
    return item


def _read(path: Path, t0: float, t1: float) -> F32:
    with soundfile.SoundFile(path) as file:
        file.seek(min(round(t0 * file.samplerate), file.frames))
        pcm: F32 = file.read(round((t1 - t0) * file.samplerate), dtype="float32", always_2d=True).T
    return pcm


@dataclass
class _Log:
    """A session's sink that keeps what the call was given."""

    started: CallStarted | None = None
    ended: CallEnded | None = None
    inputs: list[CallInput] = field(default_factory=list)

    def event(self, event: Event) -> None:
        match event:
            case CallStarted():
                self.started = event
            case CallEnded():
                self.ended = event

    def input(self, call_id: str, t: float, item: CallInput) -> None:
        self.inputs.append(item)

    def audio(self, call_id: str, t: float, pcm: F32) -> None: ...

    def mute(self, call_id: str, t0: float, t1: float, party: Party) -> None: ...


async def heard(
    runtime: Runtime,
    name: str,
    make: Callable[[], Source],
    reference: Reference | None = None,
    progress: Callable[[float], None] | None = None,
) -> PastCall:
    """A recording, heard and written down once. Raises RehearsalError where it breaks off."""
    log = _Log()
    session = runtime.session(make(), log, recorded=True, call_id=name, progress=progress)
    await session.run()
    if log.started is None or log.ended is None or log.ended.reason == "failed":
        raise RehearsalError(f"{name}: {log.ended.detail if log.ended else 'it did not end'}")
    pcm = await _samples(make(), name)

    def cut(t0: float, t1: float) -> F32:
        return pcm[:, round(t0 * RATE_HZ) : round(t1 * RATE_HZ)]

    return PastCall(name, log.started, log.inputs, reference, cut)


async def _samples(source: Source, name: str) -> F32:
    try:
        pieces = [piece.samples async for piece in source.chunks() if isinstance(piece, Pcm)]
    except SourceError as error:
        raise RehearsalError(f"{name}: {error}") from error
    finally:
        await source.close()
    return np.concatenate(pieces, axis=1)
