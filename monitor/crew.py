"""The decoding threads: who is idle, who hangs, who takes their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitor.engines import Engine
from monitor.jobs import Result, Worker

MAX_ABANDONED = 4


class Crew:
    """``size`` threads. One that hangs cannot be stopped in Python: it is abandoned and
    replaced, until ``MAX_ABANDONED`` of them hang."""

    def __init__(
        self, engine: Engine, size: int, done: Callable[[Worker, Sequence[Result]], None]
    ) -> None:
        self._engine = engine
        self._size = size
        self._done = done
        self._workers: list[Worker] = []
        self._abandoned: list[Worker] = []

    def __len__(self) -> int:
        """Threads that can be worked with."""
        return len(self._workers)

    @property
    def abandoned(self) -> int:
        return len(self._abandoned)

    @property
    def idle(self) -> list[Worker]:
        return [worker for worker in self._workers if not worker.batch]

    @property
    def busy(self) -> list[Worker]:
        return [worker for worker in self._workers if worker.batch]

    @property
    def spare(self) -> int:
        """Threads that may take what is no live final: all idle ones but one. A single
        thread is no spare one, but better than none."""
        idle = len(self.idle)
        return idle if len(self._workers) == 1 else idle - 1

    def hire(self) -> None:
        """Fill up to ``size``, unless too many hang."""
        while len(self._workers) < self._size and len(self._abandoned) < MAX_ABANDONED:
            self._workers.append(Worker(self._engine, self._done))

    def abandon(self, worker: Worker) -> None:
        """It hangs: another one in its place."""
        self._workers.remove(worker)
        self._abandoned.append(worker)
        self.hire()

    def returns(self, worker: Worker) -> bool:
        """Whether an abandoned one is back after all. It is let go; whoever asks hires."""
        if worker not in self._abandoned:
            return False
        self._abandoned.remove(worker)
        worker.dismiss()
        return True

    def dismiss(self) -> list[Worker]:
        """End all threads as soon as they are through; gives them."""
        everyone = [*self._workers, *self._abandoned]
        for worker in everyone:
            worker.dismiss()
        self._workers.clear()
        return everyone
