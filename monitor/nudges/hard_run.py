"""The third hard call within an hour: a break, offered when the call is over."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Evidence
from monitor.view import View

TITLE = "Take a break"
TEXT = "Two minutes before the next one: water, air."
KIND = "break"
PRIORITY = 5
TTL_S = 30.0
CALM = True
PRIVATE = True
WHEN = "after"
THRESHOLDS = {
    "calls": 3.0,  # with an alert, within an hour, this one counted
}


def need(view: View, th: Mapping[str, float]) -> Evidence | None:
    calls = view.hot_calls + 1
    if not view.hung_up or not view.alerts or calls < th["calls"]:
        return None
    return Evidence(
        kind="interaction",
        t=view.t,
        text=f"{calls} hard calls within an hour",
        value=float(calls),
        unit="count",
    )


def done(view: View, since: float, th: Mapping[str, float]) -> Evidence | None:
    """Whether a break is taken is the agent's own business."""
    del view, since, th
    return None
