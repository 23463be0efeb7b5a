"""Recordings: one stereo file, one file per party, or one file that both share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from monitor.audio import RATE_HZ, AudioError
from monitor.audiofile import AudioFile
from monitor.call import SHARED
from monitor.events import Missing, Person
from monitor.sources import Pcm, SourceError, SourceInfo

F32 = NDArray[np.float32]


_READ_S: Final = 5.0  # decoded at a time, in a thread
_MAX_CHUNK_MS: Final = 1000
_LIVE_CHUNK_MS: Final = 32
_LONGER_S: Final = 0.1  # two files that differ by less are told to be equally long


class WavSource:
    """A recording as a call, as fast as it goes or at the pace of a live one.

    The samples are the same whatever the speed and the chunk size. Opening reads a little
    of each file (all of it where a channel is silent), so construct it off the event loop
    when that loop serves others.
    """

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        agent_path: Path | str | None = None,
        customer_path: Path | str | None = None,
        agent_channel: int = 0,
        speed: Literal["max", "live"] = "max",
        chunk_ms: int | None = None,
        title: str = "",
        agent: Person | None = None,
        customer: Person | None = None,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Open ``path`` (stereo, the agent on ``agent_channel``; or mono, both parties on
        it), or ``agent_path`` and ``customer_path``, one mono file each.

        ``clock`` is a monotonic clock in seconds, by default the event loop's; it and
        ``sleep`` matter only at live speed. Raises SourceError for files that cannot be
        used and for arguments that do not go together.
        """
        if chunk_ms is not None and chunk_ms < 1:
            raise SourceError(f"a chunk of {chunk_ms} ms is too short: 1 ms at least")
        if agent_channel not in (0, 1):
            raise SourceError(f"the agent's channel is 0 or 1, not {agent_channel}")
        try:
            if path is not None and agent_path is None and customer_path is None:
                self._parts = [_whole(AudioFile(path), agent_channel)]
            elif path is None and agent_path is not None and customer_path is not None:
                self._parts = [
                    _party(AudioFile(agent_path), 0),
                    _party(AudioFile(customer_path), 1),
                ]
            else:
                raise SourceError(
                    "give one recording of both parties, or the agent's and the customer's"
                )
        except AudioError as error:
            raise SourceError(str(error)) from error
        self._live = speed == "live"
        default_ms = _LIVE_CHUNK_MS if self._live else _MAX_CHUNK_MS
        self._chunk = round((chunk_ms or default_ms) * RATE_HZ / 1000)
        self._clock = clock
        self._sleep = sleep
        files = [part.file for part in self._parts]
        self._info = SourceInfo(
            source="wav",
            title=title or files[0].path.stem,
            agent=agent or Person(),
            customer=customer or Person(),
            live=self._live,
            separated=len(self._parts) == 2 or files[0].channels == 2,
            limits=_limits(self._parts),
            duration_s=max(file.duration_s for file in files),
        )

    @property
    def info(self) -> SourceInfo:
        return self._info

    async def chunks(self) -> AsyncIterator[Pcm | Missing]:
        """Chunks of one size, the last one shorter; at live speed each when it would end.

        The time of each chunk is reckoned from the first, so that neither slow readers nor
        late timers add up; a reader that is behind gets the chunks it has missed as one,
        since a session is heard once a tick. Raises SourceError where a file breaks off.
        """
        clock = self._clock or asyncio.get_running_loop().time
        pieces = _joined([_rows(part) for part in self._parts])
        started_s: float | None = None
        rest: F32 = np.zeros((2, 0), np.float32)
        sent = 0
        while True:
            try:
                piece = await asyncio.to_thread(next, pieces, None)
            except (AudioError, OSError) as error:
                raise SourceError(str(error)) from error
            if started_s is None:
                started_s = clock()
            rest = rest if piece is None else np.concatenate((rest, piece), axis=1)
            keep = 0 if piece is None else rest.shape[1] % self._chunk
            whole, rest = rest[:, : rest.shape[1] - keep], rest[:, rest.shape[1] - keep :]
            while whole.shape[1]:
                size = self._chunk
                if self._live:
                    first = min(size, whole.shape[1])
                    await self._until(clock, started_s + (sent + first) / RATE_HZ)
                    due = round((clock() - started_s) * RATE_HZ) - sent
                    size = max(size, due // size * size)
                chunk, whole = whole[:, :size], whole[:, size:]
                sent += chunk.shape[1]
                yield Pcm(chunk)
            if piece is None:
                return

    async def close(self) -> None:
        """Files are open only while a piece of them is read: nothing to do."""

    async def _until(self, clock: Callable[[], float], due_s: float) -> None:
        while (left_s := due_s - clock()) > 0:
            await self._sleep(left_s)


@dataclass(frozen=True, slots=True)
class _Part:
    """A file and the rows of a call (0 agent, 1 customer) that its channels fill."""

    file: AudioFile
    rows: tuple[int, ...]


def _whole(file: AudioFile, agent_channel: int) -> _Part:
    if file.channels == 1:
        return _Part(file, (1,))
    return _Part(file, (agent_channel, 1 - agent_channel))


def _party(file: AudioFile, row: int) -> _Part:
    if file.channels != 1:
        raise SourceError(f"{file.path.name} is stereo; one mono file for each party is expected")
    return _Part(file, (row,))


def _rows(part: _Part) -> Iterator[F32]:
    """Pieces of shape (2, samples); the rows that the file does not fill are silent."""
    for piece in part.file.pieces(_READ_S):
        out = np.zeros((2, piece.shape[1]), np.float32)
        out[list(part.rows)] = piece
        yield out


def _joined(parts: list[Iterator[F32]]) -> Iterator[F32]:
    """The sum of the parts, the shorter ones padded with silence."""
    held: list[F32] = [np.zeros((2, 0), np.float32) for _ in parts]
    going = [True for _ in parts]
    while any(going):
        for k, part in enumerate(parts):
            piece = next(part, None) if going[k] else None
            if piece is None:
                going[k] = False
            else:
                held[k] = np.concatenate((held[k], piece), axis=1)
        lengths = [rows.shape[1] for rows in held]
        open_lengths = [n for n, more in zip(lengths, going, strict=True) if more]
        ready = min(open_lengths) if open_lengths else max(lengths)
        out = np.zeros((2, ready), np.float32)
        for k, rows in enumerate(held):
            now = rows[:, :ready]
            out[:, : now.shape[1]] += now
            held[k] = rows[:, ready:]
        if ready:
            yield out


def _limits(parts: list[_Part]) -> tuple[str, ...]:
    """What is wrong with the files, in words for the screens."""
    limits = []
    shared = len(parts) == 1 and parts[0].file.channels == 1
    if shared:
        limits.append(SHARED)
    for part in parts:
        file = part.file
        if file.missing_s > 0:
            whole_s = file.duration_s + file.missing_s
            limits.append(
                f"{file.path.name} is cut off: {file.duration_s:.1f} s of {whole_s:.1f} s are there"
            )
        for channel in file.silent:
            who = (
                "recording"
                if shared
                else ("agent's channel", "customer's channel")[part.rows[channel]]
            )
            limits.append(f"The {who} is silent")
    if len(parts) == 2:
        agent_s, customer_s = (part.file.duration_s for part in parts)
        if abs(agent_s - customer_s) > _LONGER_S:
            who = "agent's" if agent_s < customer_s else "customer's"
            limits.append(
                f"The {who} recording ends {abs(agent_s - customer_s):.1f} s before the other: "
                "silence from there"
            )
    return tuple(limits)
