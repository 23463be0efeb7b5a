"""The overlap rule on the timing of real conversations: their intervals in, overlaps out.

The corpora are not shipped: set REAL_TIMING_DIR to the folder that holds ``primock57`` (and
``callhome``). The rule was tuned on the halves named ``tune``; here it is held to the others.
There is no sound: every interval has one level, and falls at its end where it came to one, as
speech does (usual.SHORT_DB). The words of an interval come 1.2 s after it, where they are known.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from monitor.audio import BLOCK_S
from monitor.config import HearingSettings, TurnSettings
from monitor.events import Event, Overlap, Transcript
from monitor.score.listening import ToldOverlap
from monitor.score.overlaps import CallOverlaps, OverlapFigures, compare, figures
from monitor.score.reference import OverlapRef
from monitor.turns import Row, TurnTaker
from samples.labels import overlaps as labels_of
from samples.labels import unfinished
from samples.timing import PARTIES, Conversation, Half, Interval, usable

REAL = os.environ.get("REAL_TIMING_DIR")
pytestmark = pytest.mark.skipif(REAL is None, reason="set REAL_TIMING_DIR to the corpora")

SPEECH_DB, END_DB, SILENCE_DB = -25.0, -35.0, -70.0
END_BLOCKS = 4
WORDS_LAG_S = 1.2
UNKNOWN = ("<UNIN/>", "<INAUDIBLE_SPEECH/>")
LONG_S = 0.6


@dataclass(frozen=True)
class Judged:
    figures: OverlapFigures
    delays_s: list[float]
    """Of talk-overs and interruptions: from 0.6 s spoken together to the first event."""


def judged(corpus: str, half: Half) -> Judged:
    assert REAL is not None
    calls, delays_s = [], []
    for conversation in usable(Path(REAL) / corpus, half):
        call = heard(conversation)
        calls.append(call)
        for reference, found in call.hits:
            said = found.first_said(reference.kind)
            long = long_at(conversation, reference.t0)
            if reference.kind in ("talk_over", "interruption") and long and said is not None:
                delays_s.append(said - long)
    assert len(calls) > 20
    return Judged(figures(calls), delays_s)


def heard(conversation: Conversation) -> CallOverlaps:
    told: dict[str, list[Overlap]] = {}
    for event in events(conversation):
        if isinstance(event, Overlap):
            told.setdefault(event.id, []).append(event)
    references = [
        OverlapRef(kind=label.kind, by=label.by, t0=label.t0, t1=label.t1)
        for label in labels_of(conversation)
    ]
    found = [ToldOverlap(tuple(one)) for one in told.values()]
    speech_s = {party: sum(i.length_s for i in conversation.of(party)) for party in PARTIES}
    return compare(references, found, speech_s)


def events(conversation: Conversation) -> list[Event]:
    taker = TurnTaker(HearingSettings(), TurnSettings())
    waiting = transcripts(conversation)
    out: list[Event] = []
    t = 0.0
    for block, row in enumerate(rows(conversation)):
        t = (block + 1) * BLOCK_S
        while waiting and waiting[0].t1 + WORDS_LAG_S <= t:
            out += taker.transcript(waiting.pop(0))
        out += taker.step(t, row)
    return out + taker.end(t)


def rows(conversation: Conversation) -> list[Row]:
    level_db = np.full((2, int(conversation.duration_s / BLOCK_S) + 1), SILENCE_DB)
    for row, party in enumerate(PARTIES):
        for interval in conversation.of(party):
            first, last = round(interval.t0 / BLOCK_S), round(interval.t1 / BLOCK_S)
            level_db[row, first:last] = SPEECH_DB
            if not unfinished(interval.text):
                level_db[row, max(first, last - END_BLOCKS) : last] = END_DB
    speaks = level_db > SILENCE_DB
    nothing = (math.nan, math.nan)
    return [
        Row((a, c), (float(a), float(c)), (a_db, c_db), nothing, (0.5, 0.5), (0.0, 0.0), (0.0, 0.0))
        for a, c, a_db, c_db in zip(*speaks.tolist(), *level_db.tolist(), strict=True)
    ]


def transcripts(conversation: Conversation) -> list[Transcript]:
    found = [
        Transcript(utterance=0, party=party, t0=i.t0, t1=i.t1, text=i.text)
        for party in PARTIES
        for i in conversation.of(party)
        if i.text and not any(tag in i.text.upper() for tag in UNKNOWN)
    ]
    return sorted(found, key=lambda transcript: transcript.t1)


def long_at(conversation: Conversation, from_s: float) -> float | None:
    """When both have spoken for 0.6 s together since then."""
    both = [
        Interval(max(a.t0, c.t0), min(a.t1, c.t1))
        for a in conversation.agent
        for c in conversation.customer
        if max(a.t0, c.t0) < min(a.t1, c.t1)
    ]
    together_s = 0.0
    for bout in sorted(both, key=lambda bout: bout.t0):
        if bout.t0 >= from_s - 1e-6:
            if together_s + bout.length_s >= LONG_S:
                return bout.t0 + LONG_S - together_s
            together_s += bout.length_s
    return None


@pytest.mark.parametrize(
    ("corpus", "f1"),
    [
        ("primock57", 0.95),
        ("callhome", 0.85),  # without words nobody knows who broke off: the recall of those is 0
    ],
)
def test_talk_over_on_real_timing(corpus: str, f1: float) -> None:
    report = judged(corpus, "report")
    found = report.figures
    for kind in ("talk_over", "interruption"):
        assert (found.kinds[kind].f1 or 0) >= f1 - (0.05 if kind == "interruption" else 0)
    assert (found.backchannels_as_talk_over or 0) <= 0.05
    assert (found.backchannels_as_competitive or 0) <= 0.05
    assert np.quantile(report.delays_s, 0.95) <= 0.1
