"""What a person reads when a call is over, or a study of many."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from monitor.events import Accommodation, Report
from monitor.tables import print_effects, print_report
from monitor.terminal import clock
from tests.dialogue import CALM, HURT, HURT_SAID, of, run
from tests.test_effect import of_study, study


def following(accommodation: Accommodation | None) -> str:
    """The line of the report that says whether the agent followed the customer's pace."""
    report = of(run(*CALM), "report")[0]
    assert isinstance(report, Report)
    out = io.StringIO()
    told = report.model_copy(update={"accommodation": accommodation})
    print_report(Console(file=out, width=200), told)
    (line,) = (x for x in out.getvalue().splitlines() if "agent with customer's pace" in x)
    return line.split("pace", 1)[1].strip()


def test_the_report_says_whether_the_agent_followed() -> None:
    found = Accommodation(
        r=0.5, low=0.1, high=0.76, exchanges=21, verdict="followed",
        early_ratio=1.31, late_ratio=1.12, closer=False,
    )  # fmt: skip
    assert following(found) == "followed it (r +0.50, +0.10 to +0.76; 21 exchanges)"
    closer = found.model_copy(update={"verdict": "unclear", "closer": True})
    assert following(closer).startswith("cannot tell (r +0.50")
    assert following(closer).endswith("came closer: 1.31, then 1.12 times as fast")
    assert following(None) == "cannot tell: too few exchanges"


def printed(report: Report) -> str:
    out = io.StringIO()
    print_report(Console(file=out, width=200), report)
    return out.getvalue()


def test_the_report_has_a_scorecard_with_times_to_listen_from() -> None:
    report = of(run(*HURT, HURT_SAID), "report")[0]
    vent = next(line for line in report.scorecard if line.nudge == "let_them_vent")
    (line,) = (x for x in printed(report).splitlines() if x.startswith("Let them vent (few"))
    counts = (vent.needed, vent.unprompted, vent.prompted, vent.missed)
    assert line.split(")")[1].split()[:4] == [str(count) for count in counts]
    assert f"{clock(vent.cases[0].t)} ✓" in line
    calm = of(run(*CALM), "report")[0].model_copy(update={"scorecard": []})
    assert "called for" not in printed(calm)


def test_the_effect_of_each_nudge_or_why_it_cannot_be_said() -> None:
    def said(**of: Any) -> str:
        out = io.StringIO()
        print_effects(Console(file=out, width=200), of_study(study(1, **of)))
        return out.getvalue()

    lines = said(effect=-1.5).splitlines()
    assert any(line.startswith("all ") and "calmer when shown" in line for line in lines)
    vent = next(line for line in lines if line.startswith("let them vent "))
    assert "100% / 0%" in vent, "how often it was done, shown and held out"
    assert "too few to say: 20 of each are needed" in said(effect=-1.5, calls=10)
    assert "hold_out = 0.2 under [nudges]" in said(effect=-1.5, held=0.0)
