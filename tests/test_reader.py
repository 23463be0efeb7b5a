"""Transcripts get what they mean, off the event loop; without it they stay as they are."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

import pytest

from monitor.events import Meant, Party, Transcript
from monitor.reader import Reader
from tests.sessions import WAIT_S

BOSS = "My name is Quinn and I want your boss."


def said(text: str = BOSS, language: str | None = None, party: Party = "customer") -> Transcript:
    return Transcript(utterance=3, party=party, t0=1, t1=4, text=text, language=language)


class Says:
    """A meaning of everything; ``do`` runs before it is told, in the reader's thread."""

    language = "en"

    def __init__(self, do: Callable[[], None] = lambda: None) -> None:
        self.do = do
        self.read_by: list[tuple[str, Party, str]] = []

    def read(self, text: str, party: Party) -> list[Meant]:
        self.read_by.append((text, party, threading.current_thread().name))
        self.do()
        return [Meant(family="escalation_request", sentence=0, log_odds=1.5)]


def reader(meaning: Says) -> Reader:
    return Reader(meaning)  # type: ignore[arg-type]


async def read(reader: Reader, transcript: Transcript) -> Transcript:
    async with asyncio.timeout(WAIT_S):
        return await reader.read(transcript)


@pytest.mark.parametrize("language", [None, "en"])
async def test_a_transcript_gets_what_it_means_and_nothing_else_changes(
    language: str | None,
) -> None:
    meaning = Says()
    one = reader(meaning)
    transcript = said(language=language, party="agent")
    got = await read(one, transcript)
    one.close()
    assert got.meant == [Meant(family="escalation_request", sentence=0, log_odds=1.5)]
    assert got.model_copy(update={"meant": None}) == transcript
    assert transcript.meant is None, "what others hold is left alone"
    ((text, party, thread),) = meaning.read_by
    assert (text, party) == (BOSS, "agent")
    assert thread.startswith("meaning"), "the event loop went on"


@pytest.mark.parametrize("transcript", [said(language="de"), said(""), said("", "en")])
async def test_another_language_and_no_words_are_left_alone(transcript: Transcript) -> None:
    meaning = Says()
    one = reader(meaning)
    assert await read(one, transcript) is transcript
    assert meaning.read_by == []
    one.close()


async def test_an_encoder_that_fails_costs_the_meaning_is_said_once_and_may_come_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    meaning = Says(broken)
    one = reader(meaning)
    with caplog.at_level(logging.DEBUG):
        transcript = said()
        assert await read(one, transcript) is transcript
        assert await read(one, transcript) is transcript
        assert [record.levelname for record in errors(caplog)] == ["ERROR"]

        meaning.do = lambda: None
        assert (await read(one, transcript)).meant
        assert len(errors(caplog)) == 1

        meaning.do = broken
        assert await read(one, transcript) is transcript
        assert len(errors(caplog)) == 2, "a new failure is told"
    one.close()
    assert "no memory" in caplog.text
    for word in ("Quinn", "boss"):
        assert word not in caplog.text, "words of a customer never stand in the log"


def broken() -> None:
    raise RuntimeError("no memory")


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "monitor.reader"]


async def test_a_mistake_of_ours_is_not_taken_for_a_failing_encoder() -> None:
    def mistake() -> None:
        raise TypeError("ours")

    one = reader(Says(mistake))
    with pytest.raises(TypeError, match="ours"):
        await read(one, said())
    one.close()


async def test_the_loop_goes_on_while_it_reads_and_answers_come_in_order() -> None:
    go = threading.Event()
    one = reader(meaning := Says(lambda: hold(go)))
    reading = [asyncio.create_task(read(one, said(f"number {k}"))) for k in range(4)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in reading)
    go.set()
    got = await asyncio.gather(*reading)
    one.close()
    assert [transcript.text for transcript in got] == [f"number {k}" for k in range(4)]
    assert [text for text, _, _ in meaning.read_by] == [f"number {k}" for k in range(4)]


async def test_an_encoder_that_hangs_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("monitor.reader.WITHIN_S", 0.02)
    go = threading.Event()
    one = reader(meaning := Says(lambda: hold(go)))
    transcript = said()
    assert await read(one, transcript) is transcript
    assert [record.levelname for record in errors(caplog)] == ["ERROR"]
    monkeypatch.setattr("monitor.reader.WITHIN_S", WAIT_S * 2)
    assert await read(one, transcript) is transcript, "at once: the first is not done yet"
    assert len(meaning.read_by) == 1
    go.set()
    while (await read(one, transcript)).meant is None:
        await asyncio.sleep(0)
    assert len(errors(caplog)) == 1
    one.close()


async def test_behind_too_many_a_transcript_goes_on_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.reader.MOST_WAITING", 2)
    go = threading.Event()
    one = reader(Says(lambda: hold(go)))
    waiting = [asyncio.create_task(read(one, said())) for _ in range(2)]
    await asyncio.sleep(0)
    assert await read(one, third := said("too many")) is third
    go.set()
    assert all(transcript.meant for transcript in await asyncio.gather(*waiting))
    assert (await read(one, said())).meant
    one.close()


async def test_closed_while_it_reads_it_leaves_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("monitor.reader.CLOSE_GRACE_S", 0.02)
    go, entered = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait() -> None:
        loop.call_soon_threadsafe(entered.set)
        hold(go)

    one = reader(meaning := Says(wait))
    running = asyncio.create_task(read(one, said()))
    async with asyncio.timeout(WAIT_S):
        await entered.wait()
    waiting = asyncio.create_task(read(one, said("later")))
    await asyncio.sleep(0)
    one.close()  # does not wait for the thread for long: it hangs
    one.close()
    go.set()
    for transcript in await asyncio.gather(running, waiting):
        assert transcript.meant, "what was asked before is answered"
    assert (await read(one, said("too late"))).meant is None
    assert [text for text, _, _ in meaning.read_by] == [BOSS, "later"]


async def test_after_it_was_closed_transcripts_stay_as_they_are() -> None:
    one = reader(Says())
    one.close()
    transcript = said()
    assert await read(one, transcript) is transcript


def hold(go: threading.Event) -> None:
    assert go.wait(WAIT_S)
