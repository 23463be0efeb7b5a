"""The third hard call within an hour: a break, offered when the call is over."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "Take a break"
TEXT = "Two minutes before the next one: water, air."
REASONS = {
    "calls": "{count:.0f} hard calls within an hour",
}
KIND = "break"
PRIORITY = 5
TTL_S = 30.0
CALM = True
PRIVATE = True
WHEN = "after"
THRESHOLDS = {
    "calls": 3.0,  # with an alert, within an hour, this one counted
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    calls = view.hot_calls + 1
    if not view.hung_up or not view.alerts or calls < th["calls"]:
        return None
    return reason("calls", "interaction", view.t, float(calls), "count")


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    """Whether a break is taken is the agent's own business."""
    del view, since, th
    return None
