"""Lines in the terminal: what a person reads, and a terminal that stands still."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from rich.console import Console

from monitor import terminal
from monitor.events import Accommodation, CallStarted, NudgeOpened, Report, Words
from monitor.terminal import LiveLines, clock, print_effects, print_report
from tests.dialogue import CALM, HURT, HURT_SAID, of, run
from tests.test_effect import of_study, study


def started(call_id: str = "c1", **more: object) -> CallStarted:
    return CallStarted(
        call_id=call_id, started_at="2026-01-01T00:00:00+00:00", source="wav", **more
    )


def said(text: str, t: float = 12.0) -> Words:
    return Words(call_id="c1", t=t, utterance=1, party="customer", t0=t - 1, t1=t, text=text)


class Stuck(io.StringIO):
    """A terminal that takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def write(self, text: str) -> int:
        assert self.go.wait(20)
        return super().write(text)


def test_what_scrolls_by() -> None:
    out = io.StringIO()
    with LiveLines(Console(file=out, width=200), titles=True) as lines:
        lines.event(started(title="Line [4]"))
        lines.event(said("I already told you [twice]"))
        lines.event(
            NudgeOpened(
                call_id="c1",
                t=75.0,
                id="n1",
                nudge="let_them_vent",
                title="Let them vent",
                text="Stay quiet.",
                why="8 s",
                evidence=[],
                ttl_s=20,
            )
        )
    text = out.getvalue()
    assert "0:12 Line [4]" in text
    assert "customer I already told you [twice]" in text
    assert "1:15 Line [4]" in text
    assert "Let them vent  Stay quiet. — 8 s" in text


def test_a_terminal_that_stands_still_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "WAITING_LINES", 5)
    stuck = Stuck()
    with LiveLines(Console(file=stuck, width=200)) as lines:
        for number in range(50):
            lines.event(said(f"word {number}"))  # returns at once, or this never ends
        stuck.go.set()
    with LiveLines(Console(file=io.StringIO()), titles=True) as lines:
        lines.event(said("another"))
    text = stuck.getvalue()
    assert "word 0" in text
    assert "word 49" not in text


def test_left_out_lines_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "WAITING_LINES", 2)
    out = io.StringIO()
    lines = LiveLines(Console(file=out, width=200))
    for number in range(5):  # nobody prints yet
        lines.event(said(f"word {number}"))
    with lines:
        while lines._lines.qsize() > 0:  # the printer is at work
            continue
        lines.event(said("afterwards"))
    assert "… 3 lines left out" in out.getvalue()
    assert "afterwards" in out.getvalue()


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (61.9, "1:01"), (-3, "0:00")])
def test_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


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
