"""Lines in the terminal: what a person reads, and a terminal that stands still."""

from __future__ import annotations

import io
import threading

import pytest
from rich.console import Console

from monitor import terminal
from monitor.events import CallStarted, NudgeClosed, NudgeOpened, Words
from monitor.terminal import LiveLines, clock


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


@pytest.mark.parametrize("private", [True, False])
def test_what_is_for_the_agent_only_says_so(private: bool) -> None:
    out = io.StringIO()
    with LiveLines(Console(file=out, width=200)) as lines:
        lines.event(
            NudgeOpened(
                t=75.0,
                id="n1",
                nudge="its_not_you",
                title="It's not you",
                text="Breathe.",
                why="2 insults",
                evidence=[],
                ttl_s=20,
                private=private,
            )
        )
        lines.event(
            NudgeClosed(
                t=80.0, id="n1", nudge="its_not_you", outcome="done", open_s=5, private=private
            )
        )
    opened, closed = out.getvalue().splitlines()
    mark = " (only the agent sees this)" if private else ""
    assert opened.endswith(f"Breathe. — 2 insults{mark}")
    assert closed.endswith(f"its not you: done{mark}")


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
