"""Own normal ends with the line or the person that it is of, and with no mood."""

from __future__ import annotations

import itertools
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import soundfile

from monitor.audio import BLOCK, BLOCK_S
from monitor.baseline import (
    LINE_MOST,
    PERSON_LEAST,
    PERSON_MOST,
    TRUSTED_S,
    Baseline,
    Doubt,
    Floor,
)
from monitor.config import MoodSettings
from monitor.ear import Ear, Heard
from monitor.events import Mood
from monitor.tone import shipped
from monitor.voice import CustomerVoice
from tests.dialogue import call, line, of, play, words
from tests.scores import heard as scored

SAMPLES = Path(__file__).parent.parent / "samples"
NAMES = [measure.name for measure in shipped().measures]
SPREADS = [measure.within for measure in shipped().measures]
FLOOR_DB = -60.0
STRETCH_S = 2.0


class Caller:
    """Stretches of a calm caller on a steady line, changed as told; drawn, not spoken."""

    def __init__(self, seed: int = 1, **usual: float) -> None:
        self.rng = np.random.default_rng(seed)
        self.baseline = Baseline(shipped())
        values = [measure.mean or -20.0 for measure in shipped().measures]
        self.usual = np.array(values) + self.shift(usual)
        self.frozen = False
        self.wavers = 0.5  # of the spread within a caller

    def shift(self, by: dict[str, float]) -> np.ndarray:
        if "balance" in by:
            by = by | {"balance_loud": by["balance"]}
        return np.array([by.get(name, 0.0) for name in NAMES])

    def pause(self, louder_db: float = 0.0, blocks: int = 40) -> None:
        for level_db in self.rng.normal(FLOOR_DB + louder_db, 1.5, blocks):
            self.baseline.floor.add(float(level_db))

    def say(self, floor_db: float | None = 0.0, **by: float) -> float:
        """One stretch after a pause; what it adds to the mood."""
        if floor_db is not None:
            self.pause(floor_db)
        drawn = self.rng.normal(0.0, 1.0, len(NAMES)) * self.wavers * SPREADS
        values = [float(value) for value in self.usual + self.shift(by) + drawn]
        judged = self.baseline.judge(values)
        self.baseline.learn(values, STRETCH_S, judged.log_odds, self.frozen)
        return shipped().evidence(judged.excess) * self.baseline.trust

    def calm(self, stretches: int = 12) -> Caller:
        for _ in range(stretches):
            self.say()
        return self

    def loudness(self) -> float:
        own, _ = self.baseline.normal.of(NAMES.index("loudness"))
        return own - float(self.usual[NAMES.index("loudness")])


def raised(by_db: float) -> dict[str, float]:
    """How a voice that is raised by so much differs from itself."""
    return {"loudness": by_db, "pitch": 0.5 * by_db, "balance": 0.5 * by_db}


# ---- the line --------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("gain_db", [-15.0, -10.0, -6.0, 6.0, 10.0, 15.0])
def test_a_louder_line_becomes_usual_within_a_few_stretches(gain_db: float, seed: int) -> None:
    caller = Caller(seed).calm()
    before = caller.baseline.normal
    for _ in range(6):
        caller.say(gain_db, loudness=gain_db)
    assert caller.loudness() == pytest.approx(gain_db, abs=3.0)
    assert caller.baseline.normal is before, "all but the level is still theirs"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("gain_db", [-15.0, -10.0, 10.0, 15.0])
def test_a_line_whose_pauses_are_cut_takes_longer(gain_db: float, seed: int) -> None:
    caller = Caller(seed)
    for _ in range(12):
        caller.say(None)
    for _ in range(LINE_MOST):
        caller.say(None, loudness=gain_db)
    assert caller.loudness() == pytest.approx(gain_db, abs=3.0)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("gain_db", [6.0, 10.0, 15.0])
def test_a_louder_line_adds_nothing(gain_db: float, frozen: bool) -> None:
    plain = louder = 0.0
    for seed in range(10):
        one, other = Caller(seed).calm(), Caller(seed).calm()
        one.frozen = other.frozen = frozen
        plain += sum(max(one.say(), 0.0) for _ in range(10))
        louder += sum(max(other.say(gain_db, loudness=gain_db), 0.0) for _ in range(10))
    assert louder <= plain + 1.0, "in a hundred stretches"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("by_db", [6.0, 10.0, 15.0])
