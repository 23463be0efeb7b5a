"""Calls written by hand for the browser: who says what when, as events of the vocabulary."""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Iterable
from typing import Any

import numpy as np

from monitor.events import (
    AlertCleared,
    AlertRaised,
    CallEnded,
    CallStarted,
    Cue,
    DeadAir,
    Event,
    Evidence,
    Floor,
    Levels,
    Mood,
    MoodReport,
    Note,
    NudgeClosed,
    NudgeEffect,
    NudgeOpened,
    NudgeReport,
    Opportunity,
    Overlap,
    PartyReport,
    Person,
    Report,
    Response,
    Technique,
    TechniqueCase,
    Turn,
    Word,
    Words,
)

STARTED_AT = "2030-03-04T10:12:00+00:00"
WORD_S = 0.31
RATE_HZ = 8000

LINES: list[tuple[str, float, str]] = [
    ("agent", 1.2, "Good morning, you are through to parcels, my name is Ada, how can I help?"),
    ("customer", 6.9, "Yes hello, I'm calling about a parcel that was meant to come on Monday."),
    ("agent", 12.4, "Okay, can I have the number on the slip please?"),
    ("customer", 16.4, "I already gave it twice, this is the third time I'm calling about this."),
    ("agent", 20.9, "Right, but I do need the number to open the"),
    ("customer", 23.2, "No, listen to me, nobody ever reads what the last person wrote down."),
    ("agent", 27.9, "Mm-hm."),
    ("customer", 28.6, "I took a day off work on Monday and nobody even rang the bell."),
    ("agent", 33.8, "That is a whole day lost, and having to call three times makes it worse."),
    ("agent", 39.4, "I'm going to sort this out myself now, and stay on the line with you."),
    ("customer", 45.0, "Well, thank you, that is all I wanted to hear."),
    ("agent", 55.4, "I have it here. It is at the depot, and I booked it for tomorrow at nine."),
    ("customer", 61.2, "Tomorrow at nine is fine. And you'll send me a message?"),
    (
        "agent",
        65.1,
        "You will have it in a minute, with my name on it. Thank you for your patience.",
    ),
    ("customer", 70.4, "Thanks, bye."),
]
MOODS: list[tuple[float, float, str]] = [
    (8.0, 0.2, "calm"),
    (12.0, 0.4, "calm"),
    (17.5, 1.4, "calm"),
    (20.6, 2.5, "watch"),
    (23.9, 3.1, "watch"),
    (26.0, 4.4, "alert"),
    (30.0, 4.9, "alert"),
    (34.0, 4.6, "alert"),
    (38.0, 3.3, "alert"),
    (42.0, 2.2, "watch"),
    (46.0, 1.4, "calm"),
    (52.0, 1.0, "calm"),
    (60.0, 0.7, "calm"),
    (70.0, 0.3, "calm"),
]
DURATION_S = 73.0


def stamp(call_id: str, events: Iterable[Event]) -> list[Event]:
    """Numbers them in order of t, as a call does."""
    ordered = sorted(events, key=lambda event: event.t)
    return [
        event.model_copy(update={"call_id": call_id, "seq": seq})
        for seq, event in enumerate(ordered, 1)
    ]


def words(text: str, t0: float) -> list[Word]:
    """Evenly spoken."""
    return [
        Word(text=word, t0=t0 + i * WORD_S, t1=t0 + i * WORD_S + 0.27)
        for i, word in enumerate(text.split())
    ]


def started(call_id: str = "late-parcel", **given: Any) -> CallStarted:
    fields: dict[str, Any] = {
        "started_at": STARTED_AT,
        "source": "wav",
        "title": "Late parcel, third call",
        "agent": Person(id="ada", name="Ada Okafor"),
        "customer": Person(id="c-1", name="Sam Meyer"),
        "words": "tiny.en",
        "call_id": call_id,
    }
    return CallStarted(**(fields | given))


