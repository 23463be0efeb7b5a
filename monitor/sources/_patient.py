"""A recording that gives way to live calls: it waits while the disk is behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from monitor.events import Missing
from monitor.sources import Pcm, Source, SourceError, SourceInfo

_LOOK_EVERY_S: Final = 0.1
GIVE_UP_S: Final = 60.0


class PatientSource:
    """Another source, read on only while there is room for what comes of it.

    A recording is heard many times faster than it was spoken: on a slow disk it would fill
    the backlog of writing, and live calls would lose what stands behind it.
    """

    def __init__(
        self, source: Source, has_room: Callable[[], bool], give_up_s: float = GIVE_UP_S
    ) -> None:
        self._source = source
        self._has_room = has_room
        self._give_up_s = give_up_s

    @property
    def info(self) -> SourceInfo:
        return self._source.info

    async def chunks(self) -> AsyncGenerator[Pcm | Missing, None]:
        """Raises SourceError where there is no room for ``give_up_s``, beside what the source
        itself raises."""
        async with aclosing(_generated(self._source)) as chunks:
            async for chunk in chunks:
                try:
                    async with asyncio.timeout(self._give_up_s):
                        while not self._has_room():
                            await asyncio.sleep(_LOOK_EVERY_S)
                except TimeoutError:
                    raise SourceError("the disk is full or too slow to analyse more") from None
                yield chunk

    async def close(self) -> None:
        await self._source.close()


async def _generated(source: Source) -> AsyncGenerator[Pcm | Missing, None]:
    async for chunk in source.chunks():
        yield chunk
