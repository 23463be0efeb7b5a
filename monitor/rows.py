"""Between events and inputs on one side and rows of the tables on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from monitor import schema
from monitor.audio import BLOCK_S
from monitor.ear import Heard
from monitor.events import (
    INPUT,
    AlertRaised,
    CallEnded,
    CallStarted,
    Event,
    Model,
    Mood,
    NudgeOpened,
    Overlap,
    Person,
)
from monitor.schema import CallSummary
from monitor.writer import Item

HEARD_BLOCK_BYTES = 6 * 2 * 4
"""One block of Heard: six fields, both parties, float32."""


@dataclass(frozen=True, slots=True)
class LoggedInput:
    """One input of a call, in the order of ``n``; ``t`` is when it reached the call."""

    n: int
    t: float
    item: Heard | Model


class Tally:
    """The growing row of one live call."""

    def __init__(self, started: CallStarted, run: str) -> None:
        self.inputs = 0
        self.log_broken = False
        self._talk_overs: set[str] = set()
        self.row: dict[str, Any] = {
            "call_id": started.call_id,
            "started_at": started.started_at,
            "started_s": datetime.fromisoformat(started.started_at).timestamp(),
            "title": started.title,
            "source": started.source,
            "agent_id": started.agent.id,
            "agent_name": started.agent.name,
            "customer_id": started.customer.id,
            "customer_name": started.customer.name,
            "separated": started.separated,
            "live": True,
            "ended_reason": None,
            "duration_s": None,
            "peak_mood": 0.0,
            "alerts": 0,
            "nudges": 0,
            "talk_overs": 0,
            "has_audio": False,
            "has_words": True,
            "run": run,
        }

    def count(self, event: Event) -> bool:
        """Take an event into the summary; whether it changed."""
        row = self.row
        match event:
            case CallStarted():
                pass
            case Mood() if event.score > row["peak_mood"]:
                row["peak_mood"] = event.score
            case AlertRaised():
                row["alerts"] += 1
            case NudgeOpened(private=False):
                row["nudges"] += 1
            case Overlap():
                (self._talk_overs.add if event.kind == "talk_over" else self._talk_overs.discard)(
                    event.id
                )
                if row["talk_overs"] == len(self._talk_overs):
                    return False
                row["talk_overs"] = len(self._talk_overs)
            case CallEnded():
                row |= {
                    "live": False,
                    "ended_reason": event.reason,
                    "duration_s": event.duration_s,
                }
            case _:
                return False
        return True


def write(
    connection: sa.Connection, dirty: dict[str, dict[str, Any]], items: Sequence[Item]
) -> None:
    """All of a batch. Writing it again changes nothing."""
    if dirty:
        statement = insert(schema.calls)
        statement = statement.on_conflict_do_update(
            index_elements=["call_id"],
            set_={c.name: statement.excluded[c.name] for c in schema.calls.c if not c.primary_key},
        )
        connection.execute(statement, list(dirty.values()))
    rows: dict[str, list[dict[str, Any]]] = {
        "events": [event_row(item.payload) for item in items if item.kind == "events"],
        "inputs": _input_rows([item for item in items if item.kind == "inputs"]),
    }
    for table in (schema.events, schema.inputs):
        if rows[table.name]:
            connection.execute(sa.insert(table).prefix_with("OR REPLACE"), rows[table.name])
    looks = [item.payload for item in items if item.kind == "access"]
    if looks:
        connection.execute(sa.insert(schema.access_log), looks)


def event_row(event: Event) -> dict[str, Any]:
    return {
        "call_id": event.call_id,
        "seq": event.seq,
        "t": event.t,
        "type": event.type,
        "body": event.model_dump_json(),
    }


def _input_rows(items: Sequence[Item]) -> list[dict[str, Any]]:
    """One row an input; blocks of one call that came in a run share a row.

    What a call makes of blocks does not depend on how they are cut, and a row
    each would be 31 rows a second.
    """
    runs: list[tuple[str, LoggedInput, list[Heard]]] = []
    newest: dict[str, list[Heard]] = {}
    for item in items:
        entry: LoggedInput = item.payload
        if not isinstance(entry.item, Heard):
            newest.pop(item.call_id, None)
            runs.append((item.call_id, entry, []))
        elif item.call_id in newest:
            newest[item.call_id].append(entry.item)
        else:
            newest[item.call_id] = [entry.item]
            runs.append((item.call_id, entry, newest[item.call_id]))
    return [
        {
            "call_id": call_id,
            "n": entry.n,
            "t": entry.t,
            "kind": "heard" if heard else getattr(entry.item, "type", ""),
            "body": _joined(heard) if heard else _json(entry.item),
        }
        for call_id, entry, heard in runs
    ]


def _joined(heard: Sequence[Heard]) -> bytes:
    if len(heard) == 1:
        return heard[0].to_bytes()
    runs = zip(*(one.arrays() for one in heard), strict=True)
    return Heard(*(np.concatenate(run, axis=1) for run in runs)).to_bytes()


def _json(item: Heard | Model) -> bytes:
    if isinstance(item, Heard):
        raise TypeError("heard blocks are stored as bytes")
    return item.model_dump_json().encode()


def item(kind: str, body: bytes) -> Heard | Model:
    if kind == "heard":
        return Heard.from_bytes(body)
    item: Model = INPUT.validate_json(body)
    return item


def summary(row: sa.RowMapping) -> CallSummary:
    values = dict(row)
    values["agent"] = Person(id=values["agent_id"], name=values["agent_name"])
    values["customer"] = Person(id=values["customer_id"], name=values["customer_name"])
    return CallSummary.model_validate(values)


def last_seq(connection: sa.Connection, call_id: str) -> int:
    query = sa.select(sa.func.max(schema.events.c.seq)).where(schema.events.c.call_id == call_id)
    return connection.scalar(query) or 0


def last_t(connection: sa.Connection, call_id: str) -> float:
    """Audio time of the last thing stored, s."""
    events, inputs = schema.events, schema.inputs
    event_t = connection.scalar(
        sa.select(sa.func.max(events.c.t)).where(events.c.call_id == call_id)
    )
    last = connection.execute(
        sa.select(inputs.c.t, inputs.c.kind, sa.func.length(inputs.c.body))
        .where(inputs.c.call_id == call_id)
        .order_by(inputs.c.n.desc())
        .limit(1)
    ).first()
    input_t = 0.0
    if last is not None:
        blocks = last[2] // HEARD_BLOCK_BYTES if last[1] == "heard" else 0
        input_t = last[0] + blocks * BLOCK_S
    return max(event_t or 0.0, input_t)
