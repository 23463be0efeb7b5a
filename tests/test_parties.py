"""Who of two parties speaks: voices behind them and echoes taken away, both at once."""

from __future__ import annotations

from monitor.config import HearingSettings
from monitor.crosstalk import CrosstalkGate
from monitor.ear import Heard
from monitor.foreground import Foreground
from monitor.parties import Pair, Parties
from tests.scores import heard, natural, with_echo

TALK = "=" * 40 + "." * 6 + "=" * 30 + "." * 6
BOTH = (TALK + "." * 60) * 6, ("." * 82 + "=" * 36 + "." * 24) * 6


def own(rows: Heard, parties: Parties) -> list[tuple[bool, bool]]:
    blocks = zip(rows.speech.T.tolist(), rows.level_db.T.tolist(), strict=True)
    return [parties.step((p[0], p[1]), (db[0], db[1]))[1] for p, db in blocks]


def spoken(found: list[tuple[bool, bool]]) -> tuple[int, int]:
    return sum(agent for agent, _ in found), sum(customer for _, customer in found)


def test_each_channel_is_asked_for_its_own_party() -> None:
    agent, customer = spoken(own(natural(heard(*BOTH)), Parties(HearingSettings())))
    assert 1200 < agent < 1400
    assert 600 < customer < 700


def test_a_known_echo_is_nobody_in_the_background() -> None:
    """Asked apart, the echo of the agent becomes a voice behind the customer."""
    rows = with_echo(natural(heard(*BOTH)), 0, -15.0, 0.12)
    parties, alone, behind = Parties(HearingSettings()), CrosstalkGate(HearingSettings()), []
    foregrounds = (Foreground(), Foreground())
    for p, db in zip(rows.speech.T.tolist(), rows.level_db.T.tolist(), strict=True):
        parties.step((p[0], p[1]), (db[0], db[1]))
        speech: Pair = (foregrounds[0].step(p[0], db[0]), foregrounds[1].step(p[1], db[1]))
        alone.step(speech, (db[0], db[1]))
        behind.append(foregrounds[1].background_db)
    assert parties.gate.leak_db("agent") is not None
    assert any(level_db is not None for level_db in behind)
    assert parties.backgrounds_db == (None, None)


def test_one_channel_for_both_is_the_customers() -> None:
    mono = Parties(HearingSettings(), separated=False)
    rows = natural(heard("", TALK * 3))
    agent, customer = spoken(own(rows, mono))
    assert (agent, mono.separated) == (0, False)
    assert customer > 600


def test_channels_that_turn_out_to_be_mixed_are_the_customers_from_then_on() -> None:
    rows = with_echo(natural(heard(TALK * 8, "")), 0, 0.0, 0.03)
    parties = Parties(HearingSettings())
    found = own(rows, parties)
    assert not parties.separated
    last = max(block for block, (agent, _) in enumerate(found) if agent)
    assert last < len(found) // 2
    assert sum(customer for _, customer in found[last + 1 :]) > 600


def test_after_a_gap_nobody_goes_on() -> None:
    parties = Parties(HearingSettings())
    rows = natural(heard(TALK, ""))
    assert own(rows.part(0, 60), parties)[-1] == (True, False)
    parties.missing()
    assert own(rows.part(60, 61), parties) == [(False, False)]
