"""One Ear for all live calls: what arrives within a tick is heard in one pass.

The naive way, one pass for each call's block, pays the fixed cost of a pass
(about ten times that of one more channel) 31 times a second for every call. So
requests wait for the next tick and share a pass; the wait is at most one block.
Requests of many blocks come from recordings, which nobody waits for in the
moment, and go at once.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK_S
from monitor.ear import Ear, Heard

Slots = NDArray[np.intp]
T = TypeVar("T")

LIVE_BLOCKS = 8
"""A request of at most so many blocks is live and waits for the tick."""


class HearingError(RuntimeError):
    """The ear failed on this call's audio."""


@dataclass(frozen=True, slots=True)
class _Request:
    slots: Slots
    pcm: NDArray[np.float32]
    heard: asyncio.Future[Heard]


class Hearing:
    """Shares one Ear among the calls of one event loop.

    The Ear runs in a thread of its own, one pass at a time, so a pass never
    blocks the loop and slots are opened and closed only between passes.
    """

    def __init__(self, ear_factory: Callable[[], Ear] = Ear, tick_s: float = BLOCK_S) -> None:
        self._factory = ear_factory
        self._tick_s = tick_s
        self._waiting: list[_Request] = []
        self._arrived = asyncio.Event()
        self._big = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ear")
        self._ear: Ear | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load the ear. Nothing is loaded later, when a call is waiting."""
        self._ear = await self._run(self._factory)
        self._task = asyncio.create_task(self._serve(), name="hearing")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        for request in self._waiting:
            request.heard.cancel()
        self._waiting.clear()
        self._thread.shutdown(wait=True)

    async def open(self, channels: int = 2) -> Slots:
        """Slots of the ear for a call. A call that is cancelled meanwhile leaves none open."""
        ear = self._loaded()
        opened = asyncio.ensure_future(self._run(lambda: ear.open(channels)))
        try:
            return await asyncio.shield(opened)
        except asyncio.CancelledError:
            await self.release(await opened)
            raise

    async def release(self, slots: Slots) -> None:
        """Give the slots back, also when the call is cancelled meanwhile."""
        ear = self._loaded()
        await asyncio.shield(self._run(lambda: ear.close(slots)))

    async def hear(self, slots: Slots, pcm: NDArray[np.float32]) -> Heard:
        """Heard of ``pcm``, float32 (channels, blocks, 256).

        Raises HearingError when the ear fails on it; other calls go on.
        """
        request = _Request(slots, pcm, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._arrived.set()
        if pcm.shape[1] > LIVE_BLOCKS:
            self._big.set()
        return await request.heard

    def _loaded(self) -> Ear:
        if self._ear is None:
            raise HearingError("the ear is not started")
        return self._ear

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        ear = self._loaded()
        tick = loop.time()
        while True:
            await self._arrived.wait()
            due = max(tick + self._tick_s, loop.time())
            if not self._big.is_set():
                try:
                    async with asyncio.timeout_at(due):
                        await self._big.wait()
                except TimeoutError:
                    pass
            tick = min(due, loop.time())  # a pass before it was due must not put off the next
            requests, self._waiting = self._waiting, []
            self._arrived.clear()
            self._big.clear()
            by_blocks: dict[int, list[_Request]] = defaultdict(list)
            for request in requests:
                by_blocks[request.pcm.shape[1]].append(request)
            for group in by_blocks.values():
                await self._hear_together(ear, group)

    async def _hear_together(self, ear: Ear, group: list[_Request]) -> None:
        # A cancelled call's slots may be another's once the ear is through with this pass.
        group = [request for request in group if not request.heard.done()]
        if not group:
            return
        slots = np.concatenate([r.slots for r in group])
        pcm = np.concatenate([r.pcm for r in group])
        try:
            heard = await self._run(lambda: ear.hear(slots, pcm))
        except Exception as error:  # noqa: BLE001  the wall between calls: they share this loop
            if len(group) == 1:
                if not group[0].heard.done():
                    failure = HearingError(f"the ear failed: {type(error).__name__}: {error}")
                    group[0].heard.set_exception(failure)
                return
            for request in group:  # one call's bad audio must not end its neighbours
                await self._hear_together(ear, [request])
            return
        row = 0
        for request in group:
            channels = len(request.slots)
            if not request.heard.done():
                request.heard.set_result(heard.rows(row, row + channels))
            row += channels
