"""Gates behind a decoder: may this text be what somebody said in a clip this long?

Weights that never heard silence make up a text for it, and one that lost its place says the same
again and again. Each gate has the sample that set it.
"""

from __future__ import annotations

import math
import re
import zlib

from monitor.engines import Dropped

ENGLISH = "en"
TOKENS_PER_S = 8.0
"""Of English, 640 utterances of telephone speech held at most 5.4 a second and 8 more, five words
a second among them; a loop does not stop there."""
TOKENS_PER_S_ELSEWHERE = 20.0
"""The vocabulary is English: a word of another script is four tokens, or ten."""
SPARE_TOKENS = 8
MOST_TOKENS = 224
"""Half of the decoder's places, as Whisper itself; the other half is for what comes before."""
MAX_COMPRESSION = 2.4
MAX_NO_SPEECH = 0.6
"""Over 203 utterances of four corpora the highest was .41; over 558 clips of hold music,
noise, tones and breath, 0.3 to 12 s long, the lowest was .63 in their first window."""
SURE_OF_SPEECH_P = 0.45
MAX_NO_SPEECH_SURE = 0.75
"""A text so sure is kept up to here. Speech without any pause, cut anywhere, looks like none to the
weights: of 88 clips ten had .61 to .70, with texts of .49 to .78."""
LONG_TEXT = 20
"""… if it has so many letters and digits: those ten had 23 at least. Where nobody spoke, a text was
so sure in loops, at .86 and above, and once in "Thank you." at .74 (1100 clips)."""
UNSURE_OF_SPEECH_P = 0.2
MAX_NO_SPEECH_UNSURE = 0.5
"""… and a text less sure than that only up to here. Both numbers rest on one text: in 25 minutes of
hold music, noise and tones, cut anywhere, "I'm not going to be able to do it." (.14 sure) was made
up at .58. Of the 88 clips of speech they were set on, none so unsure was above .42."""
MIN_LOG_PROB = -2.0
"""Mean per token. Real utterances went down to -1.85."""
SPARSE_FROM_S = 4.0
SPARSE_PER_S = 1.5
SPARSE_P = 0.5
"""A text with fewer letters and digits a second of a clip so long, and less sure, was made up.
In 30 minutes of hold music, noise and tones three got past the other gates ("Thank you." twice,
"Beeping"); of 306 clips of speech, none so long had less than half a word a second."""
SURE_P = 0.5
"""A text of a shorter context and less confidence is decoded again with twice the context: a tenth
of the speech of the tuning half, where 6.3 % of words are then wrong instead of 6.9 %."""
_WORD = re.compile(r"\w+(?:['’]\w+)*")


def most_tokens(duration_s: float, language: str | None) -> int:
    """A text of so many tokens does not end by itself."""
    per_s = TOKENS_PER_S if language == ENGLISH else TOKENS_PER_S_ELSEWHERE
    return min(int(duration_s * per_s) + SPARE_TOKENS, MOST_TOKENS)


def repeats(text: str) -> bool:
    """Whether a text says something again: any three words twice, or two words twice in
    a row. People do that too; so it is a reason to decode again, not to drop."""
    words = [word.lower() for word in _WORD.findall(text)]
    triples = list(zip(words, words[1:], words[2:], strict=False))
    if len(set(triples)) < len(triples):
        return True
    return any(words[i : i + 2] == words[i + 2 : i + 4] for i in range(len(words) - 3))


def sparse(text: str, duration_s: float) -> bool:
    """Whether nobody who speaks for so long says so little. Counted in letters and digits,
    since not every language has spaces."""
    return duration_s >= SPARSE_FROM_S and _said(text) < SPARSE_PER_S * duration_s


def _said(text: str) -> int:
    return sum(character.isalnum() for character in text)


def compression(text: str) -> float:
    """Bytes over compressed bytes; prose of a sentence or two stays below 1.5."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def reason_to_drop(
    text: str, *, log_prob: float, no_speech: float, endless: bool, duration_s: float
) -> Dropped | None:
    """None for a text that somebody may have said. ``log_prob`` is the mean per token;
    ``endless``: it went on to the limit."""
    if no_speech > _most_no_speech(text, math.exp(log_prob)):
        return "no_speech"
    if endless or compression(text) > MAX_COMPRESSION:
        return "loop"
    if _WORD.search(text) is None:
        return "no_words"
    if log_prob < MIN_LOG_PROB or (math.exp(log_prob) < SPARSE_P and sparse(text, duration_s)):
        return "unlikely"
    return None


def _most_no_speech(text: str, confidence: float) -> float:
    if confidence >= SURE_OF_SPEECH_P and _said(text) >= LONG_TEXT:
        return MAX_NO_SPEECH_SURE
    return MAX_NO_SPEECH if confidence >= UNSURE_OF_SPEECH_P else MAX_NO_SPEECH_UNSURE


def doubtful(text: str, dropped: Dropped | None, confidence: float, short: bool) -> bool:
    """Whether a longer context may tell better, before the text is kept or dropped. Not where
    nobody spoke: there a longer one makes up more. ``short``: it was heard in a context in
    which texts that are not sure are often wrong."""
    if dropped is not None:
        return dropped in ("loop", "unlikely")
    return repeats(text) or (short and confidence < SURE_P)
