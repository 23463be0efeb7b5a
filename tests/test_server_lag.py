"""How late the loop was, counted so that a percentile of it means something."""

from __future__ import annotations

import asyncio
from bisect import bisect_left

import pytest

from monitor.server.lag import EDGES_S, EVERY_S, WORST_OF_S, LoopLag


def late(lag: LoopLag) -> dict[float, int]:
    """Upper edge -> looks."""
    edges = (*lag.lateness.edges_s, float("inf"))
    return {edge: n for edge, n in zip(edges, lag.lateness.counts, strict=True) if n}


def test_a_look_is_counted_under_its_upper_edge() -> None:
    lag = LoopLag()
    for late_s in (0.0, 0.001, 0.0011, 0.01):
        lag.saw(late_s)
    assert late(lag) == {0.001: 2, 0.002: 1, 0.01: 1}


def test_a_standstill_counts_for_all_the_looks_it_prevented() -> None:
    """With one look for each, a second's standstill in a minute would be below p99."""
    lag = LoopLag()
    lag.saw(1.0)
    assert sum(lag.lateness.counts) == pytest.approx(1.0 / EVERY_S, abs=1)
    assert late(lag)[1.0] == pytest.approx(0.25 / EVERY_S, abs=1), "0.75 s to 1 s"
    assert late(lag)[0.02] >= 1


def test_the_worst_is_forgotten_after_two_seconds() -> None:
    lag = LoopLag()
    lag.saw(0.5)
    for _ in range(round(WORST_OF_S / EVERY_S) - 1):
        lag.saw(0.0)
    assert lag.lag_s == 0.5
    lag.saw(0.001)
    assert lag.lag_s == 0.001


def test_the_budget_is_an_edge() -> None:
    assert 0.01 in EDGES_S
    assert list(EDGES_S) == sorted(set(EDGES_S))


async def test_it_sees_a_loop_that_is_held_up() -> None:
    lag = LoopLag()
    looking = asyncio.create_task(lag.run())
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0)
    until = loop.time() + 0.1
    while loop.time() < until:
        pass
    async with asyncio.timeout(10):
        while not sum(lag.lateness.counts):
            await asyncio.sleep(0)
    looking.cancel()
    await asyncio.wait([looking])
    assert lag.lag_s >= 0.1 - EVERY_S
    assert sum(lag.lateness.counts[bisect_left(EDGES_S, 0.05) :]) >= 1
