"""Budget, cooldown, priority, one on screen: opens and closes nudges.

A nudge file says when it is needed and when it is done; everything that decides
whether it is *shown* stands here, so that no nudge can distract on its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from monitor.config import MoodSettings, NudgeSettings
from monitor.events import (
    Event,
    Evidence,
    NudgeClosed,
    NudgeEffect,
    NudgeOpened,
    NudgeReport,
)
from monitor.repertoire import Nudge, digest, load
from monitor.view import View

REPLACE_MARGIN = 20
"""An open nudge gives way only to one with so much more priority …"""
REPLACE_AFTER_S = 5.0
"""… and only after it could be read. Replacing does not wait for the gap."""
EFFECT_AFTER_S = 60.0

Outcome = Literal["done", "expired", "replaced", "dismissed", "retracted", "call_ended"]
WATCH = MoodSettings().watch


@dataclass(frozen=True, slots=True)
class _Shown:
    """A nudge that was opened, until its effect is told."""

    nudge: Nudge
    id: str
    t: float
    mood_before: float
    report: int
    followed: bool = False
    open: bool = True


class Policy:
    """The nudges of one call. Times are audio time, s."""

    def __init__(self, settings: NudgeSettings, watch: float = WATCH) -> None:
        """``watch`` is the mood from which a customer is no longer calm."""
        self._settings = settings
        self._watch = watch
        self._nudges = load(settings)
        self._told = 0
        self._counted = 0
        self._shown: list[_Shown] = []
        self._reports: list[NudgeReport] = []
        self._last_open: dict[str, float] = {}
        self._last_t = float("-inf")
        self._snoozed_until = float("-inf")

    @property
    def hash(self) -> str:
        """Twelve hex digits: the same for the same nudges, texts, thresholds and budget."""
        return digest(self._nudges, self._settings)

    @property
    def open(self) -> str | None:
        """Name of the nudge on the screen, or None."""
        shown = self._on_screen()
        return shown.nudge.name if shown is not None else None

    def step(self, view: View) -> list[Event]:
        """One look at the call: closes what is over, then opens at most one."""
        events: list[Event] = []
        shown = self._on_screen()
        if shown is not None:
            self._close_if_over(shown, view, events)
        self._tell_effects(view, events)
        if view.began is not None and view.t >= self._snoozed_until and not self._settings.quiet:
            self._open_one(view, events)
        return events

    def hang_up(self, view: View) -> list[Event]:
        """The audio has ended: what is meant for after the call opens, at most one."""
        events: list[Event] = []
        if self._settings.quiet:
            return events
        for nudge in self._nudges:
            if nudge.when == "after" and (why := nudge.need(view, nudge.thresholds)) is not None:
                events.append(self._show(nudge, why, view))
                break
        return events

    def dismiss(self, nudge_id: str, t: float) -> list[Event]:
        """The agent waved it away. Nothing happens when it is not on the screen."""
        shown = self._on_screen()
        if shown is None or shown.id != nudge_id:
            return []
        return [self._close(shown, t, "dismissed", "Waved away")]

    def snooze(self, for_s: float, t: float) -> list[Event]:
        """No nudges for so long; the one on the screen goes too."""
        self._snoozed_until = t + for_s
        shown = self._on_screen()
        return [self._close(shown, t, "dismissed", "Snoozed")] if shown is not None else []

    def retract(self, t: float, why: str) -> list[Event]:
        """The ground of all nudges is gone (mixed channels): the one on the screen goes."""
        shown = self._on_screen()
        return [self._close(shown, t, "retracted", why)] if shown is not None else []

    def end(self, t: float, mood: float) -> list[Event]:
        """The call is over: closes the open one and tells the effects still due."""
        events: list[Event] = []
        shown = self._on_screen()
        if shown is not None and shown.nudge.when == "during":
            events.append(self._close(shown, t, "call_ended", ""))
        events += [_effect(shown, t, mood) for shown in self._shown if shown.nudge.when == "during"]
        self._shown.clear()
        return events

    def reports(self) -> list[NudgeReport]:
        """Every nudge of the call so far, in order."""
        return list(self._reports)

    # ---- opening ---------------------------------------------------------------

    def _open_one(self, view: View, events: list[Event]) -> None:
        shown = self._on_screen()
        if shown is not None and view.t - shown.t < REPLACE_AFTER_S:
            return
        for nudge in self._nudges:
            if shown is not None and nudge.priority < shown.nudge.priority + REPLACE_MARGIN:
                return
            if nudge.when != "during" or not self._may_open(nudge, view, shown is not None):
                continue
            why = nudge.need(view, nudge.thresholds)
            if why is None or view.t - why.t > nudge.ttl_s:
                continue
            if nudge.done(view, why.t, nudge.thresholds) is not None:
                continue  # the agent is doing it already
            if shown is not None:
                events.append(self._close(shown, view.t, "replaced", nudge.title))
            events.append(self._show(nudge, why, view))
            return

    def _may_open(self, nudge: Nudge, view: View, replacing: bool) -> bool:
        settings = self._settings
        warm_up_s = settings.warm_up_s if nudge.warm_up_s is None else nudge.warm_up_s
        if view.began is None or view.t - view.began < warm_up_s:
            return False
        since = self._last_open.get(nudge.kind)
        cooldown_s = max(settings.cooldown_s, nudge.cooldown_s)
        if since is not None and view.t - since < cooldown_s:
            return False
        if nudge.praise:
            return not replacing and since is None
        calm = not view.frustrations and max(view.mood, (view.mood_peak or (0, 0))[1]) < self._watch
        if view.settled or (calm and not nudge.calm):
            return False
        gap = not replacing and view.t - self._last_t < settings.min_gap_s
        return not gap and self._counted < settings.max_per_call

    def _show(self, nudge: Nudge, why: Evidence, view: View) -> NudgeOpened:
        self._told += 1
        nudge_id = f"n{self._told}"
        shown = _Shown(nudge, nudge_id, view.t, view.mood, report=len(self._reports))
        self._shown.append(shown)
        if not nudge.praise and nudge.when == "during":
            self._last_t = view.t
            self._counted += 1
        self._last_open[nudge.kind] = view.t
        self._reports.append(
            NudgeReport(
                id=nudge_id, nudge=nudge.name, title=nudge.title, t=round(view.t, 2), why=why.text
            )
        )
        return NudgeOpened(
            t=view.t,
            id=nudge_id,
            nudge=nudge.name,
            title=nudge.title,
            text=nudge.text,
            why=why.text,
            evidence=[why],
            priority=nudge.priority,
            ttl_s=nudge.ttl_s,
            when=nudge.when,
            private=nudge.private,
        )

    # ---- closing ---------------------------------------------------------------

    def _on_screen(self) -> _Shown | None:
        newest = self._shown[-1] if self._shown else None
        return newest if newest is not None and newest.open else None

    def _close_if_over(self, shown: _Shown, view: View, events: list[Event]) -> None:
        nudge = shown.nudge
        if nudge.holds is not None and not nudge.holds(view, shown.t, nudge.thresholds):
            events.append(self._close(shown, view.t, "retracted", "It was not so after all"))
        elif (how := nudge.done(view, shown.t, nudge.thresholds)) is not None:
            events.append(self._close(shown, view.t, "done", how.text))
        elif view.t - shown.t >= nudge.ttl_s:
            events.append(self._close(shown, view.t, "expired", ""))

    def _close(self, shown: _Shown, t: float, outcome: Outcome, why: str) -> NudgeClosed:
        at = self._shown.index(shown)
        if outcome == "retracted":
            del self._shown[at]  # no effect to tell: it should never have been shown
        else:
            self._shown[at] = replace(shown, open=False, followed=outcome == "done")
        report = self._reports[shown.report]
        self._reports[shown.report] = report.model_copy(
            update={"closed_t": round(t, 2), "outcome": outcome}
        )
        return NudgeClosed(
            t=t,
            id=shown.id,
            nudge=shown.nudge.name,
            outcome=outcome,
            why=why,
            open_s=round(t - shown.t, 2),
            private=shown.nudge.private,
        )

    def _tell_effects(self, view: View, events: list[Event]) -> None:
        for at, shown in enumerate(self._shown):
            if not shown.open and not shown.followed:
                done = shown.nudge.done(view, shown.t, shown.nudge.thresholds)
                if done is not None:  # after it had left the screen, but it was done
                    self._shown[at] = replace(shown, followed=True)
        while self._shown and view.t - self._shown[0].t >= EFFECT_AFTER_S:
            if self._shown[0].open:
                return
            events.append(_effect(self._shown.pop(0), view.t, view.mood))


def _effect(shown: _Shown, t: float, mood: float) -> NudgeEffect:
    return NudgeEffect(
        t=t,
        id=shown.id,
        nudge=shown.nudge.name,
        followed=shown.followed,
        mood_before=round(shown.mood_before, 2),
        mood_after=round(mood, 2),
        private=shown.nudge.private,
    )
