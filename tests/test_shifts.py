"""The hard calls of an agent's last hour."""

from __future__ import annotations

from monitor.shifts import HOUR_S, Shifts


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_hot_calls_count_for_an_hour_and_for_one_agent() -> None:
    clock = Clock()
    shifts = Shifts(clock)
    shifts.note("ada")
    clock.now = 1800.0
    shifts.note("ada")
    shifts.note("ben")
    assert (shifts.hot_calls("ada"), shifts.hot_calls("ben")) == (2, 1)
    clock.now = HOUR_S + 1
    assert (shifts.hot_calls("ada"), shifts.hot_calls("ben")) == (1, 1)
    clock.now = 1800 + HOUR_S + 1
    assert shifts.hot_calls("ada") == 0


def test_an_agent_whom_nobody_named_has_no_shift() -> None:
    shifts = Shifts(Clock())
    shifts.note("")
    assert shifts.hot_calls("") == 0
