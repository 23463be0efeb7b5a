"""Nothing is kept longer than the settings say, and what goes is gone.

Three kinds of data leave at three ages: audio (files), words (what was said, and
whatever quotes it), calls (all of it). Rows are deleted with ``secure_delete`` on,
the write-ahead log is emptied and the file rewritten, so that the bytes are gone
from the disk's files, not only from the tables.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from monitor.config import StoreSettings
from monitor.schema import access_log, calls, events, inputs
from monitor.store import Store, StoreError

log = logging.getLogger(__name__)

REMOVED = "[removed]"
SPOKEN = ("words", "cue", "note")
"""Events that are words themselves."""
QUOTING = (
    "mood",
    "alert.raised",
    "nudge.opened",
    "nudge.closed",
    "opportunity",
    "response",
    "report",
    "overlap",
)
"""Events that may quote them, as the reason for something."""
_QUOTES = frozenset({"why", "reasons"})


@dataclass(frozen=True, slots=True)
class Purged:
    """How many calls lost their audio, their words, or everything."""

    audio: int = 0
    words: int = 0
    calls: int = 0


def purge(store: Store, settings: StoreSettings, now: datetime) -> Purged:
    """Remove what is older than the settings allow. Blocks: call it from a thread.

    Age counts from the start of the call. Live calls are left alone.
    """
    old_calls = _older(store, settings.keep_calls_days, now)
    old_audio = _older(store, settings.keep_audio_days, now, calls.c.has_audio)
    old_words = _older(store, settings.keep_words_days, now, calls.c.has_words)
    gone = set(old_calls)
    old_audio = [call_id for call_id in old_audio if call_id not in gone]
    old_words = [call_id for call_id in old_words if call_id not in gone]
    if old_audio or old_calls:
        store.erase_audio([*old_audio, *old_calls])
    statements: list[sa.Executable] = []
    for call_id in old_words:
        statements += _wordless(store, call_id)
    if old_calls:
        statements.append(sa.delete(calls).where(calls.c.call_id.in_(old_calls)))
        statements.append(sa.delete(access_log).where(access_log.c.call_id.in_(old_calls)))
    if statements:
        store.change(statements, vacuum=True)
    purged = Purged(len(old_audio), len(old_words), len(old_calls))
    if purged != Purged():
        log.info("purged: audio of %d, words of %d, %d whole calls", *_counts(purged))
    return purged


async def keep_purging(store: Store, settings: StoreSettings, every_s: float = 86400.0) -> None:
    """Purge now and then daily, until cancelled. A failed purge is logged and tried again."""
    while True:
        try:
            await asyncio.to_thread(purge, store, settings, datetime.now(UTC))
        except (OSError, StoreError, sa.exc.SQLAlchemyError) as error:
            log.error("purge failed, next try in %.0f s: %s", every_s, type(error).__name__)
        await asyncio.sleep(every_s)


def _counts(purged: Purged) -> tuple[int, int, int]:
    return purged.audio, purged.words, purged.calls


def _older(
    store: Store, days: int | None, now: datetime, having: sa.Column[bool] | None = None
) -> list[str]:
    if days is None:
        return []
    limit_s = (now - timedelta(days=days)).timestamp()
    query = sa.select(calls.c.call_id).where(calls.c.started_s < limit_s, ~calls.c.live)
    if having is not None:
        query = query.where(having)
    return [row[0] for row in store.read(query)]


def _wordless(store: Store, call_id: str) -> Sequence[sa.Executable]:
    """Statements that leave of a call its measurements only.

    Its input log goes too: without transcripts it would replay to another call.
    """
    own = events.c.call_id == call_id
    statements: list[sa.Executable] = [
        sa.delete(events).where(own, events.c.type.in_(SPOKEN)),
        sa.delete(inputs).where(inputs.c.call_id == call_id),
        sa.update(calls).where(calls.c.call_id == call_id).values(has_words=False),
    ]
    query = sa.select(events.c.seq, events.c.body).where(own, events.c.type.in_(QUOTING))
    for row in store.read(query):
        plain = json.dumps(_unquoted(json.loads(row.body)), ensure_ascii=False)
        statements.append(sa.update(events).where(own, events.c.seq == row.seq).values(body=plain))
    return statements


def _unquoted(value: Any) -> Any:
    """The same event with every reason's text removed; numbers, kinds and times stay."""
    if isinstance(value, list):
        return [_unquoted(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_evidence = {"kind", "t", "text", "value"} <= value.keys()
    return {
        key: REMOVED
        if isinstance(item, str) and ((is_evidence and key == "text") or key in _QUOTES)
        else [REMOVED] * len(item)
        if key in _QUOTES and isinstance(item, list) and all(isinstance(x, str) for x in item)
        else _unquoted(item)
        for key, item in value.items()
    }
