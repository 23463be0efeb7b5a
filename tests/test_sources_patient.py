"""Recordings give way to live calls where the disk is behind."""

import asyncio

import numpy as np
import pytest

from monitor.sources import Pcm, SourceError
from monitor.sources._patient import PatientSource
from tests.sessions import WAIT_S, Script

PIECES = [Pcm(np.full((2, 256), value, np.float32)) for value in (0.1, 0.2, 0.3)]


async def test_it_waits_for_room_and_loses_nothing() -> None:
    looks = iter([True, False, False, True, True])
    source = PatientSource(Script(PIECES), lambda: next(looks))
    async with asyncio.timeout(WAIT_S):
        got = [item async for item in source.chunks()]
    assert [item.samples[0, 0] for item in got if isinstance(item, Pcm)] == [
        piece.samples[0, 0] for piece in PIECES
    ]
    assert next(looks, None) is None, "it looked before each piece"


async def test_without_room_it_gives_up() -> None:
    source = PatientSource(Script(PIECES), lambda: False, give_up_s=0.01)
    with pytest.raises(SourceError, match="disk"):
        await anext(source.chunks())
