"""Misspelt long words are read as what they are nearly; real words stay."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from monitor.misheard import LONG, SHORTEST, Misheard, distance
from monitor.phrases import Phrases
from monitor.wording import tokens

NEAR = Misheard(["manager", "ombudsman", "canceled", "refund"], ["manages", "managed"])


def mended(text: str) -> str:
    return " ".join(token.text for token in NEAR.mend(tokens(text)))


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("your manajer", "your manager"),
        ("your mannager", "your manager"),
        ("the ombutsmen", "the ombudsman"),
        ("it was cancelad", "it was canceled"),
        ("he manages it", "he manages it"),  # listed as real
        ("the teenager", "the teenager"),
        ("a danager", "a danager"),  # another first letter
        ("menejer", "menejer"),  # two wrong in a word of seven
        ("a fund", "a fund"),  # too short to be judged
    ],
)
def test_near_words(heard: str, meant: str) -> None:
    assert mended(heard) == meant


def test_between_two_as_near_it_stays() -> None:
    assert Misheard(["shocking", "shucking"], []).mend(tokens("shicking"))[0].text == "shicking"


def test_where_it_stands_in_the_text_stays() -> None:
    before = tokens("so, the ombutsmen!")[-1]
    after = NEAR.mend([before])[0]
    assert (after.start, after.stop, after.text) == (before.start, before.stop, "ombudsman")


def test_short_words_are_refused() -> None:
    with pytest.raises(ValueError, match="'bill' is too short"):
        Misheard(["bill"], [])


def whole(a: str, b: str) -> int:
    """The same distance without a band, from its definition."""
    table = {(i, j): max(i, j) for i in range(len(a) + 1) for j in range(len(b) + 1)}
    for i, j in itertools.product(range(1, len(a) + 1), range(1, len(b) + 1)):
        same = a[i - 1] == b[j - 1]
        ways = (table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (not same))
        table[i, j] = min(ways)
    return table[len(a), len(b)]


def test_distance_is_levenshteins_up_to_the_most() -> None:
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(2000):
        a, b = ("".join(rng.choice(list("abc"), rng.integers(0, 8))) for _ in range(2))
        for most in (1, 2):
            expected = min(whole(a, b), most + 1)
            assert distance(a, b, most) == expected, (a, b, most)
            seen.add(expected)
    assert seen == {0, 1, 2, 3}


def test_no_word_of_the_file_is_read_as_another() -> None:
    phrases = Phrases.load(Path(__file__).parent.parent / "models" / "phrases" / "en.toml")
    for word in phrases.misheard.words:
        assert len(word) >= SHORTEST
        assert phrases.misheard.mend(tokens(word))[0].text == word
    assert any(len(word) >= LONG for word in phrases.misheard.words)
