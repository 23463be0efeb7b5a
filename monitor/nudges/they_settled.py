"""What the agent did worked: frustration was up, and they thank for it or make up. Said rarely."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Evidence
from monitor.nudges._common import NEVER
from monitor.view import View

TITLE = "They settled"
TEXT = "What you said helped. Well done."
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
TECHNIQUES = {
    "acknowledgement": "named what went wrong",
    "reassurance": "reassured them",
    "commitment": "took it on yourself",
}


def need(view: View, th: Mapping[str, float]) -> Evidence | None:
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
        for cue in view.heard("agent", *TECHNIQUES, since=since)
        if cue.t0 < relief_t and view.t - cue.t0 <= th["within_s"]
    ]
    if not did or relief_t < peak_t:
        return None
    first = did[0]
    return Evidence(
        kind="words",
        t=view.t,
        text=f"You {TECHNIQUES[first.family]}, and {view.t - first.t0:.0f} s later they come round",
        value=round(peak - view.mood, 1),
        unit="llr",
    )


def done(view: View, since: float, th: Mapping[str, float]) -> Evidence | None:
    """Praise asks for nothing."""
    del view, since, th
    return None
