"""Whether words can be believed, from how sure speech-to-text was of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitor.engines import Decoded, Dropped
from monitor.events import Party
from monitor.session import WORDS_BACK, WORDS_UNSURE
from monitor.sureness import SURE, UNSURE, Sureness
from tests.dialogue import HURT_SAID
from tests.scores import heard
from tests.sessions import KnowingEngine, audible, chunked, cut_at, run


def hear(
    sureness: Sureness,
    confidence: float,
    *,
    utterances: int = 10,
    party: Party = "customer",
    duration_s: float = 3.0,
    dropped: Dropped | None = None,
) -> bool:
    for _ in range(utterances):
        text = "" if dropped else "so it is"
        decoded = Decoded(text, confidence=confidence, dropped=dropped)
        sureness.heard(party, duration_s, decoded)
    return sureness.unsure


def test_it_takes_twelve_seconds_of_unsure_speech_and_sure_speech_to_believe_again() -> None:
    sureness = Sureness()
    assert not hear(sureness, 0.25, utterances=3)
    assert hear(sureness, 0.25, utterances=1)
    assert hear(sureness, (SURE + UNSURE) / 2), "neither"
    assert not hear(sureness, 0.7)


def test_a_poor_stretch_among_good_ones_is_no_other_language() -> None:
    sureness = Sureness()
    for _ in range(10):
        assert not hear(sureness, 0.7, utterances=4)
        assert not hear(sureness, 0.2, utterances=2)


def test_each_party_speaks_a_language_of_their_own() -> None:
    sureness = Sureness()
    for _ in range(5):
        hear(sureness, 0.9, utterances=1, party="agent")
        hear(sureness, 0.2, utterances=1, party="customer")
    assert sureness.unsure


def test_what_was_too_unlikely_to_be_shown_counts_and_what_is_no_speech_does_not() -> None:
    assert hear(Sureness(), 0.1, dropped="unlikely")
    assert not hear(Sureness(), 0.1, dropped="no_speech")
    assert not hear(Sureness(), 0.1, duration_s=0.9, utterances=50), "a word may be anything"


def test_long_utterances_count_by_their_length() -> None:
    sureness = Sureness()
    assert not hear(sureness, 0.8, duration_s=10.0, utterances=2)
    assert not hear(sureness, 0.1, duration_s=1.0, utterances=5)


@dataclass
class Doubting(KnowingEngine):
    """Sure of what was said from ``sure_from_s`` on."""

    sure_from_s: float = 0.0

    def _decode(self, clip: NDArray[np.float32]) -> Decoded:
        _, t0 = cut_at(clip)
        decoded = super()._decode(clip)
        return decoded if t0 >= self.sure_from_s else replace(decoded, confidence=0.2)


async def test_the_screens_are_told_and_nothing_waits_for_words_that_may_be_wrong() -> None:
    """And told again when they can be believed."""
    rows = heard("", ("." * 10 + "=" * 40) * 12)
    engine = Doubting([tr for _, tr in HURT_SAID], sure_from_s=30.0)
    kept = await run(chunked(audible(rows), 8000), engine)
    told = [(d.part, d.active, d.reason) for d in kept.of("degraded")]
    assert told == [("words", True, WORDS_UNSURE), ("words", False, WORDS_BACK)]
    first, last = kept.of("degraded")
    assert 12 < first.t < 25
    assert 30 < last.t < 50
