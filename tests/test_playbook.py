"""Whose policy holds: layers, presets, hours, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import registry
from monitor.config import ConfigError, NudgeSettings, PolicySettings, Settings
from monitor.playbook import Playbook
from monitor.policy import FOLDER, Policy
from monitor.resources import resource

BASE = NudgeSettings(min_gap_s=20.0)

LAYERS = """
min_gap_s = 25

[nudge.let_them_finish]
text = "Stop. Let them end."
alone_s = 3

[team.billing]
agents = ["a17", "a18"]
preset = "novice"
max_per_call = 4

[team.billing.nudge.let_them_finish]
title = "Let them end"
long_s = 1.5

[agent.a17]
min_gap_s = 90

[agent.a17.nudge.slow_down]
enabled = false
"""


def test_without_a_file_the_settings_hold_for_everyone() -> None:
    book = Playbook(BASE)
    assert Policy(book.in_force("a17").nudges).hash == Policy(BASE).hash
    assert book.agents == []


def test_each_layer_changes_only_what_it_says() -> None:
    book = Playbook.parse(BASE, LAYERS)
    everyone, billing, a17 = (book.in_force(agent) for agent in ("b1", "a18", "a17"))
    assert everyone.layers == ("organisation",)
    assert billing.layers == ("organisation", "preset novice", "team billing")
    assert a17.layers == (*billing.layers, "agent a17")
    assert [one.nudges.min_gap_s for one in (everyone, billing, a17)] == [25.0, 45.0, 90.0]
    assert [one.nudges.max_per_call for one in (everyone, billing, a17)] == [6, 4, 4]
    assert everyone.nudges.thresholds == {"let_them_finish": {"alone_s": 3.0}}
    assert a17.nudges.thresholds == {"let_them_finish": {"alone_s": 3.0, "long_s": 1.5}}
    wording = a17.nudges.texts["let_them_finish"]
    assert (wording.title, wording.text) == ("Let them end", "Stop. Let them end.")
    assert set(everyone.nudges.enabled or []) == set(registry.names(FOLDER))
    assert "slow_down" in (billing.nudges.enabled or [])
    assert "match_their_pace" not in (billing.nudges.enabled or [])
    assert "slow_down" not in (a17.nudges.enabled or [])


def test_a_nudge_can_be_switched_on_above_a_list() -> None:
    book = Playbook.parse(
        BASE, "enabled = []\n[agent.a1.nudge.slow_down]\nenabled = true\n[agent.a2]\n"
    )
    assert book.in_force("a1").nudges.enabled == ["slow_down"]
    assert book.in_force("a2").nudges.enabled == []


@pytest.mark.parametrize("agent", ["", "a17"])
def test_a_text_or_a_threshold_changes_the_hash(agent: str) -> None:
    before = Policy(Playbook(BASE).in_force(agent).nudges).hash
    for change in ('text = "Let them."', "alone_s = 2.6"):
        book = Playbook.parse(BASE, f"[nudge.let_them_finish]\n{change}\n")
        assert Policy(book.in_force(agent).nudges).hash != before


@pytest.mark.parametrize(
    "name", sorted(p.stem for p in (resource("models") / "policies").glob("*"))
)
def test_every_preset_can_be_used(name: str) -> None:
    book = Playbook.parse(BASE, f'preset = "{name}"')
    in_force = book.in_force()
    assert in_force.layers == (f"preset {name}", "organisation")
    assert Policy(in_force.nudges).hash


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2026-01-05T11:59:59+00:00", False),  # a Monday
        ("2026-01-05T12:00:00+00:00", True),
        ("2026-01-05T13:00:00+00:00", False),
        ("2026-01-10T12:30:00+00:00", False),  # a Saturday
        ("2026-07-06T11:30:00+00:00", True),  # summer time
    ],
)
def test_quiet_hours_are_local(at: str, quiet: bool) -> None:
    book = Playbook.parse(
        BASE,
        'timezone = "Europe/London"\n'
        'quiet_hours = [{ from = 12:00:00, to = 13:00:00, days = ["mon", "tue"] }]',
    )
    assert book.in_force(at=datetime.fromisoformat(at)).nudges.quiet is quiet


def test_quiet_hours_may_go_over_midnight() -> None:
    book = Playbook.parse(
        BASE, 'timezone = "UTC"\nquiet_hours = [{ from = "22:00", to = "06:00", days = ["fri"] }]'
    )
    quiet = [
        book.in_force(at=datetime(2026, 1, day, hour, tzinfo=UTC)).nudges.quiet
        for day, hour in ((9, 21), (9, 23), (10, 5), (10, 7), (10, 23))  # Friday the 9th
    ]
    assert quiet == [False, True, True, False, False]


def test_a_team_may_have_no_quiet_hours() -> None:
    text = 'quiet_hours = [{ from = "00:00", to = "23:59" }]\n[team.night]\nquiet_hours = []\n'
    book = Playbook.parse(BASE, 'timezone = "UTC"\n' + text + 'agents = ["n1"]')
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert book.in_force("a1", at).nudges.quiet
    assert not book.in_force("n1", at).nudges.quiet


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("min_gap_s = [", "not valid TOML"),
        ("min_gap = 5", "min_gap: Extra inputs are not permitted"),
        ("hold_out = 0.9", "hold_out: Input should be less than or equal to 0.5"),
        ("[nudge.sing]", "no nudge 'sing'; there is: "),
        ("enabled = ['sing']", "no nudge 'sing'; there is: "),
        ("[team.x.nudge.slow_down]\nspeed = 1", "team x: nudge slow_down has no 'speed'"),
        ("[agent.x.nudge.sing]", "agent x: no nudge 'sing'"),
        ("[nudge.slow_down]\nttl = 'long'", "nudge.slow_down.ttl: Input should be a valid number"),
        ("preset = 'sergeant'", "no preset 'sergeant'; there is: coach, novice"),
        ("timezone = 'Mars/Olympus'", "timezone 'Mars/Olympus' is unknown"),
        (
            "[team.a]\nagents = ['x']\n[team.b]\nagents = ['x']",
            "agent x is in two teams: a and b",
        ),
        ("quiet_hours = [{ from = '25:00', to = '06:00' }]", "quiet_hours.0.from"),
    ],
)
def test_what_cannot_be_used_is_said(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as failure:
        Playbook.load(BASE, path)
    assert str(failure.value).startswith(f"{path}: ")
    assert says in str(failure.value)


def test_which_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Playbook.of(Settings()).in_force().nudges.min_gap_s == 20.0
    (tmp_path / "policy.toml").write_text("min_gap_s = 33")
    assert Playbook.of(Settings()).in_force().nudges.min_gap_s == 33.0
    named = Settings(policy=PolicySettings(file=tmp_path / "other.toml"))
    with pytest.raises(ConfigError, match=r"other\.toml: No such file"):
        Playbook.of(named)