def test_who_shouts_is_no_louder_line(by_db: float, seed: int) -> None:
    caller = Caller(seed).calm()
    caller.frozen = True  # as the mood does on watch
    said = [caller.say(**raised(by_db)) for _ in range(30)]
    assert caller.loudness() == pytest.approx(0.0, abs=1.5)
    assert fmean(said) > 0.3
    assert fmean(said[-10:]) > 0.3, "for as long as it lasts"


def test_a_noise_that_sets_in_is_no_louder_line() -> None:
    """Who speaks up against it gets louder, higher and sharper."""
    caller = Caller().calm()
    caller.frozen = True
    for _ in range(6):
        caller.say(10.0, **raised(10.0))
    assert caller.loudness() == pytest.approx(0.0, abs=1.5)


def test_who_shouts_on_the_louder_line_is_heard() -> None:
    for gain_db in (-10.0, 10.0):
        caller = Caller().calm()
        for _ in range(6):
            caller.say(gain_db, loudness=gain_db)
        by = raised(8.0)
        assert caller.say(gain_db, **by | {"loudness": gain_db + 8.0}) > 0.5


def test_one_loud_word_is_no_other_line() -> None:
    caller = Caller().calm()
    for _ in range(6):
        caller.say(loudness=12.0)
        for _ in range(3):
            caller.say()
    assert caller.loudness() == pytest.approx(0.0, abs=3.0)


def test_pauses_tell_nothing_before_they_are_known_or_where_they_are_cut() -> None:
    floor = Floor()
    for level_db in [-60.0] * 10:
        floor.add(level_db)
    floor.settle()
    for level_db in [-50.0] * 20:
        floor.add(level_db)
    assert floor.moved_db is None
    floor.settle()
    for level_db in [-40.0] * 20:
        floor.add(level_db)
    assert floor.moved_db == pytest.approx(20.0)
    for level_db in [-90.0] * 94:
        floor.add(level_db)
    assert floor.moved_db is None


# ---- another person --------------------------------------------------------------

HUSBAND = {"pitch": -10.0, "balance": 3.0, "loudness": 1.0}
WIFE = {"pitch": 10.0, "balance": -3.0, "loudness": -1.0}


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("other", [HUSBAND, WIFE], ids=["lower", "higher"])
def test_somebody_else_begins_with_no_normal(
    other: dict[str, float], seed: int, frozen: bool
) -> None:
    caller = Caller(seed).calm()
    first = caller.baseline.normal
    caller.frozen = frozen
    said = [caller.say(**other) for _ in range(PERSON_LEAST)]
    assert caller.baseline.normal is not first
    assert caller.baseline.normal.heard_s <= PERSON_LEAST * STRETCH_S
    assert caller.baseline.trust < 1.0
    said += [caller.say(**other) for _ in range(9)]
    assert caller.baseline.trust == 1.0
    assert sum(max(llr, 0.0) for llr in said) < MoodSettings().rise, "nothing rises by it"
    caller.frozen = False
    for _ in range(PERSON_LEAST):
        caller.say()
    assert caller.baseline.trust < 1.0, "the first one again is somebody else again"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("other", [HUSBAND, WIFE], ids=["lower", "higher"])
@pytest.mark.parametrize("softer", [1, 2, 3])
def test_what_was_in_doubt_of_the_one_before_is_not_of_somebody_else(
    softer: int, other: dict[str, float], seed: int
) -> None:
    """Who turns away from the phone, to hand it over, is a softer line until then."""
    caller = Caller(seed)
    for _ in range(12):
        caller.say(None)
    first = caller.baseline.normal
    for _ in range(softer):
        caller.say(None, loudness=-6.0)
    assert caller.baseline.doubt is Doubt.LINE
    for _ in range(PERSON_LEAST):
        caller.say(None, **other)
    assert caller.baseline.normal is not first
    assert caller.baseline.normal.heard_s <= PERSON_LEAST * STRETCH_S
    assert caller.baseline.trust == pytest.approx(PERSON_LEAST * STRETCH_S / TRUSTED_S)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("by_st", [-5.0, 5.0])
