import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor import retention
from monitor.config import StoreSettings
from monitor.events import (
    AlertRaised,
    CallEnded,
    CallStarted,
    Cue,
    Evidence,
    Mood,
    NudgeOpened,
    Transcript,
    Words,
)
from monitor.retention import Purged, keep_purging, purge
from monitor.store import Store

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SECRET = "my late grandmother's emerald"


@pytest.fixture
def settings(tmp_path: Path) -> StoreSettings:
    return StoreSettings(
        data_dir=tmp_path,
        flush_s=0.02,
        keep_audio_days=30,
        keep_words_days=90,
        keep_calls_days=365,
    )


@pytest.fixture
def store(settings: StoreSettings) -> Iterator[Store]:
    store = Store(settings)
    store.open()
    yield store
    store.close()


def call(store: Store, call_id: str, days_ago: float, *, end: bool = True) -> None:
    at = (NOW - timedelta(days=days_ago)).isoformat()
    quote = Evidence(kind="words", t=1.0, text=f"said: {SECRET}", value=2.0)
    head = {"call_id": call_id, "t": 1.0}
    said = {"party": "customer", "t0": 0.0, "t1": 1.0, "text": SECRET}
    store.event(CallStarted(**head, seq=1, started_at=at, source="wav"))
    store.input(call_id, 1.0, Transcript(utterance=1, **said))
    store.event(Words(**head, seq=2, utterance=1, **said))
    store.event(Cue(**head, seq=3, family="loss", **said))
    store.event(Mood(**head, seq=4, score=3.0, level="watch", reasons=[quote]))
    store.event(AlertRaised(**head, seq=5, id="a", kind="rising", score=4.0, reasons=[quote]))
    store.event(
        NudgeOpened(
            **head,
            seq=6,
            id="n",
            nudge="own_it",
            title="Own it",
            text="Say who will do it",
            why=f"They said {SECRET}",
            evidence=[quote],
            ttl_s=9.0,
        )
    )
    store.audio(call_id, 0.0, np.full((2, 800), 0.1, np.float32))
    if end:
        store.event(CallEnded(**head, seq=7, reason="completed", duration_s=1.0))
    store.flush()


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("calls.db*")))


def test_nothing_young_goes(store: Store, settings: StoreSettings) -> None:
    call(store, "c1", days_ago=29)
    assert purge(store, settings, NOW) == Purged()
    assert len(store.events("c1")) == 7


def test_audio_goes_first(store: Store, settings: StoreSettings, tmp_path: Path) -> None:
    call(store, "c1", days_ago=31)
    assert purge(store, settings, NOW) == Purged(audio=1)
    assert list((tmp_path / "recordings").iterdir()) == []
    summary = store.call("c1")
    assert summary is not None
    assert not summary.has_audio
    assert len(store.events("c1")) == 7
    assert purge(store, settings, NOW) == Purged()


def test_words_go_from_the_bytes_of_the_files(
    store: Store, settings: StoreSettings, tmp_path: Path
) -> None:
    call(store, "c1", days_ago=91)
    assert SECRET.encode() in on_disk(tmp_path)
    assert purge(store, settings, NOW) == Purged(audio=1, words=1)
    assert SECRET.encode() not in on_disk(tmp_path)
    assert b"emerald" not in on_disk(tmp_path)
    kept = store.events("c1")
    assert [event.seq for event in kept] == [1, 4, 5, 6, 7]
    mood, alert, nudge = kept[1:4]
    assert isinstance(mood, Mood)
    assert isinstance(alert, AlertRaised)
    assert isinstance(nudge, NudgeOpened)
    assert (mood.score, mood.reasons[0].value, mood.reasons[0].text) == (3.0, 2.0, "[removed]")
    assert (nudge.text, nudge.why) == ("Say who will do it", "[removed]")
    assert store.inputs("c1") == []
    assert purge(store, settings, NOW) == Purged()


def test_whole_calls_go_with_who_looked(
    store: Store, settings: StoreSettings, tmp_path: Path
) -> None:
    call(store, "c1", days_ago=366)
    call(store, "c2", days_ago=1)
    store.log_access("Sue", "supervisor", "words", "c1")
    store.flush()
    assert purge(store, settings, NOW) == Purged(calls=1)
    assert [c.call_id for c in store.calls()] == ["c2"]
    assert store.events("c1") == []
    assert store.access("c1") == []
    assert store.recordings.path("c1") is None
    assert b"c1" not in on_disk(tmp_path)


async def test_purging_goes_on_by_itself_after_a_failure(
    store: Store, settings: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(store, "c1", days_ago=9999)
    tries = 0
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def sometimes(*args: Any) -> Purged:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError(28, "No space left on device")
        purged = purge(*args)
        loop.call_soon_threadsafe(done.set)
        return purged

    monkeypatch.setattr(retention, "purge", sometimes)
    task = asyncio.create_task(keep_purging(store, settings, every_s=0.01))
    async with asyncio.timeout(10):
        await done.wait()
    task.cancel()
    await asyncio.wait([task])
    assert store.call("c1") is None


def test_null_keeps_for_ever_and_live_calls_stay(store: Store, settings: StoreSettings) -> None:
    call(store, "c1", days_ago=9999)
    call(store, "c2", days_ago=9999, end=False)
    for_ever = settings.model_copy(
        update={"keep_audio_days": None, "keep_words_days": None, "keep_calls_days": None}
    )
    assert purge(store, for_ever, NOW) == Purged()
    assert purge(store, settings, NOW) == Purged(calls=1)
    assert [c.call_id for c in store.calls()] == ["c2"]
