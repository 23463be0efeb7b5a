"""Number styles: numbers written as the house writes them, and nothing brought past redaction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.config import AsrSettings
from monitor.events import Transcript, Word
from monitor.numerals import NumberStyles
from monitor.redaction import MASK, Redactor

PHONES = NumberStyles(["020 7946 0958", "07### ######", "555-0123", "(555) 555-0123"])


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("My number is 5550123.", "My number is 555-0123."),
        ("It's five five five, oh one two three, okay?", "It's 555-0123, okay?"),
        ("on 5 5 5 0 1 2 3 thanks", "on 555-0123 thanks"),
        ("on triple five zero one two three", "on 555-0123"),
        ("double 5.5.0.1.23", "555-0123"),
        ("555. 0123.", "555-0123."),
        ("five-five-five uh oh-one-two-three", "555-0123"),
        ("call 0207 946 0958 now", "call 020 7946 0958 now"),
        ("call 0207-9460-958!", "call 020 7946 0958!"),
        ("07700900123", "07700 900123"),
        ('he said "0770 0900 123"', 'he said "07700 900123"'),
        ("555.555.0123", "(555) 555-0123"),
        ("(555)5550123, or 5550199.", "(555) 555-0123, or 555-0199."),
    ],
)
def test_a_number_as_long_as_a_style_is_written_like_it(text: str, written: str) -> None:
    assert PHONES.write(text) == written
    assert PHONES.write(written) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I waited  twenty minutes.",
        "It was 1,250,000 dollars or 1250000 dollars.",
        "in 2019, 2020 and 2021",
        "on 12/25/2023, at 10:30",
        "my order is 472916",  # no style has six
        "forty 555 0123",  # no style has nine
        "twenty 55 01 23",  # what is it?
        "double 44 50123",
        "reference AB5550123",
        "five five five oh one two three times",
        "5550123 dollars",
    ],
)
def test_everything_else_stays_to_the_letter(text: str) -> None:
    if text.endswith("times"):  # a count, in words: redaction takes it for a number
        assert PHONES.write(text) == "555-0123 times"
    else:
        assert PHONES.write(text) == text


def test_the_style_with_more_digits_that_must_be_goes_first() -> None:
    styles = NumberStyles(["##### ######", "07### ######", "0800 ### ####"])
    assert styles.write("08001111222") == "0800 111 1222"
    assert styles.write("0770 0900 123") == "07700 900123"
    assert styles.write("0161 4960 123") == "01614 960123"


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        (["12345"], "has 5 digits: 6 to 20"),
        (["1" * 21], "has 21 digits"),
        (["12-34-56 a"], "is not digits"),
        (["+44 20 7946 0958"], "is not digits"),
        ([" 555-0123"], "is not digits"),
        (["555-0123", "###-####"], "'###-####' would never be used"),
        (["123-45-6789"], "'123-45-6789' is not seen as one number by redaction"),
    ],
)
def test_a_style_that_cannot_be_is_refused(examples: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NumberStyles(examples)


def test_the_settings_take_styles() -> None:
    assert AsrSettings().number_styles == []
    styles = ["020 7946 0958", "07### ######"]
    assert AsrSettings(number_styles=styles).number_styles == styles


@pytest.mark.parametrize("example", ["", "x", "-555", "5" * 41])
def test_the_settings_refuse_what_is_no_number(example: str) -> None:
    with pytest.raises(ValidationError):
        AsrSettings(number_styles=[example])


# ---- redaction ------------------------------------------------------------------------

STYLES = [
    "12345678",
    "123 456",
    "1234 5678",
    "123-456-7890",
    "555-0123",
    "020 7946 0958",
    "1234 5678 9012",
    "41 111 111 111 111 1",
    "4111 1111 1111 1111",
    "12.34.56.78.90.12.34.56.7",
]
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ASIDES = (
    "",
    "my card is",
    "the security code",
    "dollars",
    "years",
    "on",
    "thanks",
    "uh",
    "since 2019",
)


def redacted(text: str) -> tuple[str, int]:
    """What is left of it, and how many numbers are hidden."""
    words = [Word(text=w.rstrip(".,"), t0=i, t1=i + 1) for i, w in enumerate(text.split())]
    masked, _ = Redactor().redact(
        Transcript(utterance=1, party="customer", t0=0, t1=60, text=text, words=words)
    )
    assert [word.text for word in masked.words] == [w.rstrip(".,") for w in masked.text.split()]
    return masked.text, masked.text.count(MASK)


@st.composite
def utterances(draw: st.DrawFn) -> str:
    said: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        said.append(draw(st.sampled_from(ASIDES)))
        number = draw(st.text("0123456789", min_size=3, max_size=17))
        while number:
            size = draw(st.integers(1, 5))
            piece, number = number[:size], number[size:]
            spoken = draw(st.booleans())
            said.append(" ".join(DIGITS[int(d)] for d in piece) if spoken else piece)
    return " ".join([*said, draw(st.sampled_from(ASIDES))])


@given(utterances(), st.lists(st.sampled_from(STYLES), min_size=1, max_size=3))
def test_whatever_the_style_redaction_hides_what_it_would_have_hidden(
    text: str, examples: list[str]
) -> None:
    lengths = {sum(c.isdigit() for c in example): example for example in examples}
    written = NumberStyles(list(lengths.values())).write(text)
    assert redacted(written) == redacted(text)


@pytest.mark.parametrize("example", STYLES)
@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("card four one one one, one one one one one one one one one one one one", 1),
        ("it is 4111-1111 1111 1111 and the security code is one two three", 2),
        ("five five five oh one two three and the security code 1 2 3 4", 2),
        ("the security code is 123", 1),
    ],
)
def test_cards_and_codes_are_hidden_in_every_style(example: str, text: str, hidden: int) -> None:
    left, masks = redacted(NumberStyles([example]).write(text))
    assert masks == hidden
    assert not any(character.isdigit() for character in left)
    assert not set(left.split()) & set(DIGITS)
