"""What has been heard of a recording ahead of the call that follows: bounded in audio."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK_S
from monitor.ear import Heard
from monitor.events import Missing

LOOK_AHEAD_S = 60.0
"""How far decoding may run ahead of the call: larger batches, bounded memory."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Audio, float32 (2, blocks, 256), and what the ear made of it."""

    pcm: NDArray[np.float32]
    heard: Heard


class Ahead:
    """A queue of pieces and gaps between two tasks, ``LOOK_AHEAD_S`` long; None ends it."""

    def __init__(self) -> None:
        self._items: deque[Piece | Missing | None] = deque()
        self._blocks = 0
        self._moved = asyncio.Condition()

    async def put(self, item: Piece | Missing | None) -> None:
        """Waits while the call is a whole look-ahead behind."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._blocks * BLOCK_S < LOOK_AHEAD_S)
            self._items.append(item)
            self._blocks += item.heard.blocks if isinstance(item, Piece) else 0
            self._moved.notify_all()

    async def get(self) -> Piece | Missing | None:
        async with self._moved:
            await self._moved.wait_for(lambda: bool(self._items))
            item = self._items.popleft()
            self._blocks -= item.heard.blocks if isinstance(item, Piece) else 0
            self._moved.notify_all()
            return item
