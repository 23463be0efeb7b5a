"""Whether speech-to-text works as it should, and who is told."""

from __future__ import annotations

from monitor.condition import FAILURES_TO_DEGRADE, Condition, Status


def test_each_change_is_told_once_until_nobody_wants_to_know() -> None:
    condition = Condition()
    heard: list[Status] = []
    forget = condition.on_change(heard.append)
    condition.recover()
    condition.degrade("behind")
    condition.degrade("behind")
    condition.degrade("hangs")
    condition.recover()
    assert heard == [Status(True, "behind"), Status(True, "hangs"), Status()]
    forget()
    condition.degrade("behind")
    assert len(heard) == 3
    assert condition.status == Status(True, "behind")


def test_failures_in_a_row_degrade_but_not_those_that_nobody_waits_for() -> None:
    condition = Condition()
    for _ in range(FAILURES_TO_DEGRADE - 1):
        condition.failed("bad clip", missed=True)
        condition.failed("bad clip", missed=False)
    assert condition.status == Status()
    condition.decoded()
    for _ in range(FAILURES_TO_DEGRADE):
        assert condition.status == Status()
        condition.failed("bad clip", missed=True)
    assert condition.status == Status(True, "speech-to-text fails: bad clip")


def test_who_listens_may_leave_while_being_told() -> None:
    condition = Condition()
    told: list[str] = []

    def once(status: Status) -> None:
        told.append(status.reason)
        forget()

    forget = condition.on_change(once)
    condition.on_change(lambda status: told.append("other"))
    condition.degrade("behind")
    condition.recover()
    assert told == ["behind", "other", "other"]
