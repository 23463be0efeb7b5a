"""Card numbers, codes and account numbers: out of the words before they go anywhere.

People say numbers in pieces ("four one one one … double five"), recognisers write
them in many ways ("4111 1111-1111, 1111"), and a pause cuts them into utterances.
So digits are collected over neighbouring tokens, whatever their spelling, and a
``Redactor`` remembers what either party has just asked for and how the last
utterance ended. Six digits in a row are redacted, whatever they are: an order
number lost from a transcript costs less than an account number kept in it.
Prices, times, dates, years and counts stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from monitor.events import Party, Transcript, Word

MASK = "[number]"
_EDGES = " \t\"'“”‘’«»‹›¿¡()[]{}.,;:!?…。，！？：、-‐‑–—/+#*"
"""What may stand around a number and change nothing. Whisper's alignment puts a sign that stands
alone in front of the word behind it: "020 - 7946" are the words "020" and "- 7946"."""
MIN_RUN = 6
"""Digits in a row that are redacted without any context."""
MIN_ASKED = 3
"""… when somebody asked for a number: card numbers come in groups, codes have 3."""
ASKED_FOR_S = 30.0
"""How long an asked-for number is expected. Reading out 19 digits takes about 20 s."""
PIECES_WITHIN_S = 6.0
"""An utterance that ends in digits goes on in the next one, unless it comes later."""
NEAR_TOKENS = 10
"""A code is so near the words that name it."""


class Span(NamedTuple):
    """Audio of the speaking party to silence: audio time, s."""

    t0: float
    t1: float


def _listed(names: str) -> tuple[str, ...]:
    return tuple(names.split())


UNITS = {
    name: str(value)
    for value, name in enumerate(
        _listed(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen "
            "fourteen fifteen sixteen seventeen eighteen nineteen"
        )
    )
} | {"oh": "0", "o": "0", "nought": "0", "naught": "0"}
_TENS = {
    name: str(value)
    for value, name in enumerate(
        _listed("twenty thirty forty fifty sixty seventy eighty ninety"), start=2
    )
}
TIMES = {"double": 2, "triple": 3, "treble": 3}
FILLERS = frozenset(_listed("uh um er erm dash hyphen space then - –"))
_AFTER_HUNDREDS = frozenset(_listed("hundred thousand million billion"))
_AMOUNTS = _AFTER_HUNDREDS | frozenset(
    _listed(
        "dollar dollars cent cents euro euros pound pounds percent % "
        "years days hours minutes miles degrees"
    )
)
_PLAIN = re.compile(r"[0-9][0-9().\-‐‑–—/+#*\s]*")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_DECIMAL = re.compile(r"[0-9]+\.[0-9]{1,2}")
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_DATE = re.compile(
    rf"{_DAY}([./-]){_DAY}\1(?:[0-9]{{2}}|[0-9]{{4}})|[0-9]{{4}}([./-]){_DAY}\2{_DAY}"
)
"""With days and months that there are: "123-45-6789" is a social security number."""
_YEAR = re.compile(r"(19|20)[0-9]{2}")
_ASKED = re.compile(
    r"\b(security|verification|access|confirmation|three[ -]digit|3[ -]digit|four[ -]digit|"
    r"one[ -]time)\s+(code|number|digits?|password)|\b(cvv2?|cvc2?|csc|passcode|pass code|pin)\b|"
    r"\b(on|at) the back of (the|your|my) card\b|"
    r"\b(card|account|routing|sort|social security|policy|member|iban|long)\s+(number|code)\b|"
    r"\b(credit|debit) card\b|\bsocial security\b",
    re.IGNORECASE,
)


def redact(transcript: Transcript) -> tuple[Transcript, list[Span]]:
    """Redact one utterance without what went before; see ``Redactor``."""
    return Redactor().redact(transcript)


class Redactor:
    """The memory of one call: which numbers were asked for, which began just now."""

    def __init__(self) -> None:
        self._asked_t: float | None = None
        self._unfinished: dict[Party, _Piece] = {}

    def redact(
        self, transcript: Transcript, *, wary: bool = False
    ) -> tuple[Transcript, list[Span]]:
        """The transcript with its numbers masked, in text and words, and what to mute.

        Digits of the utterance before, when these continue them, can no longer be
        called back from the words; their audio is in the spans. ``wary``: not all that
        was said before is known, so a number may have been asked for. Partials are
        always treated so, and lose the few digits they end in: more may follow.
        """
        t0, t1, party = transcript.t0, transcript.t1, transcript.party
        asked = self.expects(t0) or wary or not transcript.final
        before = self._unfinished.get(party)
        if before is not None and t0 - before.t1 > PIECES_WITHIN_S:
            before = None
        leading = before.digits if before is not None else ""

        text = transcript.text.split()
        words = list(transcript.words)
        if not transcript.final:
            text = _without_tail(text)
            transcript = transcript.model_copy(update={"text": " ".join(text)})
        in_text = found(text, asked, leading)
        in_words = found([word.text.strip() for word in words], asked, leading)
        spans = [Span(words[run.start].t0, words[run.stop - 1].t1) for run in in_words]
        if in_text and not in_words:
            spans = [Span(t0, t1)]
        if (
            before is not None
            and not before.hidden
            and (_opens(text, in_text) or _opens([word.text for word in words], in_words))
        ):
            spans.insert(0, Span(before.t0, before.t1))

        # Partials are replaced by the final: only that one is remembered.
        if transcript.final:
            ends_hidden = bool(in_text) and _is_filler(*text[in_text[-1].stop :])
            self._remember(transcript, text, leading, hidden=ends_hidden)
        if not in_text and not in_words:
            return transcript, []
        masked = transcript.model_copy(
            update={"text": _masked_text(text, in_text), "words": _masked_words(words, in_words)}
        )
        return masked, spans

    def expects(self, t: float) -> bool:
        """Whether what is said at audio time ``t`` may be a number somebody asked for."""
        return self._asked_t is not None and t - self._asked_t <= ASKED_FOR_S

    def _remember(
        self, transcript: Transcript, text: list[str], leading: str, *, hidden: bool
    ) -> None:
        if _asks(transcript.text):
            self._asked_t = transcript.t1
        tail = _tail(text)
        self._unfinished.pop(transcript.party, None)
        if tail:
            whole = leading + tail if len(tail) == len(_all_digits(text)) else tail
            start = transcript.t0
            if transcript.words:
                # From the first word on that can be part of the number.
                runs = _runs([word.text.strip() for word in transcript.words])
                start = transcript.words[runs[-1].start].t0 if runs else start
            self._unfinished[transcript.party] = _Piece(whole, start, transcript.t1, hidden)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Digits at the end of an utterance; ``hidden`` when they were redacted there."""

    digits: str
    t0: float
    t1: float
    hidden: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring tokens start..stop that spell these digits."""

    start: int
    stop: int
    digits: str


def _asks(text: str) -> bool:
    return _ASKED.search(text) is not None


def _bare(token: str) -> str:
    return token.strip(_EDGES).lower()


def _spelled(token: str) -> str | None:
    """The digits a token stands for; None when it is something else."""
    bare = _bare(token)
    if bare in UNITS:
        return UNITS[bare]
    if bare in _TENS:
        return _TENS[bare] + "0"
    if "-" in bare and bare[0].isalpha():
        parts = bare.split("-")
        if len(parts) == 2 and parts[0] in _TENS and len(UNITS.get(parts[1], "00")) == 1:
            return _TENS[parts[0]] + UNITS[parts[1]]
        spelled = [_spelled(part) for part in parts]
        return None if None in spelled else "".join(part or "" for part in spelled)
    if any(c in token for c in "$€£¥%") or ":" in bare:
        return None
    digits = "".join(c for c in bare if c.isdecimal() and c.isascii())
    if _GROUPED.fullmatch(bare):
        # "1,250" is an amount; nine digits and more are an account read in groups.
        return digits if len(digits) >= 9 else None
    if _DECIMAL.fullmatch(bare) or _DATE.fullmatch(bare):
        return None
    if _PLAIN.fullmatch(bare.replace(",", "")):
        return digits
    # "AB123456", "#4411": a reference of letters and many digits.
    return digits if len(digits) >= MIN_RUN else None


def _runs(tokens: Sequence[str]) -> list[Run]:
    """Every stretch of neighbouring digit tokens, fillers between them included."""
    runs: list[Run] = []
    start, stop, digits, times = -1, -1, "", 1
    for i, token in enumerate([*tokens, "."]):
        bare = _bare(token)
        spelled = _spelled(token) if i < len(tokens) else None
        if spelled is not None:
            if start < 0:
                start = i
            # "twenty three" is 23, "twenty thirteen" is not.
            ten = digits.endswith("0") and i > 0 and _bare(tokens[i - 1]) in _TENS
            if ten and bare in UNITS and len(spelled) == 1 and spelled != "0":
                digits = digits[:-1]
            digits += spelled * times
            times, stop = 1, i + 1
        elif i < len(tokens) and bare in TIMES:
            times = TIMES[bare]
            start = i if start < 0 else start
        elif start >= 0 and not (i < len(tokens) and _is_filler(token)):
            if stop > start and not _is_amount(tokens[start:stop], bare):
                runs.append(Run(start, stop, digits))
            start, stop, digits, times = -1, -1, "", 1
    return runs


def _is_filler(*tokens: str) -> bool:
    """Whether all of these may stand within a number, before it and behind it."""
    return all(not (bare := _bare(token)) or bare in FILLERS for token in tokens)


def _opens(tokens: Sequence[str], runs: Sequence[Run]) -> bool:
    """Whether nothing is said before the first of these runs."""
    return bool(runs) and _is_filler(*tokens[: runs[0].start])


def _is_amount(tokens: Sequence[str], after: str) -> bool:
    """A count, a price or years: short in tokens, however many digits."""
    if after in _AFTER_HUNDREDS and len(tokens) <= 2:
        return True
    if after in _AMOUNTS and len(tokens) == 1:
        return True
    return len(tokens) <= 3 and all(_YEAR.fullmatch(_bare(token)) for token in tokens)


def found(tokens: Sequence[str], asked: bool, leading: str) -> list[Run]:
    """The runs to redact. Card numbers need no rule of their own: they are long.

    ``asked``: a number is expected; ``leading``: digits that the utterance before ended in.
    """
    hidden = []
    for run in _runs(tokens):
        digits = leading + run.digits if _is_filler(*tokens[: run.start]) else run.digits
        # Signs do not count: in a text they stand alone, in words with times they do not.
        before = [token for token in tokens[: run.start] if _bare(token)][-NEAR_TOKENS:]
        after = [token for token in tokens[run.stop :] if _bare(token)][:NEAR_TOKENS]
        near = " ".join([*before, *tokens[run.start : run.stop], *after])
        wanted = asked or _asks(near)
        if len(digits) >= MIN_RUN or (wanted and len(run.digits) >= MIN_ASKED):
            hidden.append(run)
    return hidden


def _all_digits(tokens: Sequence[str]) -> str:
    return "".join(_spelled(token) or "" for token in tokens)


def _tail(tokens: Sequence[str]) -> str:
    """Digits with which the tokens end."""
    runs = _runs(tokens)
    return runs[-1].digits if runs and _is_filler(*tokens[runs[-1].stop :]) else ""


def _without_tail(tokens: list[str]) -> list[str]:
    """Without digits at the end that are too few to be masked, and what announces some."""
    end = len(tokens)
    while end and _bare(tokens[end - 1]) in TIMES:
        end -= 1
    runs = _runs(tokens[:end])
    if runs and _is_filler(*tokens[runs[-1].stop : end]) and len(runs[-1].digits) < MIN_ASKED:
        end = runs[-1].start
    return tokens[:end]


def _masked_text(tokens: Sequence[str], runs: Sequence[Run]) -> str:
    out: list[str] = []
    at = 0
    for run in runs:
        out += tokens[at : run.start]
        last = tokens[run.stop - 1]
        out.append(MASK + last[len(last.rstrip(".,;:!?")) :])
        at = run.stop
    return " ".join([*out, *tokens[at:]])


def _masked_words(words: Sequence[Word], runs: Sequence[Run]) -> list[Word]:
    out: list[Word] = []
    at = 0
    for run in runs:
        out += words[at : run.start]
        hidden = words[run.start : run.stop]
        confidence = min(word.p for word in hidden)
        out.append(Word(text=MASK, t0=hidden[0].t0, t1=hidden[-1].t1, p=confidence))
        at = run.stop
    return [*out, *words[at:]]
