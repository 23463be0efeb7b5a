"""Every event that crosses a boundary: the whole vocabulary, typed.

One envelope for all of them: ``{type, call_id, seq, t, ...}``. ``t`` is audio
time, seconds since the call's first sample, counted in samples; it is the only
clock the core knows. ``seq`` counts the events of one call from 1 without
holes; a subscriber that was sent conflated state sees holes, never disorder.

An event is either a *fact* (never dropped, always stored) or *state* (only the
newest matters; the bus may conflate it). Which one is a class attribute, so
that no table elsewhere can disagree with it.

The understanding modules return events without ``call_id`` and ``seq``;
``call.Call`` stamps both when it emits them.

The JSON Schema of this module is published by the server, and the TypeScript
types of the dashboard are generated from it (``python -m monitor.events``).
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any, ClassVar, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Party = Literal["agent", "customer"]
PARTIES: tuple[Party, Party] = ("agent", "customer")
"""Row order of every two-party array in the core: row 0 agent, row 1 customer."""

Holder = Literal["agent", "customer", "both", "nobody"]
MoodLevel = Literal["calm", "watch", "alert"]
OverlapKind = Literal["backchannel", "terminal", "interruption", "talk_over"]
"""backchannel: who came in only listened, or put in a word. terminal: the other was ending.
talk_over: the agent came in and kept on, or cut the customer off, whoever spoke on afterwards;
interruption: the same by the customer."""
EvidenceKind = Literal["voice", "words", "interaction"]
NudgeWhen = Literal["during", "after"]
"""after: opened when the call is over, and stays until the agent has read it."""
Withheld = Literal[
    "",
    "warm_up",
    "snoozed",
    "good_moment",
    "calm",
    "cooldown",
    "budget",
    "on_screen",
    "gap",
    "held_out",
    "quiet",
]
"""Why a nudge that was needed was not shown: the call had just begun; paused by the agent; the
customer was saying thanks; nothing was wrong; the same kind stood there a moment ago; enough for
one call; something else stood there, or just had; held out at random to measure the effect;
nothing is to be shown at all."""
Arm = Literal["shown", "held_out", "not_shown"]


def other(party: Party) -> Party:
    """The party on the other end of the line."""
    return "customer" if party == "agent" else "agent"


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Word(Model):
    """One recognised word. Times are audio time, ``p`` is in 0..1."""

    text: str
    t0: float
    t1: float
    p: float = 1.0


class Evidence(Model):
    """A number with a time and a reason, readable by the person it is shown to."""

    kind: EvidenceKind
    t: float
    text: str = Field(description="The reason, in words an agent understands at a glance")
    value: float = Field(default=0.0, description="The number behind the reason")
    unit: str = Field(default="", description="Unit of value: s, dB, x, llr, count …")


class Person(Model):
    """Who is on the line, as far as the source knows."""

    id: str = ""
    name: str = ""


class Event(Model):
    """The envelope. Subclasses add their own fields and a literal ``type``."""

    fact: ClassVar[bool] = True
    """True: never dropped, always stored. False: conflated to the newest."""

    type: str
    call_id: str = ""
    seq: int = 0
    t: float = 0.0

    def conflation_key(self) -> str:
        """State with the same key replaces its older self."""
        return self.type


# ---- the life of a call ------------------------------------------------------


class CallStarted(Event):
    type: Literal["call.started"] = "call.started"
    started_at: str = Field(description="Wall clock at audio time 0, ISO 8601 with offset")
    source: str = Field(description="Name of the way in: wav, microphone, pcm …")
    title: str = ""
    agent: Person = Person()
    customer: Person = Person()
    live: bool = True
    words: str | None = Field(default=None, description="Speech-to-text model; null: words off")
    separated: bool = Field(default=True, description="False: both parties share one channel")
    limits: list[str] = Field(default=[], description="What is off for this call, and why")
    policy: str = Field(default="", description="Hash of the nudge policy in force")
    hot_calls: int = Field(
        default=0, ge=0, description="The agent's calls with an alert in the hour before"
    )


class CallEnded(Event):
    type: Literal["call.ended"] = "call.ended"
    reason: Literal["completed", "stopped", "failed", "lost"]
    detail: str = ""
    duration_s: float


class Gap(Event):
    """Audio that is missing: never to be read as silence."""

    type: Literal["gap"] = "gap"
    t0: float
    t1: float
    reason: Literal["paused", "hold", "lost", "overrun"]
    party: Party | None = Field(default=None, description="null: both")


class Degraded(Event):
    """A part of the monitor works less well, or works again (``active`` false)."""

    type: Literal["degraded"] = "degraded"
    part: Literal["words", "hearing", "recording", "source"]
    active: bool
    reason: str


class Note(Event):
    """A private note from a supervisor to the agent."""

    type: Literal["note"] = "note"
    by: str
    text: str


# ---- who speaks --------------------------------------------------------------


class Levels(Event):
    """What the meters show. State, a few times a second."""

    fact: ClassVar[bool] = False
    type: Literal["levels"] = "levels"
    agent_db: float
    customer_db: float
    agent_speaking: bool
    customer_speaking: bool


class Floor(Event):
    """Who holds the floor now. State."""

    fact: ClassVar[bool] = False
    type: Literal["floor"] = "floor"
    holder: Holder
    since: float


class Turn(Event):
    """One party's utterances until the other takes the floor; emitted when it ends."""

    type: Literal["turn"] = "turn"
    party: Party
    t0: float
    t1: float
    fto_s: float | None = Field(
        default=None,
        description="Floor-transfer offset to the turn before it, s; negative: overlap",
    )


