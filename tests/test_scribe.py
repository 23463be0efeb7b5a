"""An utterance's way to its transcript: the clip, the time of its words, what must not be kept."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from monitor import scribe as module
from monitor.audio import RATE_HZ
from monitor.config import Settings
from monitor.engines import Decoded
from monitor.events import Party, Utterance, Word
from monitor.jobs import Job
from monitor.redaction import ASKED_FOR_S, MASK
from monitor.scribe import Scribe


class Takes:
    """In place of a transcriber: keeps the jobs; ``room`` says whether partials have some."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.room = True

    def submit(self, job: Job) -> asyncio.Future[Decoded]:
        self.jobs.append(job)
        return asyncio.get_running_loop().create_future()

    def room_for_partial(self, *, calm: bool) -> bool:
        return self.room


def scribe(takes: Any, mutes: list[tuple[Party, float, float]] | None = None) -> Scribe:
    kept: list[tuple[Party, float, float]] = [] if mutes is None else mutes
    made = Scribe("c1", takes, Settings(), patient=False, mute=lambda *span: kept.append(span))
    seconds = np.repeat(np.arange(60), RATE_HZ) / 100
    made.hear(np.stack([seconds, seconds]).astype(np.float32))
    return made


def utterance(number: int, t0: float, t1: float, party: Party = "customer", **more: Any) -> Any:
    return Utterance(number=number, party=party, t0=t0, t1=t1, **more)


def length_s(job: Job) -> float:
    return job.samples.size / RATE_HZ


async def test_a_clip_has_its_edges_but_less_of_them_at_a_forced_cut() -> None:
    takes = Takes()
    one = scribe(takes)
    one.submit(utterance(1, 44.0, 45.0), 60.0)
    assert length_s(takes.jobs[-1]) == pytest.approx(1 + module.PRE_ROLL_S + module.POST_ROLL_S)
    one.submit(utterance(2, 46.0, 55.0, cut=True), 60.0)
    assert length_s(takes.jobs[-1]) == pytest.approx(9 + module.PRE_ROLL_S + module.CUT_ROLL_S)
    one.submit(utterance(3, 55.0, 58.0), 60.0)
    assert length_s(takes.jobs[-1]) == pytest.approx(3 + module.CUT_ROLL_S + module.POST_ROLL_S)
    word = Word(text="and", t0=1.0, t1=1.5)
    decoded = Decoded("and", (word,), confidence=0.9)
    spoken = one.transcript(utterance(3, 55.0, 58.0), decoded)
    assert spoken is not None
    assert spoken.words[0].t0 == pytest.approx(55.0 - module.CUT_ROLL_S + 1.0)


async def test_times_beyond_the_utterance_are_pulled_into_it() -> None:
    one = scribe(Takes())
    one.submit(utterance(1, 44.0, 45.0), 60.0)
    times = ((-5.0, 0.5), (0.4, 1e9), (0.9, 0.1))
    decoded = Decoded("so it goes", tuple(Word(text="x", t0=t0, t1=t1) for t0, t1 in times))
    spoken = one.transcript(utterance(1, 44.0, 45.0), decoded)
    assert spoken is not None
    assert all(44.0 <= word.t0 <= word.t1 <= 45.0 for word in spoken.words)


async def test_words_are_taken_more_care_of_while_what_was_said_before_is_unknown() -> None:
    """The agent may have asked for a code; those words are late, or never come."""
    digits = Decoded("four one one then", confidence=0.9)

    def said(one: Scribe, number: int, t0: float) -> str:
        one.submit(utterance(number, t0, t0 + 2), 60.0)
        transcript = one.transcript(utterance(number, t0, t0 + 2), digits)
        assert transcript is not None
        return transcript.text

    known = scribe(Takes())
    asking = utterance(1, 40.0, 42.0, "agent")
    known.submit(asking, 60.0)
    assert known.transcript(asking, Decoded("Anything else?", confidence=0.9))
    assert MASK not in said(known, 2, 43.0)

    waiting = scribe(Takes())
    waiting.submit(asking, 60.0)
    assert said(waiting, 2, 43.0).startswith(MASK)

    lost = scribe(Takes())
    lost.submit(asking, 60.0)
    lost.unheard(asking)
    assert said(lost, 2, 43.0).startswith(MASK)
    assert MASK not in said(lost, 3, 42.0 + ASKED_FOR_S + 0.1), "long ago"


async def test_partials_are_asked_for_when_wanted_and_there_is_room() -> None:
    takes = Takes()
    one = scribe(takes)
    so_far = utterance(1, 50.0, 52.0, final=False)
    takes.room = False
    assert one.partial(so_far, calm=True) is None
    takes.room = True
    assert one.partial(so_far, calm=False) is not None
    assert one.partial(so_far, calm=False) is None, "not twice for the same audio"
    (job,) = takes.jobs
    assert (job.calm, job.word_times, job.utterance.final) == (False, False, False)
    assert length_s(job) == pytest.approx(2 + module.PRE_ROLL_S)


async def test_without_a_transcriber_nothing_is_kept_or_asked() -> None:
    one = scribe(None)
    assert not one.gives_partials
    assert one.submit(utterance(1, 0.0, 2.0), 60.0) is None
    assert one.partial(utterance(1, 0.0, 2.0, final=False), calm=True) is None


async def test_only_shown_words_are_taken_away_by_a_final_without_any() -> None:
    one = scribe(Takes())
    nothing = Decoded("", dropped="unlikely")
    one.submit(utterance(1, 50.0, 52.0), 60.0)
    assert one.transcript(utterance(1, 50.0, 52.0), nothing) is None
    for t1 in (54.5, 55.5):
        one.partial(utterance(2, 53.0, t1, final=False), calm=True)
        shown = one.partial_transcript(
            utterance(2, 53.0, t1, final=False), Decoded("so it goes", confidence=0.5)
        )
    assert shown is not None
    assert (shown.text, shown.final, shown.utterance) == ("so it goes", False, 2)
    one.submit(utterance(2, 53.0, 56.0), 60.0)
    gone = one.transcript(utterance(2, 53.0, 56.0), nothing)
    assert gone is not None
    assert (gone.text, gone.final) == ("", True)
