"""The agent speaks over the customer: strongly once, or twice in a minute."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.events import Overlap
from monitor.reasons import Reason, reason
from monitor.view import View

TITLE = "Let them finish"
TEXT = "Pause. Let them end their sentence first."
REASONS = {
    "twice": "You spoke over them twice in a minute",
    "often": "You spoke over them {count:.0f} times in a minute",
    "long": "You kept talking over them for {seconds:.1f} s",
    "stopped": "You stopped {seconds:.1f} s later; they go on",
    "clean": "{seconds:.0f} s without speaking over them",
}
KIND = "floor"
PRIORITY = 90
TTL_S = 12.0
CALM = True
THRESHOLDS = {
    "strong_score": 3.0,  # points of the overlap rule: long, and loud or cutting off
    "alone_s": 2.5,  # so long, and once is enough without more
    "long_s": 2.0,  # so long, and it is plain when there are more
    "repeats": 2.0,  # talk-overs in a minute of which one is plain …
    "weak_repeats": 3.0,  # … or so many that may each have been the end of a sentence
    "repeat_within_s": 60.0,
    "fresh_s": 2.5,  # later than this it is no advice, only blame
    "listened_s": 1.0,  # they talk on so long while the agent is silent
    "clean_s": 60.0,
}


def need(view: View, th: Mapping[str, float]) -> Reason | None:
    recent = view.talk_overs(view.t - th["repeat_within_s"])
    if not recent:
        return None
    newest = recent[-1]
    if view.t - max(newest.t1, newest.t) > th["fresh_s"]:
        return None
    if _repeated(view, recent, th):
        often = "twice" if len(recent) == 2 else "often"
        return reason(often, "interaction", newest.t, float(len(recent)), "count")
    lasted_s = _lasted_s(view, newest)
    if newest.score < th["strong_score"] and lasted_s < th["alone_s"]:
        return None
    return reason("long", "interaction", newest.t, round(lasted_s, 1), "s")


def _repeated(view: View, recent: list[Overlap], th: Mapping[str, float]) -> bool:
    """Often enough. Two that were only long, a second or so each, are none yet: calm people
    come in so on sentences that trail off."""
    if len(recent) >= th["weak_repeats"]:
        return True
    return len(recent) >= th["repeats"] and any(_plain(view, overlap, th) for overlap in recent)


def _plain(view: View, overlap: Overlap, th: Mapping[str, float]) -> bool:
    """More than long, or very long."""
    return overlap.score >= th["strong_score"] or _lasted_s(view, overlap) >= th["long_s"]


def _lasted_s(view: View, overlap: Overlap) -> float:
    """Length of an overlap, which may go on since it was judged."""
    since = (view.agent_speaking_since, view.customer_speaking_since)
    goes_on = all(began is not None and began <= overlap.t1 for began in since)
    return (view.t if goes_on else overlap.t1) - overlap.t0


def done(view: View, since: float, th: Mapping[str, float]) -> Reason | None:
    spoke = view.customer_speaking_since
    if spoke is not None and view.agent_speaking_since is None:
        quiet_from = max(since, spoke, view.agent_last_speech or 0.0)
        if view.t - quiet_from >= th["listened_s"]:
            later_s = round(max(quiet_from - since, 0.0), 1)
            return reason("stopped", "interaction", view.t, later_s, "s")
    if view.t - since >= th["clean_s"] and not view.talk_overs(since):
        return reason("clean", "interaction", view.t, th["clean_s"], "s")
    return None


def holds(view: View, since: float, th: Mapping[str, float]) -> bool:
    """Whether the one that it was opened on still stands, and with it enough of the others."""
    before = view.talk_overs(since - th["repeat_within_s"], until=since)
    if not before or since - max(before[-1].t1, before[-1].t) > th["fresh_s"]:
        return False
    return _repeated(view, before, th) or _plain(view, before[-1], th)
