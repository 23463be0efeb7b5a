"""A source in whole blocks, as the ear wants it: its chunks are of any size."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import numpy as np
from numpy.typing import NDArray

from monitor.audio import BLOCK, BLOCK_S, Blocks
from monitor.events import Missing
from monitor.sources import Pcm, Source, SourceError

F32 = NDArray[np.float32]

PIECE_BLOCKS = round(2.0 / BLOCK_S)
"""A recording is heard in pieces of 2 to 4 s: the ear's thread, which live calls share, is
then theirs again after 3 to 6 ms."""


async def pieces(source: Source, *, at_least: int) -> AsyncGenerator[F32 | Missing, None]:
    """The audio in whole blocks, (2, blocks, 256), and the gaps, each at a whole block.

    Fewer than ``at_least`` blocks come only before a gap and at the end, twice
    ``PIECE_BLOCKS`` never. Raises SourceError where the source breaks, after what it gave
    before that.
    """
    grid = Blocks(2)
    held: list[F32] = []
    samples = 0
    broken: SourceError | None = None
    try:
        async for chunk in source.chunks():
            if isinstance(chunk, Pcm):
                held.append(chunk.samples)
                samples += chunk.samples.shape[1]
                if grid.pending + samples < at_least * BLOCK:
                    continue
            for piece in _cut(grid, held, whole=isinstance(chunk, Missing)):
                yield piece
            samples = 0
            if isinstance(chunk, Missing):
                yield chunk
    except SourceError as error:
        broken = error
    for piece in _cut(grid, held, whole=True):
        yield piece
    if broken is not None:
        raise broken


def _cut(grid: Blocks, held: list[F32], *, whole: bool) -> list[F32]:
    """What is held, in blocks, cut into even pieces; ``whole`` pads the last block."""
    out = [grid.push(samples) for samples in held]
    held.clear()
    if whole:
        out.append(grid.flush())
    if not out:
        return []
    pcm = np.concatenate(out, axis=1) if len(out) > 1 else out[0]
    if pcm.shape[1] < 2 * PIECE_BLOCKS:
        return [pcm] if pcm.shape[1] else []
    return np.array_split(pcm, pcm.shape[1] // PIECE_BLOCKS, axis=1)
