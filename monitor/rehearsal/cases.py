"""Written cases: who speaks when and says what, and which nudges must open, or must not.

    [[case]]
    name = "Cut off twice"
    expect = ["let_them_finish"]
    never = ["slow_down"]
    customer = [{ at = 4.5, lasts = 11.5, how = "=", says = "…" }, …]
    agent = [{ at = 15, lasts = 1.6, how = "#" }]

``how`` is a character of a text score (``score``). Without ``lasts`` a line takes as long as
its words at WORDS_PER_S.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from monitor import registry
from monitor.call import Call
from monitor.config import NudgeSettings, Settings
from monitor.events import CallStarted, NudgeOpened, Party, Person, Transcript
from monitor.meaning import Meaning
from monitor.phrases import Phrases
from monitor.playbook import Playbook
from monitor.policy import FOLDER
from monitor.rehearsal import RehearsalError
from monitor.rehearsal.rerun import play
from monitor.rehearsal.score import CHAR_S, SPEECH, heard

WORDS_PER_S = 2.7
QUIET_AT_END_S = 3.0


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(Part):
    at: float = Field(ge=0, le=3600)
    says: str = ""
    lasts: float | None = Field(None, gt=0, le=600)
    how: str = Field("=", min_length=1, max_length=1)

    @model_validator(mode="after")
    def _heard(self) -> Self:
        if self.how not in SPEECH:
            raise ValueError(f"how = {self.how!r} is none of {' '.join(SPEECH)}")
        if self.lasts is None and not self.says:
            raise ValueError("a line needs says, or lasts")
        return self

    @property
    def end(self) -> float:
        spoken_s = len(self.says.split()) / WORDS_PER_S
        return round(self.at + (self.lasts if self.lasts is not None else spoken_s), 2)


class Case(Part):
    name: str
    agent: list[Line] = []
    customer: list[Line] = []
    expect: list[str] = Field([], description="Each of these opens at least once")
    never: list[str] = Field([], description="None of these opens")
    only: bool = Field(False, description="Nothing opens but what is expected")
    agent_id: str = Field("", description="Whose policy it is; empty: the organisation's")
    customer_name: str = ""
    hot_calls: int = 0
    words: bool = Field(True, description="False: speech-to-text is off")

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = registry.names(FOLDER)
        for name in (*self.expect, *self.never):
            if name not in known:
                raise ValueError(f"no nudge {name!r}; there is: {', '.join(known)}")
        if both := sorted(set(self.expect) & set(self.never)):
            raise ValueError(f"{both[0]} is expected and must never open")
        if not (self.agent or self.customer):
            raise ValueError("nobody says anything")
        return self


class CaseFile(Part):
    case: list[Case] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case as it went."""

    case: Case
    opened: list[NudgeOpened]

    @property
    def missing(self) -> list[str]:
        there = {nudge.nudge for nudge in self.opened}
        return [name for name in self.case.expect if name not in there]

    @property
    def unwanted(self) -> list[NudgeOpened]:
        """Opened, and must not have."""
        return [
            nudge
            for nudge in self.opened
            if nudge.nudge in self.case.never
            or (self.case.only and nudge.nudge not in self.case.expect)
        ]

    @property
    def passed(self) -> bool:
        return not self.missing and not self.unwanted


def read(path: Path) -> list[Case]:
    """Raises RehearsalError, which names the file and the place in it."""
    try:
        return CaseFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).case
    except OSError as error:
        raise RehearsalError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RehearsalError(f"{path}: not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise RehearsalError(f"{path}: {where}: {message}") from error


def run(
    case: Case,
    settings: Settings,
    playbook: Playbook,
    phrases: Phrases,
    meaning: Meaning | None = None,
) -> Outcome:
    """The case as a call under the policy of its agent. Words arrive as in a re-analysis; without
    ``meaning`` only phrases are heard in them. Raises RehearsalError where the encoder fails."""
    in_force: NudgeSettings = playbook.in_force(case.agent_id).nudges
    end_s = max(line.end for line in (*case.agent, *case.customer)) + QUIET_AT_END_S
    started = CallStarted(
        call_id="case",
        started_at="2000-01-01T00:00:00+00:00",
        source="case",
        agent=Person(id=case.agent_id),
        customer=Person(name=case.customer_name),
        words="written" if case.words else None,
        hot_calls=case.hot_calls,
    )
    call = Call(started, settings.model_copy(update={"nudges": in_force}), phrases)
    said = _said(case, settings.asr.virtual_lag_s, meaning) if case.words else []
    events = play(call, heard(_score(case.agent, end_s), _score(case.customer, end_s)), said)
    return Outcome(case, [event for event in events if isinstance(event, NudgeOpened)])


def _score(lines: Sequence[Line], end_s: float) -> str:
    chars = ["."] * round(end_s / CHAR_S)
    for line in lines:
        first, stop = round(line.at / CHAR_S), round(line.end / CHAR_S)
        chars[first:stop] = line.how * (stop - first)
    return "".join(chars)


def _said(case: Case, lag_s: float, meaning: Meaning | None) -> list[tuple[float, Transcript]]:
    """Each line that has words, read as a call's is, and when that arrives, s."""
    said = []
    for number, (party, line) in enumerate(_lines(case)):
        if not line.says:
            continue
        try:
            meant = meaning.read(line.says, party) if meaning is not None else None
        except RuntimeError as error:
            raise RehearsalError(f"what sentences mean could not be told: {error}") from error
        transcript = Transcript(
            utterance=number, party=party, t0=line.at, t1=line.end, text=line.says, meant=meant
        )
        said.append((line.end + lag_s, transcript))
    return said


def _lines(case: Case) -> Iterator[tuple[Party, Line]]:
    yield from (("agent", line) for line in case.agent)
    yield from (("customer", line) for line in case.customer)
