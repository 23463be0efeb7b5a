"""What several nudges ask of a view."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Cue
from monitor.view import Said, View

NEVER = float("-inf")
"""When a phrase was said that was not: ``view.last.get(family, NEVER)``."""
UNHEARD_S = 0.5
"""The agent's words are known but for the last so many …"""
WORDS_LAG_S = 6.0
"""… and what was not transcribed by then had no words in it: a cough never is."""
INSULTS = frozenset({"insult", "aimed_profanity"})
INSULTS_APART_S = 3.0
"""Two phrases of one breath are one insult."""


def agent_words_known(view: View) -> bool:
    """The agent is silent, and all that they said is transcribed."""
    if view.agent_speaking_since is not None:
        return False
    if view.agent_last_speech is None:
        return True
    unheard_s = view.agent_last_speech - view.agent_words_until
    return unheard_s <= UNHEARD_S or view.t - view.agent_last_speech >= WORDS_LAG_S


def agent_had_a_chance(view: View, since: float, th: Mapping[str, float]) -> bool:
    """The agent spoke since then, long or often enough to have said it, and all their words
    are known: what was not transcribed was not left unsaid.

    Of ``th``: ``turns`` the agent may have had, or ``within_s`` since then, and
    ``spoken_by_agent_s`` in a turn that counts.
    """
    if view.agent_last_speech is None or view.agent_last_speech <= since:
        return False
    if not agent_words_known(view):
        return False
    turns = sum(end > since + th["spoken_by_agent_s"] for end in view.agent_turn_ends)
    if turns >= th["turns"]:
        return True
    spoke = turns > 0 or (
        view.agent_turn is not None
        and view.agent_turn[0] >= since
        and view.agent_turn[1] >= th["spoken_by_agent_s"]
    )
    return spoke and view.t - since >= th["within_s"]


def agent_said(view: View, since: float, until: float = float("inf")) -> list[Said]:
    """What the agent began to say at or after ``since``, and before ``until``."""
    return [one for one in view.said if one.party == "agent" and since <= one.t0 < until]


def agent_words(view: View, since: float) -> int:
    """How many words the agent said since then."""
    return sum(len(one.words) for one in agent_said(view, since))


def taken_up(view: View, about: frozenset[str], since: float) -> frozenset[str]:
    """Of the telling words of an utterance (``Said.telling``), those that the agent used."""
    found: frozenset[str] = frozenset()
    for one in view.said:
        if one.party == "agent" and one.t0 >= since:
            found |= one.telling & about
    return found


def insults(view: View, since: float) -> list[Cue]:
    """One cue for each of the customer's utterances with an insult in it, oldest first."""
    if not view.last.keys() & INSULTS:
        return []
    found: list[Cue] = []
    for cue in view.heard("customer", *INSULTS, since=since):
        if not found or cue.t0 - found[-1].t0 >= INSULTS_APART_S:
            found.append(cue)
    return found
