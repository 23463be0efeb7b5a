"""They took the trouble to tell what is wrong, or the call ends, and nobody has said thanks."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Cue
from monitor.nudges._common import NEVER
from monitor.nudges._cues import THANKS, as_said, because, newest, said_since, tense, unanswered
from monitor.reasons import Reason, reason
from monitor.view import View
from monitor.wording import short

TITLE = "Thank them"
TEXT = "Thank them for telling you, before goodbye."
REASONS = {
    "told": "They told you: “{told}”",
    "no_thanks": "They told you: “{told}”; no thanks yet",
    "ending": "The call is ending",
    "ends_without": "The call is ending, and nobody has said thanks",
    "said": "You said: “{said}”",
}
KIND = "courtesy"
PRIORITY = 22
TTL_S = 20.0
CALM = True
"""On a calm call only when the agent says goodbye and has not said thanks once in it."""
THRESHOLDS = {
    "turns": 2.0,  # chances after a complaint
    "within_s": 15.0,  # … or so long, with a word from the agent
    "spoken_by_agent_s": 1.0,  # a turn that could hold a thanks
    "complaint_stale_s": 45.0,  # then the moment has passed, until the end of the call
    "closing_fresh_s": 10.0,  # a goodbye is over in seconds
    "closing_after_s": 30.0,  # a shorter call was no story that somebody told
    "lately_s": 30.0,  # thanks so shortly before the end are thanks at the end
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.words or view.began is None:
        return None
    told = unanswered(view, th["complaint_stale_s"], "gives_feedback", THANKS, th)
    if told is not None:
        return reason("no_thanks", "words", view.t, told=short(told.text))
    closing = _goodbye(view, th)
    if closing is None or said_since(view, _lately(view, closing, th), *THANKS):
        return None
    return because("ends_without", closing)


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    told = newest(view, th["complaint_stale_s"], "gives_feedback") if view.words else None
    if told is not None:
        return because("told", told, told=short(told.text))
    closing = _goodbye(view, th)
    if closing is None:
        return None
    said = newest(view, view.t - _lately(view, closing, th), *THANKS)
    return because("ending", said) if said is not None else None


def _goodbye(view: View, th: Mapping[str, float]) -> Cue | None:
    """The call is ending just now, and was long enough for somebody to tell something."""
    if not view.words or view.began is None or view.t - view.began < th["closing_after_s"]:
        return None
    ends = ("closing", "goodbye") if tense(view) else ("goodbye",)
    return newest(view, th["closing_fresh_s"], *ends)


def _lately(view: View, closing: Cue, th: Mapping[str, float]) -> float:
    """Since when thanks count at the end: where nobody is upset, in the whole call."""
    return closing.t0 - th["lately_s"] if tense(view) else NEVER


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    return as_said(view, since, *THANKS)
