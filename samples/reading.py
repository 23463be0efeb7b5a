"""Reading: the text of a dialogue to a Dialogue.

The format is described in README.md beside this file.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

from samples.dialogue import (
    HALVES,
    Alert,
    Dialogue,
    DialogueError,
    Echo,
    Expect,
    Kind,
    Line,
    Manner,
    Party,
    Speaker,
)

FOLDER = Path(__file__).parent / "dialogues"
PARTIES: dict[str, Party] = {"A": "agent", "C": "customer"}
KINDS: dict[str, Kind] = {
    "backchannel": "backchannel",
    "talks-over": "talk_over",
    "interrupts": "interruption",
}

_LINE = re.compile(r"(?P<party>[AC])\s+(?P<time>[+@-]\d+(?:\.\d+)?)(?P<tags>[^|]*)\|(?P<text>.+)")
_EXPECT = re.compile(
    r"(?P<how>expect|may)\s+(?P<nudge>[a-z_]+)\s+(?P<after>[\d.]+)\s*\.\.\s*(?P<before>[\d.]+)"
)
_HEAD = re.compile(
    r"(?P<key>title|about|agent|customer|customer_name|alert|never|hiss|echo|manner [a-z]+)"
    r":\s*(?P<value>.+)"
)


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