class Overlap(Event):
    """Both spoke at once. The same ``id`` may be sent again with ``final`` true,
    or as a retraction (``kind`` no longer ``talk_over``) when the words are in."""

    type: Literal["overlap"] = "overlap"
    id: str
    kind: OverlapKind
    by: Party = Field(description="Who came in on the other")
    t0: float
    t1: float
    score: float = Field(default=0.0, description="Points of the talk-over rule")
    final: bool = True
    reasons: list[str] = []


class DeadAir(Event):
    """Both silent for long; emitted when it ends."""

    type: Literal["dead_air"] = "dead_air"
    t0: float
    t1: float


class Pace(Event):
    """How fast each party speaks, null until enough was heard. State.

    Observable behaviour; syllable rates are per second over speaking time with
    the pauses inside utterances (speech rate)."""

    fact: ClassVar[bool] = False
    type: Literal["pace"] = "pace"
    agent_syl_per_s: float | None = None
    customer_syl_per_s: float | None = None
    agent_wpm: float | None = None
    customer_wpm: float | None = None


# ---- what was said -----------------------------------------------------------


class Words(Event):
    """Recognised words of one utterance. ``final`` false: a partial, to be replaced."""

    type: Literal["words"] = "words"
    utterance: int = Field(description="Number of the utterance within the call")
    party: Party
    t0: float
    t1: float
    text: str
    words: list[Word] = []
    final: bool = True
    confidence: float = Field(
        default=1.0, description="0..1, exp of the mean token log-probability"
    )
    late: bool = Field(default=False, description="Came too late for a nudge")


class Cue(Event):
    """A phrase family heard in the words."""

    type: Literal["cue"] = "cue"
    family: str
    party: Party
    t0: float
    t1: float
    text: str = Field(description="The words that matched")
    weight: float = Field(default=0.0, description="Log-odds it adds to mood, 0 for agent cues")
    by: Literal["phrase", "meaning"] = Field(
        default="phrase",
        description="meaning: the text is a sentence that means it, in words of no phrase",
    )
    status: Literal["heard", "likely", "taken_back"] = Field(
        default="heard",
        description="likely: in partial words; not told again when the final words have it "
        "too, and taken_back, with the same family and t0, when they do not",
    )


# ---- the customer's mood -----------------------------------------------------


class Mood(Event):
    """The customer's frustration. There is no such thing for the agent. State."""

    fact: ClassVar[bool] = False
    type: Literal["mood"] = "mood"
    score: float = Field(description="0..8, leaky sum of log-odds; not a probability")
    level: MoodLevel
    rising: bool = False
    upset_from_start: bool = False
    reasons: list[Evidence] = Field(default=[], description="At most three, strongest first")


