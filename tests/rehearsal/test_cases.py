"""Written cases: read, played, judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import NudgeSettings, Settings
from monitor.playbook import Playbook
from monitor.rehearsal import RehearsalError, cases
from monitor.rehearsal.cases import Outcome
from monitor.resources import resource
from tests.dialogue import PHRASES

SHIPPED = [
    case
    for path in sorted((resource("samples") / "cases").glob("*.toml"))
    for case in cases.read(path)
]

CUT_OFF = """
[[case]]
name = "Cut off"
agent = [{ at = 0, lasts = 3 }, { at = 8, lasts = 3, how = "#" }, { at = 20, lasts = 3, how = "#" }]
customer = [{ at = 4, lasts = 12 }, { at = 17, lasts = 12 }]
"""


def outcome(tmp_path: Path, text: str, policy: str = "") -> Outcome:
    path = tmp_path / "cases.toml"
    path.write_text(text)
    (case,) = cases.read(path)
    return cases.run(case, Settings(), Playbook.parse(NudgeSettings(), policy), PHRASES)


@pytest.mark.parametrize("case", SHIPPED, ids=[case.name for case in SHIPPED])
def test_the_cases_that_come_along_pass(case: cases.Case) -> None:
    told = cases.run(case, Settings(), Playbook(NudgeSettings()), PHRASES)
    assert told.passed, (told.missing, [(n.t, n.nudge, n.why) for n in told.unwanted])


def test_what_did_not_open_is_missing(tmp_path: Path) -> None:
    told = outcome(tmp_path, CUT_OFF + 'expect = ["let_them_finish", "slow_down"]')
    assert (told.missing, told.unwanted, told.passed) == (["slow_down"], [], False)


def test_what_must_not_open_is_unwanted(tmp_path: Path) -> None:
    assert not outcome(tmp_path, CUT_OFF + 'never = ["slow_down"]').unwanted
    for told in (
        outcome(tmp_path, CUT_OFF + 'never = ["let_them_finish"]'),
        outcome(tmp_path, CUT_OFF + "only = true"),
    ):
        assert {nudge.nudge for nudge in told.unwanted} == {"let_them_finish"}
        assert not told.passed


def test_the_policy_of_the_agent_holds(tmp_path: Path) -> None:
    policy = "[agent.a1.nudge.let_them_finish]\nenabled = false"
    text = CUT_OFF + 'expect = ["let_them_finish"]\n'
    assert outcome(tmp_path, text, policy).passed
    assert not outcome(tmp_path, text + 'agent_id = "a1"', policy).passed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "case: Field required"),
        ("[[case]]\nname = 'x'", "case.0: nobody says anything"),
        (CUT_OFF + "expect = ['sing']", "case.0: no nudge 'sing'; there is: "),
        (CUT_OFF + "expect = ['slow_down']\nnever = ['slow_down']", "expected and must never"),
        ("[[case]]\nname = 'x'\nagent = [{ at = 1 }]", "a line needs says, or lasts"),
        ("[[case]]\nname = 'x'\nagent = [{ at = 1, says = 'a', how = 'z' }]", "how = 'z' is none"),
        ("[[case", "not valid TOML"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "cases.toml"
    path.write_text(text)
    with pytest.raises(RehearsalError) as failure:
        cases.read(path)
    assert str(failure.value).startswith(f"{path}: ")
    assert says in str(failure.value)


def test_words_tell_how_long_a_line_takes() -> None:
    line = cases.Line(at=2.0, says="one two three four five six seven eight nine")
    assert line.end == pytest.approx(2.0 + 9 / cases.WORDS_PER_S, abs=0.01)
