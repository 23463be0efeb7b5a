"""Sends a recording as real-time calls: 20 ms messages, each when its audio would be over."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from monitor.audio import RATE_HZ
from monitor.bench import BenchError
from monitor.bench.served import Served
from monitor.sources import Pcm, Source

MESSAGE_S = 0.02
MESSAGE_SAMPLES = round(MESSAGE_S * RATE_HZ)
FRAME_BYTES = 4
SHORTEST_S = 5.0
OPEN_WITHIN_S = 30.0
ENDED_WITHIN_S = 60.0
GOLDEN = (math.sqrt(5) - 1) / 2
"""Multiples of it, modulo 1, are spread evenly however many there are."""


class Loop:
    """A recording that is over only to begin again, as interleaved 16-bit stereo."""

    def __init__(self, frames: bytes) -> None:
        self.samples = len(frames) // FRAME_BYTES
        self._frames = frames + frames[: MESSAGE_SAMPLES * FRAME_BYTES]

    def message(self, at: int) -> bytes:
        """20 ms from sample ``at`` on; behind the end it goes on at the beginning."""
        start = at % self.samples * FRAME_BYTES
        return self._frames[start : start + MESSAGE_SAMPLES * FRAME_BYTES]


async def read(source: Source) -> Loop:
    """Raises BenchError for what is no two-channel call, SourceError for a broken one."""
    if not source.info.separated:
        raise BenchError(f"{source.info.title} is mono: one party per channel is needed")
    pieces = [chunk.samples async for chunk in source.chunks() if isinstance(chunk, Pcm)]
    samples = np.concatenate([np.zeros((2, 0), np.float32), *pieces], axis=1)
    if samples.shape[1] < SHORTEST_S * RATE_HZ:
        raise BenchError(f"{source.info.title} is shorter than {SHORTEST_S:.0f} s")
    scaled = np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
    return Loop(np.ascontiguousarray(scaled.T).tobytes())


class Line:
    """One call on its way in. ``number`` sets where in the recording it begins."""

    def __init__(self, number: int, loop: Loop) -> None:
        self.number = number
        self.call_id = ""
        self.failure = ""
        self.sent_at: list[float] = []
        """Loop time at which each message had been handed to the socket."""
        self.late_s: list[float] = []
        """How much later than due that was."""
        self._loop = loop
        self._from = round(number * GOLDEN % 1.0 * loop.samples)
        self._socket: ClientConnection | None = None

    def sent(self, audio_s: float) -> float | None:
        """Loop time at which the last sample before ``audio_s`` had been sent."""
        message = math.ceil(audio_s / MESSAGE_S - 1e-6) - 1
        return self.sent_at[message] if 0 <= message < len(self.sent_at) else None

    async def open(self, served: Served) -> None:
        """Start the call. Raises BenchError when the monitor does not take it."""
        start = {
            "rate": RATE_HZ,
            "agent": {"id": f"agent{self.number}", "name": f"Agent {self.number}"},
            "title": f"Line {self.number}",
            "consent": True,
        }
        try:
            self._socket = await connect(
                served.url("/ingest/pcm"),
                additional_headers=served.headers,
                compression=None,
                ping_interval=None,
                open_timeout=OPEN_WITHIN_S,
            )
            await self._socket.send(json.dumps(start))
            async with asyncio.timeout(OPEN_WITHIN_S):
                answer = json.loads(await self._socket.recv())
        except (OSError, TimeoutError, ConnectionClosed) as error:
            raise BenchError(f"call {self.number} could not start: {_said(error)}") from error
        if answer.get("event") != "started":
            reason = answer.get("detail") or answer.get("reason")
            raise BenchError(f"call {self.number} was refused: {reason}")
        self.call_id = answer["call_id"]

    async def feed(self, stop: asyncio.Event) -> None:
        """Send until stopped, or until the monitor has ended the call (see ``failure``)."""
        assert self._socket is not None  # noqa: S101
        clock = asyncio.get_running_loop().time
        began = clock()
        at = self._from
        try:
            while not stop.is_set():
                due = began + (len(self.sent_at) + 1) * MESSAGE_S
                wait_s = due - clock()
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                await self._socket.send(self._loop.message(at))
                at += MESSAGE_SAMPLES
                now = clock()
                self.sent_at.append(now)
                self.late_s.append(max(0.0, now - due))
        except ConnectionClosed as error:
            self.failure = f"the monitor closed the connection: {_said(error)}"

    async def close(self) -> None:
        """Hang up, and wait for the monitor to say that the call has ended."""
        if self._socket is None:
            return
        try:
            async with asyncio.timeout(ENDED_WITHIN_S):
                await self._socket.send(json.dumps({"event": "stop"}))
                answer: dict[str, Any] = json.loads(await self._socket.recv())
                if answer.get("event") != "ended" or answer.get("reason") != "completed":
                    self.failure = str(answer.get("reason", "the call ended badly"))
        except ConnectionClosed as error:
            self.failure = self.failure or f"the monitor closed the connection: {_said(error)}"
        except TimeoutError:
            self.failure = f"the call did not end within {ENDED_WITHIN_S:.0f} s"
        await self._socket.close()


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
