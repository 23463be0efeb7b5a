"""The largest number that still holds, found with few and dear trials."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

FINE = 0.1
"""Trials of the same number differ by more than this."""


async def largest(holds: Callable[[int], Awaitable[bool]], start: int, most: int) -> int:
    """Doubling or halving from ``start``, then halving the interval to a tenth; 0: not even 1.

    ``holds(n)`` is asked about each n at most once, for 1 <= n <= ``most``.
    """
    good, bad = 0, most + 1
    n = min(max(start, 1), most)
    while bad - good > max(1, round(FINE * good)):
        if await holds(n):
            good = n
        else:
            bad = n
        if bad > most:
            n = min(2 * good, most)
        elif good == 0:
            n = max(bad // 2, 1)
        else:
            n = (good + bad) // 2
        if n in (good, bad):
            break
    return good
