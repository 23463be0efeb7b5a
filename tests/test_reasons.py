"""Reasons: sentences with values, which each nudge gives in English and a team in its own words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor import nudges, registry
from monitor.config import ConfigError, NudgeSettings
from monitor.events import Event, NudgeClosed, NudgeOpened, Response
from monitor.playbook import Playbook
from monitor.policy import FOLDER, Policy
from monitor.reasons import NAMED_BY_UNIT, in_words, reason
from tests.test_policy import FAST

NAMES = registry.names(FOLDER)
BY_HELPER = {
    "by_phrase": {"said", "seconds"},
    "as_said": {"said", "seconds"},
    "just_asked": {"asked"},
    "because": set[str](),
    "reason": set[str](),
}


# ---- the sentences of the files --------------------------------------------------------


def given(name: str) -> Iterator[tuple[str, set[str]]]:
    """Each reason that the file of a nudge gives: its key, and the names of its values."""
    file = Path(nudges.__path__[0]) / f"{name}.py"
    for function in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in ast.walk(function):
            match call:
                case ast.Call(func=ast.Name(id=helper)) if helper in BY_HELPER:
                    values = BY_HELPER[helper] | {word.arg for word in call.keywords if word.arg}
                    for key in _keys(_key(call, helper), function):
                        yield key, values | _number(call, helper)


def _number(call: ast.Call, helper: str) -> set[str]:
    """What the number behind it is called, by its unit."""
    if helper != "reason" or len(call.args) < 5:
        return set()
    unit = ast.unparse(call.args[4]).strip("'")
    return {NAMED_BY_UNIT[unit]} if unit in NAMED_BY_UNIT else set()


def _key(call: ast.Call, helper: str) -> ast.expr:
    if helper == "by_phrase":
        return call.args[3] if len(call.args) > 3 else ast.Constant("said")
    fixed = {"as_said": "said", "just_asked": "asked"}
    return ast.Constant(fixed[helper]) if helper in fixed else call.args[0]


def _keys(node: ast.expr, function: ast.FunctionDef) -> list[str]:
    match node:
        case ast.Constant(value=str(key)):
            return [key]
        case ast.IfExp(body=body, orelse=orelse):
            return _keys(body, function) + _keys(orelse, function)
        case ast.Name(id=name):
            (value,) = (
                one.value
                for one in ast.walk(function)
                if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == name
            )
            return _keys(value, function)
        case ast.Attribute(attr="family"):  # of the phrases that are looked for
            return ["acknowledgement", "reassurance", "commitment"]
    raise AssertionError(ast.unparse(node))


@pytest.mark.parametrize("name", NAMES)
def test_every_reason_of_a_nudge_has_its_sentence_and_the_values_in_it(name: str) -> None:
    sentences = registry.load(FOLDER, name).REASONS
    for key, values in given(name):
        assert sentences[key].format(**dict.fromkeys(values, 7.0))
    assert {key for key, _ in given(name)} == set(sentences), "none is left over"


# ---- in the words of a team ------------------------------------------------------------

GERMAN = {
    "faster": "Etwa {ratio:.1f}-mal so schnell wie der Kunde",
    "back": "Nach {seconds:.0f} s wieder im Takt",
}


def told(**settings: Any) -> list[Event]:
    """A nudge that opens, and is done."""
    policy = Policy(NudgeSettings(**settings))
    events = policy.step(FAST)
    return events + policy.step(replace(FAST, t=70.0, pace_ratio=None, agent_last_speech=69.0))


def test_the_event_carries_the_sentence_of_the_team() -> None:
    events = told(texts={"match_their_pace": {"reasons": GERMAN}})
    opened, closed, answer = (
        next(e for e in events if isinstance(e, kind))
        for kind in (NudgeOpened, NudgeClosed, Response)
    )
    assert isinstance(opened, NudgeOpened)
    assert opened.title == "Match their pace"
    assert opened.why == opened.evidence[0].text == "Etwa 1.4-mal so schnell wie der Kunde"
    assert isinstance(closed, NudgeClosed)
    assert closed.why == "Nach 10 s wieder im Takt"
    assert isinstance(answer, Response)
    assert answer.how is not None
    assert (answer.how.text, answer.how.value) == ("Nach 10 s wieder im Takt", 10.0)


def test_what_is_not_said_otherwise_is_english() -> None:
    faster = {"faster": GERMAN["faster"]}
    events = told(texts={"match_their_pace": {"reasons": faster}})
    (closed,) = (e for e in events if isinstance(e, NudgeClosed))
    assert closed.why == "Back in step after 10 s"


def test_other_words_are_another_policy() -> None:
    plain = Policy(NudgeSettings())
    other = {"match_their_pace": {"reasons": GERMAN}}
    assert Policy(NudgeSettings.model_validate({"texts": other})).hash != plain.hash


POLICY = """
[nudge.match_their_pace.reasons]
faster = "Etwa {ratio:.1f}-mal so schnell wie der Kunde"

[team.billing]
agents = ["a1"]
[team.billing.nudge.match_their_pace]
title = "Gleiches Tempo"
[team.billing.nudge.match_their_pace.reasons]
back = "Wieder im Takt"
"""


def test_a_policy_file_says_it_layer_by_layer() -> None:
    book = Playbook.parse(NudgeSettings(), POLICY)
    own = book.in_force("a1").nudges.texts["match_their_pace"]
    assert (own.title, own.text) == ("Gleiches Tempo", None)
    assert own.reasons == {"faster": GERMAN["faster"], "back": "Wieder im Takt"}
    others = book.in_force("a2").nudges.texts["match_their_pace"]
    assert others.reasons == {"faster": GERMAN["faster"]}


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ('slower = "x"', "nudge match_their_pace has no reason 'slower'; there is: faster, back"),
        ('faster = "{speed}"', "nudge match_their_pace, reason 'faster': no {speed}; there is: "),
        ('faster = "{ratio.real}"', "no {ratio.real}; there is: {ratio:.1f}"),
        ('faster = "{ratio:s}"', "no {ratio:s}; there is: {ratio:.1f}"),
        ('faster = "{}"', "no {}; there is: {ratio:.1f}"),
        ('faster = "{ratio"', "nudge match_their_pace, reason 'faster': expected '}'"),
    ],
)
def test_what_cannot_be_said_is_an_error_that_names_the_nudge(sentence: str, says: str) -> None:
    text = f"[nudge.match_their_pace.reasons]\n{sentence}"
    with pytest.raises(ConfigError) as failure:
        Playbook.parse(NudgeSettings(), text)
    assert says in str(failure.value)
    key, _, template = sentence.partition(" = ")
    texts = {"match_their_pace": {"reasons": {key: template.strip('"')}}}
    with pytest.raises(ConfigError) as failure:
        Policy(NudgeSettings.model_validate({"texts": texts}))
    assert says in str(failure.value)


def test_a_sentence_without_values_may_have_braces() -> None:
    assert in_words({"back": "You are back"}, {"back": "{{da}}"}, "x")["back"].format() == "{da}"


def test_a_value_is_known_by_its_unit_unless_it_is_named() -> None:
    assert reason("a", "words", 1.0, 7.6, "s").said({"a": "{seconds:.0f} s"}).text == "8 s"
    named = reason("a", "words", 1.0, 7.6, "s", seconds=3.0)
    assert named.said({"a": "{seconds:.0f} s"}).text == "3 s"
    evidence = reason("a", "words", 1.0, 7.6, "llr", what="No").said({"a": "{what}!"})
    assert (evidence.text, evidence.t, evidence.value, evidence.unit) == ("No!", 1.0, 7.6, "llr")
