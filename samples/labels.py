"""Labels: what a careful listener would call each overlap of a conversation, with hindsight.

The judge is given everything at once: when both speak, what happens afterwards, and the words
where they are known. It shares no code with the monitor, which has to decide in the moment.

A **run** is one party's speech, pauses below ``YIELD_S`` included. Two runs that overlap are one
overlap; who started later came in, the other is the holder. ``t0`` and ``t1`` are when both speak
for the first and the last time. In this order:

1. the holder has spoken for less than ``HOLDER_MIN_S``, both began within ``AT_ONCE_S`` of one
   another, or both speak together for less than ``NOTICED_S``: nothing;
2. who came in stops within ``BACKCHANNEL_S`` while the holder goes on, or says only "mm-hm",
   "okay, right" ... within ``LONG_BACKCHANNEL_S``: **backchannel**;
3. the holder ends within ``TERMINAL_S``, or both end together within ``BACKCHANNEL_S``:
   **terminal**;
4. together for ``COMPETITIVE_S``, or for ``BREAK_OFF_S`` when the holder breaks off (last words
   without an end, or tries again under the other's speech): competitive, which is **talk_over**
   when the agent came in and **interruption** when the customer did. Who comes in during a pause
   of the holder believes that it was the end: this takes ``AFTER_PAUSE_S`` together;
5. the rest is a side remark: **terminal** when the holder ended first, else **backchannel**.

The kinds and their order follow Heldner & Edlund (2010) and Kurtic, Brown & Wells (2013); the
times are those of DESIGN's definition, not fitted to anything.

Annotators put the begin and the end of an utterance about a tenth of a second apart. A label that
such a difference would change is not **clear**: ``clear`` asks again with all begins or ends of
either party ``DOUBT_S`` earlier or later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from samples.timing import PARTIES, Conversation, Interval, Party, joined

Kind = Literal["backchannel", "terminal", "talk_over", "interruption"]

YIELD_S = 0.6
HOLDER_MIN_S = 1.0
NOTICED_S = 0.25
AT_ONCE_S = 0.2
"""Who starts so soon after the other could not know; people take this long to answer a beep."""
BACKCHANNEL_S = 0.8
LONG_BACKCHANNEL_S = 1.6
TERMINAL_S = 0.5
BREAK_OFF_S = 0.6
COMPETITIVE_S = 1.0
AFTER_PAUSE_S = 1.5
DOUBT_S = 0.1
SOON_S = 1.5
"""Who goes on so soon after having stopped had not finished."""

_AGREEING = frozenset(
    [
        *("absolutely", "ah", "aha", "alright", "cool", "exactly", "fine", "good", "great", "hm"),
        *("hmm", "huh", "indeed", "lovely", "mhm", "mm", "mmhm", "mmm", "oh", "ohh", "ok", "okay"),
        *("perfect", "really", "right", "sure", "true", "uh", "uhhuh", "um", "wow", "ya", "yea"),
        *("yeah", "yep", "yes", "yup"),
    ]
)
_PHRASES = re.compile(
    r"\b(all right|got it|i see|i know|i understand|of course|that s (right|fine))\b"
)
_UNHEARD = ("<UNIN/>", "<INAUDIBLE_SPEECH/>", "<UNIN/>.", "<INAUDIBLE_SPEECH/>.")
_TAG = re.compile(r"<(?P<unheard>UNIN|INAUDIBLE_SPEECH)/>|</?\w+/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Label:
    """One overlap and what it is. Times in s."""

    kind: Kind
    by: Party  # who came in
    t0: float
    t1: float
    together_s: float  # both speaking; less than t1 - t0 where one paused
    why: str


@dataclass(frozen=True, slots=True)
class _Run:
    party: Party
    parts: tuple[Interval, ...]

    @property
    def t0(self) -> float:
        return self.parts[0].t0

    @property
    def t1(self) -> float:
        return self.parts[-1].t1


def overlaps(conversation: Conversation) -> list[Label]:
    """Every overlap that a listener would notice, in the order of time."""
    runs = {party: _runs(party, conversation.of(party)) for party in PARTIES}
    found = []
    for agent in runs["agent"]:
        for customer in runs["customer"]:
            shared = _shared(agent, customer)
            if shared:
                holder, comer = sorted((agent, customer), key=lambda r: r.t0)
                label = _label(holder, comer, shared, runs)
                if label is not None:
                    found.append(label)
    return sorted(found, key=lambda label: (label.t0, label.by))


def clear(conversation: Conversation, found: Sequence[Label]) -> list[bool]:
    """Whether each label stays what it is however the annotators' hands may have shaken."""
    stands = [True] * len(found)
    shifts = (-DOUBT_S, DOUBT_S)
    for begins, ends, other_begins, other_ends in product(shifts, repeat=4):
        shaken = overlaps(
            replace(
                conversation,
                agent=_shaken(conversation.agent, begins, ends),
                customer=_shaken(conversation.customer, other_begins, other_ends),
            )
        )
        for k, label in enumerate(found):
            stands[k] &= any(
                (other.kind, other.by) == (label.kind, label.by)
                and other.t0 < label.t1
                and label.t0 < other.t1
                for other in shaken
            )
    return stands


