"""The floor: whose turn it is, and since when."""

from __future__ import annotations

from monitor.attempt import YIELD_S
from monitor.config import TurnSettings
from monitor.events import PARTIES, Event, Party, Turn
from monitor.overlaps import OverlapJudge
from monitor.usual import Usual
from monitor.utterances import ROUNDING_S, Change, Speaker


class Holding:
    """Runs of one party (``row``) while it has the floor."""

    __slots__ = ("fto_s", "row", "said_s", "t0", "t1")

    def __init__(self, row: int, t0: float, fto_s: float | None = None) -> None:
        self.row = row
        self.t0 = t0
        self.t1 = t0  # end of its last finished run
        self.said_s = 0.0  # speech in its finished runs
        self.fto_s = fto_s


class FloorKeeper:
    """Gives the floor to one party at a time; what a party says with it is a turn.

    A party that comes in while the other speaks has the floor only once the other
    has stopped for ``YIELD_S``: what it says until then, or instead, is no turn, and
    a holder who pauses under the other's speech is still the holder. When it comes in
    within a pause of the other, who goes on, it is still the one that came in.

    A **story** is a turn that outlives short ones of the other.
    """

    def __init__(
        self,
        settings: TurnSettings,
        speakers: tuple[Speaker, Speaker],
        usual: tuple[Usual, Usual],
        judge: OverlapJudge | None,
    ) -> None:
        self._settings = settings
        self._speakers = speakers
        self._usual = usual
        self.judge = judge
        """Is told who comes in on whom; None when overlaps are not judged."""
        self.turn: Holding | None = None
        self.story: Holding | None = None
        self.turns: dict[Party, int] = {"agent": 0, "customer": 0}
        self.ftos: dict[Party, list[float]] = {"agent": [], "customer": []}
        """Floor-transfer offsets of each party's turns, s."""
        self._before: Holding | None = None  # the turn that this one took the floor from
        self._contested = False  # who has the floor paused while the other speaks
        self._monologues_s = [0.0, 0.0]

    def change(
        self, t: float, changes: tuple[Change | None, Change | None], out: list[Event]
    ) -> None:
        """Somebody started or stopped in the block that ends at ``t``."""
        for row in (0, 1):
            if changes[row] is Change.STOPPED:
                self._stopped(t, row, out)
        started = [row for row in (0, 1) if changes[row] is Change.STARTED]
        if len(started) == 2:
            self._both_started(t, out)
        elif started:
            self._started(t, started[0], out)

    def watch_contest(self, t: float, out: list[Event]) -> None:
        """Whoever goes on while the other has stopped for good takes the floor."""
        if not self._contested:
            return
        if self.turn is None:
            self._contested = False
            return
        holder = self._speakers[self.turn.row]
        if not holder.beginning and t - holder.last_end >= YIELD_S - ROUNDING_S:
            self.end_contest(t, out)

    def end_contest(self, t: float, out: list[Event]) -> None:
        """The holder has stopped for good. Nothing happens when nobody contests."""
        turn = self.turn
        if not self._contested or turn is None:
            return
        self._contested = False
        holder, comer = self._speakers[turn.row], self._speakers[1 - turn.row]
        if comer.last_end > holder.last_end + ROUNDING_S:
            self._take(t, 1 - turn.row, out)

    def watch_story(self) -> None:
        """After each block."""
        turn, story = self.turn, self.story
        if turn is None or (story is not None and story.row == turn.row):
            return
        if story is None or self.said_s(turn) > self._settings.backchannel_max_s:
            self._end_story()
            self.story = Holding(turn.row, turn.t0)
            self.story.said_s = turn.said_s
            self.story.t1 = turn.t1

    def end(self, t: float, out: list[Event]) -> None:
        """Nobody has the floor any more."""
        self._end_turn(t, out)
        self._end_story()

    def said_s(self, holding: Holding) -> float:
        """Speech in it, s, with its unfinished run."""
        run_s = self._speakers[holding.row].run_s if self._has(holding.row) else 0.0
        return holding.said_s + run_s

    def monologues_s(self) -> list[float]:
        """The longest story of each party so far, s."""
        longest_s = list(self._monologues_s)
        story = self.story
        if story is not None:
            speaks = self._has(story.row) and self._speakers[story.row].speaking
            until = self._end(story.row) if speaks else story.t1
            longest_s[story.row] = max(longest_s[story.row], until - story.t0)
        return longest_s

    def _stopped(self, t: float, row: int, out: list[Event]) -> None:
        speaker, partner = self._speakers[row], self._speakers[1 - row]
        for holding in (self.turn, self.story):
            if holding is not None and holding.row == row and self._has(row):
                holding.t1 = self._end(row)
                holding.said_s += holding.t1 - speaker.since
        if partner.speaking and self.turn is None:
            self._take(t, 1 - row, out)
        elif partner.speaking and self._has(row):
            self._contested = True

    def _started(self, t: float, row: int, out: list[Event]) -> None:
        speaker, partner = self._speakers[row], self._speakers[1 - row]
        if self._has(row):
            self._contested = False
        if not partner.speaking:
            if self.judge is not None and self.judge.attempt_by == row:
                self._contested = self._has(1 - row)
            if not self._contested:
                self._take(t, row, out)
        elif self.judge is not None and partner.since != speaker.since:
            self._both_speak(row, self.judge)

    def _both_speak(self, row: int, judge: OverlapJudge) -> None:
        """``row`` has started while the other speaks: who of them came in?

        Who started later, unless that party only goes on after a pause in its own turn."""
        before = self._before
        lost = before is not None and not self._has(before.row)
        if before is not None and before.row == row and lost and self._only_paused(before):
            judge.begin(1 - row, before.said_s)
            return
        later = row if self._speakers[row].since > self._speakers[1 - row].since else 1 - row
        by = row if self._has(1 - row) else later
        holder, comer = self._speakers[1 - by], self._speakers[by]
        held_s = max(0.0, comer.since - holder.since)
        said_s = [h.said_s for h in (self.turn, self.story) if h is not None and h.row != by]
        judge.begin(by, held_s + max(said_s, default=0.0))

    def _both_started(self, t: float, out: list[Event]) -> None:
        """In the same block; at the same time, nobody takes the floor from nobody."""
        agent, customer = self._speakers
        turn = self.turn
        if turn is not None and self.judge is not None and self._only_paused(turn):
            self.judge.begin(1 - turn.row, turn.said_s)
        elif agent.since != customer.since:
            self._take(t, 0 if agent.since < customer.since else 1, out)

    def _only_paused(self, turn: Holding) -> bool:
        """Whether a party that starts again had only paused in this turn of its own."""
        return self._speakers[turn.row].since - turn.t1 < YIELD_S - ROUNDING_S

    def _has(self, row: int) -> bool:
        return self.turn is not None and self.turn.row == row

    def _take(self, t: float, row: int, out: list[Event]) -> None:
        if self._has(row):
            return
        speaker = self._speakers[row]
        since = speaker.since
        fto_s = None
        if self.turn is not None:
            fto_s = since - self.turn.t1
            self.ftos[PARTIES[row]].append(fto_s)
            self._before = self.turn
            self._end_turn(t, out)
        self.turn = Holding(row, since, fto_s)
        if not speaker.speaking:
            self.turn.t1 = self._end(row)
            self.turn.said_s = self.turn.t1 - since
        self.turns[PARTIES[row]] += 1

    def _end_turn(self, t: float, out: list[Event]) -> None:
        turn, self.turn = self.turn, None
        self._contested = False
        if turn is not None:
            fto_s = None if turn.fto_s is None else round(turn.fto_s, 3)
            t0, t1 = round(turn.t0, 3), round(turn.t1, 3)
            out.append(Turn(t=t, party=PARTIES[turn.row], t0=t0, t1=t1, fto_s=fto_s))

    def _end_story(self) -> None:
        story, self.story = self.story, None
        if story is not None:
            row = story.row
            self._monologues_s[row] = max(self._monologues_s[row], story.t1 - story.t0)

    def _end(self, row: int) -> float:
        return self._usual[row].voice_end(self._speakers[row])
