"""The nudges in force: the files of monitor/nudges with a team's texts and thresholds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import ParamSpec

from monitor import registry
from monitor.config import ConfigError, NudgeSettings, NudgeText
from monitor.events import Evidence, NudgeWhen
from monitor.reasons import Reason, Templates, in_words
from monitor.view import View

FOLDER = "monitor.nudges"
AS_WRITTEN = NudgeText(title=None, text=None, reasons={})

P = ParamSpec("P")
Thresholds = Mapping[str, float]
Need = Callable[[View, Thresholds], Evidence | None]
Done = Callable[[View, float, Thresholds], Evidence | None]
Holds = Callable[[View, float, Thresholds], bool]


@dataclass(frozen=True, slots=True)
class Nudge:
    """One file of monitor/nudges with its thresholds in force; see the package's own page."""

    name: str
    title: str
    text: str
    kind: str
    priority: int
    ttl_s: float
    cooldown_s: float
    warm_up_s: float | None  # None: the policy's
    calm: bool
    praise: bool
    private: bool
    when: NudgeWhen
    reasons: Templates
    thresholds: Thresholds
    need: Need
    done: Done
    holds: Holds | None
    called_for: Need | None

    @classmethod
    def of(
        cls, name: str, module: ModuleType, overrides: Thresholds, texts: NudgeText = AS_WRITTEN
    ) -> Nudge:
        """Raises ConfigError for a threshold or a reason that the file does not have."""
        if unknown := sorted(overrides.keys() - module.THRESHOLDS.keys()):
            known = ", ".join(sorted(module.THRESHOLDS))
            raise ConfigError(
                f"setting nudges.thresholds.{name}.{unknown[0]}: no such threshold; "
                f"there is: {known}"
            )
        reasons = in_words(module.REASONS, texts.reasons, f"nudge {name}")
        called_for = getattr(module, "called_for", None)
        return cls(
            name=name,
            title=texts.title or module.TITLE,
            text=texts.text or module.TEXT,
            kind=module.KIND,
            priority=module.PRIORITY,
            ttl_s=module.TTL_S,
            cooldown_s=getattr(module, "COOLDOWN_S", 0.0),
            warm_up_s=getattr(module, "WARM_UP_S", None),
            calm=getattr(module, "CALM", False),
            praise=getattr(module, "PRAISE", False),
            private=getattr(module, "PRIVATE", False),
            when=getattr(module, "WHEN", "during"),
            reasons=reasons,
            thresholds=dict(module.THRESHOLDS) | dict(overrides),
            need=_said(module.need, reasons),
            done=_said(module.done, reasons),
            holds=getattr(module, "holds", None),
            called_for=_said(called_for, reasons) if called_for is not None else None,
        )


def _said(find: Callable[P, Reason | None], templates: Templates) -> Callable[P, Evidence | None]:
    """What a nudge finds, in these words."""

    def found(*where: P.args, **named: P.kwargs) -> Evidence | None:
        reason = find(*where, **named)
        return None if reason is None else reason.said(templates)

    return found


def load(settings: NudgeSettings) -> list[Nudge]:
    """The nudges in force, the most important first. Raises registry.UnknownName (which lists
    the folder) for an unknown name, ConfigError for an unknown threshold."""
    enabled = registry.names(FOLDER) if settings.enabled is None else settings.enabled
    for name in (*settings.thresholds, *settings.texts):
        registry.load(FOLDER, name)
    nudges = [
        Nudge.of(
            name,
            registry.load(FOLDER, name),
            settings.thresholds.get(name, {}),
            settings.texts.get(name, AS_WRITTEN),
        )
        for name in enabled
    ]
    return sorted(nudges, key=lambda nudge: (-nudge.priority, nudge.name))


def digest(nudges: Sequence[Nudge], settings: NudgeSettings) -> str:
    """Twelve hex digits: the same for the same nudges, texts, thresholds and budget."""
    said = [
        {key: value for key, value in asdict(nudge).items() if not callable(value)}
        for nudge in nudges
    ]
    budget = settings.model_dump(exclude={"enabled", "thresholds", "texts"})
    text = json.dumps([said, budget], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
