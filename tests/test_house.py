"""The whole monitor in one process, from a recording played live to its replay; words off."""

from __future__ import annotations

import asyncio
import errno
import gc
import io
import json
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import soundfile
from websockets.asyncio.client import ClientConnection, connect

from monitor.config import Settings
from monitor.events import CALL_EVENT, Person
from monitor.house import COLLECT, SWITCH_S, House, open_house, prompt
from monitor.resources import resource
from monitor.server.app import ServerError
from monitor.sources.wav import WavSource
from monitor.store import Store
from monitor.writer import Item
from tests.serving import WAIT_S, hear, hear_event, say

TALKOVER = resource("samples") / "rendered" / "talkover.flac"
ADA = Person(id="ada", name="Ada")


def settings(folder: Path, **server: Any) -> Settings:
    return Settings.model_validate(
        {
            "server": {"port": 0, "heartbeat_s": 0.2} | server,
            "store": {"data_dir": folder, "flush_s": 0.05},
        }
    )


class Pace:
    """A clock that jumps from chunk to chunk, and stands still at ``hold_s``."""

    def __init__(self, hold_s: float = float("inf")) -> None:
        self._now_s = 0.0
        self._hold_s = hold_s
        self._moved = asyncio.Event()

    def go_on(self, hold_s: float = float("inf")) -> None:
        self._hold_s = hold_s
        self._moved.set()

    def clock(self) -> float:
        return self._now_s

    async def sleep(self, seconds: float) -> None:
        self._now_s += seconds
        while self._now_s > self._hold_s:
            self._moved.clear()
            await self._moved.wait()

    def source(self) -> WavSource:
        return WavSource(
            TALKOVER,
            speed="live",
            chunk_ms=512,
            title="Talk-over",
            agent=ADA,
            clock=self.clock,
            sleep=self.sleep,
        )


def token(house: House) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.server.desk.auth.token('supervisor', Person())}"}


def live(house: House) -> connect:
    url = f"ws://127.0.0.1:{house.server.port}/live"
    return connect(url, additional_headers=token(house), max_size=None)


def client(house: House) -> httpx.AsyncClient:
    url = f"http://127.0.0.1:{house.server.port}"
    return httpx.AsyncClient(base_url=url, headers=token(house), timeout=WAIT_S)


async def hear_until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """Events up to the first of a type, without heartbeats."""
    heard = []
    while not heard or heard[-1]["type"] != kind:
        heard.append(await hear_event(socket))
    return heard


def threads() -> set[str]:
    names = {thread.name for thread in threading.enumerate()}
    return {name for name in names if name.startswith(("ear", "store-writer", "speech-to-text"))}


async def test_a_call_is_seen_live_and_kept_for_the_replay(tmp_path: Path) -> None:
    pace = Pace(hold_s=0)
    async with open_house(settings(tmp_path), words=False) as house:
        async with live(house) as floor:
            await say(floor, type="subscribe", floor=True)
            call_id = house.calls.start(pace.source()).call_id
            card = await hear_event(floor)
            if card["type"] == "snapshot":  # the call was there before the subscription
                card = card["events"][0]
            assert (card["type"], card["call_id"]) == ("call.started", call_id)
            assert card["agent"]["name"] == "Ada"
            assert card["words"] is None
            pace.go_on(hold_s=45)
            nudge = (await hear_until(floor, "nudge.opened"))[-1]
            assert nudge["nudge"] == "let_them_finish"

        async with live(house) as screen:
            await say(screen, type="subscribe", call_id=call_id)
            snapshot = await hear_event(screen)
            assert snapshot["type"] == "snapshot"
            seen = {event["seq"]: event for event in snapshot["events"]}
            assert seen[nudge["seq"]]["title"] == nudge["title"]
            left_at = snapshot["seq"]
        pace.go_on()
        async with live(house) as screen:
            await say(screen, type="subscribe", call_id=call_id, since=left_at)
            rest = await hear_until(screen, "call.ended")
            assert min(event["seq"] for event in rest) > left_at
            assert [event["seq"] for event in rest] == sorted(event["seq"] for event in rest)
            assert [event["type"] for event in rest][-2:] == ["report", "call.ended"]

        await house.calls.wait(call_id)
        await asyncio.to_thread(house.store.flush)
        async with client(house) as http:
            listed = (await http.get("/api/calls")).json()
            assert [(c["call_id"], c["live"], c["ended_reason"]) for c in listed] == [
                (call_id, False, "completed")
            ]
            assert listed[0]["nudges"] >= 1
            detail = (await http.get(f"/api/calls/{call_id}")).json()
            told = [CALL_EVENT.validate_python(event) for event in detail["events"]]
            facts = {e["seq"] for e in rest if CALL_EVENT.validate_python(e).fact}
            assert facts <= {event.seq for event in told}
            assert told[-1].duration_s == pytest.approx(91.3, abs=0.05)
            audio = await http.get(f"/api/calls/{call_id}/audio")
            samples, rate_hz = soundfile.read(io.BytesIO(audio.content))
            original, _ = soundfile.read(TALKOVER)
            assert rate_hz == 8000
            assert abs(samples[: len(original)] - original).max() < 1e-4