def parcel(call_id: str = "late-parcel") -> list[Event]:
    """73 s: frustration that rises, is met, and settles; one talk-over, two nudges."""
    events: list[Event] = [started(call_id)]
    before: float | None = None
    for number, (party, t0, text) in enumerate(LINES, 1):
        spoken = words(text, t0)
        t1 = spoken[-1].t1
        events += [
            Floor(t=t0, holder=party, since=t0),
            Floor(t=t1 + 0.2, holder="nobody", since=t1),
            Words(
                t=t1 + 0.9,
                utterance=number,
                party=party,
                t0=t0,
                t1=t1,
                text=text,
                words=spoken,
                confidence=0.9,
            ),
        ]
        if text != "Mm-hm.":
            fto_s = None if before is None else round(t0 - before, 2)
            events.append(Turn(t=t1 + 0.2, party=party, t0=t0, t1=t1, fto_s=fto_s))
            before = t1
    again = Evidence(kind="words", t=18.8, text="“this is the third time”", value=2, unit="llr")
    voice = Evidence(kind="voice", t=23.6, text="Louder and higher than before", value=4, unit="dB")
    over = Evidence(kind="interaction", t=23.9, text="Agent talked over them", value=0.7)
    for t, score, level in MOODS:
        strongest = [again, voice, over] if score > 3 else [again] if score > 1 else []
        events.append(Mood(t=t, score=score, level=level, rising=17 < t < 31, reasons=strongest))
    vent = {"id": "n1", "nudge": "let_them_vent"}
    name_it = {"id": "n2", "nudge": "acknowledge_first"}
    events += [
        Cue(
            t=20.5,
            family="repetition",
            party="customer",
            t0=16.4,
            t1=20,
            text="third time",
            weight=2,
        ),
        Cue(
            t=27.6,
            family="not_heard",
            party="customer",
            t0=23.5,
            t1=24.4,
            text="listen to me",
            weight=2,
        ),
        Cue(t=38.7, family="acknowledge", party="agent", t0=33.8, t1=35.6, text="a whole day lost"),
        Cue(t=44.9, family="ownership", party="agent", t0=39.4, t1=42, text="I'm going to"),
        Cue(
            t=48.2,
            family="relief",
            party="customer",
            t0=45.3,
            t1=46.0,
            text="thank you",
            weight=-1,
        ),
        Overlap(
            t=24.6,
            id="o1",
            kind="talk_over",
            by="agent",
            t0=23.2,
            t1=24.4,
            score=3,
            reasons=["1.2 s long", "agent 4 dB louder"],
        ),
        Overlap(t=28.9, id="o2", kind="backchannel", by="agent", t0=27.9, t1=28.2),
        Overlap(t=45.4, id="o3", kind="terminal", by="customer", t0=45.0, t1=45.3),
        AlertRaised(t=26.0, id="a1", kind="rising", score=4.4, reasons=[again, voice, over]),
        AlertCleared(t=46.0, id="a1", lasted_s=20.0),
        NudgeOpened(
            t=26.2,
            **vent,
            title="Let them vent",
            text="Just listen until they have finished.",
            why="Third call about this, and they were cut short",
            evidence=[again, over],
            priority=2,
            ttl_s=12,
        ),
        Opportunity(
            t=26.2,
            id="p1",
            nudge="acknowledge_first",
            title="Acknowledge it first",
            evidence=[again],
            withheld="on_screen",
        ),
        Response(t=34.0, id="p1", nudge="acknowledge_first", outcome="given"),
        NudgeClosed(t=32.9, **vent, outcome="done", why="They finished", open_s=6.7),
        NudgeEffect(t=60, **vent, followed=True, mood_before=4.4, mood_after=0.7),
        NudgeOpened(
            t=53.0,
            **name_it,
            title="Show you’re there",
            text="Say what you are doing for them.",
            why="Silent for 5 s",
            evidence=[Evidence(kind="interaction", t=53, text="Silent for 5 s", value=5, unit="s")],
            ttl_s=8,
        ),
        NudgeClosed(t=61.0, **name_it, outcome="expired", open_s=8),
        DeadAir(t=55.4, t0=48.2, t1=55.4),
        Note(t=40.2, by="Kim", text="Nicely done. You may offer the voucher."),
        report(),
        CallEnded(t=DURATION_S + 0.001, reason="completed", duration_s=DURATION_S),
    ]
    return stamp(call_id, events)


def scorecard() -> list[Technique]:
    """Three techniques, with every outcome there is."""

    def technique(nudge: str, title: str, confidence: float | None, *cases: Any) -> Technique:
        made = [
            TechniqueCase(opportunity=f"{nudge}{k}", t=t, outcome=outcome, why=why)
            for k, (t, outcome, why) in enumerate(cases)
        ]
        count = {kind: sum(c.outcome == kind for c in made) for kind in ("unprompted", "prompted")}
        return Technique(
            nudge=nudge, title=title, needed=len(made), **count,
            missed=sum(c.outcome == "missed" for c in made), enough=len(made) >= 4,
            by_words=len(made) if confidence else 0, confidence=confidence, cases=made,
        )  # fmt: skip

    return [
        technique(
            "let_them_vent", "Let them vent", None,
            (16.4, "unprompted", "They are upset and talking"),
            (23.2, "missed", "They are upset, and you came in after 3 s"),
            (26.2, "prompted", "They are upset and have talked for 8 s"),
            (28.6, "unprompted", "They are upset and talking"),
        ),
        technique(
            "acknowledge_first", "Acknowledge it first", 0.86,
            (18.4, "unprompted", "They said “third time”"),
        ),
        technique(
            "show_youre_there", "Show you’re there", None,
            (53.0, "missed", "Silent for 5 s"),
            (70.0, "call_ended", "Silent for 5 s"),
        ),
    ]  # fmt: skip


