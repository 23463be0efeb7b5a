"""One Ear for all live calls: what arrives within a tick is heard in one pass.

The naive way, one pass for each call's block, pays the fixed cost of a pass
(about twenty times that of one more channel) 31 times a second for every call. So
requests wait for the next tick and share a pass. Requests of many blocks come from
recordings, which nobody waits for in the moment, and go at once.

What a pass heard goes back a few calls at a time. All at once they would all
understand it in one turn of the event loop: with 100 calls nothing else would get
a turn for 10 ms and more.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK_S
from monitor.ear import Ear, Heard
from monitor.worker import Worker

log = logging.getLogger(__name__)
Slots = NDArray[np.intp]
T = TypeVar("T")

LIVE_BLOCKS = 8
"""A request of at most so many blocks is live and waits for the tick."""
TICK_S = BLOCK_S / 2
"""A pass costs 0.45 ms and 17 µs a channel: twice a block 100 calls take 0.014 of a core more
than once a block, and wait 8 ms less."""
SLICE_BLOCKS = 4
"""Blocks that calls get to understand before others have their turn: about 0.5 ms of work."""
DEADLINE_S = 10.0
"""An ear that takes longer hangs: a pass takes milliseconds."""
LOOKS = 10
CLOSE_WITHIN_S = 2.0


class HearingError(RuntimeError):
    """The ear failed on this call's audio, or hangs."""


@dataclass(frozen=True, slots=True)
class _Request:
    slots: Slots
    pcm: NDArray[np.float32]
    heard: asyncio.Future[Heard]


class Hearing:
    """Shares one Ear among the calls of one event loop.

    The Ear runs in a thread of its own, one pass at a time, so a pass never
    blocks the loop and slots are opened and closed only between passes. When a pass
    hangs, every call that waits for the ear fails, and no new call is taken, until
    the ear goes on.
    """

    def __init__(
        self,
        ear_factory: Callable[[], Ear] = Ear,
        tick_s: float = TICK_S,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._factory = ear_factory
        self._tick_s = tick_s
        self._deadline_s = deadline_s
        self._waiting: list[_Request] = []
        self._arrived = asyncio.Event()
        self._big = asyncio.Event()
        self._worker = Worker("ear")
        self._hangs = ""  # why, while it does
        self._ear: Ear | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load the ear. Nothing is loaded later, when a call is waiting."""
        self._ear = await self._worker.run(self._factory)
        self._task = asyncio.create_task(self._serve(), name="hearing")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        for request in self._waiting:
            request.heard.cancel()
        self._waiting.clear()
        self._worker.stop(CLOSE_WITHIN_S)

    @property
    def waiting(self) -> int:
        """Requests that wait for the next pass: at most one a call."""
        return len(self._waiting)

    async def open(self, channels: int = 2) -> Slots:
        """Slots of the ear for a call. A call that is cancelled meanwhile leaves none open.

        Raises HearingError while the ear hangs.
        """
        ear = self._loaded()
        opened = self._worker.run(lambda: ear.open(channels))
        try:
            return await self._answer(opened)
        except HearingError:  # it may still open them, once it goes on
            opened.add_done_callback(self._close_unwanted)
            raise
        except asyncio.CancelledError:
            with suppress(HearingError):
                await self.release(await self._answer(opened))
            raise

    async def release(self, slots: Slots) -> None:
        """Give the slots back, also when the call is cancelled meanwhile. An ear that hangs
        gets them when it goes on."""
        ear = self._loaded()
        closed = self._worker.run(lambda: ear.close(slots))
        with suppress(HearingError):
            await asyncio.shield(self._answer(closed))

    async def hear(self, slots: Slots, pcm: NDArray[np.float32]) -> Heard:
        """Heard of ``pcm``, float32 (channels, blocks, 256).

        Raises HearingError when the ear fails on it, while other calls go on, or hangs.
        """
        self._loaded()
        if self._hangs:
            raise HearingError(self._hangs)
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

    async def _answer(self, work: asyncio.Future[T]) -> T:
        """What the ear's thread makes of it. Raises HearingError when that hangs.

        The deadline is counted in looks of the loop: where the whole process was stopped,
        the ear was, too.
        """
        for _ in range(LOOKS):
            if self._hangs and not work.done():
                break
            done, _ = await asyncio.wait({work}, timeout=self._deadline_s / LOOKS)
            if done:
                return work.result()
        else:
            self._hang(work)
        work.add_done_callback(_ignore)
        raise HearingError(self._hangs)

    def _hang(self, work: asyncio.Future[T]) -> None:
        self._hangs = f"the ear has not answered for {self._deadline_s:g} s"
        log.error("%s; every live call fails, restart the monitor", self._hangs)
        work.add_done_callback(self._go_on)
        requests, self._waiting = self._waiting, []
        for request in requests:
            self._fail(request, HearingError(self._hangs))

    def _go_on(self, _: asyncio.Future[T]) -> None:
        log.warning("the ear answers again")
        self._hangs = ""

    def _close_unwanted(self, opened: asyncio.Future[Slots]) -> None:
        if not opened.cancelled() and opened.exception() is None:
            ear, slots = self._loaded(), opened.result()
            self._worker.run(lambda: ear.close(slots))

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
            heard = await self._answer(self._worker.run(lambda: ear.hear(slots, pcm)))
        except HearingError as error:
            for request in group:
                self._fail(request, error)
        except Exception as error:  # noqa: BLE001  the wall between calls: they share this loop
            if len(group) == 1:
                failure = HearingError(f"the ear failed: {type(error).__name__}: {error}")
                self._fail(group[0], failure)
                return
            for request in group:  # one call's bad audio must not end its neighbours
                await self._hear_together(ear, [request])
        else:
            await self._hand_out(heard, group)

    async def _hand_out(self, heard: Heard, group: list[_Request]) -> None:
        arrays = heard.arrays()
        calls = max(1, SLICE_BLOCKS // heard.blocks) if heard.blocks else len(group)
        row = 0
        for nth, request in enumerate(group, 1):
            rows = slice(row, row + len(request.slots))
            if not request.heard.done():
                request.heard.set_result(Heard(*(array[rows] for array in arrays)))
            row = rows.stop
            if nth % calls == 0:
                await asyncio.sleep(0)

    @staticmethod
    def _fail(request: _Request, error: HearingError) -> None:
        if not request.heard.done():
            request.heard.set_exception(HearingError(str(error)))


def _ignore(work: asyncio.Future[T]) -> None:
    """Nobody waits for it any more; else asyncio would complain of what it raised."""
    if not work.cancelled():
        work.exception()
