import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.events import Party, Transcript, Word
from monitor.redaction import MASK, Redactor, redact

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def said(text: str, t0: float = 0.0, party: Party = "customer", n: int = 1) -> Transcript:
    """Half a second a word."""
    tokens = text.split()
    words = [Word(text=w, t0=t0 + i / 2, t1=t0 + i / 2 + 0.4) for i, w in enumerate(tokens)]
    end = t0 + len(tokens) / 2
    return Transcript(utterance=n, party=party, t0=t0, t1=end, text=text, words=words)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("My card is 4111 1111 1111 1111.", f"My card is {MASK}."),
        ("it's 4111-1111-1111-1111, thanks", f"it's {MASK}, thanks"),
        ("4111, 1111, 1111, 1111", MASK),
        (
            "four one one one, one one one one uh one one one one one one one one okay",
            f"{MASK} okay",
        ),
        ("that's double five triple seven oh two", f"that's {MASK}"),
        ("forty-one eleven twenty three nine nine", MASK),
        ("order number 778 812 please", f"order number {MASK} please"),
        ("call me at 555-0199-22.", f"call me at {MASK}."),
        ("it is 020 - 7946 - 0958", f"it is {MASK}"),
        ("it is 020 ( 7946 ) 0958.", f"it is {MASK}."),
        ("020 / 7946 / 0958", MASK),
        ("it's 4111 -1111 -1111 -1111", f"it's {MASK}"),
        ("4111 — 1111— 11—11", MASK),
        ("555‑0199‑22 please", f"{MASK} please"),
        ("he said “4111 1111” to me", f"he said {MASK} to me"),
        ("account #4729 16, yes", f"account {MASK}, yes"),
        ("call +44 20 7946 0958", f"call {MASK}"),
        ("social is 123-45-6789.", f"social is {MASK}."),
        ("it's 123.45.6789", f"it's {MASK}"),
        ("sort 20-45-67 yes", f"sort {MASK} yes"),
        ("reference AB123456", f"reference {MASK}"),
        ("account 123,456,789", f"account {MASK}"),
        ("the security code is 123", f"the security code is {MASK}"),
        ("CVV one two three", f"CVV {MASK}"),
        ("it is 9876 on the back of my card", f"it is {MASK} on the back of my card"),
    ],
)
def test_numbers_go(text: str, want: str) -> None:
    masked, spans = redact(said(text))
    assert masked.text == want
    assert " ".join(word.text for word in masked.words).count(MASK) == 1
    assert len(spans) == 1


@pytest.mark.parametrize(
    "text",
    [
        "I have been a customer since 2019.",
        "in 2019, 2020 and 2021",
        "it costs $1,250.00 a year",
        "that is 149.99 dollars",
        "150000 dollars in the bank",
        "1,250,000 people",
        "at 10:30 or at 11:45",
        "on 12/25/2023",
        "on 31.12.2024, or 2024-02-29",
        "born 3/4/85 or 03-04-1985",
        "we said 2 - 3 days",
        "# 1 in support, +1 for that",
        "three or four times",
        "for the third time in 2 weeks",
        "one moment, one second",
        "I waited twenty five minutes and then 30 more",
        "oh no",
        "no one told me",
        "",
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    transcript = said(text)
    assert redact(transcript) == (transcript, [])


def test_spans_are_the_times_of_the_hidden_words() -> None:
    masked, (span,) = redact(said("my card is 4111 1111 1111 1111 okay", t0=10.0))
    assert span == (11.5, 13.4)
    assert [w.text for w in masked.words] == ["my", "card", "is", MASK, "okay"]
    assert (masked.words[3].t0, masked.words[3].t1) == (11.5, 13.4)


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["it", "is", "020", "- 7946", "- 0958"], ["it", "is", MASK]),
        (["it", "is", "020", "( 7946 )", "0958."], ["it", "is", MASK]),
        (["- 4111", "-1111", "-1111", "okay"], [MASK, "okay"]),
        (["“ 4729", "- 16”"], [MASK]),
        (["in", "2", "- 3", "weeks"], ["in", "2", "- 3", "weeks"]),
    ],
)
def test_signs_that_alignment_puts_before_a_word_hide_no_digits(
    words: list[str], left: list[str]
) -> None:
    timed = [Word(text=text, t0=i, t1=i + 0.9) for i, text in enumerate(words)]
    masked, spans = redact(
        Transcript(utterance=1, party="agent", t0=0, t1=9, text=" ".join(words), words=timed)
    )
    assert [word.text for word in masked.words] == left
    hidden = [i for i, text in enumerate(words) if text not in left]
    assert spans == ([(hidden[0], hidden[-1] + 0.9)] if hidden else [])


def test_without_word_times_the_whole_utterance_is_muted() -> None:
    bare = said("it is 123456 yes", t0=3.0).model_copy(update={"words": []})
    masked, (span,) = redact(bare)
    assert masked.text == f"it is {MASK} yes"
    assert (span.t0, span.t1) == (3.0, 5.0)


