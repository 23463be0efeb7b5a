"""A recording, analysed from its first to its last sample: events and report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from monitor.events import CallEnded, Event, Levels, Party, Report
from monitor.runtime import Runtime
from monitor.session import CallInput
from monitor.sources import Source


class AnalysisError(RuntimeError):
    """The recording broke off; what came before it is in the events."""


class _Lines:
    """Writes each event as a line of JSON, and keeps the report."""

    def __init__(self, out: TextIO | None, watch: Callable[[Event], None] | None) -> None:
        self._out = out
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
        if self._watch is not None:
            self._watch(event)

    def input(self, call_id: str, t: float, item: CallInput) -> None:
        pass

    def audio(self, samples: NDArray[np.float32]) -> None:
        pass

    def mute(self, party: Party, t0: float, t1: float) -> None:
        pass


async def analyze(
    runtime: Runtime,
    source: Source,
    *,
    call_id: str,
    out: TextIO | None = None,
    watch: Callable[[Event], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Report:
    """Run ``source`` through a call and return its report.

    The events do not depend on the speed of the machine, of the source, or on
    the size of its chunks. Raises AnalysisError when the source breaks.
    """
    lines = _Lines(out, watch)
    session = runtime.session(source, lines, recorded=True, call_id=call_id, progress=progress)
    await session.run()
    if lines.report is None or lines.ended is None:
        raise AnalysisError("the call ended without a report")
    if lines.ended.reason == "failed":
        raise AnalysisError(lines.ended.detail)
    return lines.report
