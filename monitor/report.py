"""The figures of a whole call."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.events import MoodReport, NudgeReport, Party, PartyReport, Report, Technique
from monitor.pace import PaceMeter
from monitor.turns import TurnFigures

RATE_MIN_S = 10.0
"""Of the customer's speech, for talk-overs per 10 minutes; less counts as so much, or one in a
call that was dropped after 3 s would be 200."""


def report(
    t: float,
    figures: TurnFigures,
    pace: PaceMeter,
    mood: MoodReport,
    nudges: Sequence[NudgeReport] = (),
    scorecard: Sequence[Technique] = (),
    limits: Sequence[str] = (),
) -> Report:
    """Everything at audio time ``t``, the end of the call, s."""
    customer_s = figures.talk_s["customer"]
    talk_overs = figures.overlaps.get("talk_over", 0)
    per_10_min = talk_overs * 600.0 / max(customer_s, RATE_MIN_S)
    return Report(
        t=t,
        duration_s=round(t, 3),
        agent=_party("agent", figures, pace),
        customer=_party("customer", figures, pace),
        median_fto_s=_rounded(figures.median_fto_s),
        dead_air_s=round(figures.dead_air_s, 2),
        dead_air_count=figures.dead_air_count,
        overtalk_s=round(figures.overtalk_s, 2),
        overlaps=dict(figures.overlaps),
        talk_overs_per_10_min=round(per_10_min, 2),
        accommodation=pace.accommodation(),
        mood=mood,
        nudges=list(nudges),
        scorecard=list(scorecard),
        limits=list(limits),
    )


def _party(party: Party, figures: TurnFigures, pace: PaceMeter) -> PartyReport:
    talk_s = figures.talk_s[party]
    both_s = sum(figures.talk_s.values())
    return PartyReport(
        talk_s=round(talk_s, 2),
        talk_share=round(talk_s / both_s, 3) if both_s > 0 else 0.0,
        longest_monologue_s=round(figures.longest_monologue_s[party], 2),
        turns=figures.turns[party],
        wpm=_rounded(pace.wpm(party), 1),
        syl_per_s=_rounded(pace.syl_per_s(party), 2),
        response_latency_s=_rounded(figures.median_fto_of(party)),
    )


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)
