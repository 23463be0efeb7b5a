import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import IntegrityError, OperationalError

from monitor import rows, schema
from monitor.config import StoreSettings
from monitor.database import connect, migrate
from monitor.ear import Heard
from monitor.events import (
    AlertRaised,
    CallEnded,
    CallStarted,
    Evidence,
    Levels,
    Missing,
    Mood,
    NudgeOpened,
    Overlap,
    Person,
    Transcript,
    Turn,
    Words,
)
from monitor.store import Store, StoreBusyError, StoreError
from tests.scores import heard

DEADLINE_S = 10.0


class Troubles:
    """What the store said, and a way to wait for it."""

    def __init__(self) -> None:
        self.said: list[tuple[bool, str]] = []
        self._changed = threading.Condition()

    def __call__(self, active: bool, reason: str) -> None:
        with self._changed:
            self.said.append((active, reason))
            self._changed.notify_all()

    def wait(self, active: bool, words: str) -> str:
        def found() -> str | None:
            return next((r for a, r in self.said if a is active and words in r), None)

        with self._changed:
            assert self._changed.wait_for(found, DEADLINE_S), self.said
            reason = found()
        assert reason is not None
        return reason


def settings(folder: Path, **more: object) -> StoreSettings:
    return StoreSettings.model_validate({"data_dir": folder, "flush_s": 0.02, **more})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(settings(tmp_path))
    store.open()
    yield store
    store.close()


def started(call_id: str = "c1", at: str = "2026-01-01T10:00:00+00:00") -> CallStarted:
    return CallStarted(
        call_id=call_id,
        seq=1,
        started_at=at,
        source="wav",
        title="A call",
        agent=Person(id="anna", name="Anna"),
        customer=Person(id="77", name="Bo"),
    )


def turn(seq: int, call_id: str = "c1") -> Turn:
    return Turn(call_id=call_id, seq=seq, t=float(seq), party="agent", t0=0.0, t1=1.0)


def ended(seq: int, call_id: str = "c1", duration_s: float = 12.0) -> CallEnded:
    return CallEnded(
        call_id=call_id, seq=seq, t=duration_s, reason="completed", duration_s=duration_s
    )


def test_a_call_is_kept_with_its_summary_events_and_inputs(store: Store) -> None:
    store.event(started())
    events = [
        Turn(call_id="c1", seq=2, t=1.0, party="agent", t0=0.0, t1=1.0),
        Mood(call_id="c1", seq=4, t=2.0, score=3.5, level="alert"),
        Mood(call_id="c1", seq=5, t=3.0, score=2.5, level="watch"),
        AlertRaised(call_id="c1", seq=6, id="a1", kind="rising", score=3.5, reasons=[]),
        NudgeOpened(
            call_id="c1",
            seq=7,
            id="n1",
            nudge="own_it",
            title="Own it",
            text="…",
            why="…",
            evidence=[Evidence(kind="words", t=1.0, text="…")],
            ttl_s=9.0,
        ),
        Overlap(call_id="c1", seq=8, id="o1", kind="talk_over", by="agent", t0=0.0, t1=1.0),
        Overlap(call_id="c1", seq=9, id="o2", kind="talk_over", by="agent", t0=0.0, t1=1.0),
        Overlap(call_id="c1", seq=10, id="o2", kind="backchannel", by="agent", t0=0.0, t1=1.0),
        Overlap(call_id="c1", seq=11, id="o1", kind="talk_over", by="agent", t0=0.0, t1=1.0),
    ]
    for event in events:
        store.event(event)
    store.event(
        Levels(
            call_id="c1",
            seq=3,
            agent_db=-20,
            customer_db=-20,
            agent_speaking=True,
            customer_speaking=False,
        )
    )
    store.flush()
    live = store.call("c1")
    assert live is not None
    assert (live.live, live.duration_s, live.agent.name) == (True, None, "Anna")
    store.event(ended(12))
    store.flush()
    summary = store.call("c1")
    assert summary is not None
    assert not summary.live
    assert (summary.ended_reason, summary.duration_s) == ("completed", 12.0)
    assert (summary.peak_mood, summary.alerts, summary.nudges) == (3.5, 1, 1)
    assert summary.talk_overs == 1
    assert store.events("c1") == [started(), *events, ended(12)]
    assert [e.seq for e in store.events("c1", since=10)] == [11, 12]
    with pytest.raises(StoreError, match="has ended"):
        store.event(turn(13))


