"""Each agent's hard calls of the last hour: for the agent, who may want a break."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

HOUR_S = 3600.0
MOST = 100
"""Hot calls kept of one agent: no hour has more."""


class Shifts:
    """Counts calls in which the customer's alert was raised. Says nothing of the agent, is kept
    in memory only, and forgets after an hour."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock``: seconds that never go back."""
        self._clock = clock
        self._hot: dict[str, deque[float]] = {}

    def note(self, agent_id: str) -> None:
        """A hot call of this agent has ended. An unknown agent (no id) has no shift."""
        if agent_id:
            self._forget()
            self._hot.setdefault(agent_id, deque(maxlen=MOST)).append(self._clock())

    def hot_calls(self, agent_id: str) -> int:
        """Of this agent, in the last hour."""
        self._forget()
        return len(self._hot.get(agent_id, ()))

    def _forget(self) -> None:
        before = self._clock() - HOUR_S
        for agent_id, ended in list(self._hot.items()):
            while ended and ended[0] < before:
                ended.popleft()
            if not ended:
                del self._hot[agent_id]
