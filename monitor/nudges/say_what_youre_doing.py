"""The line is silent, it is the agent's turn, and the customer cannot see what goes on."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.nudges._common import NEVER, agent_said, agent_words, agent_words_known
from monitor.nudges._cues import by_phrase
from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "Say what you're doing"
TEXT = "What you are looking for, and how long."
REASONS = {
    "called_out": "They ask whether you are there; silent for {seconds:.0f} s",
    "silent": "Silent for {seconds:.0f} s, and they do not know why",
    "announced": "Silent for {seconds:.0f} s, and they know why",
    "said": "You said: “{said}”",
    "back": "You are back",
}
KIND = "waiting"
PRIORITY = 30
TTL_S = 15.0
CALM = True
COOLDOWN_S = 90.0
THRESHOLDS = {
    "silent_s": 12.0,  # nobody speaks, and nothing was announced: never in 4 min of a calm call
    "asked_to_hold_s": 20.0,  # "one moment" buys so much
    "announced_s": 40.0,  # "I am looking that up" buys more …
    "hold_s": 60.0,  # … and a hold a minute, then it is time to come back to them
    "announced_before_s": 10.0,  # … said so shortly before the silence
    "called_out_s": 6.0,  # "hello?" is answered by now, or it is not
    "quiet_before_s": 5.0,  # … and it came out of such a silence
    "unheard_s": 1.0,  # of who spoke last, without words: more, and it is not known what it was
    "start_s": 20.0,  # a call begins with hello
    "said_words": 6.0,  # so many of the agent, and the silence is over
    "ended_s": 20.0,  # who has said goodbye so recently may be silent
}
ASKED = ("closed_question", "open_question", "solving", "asks_again", "clarifying")
"""After these it is the customer who is waited for."""
ENDED = ("rounds_off", "closing", "wraps_up")


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    if not view.words or view.began is None or view.t - view.began < th["start_s"]:
        return None
    if view.agent_speaking_since is not None or view.agent_last_speech is None:
        return None
    return _called_out(view, th) or _silence(view, th)


def _called_out(view: View, th: Mapping[str, float]) -> Reason | None:
    """They asked whether anybody is there, out of a silence that the agent left."""
    newest_t = max(view.last.get("are_you_there", NEVER), view.last.get("calls_out", NEVER))
    if view.t - newest_t > th["called_out_s"]:
        return None
    spoke = view.agent_last_speech
    if spoke is None or spoke > newest_t:
        return None
    theirs = [one.t1 for one in view.said if one.party == "customer" and one.t1 < newest_t]
    if newest_t - max(spoke, theirs[-1] if theirs else 0.0) < th["quiet_before_s"]:
        return None  # a letter of a spelt name is heard as "hello", too
    return reason("called_out", "words", newest_t, round(view.t - spoke, 1), "s")


def _silence(view: View, th: Mapping[str, float]) -> Reason | None:
    if not _ours(view, th) or view.silence_s < _allowed_s(view, _silent_from(view), th):
        return None
    return reason("silent", "interaction", view.t, round(view.silence_s, 1), "s")


def _ours(view: View, th: Mapping[str, float]) -> bool:
    """A long silence, and it is the agent's turn."""
    spoke, answered = view.agent_last_speech or 0.0, view.customer_last_speech or 0.0
    if view.silence_s < th["silent_s"] or not agent_words_known(view) or not _heard(view, th):
        return False
    return not _theirs(view, spoke, answered, th)


def _silent_from(view: View) -> float:
    return max(view.agent_last_speech or 0.0, view.customer_last_speech or 0.0)


def called_for(view: View, th: Mapping[str, float]) -> Reason | None:
    """As long a silence of the agent's, who said before it what they would be doing."""
    if not view.words or view.agent_speaking_since is not None or view.agent_last_speech is None:
        return None
    told_t = view.last.get("explains_doing", NEVER)
    if not _ours(view, th) or told_t < _silent_from(view) - th["announced_before_s"]:
        return None
    return reason("announced", "words", told_t, round(view.silence_s, 1), "s")


def _heard(view: View, th: Mapping[str, float]) -> bool:
    """What was said last is known: it may have been a question."""
    return (
        bool(view.said) and _silent_from(view) - max(one.t1 for one in view.said) <= th["unheard_s"]
    )


def _theirs(view: View, spoke: float, answered: float, th: Mapping[str, float]) -> bool:
    """Whether it is the customer whom the silence waits for, or the end of the call."""
    newest = view.said[-1] if view.said else None
    ended_from = max(spoke, answered) - th["ended_s"]
    if newest is None or any(view.last.get(family, NEVER) > ended_from for family in ENDED):
        return True
    if answered > spoke:
        return view.last.get("lets_you_wait", NEVER) >= newest.t0
    turn = agent_said(view, answered - 1.0)
    return any(one.text.rstrip().endswith("?") for one in turn[-2:]) or any(
        view.last.get(family, NEVER) >= answered - 1.0 for family in ASKED
    )


def _allowed_s(view: View, silent_from: float, th: Mapping[str, float]) -> float:
    before = silent_from - th["announced_before_s"]
    if view.last.get("hold_coming", NEVER) >= before:
        return th["hold_s"]
    if view.last.get("explains_doing", NEVER) >= before:
        return th["announced_s"]
    if view.last.get("hold_bare", NEVER) >= before:
        return th["asked_to_hold_s"]
    return th["silent_s"]


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    told = view.heard("agent", "explains_doing", since=since)
    if told:
        return by_phrase(view, since, told[-1])
    if agent_words(view, since) >= th["said_words"]:
        return reason("back", "words", view.t, round(view.t - since, 1), "s")
    return None