def test_inputs_come_back_exactly_and_in_order(store: Store) -> None:
    store.event(started())
    score = heard("..====..", "....====")
    blocks = [score.part(i, i + 1) for i in range(score.blocks)]
    transcript = Transcript(utterance=1, party="agent", t0=0.0, t1=0.3, text="hi")
    for i, block in enumerate(blocks[:10]):
        store.input("c1", i * 0.032, block)
    store.input("c1", 0.32, transcript)
    for i, block in enumerate(blocks[10:]):
        store.input("c1", 0.32 + i * 0.032, block)
    store.input("c1", 0.8, Missing(blocks=3, reason="lost"))
    store.flush()
    log = store.inputs("c1")
    assert [i.t for i in log] == sorted(i.t for i in log)
    at = next(i for i, entry in enumerate(log) if entry.item == transcript)
    before = [e.item for e in log[:at] if isinstance(e.item, Heard)]
    after = [e.item for e in log[at + 1 : -1] if isinstance(e.item, Heard)]
    assert log[at].t == 0.32
    assert sum(h.blocks for h in before) == 10
    for parts, want in ((before, score.part(0, 10)), (after, score.part(10, score.blocks))):
        for name in ("speech", "level_db", "f0_hz", "nuclei"):
            got = np.concatenate([getattr(h, name) for h in parts], axis=1)
            np.testing.assert_array_equal(got, getattr(want, name))
    assert log[-1].item == Missing(blocks=3, reason="lost")
    assert len(log) < 10  # blocks share rows


def test_partial_words_are_not_kept(store: Store) -> None:
    store.event(started())
    words = {"call_id": "c1", "utterance": 1, "party": "customer", "t0": 0.0, "t1": 1.0}
    store.event(Words(**words, seq=2, text="good mor", final=False))
    store.event(Words(**words, seq=3, text="good morning"))
    store.flush()
    assert [e.seq for e in store.events("c1")] == [1, 3]


def test_calls_are_listed_newest_first_in_pages(store: Store) -> None:
    # The offset matters: c2 is the earliest although its text sorts last.
    store.event(started("c1", "2026-01-01T10:00:00+00:00"))
    store.event(started("c2", "2026-01-01T10:30:00+02:00"))
    store.event(started("c3", "2026-01-01T11:00:00+00:00"))
    store.event(ended(2, "c1"))
    store.flush()
    assert [c.call_id for c in store.calls()] == ["c3", "c1", "c2"]
    assert [c.call_id for c in store.calls(limit=1)] == ["c3"]
    assert [c.call_id for c in store.calls(before="c3")] == ["c1", "c2"]
    assert [c.call_id for c in store.calls(live=True)] == ["c3", "c2"]
    assert store.calls(agent_id="nobody") == []
    assert store.call("none") is None


def test_audio_is_recorded_muted_and_ends_as_flac(store: Store) -> None:
    store.event(started())
    pcm = np.full((2, 8000), 0.5, np.float32)
    store.audio("c1", 0.0, pcm)
    store.audio("c1", 2.0, pcm)
    store.mute("c1", 2.25, 2.5, "customer")
    store.flush()
    path = store.recordings.path("c1")
    assert path is not None
    assert (path.suffix, soundfile.info(path).frames) == (".wav", 24000)
    store.event(ended(2, duration_s=4.0))
    store.flush()
    path = store.recordings.path("c1")
    assert path is not None
    audio, _ = soundfile.read(path)
    assert (path.suffix, len(audio)) == (".flac", 32000)
    assert not audio[18000:20000, 1].any()
    assert audio[18000:20000, 0].all()
    assert not audio[8000:16000].any()
    summary = store.call("c1")
    assert summary is not None
    assert summary.has_audio


