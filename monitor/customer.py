"""The customer's frustration: their voice, their words, and what happened to them.

The wall of physics 7 (docs/architecture.md): this is the only place where a tone
meter and a mood meter are fed, and nothing in its signatures can carry how the agent
sounds. Of the agent it is told who speaks when, and what was said.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from monitor.config import MoodSettings, TurnSettings
from monitor.events import PARTIES, Cue, Event, MoodReport, Party, other
from monitor.mood import MoodMeter
from monitor.phrases import Phrases
from monitor.voice import CustomerVoice

TONE_MIN_S = 0.8
TONE_CUT_S = 3.0
TONE_BRIDGE_S = 0.55
"""Runs of speech with shorter pauses between them are judged as one stretch."""
OVER_S = 1.0
"""Speaking on over the other for so long counts, whatever it sounds like."""
SIMULTANEOUS_S = 0.3
MONOLOGUE_S = 20.0
WORDS_MARGIN_S = 0.3
REBUFFS: Final = {
    "refusal": "Was told no",
    "not_mine": "Was sent elsewhere",
    "talks_down": "Was told to calm down",
    "against_them": "Was argued with",
    "defensive": "Was argued with",
    "blames": "Was told whose fault it is",
}
"""Families of the agent's words by what they do to the customer."""


class Activity(Protocol):
    """Who speaks when, and nothing else: the part of ``turns.TurnTaker`` that enters here."""

    def speaking_since(self, party: Party) -> float | None: ...
    def last_speech_end(self, party: Party) -> float | None: ...
    def turn_of(self, party: Party) -> tuple[float, float] | None: ...
    @property
    def silence_s(self) -> float: ...


class Customer:
    """The customer of one call. Times are audio time, s."""

    def __init__(self, mood: MoodSettings, turns: TurnSettings, phrases: Phrases) -> None:
        self._turns = turns
        self._phrases = phrases
        self._watch = mood.watch
        self._voice = CustomerVoice()
        self._mood = MoodMeter(mood)
        self._tone_from: float | None = None
        self._over_since: float | None = None
        self._talk_overs: deque[tuple[str, float, float]] = deque(maxlen=8)
        self._story: float | None = None
        self._dead_air = False

    @property
    def mood(self) -> MoodMeter:
        return self._mood

    def report(self) -> MoodReport:
        return self._mood.report()

    # ---- inputs ----------------------------------------------------------------

    def step(
        self,
        t: float,
        speaking: bool,
        level_db: float,
        f0_hz: float,
        voicing: float,
        balance_db: float,
        nuclei: float,
        activity: Activity,
    ) -> None:
        """One block of the customer's own channel that ends at ``t``."""
        self._voice.step(t, speaking, level_db, f0_hz, voicing, balance_db, nuclei)
        since = activity.speaking_since("customer")
        if since is not None or self._tone_from is not None:
            self._listen(t, since, activity.last_speech_end("customer"))
        agent_since = activity.speaking_since("agent")
        if since is None or agent_since is None:
            self._over_since = None
        else:
            self._watch_over(t, agent_since, since, activity)
        if since is not None:
            self._watch_story(t, activity)
        elif agent_since is None:
            self._watch_silence(t, activity.silence_s)
        if agent_since is not None or since is not None:
            self._dead_air = False
            self._mood.begin(t)

    def cue(self, t: float, cue: Cue) -> None:
        """A phrase of either party, as it arrived at ``t``."""
        if cue.party == "customer":
            self._mood.cue(t, cue, self._phrases.shown(cue.family))
        elif cue.family == "acknowledgement":
            self._mood.acknowledged(t)
        elif cue.family == "bare_sorry":
            self._mood.acknowledged(t, share=0.5)
        elif cue.family in REBUFFS:
            self._mood.rebuffed(t, REBUFFS[cue.family])
        elif cue.family == "backchannel_only":
            for overlap_id, t0, t1 in self._talk_overs:
                if t0 < cue.t1 + WORDS_MARGIN_S and cue.t0 - WORDS_MARGIN_S < t1:
                    self._mood.take_back(t, overlap_id)

    def unsay(self, t: float, cue: Cue) -> None:
        """A phrase of theirs that was likely is not in the final words."""
        self._mood.unsay(t, cue)

    def look(self, t: float) -> list[Event]:
        """Mood and alerts as they are now."""
        events = self._mood.step(t)
        self._voice.freeze(self._mood.score >= self._watch)
        return events

    def missing(self, t: float, last_end: float | None) -> None:
        """No audio from here on for a while, or no more at all."""
        self._end_stretch(t, last_end)
        self._voice.missing()
        self._over_since = None

    # ---- the voice -------------------------------------------------------------

    def _listen(self, t: float, since: float | None, last_end: float | None) -> None:
        """Stretches of 0.8 to 3 s of the customer's speech, one after the other."""
        if self._tone_from is None:
            self._tone_from = since
        elif since is not None:
            if t - self._tone_from >= TONE_CUT_S:
                self._judge_tone(t, self._tone_from, t)
                self._tone_from = t
        elif last_end is not None and t - last_end >= TONE_BRIDGE_S:
            self._end_stretch(t, last_end)

    def _end_stretch(self, t: float, last_end: float | None) -> None:
        start, self._tone_from = self._tone_from, None
        if start is not None and last_end is not None and last_end - start >= TONE_MIN_S:
            self._judge_tone(t, start, last_end)

    def _judge_tone(self, t: float, t0: float, t1: float) -> None:
        tone = self._voice.utterance(t0, t1)
        if tone is not None:
            self._mood.tone(t, tone.llr, tone.evidence)

    # ---- what happened to them ---------------------------------------------------

    def _watch_over(
        self, t: float, agent_since: float, customer_since: float, activity: Activity
    ) -> None:
        """One speaks on over the other: told by duration alone, never by how it sounds."""
        began = max(agent_since, customer_since)
        if began == self._over_since:
            return
        over: Party = "agent" if agent_since > customer_since else "customer"
        ends = [activity.last_speech_end(party) or 0.0 for party in PARTIES]
        if min(ends) - began < OVER_S:
            return
        self._over_since = began
        if abs(agent_since - customer_since) < SIMULTANEOUS_S:
            return
        turn = activity.turn_of(other(over))
        held_s = abs(agent_since - customer_since)
        if turn is not None:
            held_s = max(held_s, turn[1] - (t - began))
        if held_s < self._turns.holder_min_s:
            return
        if over == "customer":
            self._mood.interrupted(t)
            return
        overlap_id = f"{began:.3f}"
        self._talk_overs.append((overlap_id, began, t))
        self._mood.talk_over(t, overlap_id, OVER_S)

    def _watch_story(self, t: float, activity: Activity) -> None:
        turn = activity.turn_of("customer")
        if turn is not None and turn[1] >= MONOLOGUE_S and turn[0] != self._story:
            self._story = turn[0]
            self._mood.monologue(t, turn[1])

    def _watch_silence(self, t: float, silence_s: float) -> None:
        if not self._dead_air and silence_s >= self._turns.dead_air_s:
            self._dead_air = True
            self._mood.dead_air(t, silence_s)
