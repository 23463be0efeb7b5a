"""Number styles: numbers written as the house writes them, and nothing brought past redaction."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.config import AsrSettings
from monitor.events import Transcript, Word
from monitor.numerals import NumberStyles
from monitor.redaction import MASK, Redactor, Span

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
        "+442079460958 or +44 2079460958",
        "(+44) 20 7946 0958",
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
        (["12/25/2023"], "'12/25/2023' is not seen as one number by redaction"),
        (["12-34-56"], "'12-34-56' is not seen as one number by redaction"),
        (["12345.67"], "'12345.67' is not seen as one number by redaction"),
    ],
)
def test_a_style_that_cannot_be_is_refused(examples: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NumberStyles(examples)


def timed(*texts: str) -> list[Word]:
    """A second a word."""
    return [Word(text=text, t0=i, t1=i + 1, p=1 - i / 100) for i, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (["It's", "5550123."], [("It's", 0, 1), ("555-0123.", 1, 2)]),
        (
            ["triple", "five", "oh", "one", "two", "three", "okay?"],
            [("555-0123", 0, 6), ("okay?", 6, 7)],
        ),
        (
            ["on", "0207946", "- 0958", "or", "555", "- 0123"],
            [
                *(("on", 0, 1), ("020", 1, 1.545), ("7946", 1.545, 2.273), ("0958", 2.273, 3)),
                *(("or", 3, 4), ("555-0123", 4, 6)),
            ],
        ),
        (["- 5550123", "then"], [("- 555-0123", 0, 1), ("then", 1, 2)]),
        (["in", "2019", "- okay"], [("in", 0, 1), ("2019", 1, 2), ("- okay", 2, 3)]),
    ],
)
def test_a_number_in_style_stays_where_it_was_spoken(
    words: list[str], written: list[tuple[str, float, float]]
) -> None:
    got = PHONES.write_words(timed(*words))
    assert [word.text for word in got] == [text for text, _, _ in written]
    assert " ".join(word.text for word in got) == PHONES.write(" ".join(words))
    for word, (_, t0, t1) in zip(got, written, strict=True):
        assert word.t0 == pytest.approx(t0, abs=0.001)
        assert word.t1 == pytest.approx(t1, abs=0.001)


def test_a_number_in_style_is_as_sure_as_its_least_sure_word() -> None:
    said = timed("it", "is", "555", "01", "23", "okay")
    assert [word.p for word in PHONES.write_words(said)] == [1.0, 0.99, 0.96, 0.95]


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
    "020 - 7946 - 0958",
    "020 ( 7946 ) 0958",
    "123-45-6789",
    "(123) - 4567 / 89",
]
SIGNS = ("-", "(", "“")
"""Alignment puts these, where they stand alone, before the next word."""
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


def aligned(text: str) -> list[Word]:
    """The words of a text as alignment of Whisper has them."""
    texts: list[str] = []
    before = ""
    for token in text.split():
        if token in SIGNS:
            before += token + " "
        else:
            texts.append(before + token.rstrip(".,"))
            before = ""
    return timed(*texts, *before.split())


def redacted(text: str, words: list[Word] | tuple[Word, ...]) -> tuple[list[str], list[Span]]:
    """What is left of it, and what is muted."""
    masked, spans = Redactor().redact(
        Transcript(utterance=1, party="customer", t0=0, t1=60, text=text, words=list(words))
    )
    left = [token for token in masked.text.replace(",", "").split() if token not in SIGNS]
    shown = " ".join(word.text for word in masked.words)
    assert [token for token in shown.split() if token not in SIGNS] == left
    return left, spans


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
            said.append(draw(st.sampled_from(("", "", "", *SIGNS))))
    return " ".join([*said, draw(st.sampled_from(ASIDES))])


@example("000 my card is 0 0 - 0 - the security code", [])  # the same distance, signs or not
@given(utterances(), st.lists(st.sampled_from(STYLES), min_size=1, max_size=3))
def test_whatever_the_style_redaction_hides_what_it_would_have_hidden(
    text: str, examples: list[str]
) -> None:
    lengths = {sum(c.isdigit() for c in example): example for example in examples}
    styles = NumberStyles(list(lengths.values()))
    words = aligned(text)
    assert redacted(styles.write(text), styles.write_words(words)) == redacted(text, words)


@pytest.mark.parametrize("example", STYLES)
@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("card four one one one, one one one one one one one one one one one one", 1),
        ("it is 4111-1111 1111 1111 and the security code is one two three", 2),
        ("five five five oh one two three and the security code 1 2 3 4", 2),
        ("the security code is 123", 1),
        ("it is 020 - 7946 - 0958 or 020 ( 7946 0958 or 02079460958", 3),
        ("social is 123456789, or - 123 - 45 - 6789", 2),
    ],
)
def test_cards_and_codes_are_hidden_in_every_style(example: str, text: str, hidden: int) -> None:
    styles = NumberStyles([example])
    left, spans = redacted(styles.write(text), styles.write_words(aligned(text)))
    assert left.count(MASK) == len(spans) == hidden
    assert not any(character.isdigit() for token in left for character in token)
    assert not set(left) & set(DIGITS)
