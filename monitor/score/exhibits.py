"""Moments to be seen and heard: the sound around each, and how loud it is."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from monitor.audio import RATE_HZ
from monitor.score.moments import Moment, moments
from monitor.score.scoring import ScoredCall
from monitor.score.spans import Stretch

F32 = NDArray[np.float32]

AROUND_S: Final = 3.0
LONGEST_S: Final = 14.0
"""Of one clip; what lasts longer is heard from its begin."""
BEFORE_S: Final = 8.0
"""Before an alert or a nudge that nobody expected: what was said there is why it came."""
COLUMNS: Final = 300
"""Of the picture of the level."""
QUIET_DB: Final = -65.0
LOUD_DB: Final = -10.0
"""dBFS at the bottom and at the top of that picture."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    call: int  # its number in the score
    moment: Moment
    window: Stretch
    levels: F32  # (2, COLUMNS), 0 quiet … 1 loud
    flac: bytes  # 8 kHz, agent left; empty where the page had no room for it
    size: int  # of the clip, bytes, kept or not

    @property
    def rank(self) -> tuple[int, int, float, str]:
        """Gravest first, then in the order of the calls."""
        return self.moment.gravity, self.call, self.moment.t0, self.moment.title


class Exhibits:
    """What went wrong in all calls, with as many clips as a page may hold.

    Clips of the least grave give way, the same ones in whatever order the calls come.
    """

    def __init__(self, most_bytes: int) -> None:
        """``most_bytes`` of clips are kept."""
        self._most_bytes = most_bytes
        self._all: list[Exhibit] = []

    def add(self, number: int, scored: ScoredCall, pcm: F32) -> None:
        """The moments of call ``number``, cut from the audio that was heard, (2, samples)."""
        end_s = pcm.shape[1] / RATE_HZ
        for moment in moments(scored):
            window = _window(moment, end_s)
            cut = pcm[:, round(window.t0 * RATE_HZ) : round(window.t1 * RATE_HZ)]
            flac = flac_of(cut)
            self._all.append(Exhibit(number, moment, window, _levels(cut), flac, len(flac)))
        self._keep_within()

    def of_call(self, number: int) -> list[Exhibit]:
        """In order of time."""
        own = [exhibit for exhibit in self._all if exhibit.call == number]
        return sorted(own, key=lambda exhibit: (exhibit.moment.t0, exhibit.rank))

    @property
    def count(self) -> int:
        return len(self._all)

    @property
    def without_clip(self) -> int:
        return sum(not exhibit.flac for exhibit in self._all)

    def _keep_within(self) -> None:
        self._all.sort(key=lambda exhibit: exhibit.rank)
        left = self._most_bytes
        for k, exhibit in enumerate(self._all):
            left -= exhibit.size
            if left < 0 and exhibit.flac:
                self._all[k] = replace(exhibit, flac=b"")


def _window(moment: Moment, end_s: float) -> Stretch:
    unasked = moment.what in ("alert", "nudge") and moment.outcome == "false"
    t0 = max(0.0, moment.t0 - (BEFORE_S if unasked else AROUND_S))
    t1 = min(end_s, t0 + LONGEST_S, (moment.t0 if unasked else moment.t1) + AROUND_S)
    return Stretch(t0, max(t1, min(end_s, t0 + 1.0)))


def _levels(pcm: F32) -> F32:
    edges = np.linspace(0, pcm.shape[1], COLUMNS + 1).astype(np.intp)[:-1]
    width = np.diff(np.append(edges, pcm.shape[1]))
    power = np.add.reduceat(np.square(pcm, dtype=np.float64), edges, axis=1) / np.maximum(width, 1)
    level_db = 10 * np.log10(power + 1e-12)
    out: F32 = np.clip((level_db - QUIET_DB) / (LOUD_DB - QUIET_DB), 0, 1).astype(np.float32)
    return out


def flac_of(pcm: F32) -> bytes:
    """A clip of the line, (2, samples) at 8 kHz, as a browser plays it."""
    file = io.BytesIO()
    soundfile.write(file, pcm.T, RATE_HZ, format="FLAC", subtype="PCM_16", compression_level=1.0)
    return file.getvalue()
