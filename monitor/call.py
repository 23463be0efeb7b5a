"""One call: inputs in, events out. No I/O, no clock, no threads.

``receive`` an input, then drain ``events()`` and ``utterances()``. Audio time is
counted in blocks; everything that happens "every so often" is counted in blocks of
the call, never of a ``Heard``, so that any chunking gives the same events.
"""

from __future__ import annotations

from typing import Any

from monitor.audio import BLOCK_S
from monitor.config import Settings
from monitor.cues import CueSpotter
from monitor.customer import Customer
from monitor.ear import Heard
from monitor.early import EarlyCues
from monitor.events import (
    PARTIES,
    AlertRaised,
    CallEnded,
    CallStarted,
    Command,
    Cue,
    Degraded,
    End,
    Event,
    Gap,
    HangUp,
    Levels,
    Missing,
    Note,
    Overlap,
    Pace,
    Transcript,
    Trouble,
    Turn,
    Utterance,
    Words,
)
from monitor.memory import Memory
from monitor.pace import PaceMeter
from monitor.parties import Parties
from monitor.phrases import Phrases
from monitor.policy import Policy
from monitor.report import report
from monitor.transfer import Transfer
from monitor.turns import Row, TurnTaker
from monitor.view import View
from monitor.voice import AgentLevel

CallInput = Heard | Missing | Transcript | Trouble | Command | HangUp | End

AGENT, CUSTOMER = range(len(PARTIES))
LEVELS_BLOCKS = 6
PACE_BLOCKS = 62
LOOK_BLOCKS = 5
LATE_WORDS_S = 8.0
"""Words that come later than this after their utterance raise nothing."""
LOWEST_DB = -100.0

SHARED = "Both parties share one channel: talk-over, tone, mood and nudges are off"
LOUD_ECHO = "The echo on the line is about as loud as the voices: some talk-over cannot be told"
MIXED = "Each channel carries both voices: talk-over, tone, mood and nudges are off"
NO_PHRASES = "No phrases are known in this language ({}): words raise no cue and no nudge"


