"""The agent defends, or answers every sentence with a "no, but"."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import NEVER
from monitor.nudges._cues import as_said, because, newest, said_since, tense
from monitor.reasons import Reason
from monitor.view import Said, View
from monitor.wording import short

TITLE = "Agree on one point"
TEXT = "Find what they are right about. Say it."
REASONS = {
    "argues": "You said “{said}”; it has become an argument",
    "said": "You said: “{said}”",
}
KIND = "alliance"
PRIORITY = 49
TTL_S = 25.0
CALM = True
"""Shown on a calm call only when it happens twice."""
THRESHOLDS = {
    "fresh_s": 20.0,  # from the newest defence; later the talk has moved on
    "within_s": 45.0,  # so many in so long are an argument
    "enough": 2.0,
    "enough_upset": 1.0,  # … and with a customer who is not calm
    "same_breath_s": 8.0,  # agreed on something so shortly before
}
_REBUTS = frozenset({("no", "but"), ("yes", "but"), ("yeah", "but"), ("well", "actually")})
_REBUTS_ALONE = frozenset({"but"})


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.words:
        return None
    cue = newest(view, th["fresh_s"], "defensive")
    if cue is None or said_since(view, cue.t0 - th["same_breath_s"], "agreement", "apology"):
        return None
    count = _rebuttals(view, cue.t0 - th["within_s"], th)
    if count < (th["enough_upset"] if tense(view) else th["enough"]):
        return None
    return because("argues", cue, said=short(cue.text))


def _rebuttals(view: View, since: float, th: Mapping[str, float]) -> int:
    """Utterances of the agent that defend or begin with a "but", since the last agreement."""
    since = max(since, view.last.get("agreement", NEVER))
    defended = {round(cue.t0, 1): cue for cue in view.cues if cue.family == "defensive"}
    times = [cue.t0 for cue in defended.values() if cue.t0 >= since]
    return sum(
        one.party == "agent"
        and one.t0 >= since
        and (_begins_with_but(one) or any(one.t0 <= t <= one.t1 for t in times))
        for one in view.said
    )


def _begins_with_but(one: Said) -> bool:
    return one.words[0] in _REBUTS_ALONE or one.words[:2] in _REBUTS


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    return as_said(view, since, "agreement")
