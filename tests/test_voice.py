"""Tone against own normal and population; the agent's level."""

from __future__ import annotations

import inspect
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import tone
from monitor.audio import BLOCK_S
from monitor.voice import CALM_LLR, CLIP_LLR, MEASURES, AgentLevel, CustomerVoice, Tone


class Talker:
    """A customer who speaks as told, block by block."""

    def __init__(self, gain_db: float = 0.0, seed: int = 1) -> None:
        self.voice = CustomerVoice()
        self.t = 0.0
        self.gain_db = gain_db
        self.rng = np.random.default_rng(seed)

    def say(
        self,
        length_s: float = 2.0,
        *,
        higher: float = 0.0,
        louder_db: float = 0.0,
        sharper_db: float = 0.0,
        wider: float = 1.0,
        rate: float = 6.5,
        pitch_hz: float = 150.0,
        voiced: bool = True,
    ) -> Tone | None:
        """An utterance: semitones higher, dB louder … than this talker's normal."""
        t0, blocks = self.t, round(length_s / BLOCK_S)
        syllables = 0.0
        for block in range(blocks):
            self.t += BLOCK_S
            swing = 3.6 * wider * math.sin(2 * math.pi * block / 20)
            before, syllables = int(syllables), syllables + rate * BLOCK_S
            f0_hz = pitch_hz * 2 ** ((higher + swing) / 12) if voiced and block % 3 else math.nan
            level_db = -26.0 + louder_db + self.gain_db + float(self.rng.normal(0, 5))
            balance_db = -12.0 + sharper_db + float(self.rng.normal(0, 2))
            voicing = min(0.92 + float(self.rng.normal(0, 0.06)), 1.0)
            nuclei = int(syllables) - before
            self.voice.step(self.t, True, level_db, f0_hz, voicing, balance_db, nuclei)
        t1 = self.t
        for _ in range(20):
            self.t += BLOCK_S
            self.voice.step(self.t, False, -70.0, math.nan, 0.1, -10.0, 0.0)
        return self.voice.utterance(t0, t1)

    def calm(self, seconds: float = 24.0) -> None:
        for _ in range(round(seconds / 2)):
            self.say()


def test_a_calm_voice_speaks_a_little_against_frustration() -> None:
    talker = Talker()
    talker.calm()
    said = talker.say()
    assert said is not None
    assert CALM_LLR <= said.llr < 0.1
    assert said.evidence == []


def test_raised_voice_after_a_calm_start() -> None:
    talker = Talker()
    talker.calm()
    said = talker.say(higher=4, louder_db=7, sharper_db=5, wider=1.8, rate=5.2)
    assert said is not None
    assert said.llr == CLIP_LLR
    assert len(said.evidence) == 3
    assert all(e.kind == "voice" for e in said.evidence)
    found = {e.text: e for e in said.evidence}
    assert found["louder than usual"].value == pytest.approx(7, abs=1.5)
    assert found["voice higher than usual"].unit == "semitones"


def test_reasons_are_words_for_people_in_mid_call() -> None:
    for words in tone.shipped().words.values():
        for reason in words:
            assert not set("()+%0123456789") & set(reason)
            assert not {"dB", "semitones", "pitch", "level"} & set(reason.split())


def test_angry_from_the_first_word_shows_without_a_baseline() -> None:
    calm, angry = Talker().say(), Talker().say(sharper_db=8, wider=2.5, rate=5.5, higher=6)
    assert calm is not None
    assert angry is not None
    assert calm.llr < 0.2
    assert angry.llr > calm.llr + 0.8


@pytest.mark.parametrize("pitch_hz", [95.0, 230.0])
def test_low_and_high_voices_are_both_calm(pitch_hz: float) -> None:
    talker = Talker()
    tones = [talker.say(pitch_hz=pitch_hz) for _ in range(8)]
    assert all(tone is not None and tone.llr < 0.3 for tone in tones)


def test_too_short_or_unvoiced_is_no_tone() -> None:
    talker = Talker()
    assert talker.say(0.7) is None
    assert talker.say(0.9) is not None
    assert talker.say(2.0, voiced=False) is None


def test_part_of_an_utterance_can_be_asked_for() -> None:
    talker = Talker()
    talker.say(6.0)
    whole = talker.t
    assert talker.voice.utterance(0.0, 3.0) is not None
    assert talker.voice.utterance(whole + 1, whole + 3) is None


def test_the_baseline_is_learned_and_frozen() -> None:
    talker = Talker()
    talker.calm(10)
    talker.voice.freeze(True)
    before = talker.voice.baseline_s
    tones = [talker.say(louder_db=8, higher=4, sharper_db=4) for _ in range(10)]
    assert talker.voice.baseline_s == before
    assert all(tone is not None and tone.llr > 0.4 for tone in tones)


def test_not_frozen_what_lasts_becomes_normal() -> None:
    talker = Talker()
    talker.calm(10)
    tones = [talker.say(louder_db=8, higher=3, sharper_db=4) for _ in range(120)]
    assert tones[0] is not None
    assert tones[-1] is not None
    assert tones[0].llr > 0.3
    assert tones[-1].llr < 0
    assert tones[-1].log_odds < tones[0].log_odds - 1


