"""A recording, analysed from its first to its last sample: events and report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from monitor.call import CallInput
from monitor.events import CallEnded, Event, Levels, Party, Report
from monitor.runtime import Runtime
from monitor.sources import Source
from monitor.store import Store


class AnalysisError(RuntimeError):
    """The recording broke off, and what came before it is in the events; or its events
    cannot be written."""


def check_outputs(outputs: Iterable[Path | None], inputs: Iterable[Path | None]) -> None:
    """Find out before the work, not after it, that a file cannot be written or would
    replace another one that is named. Raises AnalysisError."""
    named = [path.resolve() for path in inputs if path is not None]
    for path in outputs:
        if path is None:
            continue
        if path.resolve() in named:
            raise AnalysisError(f"{path} is named twice: writing it would destroy it")
        named.append(path.resolve())
        if path.is_dir():
            raise AnalysisError(f"cannot write {path}: it is a folder")
        if not path.parent.is_dir():
            raise AnalysisError(f"cannot write {path}: there is no folder {path.parent}")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise AnalysisError(f"cannot write {path}: permission denied")


@contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """The file, open for writing; each line is there at once. Raises AnalysisError."""
    try:
        with path.open("w", encoding="utf-8", buffering=1) as file:
            yield file
    except OSError as error:
        raise AnalysisError(f"cannot write {path}: {error.strerror}") from error


class _Outputs:
    """Writes each event as a line of JSON, keeps the call where asked, and the report."""

    def __init__(
        self, out: TextIO | None, store: Store | None, watch: Callable[[Event], None] | None
    ) -> None:
        self._out = out
        self._store = store
        self._watch = watch
        self.report: Report | None = None
        self.ended: CallEnded | None = None

    def event(self, event: Event) -> None:
        if isinstance(event, Report):
            self.report = event
        if isinstance(event, CallEnded):
            self.ended = event
        if self._out is not None and not isinstance(event, Levels):  # meters are for screens
            self._out.write(event.model_dump_json() + "\n")
        if self._store is not None:
            self._store.event(event)
        if self._watch is not None:
            self._watch(event)

    def input(self, call_id: str, t: float, item: CallInput) -> None:
        if self._store is not None:
            self._store.input(call_id, t, item)

    def audio(self, call_id: str, t: float, pcm: NDArray[np.float32]) -> None:
        if self._store is not None:
            self._store.audio(call_id, t, pcm)

    def mute(self, call_id: str, t0: float, t1: float, party: Party) -> None:
        if self._store is not None:
            self._store.mute(call_id, t0, t1, party)


async def analyze(
    runtime: Runtime,
    source: Source,
    *,
    call_id: str,
    out: TextIO | None = None,
    store: Store | None = None,
    progress: Callable[[float], None] | None = None,
    watch: Callable[[Event], None] | None = None,
) -> Report:
    """Run ``source`` through a call and return its report.

    The events do not depend on the speed of the machine, of the source, or on
    the size of its chunks. ``out`` gets them as lines of JSON; ``store`` keeps the call,
    its audio too, for the replay; ``watch`` sees each. Raises AnalysisError when the source
    breaks.
    """
    outputs = _Outputs(out, store, watch)
    session = runtime.session(source, outputs, recorded=True, call_id=call_id, progress=progress)
    await session.run()
    if outputs.report is None or outputs.ended is None:
        raise AnalysisError("the call ended without a report")
    if outputs.ended.reason == "failed":
        raise AnalysisError(outputs.ended.detail)
    return outputs.report
