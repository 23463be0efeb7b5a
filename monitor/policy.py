"""Budget, cooldown, priority, one on screen: opens and closes nudges.

A nudge file says when it is needed and when it is done; everything that decides
whether it is *shown* stands here, so that no nudge can distract on its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Literal

from monitor import registry
from monitor.config import ConfigError, NudgeSettings
from monitor.events import (
    Event,
    Evidence,
    NudgeClosed,
    NudgeEffect,
    NudgeOpened,
    NudgeReport,
)
from monitor.view import View

FOLDER = "monitor.nudges"
REPLACE_MARGIN = 20
"""An open nudge gives way only to one with so much more priority …"""
REPLACE_AFTER_S = 5.0
"""… and only after it could be read. Replacing does not wait for the gap."""
EFFECT_AFTER_S = 60.0

Outcome = Literal["done", "expired", "replaced", "dismissed", "retracted", "call_ended"]
Thresholds = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Nudge:
    """One file of monitor/nudges with its thresholds in force."""

    name: str
    title: str
    text: str
    kind: str
    priority: int
    ttl_s: float
    cooldown_s: float
    thresholds: Thresholds
    need: Callable[[View, Thresholds], Evidence | None]
    done: Callable[[View, float, Thresholds], Evidence | None]
    holds: Callable[[View, float, Thresholds], bool] | None

    @classmethod
    def of(cls, name: str, module: ModuleType, overrides: Thresholds) -> Nudge:
        """Raises ConfigError for a threshold that the file does not have."""
        if unknown := sorted(overrides.keys() - module.THRESHOLDS.keys()):
            known = ", ".join(sorted(module.THRESHOLDS))
            raise ConfigError(
                f"setting nudges.thresholds.{name}.{unknown[0]}: no such threshold; "
                f"there is: {known}"
            )
        return cls(
            name=name,
            title=module.TITLE,
            text=module.TEXT,
            kind=module.KIND,
            priority=module.PRIORITY,
            ttl_s=module.TTL_S,
            cooldown_s=getattr(module, "COOLDOWN_S", 0.0),
            thresholds=dict(module.THRESHOLDS) | dict(overrides),
            need=module.need,
            done=module.done,
            holds=getattr(module, "holds", None),
        )


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


def load(settings: NudgeSettings) -> list[Nudge]:
    """The nudges in force. Raises registry.UnknownName (which lists the folder) for an
    unknown name, ConfigError for an unknown threshold."""
    enabled = registry.names(FOLDER) if settings.enabled is None else settings.enabled
    for name in settings.thresholds:
        registry.load(FOLDER, name)
    return [
        Nudge.of(name, registry.load(FOLDER, name), settings.thresholds.get(name, {}))
        for name in enabled
    ]


class Policy:
    """The nudges of one call. Times are audio time, s."""

    def __init__(self, settings: NudgeSettings) -> None:
        self._settings = settings
        self._nudges = sorted(load(settings), key=lambda n: (-n.priority, n.name))
        self._shown: list[_Shown] = []
        self._reports: list[NudgeReport] = []
        self._last_open: dict[str, float] = {}
        self._last_t = float("-inf")
        self._snoozed_until = float("-inf")

    @property
    def hash(self) -> str:
        """Twelve hex digits: the same for the same nudges, texts, thresholds and budget."""
        nudges = {
            n.name: [
                *(n.title, n.text, n.kind, n.priority, n.ttl_s, n.cooldown_s),
                dict(n.thresholds),
            ]
            for n in self._nudges
        }
        budget = self._settings.model_dump(exclude={"enabled", "thresholds"})
        text = json.dumps([nudges, budget], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

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
        if not self._quiet(view):
            self._open_one(view, events)
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
        if shown is not None:
            events.append(self._close(shown, t, "call_ended", ""))
        events += [_effect(shown, t, mood) for shown in self._shown]
        self._shown.clear()
        return events

    def reports(self) -> list[NudgeReport]:
        """Every nudge of the call so far, in order."""
        return list(self._reports)

    # ---- opening ---------------------------------------------------------------

    def _quiet(self, view: View) -> bool:
        """A good moment, or none of ours: nothing opens."""
        settings = self._settings
        return (
            view.began is None
            or view.t - view.began < settings.warm_up_s
            or view.t < self._snoozed_until
            or len(self._reports) >= settings.max_per_call
            or view.settled
        )

    def _open_one(self, view: View, events: list[Event]) -> None:
        shown = self._on_screen()
        if shown is None:
            floor = None
            if view.t - self._last_t < self._settings.min_gap_s:
                return
        else:
            floor = shown.nudge.priority + REPLACE_MARGIN
            if view.t - shown.t < REPLACE_AFTER_S:
                return
        for nudge in self._nudges:
            if floor is not None and nudge.priority < floor:
                return
            since = self._last_open.get(nudge.kind)
            cooldown_s = max(self._settings.cooldown_s, nudge.cooldown_s)
            if since is not None and view.t - since < cooldown_s:
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

    def _show(self, nudge: Nudge, why: Evidence, view: View) -> NudgeOpened:
        nudge_id = f"n{len(self._reports) + 1}"
        shown = _Shown(nudge, nudge_id, view.t, view.mood, report=len(self._reports))
        self._shown.append(shown)
        self._last_t = view.t
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
    )
