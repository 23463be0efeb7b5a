"""The tables of the store, and the summary of a call that lists show.

The tables here are what ``migrations/`` builds; a test compares the two.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from monitor.events import Person

metadata = MetaData()

calls = Table(
    "calls",
    metadata,
    Column("call_id", String, primary_key=True),
    Column("started_at", String, nullable=False),
    Column("started_s", Float, nullable=False),  # the same as Unix time: what lists sort by
    Column("title", String, nullable=False),
    Column("source", String, nullable=False),
    Column("agent_id", String, nullable=False),
    Column("agent_name", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("customer_name", String, nullable=False),
    Column("separated", Boolean, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("ended_reason", String),
    Column("duration_s", Float),
    Column("peak_mood", Float, nullable=False),
    Column("alerts", Integer, nullable=False),
    Column("nudges", Integer, nullable=False),
    Column("talk_overs", Integer, nullable=False),
    Column("has_audio", Boolean, nullable=False),
    Column("has_words", Boolean, nullable=False),
    Column("run", String, nullable=False),  # which process it belongs to: store.Run
)
Index("calls_by_start", calls.c.started_s)
Index("calls_by_agent", calls.c.agent_id, calls.c.started_s)

events = Table(
    "events",
    metadata,
    Column("call_id", ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("t", Float, nullable=False),
    Column("type", String, nullable=False),
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)

inputs = Table(
    "inputs",
    metadata,
    Column("call_id", ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("t", Float, nullable=False),
    Column("kind", String, nullable=False),  # heard: Heard.to_bytes; else a type of events.Input
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

access_log = Table(
    "access_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("by", String, nullable=False),
    Column("role", String, nullable=False),
    Column("what", String, nullable=False),
    Column("call_id", String, nullable=False),  # no foreign key: it outlives the call
)
Index("access_by_call", access_log.c.call_id)


class CallSummary(BaseModel):
    """One line of the list of calls."""

    model_config = ConfigDict(frozen=True)

    call_id: str
    started_at: str
    title: str
    source: str
    agent: Person
    customer: Person
    duration_s: float | None
    live: bool
    ended_reason: str | None
    peak_mood: float
    alerts: int
    nudges: int
    talk_overs: int
    has_audio: bool
    separated: bool


class Access(BaseModel):
    """Somebody looked at (or deleted) a call."""

    model_config = ConfigDict(frozen=True)

    at: str
    by: str
    role: str
    what: str
    call_id: str
