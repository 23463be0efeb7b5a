"""Pace, told by text scores: a digit is so many syllables per second."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.audio import BLOCK_S
from monitor.config import PaceSettings
from monitor.events import Pace, Transcript
from monitor.pace import PaceMeter
from monitor.rate import rate_of
from tests.scores import heard, louder, swapped
from tests.test_turns import rows_of


class Played:
    def __init__(self, agent: str = "", customer: str = "") -> None:
        self.meter = PaceMeter(PaceSettings())
        self.t = 0.0
        self.play(agent, customer)

    def play(self, agent: str, customer: str = "") -> None:
        for row in rows_of(heard(agent, customer)):
            self.t += BLOCK_S
            self.meter.step(self.t, row)

    @property
    def rates(self) -> dict[str, float | None]:
        return self.meter.rates()


def close(value: float) -> object:
    return pytest.approx(value, rel=0.08)


def paced(nuclei_per_s: float) -> object:
    """Syllables per second where a score says so many nuclei, to a syllable or two."""
    return pytest.approx(rate_of(nuclei_per_s, 1.0), rel=0.08)


def ratio(agent: float, customer: float) -> float:
    return rate_of(agent, 1.0) / rate_of(customer, 1.0)


def test_rates_fit_the_pace_event() -> None:
    Pace(**Played().rates)
    assert set(Played().rates) == {
        "agent_syl_per_s",
        "customer_syl_per_s",
        "agent_wpm",
        "customer_wpm",
    }


def test_none_until_enough_was_heard() -> None:
    assert Played("5" * 9).rates["agent_syl_per_s"] is None, "below 1 s"
    assert Played("2" * 20).rates["agent_syl_per_s"] is None, "below 5 syllables"
    assert Played("5" * 13).rates["agent_syl_per_s"] is not None


def test_each_party_has_its_own_rate() -> None:
    rates = Played("6" * 50 + "." * 50, "." * 50 + "3" * 50).rates
    assert rates["agent_syl_per_s"] == paced(6.0)
    assert rates["customer_syl_per_s"] == paced(3.0)


def test_pauses_inside_utterances_count_and_those_between_do_not() -> None:
    inside = Played(("5" * 10 + "...") * 8).rates["agent_syl_per_s"]
    between = Played(("5" * 10 + "." * 10) * 8).rates["agent_syl_per_s"]
    assert inside == paced(5 * 10 / 13)
    assert between == paced(5.0)


def test_only_the_newest_speaking_time_counts() -> None:
    played = Played("3" * 200 + "." * 20 + "6" * 160)
    assert played.rates["agent_syl_per_s"] == paced(6.0)
    assert played.meter.syl_per_s("agent") == paced((3 * 20 + 6 * 16) / 36)
    assert played.meter.syl_per_s("customer") is None


def test_a_syllable_confirmed_just_after_speech_counts() -> None:
    rows = heard("5" * 20 + "....")
    late = rows_of(rows)
    meter = PaceMeter(PaceSettings())
    for i, row in enumerate(late):
        nuclei = (1.0, 0.0) if i == 63 else row.nuclei
        meter.step((i + 1) * BLOCK_S, row._replace(nuclei=nuclei))
    on_time = Played("5" * 20 + "....").meter.syl_per_s("agent")
    with_late = meter.syl_per_s("agent")
    assert on_time is not None
    assert with_late is not None
    assert on_time == pytest.approx(rate_of(9, 62 * BLOCK_S))
    assert with_late == pytest.approx(rate_of(9 + 1, 62 * BLOCK_S))


def transcript(words: int, t0: float, t1: float, party: str = "agent") -> Transcript:
    return Transcript(utterance=1, party=party, t0=t0, t1=t1, text=" ".join(["word"] * words))


def test_words_per_minute() -> None:
    meter = PaceMeter(PaceSettings())
    meter.transcript(transcript(5, 0, 2))
    assert meter.rates()["agent_wpm"] is None, "below 3 s"
    meter.transcript(transcript(7, 3, 6))
    assert meter.rates()["agent_wpm"] == pytest.approx(12 / 5 * 60)
    assert meter.rates()["customer_wpm"] is None
    meter.transcript(transcript(0, 6, 9))
    meter.transcript(transcript(9, 10, 14).model_copy(update={"final": False}))
    assert meter.wpm("agent") == pytest.approx(12 / 5 * 60)


def test_words_per_minute_forget_the_far_past() -> None:
    meter = PaceMeter(PaceSettings())
    for i in range(10):
        meter.transcript(transcript(10, i * 10, i * 10 + 6))
    for i in range(10, 20):
        meter.transcript(transcript(20, i * 10, i * 10 + 6))
    assert meter.rates()["agent_wpm"] == pytest.approx(200.0)
    assert meter.wpm("agent") == pytest.approx(150.0)


def exchange(agent: int, customer: int, turns: int) -> tuple[str, str]:
    a, c = str(agent) * 40, str(customer) * 40
    return ("." * 44 + a) * turns, ("." * 2 + c + "." * 42) * turns


def test_an_agent_faster_than_a_slow_customer() -> None:
    early = Played(*exchange(6, 4, 4))
    assert early.meter.mismatch(early.t) is None, "the customer said 10 s, then the agent 8"
    played = Played(*exchange(6, 4, 6))
    found = played.meter.mismatch(played.t)
    assert found is not None
    assert found.ratio == close(ratio(6.0, 4.0))
    assert (found.agent_syl_per_s, found.customer_syl_per_s) == (paced(6.0), paced(4.0))
    assert played.t - found.since >= 10.0


def test_only_what_the_agent_says_counts_towards_the_while() -> None:
    played = Played(*exchange(6, 4, 3))
    played.play("", "4" * 600)
    assert played.meter.mismatch(played.t) is None
    for _ in range(30):
        played.play("6" * 5 + "." * 10, "4" * 15)
    assert played.meter.mismatch(played.t) is None, "murmurs while the customer talks"
    played.play("6" * 80)
    assert played.meter.mismatch(played.t) is not None


@pytest.mark.parametrize(("agent", "customer"), [(4, 4), (4, 6), (6, 6)])
def test_no_mismatch(agent: int, customer: int) -> None:
    played = Played(*exchange(agent, customer, 8))
    assert played.meter.mismatch(played.t) is None


def test_back_in_band_ends_the_mismatch() -> None:
    played = Played(*exchange(6, 4, 6))
    assert played.meter.mismatch(played.t) is not None
    played.play(*exchange(4, 4, 5))
    assert played.meter.mismatch(played.t) is None


def test_what_the_agent_said_since_ends_it_before_the_window_is_new() -> None:
    played = Played(*exchange(6, 4, 6))
    played.play("4" * 100)
    whole = played.rates["agent_syl_per_s"]
    assert whole is not None
    assert whole > 1.1 * rate_of(4.0, 1.0)
    assert played.meter.mismatch(played.t) is None


def test_a_ratio_near_the_line_does_not_come_and_go() -> None:
    mixed = ("4" * 20 + "5" * 20, "4" * 10 + "5" * 30)  # 1.13 and 1.19 times 4
    opened, never = Played(*exchange(5, 4, 7)), Played(*exchange(4, 4, 7))
    for turn in range(12):
        for played, expected in ((opened, True), (never, False)):
            played.play(mixed[turn % 2])
            assert (played.meter.mismatch(played.t) is not None) is expected


def test_backchannels_have_no_pace() -> None:
    murmurs = Played("." * 10, "." * 10)
    for _ in range(60):
        murmurs.play("9" * 3 + "." * 12, "." * 8 + "2" * 4 + "." * 3)
    assert murmurs.rates["agent_syl_per_s"] is None
    assert murmurs.rates["customer_syl_per_s"] is None
    assert murmurs.meter.mismatch(murmurs.t) is None
    for _ in range(60):
        murmurs.play("9" * 3 + "." * 12, "")
    assert murmurs.meter.agent_above_baseline(murmurs.t) is None
    assert murmurs.meter.syl_per_s("agent") == pytest.approx(9.0, rel=0.3)


def test_an_agent_who_eases_against_own_usual_is_left_alone() -> None:
    """One who was in step, then is not, and slows down."""
    eases, goes_on = Played(), Played()
    for played in (eases, goes_on):
        played.play("9" * 400, "")
        played.play("", "4" * 200)
    eases.play("6" * 150)
    goes_on.play("9" * 150)
    above = eases.meter.agent_above_baseline(eases.t)
    assert above is not None
    assert above < 0.85
    assert eases.meter.mismatch(eases.t) is None
    assert goes_on.meter.mismatch(goes_on.t) is not None


def ratio_of(played: Played) -> float:
    found = played.meter.mismatch(played.t)
    assert found is not None
    return found.ratio


def tell(played: Played, party: str, rate: float, seconds: float = 12.0) -> None:
    text = " ".join(["so"] * round(rate * seconds))
    t1 = played.t
    played.meter.transcript(Transcript(utterance=1, party=party, t0=t1 - seconds, t1=t1, text=text))


def test_words_and_nuclei_are_averaged() -> None:
    played = Played(*exchange(6, 4, 6))
    tell(played, "agent", 8.0)
    assert ratio_of(played) == close(ratio(6.0, 4.0)), "the customer's words are missing"
    tell(played, "customer", 3.0)
    assert ratio_of(played) == close((ratio(6.0, 4.0) * 8 / 3) ** 0.5)


def test_words_that_no_longer_come_are_forgotten() -> None:
    played = Played(*exchange(6, 4, 6))
    tell(played, "agent", 8.0)
    tell(played, "customer", 3.0)
    played.play("6" * 160)
    assert ratio_of(played) == close(ratio(6.0, 4.0))


def test_the_agent_against_own_usual() -> None:
    played = Played("4" * 190)
    assert played.meter.agent_above_baseline(played.t) is None
    played.play("4" * 20)
    assert played.meter.agent_above_baseline(played.t) == close(1.0)
    played.play("6" * 80)
    assert played.meter.agent_above_baseline(played.t) == close(ratio(6.0, 4.0))


@settings(max_examples=15, deadline=None)
@given(agent=st.integers(2, 8), customer=st.integers(2, 8), gain_db=st.floats(-6, 6))
def test_swap_and_gain(agent: int, customer: int, gain_db: float) -> None:
    rows = heard(*exchange(agent, customer, 2))
    answers = []
    for version in (rows, swapped(rows), louder(rows, gain_db)):
        meter = PaceMeter(PaceSettings())
        for i, row in enumerate(rows_of(version)):
            meter.step((i + 1) * BLOCK_S, row)
        answers.append(meter.rates())
    plain, turned, loud = answers
    assert plain == loud
    assert plain["agent_syl_per_s"] == turned["customer_syl_per_s"]
    assert plain["customer_syl_per_s"] == turned["agent_syl_per_s"]


def talk(customers: list[int], agents: list[int]) -> tuple[str, str]:
    """Turns of 4 s by both in turn, at these rates, with a murmur of the agent in between."""
    agent = customer = ""
    for c, a in zip(customers, agents, strict=True):
        customer += str(c) * 40 + "." * 55
        agent += "." * 18 + "4" * 4 + "." * 24 + str(a) * 40 + "." * 9
    return agent, customer


def test_an_agent_who_follows_the_customers_pace() -> None:
    customers = [4, 6, 3, 5, 7, 4, 6, 3, 5, 7]
    follows = Played(*talk(customers, customers)).meter.accommodation()
    opposes = Played(*talk(customers, [10 - c for c in customers])).meter.accommodation()
    assert follows is not None
    assert opposes is not None
    assert (follows.verdict, follows.exchanges) == ("followed", 10)
    assert follows.r > 0.95
    assert (opposes.verdict, opposes.exchanges) == ("moved_away", 10)
    assert opposes.r < -0.95


def test_a_short_call_says_nothing_of_following() -> None:
    few = [4, 6, 3, 5, 7, 4, 6]
    assert Played(*talk(few, few)).meter.accommodation() is None