def test_no_audio_when_the_settings_say_so(tmp_path: Path) -> None:
    store = Store(settings(tmp_path, record_audio=False))
    store.open()
    store.event(started())
    store.audio("c1", 0.0, np.zeros((2, 800), np.float32))
    store.mute("c1", 0.0, 1.0, "agent")
    store.event(ended(2))
    store.flush()
    summary = store.call("c1")
    assert summary is not None
    assert not summary.has_audio
    assert store.recordings.path("c1") is None
    store.close()


def test_who_looked_is_kept(store: Store) -> None:
    store.event(started())
    store.log_access("Sue", "supervisor", "words", "c1")
    store.log_access("Sue", "supervisor", "audio", "c1")
    store.flush()
    assert [(a.by, a.what) for a in store.access("c1")] == [("Sue", "words"), ("Sue", "audio")]
    assert store.access("c2") == []


def test_deleting_leaves_nothing_but_the_log_of_who(store: Store, tmp_path: Path) -> None:
    store.event(started())
    store.event(
        Words(
            call_id="c1", seq=2, utterance=1, party="customer", t0=0, t1=1, text="my secret words"
        )
    )
    store.audio("c1", 0.0, np.zeros((2, 800), np.float32))
    store.flush()
    with pytest.raises(StoreError, match="still going on"):
        store.delete("c1")
    store.event(ended(3))
    store.log_access("Sue", "supervisor", "delete", "c1")
    store.flush()
    store.delete("c1")
    assert store.call("c1") is None
    assert store.events("c1") == []
    assert store.recordings.path("c1") is None
    assert len(store.access("c1")) == 1
    for path in tmp_path.glob("calls.db*"):
        assert b"secret words" not in path.read_bytes()
    with pytest.raises(StoreError, match="no call"):
        store.delete("c1")


VICTIM = """
import sys
from pathlib import Path
import numpy as np
from tests.scores import heard
from tests.test_store import Store, settings, started, turn

store = Store(settings(Path(sys.argv[1])))
store.open()
store.event(started())
store.event(turn(2))
store.input("c1", 3.0, heard("=" * 10))
store.audio("c1", 0.0, np.full((2, 44000), 0.1, np.float32))
store.flush()
print("on disk", flush=True)
sys.stdin.read()
"""


def test_a_killed_process_leaves_lost_calls_whole(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(tmp_path)],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"on disk\n"
        store = Store(settings(tmp_path))
        store.open()
        assert store.recover() == []  # it still runs, and its call goes on
        victim.kill()
        victim.wait(DEADLINE_S)
    assert store.recover() == ["c1"]
    assert store.recover() == []
    store.flush()
    last = store.events("c1")[-1]
    assert isinstance(last, CallEnded)
    assert (last.seq, last.reason, last.duration_s) == (3, "lost", 5.5)
    summary = store.call("c1")
    assert summary is not None
    assert (summary.live, summary.ended_reason, summary.duration_s) == (False, "lost", 5.5)
    path = store.recordings.path("c1")
    assert path is not None
    assert path.suffix == ".flac"
    assert soundfile.info(path).frames == 44000
    store.close()


def full_disk() -> OperationalError:
    return OperationalError("INSERT", {}, Exception("database or disk is full"))


