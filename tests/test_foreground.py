"""Who is behind the party: another voice in the pauses, noise that hides speech; and who is not."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from monitor.foreground import VOICE, Foreground

Blocks = list[tuple[float, float]]  # speech probability, level in dBFS

SPEAKS, SAYS_NOTHING = 0.95, 0.02


def syllables(seconds: float, loud_db: float, speech: float = SPEAKS) -> Blocks:
    """A voice: four syllables a second, 12 dB from peak to dip."""
    blocks = range(round(seconds / 0.032))
    return [(speech, loud_db - 6 + 6 * math.cos(2 * math.pi * k / 8)) for k in blocks]


def pause(seconds: float, noise_db: float = -60.0, speech: float = SAYS_NOTHING) -> Blocks:
    return [(speech, noise_db)] * round(seconds / 0.032)


def step(foreground: Foreground, blocks: Blocks) -> list[float]:
    return [foreground.step(*block) for block in blocks]


def turns(n: int, behind: Blocks, own_db: float = -25.0) -> Blocks:
    """So many turns of 3 s, and what is heard in the pause after each."""
    return [block for _ in range(n) for block in [*syllables(3, own_db), *behind]]


def heard(out: list[float]) -> float:
    """Share of blocks that start speech."""
    return float(np.mean(np.array(out) >= VOICE))


@pytest.fixture(params=[-25.0, -40.0])
def own_db(request: pytest.FixtureRequest) -> float:
    level_db: float = request.param
    return level_db


def test_on_a_quiet_line_the_probability_is_the_detectors() -> None:
    rng = np.random.default_rng(1)
    blocks = [(p * float(rng.uniform(0.5, 1)), db) for p, db in turns(20, pause(3))]
    assert step(Foreground(), blocks) == [p for p, _ in blocks]


def test_soft_words_of_the_party_are_its_own() -> None:
    """Half a second of "mm-hm" 15 dB down in each pause of 4 s."""
    blocks = turns(20, [*pause(2), *syllables(0.5, -40.0), *pause(1.5)])
    assert step(Foreground(), blocks) == [p for p, _ in blocks]


def test_nothing_that_far_below_is_the_party() -> None:
    foreground = Foreground()
    step(foreground, turns(10, pause(3)))
    assert heard(step(foreground, syllables(1, -50.0))) > 0.95
    assert heard(step(foreground, syllables(1, -70.0))[5:]) == 0.0


def test_an_echo_of_the_other_party_is_nobody_in_the_background() -> None:
    """Known from the third turn on; until then it was a neighbour."""
    foreground = Foreground()
    echo = syllables(4, -40.0)
    step(foreground, turns(3, echo))
    assert foreground.background_db == pytest.approx(-40.0, abs=1.5)
    for _ in range(4):
        step(foreground, syllables(3, -25.0))
        for speech, level_db in echo:
            foreground.step(speech, level_db, echoed=True)
    assert foreground.background_db is None
    assert heard(step(foreground, syllables(1, -41.0))) > 0.95


def test_another_voice_in_the_pauses_is_not_the_party(own_db: float) -> None:
    foreground = Foreground()
    neighbour = syllables(4, own_db - 15)
    step(foreground, turns(3, neighbour, own_db))
    assert heard(step(foreground, syllables(3, own_db))) > 0.95
    assert heard(step(foreground, neighbour)) < 0.1
    assert foreground.background_db == pytest.approx(own_db - 15, abs=1.5)


def test_speech_goes_on_through_its_dips_before_another_voice() -> None:
    foreground = Foreground()
    step(foreground, turns(4, syllables(4, -45.0)))
    stop = [(SPEAKS, -52.0)] * 3  # a stop consonant, 27 dB down
    assert step(foreground, [*syllables(1, -25.0), *stop, *syllables(1, -25.0)]) == [SPEAKS] * 65


def test_the_party_is_heard_at_once_after_a_long_silence() -> None:
    foreground = Foreground()
    step(foreground, turns(4, syllables(4, -40.0)))
    step(foreground, syllables(10, -40.0))
    assert heard(step(foreground, syllables(0.2, -25.0))) == 1.0


def test_a_voice_that_was_refused_is_believed_when_it_stays_the_only_one() -> None:
    """The party has put the phone on the table; or the neighbour is alone now."""
    foreground = Foreground()
    step(foreground, turns(10, pause(3)))
    away = syllables(3, -45.0)
    shares = [heard(step(foreground, [*away, *pause(2)])[: len(away)]) for _ in range(30)]
    assert min(shares) < 0.1
    assert shares[-1] > 0.9
    assert sum(share < 0.5 for share in shares) * 3 < 60  # s of speech


def in_noise(noise_db: float = -38.0) -> Foreground:
    foreground = Foreground()
    step(foreground, turns(10, pause(3, noise_db)))
    step(foreground, pause(0.3, noise_db))
    return foreground


def test_in_noise_less_is_asked_of_what_stands_above_it() -> None:
    assert in_noise().step(0.2, -32.0) >= VOICE
    assert in_noise().step(0.2, -43.0) < 0.22, "no less of what does not"
    assert in_noise().step(0.02, -20.0) < VOICE, "a bang"


def test_in_noise_more_is_heard_the_more_it_stands_above() -> None:
    out = [in_noise().step(0.2, float(db)) for db in range(-50, -9, 8)]
    assert out == sorted(out)
    assert out[0] < 0.15 < 0.7 < out[-1] < 0.8, "at most twelve times the odds"


def test_babble_is_no_voice_before_the_party_was_heard() -> None:
    """The detector takes it for one until then. It moves by a few dB, a voice by many."""
    rng = np.random.default_rng(2)
    babble = [(0.7, -40 + float(rng.normal(0, 1.5))) for _ in range(150)]
    foreground = Foreground()
    assert heard(step(foreground, babble)[20:]) < 0.1
    assert heard(step(foreground, syllables(2, -28.0))) > 0.8


def test_a_party_that_begins_at_once_is_heard_at_once() -> None:
    out = step(Foreground(), syllables(20, -30.0))
    assert out == [SPEAKS] * len(out)


def test_no_less_is_asked_where_there_is_no_noise() -> None:
    foreground = Foreground()
    step(foreground, turns(10, pause(3)))
    assert foreground.step(0.4, -30.0) == 0.4


def test_a_gain_changes_nothing() -> None:
    blocks = turns(6, syllables(4, -40.0))
    assert step(Foreground(), [(p, db - 12) for p, db in blocks]) == step(Foreground(), blocks)


@pytest.mark.parametrize("level_db", [-100.0, 0.0])
def test_the_ends_of_the_scale(level_db: float) -> None:
    out = step(Foreground(), [(SPEAKS, level_db), (SAYS_NOTHING, level_db)] * 500)
    assert all(0 <= p <= 1 for p in out)


def test_after_a_gap_the_syllable_before_it_lends_nothing() -> None:
    foreground = Foreground()
    step(foreground, turns(4, syllables(4, -45.0)))
    step(foreground, syllables(0.5, -25.0))
    foreground.missing()
    assert foreground.step(SPEAKS, -45.0) < VOICE
    assert heard(step(foreground, syllables(0.2, -25.0))) == 1.0


def test_what_was_learned_survives_an_hour() -> None:
    """The weights of blocks grow without end and are brought back on the way."""

    def hour() -> Iterator[float]:
        foreground = Foreground()
        for _ in range(60):
            step(foreground, turns(8, syllables(4, -40.0)))
            yield foreground.background_db or 0.0

    levels_db = list(hour())
    assert max(levels_db[1:]) - min(levels_db[1:]) <= 1
