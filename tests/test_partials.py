"""When partial words are asked for, and what of them is shown."""

from __future__ import annotations

import pytest

from monitor.events import Utterance
from monitor.partials import EVERY_S, FIRST_S, Partials


def at(t1: float, number: int = 1) -> Utterance:
    return Utterance(number=number, party="customer", t0=0.0, t1=t1, final=False)


def shown(*decodes: str) -> list[str | None]:
    partials = Partials()
    out = []
    for count, text in enumerate(decodes, start=1):
        partials.asked(at(float(count)))
        out.append(partials.agreed(1, text))
    return out


def test_asked_first_after_a_while_then_with_new_audio() -> None:
    partials = Partials()
    assert not partials.wanted(at(FIRST_S - 0.1))
    assert partials.wanted(at(FIRST_S))
    partials.asked(at(FIRST_S))
    assert not partials.wanted(at(FIRST_S + EVERY_S - 0.1))
    assert partials.wanted(at(FIRST_S + EVERY_S))
    assert not partials.wanted(at(1.0, number=2)), "another utterance begins anew"


@pytest.mark.parametrize(
    ("decodes", "expected"),
    [
        (["I want to", "I want to cancel."], [None, "I want to"]),
        (["I won't", "I want to", "I want to cancel"], [None, "I", "I want to"]),
        (["So, I said", "so I said, that is"], [None, "so I said"]),
        (["a b", "a b", "a b"], [None, "a b", None]),
        (["a b c", "a b c", "x y z", "x y z"], [None, "a b c", None, None]),
        (["a b", "a b", "x y z", "x y z"], [None, "a b", None, "x y z"]),
        (["", "", ""], [None, None, None]),
        (["you", ""], [None, None]),
    ],
)
def test_only_what_two_decodes_agree_on_is_shown_and_it_only_grows(
    decodes: list[str], expected: list[str | None]
) -> None:
    assert shown(*decodes) == expected


def test_nothing_more_once_the_final_was_asked_for_or_another_began() -> None:
    partials = Partials()
    partials.asked(at(1.5))
    assert partials.agreed(1, "a b") is None
    partials.asked(at(2.5))
    partials.finish(1)
    assert partials.agreed(1, "a b") is None
    partials.asked(at(1.5, number=2))
    assert partials.agreed(1, "a b") is None
    assert partials.agreed(2, "c") is None
    assert partials.agreed(2, "c d") == "c"