async def test_a_recording_sent_in_is_analysed_and_its_file_removed(tmp_path: Path) -> None:
    async with open_house(settings(tmp_path), words=False) as house, client(house) as http:
        answer = await http.post(
            "/api/recordings",
            files={"file": ("talkover.flac", TALKOVER.read_bytes())},
            data={"agent_channel": "0", "title": "Sent in"},
        )
        assert answer.status_code == 202
        call_id = answer.json()["call_id"]
        await house.calls.wait(call_id)
        await asyncio.to_thread(house.store.flush)
        detail = (await http.get(f"/api/calls/{call_id}")).json()
        assert (detail["call"]["title"], detail["call"]["ended_reason"]) == ("Sent in", "completed")
        nudges = [e["nudge"] for e in detail["events"] if e["type"] == "nudge.opened"]
        assert nudges[0] == "let_them_finish"
        assert detail["call"]["has_audio"]
        assert list((tmp_path / "uploads").iterdir()) == []

        bad = await http.post("/api/recordings", files={"file": ("notes.wav", b"no audio" * 99)})
        assert bad.status_code == 400
        assert list((tmp_path / "uploads").iterdir()) == []
        assert len((await http.get("/api/calls")).json()) == 1


async def test_live_and_sent_in_the_same_recording_is_the_same_call(tmp_path: Path) -> None:
    """One Ear for both at once; only the way in differs."""
    async with open_house(settings(tmp_path), words=False) as house:
        played = house.calls.start(Pace().source())
        sent = house.calls.start(WavSource(TALKOVER, agent=ADA), recorded=True)
        for session in (played, sent):
            await house.calls.wait(session.call_id)
        await asyncio.to_thread(house.store.flush)
        first, second = (
            [
                event.model_dump(exclude={"call_id", "seq", "started_at", "live", "title"})
                for event in house.store.events(session.call_id)
            ]
            for session in (played, sent)
        )
        assert first == second


async def test_an_upload_to_a_full_house_is_refused_and_removed(tmp_path: Path) -> None:
    full = settings(tmp_path, max_calls=0)
    async with open_house(full, words=False) as house, client(house) as http:
        files = {"file": ("talkover.flac", TALKOVER.read_bytes())}
        answer = await http.post("/api/recordings", files=files)
        assert answer.status_code == 503
        assert "server.max_calls" in answer.json()["detail"]
        assert list((tmp_path / "uploads").iterdir()) == []


async def test_nothing_is_left_when_the_house_closes(tmp_path: Path) -> None:
    before = threads()
    pace = Pace(hold_s=10)
    async with open_house(settings(tmp_path), words=False) as house:
        port = house.server.port
        call_id = house.calls.start(pace.source()).call_id
        upload = tmp_path / "a.flac"
        upload.write_bytes(TALKOVER.read_bytes())
        sent_id = await house.server.desk.analyze_upload(upload, 0, "cut short")
        screen = await live(house)
        await say(screen, type="subscribe", call_id=call_id)
        await hear(screen, "snapshot")
    last = await hear(screen, "call.ended")
    assert last["detail"] == "the monitor was stopped"
    await screen.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert threads() == before
    assert not upload.exists()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))

    async with open_house(settings(tmp_path), words=False) as house, client(house) as http:
        listed = {call["call_id"]: call for call in (await http.get("/api/calls")).json()}
        for stored in (call_id, sent_id):
            assert listed[stored]["ended_reason"] == "stopped", "drained, not lost"
            if not listed[stored]["has_audio"]:
                continue
            audio = await http.get(f"/api/calls/{stored}/audio")
            samples, _ = soundfile.read(io.BytesIO(audio.content))
            assert len(samples) / 8000 < listed[stored]["duration_s"] + 4.1


async def test_a_port_in_use_leaves_nothing_running(tmp_path: Path) -> None:
    before = threads()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ServerError, match="in use"):
            async with open_house(settings(tmp_path, port=taken.getsockname()[1]), words=False):
                pytest.fail("it opened all the same")
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert threads() == before


async def test_a_disk_that_is_full_is_told_and_the_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.Event()
    write = Store._write_rows

    def fails(self: Store, items: Sequence[Item]) -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, items)

    monkeypatch.setattr(Store, "_write_rows", fails)
    pace = Pace(hold_s=20)
    async with open_house(settings(tmp_path), words=False) as house:
        async with live(house) as screen:
            call_id = house.calls.start(pace.source()).call_id
            await say(screen, type="subscribe", call_id=call_id)
            full.set()
            trouble = await hear(screen, "degraded")
            assert (trouble["part"], trouble["active"]) == ("recording", True)
            assert "No space left" in trouble["reason"]
            full.clear()
            back = await hear(screen, "degraded")
            assert (back["part"], back["active"]) == ("recording", False)
            pace.go_on()
            assert (await hear(screen, "call.ended"))["reason"] == "completed"
        await asyncio.to_thread(house.store.flush)
        events = house.store.events(call_id)
        assert json.loads(events[0].model_dump_json())["type"] == "call.started"
        assert [e.active for e in events if e.type == "degraded"] == [True, False]  # type: ignore[attr-defined]
        assert house.store.lost == {}


def test_what_is_loaded_for_good_is_not_collected_and_threads_give_way_soon() -> None:
    before_s, before = sys.getswitchinterval(), gc.get_threshold()
    assert before_s > SWITCH_S
    with prompt():
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() == COLLECT
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before
    assert sys.getswitchinterval() == pytest.approx(before_s)