class Call:
    """A state machine over the inputs of one call."""

    def __init__(self, started: CallStarted, settings: Settings, phrases: Phrases) -> None:
        """``started`` comes with its call id, without seq; ``separated`` False switches off
        what needs two channels.

        Raises registry.UnknownName or ConfigError when the nudge settings name what is
        not there.
        """
        self._call_id = started.call_id
        self._separated = started.separated
        self._limits = list(started.limits)
        if not started.separated and not self._limits:
            self._limits.append(SHARED)
        self._words = started.words is not None
        self._language = phrases.language
        self._no_phrases = "" if phrases.families else NO_PHRASES.format(phrases.language)
        if self._words and self._no_phrases:
            self._limits.append(self._no_phrases)
        self._parties = Parties(settings.hearing, separated=started.separated)
        self._loud_echo = False
        self._turns = TurnTaker(settings.hearing, settings.turns, separated=started.separated)
        self._customer = Customer(settings.mood, settings.turns, phrases)
        self._agent_level = AgentLevel()
        self._transfer = Transfer()
        self._pace = PaceMeter(settings.pace)
        self._spotter = CueSpotter(phrases)
        self._early = EarlyCues(phrases)
        self._policy = Policy(settings.nudges, settings.mood.watch, call_id=started.call_id)
        self._memory = Memory(started.customer.name)
        self._alert = settings.mood.alert
        self._hot_calls = started.hot_calls
        self._blocks = 0
        self.t = 0.0
        """Audio time now, s."""
        self._seq = 0
        self._out: list[Event] = []
        self._loudest = [LOWEST_DB, LOWEST_DB]
        self._began: float | None = None
        self._hung_up = False
        self.ended = False
        self._emit(
            started.model_copy(update={"policy": self._policy.hash, "limits": list(self._limits)})
        )

    def receive(self, item: CallInput) -> None:
        """Take one input. After ``End`` nothing is taken any more.

        Raises ValueError for a Heard that has not one row per party.
        """
        if self.ended:
            return
        match item:
            case Heard():
                self._hear(item)
            case Missing():
                self._miss(item)
            case Transcript():
                self._read(item)
            case Trouble():
                self._trouble(item)
            case Command():
                self._obey(item)
            case HangUp():
                self._hang_up()
            case End():
                self._end(item)

    def events(self) -> list[Event]:
        """What there is to tell since the last call of this."""
        out, self._out = self._out, []
        return out

    def utterances(self) -> list[Utterance]:
        """What is to be written down, since the last call of this."""
        return self._turns.utterances()

    def unfinished(self) -> Utterance | None:
        """What the customer is saying, while they speak: its words so far may be asked for."""
        return self._turns.unfinished("customer")

    @property
    def calm(self) -> bool:
        """The customer's mood is not on watch or alert."""
        return self._customer.mood.level == "calm"

    # ---- hearing ---------------------------------------------------------------

    def _hear(self, heard: Heard) -> None:
        if heard.channels != len(PARTIES):
            raise ValueError(f"a call hears {len(PARTIES)} channels, not {heard.channels}")
        columns = zip(
            zip(*heard.speech.tolist(), strict=True),
            zip(*heard.level_db.tolist(), strict=True),
            zip(*heard.f0_hz.tolist(), strict=True),
            zip(*heard.voicing.tolist(), strict=True),
            zip(*heard.balance_db.tolist(), strict=True),
            zip(*heard.nuclei.tolist(), strict=True),
            strict=True,
        )
        for speech, level_db, f0_hz, voicing, balance_db, nuclei in columns:
            speech, own = self._parties.step(speech, level_db)
            self._step(Row(own, speech, level_db, f0_hz, voicing, balance_db, nuclei))

    def _advance(self, blocks: int) -> float:
        self._blocks += blocks
        self.t = round(self._blocks * BLOCK_S, 3)
        return self.t

    def _step(self, row: Row) -> None:
        t = self._advance(1)
        happened = self._turns.step(t, row)
        if self._separated:
            self._understand(t, row)
        if happened:
            self._take(happened)
        agent_db, customer_db = row.level_db
        loudest = self._loudest
        if agent_db > loudest[AGENT]:
            loudest[AGENT] = agent_db
        if customer_db > loudest[CUSTOMER]:
            loudest[CUSTOMER] = customer_db
        if self._blocks % LEVELS_BLOCKS == 0:
            self._tell_levels()
        if self._blocks % PACE_BLOCKS == 0 and self._separated:
            self._tell_pace()
        if self._blocks % LOOK_BLOCKS == 0:
            self._look()
        elif happened and any(isinstance(event, Overlap) for event in happened):
            self._nudge()

    def _understand(self, t: float, row: Row) -> None:
        turns = self._turns
        if self._began is None and (turns.speaking("agent") or turns.speaking("customer")):
            self._began = t
        self._customer.step(
            t,
            row.own[CUSTOMER],
            row.level_db[CUSTOMER],
            row.f0_hz[CUSTOMER],
            row.voicing[CUSTOMER],
            row.balance_db[CUSTOMER],
            row.nuclei[CUSTOMER],
            turns,
        )
        self._agent_level.step(t, row.own[AGENT], row.level_db[AGENT])
        self._pace.step(t, row)
        if not self._parties.separated:
            self._mixed(t)
        elif self._parties.gate.echo_too_loud != self._loud_echo:
            self._tell_loud_echo()

    def _tell_loud_echo(self) -> None:
        self._loud_echo = not self._loud_echo
        if LOUD_ECHO not in self._limits:
            self._limits.append(LOUD_ECHO)
        self._emit(Degraded(part="hearing", active=self._loud_echo, reason=LOUD_ECHO))

    def _mixed(self, t: float) -> None:
        """Found on the way: what is heard on one channel may be the other party."""
        self._separated = False
        self._turns.talk_over_off(MIXED)
        self._limits.append(MIXED)
        self._emit(Degraded(part="hearing", active=True, reason=MIXED))
        for event in [*self._policy.retract(t, MIXED), *self._customer.mood.stop(t)]:
            self._emit(event)

    def _miss(self, missing: Missing) -> None:
        t0 = self.t
        self._parties.missing()
        self._customer.missing(t0, self._turns.last_speech_end("customer"))
        self._advance(missing.blocks)
        self._take(self._turns.missing(t0, self.t))
        self._emit(Gap(t0=t0, t1=self.t, reason=missing.reason))
        self._look()

    # ---- words and commands ----------------------------------------------------

    def _trouble(self, trouble: Trouble) -> None:
        self._emit(Degraded(part=trouble.part, active=trouble.active, reason=trouble.reason))
        if trouble.part == "words":
            self._words = not trouble.active
            if self._words and self._no_phrases:
                self._emit(Degraded(part="words", active=True, reason=self._no_phrases))

    def _read(self, tr: Transcript) -> None:
        late = tr.late or self.t - tr.t1 > LATE_WORDS_S
        self._emit(
            Words(
                utterance=tr.utterance,
                party=tr.party,
                t0=tr.t0,
                t1=tr.t1,
                text=tr.text,
                words=tr.words,
                final=tr.final,
                confidence=tr.confidence,
                late=late,
            )
        )
        if not self._separated:
            return
        if not tr.final:
            self._read_partial(tr, late)
            return
        self._mind_language(tr)
        confirmed = self._settle_early(tr)
        if tr.text:
            self._pace.transcript(tr)
            self._take(self._turns.transcript(tr))
        self._memory.transcript(tr)
        self._transfer.transcript(tr)
        if not (self._no_phrases or (late and tr.party == "customer")):
            for cue in self._spotter.transcript(tr, self.t):
                if cue.family not in confirmed:
                    self._hear_cue(cue, late)
        self._look()

    def _mind_language(self, tr: Transcript) -> None:
        """Phrases of another language would be heard where nobody said them, or never."""
        known = tr.language in (None, self._language) or not self._language
        if not (known or self._no_phrases):
            self._no_phrases = NO_PHRASES.format(tr.language)
            self._limits.append(self._no_phrases)
            if self._words:  # else told when the trouble ends: screens keep the newest only
                self._emit(Degraded(part="words", active=True, reason=self._no_phrases))

    def _read_partial(self, tr: Transcript, late: bool) -> None:
        """Partial words may raise what the final ones would."""
        if self._no_phrases or late or tr.party != "customer":
            return
        if cues := self._early.partial(tr, self.t, self._memory.cues):
            for cue in cues:
                self._hear_cue(cue, late)
            self._look()

    def _settle_early(self, tr: Transcript) -> set[str]:
        """Families that partial words have told already; what the final ones lack goes."""
        confirmed, gone = self._early.final(tr, self.t)
        for cue in gone:
            self._emit(cue.model_copy(update={"status": "taken_back"}))
            self._memory.take_back(cue)
            self._customer.unsay(self.t, cue)
        return confirmed

    def _hear_cue(self, cue: Cue, late: bool) -> None:
        self._emit(cue)
        if (since := self._transfer.cue(cue)) is not None:
            self._another_agent(since)
        self._memory.cue(cue)
        if late:
            return  # an acknowledgement that is known late still spares the agent a nudge
        self._customer.cue(self.t, cue)
        self._memory.heavy(cue)

    def _another_agent(self, since: float) -> None:
        """What is usual for the agent begins anew, and what ``Memory`` counts of them."""
        self._agent_level = AgentLevel()
        self._pace.another_agent()
        self._turns.somebody_else("agent")
        self._memory.another_agent(since)

    def _obey(self, command: Command) -> None:
        match command.command:
            case "note":
                self._emit(Note(by=command.by, text=command.text))
            case "dismiss_nudge":
                self._take(self._policy.dismiss(command.text, self.t))
            case "snooze":
                self._take(self._policy.snooze(command.for_s, self.t))

    # ---- understanding ---------------------------------------------------------

    def _look(self) -> None:
        """Mood, then the nudges that may follow from it."""
        if self._separated:
            self._take(self._customer.look(self.t))
            self._memory.mood(self.t, self._customer.mood.score, self._alert)
            self._nudge()

    def _nudge(self) -> None:
        """Without a look at the mood: when an overlap is judged depends on how the agent
        sounds, and when a mood is told must not."""
        if self._separated and not self._hung_up:
            self._take(self._policy.step(self._view(self.t)))

    def _view(self, t: float) -> View:
        memory = self._memory
        memory.forget(t)
        turns, mood = self._turns, self._customer.mood
        mismatch = self._pace.mismatch(t)
        return View(
            t=t,
            began=self._began,
            words=self._words and not self._no_phrases,
            holder=turns.holder,
            holder_since=turns.holder_since,
            agent_speaking_since=turns.speaking_since("agent"),
            customer_speaking_since=turns.speaking_since("customer"),
            agent_last_speech=turns.last_speech_end("agent"),
            customer_last_speech=turns.last_speech_end("customer"),
            agent_turn=turns.turn_of("agent"),
            customer_turn=turns.turn_of("customer"),
            agent_talk_s=turns.talk_s("agent"),
            silence_s=turns.silence_s,
            agent_turn_ends=tuple(memory.agent_turn_ends),
            overlaps=tuple(memory.overlaps.values()),
            said=tuple(memory.said),
            cues=tuple(memory.cues),
            first=memory.first,
            last=memory.last,
            customer_name=memory.naming.name,
            name_since=memory.naming.since,
            name_used=tuple(memory.naming.used),
            agent_words_until=memory.agent_words_until,
            mood=mood.score,
            level=mood.level,
            rising=mood.rising,
            kinds=mood.kinds(),
            frustrations=tuple(memory.frustrations),
            voice=mood.voice(),
            mood_peak=memory.mood_peak,
            high_since=memory.high_since,
            alerts=memory.alerts,
            pace_ratio=mismatch.ratio if mismatch is not None else None,
            agent_pace_ratio=self._pace.agent_above_baseline(t),
            agent_above_db=self._agent_level.above_baseline_db,
            hot_calls=self._hot_calls,
            hung_up=self._hung_up,
        )

    def _take(self, events: list[Event]) -> None:
        """Emit what a part found, and remember what a view shows of it."""
        for event in events:
            match event:
                case Overlap():
                    self._memory.overlap(event)
                case Turn(party="agent"):
                    self._memory.agent_turn_ends.append(event.t1)
                case AlertRaised():
                    self._memory.alert(self.t)
            self._emit(event)

    def _tell_levels(self) -> None:
        agent_db, customer_db = self._loudest
        self._loudest = [LOWEST_DB, LOWEST_DB]
        self._emit(
            Levels(
                agent_db=round(agent_db, 1),
                customer_db=round(customer_db, 1),
                agent_speaking=self._turns.speaking("agent"),
                customer_speaking=self._turns.speaking("customer"),
            )
        )

    def _tell_pace(self) -> None:
        rates = self._pace.rates()
        known = {key: round(rate, 2) for key, rate in rates.items() if rate is not None}
        self._emit(Pace.model_validate(known))

    # ---- the end ---------------------------------------------------------------

    def _hang_up(self) -> None:
        if self._hung_up:
            return
        self._customer.missing(self.t, self._turns.last_speech_end("customer"))
        self._take(self._turns.end(self.t))
        self._look()
        self._hung_up = True
        if self._separated:
            self._take(self._policy.hang_up(self._view(self.t)))

    def _end(self, end: End) -> None:
        self._hang_up()
        t = self.t
        self._take(self._policy.end(self._view(t)))
        self._emit(
            report(
                t,
                self._turns.figures(),
                self._pace,
                self._customer.report(),
                self._policy.reports(),
                self._policy.scorecard(),
                self._limits,
            )
        )
        self._emit(CallEnded(reason=end.reason, detail=end.detail, duration_s=t))
        self.ended = True

    def _emit(self, event: Event) -> None:
        """Stamped: times never go back, numbers have no holes."""
        self._seq += 1
        stamp: dict[str, Any] = {"call_id": self._call_id, "seq": self._seq, "t": self.t}
        self._out.append(event.model_copy(update=stamp))
