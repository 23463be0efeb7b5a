"""Dialogue: a call written as text, and where each line falls once its length is known.

The format is described in README.md beside this file. Nothing here needs a voice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal, get_args

Party = Literal["agent", "customer"]
Kind = Literal["terminal", "backchannel", "talk_over", "interruption"]
"""Of an overlap. A line that is said plainly can only make a terminal one."""
Alert = Literal["none", "rising", "upset_from_start"]
"""What a monitor should raise in a call of the library."""
Half = Literal["tune", "held"]

FOLDER = Path(__file__).parent / "dialogues"
HALVES: tuple[Half, ...] = get_args(Half)
PARTIES: dict[str, Party] = {"A": "agent", "C": "customer"}
KINDS: dict[str, Kind] = {
    "backchannel": "backchannel",
    "talks-over": "talk_over",
    "interrupts": "interruption",
}
UPSET = ("annoyed", "upset")
"""Manners that count as frustration when the customer has them."""

MAX_TERMINAL_S = 0.5
MIN_TALK_OVER_S = 1.2

_LINE = re.compile(r"(?P<party>[AC])\s+(?P<time>[+@-]\d+(?:\.\d+)?)(?P<tags>[^|]*)\|(?P<text>.+)")
_EXPECT = re.compile(
    r"(?P<how>expect|may)\s+(?P<nudge>[a-z_]+)\s+(?P<after>[\d.]+)\s*\.\.\s*(?P<before>[\d.]+)"
)
_HEAD = re.compile(
    r"(?P<key>title|about|agent|customer|customer_name|alert|never|hiss|echo|manner [a-z]+)"
    r":\s*(?P<value>.+)"
)


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


def names(folder: Path = FOLDER) -> list[str]:
    """Every dialogue of the demo, calls before the echoes made from them."""
    found = [load(path.stem, folder) for path in sorted(folder.glob("*.txt"))]
    return [d.name for d in sorted(found, key=lambda d: d.echo is not None)]


def library(folder: Path = FOLDER) -> list[str]:
    """Every dialogue of the library, HALF/NAME, by half and name."""
    return [f"{half}/{p.stem}" for half in HALVES for p in sorted((folder / half).glob("*.txt"))]


def load(name: str, folder: Path = FOLDER) -> Dialogue:
    """Read ``folder/NAME.txt``. Raises DialogueError when it is missing or wrong."""
    path = folder / f"{name}.txt"
    if not path.is_file():
        known = ", ".join([*sorted(p.stem for p in folder.glob("*.txt")), *library(folder)])
        raise DialogueError(f"no dialogue named {name!r}; there are: {known}")
    return parse(path.read_text(encoding="utf-8"), name)


def parse(text: str, name: str) -> Dialogue:
    """Text of a dialogue to a Dialogue. Raises DialogueError with the line at fault."""
    head: dict[str, str] = {}
    lines: list[Line] = []
    for row, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        try:
            if match := _HEAD.fullmatch(stripped):
                head[match["key"]] = match["value"].strip()
            elif match := _EXPECT.fullmatch(stripped):
                if not lines:
                    raise ValueError(f"{match['how']!r} must follow the line it is about")
                expect = Expect(
                    match["nudge"],
                    float(match["after"]),
                    float(match["before"]),
                    optional=match["how"] == "may",
                )
                lines[-1] = replace(lines[-1], expects=(*lines[-1].expects, expect))
            elif match := _LINE.fullmatch(stripped):
                lines.append(_line(match, row))
            else:
                raise ValueError("not a heading, a spoken line, 'expect', 'may' or a # comment")
        except ValueError as error:
            raise DialogueError(f"{name}.txt:{row}: {error}: {stripped}") from error
    return _checked(_assemble(name, head, lines))


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


def _line(match: re.Match[str], row: int) -> Line:
    time = match["time"]
    tags = match["tags"].split()
    kinds = [KINDS[tag] for tag in tags if tag in KINDS]
    if len(kinds) > 1:
        raise ValueError("more than one of " + ", ".join(KINDS))
    return Line(
        row=row,
        party=PARTIES[match["party"]],
        over=time.startswith("@"),
        offset_s=float(time.lstrip("@+")),
        kind=kinds[0] if kinds else None,
        manners=tuple(tag for tag in tags if tag not in KINDS),
        text=" ".join(match["text"].split()),
    )


def _assemble(name: str, head: dict[str, str], lines: list[Line]) -> Dialogue:
    def need(key: str) -> str:
        if key not in head:
            raise DialogueError(f"{name}.txt: no heading '{key}:'")
        return head[key]

    if "echo" in head:
        of, leak_db, delay_ms = re.split(r"\s*,\s*", head["echo"])
        echo = Echo(of, float(leak_db.removesuffix(" dB")), float(delay_ms.removesuffix(" ms")))
        return Dialogue(name, need("title"), need("about"), echo=echo)
    try:
        speakers = {party: _speaker(need(party)) for party in PARTIES.values()}
        manners = {
            key.removeprefix("manner "): _manner(value)
            for key, value in head.items()
            if key.startswith("manner ")
        }
        return Dialogue(
            name,
            need("title"),
            need("about"),
            speakers,
            manners,
            tuple(lines),
            alert=_alert(head.get("alert")),
            never=tuple(re.split(r"\s*,\s*", head["never"])) if "never" in head else (),
            customer_name=head.get("customer_name"),
            hiss_db=float(head["hiss"].removesuffix(" dB")) if "hiss" in head else None,
        )
    except ValueError as error:
        raise DialogueError(f"{name}.txt: {error}") from error


def _checked(dialogue: Dialogue) -> Dialogue:
    if dialogue.echo is None and not dialogue.lines:
        raise DialogueError(f"{dialogue.name}.txt: nobody says anything")
    for line in dialogue.lines:
        for manner in line.manners:
            if manner not in dialogue.manners:
                raise DialogueError(f"{dialogue.name}.txt:{line.row}: no manner {manner!r}")
    both = {e.nudge for line in dialogue.lines for e in line.expects} & set(dialogue.never)
    if both:
        raise DialogueError(f"{dialogue.name}.txt: never and expected: {', '.join(sorted(both))}")
    return dialogue


def _alert(value: str | None) -> Alert | None:
    for alert in get_args(Alert):
        if value == alert:
            known: Alert = alert
            return known
    if value is not None:
        raise ValueError(f"alert {value!r} is none of {', '.join(get_args(Alert))}")
    return None


def _speaker(spec: str) -> Speaker:
    voice, _, manner = spec.partition(",")
    return Speaker(voice.strip(), _manner(manner) if manner.strip() else Manner())


def _manner(spec: str) -> Manner:
    """``rate 1.1, level +6 dB, pitch +4 st`` to a Manner. Raises ValueError."""
    known = {f.name.split("_")[0]: f.name for f in fields(Manner)}
    values: dict[str, float] = {}
    for part in spec.split(","):
        key, number, *unit = part.split()
        if key not in known or (unit and known[key] != f"{key}_{unit[0].lower()}"):
            raise ValueError(f"{part.strip()!r} is none of {', '.join(known)} with its unit")
        values[known[key]] = float(number)
    return Manner(**values)
