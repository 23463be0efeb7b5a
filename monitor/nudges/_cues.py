"""What several nudges ask of the phrases that were heard."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Cue
from monitor.nudges._common import agent_had_a_chance
from monitor.reasons import Reason, Value, reason
from monitor.view import View
from monitor.wording import short

WATCH = 2.0
"""Mood from which a customer is no longer calm: the watch line (mood.watch)."""

OWNED = ("owned", "commitment")
SORRY = ("apology", "acknowledgement", "bare_sorry")
THANKS = ("gratitude", "thanks")
WAYS_OUT = ("alternative", "options")
TROUBLE = ("fault_told", "problem_told", "trouble_told", "still_again", "broken_promise")
"""Families of the customer that tell of something that is not as it should be."""


def tense(view: View) -> bool:
    """Something was said or felt lately that is not calm."""
    if view.frustrations or view.mood >= WATCH:
        return True
    return view.mood_peak is not None and view.mood_peak[1] >= WATCH


def said_since(view: View, since: float, *families: str) -> bool:
    """One of these families was heard at or after ``since``, in the whole call."""
    return any(family in view.last and view.last[family] >= since for family in families)


def newest(view: View, within_s: float, *families: str) -> Cue | None:
    """The newest cue of these families, no older than so long."""
    since = view.t - within_s
    if not said_since(view, since, *families):
        return None
    found: Cue | None = None
    for cue in view.cues:
        if cue.family in families and cue.t0 >= since and (found is None or cue.t0 >= found.t0):
            found = cue
    return found


def unanswered(
    view: View, within_s: float, family: str, answers: tuple[str, ...], th: Mapping[str, float]
) -> Cue | None:
    """The newest cue of a family, no older than so long, that none of ``answers`` followed though
    the agent had a chance to (``th``: as in ``agent_had_a_chance``)."""
    cue = newest(view, within_s, family)
    if cue is None or said_since(view, cue.t0, *answers):
        return None
    return cue if agent_had_a_chance(view, cue.t1, th) else None


def just_asked(view: View, within_s: float, family: str) -> Reason | None:
    """They asked it no longer ago than that: whoever answers at once needs no nudge. Its key is
    "asked", with what they ``asked``."""
    asked = newest(view, within_s, family) if view.words else None
    return because("asked", asked, asked=short(asked.text)) if asked is not None else None


def because(key: str, cue: Cue, **named: Value) -> Reason:
    """What a phrase makes needed; it arose when the phrase was said."""
    return reason(key, "words", cue.t0, 0.0, "", **named)


def by_phrase(view: View, since: float, cue: Cue, key: str = "said") -> Reason:
    """How the agent did it: with a phrase, ``seconds`` after ``since``, and what was ``said``."""
    return reason(key, "words", view.t, round(cue.t0 - since, 1), "s", said=short(cue.text))


def as_said(view: View, since: float, *families: str) -> Reason | None:
    """How the agent did it since then, as "said": the first of these families."""
    if not said_since(view, since, *families):
        return None
    for cue in view.cues:
        if cue.party == "agent" and cue.t0 >= since and cue.family in families:
            return by_phrase(view, since, cue)
    return None


def customer_answered(view: View, since: float, for_s: float) -> bool:
    """The customer has spoken since then, for so long at least."""
    if view.customer_speaking_since is not None:
        return view.t - max(since, view.customer_speaking_since) >= for_s
    if view.customer_last_speech is None or view.customer_turn is None:
        return False
    start, spoken_s = view.customer_turn
    return start >= since and spoken_s >= for_s