def test_who_was_found_to_be_the_same_is_nobody_else_by_one_stretch(
    by_st: float, seed: int
) -> None:
    """Further off than usual, and nearer than another person: decided after so many."""
    caller = Caller(seed).calm()
    first = caller.baseline.normal
    caller.wavers = 0.0
    for _ in range(PERSON_MOST - 1):
        caller.say(pitch=by_st)
        assert caller.baseline.doubt is Doubt.PERSON
    caller.say(pitch=by_st)
    assert caller.baseline.doubt is Doubt.NONE
    caller.say(pitch=3 * by_st)
    assert caller.baseline.normal is first


def test_somebody_else_who_is_upset_is_heard_as_they_become_known() -> None:
    caller = Caller().calm()
    said = [caller.say(pitch=-10.0, balance=2.0) for _ in range(8)]
    assert fmean(said) < 0.0
    said = [caller.say(pitch=-3.0, balance=10.0, loudness=7.0) for _ in range(3)]
    assert fmean(said) > 0.5


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("pitch", "balance", "loudness"),
    [(10.0, 7.6, 8.0), (6.0, 6.8, 0.0), (12.0, 7.8, 0.0), (7.5, 5.3, 10.0), (4.0, 4.0, 6.0)],
    ids=["levelled line", "woman", "man", "loud", "sample"],
)
def test_anger_is_nobody_else(pitch: float, balance: float, loudness: float, seed: int) -> None:
    """As much as actors of EmoDB change from calm to angry."""
    caller = Caller(seed).calm()
    first = caller.baseline.normal
    said = [caller.say(pitch=pitch, balance=balance, loudness=loudness) for _ in range(10)]
    assert caller.baseline.normal is first
    assert caller.baseline.doubt is not Doubt.PERSON
    assert fmean(said) > 0.5


def test_who_drops_the_voice_for_a_sentence_or_two_is_the_same() -> None:
    caller = Caller().calm()
    first = caller.baseline.normal
    for _ in range(5):
        caller.say(pitch=-7.0)
        caller.say(pitch=-7.0)
        caller.say()
    assert caller.baseline.normal is first


def test_what_was_in_doubt_is_learned_when_it_is_over() -> None:
    caller = Caller().calm()
    heard_s = caller.baseline.normal.heard_s
    caller.say(pitch=-7.0)
    assert caller.baseline.normal.heard_s == heard_s
    caller.say()
    assert caller.baseline.normal.heard_s == pytest.approx(heard_s + 2 * STRETCH_S, abs=0.5)


# ---- cold start ------------------------------------------------------------------

COLD_S = 20.0
COLD_MOST = MoodSettings().watch
"""What the voice of a calm caller may add in their first 20 s, in all."""


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    "usual",
    [
        {"loudness": 15.0},
        {"pitch": 6.0},
        {"pitch": -7.0},
        {"punch": 1.2},
        {"balance": 3.0},
        {"pitch": 4.0, "loudness": 10.0, "punch": 0.8, "jumps": 0.1},
    ],
    ids=["loud", "high", "low", "fast", "sharp", "lively"],
)
def test_who_is_so_by_nature_is_not_upset(usual: dict[str, float], seed: int) -> None:
    caller = Caller(seed, **usual)
    said = [caller.say() for _ in range(round(COLD_S / STRETCH_S))]
    assert sum(max(llr, 0.0) for llr in said) < COLD_MOST
    later = [caller.say() for _ in range(10)]
    assert fmean(later) < 0.0


def test_who_is_upset_from_the_first_word_stays_so() -> None:
    caller = Caller(pitch=5.0, balance=8.0, punch=1.0)
    assert fmean(caller.say() for _ in range(5)) > 0.5


UPSET = line((0.5, "."), (12, "#"), (4, "."), (8, "#"), (3, "."), (20, "="), (2, "."), (10, "#"))
UPSET_SAID = [
    words("customer", 0.5, 12.5, "This is ridiculous, I have been waiting for three weeks."),
    words("customer", 16.5, 24.5, "You are not listening to me, I already told you that."),
]


