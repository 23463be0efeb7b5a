"""Evidence -> the customer's frustration, rising or not, with reasons.

A leaky sum of log-odds (DESIGN section 8): ``S <- clip(0.9^(dt/5.5 s) S + sum LLR, 0, 8)``,
half gone in 36 s. Every term keeps its reason, so that a level can be explained
term by term. There is no meter for the agent, and no way to feed one: what the
agent does enters only as what happened to the customer (was spoken over, was
acknowledged), never as how the agent sounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.config import MoodSettings
from monitor.events import (
    AlertCleared,
    AlertRaised,
    Cue,
    Event,
    Evidence,
    EvidenceKind,
    Mood,
    MoodLevel,
    MoodReport,
)
from monitor.wording import short

TONE_LIMIT = 1.5
"""One stretch of voice adds at most so much, either way."""
TONE_TOTAL = 2.5
"""All of the voice together: stretches of one voice are not independent evidence. Above
the watch line, below the alert line."""
TALK_OVER = 0.7
TALK_OVER_LIMIT = 1.5
TALK_OVER_LIMIT_S = 30.0
REBUFFED = 0.4
REBUFFED_LIMIT = 0.8
"""All of them together, as they leak: who is told no three times was told no."""
INTERRUPTED = 0.4
DEAD_AIR = 0.3
MONOLOGUE = 0.3
ACKNOWLEDGED = -0.5

COUNTS_AS_KIND = 0.35
"""What is left of a kind of evidence for it to count as one of the two an alert
needs. Above dead air and monologue: those alone do not confirm an angry voice."""
KINDS_NEEDED = 2
"""Never an alert on the sound of a voice alone."""
HOLD_S = 5.0
BYPASS = frozenset({"escalation_request", "churn_threat"})
BYPASS_FOR_S = 10.0

EMIT_STEP = 0.1
EMIT_MIN_S = 0.5
EMIT_MAX_S = 5.0
ZERO = 0.05
HISTORY_STEP_S = 0.5
REASONS = 3


@dataclass(slots=True)
class _Term:
    """What one sort of evidence has added, leaking like the sum itself."""

    kind: EvidenceKind
    llr: float
    t: float
    evidence: Evidence


class MoodMeter:
    """The frustration of one customer. Times are audio time, s; they never go back."""

    def __init__(self, settings: MoodSettings) -> None:
        self._settings = settings
        self._high = min(settings.watch, settings.rise)
        """Whoever gets here from nothing has risen."""
        self._kinds_needed = min(KINDS_NEEDED, len(settings.evidence))
        self.score = 0.0
        self.level: MoodLevel = "calm"
        self.rising = False
        self.upset_from_start = False
        self.alert_id: str | None = None
        self._t = 0.0
        self._begin: float | None = None
        self._terms: dict[str, _Term] = {}
        self._talk_overs: deque[tuple[str, float, float]] = deque(maxlen=8)
        self._history: deque[tuple[float, float]] = deque()
        self._high_since: float | None = None
        self._low_since: float | None = None
        self._acknowledged_t = float("-inf")
        self._falling = False
        self._bypass_t = float("-inf")
        self._hold_since: float | None = None
        self._alert_t = 0.0
        self._alerts = 0
        self._sent: Mood | None = None
        self._peak = (0.0, 0.0)
        self._area = 0.0
        self._watch_s = 0.0
        self._alert_s = 0.0

    # ---- evidence --------------------------------------------------------------

    def begin(self, t: float) -> None:
        """The first speech of the call: "from the start" counts from here."""
        if self._begin is None:
            self._begin = t

    def tone(self, t: float, llr: float, evidence: Sequence[Evidence]) -> None:
        """One stretch of the customer's voice, as log-odds, with its strongest reasons.

        A calm voice takes back what the voice has added, not what the words said: many
        a frustrated caller stays polite.
        """
        term = self._terms.get("voice")
        left = term.llr * self._leak(t - term.t) if term is not None else 0.0
        llr = min(max(llr, -left), TONE_LIMIT, max(TONE_TOTAL - left, 0.0))
        text = "; ".join(reason.text for reason in evidence[:2]) or "sounds tense"
        text = text[0].upper() + text[1:]
        reason = Evidence(kind="voice", t=t, text=text, value=round(llr, 2), unit="llr")
        self._add(t, "voice", "voice", llr, reason)

    def cue(self, t: float, cue: Cue, shown: str) -> None:
        """A phrase of the customer; ``shown`` names the family on the screen.

        Raises ValueError for a cue of the agent.
        """
        if cue.party != "customer":
            raise ValueError("only the customer has a mood")
        if not cue.weight:
            return
        if cue.family in BYPASS:
            self._bypass_t = t
        text = f"{shown}: “{short(cue.text)}”"
        evidence = Evidence(kind="words", t=cue.t0, text=text, value=cue.weight, unit="llr")
        self._add(t, "words", cue.family, cue.weight, evidence)

    def talk_over(self, t: float, overlap_id: str, seconds: float) -> None:
        """The agent spoke over the customer for so long."""
        self._advance(t)
        recent = sum(llr for _, at, llr in self._talk_overs if t - at < TALK_OVER_LIMIT_S)
        llr = min(TALK_OVER, max(TALK_OVER_LIMIT - recent, 0.0))
        self._talk_overs.append((overlap_id, t, llr))
        self._interaction(t, "talk_over", llr, "Was spoken over", seconds, "s")

    def take_back(self, t: float, overlap_id: str) -> None:
        """The words showed that it was no talk-over; what is left of it goes."""
        for item in self._talk_overs:
            if item[0] == overlap_id:
                self._talk_overs.remove(item)
                self._undo(t, "talk_over", item[2], item[1])
                return

    def unsay(self, t: float, cue: Cue) -> None:
        """The final words do not have a phrase that was counted at ``cue.t``; what is left
        of it goes."""
        self._undo(t, cue.family, cue.weight, cue.t)

    def _undo(self, t: float, key: str, llr: float, since: float) -> None:
        self._advance(t)
        left = llr * self._leak(t - since)
        self._move(-left)
        term = self._terms.get(key)
        if term is not None:
            term.llr = max(term.llr * self._leak(t - term.t) - left, 0.0)
            term.t = t

    def rebuffed(self, t: float, how: str) -> None:
        """The agent's words turned them away: told no, sent elsewhere, argued with."""
        self._advance(t)
        term = self._terms.get("rebuffed")
        left = term.llr * self._leak(t - term.t) if term is not None else 0.0
        self._interaction(t, "rebuffed", min(REBUFFED, max(REBUFFED_LIMIT - left, 0.0)), how)

    def interrupted(self, t: float) -> None:
        """The customer broke in on the agent."""
        self._interaction(t, "interrupted", INTERRUPTED, "Broke in on the agent")

    def dead_air(self, t: float, seconds: float) -> None:
        """Both are silent for so long already."""
        self._interaction(t, "dead_air", DEAD_AIR, "Long silence", seconds, "s")

    def monologue(self, t: float, seconds: float) -> None:
        """The customer has spoken so long in one turn."""
        self._interaction(t, "monologue", MONOLOGUE, "Talks on and on", seconds, "s")

    def acknowledged(self, t: float, share: float = 1.0) -> None:
        """The agent named the feeling or the fact; a bare "sorry" has share 0.5."""
        self._acknowledged_t = t
        self._interaction(t, "acknowledged", share * ACKNOWLEDGED, "Was acknowledged")

    def _interaction(
        self, t: float, key: str, llr: float, text: str, value: float = 1.0, unit: str = "count"
    ) -> None:
        evidence = Evidence(kind="interaction", t=t, text=text, value=round(value, 1), unit=unit)
        self._add(t, "interaction", key, llr, evidence)

    def _add(self, t: float, kind: EvidenceKind, key: str, llr: float, evidence: Evidence) -> None:
        self._advance(t)
        if kind not in self._settings.evidence:
            return
        self._move(llr)
        if llr:
            self._falling = llr < 0
        if not llr or (llr < 0 and key != "voice"):
            return
        term = self._terms.get(key)
        left = term.llr * self._leak(t - term.t) if term is not None else 0.0
        if term is not None and llr < left:
            evidence = term.evidence  # the stronger reason stays the one that is shown
        self._terms[key] = _Term(kind, max(left + llr, 0.0), t, evidence)

    # ---- time ------------------------------------------------------------------

    def step(self, t: float) -> list[Event]:
        """Let time pass until ``t``; what there is to tell. Call it after the evidence of ``t``."""
        self._advance(t)
        events: list[Event] = []
        self._judge_start(t)
        risen = self.score - self._score_at(t - self._settings.rise_over_s)
        self.rising = risen >= self._settings.rise and not self._from_start()
        self._judge_alert(t, events)
        self._judge_level()
        if (mood := self._tell(t)) is not None:
            events.append(mood)
        return events

    def stop(self, t: float) -> list[Event]:
        """What was heard may not be the customer's: forget it all, and say so."""
        self._advance(t)
        events: list[Event] = []
        if self.alert_id is not None:
            lasted_s = round(t - self._alert_t, 2)
            events.append(AlertCleared(t=t, id=self.alert_id, lasted_s=lasted_s))
        known = self.score > 0
        self.score, self.level, self.rising, self.alert_id = 0.0, "calm", False, None
        self._terms.clear()
        if known:
            events.append(Mood(t=t, score=0.0, level="calm"))
        return events

    def reasons(self) -> list[Evidence]:
        """The strongest three that still count, strongest first."""
        left = [(term.llr * self._leak(self._t - term.t), key) for key, term in self._terms.items()]
        strongest = sorted((item for item in left if item[0] >= ZERO), reverse=True)[:REASONS]
        return [self._terms[key].evidence for _, key in strongest]

    def report(self) -> MoodReport:
        """Figures of the whole call until now; the mean is over the time since the first speech."""
        over_s = self._t - (self._begin if self._begin is not None else self._t)
        return MoodReport(
            peak=round(self._peak[0], 2),
            peak_t=round(self._peak[1], 2),
            mean=round(self._area / over_s, 2) if over_s > 0 else 0.0,
            end=round(self.score, 2),
            alerts=self._alerts,
            watch_s=round(self._watch_s, 1),
            alert_s=round(self._alert_s, 1),
            upset_from_start=self.upset_from_start,
        )

    def _leak(self, dt: float) -> float:
        return float(self._settings.decay ** (dt / self._settings.decay_per_s))

    def _advance(self, t: float) -> None:
        dt = t - self._t
        if dt <= 0:
            return
        if self.score:
            self.score *= self._leak(dt)
            if self.score < ZERO:
                self.score = 0.0
            self._area += self.score * dt
        if self.level == "watch":
            self._watch_s += dt
        elif self.level == "alert":
            self._alert_s += dt
        self._t = t
        if not self._history or t - self._history[-1][0] >= HISTORY_STEP_S:
            self._history.append((t, self.score))
            while len(self._history) > 1 and self._history[1][0] <= t - self._settings.rise_over_s:
                self._history.popleft()

    def _move(self, llr: float) -> None:
        self.score = min(max(self.score + llr, 0.0), self._settings.ceiling)
        if self.score > self._peak[0]:
            self._peak = (self.score, self._t)

    def _score_at(self, t: float) -> float:
        if self._history and self._history[0][0] <= t:
            return self._history[0][1]
        return 0.0

    # ---- judgement -------------------------------------------------------------

    def _judge_start(self, t: float) -> None:
        if self.score < self._settings.clear_below:
            self._high_since = None
        elif self.score >= self._high and self._high_since is None:
            self._high_since = t

    def _from_start(self) -> bool:
        if self._high_since is None:
            return False
        return self._high_since - (self._begin or 0.0) < self._settings.start_s

    def voice(self) -> float:
        """Log-odds that the voice alone has added and that still count."""
        term = self._terms.get("voice")
        return term.llr * self._leak(self._t - term.t) if term is not None else 0.0

    def kinds(self) -> int:
        """Kinds of evidence that still count: the voice, what happened between the
        two, and each family of words, since two families are two utterances' worth."""
        left: dict[str, float] = {}
        for key, term in self._terms.items():
            kind = key if term.kind == "words" else term.kind
            left[kind] = left.get(kind, 0.0) + term.llr * self._leak(self._t - term.t)
        return sum(value >= COUNTS_AS_KIND for value in left.values())

    def _judge_alert(self, t: float, events: list[Event]) -> None:
        if self.alert_id is not None:
            self._judge_clear(t, events)
            return
        from_start = self._from_start()
        ready = self.score >= self._settings.alert and (self.rising or from_start)
        if not ready or self.kinds() < self._kinds_needed:
            self._hold_since = None
            return
        calming = self._falling or t - self._acknowledged_t <= HOLD_S
        if calming and t - self._bypass_t > BYPASS_FOR_S:
            if self._hold_since is None:
                self._hold_since = t
            if t - self._hold_since < HOLD_S:
                return
        self._alerts += 1
        self.alert_id = f"a{self._alerts}"
        self._alert_t = t
        self._low_since = None
        self._hold_since = None
        self.upset_from_start = self.upset_from_start or from_start
        events.append(
            AlertRaised(
                t=t,
                id=self.alert_id,
                kind="upset_from_start" if from_start else "rising",
                score=round(self.score, 2),
                reasons=self.reasons(),
            )
        )

    def _judge_clear(self, t: float, events: list[Event]) -> None:
        if self.score >= self._settings.clear_below:
            self._low_since = None
            return
        if self._low_since is None:
            self._low_since = t
        if self.alert_id is not None and t - self._low_since >= self._settings.clear_for_s:
            lasted_s = round(t - self._alert_t, 2)
            events.append(AlertCleared(t=t, id=self.alert_id, lasted_s=lasted_s))
            self.alert_id = None

    def _judge_level(self) -> None:
        if self.alert_id is not None:
            self.level = "alert"
        elif self.score >= self._settings.watch:
            self.level = "watch"
        elif self.level == "alert" or self.score < self._settings.clear_below:
            self.level = "calm"

    def _tell(self, t: float) -> Mood | None:
        before = self._sent
        if before is None:
            if not self.score:
                return None
        elif before.level == self.level:
            since = t - before.t
            moved = abs(self.score - before.score) >= EMIT_STEP or before.rising != self.rising
            ended = before.score > 0 and not self.score
            due = since >= EMIT_MAX_S and self.score > 0
            if since < EMIT_MIN_S or not (moved or due or ended):
                return None
        self._sent = Mood(
            t=t,
            score=round(self.score, 2),
            level=self.level,
            rising=self.rising,
            upset_from_start=self.upset_from_start,
            reasons=self.reasons(),
        )
        return self._sent
