"""Our own way in: a JSON start line, then interleaved 16-bit stereo over a websocket.

``PcmDecoder`` is pure: messages in, audio and replies out, the time handed in.
``PcmSource`` is what a session reads from; the socket shell is
``monitor.server.ingest``.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import soxr
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from monitor.audio import BLOCK, RATE_HZ
from monitor.events import Missing, Person
from monitor.sources import Pcm, SourceError, SourceInfo

FRAME_BYTES = 4
MAX_NAME = 200
_FULL_SCALE = np.float32(1 / 32768)
LOST_WINDOW_S = 5.0
"""Audio late for so long without ever catching up was lost: a stall is over sooner."""
LOST_MIN_S = 0.5
"""Less is clock drift and jitter."""
QUEUE_S = 10.0
"""Audio a session may be behind before the sender is made to wait."""

Reply = dict[str, Any]


class Start(BaseModel):
    """The first message."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate: int = Field(RATE_HZ, ge=8000, le=48000, description="Samples per second and channel")
    agent: Person = Person()
    customer: Person = Person()
    title: str = Field("", max_length=MAX_NAME)
    agent_channel: Literal[0, 1] = 0
    consent: bool | None = None

    @field_validator("agent", "customer")
    @classmethod
    def _short(cls, person: Person) -> Person:
        # It stands on every card of the floor, for every reader.
        if max(len(person.id), len(person.name)) > MAX_NAME:
            raise ValueError(f"an id or name has {MAX_NAME} characters at most")
        return person


@dataclass(slots=True)
class Fed:
    """What one message came to."""

    items: list[Pcm | Missing] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    ready: bool = False  # from here on there is a call
    stop: bool = False  # the sender has ended it


