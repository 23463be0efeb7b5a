"""The figures of a whole call."""

from __future__ import annotations

import pytest

from monitor.config import PaceSettings
from monitor.events import MoodReport, Report
from monitor.pace import PaceMeter
from monitor.rate import rate_of
from monitor.report import RATE_MIN_S, report
from monitor.turns import TurnFigures
from tests.dialogue import CALM, CALM_SAID, HURT, HURT_SAID, TALK_OVER, line, of, run

NO_MOOD = MoodReport(peak=0, peak_t=0, mean=0, end=0, alerts=0, watch_s=0, alert_s=0)


def of_call(*args: object) -> Report:
    found = of(run(*args), "report")[0]  # type: ignore[arg-type]
    assert isinstance(found, Report)
    return found


def test_a_calm_call() -> None:
    figures = of_call(*CALM, CALM_SAID)
    assert figures.agent.talk_s == pytest.approx(19.5, abs=0.5)
    assert figures.customer.talk_s == pytest.approx(26.5, abs=0.5)
    assert figures.agent.talk_share + figures.customer.talk_share == pytest.approx(1, abs=0.002)
    assert figures.customer.longest_monologue_s == pytest.approx(12.5, abs=0.3)
    assert figures.customer.syl_per_s == pytest.approx(rate_of(4, 1), abs=0.2)
    assert figures.overlaps.get("backchannel") == 2
    assert figures.overtalk_s == pytest.approx(1, abs=0.3)
    assert figures.talk_overs_per_10_min == 0
    assert figures.dead_air_count == 0
    assert figures.mood.alerts == 0
    assert figures.nudges == []


def test_words_per_minute_from_the_words() -> None:
    figures = of_call(*CALM, CALM_SAID)
    said = [tr for _, tr in CALM_SAID if tr.party == "customer"]
    wpm = 60 * sum(len(tr.text.split()) for tr in said) / sum(tr.t1 - tr.t0 for tr in said)
    assert figures.customer.wpm == pytest.approx(wpm, abs=0.2)
    assert of_call(*CALM).customer.wpm is None


def test_talk_overs_are_counted_per_10_minutes_of_customer_speech() -> None:
    figures = of_call(*TALK_OVER)
    assert figures.overlaps["talk_over"] == 2
    per_10_min = 2 * 600 / figures.customer.talk_s
    assert figures.talk_overs_per_10_min == pytest.approx(per_10_min, abs=0.5)


def test_one_talk_over_in_a_dropped_call_is_no_rate_of_hundreds() -> None:
    figures = of_call(line((1.5, "."), (2, "#")), line((2.2, "="), (0.3, "."), (1, "=")))
    assert figures.overlaps["talk_over"] == 1
    assert figures.customer.talk_s < 4
    assert figures.talk_overs_per_10_min == 600 / RATE_MIN_S


@pytest.mark.parametrize("score", [("", ""), ("=", ""), (line((30, ".")), ""), ("", "=" * 300)])
def test_a_call_with_next_to_nothing_in_it_has_a_report(score: tuple[str, str]) -> None:
    figures = of_call(*score)
    shares = figures.agent.talk_share + figures.customer.talk_share
    assert shares == (1.0 if "=" in "".join(score) else 0.0)
    assert figures.median_fto_s is figures.agent.response_latency_s is None
    assert (figures.talk_overs_per_10_min, figures.overtalk_s, figures.nudges) == (0, 0, [])


def test_nudges_and_mood_of_a_heated_call() -> None:
    figures = of_call(*HURT, HURT_SAID)
    assert figures.mood.alerts == 1
    assert figures.mood.peak > 3.4
    assert figures.mood.alert_s > 10
    (nudge,) = figures.nudges
    assert (nudge.nudge, nudge.outcome) == ("acknowledge_first", "done")
    assert nudge.closed_t is not None
    assert nudge.closed_t > nudge.t


def test_from_bare_figures() -> None:
    figures = TurnFigures(
        talk_s={"agent": 30.0, "customer": 60.0},
        longest_monologue_s={"agent": 8.0, "customer": 21.0},
        turns={"agent": 4, "customer": 5},
        ftos={"agent": [0.2, 0.4, 0.9], "customer": [-0.1]},
        overlaps={"talk_over": 3, "backchannel": 1},
        dead_air_s=7.5,
        dead_air_count=1,
        overtalk_s=4.0,
    )
    made = report(120.0, figures, PaceMeter(PaceSettings()), NO_MOOD, limits=["x"])
    assert made.talk_overs_per_10_min == 30.0
    assert made.agent.response_latency_s == 0.4
    assert made.median_fto_s == 0.3
    assert (made.agent.talk_share, made.customer.talk_share) == (0.333, 0.667)
    assert (made.dead_air_s, made.dead_air_count, made.overtalk_s) == (7.5, 1, 4.0)
    assert made.limits == ["x"]
    assert made.agent.wpm is None
    assert made.accommodation is None


def test_whether_the_agent_followed_the_customers_pace() -> None:
    rates = [4, 6, 3, 5, 7] * 2
    customer = "".join(str(rate) * 40 + "." * 50 for rate in rates)
    agent = "".join("." * 45 + str(rate) * 40 + "." * 5 for rate in rates)
    made = of_call(agent, customer).accommodation
    assert made is not None
    assert (made.verdict, made.exchanges) == ("followed", 10)
    assert (made.early_ratio, made.late_ratio) == pytest.approx((1, 1), abs=0.05)
    assert of_call(*CALM).accommodation is None