class AlertRaised(Event):
    """The customer's frustration crossed the alert line."""

    type: Literal["alert.raised"] = "alert.raised"
    id: str
    kind: Literal["rising", "upset_from_start"]
    score: float
    reasons: list[Evidence]


class AlertCleared(Event):
    type: Literal["alert.cleared"] = "alert.cleared"
    id: str
    lasted_s: float


# ---- nudges ------------------------------------------------------------------


class NudgeOpened(Event):
    type: Literal["nudge.opened"] = "nudge.opened"
    id: str
    nudge: str = Field(description="File name of the nudge: let_them_vent …")
    title: str
    text: str
    why: str
    evidence: list[Evidence]
    priority: int = 0
    ttl_s: float = Field(description="Leaves the screen after so many seconds")
    when: NudgeWhen = "during"
    private: bool = Field(default=False, description="For the agent only: no supervisor sees it")


class NudgeClosed(Event):
    type: Literal["nudge.closed"] = "nudge.closed"
    id: str
    nudge: str
    outcome: Literal["done", "expired", "replaced", "dismissed", "retracted", "call_ended"]
    why: str = ""
    open_s: float
    private: bool = False


class NudgeEffect(Event):
    """The customer's mood from when a nudge was shown, or would have been, to 60 s later. One
    is no proof of cause; many, shown against held out at random, are."""

    type: Literal["nudge.effect"] = "nudge.effect"
    id: str = Field(description="Of the nudge; empty where none was shown")
    nudge: str
    followed: bool
    mood_before: float
    mood_after: float
    opportunity: str = ""
    arm: Arm = "shown"
    after_s: float = Field(default=60.0, description="Less where the call ended first")
    private: bool = False


class Opportunity(Event):
    """What a nudge asks for was called for. Recorded whether or not the nudge was shown; sent
    again with the same ``id`` when it becomes due, and when it is shown or held out after all."""

    type: Literal["opportunity"] = "opportunity"
    id: str
    nudge: str
    title: str
    evidence: list[Evidence]
    due: bool = Field(default=True, description="False: called for, and not late yet")
    shown: str = Field(default="", description="Id of the nudge that was opened for it")
    withheld: Withheld = ""
    confidence: float | None = Field(
        default=None,
        description="0..1, of the words around it; null: it does not rest on words",
    )
    private: bool = False


class Response(Event):
    """What became of an opportunity; closes it."""

    type: Literal["response"] = "response"
    id: str = Field(description="Of the opportunity")
    nudge: str
    outcome: Literal["given", "missed", "retracted", "call_ended"]
    prompted: bool = Field(default=False, description="Given after its nudge had been shown")
    how: Evidence | None = None
    private: bool = False


# ---- after the call ----------------------------------------------------------


class PartyReport(Model):
    talk_s: float
    talk_share: float = Field(description="Of all speech, 0..1")
    longest_monologue_s: float
    turns: int
    wpm: float | None = None
    syl_per_s: float | None = None
    response_latency_s: float | None = Field(
        default=None, description="Median FTO of this party's turns, s"
    )


AccommodationVerdict = Literal["followed", "kept_own", "moved_away", "unclear"]


class Accommodation(Model):
    """Did the agent follow the customer's pace? Observable behaviour, over a whole call."""

    r: float = Field(
        description="-1..1, correlation of the log speech rates of the customer's turns and of "
        "the agent's answers: 1 follows, 0 keeps own pace, below 0 does the opposite"
    )
    low: float = Field(description="Lower end of its 95 % interval")
    high: float = Field(description="Upper end of its 95 % interval")
    exchanges: int = Field(description="Turns with an answer that were long enough to compare")
    verdict: AccommodationVerdict = Field(description="What the interval allows to say")
    early_ratio: float = Field(description="Agent's rate over the customer's, first half")
    late_ratio: float = Field(description="Agent's rate over the customer's, second half")
    closer: bool = Field(description="Clearly nearer to the customer's pace in the second half")


class MoodReport(Model):
    peak: float
    peak_t: float
    mean: float
    end: float
    alerts: int
    watch_s: float
    alert_s: float
    upset_from_start: bool = False


