"""Which nudge policy holds for a call: the organisation's, the team's, the agent's, in layers.

``policy.toml`` is data of the team, not of the machine. Each layer says only what it
changes: the settings of ``[nudges]`` lie beneath all, then the organisation (the head of
the file), the agent's team, the agent. A preset (``models/policies/*.toml``) lies right
beneath the layer that names it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from monitor import registry
from monitor.config import ConfigError, NudgeSettings, NudgeText, Settings
from monitor.policy import FOLDER
from monitor.reasons import in_words
from monitor.resources import resource

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USUAL = Path("policy.toml")
"""Taken where nothing else is set, if there is one."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Hours(Part):
    """Hours in which nothing is shown; ``to`` before ``from``: over midnight."""

    since: time = Field(alias="from")
    to: time
    days: list[Day] = list(DAYS)

    def hold(self, at: datetime) -> bool:
        """Whether a call that begins at this local time falls into them."""
        now = at.time().replace(tzinfo=None)
        if self.since <= self.to:
            return DAYS[at.weekday()] in self.days and self.since <= now < self.to
        began = at.weekday() if now >= self.since else at.weekday() - 1
        return DAYS[began] in self.days and (now >= self.since or now < self.to)


class Rule(Part):
    """What a layer says of one nudge; every further key is one of its thresholds."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float] = Field(init=False)

    enabled: bool | None = None
    title: str | None = Field(None, min_length=1, max_length=40)
    text: str | None = Field(None, min_length=1, max_length=90)
    reasons: dict[str, str] = {}

    @property
    def thresholds(self) -> dict[str, float]:
        return self.__pydantic_extra__


class Layer(Part):
    """What one layer changes; a field that is not set leaves what lies beneath."""

    preset: str | None = None
    enabled: list[str] | None = None
    warm_up_s: float | None = Field(None, ge=0)
    min_gap_s: float | None = Field(None, ge=0)
    max_per_call: int | None = Field(None, ge=0)
    cooldown_s: float | None = Field(None, ge=0)
    hold_out: float | None = Field(None, ge=0, le=0.5)
    quiet_hours: list[Hours] | None = None
    nudge: dict[str, Rule] = {}


class Team(Layer):
    agents: list[str] = []


class PolicyFile(Layer):
    timezone: str | None = Field(None, description="Of quiet hours; that of the machine if unset")
    team: dict[str, Team] = {}
    agent: dict[str, Layer] = {}

    @model_validator(mode="after")
    def _one_team_each(self) -> Self:
        of: dict[str, str] = {}
        for name, team in self.team.items():
            for agent in team.agents:
                if agent in of:
                    raise ValueError(f"agent {agent} is in two teams: {of[agent]} and {name}")
                of[agent] = name
        return self


@dataclass(frozen=True, slots=True)
class InForce:
    """The policy of one call, and the layers that made it."""

    nudges: NudgeSettings
    layers: tuple[str, ...]


class Playbook:
    """The layers of one ``policy.toml`` over the settings of ``[nudges]``. It never changes."""

    def __init__(self, base: NudgeSettings, file: PolicyFile | None = None) -> None:
        """Raises ConfigError, which says where, for a nudge, a threshold or a preset that is
        not there."""
        self._base = base
        self._file = file or PolicyFile()
        self._zone = _zone(self._file.timezone)
        self._team_of = {
            agent: name for name, team in self._file.team.items() for agent in team.agents
        }
        self._presets = {name: _preset(name) for name in sorted(self._named_presets())}
        for where, layer in self._layers():
            _check(where, layer)

    @classmethod
    def parse(cls, base: NudgeSettings, text: str) -> Playbook:
        """From the text of a policy file. Raises ConfigError."""
        try:
            return cls(base, PolicyFile.model_validate(tomllib.loads(text)))
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"not valid TOML: {error}") from error
        except ValidationError as error:
            raise ConfigError(_first(error)) from error

    @classmethod
    def load(cls, base: NudgeSettings, path: Path) -> Playbook:
        """Raises ConfigError, which names the file."""
        try:
            return cls.parse(base, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"{path}: {reason}") from error
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error

    @classmethod
    def of(cls, settings: Settings) -> Playbook:
        """The one that the settings name; without any, ``policy.toml`` where the monitor was
        started, if there is one. Raises ConfigError."""
        if settings.policy.file is not None:
            return cls.load(settings.nudges, settings.policy.file)
        return cls.load(settings.nudges, USUAL) if USUAL.is_file() else cls(settings.nudges)

    @property
    def teams(self) -> Mapping[str, Team]:
        return self._file.team

    @property
    def agents(self) -> list[str]:
        """Every agent the file names."""
        return sorted({*self._file.agent, *self._team_of})

    def in_force(
        self, agent_id: str = "", at: datetime | None = None, *, team: str | None = None
    ) -> InForce:
        """For a call of this agent that begins at ``at`` (aware); ``team`` instead of theirs."""
        team = team if team is not None else self._team_of.get(agent_id)
        chain: list[tuple[str, Layer]] = [("organisation", self._file)]
        if team is not None:
            chain.append((f"team {team}", self._file.team[team]))
        if agent_id in self._file.agent:
            chain.append((f"agent {agent_id}", self._file.agent[agent_id]))
        layers = [
            pair
            for where, layer in chain
            for pair in (
                *(
                    [(f"preset {layer.preset}", self._presets[layer.preset])]
                    if layer.preset
                    else []
                ),
                (where, layer),
            )
        ]
        nudges = self._base
        hours: list[Hours] = []
        for _, layer in layers:
            nudges = _over(nudges, layer)
            hours = layer.quiet_hours if layer.quiet_hours is not None else hours
        if at is not None and any(each.hold(at.astimezone(self._zone)) for each in hours):
            nudges = nudges.model_copy(update={"quiet": True})
        return InForce(nudges, tuple(where for where, _ in layers))

    def _named_presets(self) -> set[str]:
        layers = (self._file, *self._file.team.values(), *self._file.agent.values())
        return {layer.preset for layer in layers if layer.preset is not None}

    def _layers(self) -> Iterator[tuple[str, Layer]]:
        yield "", self._file
        for name, preset in self._presets.items():
            yield f"preset {name}: ", preset
        for name, team in self._file.team.items():
            yield f"team {name}: ", team
        for name, agent in self._file.agent.items():
            yield f"agent {name}: ", agent


def _over(below: NudgeSettings, layer: Layer) -> NudgeSettings:
    """One layer on top of what lies beneath."""
    changes: dict[str, Any] = layer.model_dump(
        include={"warm_up_s", "min_gap_s", "max_per_call", "cooldown_s", "hold_out"},
        exclude_none=True,
    )
    enabled = layer.enabled if layer.enabled is not None else below.enabled
    names = list(registry.names(FOLDER) if enabled is None else enabled)
    thresholds = {name: dict(known) for name, known in below.thresholds.items()}
    texts = dict(below.texts)
    for name, rule in layer.nudge.items():
        if rule.enabled is False:
            names = [one for one in names if one != name]
        elif rule.enabled and name not in names:
            names.append(name)
        if rule.thresholds:
            thresholds.setdefault(name, {}).update(rule.thresholds)
        wording = rule.model_dump(include={"title", "text"}, exclude_none=True)
        if wording or rule.reasons:
            known = texts.get(name, NudgeText())
            reasons = {**known.reasons, **rule.reasons}
            texts[name] = known.model_copy(update={**wording, "reasons": reasons})
    return below.model_copy(
        update={**changes, "enabled": sorted(names), "thresholds": thresholds, "texts": texts}
    )


def _check(where: str, layer: Layer) -> None:
    """Raises ConfigError for what there is not."""
    known = registry.names(FOLDER)
    for name in [*(layer.enabled or []), *layer.nudge]:
        if name not in known:
            raise ConfigError(f"{where}no nudge {name!r}; there is: {', '.join(known)}")
    for name, rule in layer.nudge.items():
        nudge = registry.load(FOLDER, name)
        in_words(nudge.REASONS, rule.reasons, f"{where}nudge {name}")
        there = nudge.THRESHOLDS
        if unknown := sorted(rule.thresholds.keys() - there.keys()):
            raise ConfigError(
                f"{where}nudge {name} has no {unknown[0]!r}; there is: enabled, title, text, "
                f"reasons, {', '.join(sorted(there))}"
            )


def _preset(name: str) -> Layer:
    folder = resource("models") / "policies"
    known = sorted(path.stem for path in folder.glob("*.toml"))
    if name not in known:
        raise ConfigError(f"no preset {name!r}; there is: {', '.join(known)}")
    return Layer.model_validate(tomllib.loads((folder / f"{name}.toml").read_text("utf-8")))


def _zone(name: str | None) -> ZoneInfo | None:
    """None: that of the machine."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(f"timezone {name!r} is unknown; an example: Europe/London") from error


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}{more}" if where else f"{message}{more}"
