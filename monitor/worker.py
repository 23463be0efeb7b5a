"""One thread that does what it is given, in order, for one event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """A daemon: unlike a ThreadPoolExecutor's, a thread that hangs does not keep the
    process from ending."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._started = False

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Its result, or what it raised; work that is cancelled before its turn is left out."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def job() -> None:
            if future.cancelled():
                return
            try:
                result = work()
            except Exception as error:  # noqa: BLE001  handed to whoever waits for it
                loop.call_soon_threadsafe(_settle, future, None, error)
            else:
                loop.call_soon_threadsafe(_settle, future, result, None)

        if not self._started:
            self._started = True
            self._thread.start()
        self._jobs.put(job)
        return future

    def stop(self, within_s: float) -> bool:
        """Do what was given until now, then end. False: it did not within that time."""
        if not self._started:
            return True
        self._jobs.put(None)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except RuntimeError:  # the loop is closed, and nobody waits
                return


def _settle(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