def test_a_number_cut_by_pauses_is_one_number() -> None:
    redactor = Redactor()
    first, spans = redactor.redact(said("it's 41 11", t0=0.0))
    assert (first.text, spans) == ("it's 41 11", [])
    second, spans = redactor.redact(said("11 11", t0=3.0))
    assert second.text == MASK
    assert [(s.t0, s.t1) for s in spans] == [(0.5, 1.5), (3.0, 3.9)]
    third, _ = redactor.redact(said("11 okay", t0=6.0))
    assert third.text == f"{MASK} okay"


@pytest.mark.parametrize("end", ["", " -", " uh", "…"])
@pytest.mark.parametrize("start", ["", "uh, ", "- ", "then "])
def test_hesitating_does_not_part_the_pieces(end: str, start: str) -> None:
    redactor = Redactor()
    assert redactor.redact(said(f"it's 41 11{end}", t0=0.0))[1] == []
    second, spans = redactor.redact(said(f"{start}11 11 okay", t0=3.0))
    assert second.text == f"{start}{MASK} okay"
    assert len(spans) == 2, "what came before is muted too"


def test_pieces_long_apart_or_of_the_other_party_are_not_one_number() -> None:
    redactor = Redactor()
    redactor.redact(said("I have 4111", t0=0.0))
    assert redactor.redact(said("22 33", t0=2.0, party="agent"))[1] == []
    assert redactor.redact(said("22 33", t0=60.0))[1] == []


def test_a_number_that_was_asked_for_goes_in_short_pieces() -> None:
    redactor = Redactor()
    redactor.redact(said("can I have your card number please", party="agent"))
    assert redactor.redact(said("sure it is 4111", t0=5.0))[0].text == f"sure it is {MASK}"
    redactor.redact(said("and the security code?", t0=10.0, party="agent"))
    masked, (span,) = redactor.redact(said("123", t0=12.0))
    assert (masked.text, span) == (MASK, (12.0, 12.4))
    later = redactor.redact(said("in 2019 it was fine", t0=60.0))
    assert later[1] == []


def test_a_partial_is_redacted_but_not_remembered() -> None:
    redactor = Redactor()
    partial = said("it is 411").model_copy(update={"final": False})
    redactor.redact(partial)
    assert redactor.redact(said("222 okay", t0=2.0))[1] == []
    for text, shown in (
        ("123456", MASK),
        ("it is 41", "it is"),
        ("it is four one double", "it is"),
        ("it is four one uh", "it is"),
        ("it is 41 -", "it is"),
        ("it is uh", "it is uh"),
        ("it is 411", f"it is {MASK}"),
        ("two weeks ago", "two weeks ago"),
    ):
        part = said(text).model_copy(update={"final": False})
        assert redactor.redact(part)[0].text == shown, "more digits may follow"


def test_where_a_question_may_be_unknown_three_digits_are_too_many() -> None:
    assert Redactor().redact(said("it is 411 okay"))[0].text == "it is 411 okay"
    wary, spans = Redactor().redact(said("it is 411 okay"), wary=True)
    assert wary.text == f"it is {MASK} okay"
    assert len(spans) == 1


digits = st.text("0123456789", min_size=6, max_size=19).filter(
    lambda d: not re.fullmatch(r"((19|20)\d\d)+", d)
)


@given(digits, st.lists(st.integers(1, 5), min_size=19, max_size=19), st.booleans())
def test_any_run_of_six_digits_goes_however_it_is_cut(
    number: str, cuts: list[int], spoken: bool
) -> None:
    pieces: list[str] = []
    rest = number
    for cut in cuts:
        piece, rest = rest[:cut], rest[cut:]
        if piece:
            pieces.append(" ".join(DIGIT_WORDS[int(d)] for d in piece) if spoken else piece)
    if all(re.fullmatch(r"(19|20)\d\d", piece) for piece in pieces):
        return
    masked, spans = redact(said(f"well it is {' '.join(pieces)} you see"))
    assert masked.text == f"well it is {MASK} you see"
    assert spans
    assert not any(c.isdigit() for w in masked.words for c in w.text)


@given(st.text(max_size=80))
def test_any_text_is_survived_and_redacting_twice_is_redacting_once(text: str) -> None:
    once, _ = redact(said(text))
    again, _ = redact(once)
    assert again.text == once.text
    assert not re.search(r"(?<![\d.,/$€£¥%:])\d{9,}(?![\d.,/%:$€£¥])", once.text) or any(
        c in text for c in "$€£¥%:.,/"
    )


@given(st.text("abc 123,.$-:", max_size=40))
def test_words_and_text_agree(text: str) -> None:
    masked, _ = redact(said(text))
    shown = [token.rstrip(".,;:!?") for token in masked.text.split()]
    assert shown.count(MASK) == [w.text for w in masked.words].count(MASK)
