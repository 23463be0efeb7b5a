"""Every call in progress: starts them, hands them commands, drains them."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from monitor.bus import Bus
from monitor.call import CallInput
from monitor.events import AlertRaised, CallEnded, Command, Event, Party, Trouble
from monitor.runtime import Runtime
from monitor.session import Session
from monitor.shifts import Shifts
from monitor.sources import Busy, Source
from monitor.sources._patient import PatientSource
from monitor.store import Store

log = logging.getLogger(__name__)

DRAIN_S = 10.0
"""How long a stopping monitor waits for its calls to close what is open."""


class _Outputs:
    """Where one call's output goes: to disk, to the screens, and to whoever watches."""

    def __init__(self, bus: Bus, store: Store, watch: Callable[[Event], None] | None) -> None:
        self._bus = bus
        self._store = store
        self._watch = watch
        self.last: Event | None = None
        self.hot = False

    def event(self, event: Event) -> None:
        self.last = event
        self.hot = self.hot or isinstance(event, AlertRaised)
        self._store.event(event)
        self._bus.publish(event)
        if self._watch is not None:
            self._watch(event)

    def input(self, call_id: str, t: float, item: CallInput) -> None:
        self._store.input(call_id, t, item)

    def audio(self, call_id: str, t: float, pcm: NDArray[np.float32]) -> None:
        self._store.audio(call_id, t, pcm)

    def mute(self, call_id: str, t0: float, t1: float, party: Party) -> None:
        self._store.mute(call_id, t0, t1, party)


class Calls:
    """The calls of one process. One call's failure ends that call and touches no other."""

    def __init__(
        self,
        runtime: Runtime,
        bus: Bus,
        store: Store,
        *,
        watch: Callable[[Event], None] | None = None,
    ) -> None:
        self._runtime = runtime
        self._bus = bus
        self._store = store
        self._watch = watch
        self._running: dict[str, tuple[Session, asyncio.Task[None]]] = {}
        self._recorded: set[str] = set()  # of those running
        self._troubles: dict[str, Trouble] = {}
        self._closing = False
        self._shifts = Shifts(time.monotonic)

    def __len__(self) -> int:
        return len(self._running)

    def start(
        self, source: Source, *, recorded: bool = False, done: Callable[[], None] | None = None
    ) -> Session:
        """Start a call; ``done`` is called when it has ended, whatever ended it.

        Raises Busy when there is no room or the monitor is stopping.
        """
        if self._closing:
            raise Busy("the monitor is stopping")
        self._make_sure_of_room(recorded)
        if recorded:
            source = PatientSource(source, lambda: self._store.has_room)
        sink = _Outputs(self._bus, self._store, self._watch)
        agent_id = source.info.agent.id
        hot_calls = 0 if recorded else self._shifts.hot_calls(agent_id)
        session = self._runtime.session(source, sink, recorded=recorded, hot_calls=hot_calls)
        task = asyncio.create_task(
            self._run(session, sink, "" if recorded else agent_id), name=f"call {session.call_id}"
        )
        if done is not None:
            task.add_done_callback(lambda _: done())
        self._running[session.call_id] = (session, task)
        if recorded:
            self._recorded.add(session.call_id)
        for trouble in self._troubles.values():
            session.trouble(trouble)
        return session

    async def wait(self, call_id: str) -> None:
        """Until the call has ended."""
        if call_id in self._running:
            await asyncio.wait([self._running[call_id][1]])

    def command(self, call_id: str, command: Command) -> bool:
        """Hand a person's command to its call; False when that call is not running."""
        if call_id not in self._running:
            return False
        self._running[call_id][0].command(command)
        return True

    def stop(self, call_id: str, reason: str) -> None:
        if call_id in self._running:
            self._running[call_id][0].stop(reason)

    def trouble(self, trouble: Trouble) -> None:
        """Tell every call that a part which they share fails, or works again.

        Calls that start while it fails are told too.
        """
        self._troubles.pop(trouble.part, None)
        if trouble.active:
            self._troubles[trouble.part] = trouble
        for session, _ in list(self._running.values()):
            session.trouble(trouble)

    async def drain(self, reason: str) -> None:
        """Stop every call; each closes what is open and is stored."""
        self._closing = True
        for session, _ in list(self._running.values()):
            session.stop(reason)
        tasks = [task for _, task in self._running.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=DRAIN_S)

    def _make_sure_of_room(self, recorded: bool) -> None:
        """Recordings have a bound of their own: however many are sent in, live calls find room."""
        limit = self._runtime.settings.server.max_calls
        recordings = -(-limit // 4)
        if recorded and len(self._recorded) >= recordings:
            raise Busy(f"{recordings} recordings are running, a quarter of server.max_calls")
        if not recorded and len(self._running) - len(self._recorded) >= limit:
            raise Busy(f"{limit} calls are running, which is the limit (server.max_calls)")

    async def _run(self, session: Session, sink: _Outputs, agent_id: str) -> None:
        try:
            await session.run()
        except Exception as error:  # noqa: BLE001  the wall between calls: the loop ends here
            # Only code lines: a message could quote the customer.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("call %s failed: %s\n%s", session.call_id, type(error).__name__, where)
        finally:
            del self._running[session.call_id]
            self._recorded.discard(session.call_id)
            if sink.hot:
                self._shifts.note(agent_id)
            if sink.last is not None and not isinstance(sink.last, CallEnded):
                sink.event(
                    CallEnded(
                        call_id=session.call_id,
                        seq=sink.last.seq + 1,
                        t=sink.last.t,
                        reason="failed",
                        detail="internal error; the log names the line",
                        duration_s=sink.last.t,
                    )
                )
