"""Calls, their events and inputs, their recordings, and who looked; on SQLite.

Writing never blocks and never raises into a call: two threads (rows, audio) write
what they are given every ``flush_s``, so that a killed process loses no more than
that. Reading opens its own connection; call it from a thread, not from the loop.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import alembic.command
import alembic.config
import alembic.util
import numpy as np
import soundfile
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import SQLAlchemyError

from monitor import rows, schema
from monitor.audio import RATE_HZ
from monitor.config import StoreSettings
from monitor.database import Run, connect, migrate
from monitor.ear import Heard
from monitor.events import (
    CALL_EVENT,
    CallEnded,
    CallStarted,
    Event,
    Model,
    Mood,
    Pace,
    Party,
    Words,
)
from monitor.recording import Recording, Recordings
from monitor.rows import HEARD_BLOCK_BYTES, LoggedInput, Tally
from monitor.schema import Access, CallSummary
from monitor.writer import BACKLOG_BYTES, Item, TroubleCallback, Writer, log

F32 = NDArray[np.float32]


DISK_WITHIN_S = 30.0
VACUUM_WITHIN_S = 600.0
PATIENT_FILL = 0.25


class StoreError(RuntimeError):
    """The store cannot be used as asked; the message says why and what to do."""


class StoreBusyError(StoreError):
    """The disk fails or is too slow, and what was asked could not be done in time."""


class Store:
    """Everything kept of calls, in ``settings.data_dir``.

    ``on_trouble(active, reason)`` is told when writing fails, what is lost, and when
    it works again; it is called on another thread than the loop's.
    """

    def __init__(
        self,
        settings: StoreSettings,
        on_trouble: TroubleCallback | None = None,
        *,
        retry_s: float = 1.0,
        backlog_bytes: int = BACKLOG_BYTES,
    ) -> None:
        self.folder = settings.data_dir
        self.recordings = Recordings(self.folder / "recordings")
        self._record_audio = settings.record_audio
        self._uploads = self.folder / "uploads"
        self._engine = connect(self.folder / "calls.db")
        self._run = Run(self.folder / "runs")
        trouble = on_trouble or _silent
        pace = {"flush_s": settings.flush_s, "retry_s": retry_s}
        self._rows = Writer(self._write_rows, trouble, backlog_bytes=backlog_bytes, **pace)
        self._audio = Writer(self._write_audio, trouble, backlog_bytes=backlog_bytes, **pace)
        self._calls: dict[str, Tally] = {}
        self._dirty: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._open_recordings: dict[str, Recording] = {}

    # ---- life ----------------------------------------------------------------

    def open(self) -> None:
        """Make or upgrade the database and start writing. Raises StoreError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._run.begin()
            migrate(self._engine)
            (self.folder / "calls.db").chmod(0o600)
        except (OSError, SQLAlchemyError, alembic.util.CommandError) as error:
            self._engine.dispose()
            self._run.end()
            raise StoreError(f"cannot use {self.folder}: {error}") from error
        self._rows.start()
        self._audio.start()

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what is left and close; recordings still open become valid files."""
        self._audio.ask(self._close_recordings)
        self._audio.close(timeout_s)
        self._rows.close(timeout_s)
        self._engine.dispose()
        self._run.end()

    def flush(self, timeout_s: float = 10.0) -> None:
        """Wait until all that was given so far is on disk. Raises TimeoutError."""
        self._audio.ask(lambda: None).result(timeout_s)
        self._rows.ask(lambda: None).result(timeout_s)

    @property
    def fill(self) -> float:
        """How much of the bound of what waits to be written is used, 0 to 1."""
        return max(self._rows.fill, self._audio.fill)

    @property
    def has_room(self) -> bool:
        """Whether a recording may add to what waits to be written: live calls need the rest."""
        return self.fill < PATIENT_FILL

    @property
    def lost(self) -> dict[str, int]:
        """What a failing disk has cost since the start, by kind."""
        return self._rows.lost | self._audio.lost

    # ---- a call as it goes ---------------------------------------------------

    def event(self, event: Event) -> None:
        """Keep an event; ``call.started`` and ``call.ended`` open and close the call.

        Kept are facts and the state that curves are drawn from (mood, pace); levels,
        floor and partial words are not. Raises StoreError for a call not started.
        """
        if isinstance(event, CallStarted):
            self._calls[event.call_id] = Tally(event, self._run.id)
        tally = self._tally(event.call_id)
        if tally.count(event):
            self._mark(tally)
        if not (event.fact or isinstance(event, Mood | Pace)):
            return
        if isinstance(event, Words) and not event.final:
            return
        # The facts that open and close a call are never refused for want of room.
        size = 0 if isinstance(event, CallStarted | CallEnded) else 200
        self._rows.put(Item("events", event.call_id, event, size))
        if isinstance(event, CallEnded):
            del self._calls[event.call_id]
            if tally.row["has_audio"]:
                self._audio.put(Item("recordings", event.call_id, event.duration_s, 0))

    def input(self, call_id: str, t: float, item: Heard | Model) -> None:
        """Log an input in the order of arrival; ``t`` is the call's audio time then.

        When the backlog is full the log of that call ends there: a log with a hole
        would replay to something that never happened.
        """
        tally = self._tally(call_id)
        if tally.log_broken:
            return
        size = item.blocks * HEARD_BLOCK_BYTES if isinstance(item, Heard) else 200
        tally.inputs += 1
        kept = self._rows.put(Item("inputs", call_id, LoggedInput(tally.inputs, t, item), size))
        tally.log_broken = not kept

    def audio(self, call_id: str, t: float, pcm: F32) -> None:
        """Record samples, float32 (2, samples) at 8 kHz, whose first is at time ``t``."""
        if not self._record_audio or not pcm.shape[1]:
            return
        tally = self._tally(call_id)
        if not tally.row["has_audio"]:
            tally.row["has_audio"] = True
            self._mark(tally)
        self._audio.put(Item("audio", call_id, (round(t * RATE_HZ), pcm), pcm.nbytes))

    def mute(self, call_id: str, t0: float, t1: float, party: Party) -> None:
        """Silence a span of the recording, with all of its audio given before."""
        if self._tally(call_id).row["has_audio"]:
            self._audio.put(Item("mutes", call_id, (t0, t1, party), 0))

    def log_access(self, by: str, role: str, what: str, call_id: str) -> None:
        """Somebody looked at a call's words or audio, or deleted it."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        row = {"at": at, "by": by, "role": role, "what": what, "call_id": call_id}
        self._rows.put(Item("access", call_id, row, 200))

    # ---- reading -------------------------------------------------------------

    def calls(
        self,
        limit: int = 50,
        before: str | None = None,
        live: bool | None = None,
        agent_id: str | None = None,
    ) -> list[CallSummary]:
        """Newest first; ``before`` is the call id at which the last page ended."""
        table = schema.calls
        order = sa.tuple_(table.c.started_s, table.c.call_id)
        query = sa.select(table).order_by(table.c.started_s.desc(), table.c.call_id.desc())
        if live is not None:
            query = query.where(table.c.live == live)
        if agent_id is not None:
            query = query.where(table.c.agent_id == agent_id)
        if before is not None:
            last = sa.select(table.c.started_s, table.c.call_id).where(table.c.call_id == before)
            query = query.where(order < last.scalar_subquery())
        with self._engine.connect() as connection:
            return [rows.summary(row) for row in connection.execute(query.limit(limit)).mappings()]

    def call(self, call_id: str) -> CallSummary | None:
        query = sa.select(schema.calls).where(schema.calls.c.call_id == call_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else rows.summary(row)

    def event_texts(self, call_id: str, since: int = 0) -> list[str]:
        """The events after ``since`` as the JSON they are stored in, in order."""
        table = schema.events
        query = (
            sa.select(table.c.body)
            .where(table.c.call_id == call_id, table.c.seq > since)
            .order_by(table.c.seq)
        )
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def events(self, call_id: str, since: int = 0) -> list[Event]:
        return [CALL_EVENT.validate_json(text) for text in self.event_texts(call_id, since)]

    def inputs(self, call_id: str) -> list[LoggedInput]:
        """The log of a call: fed to a new Call it gives the same events."""
        table = schema.inputs
        query = sa.select(table).where(table.c.call_id == call_id).order_by(table.c.n)
        with self._engine.connect() as connection:
            found = connection.execute(query).mappings().all()
        return [LoggedInput(r["n"], r["t"], rows.item(r["kind"], r["body"])) for r in found]

    def access(self, call_id: str) -> list[Access]:
        """Who looked at a call, oldest first."""
        table = schema.access_log
        query = sa.select(table).where(table.c.call_id == call_id).order_by(table.c.id)
        with self._engine.connect() as connection:
            return [Access.model_validate(dict(r)) for r in connection.execute(query).mappings()]

    # ---- mending and removing --------------------------------------------------

    def recover(self) -> list[str]:
        """Close, as lost, the calls that a killed process left open; their ids.

        Calls of a process that still runs are left alone.
        """
        table = schema.calls
        with self._engine.begin() as connection:
            query = sa.select(table.c.call_id, table.c.run).where(table.c.live)
            left = [row for row in connection.execute(query) if not self._run.alive(row.run)]
            for call_id, _ in left:
                duration_s = max(rows.last_t(connection, call_id), self.recordings.repair(call_id))
                ended = CallEnded(
                    call_id=call_id,
                    seq=rows.last_seq(connection, call_id) + 1,
                    t=duration_s,
                    reason="lost",
                    detail="the monitor was killed during this call",
                    duration_s=duration_s,
                )
                connection.execute(insert(schema.events), [rows.event_row(ended)])
                connection.execute(
                    sa.update(table)
                    .where(table.c.call_id == call_id)
                    .values(live=False, ended_reason="lost", duration_s=duration_s)
                )
        for call_id, _ in left:
            self._audio.put(Item("recordings", call_id, None, 0))
        for path in self._uploads.glob("*-*"):
            if not self._run.alive(path.name.partition("-")[0]):
                path.unlink(missing_ok=True)
        return [call_id for call_id, _ in left]

    def upload_path(self, suffix: str) -> Path:
        """Where a file that was sent in may lie until it is analysed.

        ``recover`` removes what a killed process left there.
        """
        self._uploads.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._uploads / f"{self._run.id}-{uuid4().hex}{suffix}"

    def delete(self, call_id: str) -> None:
        """Remove a call: rows and files.

        Raises StoreError while it is live, StoreBusyError when the disk does not take it.
        """
        summary = self.call(call_id)
        if summary is None:
            raise StoreError(f"there is no call {call_id}")
        if summary.live:
            raise StoreError(f"call {call_id} is still going on")
        self.erase_audio([call_id])
        self.change([sa.delete(schema.calls).where(schema.calls.c.call_id == call_id)])

    def erase_audio(self, call_ids: Sequence[str]) -> None:
        """Unlink the recordings of ended calls."""

        def erase() -> None:
            for call_id in call_ids:
                self.recordings.delete(call_id)

        _wait(self._audio.ask(erase), DISK_WITHIN_S)
        table = schema.calls
        self.change([sa.update(table).where(table.c.call_id.in_(call_ids)).values(has_audio=False)])

    def change(self, statements: Sequence[sa.Executable], *, vacuum: bool = False) -> None:
        """Run statements on the writer's thread, in one transaction, and wait for it.

        What they delete is overwritten (``secure_delete``) and leaves the write-ahead
        log; ``vacuum`` also gives its space back.
        """

        def run() -> None:
            with self._engine.begin() as connection:
                for statement in statements:
                    connection.execute(statement)
            with self._engine.connect() as raw:
                connection = raw.execution_options(isolation_level="AUTOCOMMIT")
                if vacuum:
                    connection.exec_driver_sql("VACUUM")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

        _wait(self._rows.ask(run), VACUUM_WITHIN_S if vacuum else DISK_WITHIN_S)

    def read(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """Rows of any query over ``monitor.schema``."""
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    # ---- inside --------------------------------------------------------------

    def _tally(self, call_id: str) -> Tally:
        try:
            return self._calls[call_id]
        except KeyError:
            raise StoreError(f"call {call_id} has not started, or has ended") from None

    def _mark(self, tally: Tally) -> None:
        with self._lock:
            self._dirty[tally.row["call_id"]] = dict(tally.row)

    def _write_rows(self, items: Sequence[Item]) -> None:
        with self._lock:
            dirty, self._dirty = self._dirty, {}
        try:
            with self._engine.begin() as connection:
                rows.write(connection, dirty, items)
        except BaseException:
            with self._lock:
                self._dirty = dirty | self._dirty
            raise

    def _write_audio(self, items: Sequence[Item]) -> None:
        for item in items:
            if item.kind == "audio":
                recording = self._open_recordings.get(item.call_id)
                if recording is None:
                    recording = self.recordings.open(item.call_id)
                    self._open_recordings[item.call_id] = recording
                recording.write(*item.payload)
            elif item.kind == "mutes" and item.call_id in self._open_recordings:
                self._open_recordings[item.call_id].mute(*item.payload)
        for recording in self._open_recordings.values():
            recording.flush()
        # Last, and never raising: a batch that is tried again must not reopen a file.
        for item in items:
            if item.kind == "recordings":
                self._finish(item.call_id, item.payload)

    def _finish(self, call_id: str, duration_s: float | None) -> None:
        try:
            recording = self._open_recordings.pop(call_id, None)
            if recording is not None:
                recording.close(duration_s)
            self.recordings.finish(call_id)
        except (OSError, soundfile.SoundFileError) as error:
            log.error("recording of %s stays a wav file: %s", call_id, error)

    def _close_recordings(self) -> None:
        for call_id in list(self._open_recordings):
            self._open_recordings.pop(call_id).close()


def _wait(done: Future[None], within_s: float) -> None:
    try:
        done.result(within_s)
    except TimeoutError:
        done.cancel()  # has no effect where it is being done right now
        raise StoreBusyError("the disk is full, failing or too slow; try again later") from None


def _silent(active: bool, reason: str) -> None:
    """Nobody asked to be told; the writer has logged it."""
