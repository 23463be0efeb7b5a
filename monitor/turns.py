"""Utterances, turns, gaps and overlaps of one call."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from monitor.attempt import YIELD_S
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
    Turn,
    Utterance,
)
from monitor.overlaps import OverlapJudge
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


class _Turn:
    """Runs of one party (``row``) while it has the floor."""

    __slots__ = ("fto_s", "row", "said_s", "t0", "t1")

    def __init__(self, row: int, t0: float, fto_s: float | None = None) -> None:
        self.row = row
        self.t0 = t0
        self.t1 = t0  # end of its last finished run
        self.said_s = 0.0  # speech in its finished runs
        self.fto_s = fto_s


class TurnTaker:
    """Turn-taking of one call, block by block; audio time is the only clock.

    ``separated`` false: both parties share one channel, so overlaps are not judged.
    Events come back without call id and seq, with their ``t``.

    A party that comes in while the other speaks has the floor only once the other
    has stopped for ``YIELD_S``: what it says until then, or instead, is no turn, and
    a holder who pauses under the other's speech is still the holder. When it comes in
    within a pause of the other, who goes on, it is still the one that came in.
    """

    def __init__(
        self, hearing: HearingSettings, turns: TurnSettings, *, separated: bool = True
    ) -> None:
        self._settings = turns
        self._speakers = (Speaker(hearing), Speaker(hearing))
        self._overlap_counts: dict[OverlapKind, int] = {}
        self._judge: OverlapJudge | None = None
        if separated:
            self._judge = OverlapJudge(turns, self._speakers, self._count_overlap)
        self._off_reason: str | None = None
        self._turn: _Turn | None = None
        self._before: _Turn | None = None  # the turn that this one took the floor from
        self._story: _Turn | None = None  # a turn that outlives short ones of the other
        self._quiet_from: float | None = None  # audio time both are silent since
        self._contested = False  # who has the floor paused while the other speaks
        self._holder: Holder = "nobody"
        self._holder_since = 0.0
        self._hold_s = hearing.utterance_hangover_ms / 1000
        self._both_from: float | None = None
        self._overtalk_s = 0.0
        self._dead_air_s = 0.0
        self._dead_air_count = 0
        self._turn_counts: dict[Party, int] = {"agent": 0, "customer": 0}
        self._ftos: dict[Party, list[float]] = {"agent": [], "customer": []}
        self._monologue_s = [0.0, 0.0]
        self._utterances: list[Utterance] = []
        self._utterance_number = 0
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
        out: list[Event] = []
        if changes[0] is not None or changes[1] is not None:
            self._change(t, changes, out)
        if self._contested:
            self._watch_contest(t, out)
        judge = self._judge
        if judge is not None:
            if self._off_reason is not None:
                out += judge.retract_all(t, self._off_reason)
                self._judge = None
            else:
                out += judge.step(t, level_db, row.f0_hz)
        if agent.ended or customer.ended:
            self._number_utterances()
        if self._turn is not None:
            self._watch_story(self._turn)
            if self.silence_s >= self._settings.dead_air_s - ROUNDING_S:
                self._end_turn(t, out)
                self._end_story()
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

    # ---- what is so now ----------------------------------------------------------

    def utterances(self) -> list[Utterance]:
        """Utterances ended since the last call, numbered from 1 in order of their end."""
        out, self._utterances = self._utterances, []
        return out

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
        story = self._story
        if story is None or story.row != _row(party):
            return None
        return story.t0, self._said_s(story)

    @property
    def silence_s(self) -> float:
        """How long both have been silent; 0 while one speaks or before the first speech."""
        if self._quiet_from is None or self._speakers[0].speaking or self._speakers[1].speaking:
            return 0.0
        return max(0.0, self._t - self._quiet_from)

    def figures(self) -> TurnFigures:
        talk = [speaker.talk_s + speaker.run_s for speaker in self._speakers]
        longest = list(self._monologue_s)
        story = self._story
        if story is not None:
            longest[story.row] = max(longest[story.row], self._until(story) - story.t0)
        return TurnFigures(
            talk_s=dict(zip(PARTIES, talk, strict=True)),
            longest_monologue_s=dict(zip(PARTIES, longest, strict=True)),
            turns=dict(self._turn_counts),
            ftos={party: list(ftos) for party, ftos in self._ftos.items()},
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
        for row in (0, 1):
            if changes[row] is Change.STOPPED:
                self._stopped(t, row, out)
        started = [row for row in (0, 1) if changes[row] is Change.STARTED]
        if len(started) == 2:
            self._both_started(t, out)
        elif started:
            self._started(t, started[0], out)
        if speakers[0].speaking and speakers[1].speaking:
            if self._both_from is None:
                self._both_from = max(speakers[0].since, speakers[1].since)
        else:
            self._count_overtalk()

    def _started(self, t: float, row: int, out: list[Event]) -> None:
        speaker, partner = self._speakers[row], self._speakers[1 - row]
        if self._has_floor(row):
            self._contested = False
        if not partner.speaking:
            self._end_silence(t, speaker.since, out)
            if self._judge is not None and self._judge.attempt_by == row:
                self._contested = self._has_floor(1 - row)
            if not self._contested:
                self._take_floor(t, row, out)
        elif self._judge is not None and partner.since != speaker.since:
            self._both_speak(row, self._judge)

    def _both_speak(self, row: int, judge: OverlapJudge) -> None:
        """``row`` has started while the other speaks: who of them came in?

        Who started later, unless that party only goes on after a pause in its own turn."""
        before = self._before
        lost = before is not None and not self._has_floor(before.row)
        if before is not None and before.row == row and lost and self._only_paused(before):
            judge.begin(1 - row, before.said_s)
            return
        later = row if self._speakers[row].since > self._speakers[1 - row].since else 1 - row
        by = row if self._has_floor(1 - row) else later
        holder, comer = self._speakers[1 - by], self._speakers[by]
        held_s = max(0.0, comer.since - holder.since)
        said_s = [h.said_s for h in (self._turn, self._story) if h is not None and h.row != by]
        judge.begin(by, held_s + max(said_s, default=0.0))

    def _only_paused(self, turn: _Turn) -> bool:
        """Whether a party that starts again had only paused in this turn of its own."""
        return self._speakers[turn.row].since - turn.t1 < YIELD_S - ROUNDING_S

    def _both_started(self, t: float, out: list[Event]) -> None:
        """In the same block; at the same time, nobody takes the floor from nobody."""
        agent, customer = self._speakers
        self._end_silence(t, min(agent.since, customer.since), out)
        turn = self._turn
        if turn is not None and self._judge is not None and self._only_paused(turn):
            self._judge.begin(1 - turn.row, turn.said_s)
        elif agent.since != customer.since:
            self._take_floor(t, 0 if agent.since < customer.since else 1, out)

    def _stopped(self, t: float, row: int, out: list[Event]) -> None:
        speaker, partner = self._speakers[row], self._speakers[1 - row]
        self._quiet_from = max(speaker.last_end, partner.last_end)
        for holding in (self._turn, self._story):
            if holding is not None and holding.row == row and self._has_floor(row):
                holding.said_s += speaker.last_end - speaker.since
                holding.t1 = speaker.last_end
        if partner.speaking and self._turn is None:
            self._take_floor(t, 1 - row, out)
        elif partner.speaking and self._has_floor(row):
            self._contested = True

    def _watch_contest(self, t: float, out: list[Event]) -> None:
        """Whoever goes on while the other has stopped for good takes the floor."""
        turn = self._turn
        if turn is None:
            self._contested = False
            return
        holder = self._speakers[turn.row]
        if not holder.beginning and t - holder.last_end >= YIELD_S - ROUNDING_S:
            self._end_contest(t, turn, out)

    def _end_contest(self, t: float, turn: _Turn, out: list[Event]) -> None:
        self._contested = False
        holder, comer = self._speakers[turn.row], self._speakers[1 - turn.row]
        if comer.last_end > holder.last_end + ROUNDING_S:
            self._take_floor(t, 1 - turn.row, out)

    def _has_floor(self, row: int) -> bool:
        return self._turn is not None and self._turn.row == row

    def _take_floor(self, t: float, row: int, out: list[Event]) -> None:
        if self._has_floor(row):
            return
        speaker = self._speakers[row]
        since = speaker.since
        fto_s = None
        if self._turn is not None:
            fto_s = since - self._turn.t1
            self._ftos[PARTIES[row]].append(fto_s)
            self._before = self._turn
            self._end_turn(t, out)
        self._turn = _Turn(row, since, fto_s)
        if not speaker.speaking:
            self._turn.said_s = speaker.last_end - since
            self._turn.t1 = speaker.last_end
        self._turn_counts[PARTIES[row]] += 1

    def _end_turn(self, t: float, out: list[Event]) -> None:
        turn, self._turn = self._turn, None
        self._contested = False
        if turn is not None:
            fto_s = None if turn.fto_s is None else round(turn.fto_s, 3)
            t0, t1 = round(turn.t0, 3), round(turn.t1, 3)
            out.append(Turn(t=t, party=PARTIES[turn.row], t0=t0, t1=t1, fto_s=fto_s))

    def _watch_story(self, turn: _Turn) -> None:
        story = self._story
        if story is not None and story.row == turn.row:
            return
        if story is None or self._said_s(turn) > self._settings.backchannel_max_s:
            self._end_story()
            self._story = _Turn(turn.row, turn.t0)
            self._story.said_s = turn.said_s
            self._story.t1 = turn.t1

    def _end_story(self) -> None:
        story, self._story = self._story, None
        if story is not None:
            row = story.row
            self._monologue_s[row] = max(self._monologue_s[row], story.t1 - story.t0)

    def _said_s(self, turn: _Turn) -> float:
        """Speech in a turn, with its unfinished run."""
        return turn.said_s + (self._speakers[turn.row].run_s if self._has_floor(turn.row) else 0.0)

    def _until(self, turn: _Turn) -> float:
        """End of the newest speech in a turn."""
        speaker = self._speakers[turn.row]
        if self._has_floor(turn.row) and speaker.speaking:
            return speaker.last_end
        return turn.t1

    def _end_silence(self, t: float, t1: float, out: list[Event]) -> None:
        """Silence ends at ``t1``; long, it was dead air. None before the first speech."""
        t0 = self._quiet_from
        if t0 is not None and t1 - t0 >= self._settings.dead_air_s - ROUNDING_S:
            out.append(DeadAir(t=t, t0=round(t0, 3), t1=round(t1, 3)))
            self._dead_air_s += t1 - t0
            self._dead_air_count += 1

    def _count_overtalk(self) -> None:
        if self._both_from is not None:
            end = min(speaker.last_end for speaker in self._speakers)
            self._overtalk_s += max(0.0, end - self._both_from)
            self._both_from = None

    def _count_overlap(self, before: OverlapKind | None, kind: OverlapKind) -> None:
        counts = self._overlap_counts
        if before is not None:
            counts[before] -= 1
        counts[kind] = counts.get(kind, 0) + 1

    def _watch_floor(self, t: float, out: list[Event]) -> None:
        agent, customer = self._speakers
        turn = self._turn
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

    def _number_utterances(self) -> None:
        ended = [(u.t1, row, u) for row, s in enumerate(self._speakers) for u in s.ended]
        for _, row, utterance in sorted(ended, key=lambda item: item[:2]):
            self._utterance_number += 1
            self._utterances.append(
                Utterance(
                    number=self._utterance_number,
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
        if self._contested and self._turn is not None:
            self._end_contest(t, self._turn, out)
        if self._judge is not None:
            out += self._judge.close(t)
        self._number_utterances()
        if self._turn is not None:
            self._watch_story(self._turn)
        self._end_turn(t, out)
        self._end_story()
        self._end_silence(t, t, out)
        self._watch_floor(t, out)


def _row(party: Party) -> int:
    return PARTIES.index(party)