class NudgeReport(Model):
    id: str
    nudge: str
    title: str
    t: float
    closed_t: float | None = None
    outcome: str = ""
    why: str = ""


class TechniqueCase(Model):
    """One time at which a technique was called for: listen from ``t``."""

    opportunity: str
    t: float
    outcome: Literal["unprompted", "prompted", "missed", "call_ended"]
    why: str = ""
    answered_t: float | None = Field(default=None, description="When it was given")


class Technique(Model):
    """One line of the scorecard: what was called for and what was given. For learning, the
    agent's own first; never summed into one number."""

    nudge: str
    title: str
    needed: int
    unprompted: int = Field(description="Given without a nudge")
    prompted: int = Field(description="Given after the nudge")
    missed: int
    enough: bool = Field(description="False: too few cases to say how often it is given")
    by_words: int = Field(description="Cases that rest on recognised words")
    confidence: float | None = Field(
        default=None, description="0..1, mean confidence of the words of those"
    )
    cases: list[TechniqueCase]


class Report(Event):
    """The figures of a whole call; emitted just before ``call.ended``."""

    type: Literal["report"] = "report"
    duration_s: float
    agent: PartyReport
    customer: PartyReport
    median_fto_s: float | None
    dead_air_s: float
    dead_air_count: int
    overtalk_s: float = Field(description="Both speaking, s")
    overlaps: dict[OverlapKind, int] = {}
    talk_overs_per_10_min: float = Field(description="Per 10 minutes of customer speech")
    accommodation: Accommodation | None = Field(
        default=None, description="null: too few exchanges to ask"
    )
    mood: MoodReport
    nudges: list[NudgeReport] = []
    scorecard: list[Technique] = Field(
        default=[], description="Only techniques that were called for"
    )
    limits: list[str] = []


CallEvent = Annotated[
    Union[
        CallStarted,
        CallEnded,
        Gap,
        Degraded,
        Note,
        Levels,
        Floor,
        Turn,
        Overlap,
        DeadAir,
        Pace,
        Words,
        Cue,
        Mood,
        AlertRaised,
        AlertCleared,
        NudgeOpened,
        NudgeClosed,
        NudgeEffect,
        Opportunity,
        Response,
        Report,
    ],
    Field(discriminator="type"),
]
"""Any event of a call, told apart by ``type``."""


# ---- the live websocket, beside the events themselves --------------------------


class Snapshot(Model):
    """The events from which the one reducer builds the present: all facts and
    the newest state, in order of seq. First message after a subscription."""

    type: Literal["snapshot"] = "snapshot"
    call_id: str
    seq: int = Field(description="Newest seq it holds; go on from here with since=seq")
    t: float
    events: list[CallEvent]


class Heartbeat(Model):
    """Every 2 s on every socket. The screens say 'stale' after 5 s without one."""

    type: Literal["heartbeat"] = "heartbeat"
    live_calls: int
    lag_s: float = Field(default=0.0, description="How late the event loop runs, s")
    words_waiting: int = Field(default=0, description="Utterances that wait to be written down")
    words_wait_s: float = Field(default=0.0, description="How long the oldest of live calls has")
    words_load: float = Field(default=0.0, description="Share of speech-to-text in use, 0 to 1")


class Resync(Model):
    """The subscriber fell behind its facts and is closed; come back with since=seq."""

    type: Literal["resync"] = "resync"
    reason: str


class Problem(Model):
    """The client's last message could not be used; the socket stays open."""

    type: Literal["error"] = "error"
    reason: str


ServerMessage = Annotated[
    Union[CallEvent, Snapshot, Heartbeat, Resync, Problem], Field(discriminator="type")
]


class Subscribe(Model):
    """First message of a client. Exactly one of ``call_id``, ``agent_id``, ``floor``."""

    type: Literal["subscribe"] = "subscribe"
    call_id: str | None = None
    agent_id: str | None = Field(default=None, description="This agent's current call, whichever")
    floor: bool = False
    since: int | None = Field(default=None, description="With call_id: only what came after")


