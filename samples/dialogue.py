"""Dialogue: a call written as text, and where each line falls once its length is known.

reading.py makes one of a file. Nothing here needs a voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

Party = Literal["agent", "customer"]
Kind = Literal["terminal", "backchannel", "talk_over", "interruption"]
"""Of an overlap. A line that is said plainly can only make a terminal one."""
Alert = Literal["none", "rising", "upset_from_start"]
"""What a monitor should raise in a call of the library."""
Half = Literal["tune", "held"]

HALVES: tuple[Half, ...] = get_args(Half)
UPSET = ("annoyed", "upset")
"""Manners that count as frustration when the customer has them."""

MAX_TERMINAL_S = 0.5
MIN_TALK_OVER_S = 1.2


class DialogueError(ValueError):
    """A dialogue that cannot be read or laid out; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said, relative to the voice's own habit. Manners add up."""

    rate: float = 1.0  # times as fast
    level_db: float = 0.0
    pitch_st: float = 0.0  # semitones
    range: float = 1.0  # times as much melody
    bright_db: float = 0.0  # lift above 1 kHz: vocal effort

    def with_(self, more: Manner) -> Manner:
        return Manner(
            self.rate * more.rate,
            self.level_db + more.level_db,
            self.pitch_st + more.pitch_st,
            self.range * more.range,
            self.bright_db + more.bright_db,
        )


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice by its name in voices.py, and how this person uses it."""

    voice: str
    manner: Manner = Manner()


@dataclass(frozen=True, slots=True)
class Expect:
    """A nudge that should open between two times after the start of its line, s.

    ``optional``: it may, and missing it is no miss."""

    nudge: str
    after_s: float
    before_s: float
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What one person says in one go.

    ``over`` false: starts ``offset_s`` after the call so far has ended (negative: before
    its end). ``over`` true: comes in ``offset_s`` after the start of the running line.
    """

    row: int  # in the file, from 1
    party: Party
    over: bool
    offset_s: float
    kind: Kind | None  # of the overlap it makes; None: plain, it makes none or a terminal one
    manners: tuple[str, ...]
    text: str
    expects: tuple[Expect, ...] = ()


@dataclass(frozen=True, slots=True)
class Echo:
    """A call that is another call with the agent leaking into the customer's channel."""

    of: str
    leak_db: float
    delay_ms: float


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A call as it is written. ``half`` and ``alert`` are those of the library, else None."""

    name: str  # with its half: tune/met_well
    title: str
    about: str
    speakers: dict[Party, Speaker] = field(default_factory=dict)
    manners: dict[str, Manner] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    echo: Echo | None = None
    alert: Alert | None = None
    never: tuple[str, ...] = ()  # nudges that come near and must not open
    customer_name: str | None = None  # as the telephone system would tell it
    hiss_db: float | None = None  # of the line, dBFS; None: as usual

    @property
    def half(self) -> Half | None:
        return next((half for half in HALVES if self.name.startswith(f"{half}/")), None)

    def manner(self, line: Line) -> Manner:
        """The speaker's own manner with those of the line on top."""
        manner = self.speakers[line.party].manner
        for name in line.manners:
            manner = manner.with_(self.manners[name])
        return manner


@dataclass(frozen=True, slots=True)
class Placed:
    """A line with its place in the call, s."""

    line: Line
    t0: float
    t1: float


def place(dialogue: Dialogue, durations_s: Sequence[float]) -> list[Placed]:
    """Lay the lines along the call.

    Args:
        durations_s: length of each line's speech, in the order of ``dialogue.lines``.
    Returns:
        the lines with their times, in the order of the file.
    Raises DialogueError when an overlap is not of the kind its line says.
    """
    placed: list[Placed] = []
    running: Placed | None = None
    for line, duration_s in zip(dialogue.lines, durations_s, strict=True):
        if line.over:
            if running is None:
                raise DialogueError(f"{dialogue.name}.txt:{line.row}: nothing to come in over")
            t0 = running.t0 + line.offset_s
        else:
            t0 = max((p.t1 for p in placed), default=0.0) + line.offset_s
        here = Placed(line, t0, t0 + duration_s)
        _check_overlap(dialogue, placed, here)
        placed.append(here)
        if not line.over:
            running = here
    return placed


def overlap_s(one: Placed, two: Placed) -> float:
    """How long both speak at once, s; negative: the gap between them."""
    return min(one.t1, two.t1) - max(one.t0, two.t0)


def _check_overlap(dialogue: Dialogue, before: list[Placed], here: Placed) -> None:
    where = f"{dialogue.name}.txt:{here.line.row}"
    own = [p for p in before if p.line.party == here.line.party]
    if own and here.t0 < own[-1].t1:
        raise DialogueError(f"{where}: starts before the same person has finished")
    shared_s = max((overlap_s(p, here) for p in before if p not in own), default=0.0)
    match here.line.kind:
        case "backchannel":
            if shared_s < (here.t1 - here.t0) - 1e-6:
                raise DialogueError(f"{where}: the backchannel is not inside the other's speech")
        case "talk_over":
            if shared_s < MIN_TALK_OVER_S:
                raise DialogueError(f"{where}: talks over for {shared_s:.2f} s only")
        case "interruption":
            if shared_s <= 0:
                raise DialogueError(f"{where}: interrupts nobody")
        case _:
            if shared_s > MAX_TERMINAL_S:
                raise DialogueError(f"{where}: overlaps by {shared_s:.2f} s; say how")