def test_a_full_disk_is_waited_out_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = Troubles()
    store = Store(settings(tmp_path), troubles, retry_s=0.01)
    store.open()
    real = rows.write

    def failing(*args: object) -> None:
        raise full_disk()

    monkeypatch.setattr(rows, "write", failing)
    store.event(started())
    for seq in range(2, 50):
        store.event(turn(seq))
    assert "disk is full" in troubles.wait(True, "cannot write")
    monkeypatch.setattr(rows, "write", real)
    assert troubles.wait(False, "writing again").endswith("nothing")
    store.flush()
    assert [e.seq for e in store.events("c1")] == list(range(1, 50))
    assert store.lost == {}
    store.close()


def test_what_a_full_disk_costs_is_bounded_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = Troubles()
    store = Store(settings(tmp_path), troubles, retry_s=0.01, backlog_bytes=10 * 200)
    store.open()
    store.event(started())
    store.flush()
    real = rows.write

    def failing(*args: object) -> None:
        raise full_disk()

    monkeypatch.setattr(rows, "write", failing)
    for seq in range(2, 12):
        store.event(turn(seq))
    store.input("c1", 1.0, Missing(blocks=1, reason="lost"))
    for seq in range(12, 20):
        store.event(turn(seq))
    troubles.wait(True, "now losing inputs")
    assert store.lost == {"inputs": 1, "events": 8}
    store.event(ended(20))
    monkeypatch.setattr(rows, "write", real)
    assert troubles.wait(False, "writing again").endswith("8 events, 1 inputs")
    store.flush()
    assert [e.seq for e in store.events("c1")] == [*range(1, 12), 20]
    summary = store.call("c1")
    assert summary is not None
    assert not summary.live
    assert store.inputs("c1") == []
    store.close()


def test_a_log_of_inputs_never_has_a_hole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    troubles = Troubles()
    store = Store(settings(tmp_path), troubles, retry_s=0.01, backlog_bytes=300)
    store.open()
    store.event(started())
    store.flush()
    real = rows.write

    def failing(*args: object) -> None:
        raise full_disk()

    monkeypatch.setattr(rows, "write", failing)
    store.input("c1", 1.0, Missing(blocks=1, reason="lost"))
    store.input("c1", 2.0, Missing(blocks=2, reason="lost"))
    monkeypatch.setattr(rows, "write", real)
    troubles.wait(False, "writing again")
    store.input("c1", 3.0, Missing(blocks=3, reason="lost"))
    store.flush()
    assert [i.t for i in store.inputs("c1")] == [1.0]
    store.close()


def test_a_refused_batch_does_not_stop_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = Troubles()
    store = Store(settings(tmp_path), troubles)
    store.open()
    store.event(started())
    store.flush()
    real = rows.write

    def refusing(*args: object) -> None:
        raise IntegrityError("INSERT secret", {"body": "secret"}, Exception("constraint"))

    monkeypatch.setattr(rows, "write", refusing)
    store.event(turn(2))
    assert "secret" not in troubles.wait(True, "1 events cannot be written")
    monkeypatch.setattr(rows, "write", real)
    store.event(turn(3))
    troubles.wait(False, "writing again")
    store.flush()
    assert [e.seq for e in store.events("c1")] == [1, 3]
    store.close()


def test_a_recording_that_cannot_be_written_costs_no_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = Troubles()
    store = Store(settings(tmp_path), troubles, retry_s=0.01)
    store.open()
    real = store.recordings.open

    def failing(call_id: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.recordings, "open", failing)
    store.event(started())
    store.audio("c1", 0.0, np.full((2, 800), 0.25, np.float32))
    troubles.wait(True, "No space left on device")
    store.event(turn(2))
    store._rows.ask(lambda: None).result(DEADLINE_S)
    assert len(store.events("c1")) == 2
    monkeypatch.setattr(store.recordings, "open", real)
    troubles.wait(False, "writing again")
    store.event(ended(3, duration_s=0.1))
    store.flush()
    path = store.recordings.path("c1")
    assert path is not None
    assert soundfile.info(path).frames == 800
    store.close()


