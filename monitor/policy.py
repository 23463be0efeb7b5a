"""Budget, cooldown, priority, one on screen: opens and closes nudges.

A nudge file says when it is needed and when it is done; everything that decides
whether it is *shown* stands here, so that no nudge can distract on its own. What is
needed and not shown is recorded with the reason (``opportunities``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from monitor.config import MoodSettings, NudgeSettings
from monitor.events import Event, Evidence, NudgeClosed, NudgeReport, Response, Technique, Withheld
from monitor.opportunities import AS_IF_SHOWN, EFFECT_AFTER_S, Case, Opportunities
from monitor.repertoire import FOLDER, Nudge, digest, load
from monitor.scorecard import scorecard
from monitor.screen import Screen
from monitor.view import View

__all__ = ["EFFECT_AFTER_S", "FOLDER", "Policy", "held_out"]

REPLACE_MARGIN = 20
"""An open nudge gives way only to one with so much more priority …"""
REPLACE_AFTER_S = 5.0
"""… and only after it could be read. Replacing does not wait for the gap."""
WATCH = MoodSettings().watch


def held_out(call_id: str, opportunity: str, share: float) -> bool:
    """Chance that a log repeats: the same call holds out the same nudges again."""
    lot = hashlib.sha256(f"{call_id}/{opportunity}".encode()).digest()
    return int.from_bytes(lot[:8]) < share * 2**64


class Policy:
    """The nudges of one call. Times are audio time, s."""

    def __init__(self, settings: NudgeSettings, watch: float = WATCH, *, call_id: str = "") -> None:
        """``watch`` is the mood from which a customer is no longer calm. Raises
        registry.UnknownName or ConfigError for a nudge or a threshold that is not there."""
        self._settings = settings
        self._watch = watch
        self._call_id = call_id
        nudges = load(settings)
        self._hash = digest(nudges, settings)
        self._nudges = [nudge for nudge in nudges if nudge.when == "during"]
        self._after = [nudge for nudge in nudges if nudge.when == "after"]
        self._needs = Opportunities(settings.cooldown_s)
        self._screen = Screen()
        self._budget = settings.max_per_call
        self._last_t = float("-inf")
        self._last_of_kind: dict[str, float] = {}
        self._praised: set[str] = set()
        self._snoozed_until = float("-inf")

    @property
    def hash(self) -> str:
        """Twelve hex digits: the same for the same nudges, texts, thresholds and budget."""
        return self._hash

    @property
    def open(self) -> str | None:
        """Name of the nudge on the screen, or None."""
        return self._screen.seen.nudge.name if self._screen.seen is not None else None

    def step(self, view: View) -> list[Event]:
        """One look at the call: closes what is over, records what is needed, opens at most
        one."""
        events: list[Event] = [*self._screen.step(view)]
        for event in self._needs.step(view):
            if isinstance(event, Response):
                events += self._said_before(event, view.t)
            events.append(event)
        if view.began is not None:
            for nudge in self._nudges:
                if nudge.name not in self._praised:
                    events += self._consider(nudge, view)
        return events

    def hang_up(self, view: View) -> list[Event]:
        """The audio has ended: what is meant for after the call opens, at most one."""
        events: list[Event] = []
        shown = False
        for nudge in self._after:
            if (why := nudge.need(view, nudge.thresholds)) is None:
                continue
            case = self._needs.begin(nudge, why, view, due=True)
            reason = self._silenced(view)
            if shown or reason:
                self._needs.withhold(case, reason or "on_screen", view)
                events.append(self._needs.tell(case, view.t))
                continue
            events += self._screen.close(view.t, "call_ended")
            events += self._show(case, why, view)
            shown = True
        return events

    def dismiss(self, nudge_id: str, t: float) -> list[Event]:
        """The agent waved it away. Nothing happens when it is not on the screen."""
        seen = self._screen.seen
        if seen is None or seen.id != nudge_id:
            return []
        return [*self._screen.close(t, "dismissed", "Waved away")]

    def snooze(self, for_s: float, t: float) -> list[Event]:
        """No nudges for so long; the one on the screen goes too."""
        self._snoozed_until = t + for_s
        return [*self._screen.close(t, "dismissed", "Snoozed")]

    def retract(self, t: float, why: str) -> list[Event]:
        """The ground of all nudges is gone (mixed channels): the one on the screen goes."""
        return [*self._screen.close(t, "retracted", why), *self._needs.retract(t)]

    def end(self, view: View) -> list[Event]:
        """The call is over: closes what is open and tells the effects still due. What is meant
        for after the call stays."""
        shown = self._screen.now
        stays = shown is not None and shown.nudge.when == "after"
        closed: list[Event] = []
        if not stays:  # words that came after the line was dead may have done it
            closed += self._screen.step(view)
            closed += self._screen.close(view.t, "call_ended")
        return [*closed, *self._needs.end(view)]

    def reports(self) -> list[NudgeReport]:
        """Every nudge of the call so far, in order; without those for the agent only."""
        return self._screen.reports()

    def scorecard(self) -> list[Technique]:
        """What was called for so far, and what was given."""
        listed = [n.name for n in self._nudges if not n.praise and not n.private]
        return scorecard(listed, self._needs.told(), self._needs.answers())

    def _said_before(self, answer: Response, t: float) -> list[NudgeClosed]:
        """Words that came only now say that the agent had done what stands on the screen. Not so
        for what is done by being quiet: that would be gone before it could be read."""
        now, how = self._screen.now, answer.how
        if now is None or now.nudge.name != answer.nudge or how is None or how.kind != "words":
            return []
        return self._screen.close(t, "done", how.text)

    # ---- what is needed, and whether it is shown ---------------------------------

    def _consider(self, nudge: Nudge, view: View) -> Iterator[Event]:
        needs = self._needs
        case = needs.open(nudge)
        leave = needs.leave(nudge, view) if case is None else "yes"
        if leave == "no" or (case is not None and case.decided):
            return
        why = nudge.need(view, nudge.thresholds)
        if why is None or view.t - why.t > nudge.ttl_s:
            if case is None:
                yield from self._called_for(nudge, view, leave)
            return
        given = nudge.done(view, why.t, nudge.thresholds)
        if case is None:
            if leave == "yes" and not needs.is_new(nudge, why):
                leave = "if_shown"
            reason = self._withheld(nudge, view)
            if leave == "if_shown" and (given is not None or reason):
                return
            case = needs.begin(nudge, why, view, due=True)
            if given is not None:  # the agent is doing it already
                yield needs.tell(case, view.t)
                yield needs.close_given(case, given, view.t)
                return
        elif given is not None:
            return
        else:
            reason = self._withheld(nudge, view)
            if case.due and reason:
                return
            if not case.due:
                needs.due(case, view)
        yield from self._decide(case, why, reason, view)

    def _called_for(self, nudge: Nudge, view: View, leave: str) -> Iterator[Event]:
        """Not late enough for a nudge, or nothing at all."""
        why = nudge.called_for(view, nudge.thresholds) if nudge.called_for is not None else None
        if why is None:
            self._needs.absent(nudge)
        elif leave == "yes" and self._needs.is_new(nudge, why):
            case = self._needs.begin(nudge, why, view, due=False)
            yield self._needs.tell(case, view.t)

    def _decide(self, case: Case, why: Evidence, reason: Withheld, view: View) -> Iterator[Event]:
        if not reason:
            reason = self._as_if(case)
            self._take_place(case.nudge, view)
            yield from self._screen.close(view.t, "replaced", "" if reason else case.nudge.title)
        if not reason:
            yield from self._show(case, why, view)
            return
        if reason in AS_IF_SHOWN:
            self._screen.hold(case.nudge, view.t)
        self._needs.withhold(case, reason, view)
        yield self._needs.tell(case, view.t)

    def _as_if(self, case: Case) -> Withheld:
        """Everything speaks for showing it, but it is not to be shown. What is for the agent
        only is in no figures, so holding it out would teach nothing."""
        if not case.nudge.private and held_out(self._call_id, case.id, self._settings.hold_out):
            return "held_out"
        return "quiet" if self._settings.quiet else ""

    def _withheld(self, nudge: Nudge, view: View) -> Withheld:
        """Why it is not a moment for this nudge."""
        settings = self._settings
        warm_up_s = settings.warm_up_s if nudge.warm_up_s is None else nudge.warm_up_s
        if view.began is None or view.t - view.began < warm_up_s:
            return "warm_up"
        if view.t < self._snoozed_until:
            return "snoozed"
        if not nudge.praise:
            if view.settled:
                return "good_moment"
            if not nudge.calm and self._is_calm(view):
                return "calm"
        since = self._last_of_kind.get(nudge.kind)
        if since is not None and view.t - since < max(settings.cooldown_s, nudge.cooldown_s):
            return "cooldown"
        if not nudge.praise and self._budget <= 0:
            return "budget"
        return self._place_taken(nudge, view)

    def _place_taken(self, nudge: Nudge, view: View) -> Withheld:
        shown = self._screen.now
        if shown is None:
            gap = view.t - self._last_t < self._settings.min_gap_s
            return "gap" if gap and not nudge.praise else ""
        above = nudge.priority >= shown.nudge.priority + REPLACE_MARGIN
        if above and view.t - shown.t >= REPLACE_AFTER_S and not nudge.praise:
            return ""
        return "on_screen"

    def _silenced(self, view: View) -> Withheld:
        """Nothing may be shown at all now."""
        if view.t < self._snoozed_until:
            return "snoozed"
        return "quiet" if self._settings.quiet else ""

    def _is_calm(self, view: View) -> bool:
        """Nothing was said or felt lately that is not calm."""
        peak = max(view.mood, view.mood_peak[1] if view.mood_peak is not None else 0.0)
        return not view.frustrations and peak < self._watch

    def _take_place(self, nudge: Nudge, view: View) -> None:
        self._last_of_kind[nudge.kind] = view.t
        if nudge.praise:
            self._praised.add(nudge.name)
        else:
            self._last_t = view.t
            self._budget -= 1

    def _show(self, case: Case, why: Evidence, view: View) -> Iterator[Event]:
        opened = self._screen.show(case.nudge, why, view.t)
        self._needs.shown(case, opened.id, view)
        yield self._needs.tell(case, view.t)
        yield opened
