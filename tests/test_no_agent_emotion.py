"""No path from the agent's audio to an emotion estimate (physics 7).

Once as behaviour: whatever the agent sounds like, the customer's mood is the same bit
for bit. Once as structure: the tone and mood meters exist behind one door, and only
the customer's channel goes through it.
"""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import monitor.call
import monitor.parties
from monitor.config import MoodSettings
from monitor.customer import Activity, Customer
from monitor.ear import Heard
from monitor.events import AlertRaised, Cue, Event, Meant, Mood
from monitor.mood import MoodMeter
from monitor.resources import resource
from monitor.voice import AgentLevel, CustomerVoice
from tests.dialogue import HURT, HURT_SAID, PHRASES, TALK_OVER, call, line, of, play
from tests.scores import heard

MONITOR = Path(monitor.call.__file__).parent

ANGRY = (
    line((2, "="), (26, "."), (3, "="), (9, "."), (2, "="), (5, ".")),
    line((2.5, "."), (25, "="), (3, "."), (4, "^"), (0.4, "."), (9, "#"), (1, ".")),
)
"""A customer whose voice rises after 25 s of calm, spoken over by the agent at the end."""


class GateByProbability:
    """Keeps speech activity as it is, whatever the levels: the cross-talk gate compares
    the two channels, and may hold back an echo as loud as the customer."""

    mixed = False
    echo_too_loud = False

    def __init__(self, settings: object) -> None:
        del settings

    def echoed(self, row: int) -> bool:
        return False

    def step(self, speech: tuple[float, float], level_db: object) -> tuple[bool, bool]:
        return speech[0] >= 0.5, speech[1] >= 0.5


def another_voice(sound: Heard, seed: int) -> Heard:
    """The agent speaks at the same times; how it sounds is drawn anew, block by block.

    Its level moves as a whole, and in speech by no more than a voice does: where the level
    falls away is where the agent stops, and when it speaks is no secret."""
    rng = np.random.default_rng(seed)
    n = sound.blocks
    fields: dict[str, Any] = {name: getattr(sound, name).copy() for name in sound.__slots__}
    fields["f0_hz"][0] = np.where(rng.random(n) < 0.3, np.nan, rng.uniform(60, 480, n))
    fields["level_db"][0] += rng.uniform(-12, 12) + rng.uniform(-2.5, 2.5, n)
    fields["voicing"][0] = rng.random(n)
    fields["balance_db"][0] = rng.uniform(-25, 15, n)
    fields["nuclei"][0] = rng.random(n) < 0.25
    return Heard(**fields)


def estimates(events: list[Event]) -> list[dict[str, Any]]:
    found = of(events, "mood", "alert.raised", "alert.cleared")
    return [e.model_dump(exclude={"seq"}) for e in found] + [of(events, "report")[0].mood]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("score", "said"),
    [(ANGRY, []), (HURT, HURT_SAID), (TALK_OVER, [])],
    ids=["angry voice", "angry words", "talk-over"],
)
def test_mood_does_not_know_how_the_agent_sounds(
    score: tuple[str, str], said: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor.parties, "CrosstalkGate", GateByProbability)
    sound = heard(*score)
    expected = estimates(play(call(), sound, said))
    assert estimates(play(call(), another_voice(sound, seed), said)) == expected


def test_the_calls_above_do_have_a_mood(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise nothing would be proved: voice, words and talk-over each move it."""
    monkeypatch.setattr(monitor.parties, "CrosstalkGate", GateByProbability)
    cases: list[tuple[tuple[str, str], Any]] = [(ANGRY, []), (HURT, HURT_SAID), (TALK_OVER, [])]
    moods = [of(play(call(), heard(*score), said), "mood") for score, said in cases]
    kinds = [{reason.kind for mood in call_ for reason in mood.reasons} for call_ in moods]
    assert "voice" in kinds[0]
    assert "words" in kinds[1]
    assert "interaction" in kinds[2]


def test_mood_does_know_how_the_customer_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail."""
    monkeypatch.setattr(monitor.parties, "CrosstalkGate", GateByProbability)
    calm = (ANGRY[0], ANGRY[1].replace("^", "=").replace("#", "="))
    assert estimates(play(call(), heard(*calm))) != estimates(play(call(), heard(*ANGRY)))


# ---- structure -------------------------------------------------------------------------

METERS = {"CustomerVoice", "MoodMeter", "Customer"}
DOORS = {
    "CustomerVoice": {"voice.py", "customer.py"},
    "MoodMeter": {"mood.py", "customer.py"},
    "Customer": {"customer.py", "call.py"},
}
"""Who may mention which."""


def mentions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names}
    names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    return names & METERS


