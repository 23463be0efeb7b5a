"""Reference annotations of a rendered call: who spoke when, what is expected of a monitor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from samples.dialogue import (
    UPSET,
    Alert,
    Dialogue,
    Expect,
    Half,
    Kind,
    Line,
    Party,
    Placed,
    overlap_s,
)


class Span(TypedDict):
    t0: float
    t1: float


class TurnRef(Span):
    party: Party


class OverlapRef(Span):
    kind: Kind
    by: Party


class WordRef(Span):
    party: Party
    text: str


class LineRef(Span):
    party: Party
    kind: Kind | None
    manners: list[str]
    text: str


class NudgeRef(TypedDict):
    nudge: str
    after: float
    before: float
    optional: NotRequired[bool]


class _Library(TypedDict, total=False):
    """What the references of the library say besides; those of the demo hold none of it."""

    half: Half
    customer_name: str
    alert: Alert
    never: list[str]


class Reference(_Library):
    """What NAME.ref.json holds. All times are seconds from the first sample."""

    title: str
    agent_channel: int
    duration_s: float
    turns: list[TurnRef]
    overlaps: list[OverlapRef]
    frustration: list[Span]
    words: list[WordRef]
    nudges: list[NudgeRef]
    lines: list[LineRef]


def build(
    dialogue: Dialogue,
    placed: Sequence[Placed],
    word_times: Sequence[Sequence[tuple[str, float, float]]],
    duration_s: float,
) -> Reference:
    """Annotations of a call.

    Args:
        placed: the dialogue's lines in the order of the file.
        word_times: for each of them its words, times in s from the start of the line.
        duration_s: length of the call.
    """
    words: list[WordRef] = [
        {"party": p.line.party, "t0": _ms(p.t0 + t0), "t1": _ms(p.t0 + t1), "text": text}
        for p, spoken in zip(placed, word_times, strict=True)
        for text, t0, t1 in spoken
    ]
    nudges = [_nudge(p, expect, duration_s) for p in placed for expect in p.line.expects]
    lines: list[LineRef] = [
        {
            "party": p.line.party,
            "t0": _ms(p.t0),
            "t1": _ms(p.t1),
            "kind": p.line.kind,
            "manners": list(p.line.manners),
            "text": p.line.text,
        }
        for p in placed
    ]
    return {
        "title": dialogue.title,
        **_library(dialogue),
        "agent_channel": 0,
        "duration_s": _ms(duration_s),
        "turns": turns(placed),
        "overlaps": overlaps(placed),
        "frustration": frustration(placed),
        "words": sorted(words, key=lambda w: w["t0"]),
        "nudges": sorted(nudges, key=lambda n: n["after"]),
        "lines": sorted(lines, key=lambda w: w["t0"]),
    }


def _nudge(at: Placed, expect: Expect, duration_s: float) -> NudgeRef:
    found: NudgeRef = {
        "nudge": expect.nudge,
        "after": _ms(at.t0 + expect.after_s),
        "before": _ms(min(at.t0 + expect.before_s, duration_s)),
    }
    if expect.optional:
        found["optional"] = True
    return found


def _library(dialogue: Dialogue) -> _Library:
    told: _Library = {}
    if dialogue.half:
        told["half"] = dialogue.half
    if dialogue.customer_name:
        told["customer_name"] = dialogue.customer_name
    if dialogue.alert:
        told["alert"] = dialogue.alert
        told["never"] = sorted(dialogue.never)
    return told


def turns(placed: Sequence[Placed]) -> list[TurnRef]:
    """Lines of one party until the other takes the floor.

    A backchannel takes no floor; neither does a line spoken wholly inside the other's.
    """
    found: list[TurnRef] = []
    for here in sorted(placed, key=lambda p: p.t0):
        inside = any(
            p.line.party != here.line.party and p.t0 <= here.t0 and here.t1 <= p.t1 for p in placed
        )
        if inside:
            continue
        if found and found[-1]["party"] == here.line.party:
            found[-1]["t1"] = _ms(here.t1)
        else:
            found.append({"party": here.line.party, "t0": _ms(here.t0), "t1": _ms(here.t1)})
    return found


def overlaps(placed: Sequence[Placed]) -> list[OverlapRef]:
    """Where both speak, of the kind that the line coming in says.

    To take the floor from the other is talk-over when the agent does it and an interruption when
    the customer does, whatever becomes of it (monitor/overlaps.py)."""
    found: list[OverlapRef] = [
        {
            "kind": _kind(late.line),
            "by": late.line.party,
            "t0": _ms(late.t0),
            "t1": _ms(min(early.t1, late.t1)),
        }
        for early in placed
        for late in placed
        if early.line.party != late.line.party
        and early.t0 < late.t0
        and overlap_s(early, late) >= 0.001
    ]
    return sorted(found, key=lambda o: o["t0"])


def frustration(placed: Sequence[Placed]) -> list[Span]:
    """From the first to the last line that the customer says annoyed or upset, in runs."""
    spans: list[Span] = []
    going_on = False
    for here in sorted(placed, key=lambda p: p.t0):
        if here.line.party == "agent" or here.line.kind == "backchannel":
            continue
        upset = any(manner in UPSET for manner in here.line.manners)
        if upset and going_on:
            spans[-1]["t1"] = _ms(here.t1)
        elif upset:
            spans.append({"t0": _ms(here.t0), "t1": _ms(here.t1)})
        going_on = upset
    return spans


def _kind(line: Line) -> Kind:
    if line.kind in ("talk_over", "interruption"):
        return "talk_over" if line.party == "agent" else "interruption"
    return line.kind or "terminal"


def _ms(seconds: float) -> float:
    return round(seconds, 3)
