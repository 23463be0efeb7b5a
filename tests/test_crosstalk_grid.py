"""Real speech with echoes laid on it: what is counted in the end.

A compact part of the grid of gains, delays and directions, on the sample calls, through
µ-law. Talk-over and interruption count as of their last word.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from monitor.audio import BLOCK
from monitor.call import LOUD_ECHO
from monitor.ear import Ear, Heard
from monitor.events import Degraded, Event, Overlap
from samples import telephone
from samples.render import RENDERED
from tests.dialogue import call

F32 = NDArray[np.float32]
COUNTED = ("talk_over", "interruption")
NEAR_S = 0.3
GRID = [
    (source, gain_db, delay_ms)
    for source in (0, 1)
    for gain_db, delay_ms in [(-12, 120), (-15, 0), (-15, 300), (-20, 60), (-20, 200), (-30, 400)]
]
LOUD = [(0, -8.0, 120)]


def pcm(name: str) -> F32:
    samples, _ = soundfile.read(RENDERED / f"{name}.flac", dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T)


def leaked(clean: F32, source: int, gain_db: float, delay_ms: float) -> F32:
    rows = [clean[0], clean[1]]
    rows[1 - source] = telephone.leak(clean[1 - source], clean[source], gain_db, delay_ms)
    coded = np.stack([telephone.g711(row) for row in rows]).astype(np.float32)
    return coded / np.float32(32768)


def hear(calls: list[F32]) -> list[Heard]:
    """All calls in one pass."""
    ear = Ear()
    whole = np.concatenate(calls)
    blocks = whole.shape[1] // BLOCK
    rows = ear.hear(
        ear.open(len(whole)), whole[:, : blocks * BLOCK].reshape(len(whole), blocks, BLOCK)
    )
    return [rows.rows(2 * i, 2 * i + 2) for i in range(len(calls))]


def events_of(rows: Heard) -> list[Event]:
    it = call()
    it.receive(rows)
    return it.events()


def counted(events: list[Event]) -> list[tuple[float, float]]:
    last = {event.id: event for event in events if isinstance(event, Overlap)}
    return [(o.t0, o.t1) for o in last.values() if o.final and o.kind in COUNTED]


@pytest.fixture(scope="module")
def results() -> dict[str, list[list[Event]]]:
    """Events of each sample: as it is, then one for each case of GRID and LOUD."""
    found = {}
    for name in ("calm", "talkover"):
        clean = pcm(name)
        heard = hear([clean, *(leaked(clean, *case) for case in GRID + LOUD)])
        found[name] = [events_of(rows) for rows in heard]
    return found


@pytest.mark.parametrize("case", range(len(GRID)), ids=[str(case) for case in GRID])
def test_no_talk_over_comes_from_an_echo(results: dict[str, list[list[Event]]], case: int) -> None:
    assert counted(results["calm"][1 + case]) == []
    reference = json.loads((RENDERED / "talkover.ref.json").read_text("utf-8"))["overlaps"]
    true = [(o["t0"], o["t1"]) for o in reference if o["kind"] in COUNTED]
    for t0, t1 in counted(results["talkover"][1 + case]):
        assert any(t0 < b + NEAR_S and a < t1 + NEAR_S for a, b in true), (t0, t1)


@pytest.mark.parametrize("case", range(len(GRID)), ids=[str(case) for case in GRID])
def test_an_echo_hides_hardly_any_talk_over(
    results: dict[str, list[list[Event]]], case: int
) -> None:
    clean, echoed = counted(results["talkover"][0]), counted(results["talkover"][1 + case])
    kept = [any(t0 < b + NEAR_S and a < t1 + NEAR_S for a, b in echoed) for t0, t1 in clean]
    assert len(kept) >= 4
    assert kept.count(False) <= 1


def test_an_echo_that_is_too_loud_is_said(results: dict[str, list[list[Event]]]) -> None:
    for name in results:
        told = [e.reason for e in results[name][-1] if isinstance(e, Degraded) and e.active]
        assert told == [LOUD_ECHO]
        for events in results[name][:-1]:
            assert [e for e in events if isinstance(e, Degraded)] == []
