"""What the agent did worked: frustration was up, and they thank for it or make up. Said rarely."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import NEVER
from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "They settled"
TEXT = "What you said helped. Well done."
REASONS = {
    "acknowledgement": "You named what went wrong, and {seconds:.0f} s later they come round",
    "reassurance": "You reassured them, and {seconds:.0f} s later they come round",
    "commitment": "You took it on yourself, and {seconds:.0f} s later they come round",
}
KIND = "praise"
PRIORITY = 10
TTL_S = 12.0
CALM = True
PRAISE = True
PRIVATE = False
THRESHOLDS = {
    "peak": 2.5,  # it was clearly above the watch line …
    "fell_by": 1.5,  # … and lost more than the half minute that it takes by itself
    "now_below": 3.0,
    "within_s": 60.0,  # of what the agent did
    "fresh_s": 15.0,  # since their thanks
}
RELIEF = ("thanks_relief", "makes_up")


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    relief_t = max(view.last.get(family, NEVER) for family in RELIEF)
    if view.t - relief_t > th["fresh_s"] or view.mood_peak is None:
        return None
    peak_t, peak = view.mood_peak
    if peak < th["peak"] or view.mood > min(peak - th["fell_by"], th["now_below"]):
        return None
    if any(f.t > relief_t for f in view.frustrations):
        return None
    since = max(relief_t - th["within_s"], peak_t - th["within_s"])
    did = [
        cue
        for cue in view.heard("agent", *REASONS, since=since)
        if cue.t0 < relief_t and view.t - cue.t0 <= th["within_s"]
    ]
    if not did or relief_t < peak_t:
        return None
    first = did[0]
    fell_by = round(peak - view.mood, 1)
    return reason(first.family, "words", view.t, fell_by, "llr", seconds=view.t - first.t0)


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    """Praise asks for nothing."""
    del view, since, th
    return None
