"""Words and sentences as phrases and meaning see them."""

from __future__ import annotations

import pytest

from monitor.wording import sentences, short


@pytest.mark.parametrize(
    "text",
    [
        "I spoke to Mr. Patel about it.",
        "It is for MRS. Novak and ms. Doyle",
        "The letter went to Dr.  Mehta, of St. Mary's, and to Prof. Lind.",
        "Is she a Dr.?",
        "They open at 9 a.m. on Monday and close at 5 p.m. 365 days a year.",
        "It was 9a.m. when you rang",
        "A big one, e.g. the router, i.e. what is in the hall, vs. the small one",
        "It is order no. 4711, or invoice No. 12",
        "The lines are nos. 5 and 6, ext. 20.",
    ],
)
def test_a_point_of_an_abbreviation_ends_no_sentence(text: str) -> None:
    assert sentences(text) == [(0, len(text))]


@pytest.mark.parametrize(
    "said",
    [
        ["Come at 9 a.m. ", "We open then."],
        ["You said no. ", "I heard it."],
        ["No. ", "5 of them are gone."],
        ["Is it lost? ", "No. ", "3 came today."],
        ["Who is it, Mr.? ", "Patel?"],
        ["I said a.m.! ", "not that late."],
        ["It is the 1st. ", "that is fine."],
        ["They sent forms. ", "ten of them."],
        ["Take the tram. ", "5 go there."],
    ],
)
def test_other_points_do(said: list[str]) -> None:
    text = "".join(said)
    assert [text[start:stop] for start, stop in sentences(text)] == said


def test_short_fits_in_a_glance() -> None:
    assert short("I have no hot water, either.") == "I have no hot water, either"
    assert short("one two three four five six seven, eight, nine") == (
        "one two three four five six seven, eight …"
    )