class SendNote(Model):
    type: Literal["send_note"] = "send_note"
    call_id: str
    text: str = Field(min_length=1, max_length=500)


class DismissNudge(Model):
    type: Literal["dismiss_nudge"] = "dismiss_nudge"
    call_id: str
    id: str


class Snooze(Model):
    """Free and unreported: no nudges on this call for so long."""

    type: Literal["snooze"] = "snooze"
    call_id: str
    for_s: float = Field(default=300.0, gt=0, le=3600)


ClientMessage = Annotated[
    Union[Subscribe, SendNote, DismissNudge, Snooze], Field(discriminator="type")
]

# ---- what goes into a call, beside Heard (ear.py); logged, so that a log replays ----


class Missing(Model):
    """Audio that did not come: advances audio time by whole blocks, as a gap."""

    type: Literal["missing"] = "missing"
    blocks: int = Field(ge=1, description="Blocks of 32 ms")
    reason: Literal["paused", "hold", "lost", "overrun"]


class Meant(Model):
    """A family that a sentence may be of, going by what it means (models/meaning)."""

    family: str
    sentence: int = Field(description="Which of the sentences of the text, from 0")
    log_odds: float = Field(description="From 0 on it is likely enough to be heard")


class Transcript(Model):
    """What speech-to-text made of one utterance. It reaches the call at the audio
    time at which it arrived, which is part of the log."""

    type: Literal["transcript"] = "transcript"
    utterance: int
    party: Party
    t0: float
    t1: float
    text: str
    words: list[Word] = []
    final: bool = True
    confidence: float = 1.0
    late: bool = False
    language: str | None = Field(
        default=None, description="That of the call, ISO 639-1, once it is settled"
    )
    meant: list[Meant] | None = Field(
        default=None,
        description="Every family that its sentences may be of; null: nobody looked",
    )


class Trouble(Model):
    """The outside tells the call that a part fails (or works again)."""

    type: Literal["trouble"] = "trouble"
    part: Literal["words", "hearing", "recording", "source"]
    active: bool
    reason: str


class Command(Model):
    """A person did something on a screen."""

    type: Literal["command"] = "command"
    command: Literal["note", "dismiss_nudge", "snooze"]
    by: str = ""
    text: str = Field(default="", description="note: its text; dismiss_nudge: the nudge's id")
    for_s: float = 0.0


class HangUp(Model):
    """The audio has ended; the words of its last utterances may still come."""

    type: Literal["hang_up"] = "hang_up"


class End(Model):
    """No more input. The call closes what is open and emits report and call.ended."""

    type: Literal["end"] = "end"
    reason: Literal["completed", "stopped", "failed", "lost"] = "completed"
    detail: str = ""


Input = Annotated[
    Union[Missing, Transcript, Trouble, Command, HangUp, End], Field(discriminator="type")
]


class Utterance(Model):
    """What a call wants written down: one party's speech between pauses."""

    number: int
    party: Party
    t0: float
    t1: float
    final: bool = Field(default=True, description="False: still speaking, a partial is wanted")
    cut: bool = Field(default=False, description="Ended by a forced cut, not by a pause")


INPUT: TypeAdapter[Any] = TypeAdapter(Input)
CALL_EVENT: TypeAdapter[Any] = TypeAdapter(CallEvent)
SERVER_MESSAGE: TypeAdapter[Any] = TypeAdapter(ServerMessage)
CLIENT_MESSAGE: TypeAdapter[Any] = TypeAdapter(ClientMessage)


def json_schema() -> dict[str, Any]:
    """JSON Schema of everything that travels over the live websocket."""
    both: TypeAdapter[Any] = TypeAdapter(
        Annotated[
            Union[
                CallEvent,
                Snapshot,
                Heartbeat,
                Resync,
                Problem,
                Subscribe,
                SendNote,
                DismissNudge,
                Snooze,
            ],
            Field(discriminator="type"),
        ]
    )
    schema = both.json_schema(mode="serialization")
    schema["title"] = "Message"
    return schema


if __name__ == "__main__":
    json.dump(json_schema(), sys.stdout, indent=2, sort_keys=True, ensure_ascii=False)
    sys.stdout.write("\n")
