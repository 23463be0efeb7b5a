"""Reference annotations of a call: what a careful listener says happened in it.

``NAME.ref.json`` beside the audio. Every part is optional: a part that is absent was not
annotated and is not scored; an empty list says that nothing of the kind happened. Times are
seconds from the first sample.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from monitor.events import OverlapKind, Party
from monitor.score import ScoreError

SUFFIX = ".ref.json"


class Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Span(Part):
    t0: float = Field(ge=0)
    t1: float

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.t1 < self.t0:
            raise ValueError(f"t1 {self.t1} is before t0 {self.t0}")
        return self


class TurnRef(Span):
    """One party's speech, pauses in it included, until the other takes the floor."""

    party: Party


class OverlapRef(Span):
    """Both speak; ``by`` is who came in on the other."""

    kind: OverlapKind
    by: Party
    clear: bool = Field(
        default=True,
        description="False: with its begin or end a tenth of a second off it would be"
        " of another kind; there is a second set of figures without these",
    )


class WordRef(Span):
    party: Party
    text: str


class NudgeRef(Part):
    """A nudge that should open between two times."""

    nudge: str
    after: float = Field(ge=0)
    before: float
    optional: bool = Field(
        default=False,
        description="True: it may open, and is then neither right nor wrong; missing it is no miss",
    )


class Reference(Part):
    title: str = ""
    agent_channel: int = Field(default=0, ge=0, le=1)
    duration_s: float | None = None
    turns: list[TurnRef] | None = None
    speech: list[TurnRef] | None = Field(
        default=None, description="Each party's speech without its pauses, for the voice activity"
    )
    overlaps: list[OverlapRef] | None = None
    frustration: list[Span] | None = None
    words: list[WordRef] | None = None
    nudges: list[NudgeRef] | None = None
    never: list[str] | None = Field(
        default=None, description="Nudges that come near in this call and must not open"
    )
    alert: Literal["none", "rising", "upset_from_start"] | None = Field(
        default=None, description="Which alert the call deserves"
    )
    customer_name: str | None = Field(
        default=None, description="As the telephone system would tell it when the call starts"
    )
    half: Literal["tune", "held"] | None = Field(
        default=None, description="Whether anything may be tuned on this call"
    )


def load(path: Path) -> Reference:
    """Raises ScoreError, which names the file and the field."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScoreError(f"{path} cannot be read: {error}") from error
    try:
        return Reference.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ScoreError(f"{path}: {place}: {first['msg']}") from error
