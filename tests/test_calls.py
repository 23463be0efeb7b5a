"""Many calls at once: room, commands, failure of one, trouble of all, and the end of the day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitor.bus import Bus
from monitor.call import Call
from monitor.calls import Calls
from monitor.config import Settings
from monitor.ear import Heard
from monitor.events import Command, End, Person, Transcript, Trouble
from monitor.runtime import Runtime
from monitor.session import Session
from monitor.sources import Busy, Pcm
from monitor.store import Store
from tests.dialogue import HURT, HURT_SAID, PHRASES, TALK_OVER, line
from tests.scores import heard
from tests.sessions import (
    WAIT_S,
    Kept,
    KnowingEngine,
    Script,
    audible,
    broken,
    chunked,
    hearing,
    said,
    transcribing,
)


@dataclass
class Floor:
    calls: Calls
    bus: Bus
    store: Store
    kept: Kept

    def of(self, session: Session, *types: str) -> list[Any]:
        return [e for e in self.kept.of(*types) if e.call_id == session.call_id]

    async def ended(self, *sessions: Session) -> None:
        async with asyncio.timeout(WAIT_S):
            for session in sessions:
                await self.calls.wait(session.call_id)


@asynccontextmanager
async def floor(
    folder: Path, engine: Any = None, *, most: int = 8, **store: Any
) -> AsyncIterator[Floor]:
    settings = Settings.model_validate(
        {
            "server": {"max_calls": most},
            "store": {"data_dir": folder, "flush_s": 0.02} | store,
            "asr": {"workers": 1},
        }
    )
    kept, bus, kept_store = Kept(), Bus(512), Store(settings.store)
    await asyncio.to_thread(kept_store.open)
    async with hearing() as ears, transcribing(engine or KnowingEngine()) as transcriber:
        runtime = Runtime(settings, PHRASES, ears, transcriber, "fake")
        calls = Calls(runtime, bus, kept_store, watch=kept.event)
        try:
            yield Floor(calls, bus, kept_store, kept)
        finally:
            await calls.drain("the test is over")
            await asyncio.to_thread(kept_store.close)


async def forever() -> None:
    await asyncio.Event().wait()


def talk(seconds: float = 4.0) -> list[Pcm]:
    return chunked(audible(heard(line((seconds, "=")), "")), 8000)


# ---- room --------------------------------------------------------------------------------


async def test_a_call_too_many_is_refused_and_the_others_go_on(tmp_path: Path) -> None:
    async with floor(tmp_path, most=2) as f:
        first, second = (f.calls.start(Script([*talk(), forever])) for _ in range(2))
        assert len(f.calls) == 2
        with pytest.raises(Busy, match=r"2 calls are running.*server\.max_calls"):
            f.calls.start(Script([]))
        f.calls.stop(first.call_id, "done")
        await f.ended(first)
        assert len(f.calls) == 1
        third = f.calls.start(Script(talk()))
        await f.ended(third)
        assert f.of(third, "call.ended")[0].reason == "completed"
        assert not f.of(second, "call.ended")


async def test_recordings_leave_room_for_live_calls(tmp_path: Path) -> None:
    async with floor(tmp_path, most=2) as f:
        f.calls.start(Script([*talk(), forever]), recorded=True)
        with pytest.raises(Busy, match=r"1 recordings.*server\.max_calls"):
            f.calls.start(Script([]), recorded=True)
        for _ in range(2):
            f.calls.start(Script([*talk(), forever]))
        with pytest.raises(Busy, match="2 calls are running"):
            f.calls.start(Script([]))


async def test_a_monitor_that_stops_takes_no_call(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.calls.drain("night")
        with pytest.raises(Busy, match="is stopping"):
            f.calls.start(Script([]))


async def test_the_end_is_told_once_whatever_ended_it(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        told: list[str] = []
        for name, steps in (
            ("completed", talk()),
            ("failed", [*talk(), broken()]),
            ("bug", [*talk(), KeyError("x")]),
            ("stopped", [forever]),
        ):
            session = f.calls.start(Script(steps), done=lambda name=name: told.append(name))
            if name == "stopped":
                f.calls.stop(session.call_id, "enough")
            await f.ended(session)
            await asyncio.sleep(0)
        assert told == ["completed", "failed", "bug", "stopped"]
        assert len(f.calls) == 0


async def test_commands_find_their_call(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        one, two = (f.calls.start(Script([*talk(), forever])) for _ in range(2))
        note = Command(command="note", by="Sue", text="Well done.")
        assert f.calls.command(one.call_id, note)
        assert not f.calls.command("nobody", note)
        await f.kept.until(lambda k: k.of("note"))
        assert [n.text for n in f.of(one, "note")] == ["Well done."]
        assert not f.of(two, "note")
        f.calls.stop(one.call_id, "done")
        await f.ended(one)
        assert not f.calls.command(one.call_id, note)


# ---- one call fails ----------------------------------------------------------------------

SECRET = "zanzibar marmalade is ridiculous"


class Confused(Exception):  # noqa: N818
    """What no code expects."""


def confuse(session: Session, kind: type, *, for_good: bool) -> None:
    """The call fails on such an input; with ``for_good`` on every one after it too."""
    receive, confused = session.call.receive, False

    def fails(item: Any) -> None:
        nonlocal confused
        if isinstance(item, kind) or (for_good and confused):
            confused = True
            raise Confused(f"cannot read {SECRET}")
        receive(item)

    session.call.receive = fails  # type: ignore[method-assign]


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(
    ("kind", "for_good"), [(Transcript, False), (Transcript, True), (Heard, True)]
)
async def test_a_call_that_fails_ends_and_touches_no_other(
    kind: type, for_good: bool, recorded: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    spoken = said(("customer", 0, 3, SECRET))
    rows = heard("", line((3, "="), (3, ".")))
    async with floor(tmp_path, KnowingEngine(spoken)) as f:
        told: list[str] = []
        done = asyncio.Event()

        async def until_the_other_is_done() -> None:
            await done.wait()

        pcm = chunked(audible(rows), 4000)
        good = f.calls.start(Script([*pcm[:2], until_the_other_is_done, *pcm[2:]]))
        bad = f.calls.start(
            Script([*pcm, *([] if recorded else [forever])]),
            recorded=recorded,
            done=lambda: told.append("done"),
        )
        confuse(bad, kind, for_good=for_good)
        await f.ended(bad)
        done.set()
        await f.ended(good)
        assert told == ["done"]

        ended = f.of(bad, "call.ended")
        assert [e.reason for e in ended] == ["failed"]
        assert "internal error" in ended[0].detail
        assert bool(f.of(bad, "report")) == (not for_good), "what can be told is told"
        numbers = [e.seq for e in f.kept.events if e.call_id == bad.call_id]
        assert numbers == list(range(1, len(numbers) + 1))
        assert f.of(good, "call.ended")[0].reason == "completed"
        assert [w.text for w in f.of(good, "words")] == [SECRET]

        await asyncio.to_thread(f.store.flush)
        stored = f.store.call(bad.call_id)
        assert stored is not None
        assert (stored.live, stored.ended_reason) == (False, "failed")

    errors = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert len(errors) == 1, errors
    assert "Confused" in errors[0]
    assert "monitor/session.py" in errors[0], "the log names the lines"
    assert "in fails" in errors[0], "down to where it happened"
    assert not any(word in caplog.text for word in SECRET.split() if len(word) > 2)


# ---- trouble of all ------------------------------------------------------------------------


async def test_trouble_of_a_shared_part_reaches_every_call(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        early = [f.calls.start(Script([*talk(), forever])) for _ in range(2)]
        await f.kept.until(lambda k: len({e.call_id for e in k.of("levels")}) == 2)
        f.calls.trouble(Trouble(part="recording", active=True, reason="the disk is full"))
        late = f.calls.start(Script([*talk(), forever]))
        await f.kept.until(lambda k: any(e.call_id == late.call_id for e in k.of("levels")))
        f.calls.trouble(Trouble(part="recording", active=False, reason="writing again"))
        after = f.calls.start(Script([*talk(), forever]))
        for session in (*early, late):
            told = [(d.part, d.active) for d in f.of(session, "degraded")]
            assert told == [("recording", True), ("recording", False)]
        first = [e for e in f.kept.events if e.call_id == late.call_id][:2]
        assert [e.type for e in first] == ["call.started", "degraded"]
        await f.kept.until(lambda k: any(e.call_id == after.call_id for e in k.events))
        assert not f.of(after, "degraded")


# ---- the end -------------------------------------------------------------------------------


@pytest.mark.parametrize("recorded", [True, False])
async def test_draining_ends_and_stores_every_call(tmp_path: Path, recorded: bool) -> None:
    words = [transcript for _, transcript in HURT_SAID]
    async with floor(tmp_path, KnowingEngine(words), most=16) as f:
        pcm = chunked(audible(heard(*HURT))[:, : 20 * 8000], 4000)
        sessions = [f.calls.start(Script([*pcm, forever]), recorded=recorded) for _ in range(3)]
        await f.kept.until(
            lambda k: len({e.call_id for e in k.of("levels") if e.t > 12}) == len(sessions)
        )
        unborn = f.calls.start(Script([forever]), recorded=recorded)  # has had no turn yet
        async with asyncio.timeout(WAIT_S):
            await f.calls.drain("the monitor was stopped")
        assert len(f.calls) == 0
        await asyncio.to_thread(f.store.flush)
        for session in (*sessions, unborn):
            ended = f.of(session, "call.ended")
            assert [(e.reason, e.detail) for e in ended] == [("stopped", "the monitor was stopped")]
            assert f.of(session, "report")
            stored = f.store.call(session.call_id)
            assert stored is not None
            assert not stored.live
            assert [e.seq for e in f.store.events(session.call_id)][-1] == ended[0].seq
        for session in sessions:
            log = f.store.inputs(session.call_id)
            assert isinstance(log[-1].item, End)
            path = f.store.recordings.path(session.call_id)
            assert path is not None
            assert path.suffix == ".flac"


async def test_a_stored_call_replays_to_the_same_events(tmp_path: Path) -> None:
    """The log of its inputs is the call: words and commands at the time they came."""
    words = [transcript for _, transcript in HURT_SAID]
    async with floor(tmp_path, KnowingEngine(words)) as f:
        source = Script(chunked(audible(heard(*HURT)), 4000), agent=Person(id="ada"))
        session = f.calls.start(source)
        f.calls.command(session.call_id, Command(command="snooze", for_s=5))
        await f.ended(session)
        await asyncio.to_thread(f.store.flush)
        told = [e for e in f.kept.events if e.call_id == session.call_id]
        again = Call(f.of(session, "call.started")[0], Settings(), PHRASES)
        for logged in f.store.inputs(session.call_id):
            assert again.t == pytest.approx(logged.t)
            again.receive(logged.item)
        assert again.events() == told
        assert sum(said.final for said in f.of(session, "words")) == len(words)


async def test_every_call_of_many_is_as_if_alone(tmp_path: Path) -> None:
    pcm = audible(heard(*TALK_OVER))
    async with floor(tmp_path) as f:
        sessions = [
            f.calls.start(Script(chunked(pcm, size))) for size in (700, 801, 999, 1600, 8000)
        ]
        await f.ended(*sessions)
        told = [
            [
                e.model_dump(exclude={"call_id", "started_at"})
                for e in f.kept.events
                if e.call_id == session.call_id
            ]
            for session in sessions
        ]
    assert all(one == told[0] for one in told)
    assert any(e["type"] == "nudge.opened" for e in told[0])
