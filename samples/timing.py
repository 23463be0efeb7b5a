"""Timing: who speaks when in real conversations, read from their annotations.

Two corpora are read, neither of them shipped. PriMock57 is 57 mock consultations (CC BY 4.0),
a TextGrid for each party with the words of every utterance; the doctor stands for the agent.
CallHome is telephone conversations between friends, an RTTM file each, without words; the
first label in the order of the alphabet stands for the agent, for want of a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Party = Literal["agent", "customer"]
Half = Literal["tune", "report"]
PARTIES: tuple[Party, Party] = ("agent", "customer")

JOIN_S = 0.2
"""A shorter silence is no pause: stop consonants last up to 0.15 s, and annotators differ by
as much about where an utterance ends."""
AUDIBLE_S = 0.1
"""Nothing shorter is a word."""
BYSTANDER_SHARE = 0.02
"""A third speaker with less of the speech than this is left out; with more, the file is."""
MARK_S, MARKED_S = 1.0, 0.7
"""In PriMock57 exactly 1 s is no length but a click (149 of 4932 intervals, four times as many as
of any other length to 10 ms); a single word that was measured lasts 0.7 s (median of 604)."""
LEAD_S = 1.0
"""Silence before the first word and after the last, s."""

_ROLES: dict[Party, str] = {"agent": "doctor", "customer": "patient"}


class TimingError(ValueError):
    """Annotations that cannot be used; the message names the file and says why."""


@dataclass(frozen=True, slots=True)
class Interval:
    """One party speaks from ``t0`` to ``t1``, s; ``text`` is empty where it is not known."""

    t0: float
    t1: float
    text: str = ""

    @property
    def length_s(self) -> float:
        return self.t1 - self.t0


@dataclass(frozen=True, slots=True)
class Conversation:
    """The intervals of both parties in the order of time; those of one party never touch."""

    name: str
    agent: tuple[Interval, ...]
    customer: tuple[Interval, ...]
    duration_s: float

    def of(self, party: Party) -> tuple[Interval, ...]:
        return self.agent if party == "agent" else self.customer

    def excerpt(self, from_s: float, to_s: float) -> Conversation:
        """What lies wholly between two times, moved to begin after LEAD_S.

        Raises TimingError where one of the parties says nothing in it."""
        kept = {
            party: [i for i in self.of(party) if from_s <= i.t0 and i.t1 <= to_s]
            for party in PARTIES
        }
        return _conversation(self.name, kept)


def read(folder: Path) -> Iterator[Conversation | TimingError]:
    """Every conversation of a folder by its name; for one that cannot be used, the reason.

    Raises TimingError where the folder has neither TextGrid nor RTTM files."""
    doctors = sorted(folder.glob("*_doctor.TextGrid"))
    rttms = sorted(folder.glob("*.rttm"))
    if not doctors and not rttms:
        raise TimingError(f"{folder}: neither *_doctor.TextGrid nor *.rttm in it")
    for path in [*doctors, *rttms]:
        try:
            yield read_rttm(path) if path.suffix == ".rttm" else read_textgrids(path)
        except TimingError as error:
            yield error


def usable(folder: Path, half: Half | None = None) -> list[Conversation]:
    """The conversations of a folder, or of the half of them that is tuned or reported on.

    Sorted by name, the first, third, ... are to tune on, the others to report on."""
    found = [c for c in read(folder) if isinstance(c, Conversation)]
    start, step = {"tune": (0, 2), "report": (1, 2), None: (0, 1)}[half]
    return found[start::step]


def read_textgrids(doctor: Path) -> Conversation:
    """NAME_doctor.TextGrid and NAME_patient.TextGrid, as of PriMock57."""
    from praatio import textgrid
    from praatio.utilities.errors import PraatioException

    name = doctor.stem.removesuffix("_doctor")
    spoken: dict[Party, list[Interval]] = {}
    for party, role in _ROLES.items():
        path = doctor.with_name(f"{name}_{role}.TextGrid")
        try:
            grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False)
        except (OSError, PraatioException) as error:
            raise TimingError(f"{path}: {error}") from error
        if len(grid.tiers) != 1:
            raise TimingError(f"{path}: {len(grid.tiers)} tiers, expected one")
        spoken[party] = [_measured(e.start, e.end, e.label) for e in grid.tiers[0].entries]
    return _conversation(name, spoken)


def read_rttm(path: Path) -> Conversation:
    """One SPEAKER line an interval: its begin and length are fields 4 and 5, who is field 8
    (NIST, Rich Transcription Time Marked)."""
    spoken: dict[str, list[Interval]] = defaultdict(list)
    for row, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match line.split():
            case ["SPEAKER", _, _, t0, length, _, _, who, *_]:
                spoken[who].append(Interval(float(t0), float(t0) + float(length)))
            case []:
                continue
            case _:
                raise TimingError(f"{path}:{row}: no SPEAKER line: {line}")
    seconds = {who: sum(i.length_s for i in spoken[who]) for who in spoken}
    enough_s = BYSTANDER_SHARE * sum(seconds.values())
    main = sorted(who for who in seconds if seconds[who] >= enough_s)
    if len(main) != 2:
        raise TimingError(f"{path}: {len(main)} speakers, expected two")
    return _conversation(path.stem, dict(zip(PARTIES, (spoken[who] for who in main), strict=True)))


def joined(intervals: Iterable[Interval], within_s: float = JOIN_S) -> list[Interval]:
    """One party's intervals in order, without inaudible ones; those that overlap or are less
    than ``within_s`` apart are one, with the text of both."""
    found: list[Interval] = []
    for here in sorted(intervals, key=lambda i: i.t0):
        if here.length_s < AUDIBLE_S:
            continue
        if found and here.t0 - found[-1].t1 < within_s:
            last = found[-1]
            text = f"{last.text} {here.text}".strip()
            found[-1] = Interval(last.t0, max(last.t1, here.t1), text)
        else:
            found.append(here)
    return found


def _measured(t0: float, t1: float, text: str) -> Interval:
    clicked = abs(t1 - t0 - MARK_S) < 0.0005
    return Interval(t0, t0 + MARKED_S if clicked else t1, text)


def _conversation(name: str, spoken: Mapping[Party, Sequence[Interval]]) -> Conversation:
    clean = {party: joined(spoken[party]) for party in PARTIES}
    if not clean["agent"] or not clean["customer"]:
        raise TimingError(f"{name}: one of the parties says nothing")
    shift_s = LEAD_S - min(intervals[0].t0 for intervals in clean.values())
    moved = {
        party: tuple(Interval(i.t0 + shift_s, i.t1 + shift_s, i.text) for i in clean[party])
        for party in PARTIES
    }
    end_s = max(intervals[-1].t1 for intervals in moved.values())
    return Conversation(name, moved["agent"], moved["customer"], end_s + LEAD_S)
