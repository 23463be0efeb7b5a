"""Speech to text: one file here is one engine, and its name is ``asr.engine``.

An engine file has one function, ``create(settings: AsrSettings) -> Engine``, which loads
everything, proves it once on a short clip, and raises ``EngineError`` (or ``WeightsError``)
with the fix when it cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from monitor.events import Word

Dropped = Literal["too_short", "silence", "no_speech", "no_words", "unlikely", "loop"]


class EngineError(RuntimeError):
    """Speech-to-text cannot be set up, or failed; never holds what anybody said."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one clip says. ``text`` is empty when ``dropped`` tells why."""

    text: str
    words: tuple[Word, ...] = ()  # times in s from the start of the clip
    confidence: float = 0.0  # 0..1, exp of the mean token log-probability
    no_speech: float = 0.0  # 0..1, probability that nobody speaks
    language: str | None = None  # ISO 639-1; None where it was never looked for
    language_p: float = 1.0  # 0..1; 1 where it was given
    dropped: Dropped | None = None


class Engine(Protocol):
    """Must be safe to call from several threads at once."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str:
        """The weights, as people call them: tiny.en."""
        ...

    def transcribe(
        self, clips: Sequence[NDArray[np.float32]], *, language: str | None, word_times: bool
    ) -> list[Decoded]:
        """Decode clips together: mono float32 at 8 kHz, shape (samples,), up to 30 s each.

        One result a clip, in order; what a clip says does not depend on its neighbours.
        ``language`` None: detected for each clip. Blocks. Raises EngineError.
        """
        ...