def test_one_calls_bad_recording_is_no_other_calls_loss(tmp_path: Path) -> None:
    troubles = Troubles()
    store = Store(settings(tmp_path), troubles)
    store.open()
    for call_id in ("c1", "../bad", "c2"):
        store.event(started(call_id))
    for call_id in ("c1", "../bad", "c2"):
        store.audio(call_id, 0.0, np.full((2, 800), 0.25, np.float32))
    troubles.wait(True, "1 audio cannot be written (ValueError)")
    for call_id in ("c1", "c2"):
        store.event(ended(2, call_id, duration_s=0.1))
    store.flush()
    for call_id in ("c1", "c2"):
        path = store.recordings.path(call_id)
        assert path is not None
        assert soundfile.info(path).frames == 800
    assert store.lost == {"audio": 1}
    store.close()


def test_closing_with_a_failing_disk_gives_up_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(settings(tmp_path), retry_s=60.0)
    store.open()

    def failing(*args: object) -> None:
        raise full_disk()

    monkeypatch.setattr(rows, "write", failing)
    store.event(started())
    store.close(timeout_s=0.3)
    assert store.lost == {"events": 1}
    assert "1 events" in caplog.text


def test_the_migrations_build_the_tables_of_the_schema(tmp_path: Path) -> None:
    engine = connect(tmp_path / "calls.db")
    migrate(engine)
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(sa.text("PRAGMA secure_delete")) == 1
    engine.dispose()


def test_what_is_not_a_database_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "calls.db").write_bytes(b"not a database at all, whatever " * 100)
    store = Store(settings(tmp_path))
    with pytest.raises(StoreError, match="file is not a database"):
        store.open()


def test_files_are_private(store: Store, tmp_path: Path) -> None:
    assert (tmp_path / "calls.db").stat().st_mode & 0o077 == 0


def test_an_idle_store_has_room(store: Store) -> None:
    store.event(started())
    store.flush()
    assert store.has_room


def test_many_readers_do_not_hold_up_the_writer(store: Store) -> None:
    with ExitStack() as readers:
        for _ in range(15):  # a pool of the usual size has no more
            readers.enter_context(store._engine.connect())
        store.event(started())
        store.flush(DEADLINE_S)
    assert store.lost == {}


def test_deleting_on_a_full_disk_is_given_up_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(settings(tmp_path), retry_s=0.01)
    store.open()
    store.event(started())
    store.event(ended(2))
    store.flush()
    real = rows.write

    def failing(*args: object) -> None:
        raise full_disk()

    monkeypatch.setattr(rows, "write", failing)
    monkeypatch.setattr("monitor.store.DISK_WITHIN_S", 0.1)
    store.log_access("Sue", "supervisor", "words", "c1")
    with pytest.raises(StoreBusyError, match="the disk"):
        store.delete("c1")
    monkeypatch.setattr(rows, "write", real)
    store.flush()
    assert store.call("c1") is not None, "what was given up is not done later"
    store.close()


def test_looks_are_bounded_while_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(settings(tmp_path), retry_s=60.0, backlog_bytes=2000)
    store.open()

    def failing(*args: object) -> None:
        raise full_disk()

    monkeypatch.setattr(rows, "write", failing)
    for _ in range(100):
        store.log_access("Sue", "supervisor", "live", "c1")
    assert store.lost == {"access": 90}
    assert not store.has_room
    store.close(timeout_s=0.1)


def test_files_sent_in_to_a_killed_process_are_removed(tmp_path: Path) -> None:
    one, other = Store(settings(tmp_path)), Store(settings(tmp_path))
    one.open()
    other.open()
    left, kept = one.upload_path(".wav"), other.upload_path(".wav")
    for path in (left, kept):
        path.write_bytes(b"a call")
    one.close()
    third = Store(settings(tmp_path))
    third.open()
    third.recover()
    assert not left.exists()
    assert kept.exists(), "the other process still runs"
    for store in (other, third):
        store.close()
