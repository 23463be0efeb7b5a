"""Which language each call is in: fixed by the settings, or settled once a call."""

from __future__ import annotations

from collections import OrderedDict

from monitor.engines import Decoded
from monitor.jobs import Job

MIN_S = 2.0
MIN_P = 0.6
"""A call's language is settled by its first utterance at least this long and this clear. With
base, of 114 utterances in German, Polish and English with a telephone's band, 104 settle it, one
of them wrongly; at .4 it would be 109 and three, at .9 93 and one."""
REMEMBERED_CALLS = 1024


class Languages:
    """ISO 639-1 codes by call. ``fixed``: that of all calls, never asked for."""

    def __init__(self, fixed: str | None) -> None:
        self._fixed = fixed
        self._by_call: OrderedDict[str, str] = OrderedDict()

    def of(self, job: Job) -> str | None:
        """None: not known yet, to be detected."""
        return self._fixed or self._by_call.get(job.call_id)

    def learn(self, job: Job, decoded: Decoded) -> None:
        if (
            self._fixed is not None
            or decoded.language is None
            or decoded.language_p < MIN_P
            or job.duration_s < MIN_S
            or job.call_id in self._by_call
        ):
            return
        self._by_call[job.call_id] = decoded.language
        if len(self._by_call) > REMEMBERED_CALLS:
            self._by_call.popitem(last=False)
