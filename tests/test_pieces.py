"""A source of chunks of any size, in whole blocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from monitor.audio import BLOCK
from monitor.events import Missing
from monitor.pieces import PIECE_BLOCKS, pieces
from monitor.sources import Pcm, SourceError, SourceInfo

GAP = Missing(blocks=3, reason="lost")


class Chunks:
    """Gives what it is given; raises what is an error."""

    info = SourceInfo(source="chunks")

    def __init__(self, items: Sequence[Pcm | Missing | Exception]) -> None:
        self._items = items

    async def chunks(self) -> AsyncIterator[Pcm | Missing]:
        for item in self._items:
            if isinstance(item, Exception):
                raise item
            yield item

    async def close(self) -> None: ...


def audio(samples: int, first: int = 0) -> Pcm:
    """Samples that count."""
    return Pcm(np.tile(np.arange(first, first + samples, dtype=np.float32), (2, 1)))


async def cut(*items: Pcm | Missing | Exception, at_least: int = 1) -> list[int | Missing]:
    """How many blocks each piece has; that all samples are there, in order, is asserted."""
    out: list[int | Missing] = []
    heard: list[np.ndarray] = []
    try:
        async for item in pieces(Chunks(items), at_least=at_least):
            if isinstance(item, Missing):
                out.append(item)
            else:
                assert item.shape == (2, item.shape[1], BLOCK)
                out.append(item.shape[1])
                heard.append(item.reshape(2, -1)[0])
    finally:
        given = [item.samples[0] for item in items if isinstance(item, Pcm)]
        flat = np.concatenate([np.zeros(0), *heard])
        assert np.array_equal(flat[flat > 0], np.concatenate([np.zeros(0), *given])[1:])
    return out


async def test_chunks_of_any_size_become_whole_blocks_and_the_rest_is_padded() -> None:
    sizes = (100, 300, 1, 511)
    starts = np.cumsum([0, *sizes])[:-1]
    chunks = [audio(size, int(first)) for size, first in zip(sizes, starts, strict=True)]
    assert await cut(*chunks) == [1, 2, 1]


async def test_a_gap_stands_at_a_whole_block() -> None:
    assert await cut(audio(300), GAP, audio(256, 300)) == [1, 1, GAP, 1]


async def test_a_recording_comes_in_pieces_that_are_neither_short_nor_long() -> None:
    each_second = [audio(8000, 8000 * k) for k in range(31)]
    for chunks in (each_second, [audio(8000 * 31)]):
        *lengths, _ = await cut(*chunks, at_least=PIECE_BLOCKS)
        assert all(PIECE_BLOCKS <= n < 2 * PIECE_BLOCKS for n in lengths)  # type: ignore[operator]
        assert len(lengths) >= 7


async def test_a_source_that_breaks_has_given_what_came_before() -> None:
    with pytest.raises(SourceError, match="the line broke"):
        await cut(audio(400), SourceError("the line broke"))


async def test_a_source_that_gives_nothing_is_over() -> None:
    assert await cut() == []