class PcmDecoder:
    """States: before the start line, waiting for consent, running, paused, stopped.

    ``now_s`` is any clock that goes on by one a second. Raises SourceError for a
    message that cannot be used; the decoder is then of no more use.
    """

    def __init__(self, *, consent_required: bool = False) -> None:
        self._consent_required = consent_required
        self._start: Start | None = None
        self._ready = False
        self._paused = False
        self._stopped = False
        self._carry = b""
        self._resampler: soxr.ResampleStream | None = None
        self._clock = _LostTime()
        self._paused_at_s = 0.0
        self._sent = 0  # samples of the call so far, as the session counts them
        self._owed = 0  # samples of a gap not yet told; may be negative

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def ready(self) -> bool:
        """Started, and consented where that is required."""
        return self._ready

    @property
    def info(self) -> SourceInfo:
        """Raises SourceError before the start line."""
        if self._start is None:
            raise SourceError("the first message must be the start line")
        return SourceInfo(
            source="pcm",
            title=self._start.title,
            agent=self._start.agent,
            customer=self._start.customer,
        )

    @property
    def block_bytes(self) -> int:
        """So many bytes of a message make one block of the call. Raises SourceError before
        the start line."""
        if self._start is None:
            raise SourceError("the first message must be the start line")
        return BLOCK * self._start.rate // RATE_HZ * FRAME_BYTES

    def feed(self, message: str | bytes, now_s: float) -> Fed:
        """Take one websocket message, text or binary."""
        if self._stopped:
            return Fed()
        if isinstance(message, bytes):
            return Fed(items=self._audio(message, now_s))
        if self._start is None:
            return self._begin(message, now_s)
        return self._control(message, now_s)

    def tick(self, now_s: float) -> list[Missing]:
        """A pause goes on: the gap grows with the clock. To be called about once a second."""
        if not self._paused or not self._ready:
            return []
        # What was not told until now is told with the next gap, of whatever kind.
        samples = round((now_s - self._paused_at_s) * RATE_HZ)
        self._paused_at_s += samples / RATE_HZ
        return self._gap(samples, "paused")

    def _gap(self, samples: int, reason: Literal["paused", "lost"]) -> list[Missing]:
        """So much is missing. A gap begins at a whole block, since the session pads the one
        before it: what that adds is taken off the gap, and what is left over is owed."""
        self._owed += samples
        padding = -self._sent % BLOCK
        blocks = (self._owed - padding + BLOCK // 2) // BLOCK
        if blocks < 1:
            return []
        self._sent += padding + blocks * BLOCK
        self._owed -= padding + blocks * BLOCK
        return [Missing(blocks=blocks, reason=reason)]

    def _begin(self, message: str, now_s: float) -> Fed:
        try:
            self._start = Start.model_validate_json(message)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise SourceError(f"start line: {where}: {first['msg']}") from None
        if self._start.rate != RATE_HZ:
            self._resampler = soxr.ResampleStream(self._start.rate, RATE_HZ, 2, dtype="float32")
        if self._consent_required and self._start.consent is not True:
            return Fed(replies=[{"event": "waiting", "reason": "consent"}])
        return self._go(now_s)

    def _go(self, now_s: float) -> Fed:
        self._ready = True
        self._paused_at_s = now_s
        self._clock.restart(now_s)
        return Fed(ready=True)

    def _control(self, message: str, now_s: float) -> Fed:
        try:
            event = json.loads(message)["event"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise SourceError('text after the start line must be {"event": …}') from None
        match event:
            case "consent":
                return Fed() if self._ready else self._go(now_s)
            case "paused":
                if not self._paused:  # before consent too: it is then given to a paused call
                    self._paused, self._paused_at_s = True, now_s
                return Fed()
            case "resumed":
                gaps: list[Pcm | Missing] = [*self.tick(now_s)]
                self._paused = False
                self._clock.restart(now_s)
                return Fed(items=gaps)
            case "stop":
                self._stopped = True
                return Fed(items=[*self.tick(now_s), *self._rest()], stop=True)
        raise SourceError("event must be consent, paused, resumed or stop")

    def _audio(self, data: bytes, now_s: float) -> list[Pcm | Missing]:
        if self._start is None:
            raise SourceError("the first message must be the start line, as text")
        if self._carry:
            data = self._carry + data
        whole = len(data) - len(data) % FRAME_BYTES
        self._carry = data[whole:]
        if not self._ready or self._paused or not whole:
            return []
        lost = self._clock.heard(whole // FRAME_BYTES / self._start.rate, now_s)
        gaps = self._gap(lost, "lost") if lost else []
        codes = np.frombuffer(data, "<i2", whole // 2).reshape(-1, 2)
        if self._start.agent_channel == 1:
            codes = codes[:, ::-1]
        if self._resampler is None:
            rows = np.multiply(codes.T, _FULL_SCALE, order="C", dtype=np.float32)
            return [*gaps, *self._pcm(rows)]
        frames = np.multiply(codes, _FULL_SCALE, order="C", dtype=np.float32)
        return [*gaps, *self._pcm(self._resampler.resample_chunk(frames).T)]

    def _rest(self) -> list[Pcm]:
        if self._resampler is None:
            return []
        frames = self._resampler.resample_chunk(np.zeros((0, 2), np.float32), last=True)
        return self._pcm(frames.T)

    def _pcm(self, rows: NDArray[np.float32]) -> list[Pcm]:
        if not rows.shape[1]:
            return []
        self._sent += rows.shape[1]
        return [Pcm(np.ascontiguousarray(rows))]


class _LostTime:
    """How much of the clock's time no audio came for.

    A stalled connection delivers its audio late, in a burst: not lost. Only what
    is still missing at the best moment of a whole window is.
    """

    def __init__(self) -> None:
        self._start_s = 0.0
        self._heard_s = 0.0
        self._behind: deque[tuple[float, float]] = deque()

    def restart(self, now_s: float) -> None:
        self._start_s = now_s
        self._heard_s = 0.0
        self._behind.clear()

    def heard(self, audio_s: float, now_s: float) -> int:
        """Audio of that length came now; samples at 8 kHz that were lost before it."""
        self._heard_s += audio_s
        behind_s = now_s - self._start_s - self._heard_s
        while self._behind and self._behind[-1][1] >= behind_s:
            self._behind.pop()
        self._behind.append((now_s, behind_s))
        while now_s - self._behind[0][0] > LOST_WINDOW_S and len(self._behind) > 1:
            self._behind.popleft()
        since_s, least_s = self._behind[0]
        if least_s < LOST_MIN_S or now_s - since_s < LOST_WINDOW_S * 0.9:
            return 0
        lost = int(least_s * RATE_HZ)
        self._heard_s += lost / RATE_HZ
        self._behind = deque((at, late - lost / RATE_HZ) for at, late in self._behind)
        return lost


class PcmSource:
    """What the session reads: a bounded queue that the socket's task fills."""

    def __init__(self, info: SourceInfo, *, queue_s: float = QUEUE_S) -> None:
        self._info = info
        self._bound = int(queue_s * RATE_HZ)
        self._waiting = 0
        self._items: deque[Pcm | Missing] = deque()
        self._come = asyncio.Event()
        self._room = asyncio.Event()
        self._left = asyncio.Event()
        self._ended = False
        self._failure: SourceError | None = None

    @property
    def info(self) -> SourceInfo:
        return self._info

    @property
    def closed(self) -> bool:
        """The session reads no more."""
        return self._left.is_set()

    def offer(self, item: Pcm | Missing) -> bool:
        """Hand on audio or a gap at once. False: the session is ``queue_s`` behind, or the
        audio is longer than a second; see ``put``."""
        size = _samples(item)
        if self._waiting >= self._bound or (size > RATE_HZ and isinstance(item, Pcm)):
            return self.closed
        if not self.closed:
            self._items.append(item)
            self._waiting += size
            self._come.set()
        return True

    async def put(self, item: Pcm | Missing) -> None:
        """Hand on audio or a gap; waits while the session is ``queue_s`` behind."""
        for piece in _pieces(item):
            while not self.offer(piece):
                self._room.clear()
                await self._room.wait()

    async def end(self, failure: SourceError | None = None) -> None:
        """No more is coming; with a failure, because the connection broke."""
        self._ended, self._failure = True, failure
        self._come.set()

    async def chunks(self) -> AsyncIterator[Pcm | Missing]:
        """See ``sources.Source``. Audio that waits comes in one piece: a session that is heard
        once a tick would stay behind for ever if it took one message at a time."""
        while not self.closed:
            if self._items:
                item = self._take()
                self._waiting -= _samples(item)
                self._room.set()
                yield item
            elif self._ended:
                break
            else:
                self._come.clear()
                await self._come.wait()
        if self._failure is not None and not self.closed:
            raise self._failure

    def _take(self) -> Pcm | Missing:
        """The first item; of audio, all that stands before the next gap."""
        first = self._items.popleft()
        if isinstance(first, Missing):
            return first
        pieces = [first.samples]
        while self._items and isinstance(following := self._items[0], Pcm):
            pieces.append(following.samples)
            self._items.popleft()
        return Pcm(np.concatenate(pieces, axis=1)) if len(pieces) > 1 else first

    async def close(self) -> None:
        self._items.clear()
        for waited_for in (self._left, self._come, self._room):
            waited_for.set()

    async def wait_closed(self) -> None:
        """Until the session has read to the end, or stopped reading."""
        await self._left.wait()


def _samples(item: Pcm | Missing) -> int:
    return item.samples.shape[1] if isinstance(item, Pcm) else item.blocks * BLOCK


def _pieces(item: Pcm | Missing) -> Iterator[Pcm | Missing]:
    """A long message in parts of a second: the bound counts whole items."""
    if isinstance(item, Missing):
        yield item
        return
    for start in range(0, item.samples.shape[1], RATE_HZ):
        yield Pcm(item.samples[:, start : start + RATE_HZ])