def test_the_meters_stand_behind_one_door() -> None:
    found: dict[str, set[str]] = {name: set() for name in METERS}
    for path in MONITOR.rglob("*.py"):
        for name in mentions(path):
            found[name].add(path.name)
    assert found == DOORS


def test_only_the_customers_row_goes_through_it() -> None:
    tree = ast.parse((MONITOR / "call.py").read_text(encoding="utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr == "_customer"
        and node.func.attr == "step"
    ]
    (step,) = calls
    given = [ast.unparse(argument) for argument in step.args]
    assert given == [
        "t",
        "row.own[CUSTOMER]",
        "row.level_db[CUSTOMER]",
        "row.f0_hz[CUSTOMER]",
        "row.voicing[CUSTOMER]",
        "row.balance_db[CUSTOMER]",
        "row.nuclei[CUSTOMER]",
        "turns",
    ]
    assert step.keywords == []
    assert monitor.call.CUSTOMER == 1


def test_the_door_takes_one_channel_and_who_speaks_when() -> None:
    taken = inspect.signature(Customer.step, eval_str=True).parameters
    assert [p.annotation for p in taken.values()][1:] == [float, bool, *[float] * 5, Activity]
    seen = {name for name in vars(Activity) if not name.startswith("_")}
    assert seen == {"speaking_since", "last_speech_end", "turn_of", "silence_s"}
    assert list(inspect.signature(CustomerVoice.step).parameters)[1:] == [
        "t", "speaking", "level_db", "f0_hz", "voicing", "balance_db", "nuclei",
    ]  # fmt: skip


def test_of_the_agents_voice_only_the_level_is_kept() -> None:
    assert list(inspect.signature(AgentLevel.step).parameters)[1:] == ["t", "speaking", "level_db"]


def test_no_event_could_carry_an_agents_mood() -> None:
    for event in (Mood, AlertRaised):
        assert "party" not in event.model_fields
    angry = Cue(family="frustration", party="agent", t0=0, t1=1, text="x", weight=2.0)
    meter = MoodMeter(MoodSettings())
    with pytest.raises(ValueError, match="customer"):
        meter.cue(0.0, angry, "x")


# ---- the agent's words -----------------------------------------------------------------

ACTS = {
    "acknowledgement", "against_them", "agreement", "alternative", "apology", "asks_again",
    "blames", "boundary", "clarifying", "closed_question", "closing", "commitment", "defensive",
    "excuse", "explains_doing", "gratitude", "greeting", "handover", "hold_bare", "hold_coming",
    "instructs", "not_mine", "on_their_side", "open_question", "options", "owned", "reassurance",
    "refusal", "rephrases", "resolved", "rounds_off", "says_back", "solving", "takes_up_other",
    "talks_down", "thanks", "time_given", "vague_promise",
}  # fmt: skip
"""What an agent's sentence does to the other: greets, says no, gives a time. Each can be shown
in the transcript to whoever doubts it. None says how the agent feels, and none may be added here
that does: bored, annoyed, stressed, warm, sincere."""


def test_what_agents_say_is_heard_as_acts_only() -> None:
    learned = json.loads((resource("models") / "meaning" / "en.json").read_text(encoding="utf-8"))
    assert set(learned["agent"]["families"]) == ACTS
    feels = set(learned["customer"]["families"])
    assert feels >= {"frustration", "exasperation", "fear", "worry"}
    assert not feels & ACTS, "no family is heard of both: a feeling stays with the customer"
    weights = {family.weight for family in PHRASES.of("agent")}
    assert weights == {0.0}


def test_mood_does_not_know_what_the_agents_sentences_mean() -> None:
    """Not directly: what an agent does, such as saying sorry, is evidence by its own rules, and
    a family of the customer's in the agent's mouth is nothing."""
    upset = [Meant(family=name, sentence=0, log_odds=9.0) for name in sorted(PHRASES.upset)]
    assert len(upset) > 10

    def told(meant: list[Meant]) -> Any:
        return [
            (at, tr.model_copy(update={"meant": meant if tr.party == "agent" else None}))
            for at, tr in HURT_SAID
        ]

    expected = estimates(play(call(), heard(*HURT), told([])))
    assert estimates(play(call(), heard(*HURT), told(upset))) == expected
    events = play(call(), heard(*HURT), told(upset))
    assert [c for c in of(events, "cue") if c.party == "agent" and c.by == "meaning"] == []