def report() -> Report:
    agent = PartyReport(
        talk_s=29.1, talk_share=0.54, longest_monologue_s=10.5, turns=7, wpm=186,
        syl_per_s=4.4, response_latency_s=0.41,
    )  # fmt: skip
    customer = PartyReport(
        talk_s=24.8, talk_share=0.46, longest_monologue_s=9.2, turns=7, wpm=194,
        syl_per_s=4.6, response_latency_s=0.3,
    )  # fmt: skip
    mood = MoodReport(
        peak=4.9, peak_t=30, mean=2.0, end=0.3, alerts=1, watch_s=9, alert_s=20
    )  # fmt: skip
    nudges = [
        NudgeReport(id="n1", nudge="let_them_vent", title="Let them vent", t=26.2, outcome="done")
    ]
    return Report(
        t=DURATION_S,
        duration_s=DURATION_S,
        agent=agent,
        customer=customer,
        median_fto_s=0.35,
        dead_air_s=7.2,
        dead_air_count=1,
        overtalk_s=1.8,
        overlaps={"talk_over": 1, "backchannel": 1, "terminal": 1},
        talk_overs_per_10_min=24.2,
        mood=mood,
        nudges=nudges,
        scorecard=scorecard(),
    )


AGENTS = [
    "Ada Okafor", "Ben Lindqvist", "Chiara Rossi", "Dana Kim", "Emil Novak", "Fatou Diallo",
    "Grace Chen", "Hugo Martin", "Ines Silva", "Jonas Weber", "Kaya Demir", "Liam Byrne",
]  # fmt: skip
WHY = [
    "“I already told you that”",
    "Asks for a manager",
    "Louder and higher than before",
    "Agent talked over them twice",
    "“I'm going to cancel”",
]
CURVE_STEP_S = 6.0


def floor_call(index: int, score: float, level: str) -> list[Event]:
    """A live call whose mood wanders up to `score`; different for each index, always the same."""
    call_id = f"live-{index}"
    now = 80.0 + 37 * (index % 9)
    agent = AGENTS[index % len(AGENTS)]
    customer = AGENTS[(index * 5 + 3) % len(AGENTS)].split()[1]
    events: list[Event] = [
        started(
            call_id,
            agent=Person(id=f"agent-{index}", name=agent),
            customer=Person(name=f"M. {customer}"),
            title="",
            source="pcm",
        )
    ]
    steps = int(now / CURVE_STEP_S)
    for step in range(steps + 1):
        t = now - (steps - step) * CURVE_STEP_S
        share = step / steps
        wave_ = 0.35 * math.sin(step * 1.7 + index) * (1 - share)
        at = max(0.0, score * share**2 + wave_ + 0.2 * (1 - share))
        last = step == steps
        reason = Evidence(kind="words", t=t - 4, text=WHY[index % len(WHY)], value=2)
        events.append(
            Mood(
                t=t,
                score=score if last else at,
                level=level if last else "calm",
                rising=level == "alert",
                reasons=[reason] if at > 1 or (last and level != "calm") else [],
            )
        )
    holders = ["customer", "agent", "nobody", "customer"]
    events.append(Floor(t=now, holder=holders[index % 4], since=now - 3))
    if index % 3 == 0 and level != "calm":
        events.append(
            Overlap(t=now - 8, id="o1", kind="talk_over", by="agent", t0=now - 10, t1=now - 9)
        )
    if level == "alert" and index % 2 == 1:
        events.append(
            NudgeOpened(
                t=now - 2,
                id=f"n{index}",
                nudge="let_them_vent",
                title="Let them vent",
                text="Just listen until they have finished.",
                why=WHY[index % len(WHY)],
                evidence=[],
                ttl_s=12,
            )
        )
    return stamp(call_id, events)


def levels(party: str, t: float) -> Levels:
    speaks = {"agent": party == "agent", "customer": party == "customer"}
    return Levels(
        t=t,
        agent_db=-24 if speaks["agent"] else -70,
        customer_db=-26 if speaks["customer"] else -70,
        agent_speaking=speaks["agent"],
        customer_speaking=speaks["customer"],
    )


def _speech() -> np.ndarray:
    """Shape (2, samples): a hum with syllables wherever someone speaks."""
    rng = np.random.default_rng(7)
    samples = int(DURATION_S * RATE_HZ)
    t = np.arange(samples) / RATE_HZ
    out = rng.normal(0, 0.002, (2, samples))
    for party, t0, text in LINES:
        row = 0 if party == "agent" else 1
        pitch_hz = 120 if row == 0 else 200
        for word in words(text, t0):
            spoken = (t >= word.t0) & (t < word.t1)
            shape = np.sin(np.pi * (t[spoken] - word.t0) / (word.t1 - word.t0))
            loud = 0.12 + 0.25 * rng.random()
            out[row, spoken] += loud * shape * np.sin(2 * np.pi * pitch_hz * t[spoken])
    return out


def recording() -> bytes:
    """The sound of `parcel` as a stereo WAV file."""
    pcm = (np.clip(_speech(), -1, 1) * 32767).astype("<i2").T.tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(pcm)
    return file.getvalue()


def peaks(per_s: int) -> dict[str, Any]:
    speech = np.abs(_speech())
    block = RATE_HZ // per_s
    whole = speech[:, : speech.shape[1] // block * block].reshape(2, -1, block).max(axis=2)
    agent, customer = (np.round(row, 4).tolist() for row in whole)
    return {"per_s": per_s, "agent": agent, "customer": customer}
