import asyncio
import contextlib
import json
import logging
import socket
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from monitor.config import Settings
from monitor.events import SERVER_MESSAGE, Levels, Mood, NudgeClosed, Turn, Words
from monitor.server.app import Server, ServerError
from monitor.server.desk import Queues
from monitor.workload import Workload
from tests.serving import ANNA, BEN, WAIT_S, Stage, ended, hear, hear_event, say, stage, started


def turn(seq: int, call_id: str = "c1") -> Turn:
    return Turn(call_id=call_id, seq=seq, t=float(seq), party="agent", t0=0.0, t1=1.0)


def words(seq: int, text: str, call_id: str = "c1") -> Words:
    return Words(
        call_id=call_id, seq=seq, utterance=seq, party="customer", t0=0.0, t1=1.0, text=text
    )


async def closed(socket: ClientConnection) -> int:
    """Read to the end; the close code (1006 when it was cut)."""
    async with asyncio.timeout(WAIT_S):
        with contextlib.suppress(ConnectionClosed):
            async for _ in socket:
                pass
        await socket.wait_closed()
    return socket.close_code or 1006


async def until(condition: Any) -> None:
    """Poll a condition of the server's own loop; each try lets it run."""
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.005)


async def test_snapshot_then_events_then_heartbeats(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.socket() as socket:
        s.emit(started())
        s.emit(turn(2))
        await say(socket, type="subscribe", call_id="c1")
        snapshot = await hear_event(socket)
        assert snapshot["type"] == "snapshot"
        assert [e["seq"] for e in snapshot["events"]] == [1, 2]
        s.emit(turn(3))
        event = await hear_event(socket)
        assert event == json.loads(turn(3).model_dump_json())
        beat = await hear(socket, "heartbeat")
        assert beat["live_calls"] == 1
        assert SERVER_MESSAGE.validate_python(beat).lag_s >= 0


async def test_the_heartbeat_says_how_busy_speech_to_text_is(tmp_path: Path) -> None:
    work = Workload(oldest_wait_s=1.5, utilisation=0.75)
    waiting = Queues(words=7, speech_to_text=work)
    async with stage(tmp_path, queues=lambda: waiting) as s, s.socket() as socket:
        beat = await hear(socket, "heartbeat")
    assert (beat["words_waiting"], beat["words_wait_s"], beat["words_load"]) == (7, 1.5, 0.75)


async def test_coming_back_with_since_brings_the_rest(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        s.emit(started())
        async with s.socket() as socket:
            await say(socket, type="subscribe", call_id="c1")
            seen = (await hear_event(socket))["seq"]
        for seq in (2, 3):
            s.emit(turn(seq))
        async with s.socket() as socket:
            await say(socket, type="subscribe", call_id="c1", since=seen)
            assert [(await hear_event(socket))["seq"] for _ in range(2)] == [2, 3]


async def test_the_floor_sees_every_call_and_no_words(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.socket() as socket:
        s.emit(started("c1"))
        await say(socket, type="subscribe", floor=True)
        assert (await hear_event(socket))["call_id"] == "c1"
        s.emit(words(2, "my secret"))
        s.emit(Mood(call_id="c1", seq=3, score=2.5, level="watch"))
        s.emit(started("c2", BEN))
        assert [(await hear_event(socket))["type"] for _ in range(2)] == ["mood", "call.started"]


async def test_an_agents_screen_follows_the_next_call(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.socket("/live", "agent", ANNA) as socket:
        await say(socket, type="subscribe", agent_id="anna")
        await hear(socket, "heartbeat")
        s.emit(started("c1", ANNA))
        assert (await hear_event(socket))["call_id"] == "c1"
        s.emit(ended(2, "c1"))
        assert (await hear_event(socket))["type"] == "call.ended"
        s.emit(started("c2", ANNA))
        snapshot = await hear_event(socket)
        assert (snapshot["type"], snapshot["call_id"]) == ("snapshot", "c2")
        s.store.flush()
        assert [(a.by, a.what) for a in s.store.access("c1")] == [("Anna", "live")]


async def test_a_new_subscription_replaces_the_old(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.socket() as socket:
        for call_id in ("c1", "c2"):
            s.emit(started(call_id))
            await say(socket, type="subscribe", call_id=call_id)
            assert (await hear_event(socket))["call_id"] == call_id
        s.emit(turn(2, "c1"))
        s.emit(turn(2, "c2"))
        assert (await hear_event(socket))["call_id"] == "c2"
        assert s.bus.subscribers == 1
    await until(lambda: s.bus.subscribers == 0)


async def test_what_may_not_be_followed_is_refused(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.socket("/live", "agent", ANNA) as socket:
        s.emit(started("c2", BEN))
        wishes: list[dict[str, Any]] = [
            {"floor": True},
            {"agent_id": "ben"},
            {"call_id": "c2"},
            {"call_id": "none"},
            {},
        ]
        reasons = []
        for wish in wishes:
            await say(socket, type="subscribe", **wish)
            reasons.append((await hear(socket, "error"))["reason"])
        assert "supervisors" in reasons[0]
        assert "own calls" in reasons[1]
        assert reasons[2] == reasons[3]  # nothing is learned about others' calls
        assert "exactly one" in reasons[4]


async def test_notes_dismissals_and_snoozes_reach_the_call(tmp_path: Path) -> None:
    async with (
        stage(tmp_path) as s,
        s.socket() as sue,
        s.socket("/live", "agent", ANNA) as anna,
    ):
        s.emit(started())
        await say(sue, type="send_note", call_id="c1", text="offer a credit")
        await say(sue, type="send_note", call_id="none", text="hello")
        assert "no such live call" in (await hear(sue, "error"))["reason"]
        await say(anna, type="dismiss_nudge", call_id="c1", id="n1")
        await say(anna, type="snooze", call_id="c1", for_s=60)
        await say(anna, type="send_note", call_id="c1", text="me too")
        assert "only supervisors" in (await hear(anna, "error"))["reason"]
        got = [(c.command, c.by, c.text, c.for_s) for _, c in s.commands]
        assert got == [
            ("note", "Sue", "offer a credit", 0.0),
            ("dismiss_nudge", "Anna", "n1", 0.0),
            ("snooze", "Anna", "", 60.0),
        ]


@pytest.mark.parametrize(
    "garbage",
    [
        "hello",
        "[]",
        "{}",
        '{"type": "explode"}',
        b"\x00\x01",
        '{"type":"snooze","call_id":"c1","for_s":-1}',
    ],
)
async def test_garbage_is_answered_and_the_socket_stays_open(
    tmp_path: Path, garbage: str | bytes
) -> None:
    async with stage(tmp_path) as s, s.socket() as socket:
        s.emit(started())
        await socket.send(garbage)
        assert (await hear(socket, "error"))["reason"]
        await say(socket, type="subscribe", call_id="c1")
        assert (await hear_event(socket))["type"] == "snapshot"


async def test_endless_garbage_and_huge_messages_end_the_connection(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        async with s.socket() as socket:
            for _ in range(21):
                await socket.send("garbage")
            assert await closed(socket) == 1008
        async with s.socket() as socket:
            await socket.send("x" * (64 * 1024 + 1))
            assert await closed(socket) == 1009
        async with s.socket() as socket:
            await socket.send("x" * (1024 * 1024 + 1))
            assert await closed(socket) == 1009


async def test_a_client_behind_on_facts_is_sent_resync(tmp_path: Path) -> None:
    """Without a stalled socket: all facts are published before the sender's turn."""
    async with stage(tmp_path, {"server": {"subscriber_queue": 8}}) as s, s.socket() as socket:
        s.emit(started())
        await say(socket, type="subscribe", call_id="c1")
        await hear(socket, "snapshot")
        for seq in range(2, 30):
            s.bus.publish(turn(seq))
        assert (await hear_event(socket))["type"] == "resync"
        assert await closed(socket) == 1013
        async with s.socket() as again:
            await say(again, type="subscribe", call_id="c1", since=1)
            assert [(await hear_event(again))["seq"] for _ in range(28)] == list(range(2, 30))


async def raw_reader_that_never_reads(s: Stage) -> socket.socket:
    """A handshake and a subscription by hand, then silence; with tiny buffers."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", s.server.port))
    lines = [
        "GET /live HTTP/1.1",
        f"Host: {s.host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {s.token()}",
        "",
        "",
    ]
    await loop.sock_sendall(raw, "\r\n".join(lines).encode())
    assert b"101" in await loop.sock_recv(raw, 64)
    message = b'{"type":"subscribe","call_id":"c1"}'
    await loop.sock_sendall(raw, bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)
    return raw


async def test_a_client_that_never_reads_is_cut_off_and_hurts_nobody(tmp_path: Path) -> None:
    async with stage(tmp_path, send_deadline_s=0.2) as s:
        s.emit(started())
        stalled = await raw_reader_that_never_reads(s)
        async with s.socket() as socket:
            await say(socket, type="subscribe", call_id="c1", since=1)
            await until(lambda: s.bus.subscribers == 2)
            seq, text = 1, "x" * 60000

            async def read() -> list[int]:
                return [(await hear_event(socket))["seq"] for _ in range(200)]

            reading = asyncio.create_task(read())
            while seq <= 200:
                seq += 1
                s.bus.publish(words(seq, text))
                await asyncio.sleep(0)
            assert await reading == list(range(2, 202))
        await until(lambda: s.bus.subscribers == 0)
        uvicorn = s.server._uvicorn
        assert uvicorn is not None
        await until(lambda: not uvicorn.server_state.connections)
        stalled.close()


async def test_levels_are_conflated_for_a_busy_client(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.socket() as socket:
        s.emit(started())
        await say(socket, type="subscribe", call_id="c1")
        await hear(socket, "snapshot")
        for seq in range(2, 102):
            s.bus.publish(
                Levels(
                    call_id="c1",
                    seq=seq,
                    agent_db=-seq,
                    customer_db=-20.0,
                    agent_speaking=True,
                    customer_speaking=False,
                )
            )
        assert (await hear_event(socket))["seq"] == 101


async def test_no_words_of_the_customer_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets.client").setLevel(logging.WARNING)  # the test's own side
    async with stage(tmp_path) as s, s.socket() as socket:
        s.emit(started())
        await say(socket, type="subscribe", call_id="c1")
        await hear(socket, "snapshot")
        s.emit(words(2, "my emerald secret"))
        await hear(socket, "words")
        await socket.send('{"type":"send_note","text":"emerald"}')
        await hear(socket, "error")
        s.emit(ended(3))
        s.store.flush()
        async with s.client() as client:
            await client.get("/api/calls/c1?emerald=1")
            await client.get("/api/calls?limit=emerald")
            await client.get("/?token=emerald")
    out, err = capfd.readouterr()
    # httpx, the client here, logs the URLs it asks for; the server must not.
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    assert "emerald" not in "\n".join([*ours, out, err])


async def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        settings = Settings.model_validate(
            {"server": {"port": s.server.port}, "store": {"data_dir": tmp_path / "data"}}
        )
        second = Server(
            settings,
            bus=s.bus,
            store=s.store,
            start_call=s.start_call,
            command=s.command,
            analyze_upload=s.analyze_upload,
        )
        with pytest.raises(ServerError, match=f"port {s.server.port} is in use.*--port"):
            await second.start()
        await second.stop()


async def test_stopping_closes_open_screens(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        socket = await s.socket()
        await hear(socket, "heartbeat")
        await s.server.stop()
        assert await closed(socket) in (1012, 1001, 1006)
        await s.server.stop()


async def test_a_screen_is_closed_when_its_token_runs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(tmp_path) as s, s.socket() as socket:
        await hear(socket, "heartbeat")
        tomorrow = SimpleNamespace(time=lambda: time.time() + 86400.0)
        monkeypatch.setattr("monitor.server.live.time", tomorrow)
        assert await closed(socket) == 1008


async def test_what_is_for_the_agent_only_no_supervisor_hears(tmp_path: Path) -> None:
    kind = NudgeClosed(
        call_id="c1", seq=2, id="n1", nudge="its_not_you", outcome="done", open_s=3, private=True
    )
    async with stage(tmp_path) as s, s.socket() as sue, s.socket("/live", "agent", ANNA) as anna:
        s.emit(started())
        for socket in (sue, anna):
            await say(socket, type="subscribe", agent_id="anna")
            assert (await hear_event(socket))["type"] == "snapshot"
        s.emit(kind)
        s.emit(turn(3))
        heard = [(await hear_event(socket))["seq"] for socket in (sue, anna)]
        assert heard == [3, 2]
