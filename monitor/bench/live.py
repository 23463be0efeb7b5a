"""Live calls against a monitor in another process: what arrives late, and what it costs."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from monitor.bench import BenchError
from monitor.bench.feeder import GOLDEN, Line, Loop
from monitor.bench.figures import Spread
from monitor.bench.lags import Lag, Lags, between
from monitor.bench.processes import Usage, spent, usage
from monitor.bench.queueing import Looks, Queueing
from monitor.bench.served import Served, served
from monitor.runtime import ENGINE

WORDS_P95_S = 1.5
TALK_OVER_P95_S = 0.4
LOOP_P99_S = 0.01
"""Budgets. That of talk-over is held against the machine's part: the rule takes its time
(sometimes more than 0.4 s, to be certain) however many calls there are."""
FEEDER_P99_S = 0.05
"""A feeder that is later than this has measured itself."""
STAGGER_S = 0.1
SETTLE_S = 2.0
TAIL_S = 2.0
"""Calls go on for so long behind the measured stretch: what is due then comes under load."""
PING_S = 0.05
LOOK_S = 0.25
"""How often the monitor is asked what waits."""
MOST_CALLS = 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """What to try."""

    calls: int
    seconds: float  # measured, behind the staggered start
    words: bool = True
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it. Delays in seconds, from the audio that had been sent."""

    calls: int
    seconds: float
    words: bool
    words_s: Spread  # end of an utterance, by a pause -> its final words
    cut_words_s: Spread  # utterance cut because it went on -> its final words
    talk_over_s: Spread  # agent's overlap of 0.6 s -> talk-over, the rule's own delay in it
    told_s: Spread  # audio with which the rule was certain -> talk-over
    nudge_s: Spread  # … -> let_them_finish
    facts_s: Spread  # audio time of any fact -> the fact
    loop_lag_s: Spread  # the server's own figure, of 50 looks a second, to an upper edge
    ping_s: Spread  # round trip of a websocket ping: both loops and the system
    feeder_late_s: Spread  # this process: how late it sent
    queue: Queueing  # what the monitor said of its queue of words
    server_cores: float | None  # null where there is no /proc
    server_parts: dict[str, float]  # of that, cores by what threads are for (processes.PARTS)
    engine_share: float | None  # of that, what part is inside the speech-to-text engine
    server_loop_wait: float | None  # share of time its loop was ready, but waited for a core
    feeder_cores: float
    ready_mb: float | None
    calls_mb: float | None
    peak_mb: float | None
    start_s: float
    failed_calls: int
    failures: list[str]
    gap_s: float
    resyncs: int
    degraded: dict[str, int]  # part and reason -> on so many calls
    seen: dict[str, int] = field(default_factory=dict)  # messages by type, whole trial

    @property
    def mb_per_call(self) -> float | None:
        if self.ready_mb is None or self.calls_mb is None:
            return None
        return (self.calls_mb - self.ready_mb) / self.calls

    @property
    def valid(self) -> bool:
        """False: the feeder itself was late, and the figures are about it."""
        return (self.feeder_late_s.p99 or 0.0) <= FEEDER_P99_S

    def misses(self) -> list[str]:
        """Budgets that were not held, in words."""
        out = []
        budgets = (
            ("words p95", self.words_s.p95, WORDS_P95_S),
            ("talk-over p95", self.told_s.p95, TALK_OVER_P95_S),
            ("event loop late p99", self.loop_lag_s.p99, LOOP_P99_S),
        )
        for name, took_s, most_s in budgets:
            if took_s is not None and took_s > most_s:
                out.append(f"{name} {took_s:.3g} s > {most_s:g} s")
        if self.words and not self.words_s.n:
            out.append("no words came")
        if self.queue.given_up:
            out.append(f"the words of {self.queue.given_up} utterances never came")
        if self.failed_calls:
            out.append(f"{self.failed_calls} calls failed ({self.failures[0]})")
        if self.gap_s > 0:
            out.append(f"{self.gap_s:.1f} s of audio were lost")
        if self.resyncs:
            out.append(f"{self.resyncs} screens fell behind")
        return out + [f"degraded on {n} calls: {reason}" for reason, n in self.degraded.items()]


