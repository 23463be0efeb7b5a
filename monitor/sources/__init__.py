"""One file = one way in. A source yields PCM of both parties, or says what is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from monitor.events import Missing, Person


class SourceError(ValueError):
    """The audio cannot be used; the message says why and what to do."""


class Busy(RuntimeError):  # noqa: N818  (an answer to the caller, not a fault)
    """No room for another call; it is refused rather than slowing the others."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known about a call before its first sample.

    ``separated`` is false when both parties share one channel. Their audio then
    stands in row 1, row 0 is silent, and everything that would have to tell the
    two apart is off for the call; ``limits`` says so in words for the screens.
    """

    source: str
    title: str = ""
    agent: Person = field(default_factory=Person)
    customer: Person = field(default_factory=Person)
    live: bool = True
    separated: bool = True
    limits: tuple[str, ...] = ()
    duration_s: float | None = None  # None: not known yet


@dataclass(frozen=True, slots=True)
class Pcm:
    """Any number of samples of both parties: float32, shape (2, samples), 8 kHz."""

    samples: NDArray[np.float32]


class Source(Protocol):
    @property
    def info(self) -> SourceInfo: ...

    def chunks(self) -> AsyncIterator[Pcm | Missing]:
        """Audio in order; ends when the call ends. Raises SourceError mid-call when
        the source breaks; what came before stays valid."""
        ...

    async def close(self) -> None: ...
