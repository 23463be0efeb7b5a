import asyncio
import io
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from starlette.datastructures import Headers
from starlette.types import Message

from monitor.call import NO_PHRASES, Call
from monitor.config import Settings
from monitor.events import (
    CALL_EVENT,
    Degraded,
    NudgeOpened,
    Person,
    Transcript,
    Trouble,
    Turn,
)
from monitor.runtime import phrases_of
from monitor.server.auth import Role
from monitor.server.calls import AsAnnounced
from monitor.server.desk import Queues
from monitor.server.reference import page
from monitor.session import WORDS_UNSURE
from monitor.workload import Workload
from tests.serving import ANNA, WAIT_S, ended, stage, started


def turn(seq: int, call_id: str = "c1") -> Turn:
    return Turn(call_id=call_id, seq=seq, t=float(seq), party="agent", t0=0.0, t1=1.0)


def wav_bytes(seconds: float = 0.1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\x01\x02\x03\x04" * int(8000 * seconds))
    return out.getvalue()


async def test_a_call_is_listed_and_read_with_its_events(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client() as client:
        for event in (started(), turn(2), ended(3)):
            s.emit(event)
        s.store.flush()
        (summary,) = (await client.get("/api/calls")).json()
        assert summary == {
            "call_id": "c1",
            "started_at": "2026-01-01T10:00:00+00:00",
            "title": "A call",
            "source": "wav",
            "agent": {"id": "anna", "name": "Anna"},
            "customer": {"id": "", "name": "Bo"},
            "duration_s": 9.0,
            "live": False,
            "ended_reason": "completed",
            "peak_mood": 0.0,
            "alerts": 0,
            "nudges": 0,
            "talk_overs": 0,
            "has_audio": False,
            "separated": True,
        }
        detail = (await client.get("/api/calls/c1")).json()
        assert detail["call"] == summary
        events = [CALL_EVENT.validate_python(e) for e in detail["events"]]
        assert events == [started(), turn(2), ended(3)]


async def test_what_is_for_the_agent_only_no_supervisor_reads(tmp_path: Path) -> None:
    kind = NudgeOpened(
        call_id="c1",
        seq=3,
        id="n1",
        nudge="its_not_you",
        title="It's not you",
        text="They are angry at the situation.",
        why='They said "private": true',
        evidence=[],
        ttl_s=20,
        private=True,
    )
    shared = kind.model_copy(update={"seq": 4, "private": False})
    async with stage(tmp_path) as s:
        for event in (started(), turn(2), kind, shared):
            s.emit(event)
        s.store.flush()
        read = {}
        people: list[tuple[Role, Person | None]]
        people = [("agent", ANNA), ("supervisor", None), ("admin", None)]
        for role, person in people:
            async with s.client(role, person) as client:
                detail = (await client.get("/api/calls/c1")).json()
                read[role] = [event["seq"] for event in detail["events"]]
                assert detail["call"]["nudges"] == 1, "nor does the list count it"
    assert read == {"agent": [1, 2, 3, 4], "supervisor": [1, 2, 4], "admin": [1, 2, 4]}


async def test_a_call_that_began_this_moment_is_found(tmp_path: Path) -> None:
    never = {"store": {"flush_s": 60.0}}
    async with stage(tmp_path, never) as s, s.client() as client:
        s.emit(started())
        assert (await client.get("/api/calls/c1")).json()["call"]["live"] is True


async def test_the_list_has_pages_and_filters(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client() as client:
        for i in range(5):
            s.emit(started(f"c{i}"))
        s.emit(ended(2, "c0"))
        s.store.flush()

        async def ids(query: str) -> list[str]:
            return [c["call_id"] for c in (await client.get(f"/api/calls?{query}")).json()]

        assert await ids("limit=2") == ["c4", "c3"]
        assert await ids("limit=2&before=c3") == ["c2", "c1"]
        assert await ids("live=false") == ["c0"]
        bad = await client.get("/api/calls?limit=zero")
        assert bad.status_code == 422
        assert bad.json()["detail"].startswith("limit: ")


async def test_audio_takes_ranges_and_peaks_draw_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client() as client:
        s.emit(started())
        pcm = np.stack([np.full(16000, 0.5), np.full(16000, 0.25)]).astype(np.float32)
        s.store.audio("c1", 0.0, pcm)
        s.store.flush()
        live = await client.get("/api/calls/c1/audio")
        assert live.headers["content-type"] == "audio/wav"
        s.emit(ended(2))
        s.store.flush()
        whole = await client.get("/api/calls/c1/audio")
        assert whole.headers["content-type"] == "audio/flac"
        audio, _ = soundfile.read(io.BytesIO(whole.content))
        assert len(audio) == 72000  # silence up to the end of the call
        part = await client.get("/api/calls/c1/audio", headers={"Range": "bytes=4-9"})
        assert (part.status_code, part.content) == (206, whole.content[4:10])
        peaks = (await client.get("/api/calls/c1/peaks?per_s=2")).json()
        assert peaks["per_s"] == 2
        assert peaks["agent"] == pytest.approx([0.5] * 4 + [0.0] * 14, abs=1e-3)
        assert peaks["customer"][0] == pytest.approx(0.25, abs=1e-3)
        assert (await client.get("/api/calls/c1/peaks?per_s=0")).status_code == 422


async def test_every_look_is_in_the_log_that_the_agent_can_read(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client() as sue, s.client("agent", ANNA) as anna:
        s.emit(started())
        s.store.audio("c1", 0.0, np.zeros((2, 800), np.float32))
        s.emit(ended(2))
        s.store.flush()
        await sue.get("/api/calls")
        await sue.get("/api/calls/c1")
        await sue.get("/api/calls/c1/audio")
        s.store.flush()
        log = (await anna.get("/api/calls/c1/access")).json()
        assert [(e["by"], e["role"], e["what"]) for e in log] == [
            ("Sue", "supervisor", "words"),
            ("Sue", "supervisor", "audio"),
        ]


async def test_deleting_removes_and_is_logged(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client() as client:
        s.emit(started())
        s.store.flush()
        still = await client.delete("/api/calls/c1")
        assert still.status_code == 409
        assert "still going on" in still.json()["detail"]
        s.emit(ended(2))
        s.store.flush()
        assert s.bus.call("c1") is not None
        assert (await client.delete("/api/calls/c1")).status_code == 204
        assert s.bus.call("c1") is None, "nor can it be followed any more"
        assert (await client.get("/api/calls/c1")).status_code == 404
        s.store.flush()
        assert [a.what for a in s.store.access("c1")] == ["deleted"]


async def test_a_recording_is_handed_over(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client() as client:
        sent = await client.post(
            "/api/recordings",
            files={"file": ("../../Complaint.WAV", wav_bytes(), "audio/wav")},
            data={"agent_channel": "1"},
        )
        assert (sent.status_code, sent.json()) == (202, {"call_id": "up1"})
        (upload,) = s.uploads
        path, channel, title = upload
        assert path.parent == tmp_path / "data" / "uploads"
        assert (path.suffix, channel, title) == (".wav", 1, "Complaint.WAV")
        assert path.read_bytes() == wav_bytes()


async def test_bad_uploads_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, max_upload_bytes=10_000) as s, s.client() as client:
        text = {"file": ("a.wav", b"not audio", "audio/wav")}
        refused = await client.post("/api/recordings", files=text)
        assert (refused.status_code, refused.json()["detail"]) == (
            400,
            "a.wav is not an audio file",
        )
        assert list((tmp_path / "data" / "uploads").iterdir()) == []
        wrong = await client.post("/api/recordings", files=text, data={"agent_channel": "2"})
        assert wrong.status_code == 400
        nothing = await client.post("/api/recordings", data={"title": "x"})
        assert nothing.status_code == 400
        big = {"file": ("a.wav", b"x" * 20_000, "audio/wav")}
        assert (await client.post("/api/recordings", files=big)).status_code == 413

        async def endless():  # type: ignore[no-untyped-def]
            yield b"x"

        unsized = await client.post("/api/recordings", content=endless())
        assert unsized.status_code == 411
        assert s.uploads == []


async def test_health_says_whether_words_are_late(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client(None) as client:
        assert (await client.get("/api/health")).json()["words"] == "ok"
        s.emit(started())
        s.emit(Degraded(call_id="c1", seq=2, part="words", active=True, reason="overload"))
        health = (await client.get("/api/health")).json()
        assert (health["live_calls"], health["words"]) == (1, "degraded")


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        ([NO_PHRASES.format("fr")], "ok"),
        ([NO_PHRASES.format("fr"), "overload"], "degraded"),
        ([WORDS_UNSURE], "degraded"),
    ],
)
async def test_a_language_without_phrases_is_no_trouble_of_the_monitor(
    tmp_path: Path, reasons: list[str], words: str
) -> None:
    async with stage(tmp_path) as s, s.client(None) as client:
        s.emit(started())
        for seq, reason in enumerate(reasons, start=2):
            s.emit(Degraded(call_id="c1", seq=seq, part="words", active=True, reason=reason))
        assert (await client.get("/api/health")).json()["words"] == words


async def test_a_language_without_phrases_does_not_hide_that_words_fail(tmp_path: Path) -> None:
    """A call keeps the newest reason only: here an utterance is heard while others are lost."""
    french = Transcript(
        utterance=1, party="customer", t0=0, t1=2, text="c'est trop", language="fr", words=[]
    )
    call = Call(started().model_copy(update={"words": "base"}), Settings(), phrases_of("en"))

    async with stage(tmp_path) as s, s.client(None) as client:

        async def words_after(item: Trouble | Transcript) -> str:
            call.receive(item)
            for event in call.events():
                s.emit(event)
            return str((await client.get("/api/health")).json()["words"])

        assert await words_after(Trouble(part="words", active=True, reason="behind")) == "degraded"
        assert await words_after(french) == "degraded"
        assert await words_after(Trouble(part="words", active=False, reason="back")) == "ok"
        degraded = s.bus.call("c1").degraded  # type: ignore[union-attr]
        assert degraded == {"words": NO_PHRASES.format("fr")}


async def test_health_says_how_late_the_loop_was_and_what_waits(tmp_path: Path) -> None:
    work = Workload(waiting={"final": 2}, oldest_wait_s=1.5, utilisation=0.75, late=1)
    waiting = Queues(hearing=3, words=2, disk=0.25, speech_to_text=work)
    async with stage(tmp_path, queues=lambda: waiting) as s, s.client(None) as client:
        s.server.desk.lag.saw(0.03)
        s.emit(started())
        screen = s.bus.subscribe(call_id="c1")
        health = (await client.get("/api/health")).json()
        queues = health["queues"]
        assert (queues["hearing"], queues["words"], queues["disk"]) == (3, 2, 0.25)
        assert queues["speech_to_text"] == {
            "waiting": {"final": 2},
            "decoding": 0,
            "oldest_wait_s": 1.5,
            "utilisation": 0.75,
            "decoded": {},
            "late": 1,
            "shed": {},
            "expired": {},
            "refused": {},
            "failed": {},
        }
        assert health["slowest_screen"] == screen.behind == 1
        loop = health["loop"]
        assert len(loop["counts"]) == len(loop["edges_s"]) + 1
        assert loop["counts"][loop["edges_s"].index(0.03)] >= 1


async def test_the_interface_describes_itself_without_the_network(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client(None) as client:
        openapi = (await client.get("/api/openapi.json")).json()
        assert "/api/calls/{call_id}/audio" in openapi["paths"]
        docs = await client.get("/api/docs")
        assert "<h2>GET /api/calls/{call_id}</h2>" in docs.text
        assert "//" not in docs.text.replace("https://", "//").split("<h2>")[0]
        assert "<script" not in docs.text
        schema = (await client.get("/api/schema")).json()
        assert schema["title"] == "Message"


def test_the_page_of_the_interface_escapes() -> None:
    text = page({"paths": {"/<b>": {"get": {"summary": "<i>", "parameters": []}}}})
    assert "<b>" not in text
    assert "<i>" not in text


async def test_audio_that_grows_while_it_is_sent_is_as_long_as_announced(tmp_path: Path) -> None:
    path = tmp_path / "live.wav"
    path.write_bytes(b"x" * 100_000)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)
        with path.open("ab") as file:  # the call goes on
            file.write(b"y" * 100_000)

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {}

    scope = {"type": "http", "method": "GET", "headers": []}
    async with asyncio.timeout(WAIT_S):
        await AsAnnounced(path)(scope, receive, send)
    assert not sent[-1]["more_body"]
    assert b"".join(m["body"] for m in sent[1:]) == b"x" * 100_000
    assert Headers(raw=sent[0]["headers"])["content-length"] == "100000"
