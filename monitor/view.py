"""What a nudge may look at: the call as it is now, read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.events import Cue, Evidence, Holder, MoodLevel, Overlap, Party
from monitor.wording import telling, tokens

REMEMBERED_S = 120.0
"""How far back overlaps, cues, frustrations and words go in a view."""
PEAK_WITHIN_S = 90.0
"""How far back the highest mood is looked for."""


@dataclass(frozen=True, slots=True)
class Said:
    """The final words of one utterance; ``words`` as phrases see them (``wording.tokens``)."""

    party: Party
    t0: float
    t1: float
    text: str
    words: tuple[str, ...]
    telling: frozenset[str] = frozenset()  # stems of the words that say what it is about
    confidence: float = 1.0  # of the recogniser, 0..1

    @classmethod
    def of(cls, party: Party, t0: float, t1: float, text: str, confidence: float = 1.0) -> Said:
        words = tuple(token.text for token in tokens(text))
        return cls(party, t0, t1, text, words, telling(words), confidence)


@dataclass(frozen=True, slots=True)
class View:
    """One moment of a call. Times are audio time, s; lists are oldest first."""

    t: float
    began: float | None = None  # first speech of the call
    words: bool = False  # transcripts come, and are not in trouble

    # who speaks
    holder: Holder = "nobody"
    holder_since: float = 0.0
    agent_speaking_since: float | None = None
    customer_speaking_since: float | None = None
    agent_last_speech: float | None = None
    customer_last_speech: float | None = None
    agent_turn: tuple[float, float] | None = None  # start; speech in it, s
    customer_turn: tuple[float, float] | None = None
    agent_talk_s: float = 0.0
    silence_s: float = 0.0  # of both; lost audio, a pause and a hold are none
    agent_turn_ends: tuple[float, ...] = ()
    overlaps: tuple[Overlap, ...] = ()  # each id once, as it is judged now

    # what was said
    said: tuple[Said, ...] = ()
    cues: tuple[Cue, ...] = ()
    first: Mapping[str, float] = field(default_factory=dict)  # of each family, in the whole call
    last: Mapping[str, float] = field(default_factory=dict)
    customer_name: str = ""  # told by the source or heard; empty: unknown
    name_since: float | None = None  # known since then
    name_used: tuple[float, ...] = ()  # when the agent said it, the newest ones
    agent_words_until: float = 0.0  # what the agent said until here is known

    # the customer
    mood: float = 0.0
    level: MoodLevel = "calm"
    rising: bool = False
    kinds: int = 0  # of evidence behind the mood; with fewer than two nobody is "upset"
    frustrations: tuple[Evidence, ...] = ()  # heavy cues and raised alerts
    voice: float = 0.0  # log-odds that the voice alone has added and that still count
    mood_peak: tuple[float, float] | None = None  # when it was highest lately, and how high
    high_since: float | None = None  # the mood is at or above the alert line since then
    alerts: int = 0  # raised in the whole call

    # how the agent speaks
    pace_ratio: float | None = None  # over the customer's pace, when too fast for a while
    agent_pace_ratio: float | None = None  # over own usual; None until enough was heard
    agent_above_db: float | None = None  # the agent's level over the agent's own usual

    # the agent's day
    hot_calls: int = 0  # of this agent in the hour before this call; this one not counted
    hung_up: bool = False  # the audio is over: only what is meant for after a call may open

    def heard(self, party: Party, *families: str, since: float = 0.0) -> list[Cue]:
        """Cues of these families that began at or after ``since``."""
        return [
            cue
            for cue in self.cues
            if cue.party == party and cue.t0 >= since and cue.family in families
        ]

    def upset(self, mood: float) -> bool:
        """Frustration is up, and more than one kind of evidence says so."""
        return self.mood >= mood and self.kinds >= 2

    def talk_overs(self, since: float, until: float | None = None) -> list[Overlap]:
        """The agent's talk-overs that began between ``since`` and ``until``; none that is
        only likely yet, for a nudge that is taken back distracts twice."""
        end = self.t if until is None else until
        return [
            o for o in self.overlaps if o.kind == "talk_over" and o.final and since <= o.t0 <= end
        ]

    def acknowledgement(self, since: float) -> float:
        """How well the agent acknowledged since then: 1 named it, 0.5 a bare "sorry"."""
        if self.heard("agent", "acknowledgement", since=since):
            return 1.0
        return min(1.0, 0.5 * len(self.heard("agent", "bare_sorry", since=since)))

    def confidence(self, since: float) -> float | None:
        """Mean confidence of the words said since then, 0..1; None where there are none."""
        said = [one for one in self.said if one.t1 >= since]
        words = sum(len(one.words) for one in said)
        if not words:
            return None
        return round(sum(one.confidence * len(one.words) for one in said) / words, 3)

    @property
    def settled(self) -> bool:
        """The customer thanked or sounded relieved just now, and nothing heavier followed."""
        relief = self.heard("customer", "thanks_relief", since=self.t - SETTLED_FOR_S)
        if not relief:
            return False
        heavy = [f for f in self.frustrations if f.t > relief[-1].t0]
        return not heavy


SETTLED_FOR_S = 10.0