@settings(max_examples=10, deadline=None)
@given(gain_db=st.floats(-12, 12), seed=st.integers(0, 100))
def test_a_gain_changes_nothing(gain_db: float, seed: int) -> None:
    one, two = Talker(0.0, seed), Talker(gain_db, seed)
    for _ in range(6):
        a, b = one.say(louder_db=2), two.say(louder_db=2)
        assert a is not None
        assert b is not None
        assert a.log_odds == pytest.approx(b.log_odds, abs=1e-9)
        assert [e.text for e in a.evidence] == [e.text for e in b.evidence]


@settings(max_examples=20, deadline=None)
@given(
    higher=st.floats(-30, 30), louder_db=st.floats(-40, 40), rate=st.floats(0, 12),
    wider=st.floats(0, 6),
)  # fmt: skip
def test_never_beyond_its_limit(higher: float, louder_db: float, rate: float, wider: float) -> None:
    talker = Talker()
    talker.calm(4)
    said = talker.say(higher=higher, louder_db=louder_db, rate=rate, wider=wider)
    assert said is not None
    assert CALM_LLR <= said.llr <= CLIP_LLR


def test_no_row_of_two_parties_can_enter() -> None:
    parameters = list(inspect.signature(CustomerVoice.step).parameters)
    assert parameters == [
        "self", "t", "speaking", "level_db", "f0_hz", "voicing", "balance_db", "nuclei"
    ]  # fmt: skip
    assert list(inspect.signature(AgentLevel.step).parameters) == [
        "self",
        "t",
        "speaking",
        "level_db",
    ]


def agent_level(spans: list[tuple[float, float]], gain_db: float = 0.0) -> AgentLevel:
    meter, t = AgentLevel(), 0.0
    for length_s, level_db in spans:
        for _ in range(round(length_s / BLOCK_S)):
            t += BLOCK_S
            meter.step(t, level_db > -60, level_db + gain_db)
    return meter


def test_the_agents_level_needs_ten_seconds() -> None:
    assert agent_level([(9.9, -26.0)]).above_baseline_db is None
    assert agent_level([(10.1, -26.0)]).above_baseline_db == 0.0


@pytest.mark.parametrize("gain_db", [-6.0, 0.0, 6.0])
def test_the_agent_gets_louder(gain_db: float) -> None:
    meter = agent_level([(20.0, -26.0), (5.0, -70.0), (2.0, -19.0)], gain_db)
    assert meter.above_baseline_db == pytest.approx(7.0)


def test_the_agent_comes_back() -> None:
    meter = agent_level([(20.0, -26.0), (4.0, -19.0), (4.0, -26.0)])
    assert meter.above_baseline_db == pytest.approx(0.0)


def test_what_was_heard_before_a_gap_is_no_part_of_what_comes_after() -> None:
    talker, fresh = Talker(), Talker(seed=2)
    talker.say(higher=12.0, louder_db=20.0)
    talker.voice.missing()
    before = talker.t
    assert talker.voice.utterance(0.0, before) is None
    fresh.t = talker.t
    assert fresh.say() is not None


def test_stops_and_pauses_inside_speech_are_not_its_loudness() -> None:
    tones = []
    for dips in (False, True):
        talker = Talker()
        talker.calm()
        start = talker.t
        for block in range(62):
            talker.t += BLOCK_S
            low = block % 4 == 3
            if low and not dips:
                continue
            level_db, f0_hz = (-65.0, math.nan) if low else (-26.0, 150.0)
            talker.voice.step(talker.t, True, level_db, f0_hz, 0.9, -10.0, 0.0)
        tones.append(talker.voice.utterance(start, talker.t))
    assert tones[0] == tones[1]


def test_the_measures_are_those_of_the_model() -> None:
    assert tuple(measure.name for measure in tone.shipped().measures) == MEASURES
    model = replace(tone.shipped(), measures=tone.shipped().measures[1:])
    with pytest.raises(tone.ToneError, match="pitch, jumps, loudness"):
        CustomerVoice(model)


def test_a_reason_is_true_of_the_caller() -> None:
    """A high voice that is a little lower than its own usual is not "higher than usual"."""
    talker = Talker()
    for _ in range(12):
        talker.say(pitch_hz=260)
    said = talker.say(pitch_hz=255, louder_db=8, sharper_db=6)
    assert said is not None
    texts = [e.text for e in said.evidence]
    assert "louder than usual" in texts
    assert not any("higher" in text or "lower" in text for text in texts)


def test_who_arrives_angry_stays_evidence_for_the_first_ten_seconds() -> None:
    """Then the mood is on watch, and what is heard is no longer learned as normal."""
    talker = Talker()
    tones = [talker.say(higher=8, sharper_db=10) for _ in range(5)]
    assert all(said is not None and said.llr > 0.2 for said in tones)
    calm = Talker()
    calm.calm(10)
    assert talker.voice.baseline_s < calm.voice.baseline_s / 1.4
