"""Written cases: read, played, judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.config import AsrSettings, NudgeSettings, Settings
from monitor.events import Party
from monitor.meaning import Families, Meaning
from monitor.playbook import Playbook
from monitor.rehearsal import RehearsalError, cases
from monitor.rehearsal.cases import Outcome
from monitor.resources import resource
from monitor.runtime import meaning_of
from monitor.weights import ENCODER_MISSING
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


PASSED_OVER = """
[[case]]
name = "Passed over"
agent = [{ at = 0, lasts = 2, says = "Hello" }, { at = 12, lasts = 3, says = "Your number?" }]
customer = [{ at = 2.5, lasts = 9, says = "SAYS" }]
"""


class Flat:
    """An encoder to which all sentences mean the same: what is told comes from the words."""

    width = 1

    def encode(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        return np.zeros((len(sentences), 1), np.float32)


class Broken(Flat):
    def encode(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        raise RuntimeError("out of memory")


def told_by(encoder: Flat) -> Meaning:
    """Meaning to which a customer who says "soup" repeats themselves, and nobody does anything
    else."""

    def families(name: str, word: str) -> Families:
        weighs = (np.array([0]), np.array([50], np.float32))
        bias, vectors = np.array([-5], np.float32), np.zeros((1, 1), np.float32)
        return Families((name,), bias, vectors, {word: weighs})

    by_party: dict[Party, Families] = {
        "customer": families("repetition", "soup"),
        "agent": families("greeting", "soup"),
    }
    return Meaning(encoder, "en", by_party)  # type: ignore[arg-type]


def outcome(tmp_path: Path, text: str, policy: str = "", meaning: Meaning | None = None) -> Outcome:
    path = tmp_path / "cases.toml"
    path.write_text(text)
    (case,) = cases.read(path)
    playbook = Playbook.parse(NudgeSettings(), policy)
    return cases.run(case, Settings(), playbook, PHRASES, meaning)


@pytest.fixture(scope="module", params=["phrases alone", "meaning"])
def known(request: pytest.FixtureRequest) -> Meaning | None:
    if request.param == "phrases alone":
        return None
    meaning = meaning_of(AsrSettings(offline=True))
    if meaning is None:
        pytest.skip(ENCODER_MISSING)
    return meaning


@pytest.mark.parametrize("case", SHIPPED, ids=[case.name for case in SHIPPED])
def test_the_cases_that_come_along_pass(case: cases.Case, known: Meaning | None) -> None:
    told = cases.run(case, Settings(), Playbook(NudgeSettings()), PHRASES, known)
    assert told.passed, (told.missing, [(n.t, n.nudge, n.why) for n in told.unwanted])


@pytest.mark.parametrize(
    ("says", "by_phrases", "as_a_call"),
    [
        ("I already told your colleague three times that it is broken.", True, False),
        ("There is soup in the box and it is cold by now, every evening.", False, True),
        ("There is bread in the box and it is cold by now, every evening.", False, False),
    ],
)
def test_words_are_heard_as_on_a_call(
    tmp_path: Path, says: str, by_phrases: bool, as_a_call: bool
) -> None:
    """A phrase that the meaning turns down counts for nothing, and a sentence for what it means."""
    text = PASSED_OVER.replace("SAYS", says) + 'expect = ["acknowledge_first"]'
    assert outcome(tmp_path, text).passed is by_phrases
    assert outcome(tmp_path, text, meaning=told_by(Flat())).passed is as_a_call


def test_an_encoder_that_fails_ends_the_case(tmp_path: Path) -> None:
    text = PASSED_OVER.replace("SAYS", "Hello")
    with pytest.raises(RehearsalError, match="could not be told: out of memory"):
        outcome(tmp_path, text, meaning=told_by(Broken()))
    assert outcome(tmp_path, text + "words = false", meaning=told_by(Broken())).passed


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
