"""Whether speech-to-text works as it should, and if not, why: told to every live call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

FAILURES_TO_DEGRADE = 3
"""In a row. One or two are clips that nobody could have read."""


@dataclass(frozen=True, slots=True)
class Status:
    degraded: bool = False
    reason: str = ""


class Condition:
    """The status, who wants to know of it, and how often decoding has failed in a row."""

    def __init__(self) -> None:
        self._status = Status()
        self._failures = 0
        self._listeners: list[Callable[[Status], None]] = []

    @property
    def status(self) -> Status:
        return self._status

    def on_change(self, callback: Callable[[Status], None]) -> Callable[[], None]:
        """Call back whenever the status changes; returns what undoes this."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def degrade(self, reason: str) -> None:
        self._set(Status(True, reason))

    def recover(self) -> None:
        self._set(Status())

    def decoded(self) -> None:
        """Something was: failures before it no longer count."""
        self._failures = 0

    def failed(self, reason: str, *, missed: bool) -> None:
        """An utterance was not decoded; ``missed``: somebody waits for its words."""
        self._failures += missed
        if self._failures >= FAILURES_TO_DEGRADE:
            self.degrade(f"speech-to-text fails: {reason}")

    def _set(self, status: Status) -> None:
        if status == self._status:
            return
        self._status = status
        for callback in list(self._listeners):
            callback(status)
