"""Listed words: taken where they sound like what was written, and from nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.listed import ListedWords, alike

NAMES = ListedWords(["Okonkwo", "Jamie", "FiberMax", "Orchard Lane"])


@pytest.mark.parametrize(
    ("plain", "primed", "written"),
    [
        ("This is Jay me.", "This is Jamie.", "This is Jamie."),
        ("I asked Akongo, twice.", "I asked Okonkwo twice", "I asked Okonkwo, twice."),
        ("my fiber max, please", "my FiberMax please", "my FiberMax, please"),
        ("at orchid lame now", "at Orchard Lane now", "at Orchard Lane now"),
        ("that is Jaymeez phone", "that is Jamie's phone", "that is Jamie's phone"),
        ("O con quo and jammy came", "Okonkwo and Jamie came", "Okonkwo and Jamie came"),
        ("at twelve orchard lines, on", "at twelve Orchard Lane on", "at twelve Orchard Lane, on"),
        ("orchard Lane it is", "Orchard Lane it is", "Orchard Lane it is"),
        ("¿Con quo?", "Okonkwo?", "¿Okonkwo?"),
    ],
)
def test_a_listed_word_replaces_what_sounds_like_it(plain: str, primed: str, written: str) -> None:
    assert NAMES.write(plain, primed) == written


@pytest.mark.parametrize(
    ("plain", "primed"),
    [
        ("", "Jamie."),
        ("Thank you.", "Thank you, Jamie."),  # nobody said it
        ("The bill is wrong.", "Okonkwo is wrong."),  # nothing like it
        ("I can not go on.", "I cannot go on!"),  # another way to write it
        ("It is to late now.", "It is too late now."),  # better, but no business of the list
        ("Call Jamie.", "Jamie Jamie Jamie Jamie"),
        ("Call me at noon.", "FiberMax, Okonkwo, Jamie, Orchard Lane."),
    ],
)
def test_everything_else_stays_to_the_letter(plain: str, primed: str) -> None:
    assert NAMES.write(plain, primed) == plain


def test_words_that_sound_alike() -> None:
    assert alike("Kichmarek", "Kaczmarek") > 0.9
    assert alike("fiber max", "FiberMax") == 1.0
    assert alike("when", "Nguyen") < 0.6
    assert alike("", "Jamie") == 0.0


@given(st.text(), st.text())
def test_without_listed_words_nothing_changes(plain: str, primed: str) -> None:
    words = ListedWords(["qqqqzzzz"])
    if "qqqqzzzz" not in primed.casefold():
        assert words.write(plain, primed).split() == plain.split()


@given(
    st.lists(st.sampled_from(["the", "call", "Jamie", "okonquo", "fiber", "max", "orchid", "lane"]))
)
def test_what_is_written_comes_from_both_texts_only(words: list[str]) -> None:
    plain, primed = " ".join(words), " ".join(reversed(words))
    assert set(NAMES.write(plain, primed).split()) <= set(words)


@pytest.mark.parametrize("words", [[""], ["  "], ["Jamie", "!"], ["Lane -"]])
def test_a_word_without_letters_is_refused(words: list[str]) -> None:
    with pytest.raises(ValueError, match="letters or digits"):
        ListedWords(words)


def test_the_primer_is_the_list() -> None:
    assert ListedWords(["Jamie", "Orchard Lane"]).primer == "Jamie, Orchard Lane."