def turns(conversation: Conversation) -> list[tuple[Party, Interval]]:
    """Each party's runs until the other takes the floor, pauses included.

    A backchannel takes no floor, and neither does a run wholly inside one of the other."""
    aside = {
        (label.by, label.t0) for label in overlaps(conversation) if label.kind == "backchannel"
    }
    runs = [run for party in PARTIES for run in _runs(party, conversation.of(party))]
    found: list[tuple[Party, Interval]] = []
    for run in sorted(runs, key=lambda r: r.t0):
        others = [r for r in runs if r.party != run.party]
        inside = any(r.t0 <= run.t0 and run.t1 <= r.t1 for r in others)
        if inside or any(by == run.party and run.t0 <= t0 < run.t1 for by, t0 in aside):
            continue
        if found and found[-1][0] == run.party:
            found[-1] = (run.party, Interval(found[-1][1].t0, max(found[-1][1].t1, run.t1)))
        else:
            found.append((run.party, Interval(run.t0, run.t1)))
    return found


def only_backchannels(text: str) -> bool | None:
    """Whether nothing is said but "mm-hm", "yeah, okay" ...; None where a word is not known."""
    known = _TAG.sub(lambda m: " unheard " if m["unheard"] else "", text.lower())
    if not text.strip() or "unheard" in known:
        return None
    words = re.sub(r"[^a-z]+", " ", known).strip()
    rest = _PHRASES.sub(" ", words).split()
    agrees = words != " ".join(rest) or any(word != "no" for word in rest)
    return bool(words) and agrees and all(word in {*_AGREEING, "no"} for word in rest)


def unfinished(text: str) -> bool:
    """Whether the words end without an end: no full stop, question or exclamation mark."""
    said = _TAG.sub("", text).strip()
    return bool(said) and (said[-1] not in ".?!\"'" or said.endswith(("...", "-.")))


def _label(
    holder: _Run, comer: _Run, shared: Sequence[Interval], runs: dict[Party, list[_Run]]
) -> Label | None:
    t0, t1 = shared[0].t0, shared[-1].t1
    together_s = round(sum(part.length_s for part in shared), 3)
    if together_s < NOTICED_S or comer.t0 - holder.t0 < AT_ONCE_S:
        return None
    if _held_s(holder, comer, runs) < HOLDER_MIN_S:
        return None

    def label(kind: Kind, why: str) -> Label:
        return Label(kind, comer.party, t0, t1, together_s, why)

    goes_on = holder.t1 > comer.t1
    came_s, held_s = comer.t1 - t0, holder.t1 - t0
    said = " ".join(part.text for part in comer.parts)
    if goes_on and came_s <= BACKCHANNEL_S:
        return label("backchannel", "stopped while the other went on")
    if only_backchannels(said) and came_s <= LONG_BACKCHANNEL_S:
        return label("backchannel" if goes_on else "terminal", "said nothing but backchannels")
    if held_s <= TERMINAL_S or (came_s <= BACKCHANNEL_S and not goes_on):
        return label("terminal", "the other was ending")
    in_pause = not any(part.t0 <= comer.t0 < part.t1 for part in holder.parts)
    broke_off = not goes_on and _broke_off(holder, comer, runs)
    needed_s = AFTER_PAUSE_S if in_pause else BREAK_OFF_S if broke_off else COMPETITIVE_S
    if together_s >= needed_s:
        kind: Kind = "talk_over" if comer.party == "agent" else "interruption"
        return label(kind, "the other broke off" if broke_off else "both kept on")
    return label("backchannel" if goes_on else "terminal", "a side remark")


def _held_s(holder: _Run, comer: _Run, runs: dict[Party, list[_Run]]) -> float:
    """The holder's speech before the other came in: in this run, and since the other last had
    the floor."""
    long = [r for r in runs[comer.party] if r.t1 <= comer.t0 and r.t1 - r.t0 > BACKCHANNEL_S]
    since = min(holder.t0, max((r.t1 for r in long), default=0.0))
    parts = [part for run in runs[holder.party] for part in run.parts]
    return sum(max(0.0, min(part.t1, comer.t0) - max(part.t0, since)) for part in parts)


def _broke_off(holder: _Run, comer: _Run, runs: dict[Party, list[_Run]]) -> bool:
    """Whether the holder's last words have no end; where they are not known, whether the
    holder tries again while the other still speaks."""
    text = holder.parts[-1].text.strip()
    if text and not text.endswith(_UNHEARD):
        return unfinished(text)
    until_s = min(holder.t1 + SOON_S, comer.t1)
    return any(holder.t1 < run.t0 <= until_s for run in runs[holder.party])


def _shaken(intervals: Sequence[Interval], begins_s: float, ends_s: float) -> tuple[Interval, ...]:
    """All begins and ends moved; neighbours stay apart, and nothing becomes shorter than zero."""
    out: list[Interval] = []
    for i in intervals:
        t0 = max(i.t0 + begins_s, out[-1].t1 if out else 0.0)
        out.append(replace(i, t0=t0, t1=max(i.t1 + ends_s, t0)))
    return tuple(out)


def _runs(party: Party, intervals: Sequence[Interval]) -> list[_Run]:
    spans = joined(intervals, YIELD_S)
    return [_Run(party, tuple(i for i in intervals if span.t0 <= i.t0 < span.t1)) for span in spans]


def _shared(one: _Run, two: _Run) -> list[Interval]:
    """When parts of both runs are spoken at once."""
    found = []
    for a in one.parts:
        for b in two.parts:
            t0, t1 = max(a.t0, b.t0), min(a.t1, b.t1)
            if t1 > t0:
                found.append(Interval(t0, t1))
    return sorted(found, key=lambda i: i.t0)