def test_who_is_upset_from_the_start_is_called_so_and_never_rising() -> None:
    events = play(call(), scored("." * 100, UPSET), UPSET_SAID)
    (alert,) = of(events, "alert.raised")
    assert alert.kind == "upset_from_start"
    until_calm = itertools.takewhile(lambda event: event.type != "alert.cleared", events)
    assert not any(mood.rising for mood in of(until_calm, "mood"))


@pytest.mark.parametrize("name", ["building_site", "fast_and_glad", "benefit_letter", "garden_tap"])
def test_rendered_callers_who_are_loud_fast_or_low_by_nature(name: str) -> None:
    """A builder who shouts over machines, and three others who are calm: by the sound alone."""
    found = moods(audio(f"library/tune/{name}"))
    assert max((mood.score for mood in found if mood.t < 30.0), default=0.0) < COLD_MOST / 2
    assert not any(mood.rising for mood in found)


def test_a_rendered_caller_who_yells_first_is_not_rising() -> None:
    found = moods(audio("library/tune/yells_first"))
    assert max(mood.score for mood in found) > 1.5
    assert not any(mood.rising for mood in found)


# ---- sound -----------------------------------------------------------------------


def audio(name: str) -> np.ndarray:
    samples: np.ndarray = soundfile.read(SAMPLES / f"{name}.flac", dtype="float32", always_2d=True)[
        0
    ]
    return samples.T


def heard(pcm: np.ndarray) -> Heard:
    ear = Ear()
    blocks = pcm.shape[1] // BLOCK
    shaped = pcm[:, : blocks * BLOCK].reshape(2, -1, BLOCK)
    return ear.hear(ear.open(2), np.ascontiguousarray(shaped, np.float32))


def moods(pcm: np.ndarray, since_s: float = 0.0) -> list[Mood]:
    """By the sound alone."""
    events = play(call(), heard(pcm), [])
    return [event for event in events if isinstance(event, Mood) and event.t >= since_s]


@pytest.mark.parametrize("gain_db", [6.0, 10.0, 15.0])
@pytest.mark.parametrize("name", ["rendered/calm", "library/tune/garden_tap"])
def test_a_phone_that_gets_louder_raises_no_mood(name: str, gain_db: float) -> None:
    """Without, 10 dB took the one from 0.2 to 1.6, *rising*, and the other from 1.3 to 2.6."""
    pcm = audio(name)
    at = round(0.4 * pcm.shape[1])
    pcm[1, at:] = np.clip(pcm[1, at:] * 10 ** (gain_db / 20), -1.0, 1.0)
    found = moods(pcm, at / 8000)
    assert not any(mood.rising for mood in found)
    assert max((mood.score for mood in found), default=0.0) < 2.0


def normals(pcm: np.ndarray) -> list[float]:
    """Of the customer's channel: what is behind own normal after each 3 s with voice, s."""
    voice, rows, found = CustomerVoice(), heard(pcm), []
    for block in range(rows.blocks):
        speaking = bool(rows.speech[1, block] > 0.5)
        values = (rows.level_db, rows.f0_hz, rows.voicing, rows.balance_db, rows.nuclei)
        t = (block + 1) * BLOCK_S
        voice.step(t, speaking, *(float(each[1, block]) for each in values))
        if block % 94 == 93 and voice.utterance(t - 94 * BLOCK_S, t) is not None:
            found.append(voice.baseline_s)
    return found


@pytest.mark.parametrize(
    ("first", "second"), [("pace", "rising"), ("rising", "pace"), ("rising", "talkover")]
)
def test_a_phone_that_is_handed_over(first: str, second: str) -> None:
    one, other = audio(f"rendered/{first}"), audio(f"rendered/{second}")
    one = one[:, : round((0.3 if first == "rising" else 0.6) * one.shape[1])]
    calm = round((0.3 if second == "rising" else 1.0) * other.shape[1])
    both = np.concatenate([one, other[:, :calm]], axis=1)
    learned = normals(both)
    assert any(after < before for before, after in itertools.pairwise(learned))
    assert normals(one) == sorted(normals(one))
    assert not any(mood.rising for mood in moods(both, one.shape[1] / 8000))


def test_a_call_is_one_person_on_one_line() -> None:
    for name in ("calm", "rising", "talkover", "pace", "hurry"):
        learned = normals(audio(f"rendered/{name}"))
        assert learned == sorted(learned)
        assert learned[-1] > 0.0
