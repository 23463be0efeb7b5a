"""The customer has told a problem, and the agent goes to solving without a word of it."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Cue
from monitor.nudges._common import agent_words_known, taken_up
from monitor.nudges._cues import TROUBLE, as_said, because, newest, said_since, tense
from monitor.reasons import Reason, reason
from monitor.view import Said, View
from monitor.wording import short

TITLE = "Say it back"
TEXT = "Repeat their problem in one sentence, then solve."
REASONS = {
    "leapt": "They told you “{told}”; you went on to “{solving}”",
    "told": "They told you “{told}”",
    "said": "You said: “{said}”",
}
KIND = "clarity"
PRIORITY = 35
TTL_S = 20.0
THRESHOLDS = {
    "words": 20.0,  # so many from the customer are a story, fewer are an answer
    "within_s": 45.0,  # told so shortly before the solving
    "pause_s": 6.0,  # utterances no further apart are one story
    "fresh_s": 12.0,  # from the first word of solving
    "echoed": 2.0,  # telling words of theirs in the agent's mouth are a paraphrase
}
NAMED = ("says_back", "acknowledgement")


def _leap(view: View, th: Mapping[str, float]) -> tuple[Cue, list[Said]] | None:
    """The first word of solving, just now, and the trouble that was told before it."""
    solving = newest(view, th["fresh_s"], "solving", "instructs") if view.words else None
    if solving is None or not agent_words_known(view):
        return None
    told = _story(view, solving.t0, th)
    if sum(len(one.words) for one in told) < th["words"] or not _of_trouble(view, told):
        return None
    return solving, told


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if (leap := _leap(view, th)) is None:
        return None
    solving, told = leap
    if said_since(view, told[0].t0, *NAMED) or _echoed(view, told, th):
        return None
    return because("leapt", solving, told=short(_heart(view, told)), solving=short(solving.text))


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    """On to solving, and what was told had been said back before."""
    if (leap := _leap(view, th)) is None:
        return None
    _, told = leap
    since = told[-1].t1
    if done(view, since, th) is None:
        return None
    return reason("told", "words", since, told=short(_heart(view, told)))


def _story(view: View, until: float, th: Mapping[str, float]) -> list[Said]:
    """What the customer said last before ``until``, oldest first."""
    story: list[Said] = []
    edge = until
    for one in reversed(view.said):
        if one.party != "customer" or one.t0 >= until:
            continue
        if one.t1 < (edge - th["pause_s"] if story else until - th["within_s"]):
            break
        story.append(one)
        edge = one.t0
    return story[::-1]


def _of_trouble(view: View, told: list[Said]) -> bool:
    t0, t1 = told[0].t0, told[-1].t1
    return tense(view) or any(cue.family in TROUBLE and t0 <= cue.t0 <= t1 for cue in view.cues)


def _heart(view: View, told: list[Said]) -> str:
    """The words that told the trouble, or the end of the story."""
    for cue in view.cues:
        if cue.family in TROUBLE and told[0].t0 <= cue.t0 <= told[-1].t1:
            return cue.text
    return told[-1].text


def _echoed(view: View, told: list[Said], th: Mapping[str, float]) -> bool:
    about = frozenset[str]().union(*(one.telling for one in told))
    return len(taken_up(view, about, told[0].t0)) >= th["echoed"]


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    if (how := as_said(view, since, *NAMED)) is not None:
        return how
    told = _story(view, since, th)
    if not told:
        return None
    about = frozenset[str]().union(*(one.telling for one in told))
    if len(taken_up(view, about, since)) < th["echoed"]:
        return None
    said = [one for one in view.said if one.party == "agent" and one.t0 >= since]
    return reason("said", "words", view.t, said=short(said[-1].text))
