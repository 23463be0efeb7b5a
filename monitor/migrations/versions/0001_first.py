"""Calls, their events and inputs, and who looked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("call_id", sa.String, primary_key=True),
        sa.Column("started_at", sa.String, nullable=False),
        sa.Column("started_s", sa.Float, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("agent_id", sa.String, nullable=False),
        sa.Column("agent_name", sa.String, nullable=False),
        sa.Column("customer_id", sa.String, nullable=False),
        sa.Column("customer_name", sa.String, nullable=False),
        sa.Column("separated", sa.Boolean, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("ended_reason", sa.String),
        sa.Column("duration_s", sa.Float),
        sa.Column("peak_mood", sa.Float, nullable=False),
        sa.Column("alerts", sa.Integer, nullable=False),
        sa.Column("nudges", sa.Integer, nullable=False),
        sa.Column("talk_overs", sa.Integer, nullable=False),
        sa.Column("has_audio", sa.Boolean, nullable=False),
        sa.Column("has_words", sa.Boolean, nullable=False),
        sa.Column("run", sa.String, nullable=False),
    )
    op.create_index("calls_by_start", "calls", ["started_s"])
    op.create_index("calls_by_agent", "calls", ["agent_id", "started_s"])
    op.create_table(
        "events",
        sa.Column("call_id", sa.String, _of_call(), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("t", sa.Float, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inputs",
        sa.Column("call_id", sa.String, _of_call(), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("t", sa.Float, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "access_log",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("call_id", sa.String, nullable=False),
    )
    op.create_index("access_by_call", "access_log", ["call_id"])


def downgrade() -> None:
    for table in ("access_log", "inputs", "events", "calls"):
        op.drop_table(table)


def _of_call() -> sa.ForeignKey:
    return sa.ForeignKey("calls.call_id", ondelete="CASCADE")
