"""One thread that writes, fed by a bounded backlog that nobody ever waits for.

A disk that is full must not end a call. So what cannot be written is kept and
tried again until the backlog reaches its bound; from there on what comes is lost,
counted, and said. Writing is repeated after a failure, so it must be idempotent.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

log = logging.getLogger(__name__)
R = TypeVar("R")

BACKLOG_BYTES = 64 * 1024 * 1024
"""At 64 recorded calls about half a minute of a full disk."""


class TroubleCallback(Protocol):
    def __call__(self, active: bool, reason: str) -> None:
        """Writing fails or loses something (``active``), or works again.

        Called on the writer's thread or on that of ``put``; must not block.
        """


@dataclass(frozen=True, slots=True)
class Item:
    """Something to write. ``kind`` names it where losses are counted."""

    kind: str
    call_id: str
    payload: Any
    size: int  # bytes, about


@dataclass(frozen=True, slots=True)
class _Errand:
    """A function that wants the writer's thread, after all that came before."""

    run: Callable[[], Any]
    done: Future[Any]


class WriterClosedError(RuntimeError):
    """The store is closed, or closed before this was done."""


class Writer:
    """``put`` never blocks; ``write(items)`` is called with batches, every ``flush_s``.

    ``write`` raises OSError or OperationalError to be tried again with the same
    items, any other SQLAlchemyError or a ValueError for items that can never be written;
    these are then tried one by one, and only the bad ones given up.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], None],
        on_trouble: TroubleCallback,
        *,
        flush_s: float = 0.5,
        retry_s: float = 1.0,
        backlog_bytes: int = BACKLOG_BYTES,
    ) -> None:
        self._write = write
        self._on_trouble = on_trouble
        self._flush_s = flush_s
        self._retry_s = retry_s
        self._bound = backlog_bytes
        self._backlog: deque[Item | _Errand] = deque()
        self._bytes = 0
        self._lost: Counter[str] = Counter()
        self._failing = ""
        self._losing = False
        self._refused = False
        self._hurry = False
        self._give_up = False
        self._closing = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def lost(self) -> dict[str, int]:
        """How many items of each kind were given up since the start."""
        with self._wake:
            return dict(self._lost)

    @property
    def fill(self) -> float:
        """How much of the backlog's bound waits to be written, 0 to 1."""
        return self._bytes / self._bound

    def put(self, item: Item) -> bool:
        """Take an item to write. False: the backlog is full and the item is lost."""
        with self._wake:
            if self._closing or self._bytes + item.size > self._bound:
                self._lost[item.kind] += 1
                news, self._losing = not self._losing, True
            else:
                self._backlog.append(item)
                self._bytes += item.size
                return True
        if news:
            reason = f"{self._failing or 'the disk is too slow'}; now losing {item.kind}"
            log.error("store: %s", reason)
            self._on_trouble(True, reason)
        return False

    def ask(self, function: Callable[[], R]) -> Future[R]:
        """Run a function on the writer's thread, after all that was put before."""
        done: Future[R] = Future()
        with self._wake:
            if self._closing:
                done.set_exception(WriterClosedError("the store is closed"))
                return done
            self._backlog.append(_Errand(function, done))
            self._hurry = True
            self._wake.notify()
        return done

    def close(self, timeout_s: float) -> None:
        """Write what is left; give up after ``timeout_s`` and say what was lost."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            with self._wake:
                self._give_up = True
                self._wake.notify()
            self._thread.join(timeout_s)

    # ---- the thread ----------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(self._urgent, self._flush_s)
                self._hurry = False
                taken = list(self._backlog)
                if not taken and self._closing:
                    return
            while taken and self._settle(taken):
                pass
            if self._give_up:
                self._abandon()
                return

    def _urgent(self) -> bool:
        return self._hurry or self._closing

    def _settle(self, taken: list[Item | _Errand]) -> bool:
        """Write the items up to the next errand, or run it. False: try later."""
        head = taken[0]
        if isinstance(head, _Errand):
            self._run(head)
            self._done(taken, 1, 0)
            return True
        count = next((i for i, x in enumerate(taken) if isinstance(x, _Errand)), len(taken))
        items = [x for x in taken[:count] if isinstance(x, Item)]
        self._refused = False
        try:
            self._attempt(items)
        except (OSError, OperationalError) as error:
            self._fail(error)
            with self._wake:
                self._wake.wait_for(lambda: self._give_up, self._retry_s)
            return False
        self._done(taken, count, sum(item.size for item in items))
        if not self._refused:
            self._recover()
        return True

    def _attempt(self, items: list[Item]) -> None:
        """Write; what can never be written is told from the rest and given up."""
        try:
            self._write(items)
        except OperationalError:
            raise
        except (SQLAlchemyError, ValueError, TypeError, LookupError) as error:
            if len(items) == 1:
                self._refuse(items, error)
            for item in items if len(items) > 1 else ():
                self._attempt([item])

    def _done(self, taken: list[Item | _Errand], count: int, size: int) -> None:
        del taken[:count]
        with self._wake:
            for _ in range(count):
                self._backlog.popleft()
            self._bytes -= size

    def _run(self, errand: _Errand) -> None:
        if not errand.done.set_running_or_notify_cancel():
            return
        try:
            errand.done.set_result(errand.run())
        except (OSError, SQLAlchemyError, ValueError, LookupError, RuntimeError) as error:
            errand.done.set_exception(error)

    def _fail(self, error: Exception) -> None:
        reason = f"cannot write to disk ({_cause(error)}); trying again"
        if reason != self._failing:
            self._failing = reason
            log.error("store: %s", reason)
            self._on_trouble(True, reason)

    def _refuse(self, items: list[Item], error: Exception) -> None:
        counts = Counter(item.kind for item in items)
        with self._wake:
            self._lost.update(counts)
        reason = f"{_counted(counts)} cannot be written ({type(error).__name__})"
        log.error("store: %s", reason)
        self._on_trouble(True, reason)
        self._failing = reason
        self._refused = True

    def _recover(self) -> None:
        with self._wake:
            if self._bytes > self._bound // 2 or not (self._failing or self._losing):
                return
            lost = Counter(self._lost)
            self._failing, self._losing = "", False
        reason = f"writing again; lost since the start: {_counted(lost)}"
        log.warning("store: %s", reason)
        self._on_trouble(False, reason)

    def _abandon(self) -> None:
        with self._wake:
            left = list(self._backlog)
            self._backlog.clear()
            counts = Counter(item.kind for item in left if isinstance(item, Item))
            self._lost.update(counts)
        for item in left:
            if isinstance(item, _Errand) and item.done.set_running_or_notify_cancel():
                item.done.set_exception(WriterClosedError("the store was closed before"))
        log.error("store: closed with the disk failing; lost: %s", _counted(counts))


def _cause(error: Exception) -> str:
    """The reason without the statement: that would hold the customer's words."""
    if isinstance(error, DBAPIError):
        return str(error.orig)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "nothing"
