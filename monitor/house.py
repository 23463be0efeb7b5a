"""The whole monitor in one process: calls, bus, store and server around one runtime."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.bus import Bus
from monitor.calls import Calls
from monitor.config import Settings
from monitor.events import Event, Trouble
from monitor.retention import keep_purging
from monitor.runtime import Runtime
from monitor.server.app import Server
from monitor.server.desk import Queues
from monitor.sources import SourceError
from monitor.sources.wav import WavSource
from monitor.store import Store
from monitor.workload import Workload

SWITCH_S = 0.0005
"""The loop gives the interpreter up at each read and write of a socket, and gets it back from
a busy thread (the ear, the disk) after so long at the latest. Python's 5 ms would be 5 ms of
lateness each time."""
COLLECT = (2000, 20, 50)
"""Garbage collection (gc.set_threshold). At 100 calls Python's 700, 10, 10 collects 30 times a
second, and everything every 6 s, which takes 20 ms; so it is 7 times a second, at most 4 ms, and
everything every 90 s or so."""

LONGEST_UPLOAD_S = 12 * 3600.0
"""A compressed file of hours of silence is small, its call is not."""


@dataclass(frozen=True, slots=True)
class House:
    calls: Calls
    bus: Bus
    store: Store
    server: Server


@asynccontextmanager
async def open_house(
    settings: Settings,
    *,
    words: bool = True,
    watch: Callable[[Event], None] | None = None,
) -> AsyncIterator[House]:
    """Everything loaded before the port opens; everything drained and stored on the way out.

    Raises WeightsError, EngineError, StoreError or ServerError before anything runs.
    """
    async with contextlib.AsyncExitStack() as stack:
        loop = asyncio.get_running_loop()
        calls: Calls | None = None

        def tell(trouble: Trouble) -> None:
            if calls is not None:
                calls.trouble(trouble)

        def on_trouble(active: bool, reason: str) -> None:  # on the writer's thread
            trouble = Trouble(part="recording", active=active, reason=reason)
            loop.call_soon_threadsafe(tell, trouble)

        store = Store(settings.store, on_trouble)
        await asyncio.to_thread(store.open)
        stack.push_async_callback(asyncio.to_thread, store.close)
        await asyncio.to_thread(store.recover)
        runtime = await Runtime.start(settings, words=words)
        stack.push_async_callback(runtime.close)
        bus = Bus(settings.server.subscriber_queue)
        calls = Calls(runtime, bus, store, watch=watch)
        purging = asyncio.create_task(keep_purging(store, settings.store), name="retention")
        stack.push_async_callback(_cancelled, purging)

        async def analyze_upload(path: Path, agent_channel: int, title: str) -> str:
            # Opening may read all of a file that begins with silence: not on the loop.
            source = await asyncio.to_thread(
                WavSource, path, agent_channel=agent_channel, title=title
            )
            if (source.info.duration_s or 0.0) > LONGEST_UPLOAD_S:
                hours = LONGEST_UPLOAD_S / 3600
                raise SourceError(f"a recording may be {hours:.0f} hours long at most")
            session = calls.start(source, recorded=True, done=lambda: path.unlink(missing_ok=True))
            return session.call_id

        def queues() -> Queues:
            scribes = runtime.transcriber
            return Queues(
                hearing=runtime.hearing.waiting,
                words=scribes.queue_depth if scribes is not None else 0,
                disk=store.fill,
                speech_to_text=scribes.workload if scribes is not None else Workload(),
            )

        server = Server(
            settings,
            bus=bus,
            store=store,
            start_call=calls.start,
            command=calls.command,
            analyze_upload=analyze_upload,
            queues=queues,
        )
        stack.enter_context(prompt())
        await server.start()
        stack.push_async_callback(server.stop)
        stack.push_async_callback(calls.drain, "the monitor was stopped")
        yield House(calls, bus, store, server)


@contextmanager
def prompt() -> Iterator[None]:
    """The interpreter as a loop wants it that must not be late.

    What is loaded for good is kept out of garbage collections: a full one would go through
    all of it, with everything else standing still for 30 to 60 ms.
    """
    before_s, before = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*COLLECT)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
        sys.setswitchinterval(before_s)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def stop_on_signals() -> asyncio.Event:
    """Set by the first Ctrl-C or SIGTERM. The second kills the process: what it cuts short is
    on disk, and closed as lost at the next start."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def ask() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        stop.set()

    for number in numbers:
        loop.add_signal_handler(number, ask)
    return stop
