"""Utterances, turns, gaps and overlaps of one call."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from monitor.config import HearingSettings, TurnSettings
from monitor.events import (
    PARTIES,
    DeadAir,
    Event,
    Floor,
    Holder,
    OverlapKind,
    Party,
    Transcript,
    Utterance,
)
from monitor.floor import FloorKeeper
from monitor.overlaps import OverlapJudge
from monitor.usual import Usual
from monitor.utterances import NEVER, ROUNDING_S, Change, Speaker


class Row(NamedTuple):
    """One block of both parties: (agent, customer) in each field."""

    own: tuple[bool, bool]  # speaks, after the cross-talk gate
    speech: tuple[float, float]  # probability 0..1
    level_db: tuple[float, float]  # dBFS
    f0_hz: tuple[float, float]  # NaN where unvoiced
    voicing: tuple[float, float]  # 0..1
    balance_db: tuple[float, float]
    nuclei: tuple[float, float]  # syllables confirmed in this block


@dataclass(frozen=True, slots=True)
class TurnFigures:
    """The timing of a whole call so far."""

    talk_s: dict[Party, float]
    longest_monologue_s: dict[Party, float]
    turns: dict[Party, int]
    ftos: dict[Party, list[float]]  # floor-transfer offsets of the party's turns, s
    overlaps: dict[OverlapKind, int]  # final ones
    dead_air_s: float
    dead_air_count: int
    overtalk_s: float  # both speaking, of whatever kind

    @property
    def median_fto_s(self) -> float | None:
        both = [fto for party in PARTIES for fto in self.ftos[party]]
        return median(both) if both else None

    def median_fto_of(self, party: Party) -> float | None:
        """Response latency of one party, s."""
        return median(self.ftos[party]) if self.ftos[party] else None

    @property
    def customer_speech_s(self) -> float:
        return self.talk_s["customer"]


class TurnTaker:
    """Turn-taking of one call, block by block; audio time is the only clock.

    ``separated`` false: both parties share one channel, so overlaps are not judged.
    Events come back without call id and seq, with their ``t``.
    """

    def __init__(
        self, hearing: HearingSettings, turns: TurnSettings, *, separated: bool = True
    ) -> None:
        self._settings = turns
        self._speakers = (Speaker(hearing), Speaker(hearing))
        self._usual = (Usual(), Usual())
        self._overlap_counts: dict[OverlapKind, int] = {}
        self._judge: OverlapJudge | None = None
        if separated:
            self._judge = OverlapJudge(turns, self._speakers, self._usual, self._count_overlap)
        self._floor = FloorKeeper(turns, self._speakers, self._usual, self._judge)
        self._off_reason: str | None = None
        self._quiet_from: float | None = None  # audio time both are silent since
        self._holder: Holder = "nobody"
        self._holder_since = 0.0
        self._hold_s = hearing.utterance_hangover_ms / 1000
        self._both_from: float | None = None
        self._overtalk_s = 0.0
        self._dead_air_s = 0.0
        self._dead_air_count = 0
        self._utterances: list[Utterance] = []
        self._utterance_number = 0
        self._reserved: list[int | None] = [None, None]  # numbers of open utterances
        self._t = 0.0

    # ---- inputs ----------------------------------------------------------------

    def step(self, t: float, row: Row) -> list[Event]:
        """One block that ends at audio time ``t``, s."""
        self._t = t
        agent, customer = self._speakers
        own, speech, level_db = row.own, row.speech, row.level_db
        changes = (
            agent.step(t, own[0], speech[0], level_db[0]),
            customer.step(t, own[1], speech[1], level_db[1]),
        )
        together = agent.speaking and customer.speaking
        for speaker, usual, level, f0 in zip(
            self._speakers, self._usual, level_db, row.f0_hz, strict=True
        ):
            if speaker.active:
                usual.hear(t, speaker.since, level, f0, alone=not together)
        out: list[Event] = []
        if changes[0] is not None or changes[1] is not None:
            self._change(t, changes, out)
        self._floor.watch_contest(t, out)
        judge = self._judge
        if judge is not None:
            if self._off_reason is not None:
                out += judge.retract_all(t, self._off_reason)
                self._judge = self._floor.judge = None
            else:
                out += judge.step(t)
        if agent.ended or customer.ended:
            self._number_utterances()
        self._floor.watch_story()
        if self.silence_s >= self._settings.dead_air_s - ROUNDING_S:
            self._floor.end(t, out)
        self._watch_floor(t, out)
        return out

    def missing(self, t0: float, t1: float) -> list[Event]:
        """No audio from ``t0`` to ``t1``: a gap, never silence. Closes what is open."""
        out: list[Event] = []
        self._close(t0, out)
        self._t = t1
        if self._quiet_from is not None:
            self._quiet_from = t1
        return out

    def transcript(self, tr: Transcript) -> list[Event]:
        """Words may take a talk-over back: the Overlap comes again with the same id."""
        if self._judge is None or not tr.final:
            return []
        return self._judge.transcript(self._t, tr)

    def end(self, t: float) -> list[Event]:
        """No more audio. Closes what is open."""
        out: list[Event] = []
        self._close(t, out)
        return out

    def talk_over_off(self, reason: str) -> None:
        """The channels turned out to be mixed: overlaps are judged no more, and the
        next step takes back those that were."""
        self._off_reason = reason

    def somebody_else(self, party: Party) -> None:
        """Another person speaks for this party from here on; how one begins is theirs."""
        self._usual[_row(party)].restart()

    # ---- what is so now ----------------------------------------------------------

    def utterances(self) -> list[Utterance]:
        """Utterances ended since the last call, numbered from 1: in order of their end, or
        of the first question for them while they were ``unfinished``."""
        out, self._utterances = self._utterances, []
        return out

    def unfinished(self, party: Party) -> Utterance | None:
        """The party's utterance so far, while they speak; it will end under this number."""
        row = _row(party)
        speaker = self._speakers[row]
        if not speaker.speaking or speaker.utterance_t0 == NEVER:
            return None
        return Utterance(
            number=self._number(row),
            party=party,
            t0=round(speaker.utterance_t0, 3),
            t1=round(self._t, 3),
            final=False,
        )

    @property
    def holder(self) -> Holder:
        """Who holds the floor: through the pauses inside an utterance too."""
        return self._holder

    @property
    def holder_since(self) -> float:
        return self._holder_since

    def speaking(self, party: Party) -> bool:
        """In a run of speech: bridges pauses shorter than the turn hang-over."""
        return self._speakers[_row(party)].speaking

    def speaking_since(self, party: Party) -> float | None:
        """Start of the party's current run, or None."""
        speaker = self._speakers[_row(party)]
        return speaker.since if speaker.speaking else None

    def last_speech_end(self, party: Party) -> float | None:
        """End of the party's newest block of speech, or None before it ever spoke."""
        last_end = self._speakers[_row(party)].last_end
        return None if last_end == NEVER else last_end

    def turn_of(self, party: Party) -> tuple[float, float] | None:
        """Start and length of speech, s, of the party's current turn, or None.

        Contributions of the other shorter than ``backchannel_max_s``, in pauses too,
        do not end it: a story with an "mm-hm" in it is one story."""
        story = self._floor.story
        if story is None or story.row != _row(party):
            return None
        return story.t0, self._floor.said_s(story)

    @property
    def silence_s(self) -> float:
        """How long both have been silent; 0 while one speaks or before the first speech."""
        if self._quiet_from is None or self._speakers[0].speaking or self._speakers[1].speaking:
            return 0.0
        return max(0.0, self._t - self._quiet_from)

    def talk_s(self, party: Party) -> float:
        """How long the party has spoken so far."""
        speaker = self._speakers[_row(party)]
        return speaker.talk_s + speaker.run_s

    def figures(self) -> TurnFigures:
        floor = self._floor
        return TurnFigures(
            talk_s={party: self.talk_s(party) for party in PARTIES},
            longest_monologue_s=dict(zip(PARTIES, floor.monologues_s(), strict=True)),
            turns=dict(floor.turns),
            ftos={party: list(ftos) for party, ftos in floor.ftos.items()},
            overlaps={kind: count for kind, count in self._overlap_counts.items() if count},
            dead_air_s=self._dead_air_s,
            dead_air_count=self._dead_air_count,
            overtalk_s=self._overtalk_s,
        )

    # ---- inside ------------------------------------------------------------------

    def _change(
        self, t: float, changes: tuple[Change | None, Change | None], out: list[Event]
    ) -> None:
        """Somebody started or stopped in this block."""
        speakers = self._speakers
        if Change.STOPPED in changes:
            self._quiet_from = max(self._end(0), self._end(1))
        started = [speakers[row].since for row in (0, 1) if changes[row] is Change.STARTED]
        if len(started) == sum(speaker.speaking for speaker in speakers) > 0:
            self._end_silence(t, min(started), out)
        self._floor.change(t, changes, out)
        if speakers[0].speaking and speakers[1].speaking:
            if self._both_from is None:
                self._both_from = max(speakers[0].since, speakers[1].since)
        else:
            self._count_overtalk()

    def _end(self, row: int) -> float:
        return self._usual[row].voice_end(self._speakers[row])

    def _end_silence(self, t: float, t1: float, out: list[Event]) -> None:
        """Silence ends at ``t1``; long, it was dead air. None before the first speech."""
        t0 = self._quiet_from
        if t0 is not None and t1 - t0 >= self._settings.dead_air_s - ROUNDING_S:
            out.append(DeadAir(t=t, t0=round(t0, 3), t1=round(t1, 3)))
            self._dead_air_s += t1 - t0
            self._dead_air_count += 1

    def _count_overtalk(self) -> None:
        if self._both_from is not None:
            end = min(self._end(0), self._end(1))
            self._overtalk_s += max(0.0, end - self._both_from)
            self._both_from = None

    def _count_overlap(self, before: OverlapKind | None, kind: OverlapKind) -> None:
        counts = self._overlap_counts
        if before is not None:
            counts[before] -= 1
        counts[kind] = counts.get(kind, 0) + 1

    def _watch_floor(self, t: float, out: list[Event]) -> None:
        agent, customer = self._speakers
        turn = self._floor.turn
        holder: Holder = "nobody"
        since = self._quiet_from or 0.0
        both_from = max(agent.since, customer.since)
        together = agent.speaking and customer.speaking
        if together and min(agent.last_end, customer.last_end) > both_from + ROUNDING_S:
            holder, since = "both", both_from
        elif agent.speaking or customer.speaking:
            row = 0 if agent.speaking else 1
            if together and customer.last_end > agent.last_end:
                row = 1
            holder, since = PARTIES[row], self._speakers[row].since
            if turn is not None and turn.row == row:
                since = turn.t0
        elif turn is not None and t - since < self._hold_s:
            holder, since = PARTIES[turn.row], turn.t0
        if holder != self._holder:
            self._holder, self._holder_since = holder, since
            out.append(Floor(t=t, holder=holder, since=round(since, 3)))

    def _number(self, row: int) -> int:
        """The number of the party's utterance, which it keeps from the first question for it."""
        number = self._reserved[row]
        if number is None:
            self._utterance_number += 1
            number = self._reserved[row] = self._utterance_number
        return number

    def _number_utterances(self) -> None:
        ended = [(u.t1, row, u) for row, s in enumerate(self._speakers) for u in s.ended]
        for _, row, utterance in sorted(ended, key=lambda item: item[:2]):
            number, self._reserved[row] = self._number(row), None
            self._utterances.append(
                Utterance(
                    number=number,
                    party=PARTIES[row],
                    t0=round(utterance.t0, 3),
                    t1=round(utterance.t1, 3),
                    cut=utterance.cut,
                )
            )
        for speaker in self._speakers:
            speaker.ended.clear()

    def _close(self, t: float, out: list[Event]) -> None:
        changes = (self._speakers[0].close(), self._speakers[1].close())
        self._change(t, changes, out)
        self._floor.end_contest(t, out)
        if self._judge is not None:
            out += self._judge.close(t)
        self._number_utterances()
        self._floor.watch_story()
        self._floor.end(t, out)
        self._end_silence(t, t, out)
        self._watch_floor(t, out)


def _row(party: Party) -> int:
    return PARTIES.index(party)
