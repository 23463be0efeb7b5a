import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection

from monitor.events import Missing
from monitor.sources import Pcm, Source
from tests.serving import ANNA, BEN, WAIT_S, Call, Stage, stage

START: dict[str, Any] = {"rate": 8000, "agent": {"id": "anna", "name": "Anna"}, "title": "T"}
SECOND = (np.arange(16000) % 200).astype("<i2").tobytes()


async def reply(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_S):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def finished(s: Stage) -> None:
    if s.running:
        await asyncio.wait(s.running, timeout=WAIT_S)


def samples(items: list[Pcm | Missing]) -> int:
    return sum(item.samples.shape[1] for item in items if isinstance(item, Pcm))


async def test_a_call_comes_in_and_ends(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.socket("/ingest/pcm") as socket:
        await socket.send(json.dumps(START))
        assert await reply(socket) == {"event": "started", "call_id": "in0"}
        for start in range(0, len(SECOND), 777):
            await socket.send(SECOND[start : start + 777])
        await socket.send('{"event": "stop"}')
        assert await reply(socket) == {
            "event": "ended",
            "call_id": "in0",
            "reason": "completed",
            "duration_s": 1.0,
        }
        assert samples(s.heard["in0"]) == 8000
        assert s.sources[0].info.agent.name == "Anna"


async def test_a_lost_connection_ends_the_call_as_failed(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        async with s.socket("/ingest/pcm") as socket:
            await socket.send(json.dumps(START))
            await reply(socket)
            await socket.send(SECOND)
        await finished(s)
        assert samples(s.heard["in0"]) == 8000
        s.store.flush()
        summary = s.store.call("in0")
        assert summary is not None
        assert summary.ended_reason == "failed"


async def test_a_sender_that_falls_silent_is_given_up(tmp_path: Path) -> None:
    async with stage(tmp_path, idle_s=0.01) as s, s.socket("/ingest/pcm") as socket:
        await socket.send(json.dumps(START))
        await reply(socket)
        error = await reply(socket)
        assert error["event"] == "error"
        assert "nothing came" in error["reason"]
        assert (await reply(socket))["reason"] == "failed"


async def test_a_call_that_takes_no_audio_does_not_hold_its_sender_for_ever(
    tmp_path: Path,
) -> None:
    def start_and_forget(_: Source) -> Call:
        return Call("stuck")

    changes: dict[str, Any] = {"start_call": start_and_forget, "idle_s": 0.2}
    async with stage(tmp_path, **changes) as s, s.socket("/ingest/pcm") as socket:
        await socket.send(json.dumps(START))
        await reply(socket)
        for _ in range(11):  # one second more than may wait
            await socket.send(SECOND)
        error = await reply(socket)
        assert error["event"] == "error"
        assert "took no audio" in error["reason"]


async def test_no_room_is_busy(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        s.most_calls = 1
        async with s.socket("/ingest/pcm") as first, s.socket("/ingest/pcm") as second:
            await first.send(json.dumps(START))
            await reply(first)
            await second.send(json.dumps(START))
            error = await reply(second)
            assert (error["event"], error["reason"]) == ("error", "busy")


async def test_a_bad_start_is_said(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        for message in ("nonsense", '{"rate": 1}', SECOND):
            async with s.socket("/ingest/pcm") as socket:
                await socket.send(message)
                error = await reply(socket)
                assert error["event"] == "error"
                assert "start line" in error["reason"]
        assert s.sources == []


async def test_nothing_leaves_the_socket_before_consent(tmp_path: Path) -> None:
    changes = {"privacy": {"consent": "required"}}
    async with stage(tmp_path, changes) as s, s.socket("/ingest/pcm") as socket:
        await socket.send(json.dumps(START))
        assert await reply(socket) == {"event": "waiting", "reason": "consent"}
        await socket.send(SECOND)
        await socket.send('{"event": "consent"}')
        assert (await reply(socket))["event"] == "started"
        await socket.send(SECOND[:8000])
        await socket.send('{"event": "stop"}')
        await reply(socket)
        assert samples(s.heard["in0"]) == 2000
        assert len(s.sources) == 1


async def test_a_stop_before_consent_leaves_no_trace(tmp_path: Path) -> None:
    changes = {"privacy": {"consent": "required"}}
    async with stage(tmp_path, changes) as s:
        async with s.socket("/ingest/pcm") as socket:
            await socket.send(json.dumps(START))
            await reply(socket)
            await socket.send(SECOND)
            await socket.send('{"event": "stop"}')
            await socket.wait_closed()
        s.store.flush()
        assert s.sources == []
        assert s.store.calls() == []


async def test_an_agents_token_starts_that_agents_calls(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.socket("/ingest/pcm", "agent", BEN) as socket:
        await socket.send(json.dumps(START))
        await reply(socket)
        assert s.sources[0].info.agent == BEN
        assert s.sources[0].info.agent != ANNA


async def test_a_call_ended_from_inside_is_told(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.socket("/ingest/pcm") as socket:
        await socket.send(json.dumps(START))
        await reply(socket)
        await s.sources[0].close()
        ended = await reply(socket)
        assert (ended["event"], ended["call_id"]) == ("ended", "in0")