class _Watched:
    """A call, the audio that goes in and the events that come out."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.lags = Lags(line.sent)

    async def watch(self, socket: ClientConnection) -> None:
        """Read until the call has ended or the socket is closed."""
        clock = asyncio.get_running_loop().time
        try:
            while not self.lags.ended:
                text = await socket.recv()
                at = clock()
                self.lags.message(json.loads(text), at)
        except ConnectionClosed:
            return


async def trial(
    plan: Plan, loops: Sequence[Loop], *, progress: Callable[[float], None] | None = None
) -> Trial:
    """One run on a monitor of its own; the calls take turns at the recordings.

    Raises BenchError when it cannot be made.
    """
    if not 1 <= plan.calls <= MOST_CALLS:
        raise BenchError(f"{plan.calls} calls: from 1 to {MOST_CALLS} can be tried")
    async with served(words=plan.words, model=plan.model, most_calls=plan.calls) as server:
        return await _Run(plan, loops, server, progress).run()


class _Run:
    def __init__(
        self,
        plan: Plan,
        loops: Sequence[Loop],
        server: Served,
        progress: Callable[[float], None] | None,
    ) -> None:
        self._plan = plan
        self._server = server
        self._progress = progress
        self._calls = [_Watched(Line(k, loops[k % len(loops)])) for k in range(plan.calls)]
        self._stop = asyncio.Event()
        self._pings: list[Lag] = []
        self._looks = Looks()

    async def run(self) -> Trial:
        clock = asyncio.get_running_loop().time
        ready = usage(self._server.pid)
        try:
            async with asyncio.TaskGroup() as tasks:
                pinging = tasks.create_task(self._ping())
                for k, call in enumerate(self._calls):
                    tasks.create_task(self._call(call, STAGGER_S * (k + 0.2 * (k * GOLDEN % 1.0))))
                await asyncio.sleep(STAGGER_S * len(self._calls) + SETTLE_S)
                since, before, own = clock(), usage(self._server.pid), time.process_time()
                at_first = await self._look()
                await self._measured(since)
                at_last = await self._look()
                until, after, own_after = clock(), usage(self._server.pid), time.process_time()
                await asyncio.sleep(TAIL_S)
                self._stop.set()
                pinging.cancel()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        lag = _between(at_first["loop"], at_last["loop"])
        return self._trial(since, until, (ready, before, after), own_after - own, lag)

    async def _measured(self, since: float) -> None:
        clock = asyncio.get_running_loop().time
        while (left_s := since + self._plan.seconds - clock()) > 0:
            if self._progress is not None:
                self._progress(clock() - since)
            await asyncio.sleep(min(left_s, LOOK_S))
            await self._look()

    async def _look(self) -> dict[str, Any]:
        health = await self._server.health()
        self._looks.saw(health)
        return health

    async def _call(self, call: _Watched, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await call.line.open(self._server)
        async with self._live(call_id=call.line.call_id) as socket:
            watching = asyncio.create_task(call.watch(socket))
            try:
                await call.line.feed(self._stop)
                await call.line.close()
                await asyncio.wait([watching], timeout=TAIL_S)
            finally:
                watching.cancel()

    async def _ping(self) -> None:
        clock = asyncio.get_running_loop().time
        async with self._live(call_id=None) as socket:
            while True:
                began = clock()
                await (await socket.ping())
                self._pings.append((began, clock() - began))
                await asyncio.sleep(PING_S)

    @asynccontextmanager
    async def _live(self, **wish: Any) -> AsyncIterator[ClientConnection]:
        """A screen's socket that follows what is wished for."""
        async with connect(
            self._server.url("/live"),
            additional_headers=self._server.headers,
            compression=None,
            ping_interval=None,
            max_size=None,
            max_queue=None,
        ) as socket:
            if any(value is not None for value in wish.values()):
                await socket.send(json.dumps({"type": "subscribe", **wish}))
            yield socket

    def _trial(
        self,
        since: float,
        until: float,
        used: tuple[Usage | None, Usage | None, Usage | None],
        own_cpu_s: float,
        loop_lag_s: Spread,
    ) -> Trial:
        ready, before, after = used
        took_s = until - since
        everyone = [call.lags for call in self._calls]
        lines = [call.line for call in self._calls]
        failures = [line.failure for line in lines if line.failure]
        seen: Counter[str] = Counter()
        degraded: Counter[str] = Counter()
        for lags in everyone:
            seen += lags.seen
            degraded += Counter(set(lags.degraded))

        def spread(of: Callable[[Lags], Iterable[Lag]]) -> Spread:
            return Spread.of(s for lags in everyone for s in between(of(lags), since, until))

        sent = (
            late_s
            for line in lines
            for sent_at, late_s in zip(line.sent_at, line.late_s, strict=True)
            if since <= sent_at < until
        )
        parts = _parts(before, after, took_s)
        all_cores = sum(parts.values())
        return Trial(
            calls=self._plan.calls,
            seconds=round(took_s, 3),
            words=self._plan.words,
            words_s=spread(lambda lags: lags.words),
            cut_words_s=spread(lambda lags: lags.cut_words),
            talk_over_s=spread(lambda lags: lags.talk_overs),
            told_s=spread(lambda lags: lags.told),
            nudge_s=spread(lambda lags: lags.nudges),
            facts_s=spread(lambda lags: lags.facts),
            loop_lag_s=loop_lag_s,
            ping_s=Spread.of(between(self._pings, since, until)),
            feeder_late_s=Spread.of(sent),
            queue=self._looks.figures(),
            server_cores=_cores(before, after, took_s, lambda u: u.cpu_s),
            server_parts=parts,
            engine_share=round(parts[ENGINE] / all_cores, 3) if all_cores else None,
            server_loop_wait=_cores(before, after, took_s, lambda u: u.loop_wait_s),
            feeder_cores=round(own_cpu_s / took_s, 3),
            ready_mb=round(ready.rss_mb, 1) if ready else None,
            calls_mb=round(after.rss_mb, 1) if after else None,
            peak_mb=round(after.peak_mb, 1) if after else None,
            start_s=self._server.start_s,
            failed_calls=len(failures),
            failures=failures[:3],
            gap_s=round(sum(lags.gap_s for lags in everyone), 3),
            resyncs=sum(lags.resynced for lags in everyone),
            degraded=dict(degraded),
            seen=dict(seen),
        )


def _between(first: dict[str, Any], last: dict[str, Any]) -> Spread:
    """Of two histograms since the start, that of the time between them."""
    counts = [n - before for n, before in zip(last["counts"], first["counts"], strict=True)]
    return Spread.of_histogram(last["edges_s"], counts)


def _cores(
    before: Usage | None, after: Usage | None, took_s: float, of: Callable[[Usage], float]
) -> float | None:
    if before is None or after is None:
        return None
    return round((of(after) - of(before)) / took_s, 3)


def _parts(before: Usage | None, after: Usage | None, took_s: float) -> dict[str, float]:
    """Cores by what threads are for; empty where there is no /proc."""
    if before is None or after is None:
        return {}
    return {part: round(cpu_s / took_s, 3) for part, cpu_s in spent(before, after).items()}
