"""Engines: what faster_whisper hears, what it drops, and that neighbours change nothing."""

from __future__ import annotations

import json
import math
import re
import threading
from pathlib import Path

import jiwer
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from monitor import registry
from monitor.audio import RATE_HZ
from monitor.audiofile import AudioFile
from monitor.config import AsrSettings
from monitor.engines import Decoded, Dropped, EngineError
from monitor.engines.faster_whisper import FasterWhisper, _words, create
from monitor.events import Transcript
from monitor.gates import compression, doubtful, most_tokens, reason_to_drop, repeats, sparse
from monitor.numerals import NumberStyles
from monitor.redaction import MASK, Span, redact
from monitor.resources import resource
from monitor.windows import CONTEXTS, SURE_CONTEXT, TAIL_POSITIONS, Clip, floor, longer

F32 = NDArray[np.float32]
RENDERED = resource("samples") / "rendered"


# ---- loops, without weights --------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Please hold while we try to connect you. Please hold while we try to connect you.",
        "And so my fellow and so my fellow and so",
        "I want, I want it back.",
        "so I can verify the email settings. So I can verify",
    ],
)
def test_repetition_is_noticed(text: str) -> None:
    assert repeats(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No.",
        "No, no, no.",
        "I told you that, and you told me that I was wrong.",
        "Hello? Hello?",
    ],
)
def test_ordinary_speech_is_no_repetition(text: str) -> None:
    assert not repeats(text)


def test_a_loop_compresses_and_speech_does_not() -> None:
    assert compression("hey " * 40) > 2.4
    assert compression("Press one to enter an extension, press two to use the directory.") < 1.5
    assert compression("") == 0.0


@pytest.mark.parametrize(
    ("text", "duration_s", "too_little"),
    [
        ("Thank you.", 7.0, True),
        ("Beeping", 5.0, True),
        ("", 5.0, True),
        ("Okay.", 1.6, False),
        ("Yes.", 3.9, False),
        ("One moment please.", 6.0, False),
    ],
)
def test_nobody_says_so_little_in_so_long(text: str, duration_s: float, too_little: bool) -> None:
    assert sparse(text, duration_s) is too_little


@pytest.mark.parametrize(("width", "frames"), [(384, 500), (512, 1000), (1280, 1000), (None, 1000)])
def test_only_the_smallest_weights_have_the_shortest_context(
    width: int | None, frames: int
) -> None:
    assert floor(width) == frames
    assert frames in CONTEXTS


# ---- with the weights ------------------------------------------------------------------


@pytest.fixture(scope="module")
def engine() -> FasterWhisper:
    return create(AsrSettings(offline=True))


def lines(sample: str, count: int) -> list[tuple[F32, str, list[dict[str, object]]]]:
    """The first lines of a rendered call: audio, what is said, the words with their times."""
    flac = RENDERED / f"{sample}.flac"
    if not flac.is_file():
        pytest.skip(f"{flac} is not rendered")
    reference = json.loads(flac.with_suffix(".ref.json").read_text())
    pcm = np.concatenate(list(AudioFile(flac).pieces()), axis=1)
    found = []
    for line in reference["lines"]:
        if line["kind"] is not None or line["t1"] - line["t0"] < 1.5:
            continue
        row = ("agent", "customer").index(line["party"])
        t0, t1 = max(0.0, line["t0"] - 0.2), line["t1"] + 0.15
        words = [
            {**word, "t0": word["t0"] - t0, "t1": word["t1"] - t0}
            for word in reference["words"]
            if word["party"] == line["party"] and line["t0"] <= word["t0"] < line["t1"]
        ]
        found.append((pcm[row, round(t0 * RATE_HZ) : round(t1 * RATE_HZ)], line["text"], words))
    return found[:count]


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower().replace("’", "'")))


@pytest.mark.weights
def test_hears_the_samples(engine: FasterWhisper) -> None:
    said = lines("calm", 10)
    heard = engine.transcribe([clip for clip, _, _ in said], language="en", word_times=False)
    error = jiwer.wer([plain(text) for _, text, _ in said], [plain(d.text) for d in heard])
    assert error < 0.25, [d.text for d in heard]
    assert all(d.dropped is None and d.language == "en" and d.confidence > 0.3 for d in heard)


@pytest.mark.weights
def test_fast_speech_is_heard_to_its_last_word(engine: FasterWhisper) -> None:
    """More than five words a second: the limit of tokens must not end it."""
    fast = [
        (clip, text)
        for sample in ("pace", "hurry")
        for clip, text, _ in lines(sample, 20)
        if len(text.split()) > 5 * clip.size / RATE_HZ
    ]
    assert len(fast) >= 3
    heard = engine.transcribe([clip for clip, _ in fast], language="en", word_times=False)
    for (_, text), decoded in zip(fast, heard, strict=True):
        assert plain(decoded.text).split()[-2:] == plain(text).split()[-2:]


@pytest.mark.weights
@pytest.mark.parametrize("seconds", [1, 4, 9, 30])
def test_the_decoder_may_write_to_the_limit_and_not_beyond(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    [(clip, _, _)] = lines("calm", 1)
    clip = np.resize(clip, seconds * RATE_HZ)
    written: list[int] = []
    generate = engine._whisper.model.generate

    class Endless:
        """Weights that never end a text."""

        def __getattr__(self, name: str) -> object:
            return getattr(engine_model, name)

        def generate(self, *args: object, **options: object) -> object:
            results = generate(*args, suppress_tokens=[-1, end], **options)
            written.extend(len(result.sequences_ids[0]) for result in results)
            return results

    engine_model = engine._whisper.model
    end = engine._whisper.hf_tokenizer.token_to_id("<|endoftext|>")
    monkeypatch.setattr(engine._whisper, "model", Endless())
    [heard] = engine.transcribe([clip], language="en", word_times=False)
    assert heard.dropped == "loop"
    assert set(written) == {most_tokens(float(seconds), "en")}


@pytest.mark.weights
def test_neighbours_change_nothing(engine: FasterWhisper) -> None:
    clips = [clip for clip, _, _ in lines("rising", 6)]
    alone = [engine.transcribe([c], language="en", word_times=True)[0] for c in clips]
    assert engine.transcribe(clips, language="en", word_times=True) == alone
    assert engine.transcribe(clips[::-1], language="en", word_times=True) == alone[::-1]


LISTED = ["Jamie", "Dana", "Okonkwo", "Orchard Lane", "Quentra Plus"]


@pytest.fixture(scope="module")
def primed() -> FasterWhisper:
    return create(AsrSettings(offline=True, words=LISTED))


def named(text: str) -> list[str]:
    return [name for name in LISTED if name in text]


@pytest.mark.weights
def test_listed_names_are_heard(engine: FasterWhisper, primed: FasterWhisper) -> None:
    said = [(c, t) for s in ("calm", "talkover") for c, t, _ in lines(s, 40) if named(t)]
    clips = [clip for clip, _ in said]

    def right(engine: FasterWhisper) -> int:
        heard = engine.transcribe(clips, language="en", word_times=False)
        return sum(
            name in decoded.text
            for (_, text), decoded in zip(said, heard, strict=True)
            for name in named(text)
        )

    assert right(engine) < right(primed) == sum(len(named(text)) for _, text in said)


@pytest.mark.weights
def test_listed_names_change_no_other_text(engine: FasterWhisper, primed: FasterWhisper) -> None:
    clips = [c for c, t, _ in lines("hurry", 40) if not named(t)]
    assert len(clips) > 10
    without = engine.transcribe(clips, language="en", word_times=True)
    assert primed.transcribe(clips, language="en", word_times=True) == without


@pytest.mark.weights
def test_neighbours_of_a_listed_name_change_nothing(primed: FasterWhisper) -> None:
    clips = [clip for clip, _, _ in lines("calm", 4)]
    alone = [primed.transcribe([c], language="en", word_times=True)[0] for c in clips]
    assert primed.transcribe(clips, language="en", word_times=True) == alone
    for decoded in alone:
        assert " ".join(word.text for word in decoded.words).split() == decoded.text.split()


@pytest.mark.weights
@pytest.mark.parametrize("kind", ["noise", "hum", "ringing", "keypad"])
def test_no_listed_name_comes_from_noise(primed: FasterWhisper, kind: str) -> None:
    [heard] = primed.transcribe([noises()[kind]], language="en", word_times=True)
    assert (heard.text, heard.words) == ("", ())


@pytest.mark.weights
def test_more_listed_words_than_can_be_read_are_refused() -> None:
    words = [f"Wojciechowska-Adeyemi {n}" for n in range(40)]
    with pytest.raises(EngineError, match=r"asr\.words takes \d+ tokens .* at most 200"):
        create(AsrSettings(offline=True, words=words))


@pytest.mark.parametrize("word", ["", "--", "one, two", "x" * 61])
def test_a_listed_word_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(ValidationError):
        AsrSettings(words=[word])


def order_number() -> tuple[F32, float, float]:
    """A line with "four seven two, nine one six", and where these words are in it, s."""
    clip, words = next((c, w) for c, t, w in lines("rising", 40) if "nine one six" in t)
    spelled = ["four", "seven", "two", "nine", "one", "six"]
    said = [w for w in words if plain(str(w["text"])) in spelled]
    return clip, float(str(said[-6]["t0"])), float(str(said[-1]["t1"]))


@pytest.mark.weights
@pytest.mark.parametrize("example", ["123-456", "12 34 56", "(123) 456", "4729##", "123 - 456"])
def test_a_number_is_written_in_style_and_silenced_where_it_is_without(
    engine: FasterWhisper, example: str
) -> None:
    clip, t0, t1 = order_number()
    styled = create(AsrSettings(offline=True, number_styles=[example]))
    [heard] = styled.transcribe([clip], language="en", word_times=True)
    assert NumberStyles([example]).write("472916") in heard.text
    assert " ".join(word.text for word in heard.words) == heard.text

    def muted(decoded: Decoded) -> Span:
        masked, [span] = redact(
            Transcript(
                utterance=1,
                party="customer",
                t0=0,
                t1=9,
                text=decoded.text,
                words=list(decoded.words),
            )
        )
        shown = masked.text + " ".join(word.text for word in masked.words)
        assert not any(character.isdigit() for character in shown)
        return span

    span = muted(heard)
    assert span == muted(*engine.transcribe([clip], language="en", word_times=True))
    assert span.t0 == pytest.approx(t0, abs=0.15)
    assert span.t1 == pytest.approx(t1, abs=0.2)


@pytest.mark.weights
@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("it is 020 - 7946 - 0958", ["it", "is", "020", "- 7946", "- 0958"]),
        ("it is 020 ( 7946 ) 0958", ["it", "is", "020", "( 7946", ")", "0958"]),
        ("it is 4111 -1111 -1111", ["it", "is", "4111", "-1111", "-1111"]),
    ],
)
def test_what_alignment_makes_of_signs_hides_no_digits(
    engine: FasterWhisper, text: str, texts: list[str]
) -> None:
    """Words as the tokenizer and the alignment make them of a text, whatever is heard."""
    tokenizer = engine._tokenizer("en")
    split, _ = tokenizer.split_to_word_tokens([*tokenizer.encode(" " + text), tokenizer.eot])
    timings = [
        {"word": word, "tokens": [], "start": i, "end": i + 1, "probability": 1.0}
        for i, word in enumerate(split[:-1])
    ]
    words = _words(timings, 99.0)
    assert [word.text for word in words] == texts
    masked, [span] = redact(
        Transcript(utterance=1, party="customer", t0=0, t1=99, text=text, words=list(words))
    )
    assert masked.text == " ".join(word.text for word in masked.words) == f"it is {MASK}"
    assert span == (words[2].t0, words[-1].t1)


@pytest.mark.weights
def test_a_style_that_cannot_be_is_refused_at_the_start() -> None:
    with pytest.raises(EngineError, match=r"asr\.number_styles: '12/25/2023' is not seen as one"):
        create(AsrSettings(offline=True, number_styles=["12/25/2023"]))


@pytest.mark.weights
def test_words_stand_where_they_are_spoken(engine: FasterWhisper) -> None:
    said = lines("calm", 8)
    heard = engine.transcribe([clip for clip, _, _ in said], language="en", word_times=True)
    off_s: list[float] = []
    for (clip, _, words), decoded in zip(said, heard, strict=True):
        assert " ".join(word.text for word in decoded.words).split() == decoded.text.split()
        times = [t for word in decoded.words for t in (word.t0, word.t1)]
        assert times == sorted(times)
        assert times[0] >= 0
        assert times[-1] <= clip.size / RATE_HZ
        by_text = {plain(word.text): word for word in decoded.words}
        off_s += [
            abs(by_text[text].t1 - float(str(word["t1"])))
            for word in words
            if (text := plain(str(word["text"]))) in by_text
            and sum(plain(str(w["text"])) == text for w in words) == 1
        ]
    assert len(off_s) > 20
    assert float(np.median(off_s)) < 0.2


@pytest.mark.weights
def test_level_of_the_line_changes_nothing(engine: FasterWhisper) -> None:
    clips = [clip for clip, _, _ in lines("calm", 4)]
    loud = engine.transcribe(clips, language="en", word_times=False)
    soft = engine.transcribe(
        [c * np.float32(0.125) for c in clips], language="en", word_times=False
    )
    assert [d.text for d in soft] == [d.text for d in loud]


def noises() -> dict[str, F32]:
    rng = np.random.default_rng(1)
    t = np.arange(3 * RATE_HZ) / RATE_HZ
    return {
        "noise": (0.05 * rng.standard_normal(2 * RATE_HZ)).astype(np.float32),
        "hum": (0.2 * np.sin(2 * np.pi * 50 * t)).astype(np.float32),
        "ringing": (0.3 * np.sin(2 * np.pi * 425 * t)).astype(np.float32),
        "keypad": (np.sin(2 * np.pi * 697 * t) + np.sin(2 * np.pi * 1209 * t)).astype(np.float32),
    }


@pytest.mark.weights
@pytest.mark.parametrize("kind", noises())
def test_noise_says_nothing(engine: FasterWhisper, kind: str) -> None:
    [heard] = engine.transcribe([noises()[kind]], language="en", word_times=True)
    assert heard.text == ""
    assert heard.words == ()
    assert heard.dropped is not None


@pytest.mark.weights
def test_clips_that_hold_nothing(engine: FasterWhisper) -> None:
    heard = engine.transcribe(
        [np.zeros(0, np.float32), np.zeros(160, np.float32), np.zeros(RATE_HZ, np.float32)],
        language="en",
        word_times=True,
    )
    assert [d.dropped for d in heard] == ["too_short", "too_short", "silence"]


@pytest.mark.weights
@pytest.mark.parametrize(
    ("clip", "message"),
    [
        (np.full(RATE_HZ, np.nan, np.float32), "not numbers"),
        (np.ones(31 * RATE_HZ, np.float32), "at most 30 s"),
        (np.ones((2, RATE_HZ), np.float32), "mono"),
    ],
    ids=["nan", "long", "stereo"],
)
def test_clips_that_cannot_be(engine: FasterWhisper, clip: F32, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        engine.transcribe([clip], language="en", word_times=False)


@pytest.mark.weights
def test_every_length_up_to_30_s_fits_a_context(engine: FasterWhisper) -> None:
    rng = np.random.default_rng(2)
    edges = [frames / 100 for frames in CONTEXTS]
    clips = [
        (0.01 * rng.standard_normal(round(s * RATE_HZ))).astype(np.float32)
        for edge in edges
        for s in (edge - 0.02, edge)
    ]
    heard = engine.transcribe(clips, language="en", word_times=False)
    assert len(heard) == len(clips)


@pytest.mark.weights
def test_silence_behind_the_window_is_an_end(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What 20 ms each of silence save: texts that are said again and again."""
    samples = ("calm", "rising", "hurry")
    clips = [c for s in samples for c, _, _ in lines(s, 20) if c.size < 4.8 * RATE_HZ]
    assert len(clips) >= 8
    tries: list[int] = []
    decode = engine._decode

    def watched(batch: list[object], *rest: object, **last: bool) -> object:
        tries.append(len(batch))
        return decode(batch, *rest, **last)  # type: ignore[arg-type]

    monkeypatch.setattr("monitor.gates.SURE_P", 0.0)

    monkeypatch.setattr(engine, "_decode", watched)
    engine.transcribe(clips, language="en", word_times=False)
    ended = sum(tries) - len(clips)
    tries.clear()
    monkeypatch.setattr(engine._windows, "_silence", None)
    engine.transcribe(clips, language="en", word_times=False)
    assert ended < sum(tries) - len(clips)


@pytest.mark.weights
@pytest.mark.parametrize("context", CONTEXTS)
def test_the_decoder_never_listens_beyond_30_s(engine: FasterWhisper, context: int) -> None:
    speech = np.full((80, context), -0.5, np.float32)
    heard = np.asarray(engine._windows.encode([Clip(i, speech, 1.0) for i in range(2)], context))
    assert heard.shape[:2] == (2, min(context // 2 + TAIL_POSITIONS, 1500))
    if context < CONTEXTS[-1]:
        silence = heard[:, context // 2 :]
        assert np.array_equal(silence[0], silence[1])
        assert not np.array_equal(silence[0], heard[0, : silence.shape[1]])


@pytest.mark.weights
def test_a_repeated_text_is_decoded_again_with_more_context(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(clip, _, _)] = lines("calm", 1)
    contexts: list[int] = []
    encode = engine._whisper.encode

    def watched(features: F32) -> object:
        contexts.append(features.shape[2])
        return encode(features)

    monkeypatch.setattr(engine._whisper, "encode", watched)
    [once] = engine.transcribe([clip], language="en", word_times=False)
    assert len(contexts) == 1
    monkeypatch.setattr("monitor.gates.repeats", lambda text: True)
    [twice] = engine.transcribe([clip], language="en", word_times=False)
    assert contexts[1] == contexts[0]
    assert contexts[2] >= 2 * contexts[1]
    assert len(contexts) == 3, "once more, not for ever"
    assert plain(twice.text).split()[:2] == plain(once.text).split()[:2]


@pytest.mark.weights
def test_an_unsure_text_of_a_short_context_is_decoded_again(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [clip for sample in ("calm", "hurry") for clip, _, _ in lines(sample, 20)]
    clips = [
        next(clip for clip in said if low < clip.size / RATE_HZ < high)
        for low, high in ((2.0, 4.8), (5.1, 7.3), (7.6, 9.8))
    ]
    contexts: list[tuple[int, int]] = []
    encode = engine._whisper.encode

    def watched(features: F32) -> object:
        contexts.append((features.shape[2], len(features)))
        return encode(features)

    monkeypatch.setattr(engine._whisper, "encode", watched)
    monkeypatch.setattr("monitor.gates.SURE_P", 0.0)
    engine.transcribe(clips, language="en", word_times=False)
    assert sorted(contexts) == [(500, 1), (750, 1), (SURE_CONTEXT, 1)]
    contexts.clear()
    monkeypatch.setattr("monitor.gates.SURE_P", 1.1)
    engine.transcribe(clips, language="en", word_times=False)
    assert sorted(contexts) == [(500, 1), (750, 1), (1000, 1), (1000, 1), (1500, 1)]


def unbroken(sample: str, party: str) -> F32:
    """All a party says in a rendered call, without what is 25 dB below its loud parts for 80 ms."""
    pieces: list[F32] = []
    reference = json.loads((RENDERED / f"{sample}.ref.json").read_text())
    pcm = np.concatenate(list(AudioFile(RENDERED / f"{sample}.flac").pieces()), axis=1)
    row = pcm[("agent", "customer").index(party)]
    for line in reference["lines"]:
        if line["party"] == party and line["kind"] is None:
            said = row[round(line["t0"] * RATE_HZ) : round(line["t1"] * RATE_HZ)]
            frames = said[: said.size // 80 * 80].reshape(-1, 80)
            level_db = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
            kept = level_db > np.percentile(level_db, 95) - 25
            edges = np.flatnonzero(np.diff(np.concatenate(([0], ~kept, [0])))).reshape(-1, 2)
            for start, stop in edges:
                kept[start:stop] |= stop - start <= 8
            pieces.append(frames[kept].ravel())
    return np.concatenate(pieces)


@pytest.mark.weights
@pytest.mark.parametrize(
    ("party", "t0", "t1", "words"),
    [
        # One word, unlikely, in the first window.
        ("customer", 28.629, 32.493, "every single time I have to the whole story again"),
        # Nobody speaks, by the weights' own estimate; in the middle of fluent speech.
        ("agent", 23.062, 34.930, "I will take care of this myself I am calling the people"),
    ],
)
def test_speech_without_a_pause_is_written_down(
    engine: FasterWhisper, party: str, t0: float, t1: float, words: str
) -> None:
    clip = unbroken("rising", party)[round(t0 * RATE_HZ) : round(t1 * RATE_HZ)]
    [heard] = engine.transcribe([clip], language="en", word_times=True)
    assert heard.dropped is None
    assert set(plain(words).split()) <= set(plain(heard.text).split())
    assert heard.words[-1].t1 <= t1 - t0


@pytest.mark.parametrize(
    ("text", "p", "no_speech", "reason"),
    [
        ("I am calling the people now", 0.71, 0.70, None),
        ("Thank you.", 0.52, 0.74, "no_speech"),
        ("I am calling the people now", 0.44, 0.70, "no_speech"),
        ("I am calling the people now", 0.71, 0.76, "no_speech"),
        ("I am calling the people now", 0.30, 0.59, None),
        ("I am calling the people now", 0.19, 0.51, "no_speech"),
        ("I am calling the people now", 0.19, 0.49, None),
        (". . . . . . . . . . . . . . . . . . . .", 0.85, 0.69, "no_speech"),
    ],
)
def test_who_is_sure_of_the_text_is_believed_that_somebody_spoke(
    text: str, p: float, no_speech: float, reason: str | None
) -> None:
    dropped = reason_to_drop(
        text, log_prob=math.log(p), no_speech=no_speech, endless=False, duration_s=3.0
    )
    assert dropped == reason


@pytest.mark.parametrize(
    ("text", "dropped", "p", "short", "again"),
    [
        ("", "unlikely", 0.1, False, True),
        ("", "loop", 0.9, False, True),
        ("", "no_speech", 0.1, True, False),
        ("", "no_words", 0.1, True, False),
        ("Of course.", None, 0.4, True, True),
        ("Of course.", None, 0.4, False, False),
        ("I want, I want it back.", None, 0.9, False, True),
    ],
)
def test_what_deserves_a_second_try(
    text: str, dropped: Dropped | None, p: float, short: bool, again: bool
) -> None:
    assert doubtful(text, dropped, p, short) is again


def test_a_second_try_has_at_least_twice_the_context_and_there_is_no_third() -> None:
    tries = {context: longer(context) for context in CONTEXTS}
    assert tries == {500: 1000, 750: 1500, 1000: 2000, 1500: 3000, 3000: None}


@pytest.mark.weights
def test_an_endless_text_is_dropped_as_a_loop(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(clip, _, _)] = lines("calm", 1)
    monkeypatch.setattr("monitor.gates.TOKENS_PER_S", 0.0)
    monkeypatch.setattr("monitor.gates.SPARE_TOKENS", 2)
    [heard] = engine.transcribe([clip], language="en", word_times=True)
    assert (heard.text, heard.words, heard.dropped) == ("", (), "loop")


@pytest.mark.weights
def test_threads_may_share_it(engine: FasterWhisper) -> None:
    clips = [clip for clip, _, _ in lines("calm", 3)]
    expected = [engine.transcribe([c], language="en", word_times=True)[0] for c in clips]
    heard: list[Decoded | None] = [None] * len(clips)

    def decode(index: int) -> None:
        [heard[index]] = engine.transcribe([clips[index]], language="en", word_times=True)

    threads = [threading.Thread(target=decode, args=(i,)) for i in range(len(clips))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == expected


@pytest.mark.weights
def test_english_weights_refuse_another_language(engine: FasterWhisper) -> None:
    with pytest.raises(EngineError, match="'de', only English: choose multilingual weights"):
        engine.transcribe([np.ones(RATE_HZ, np.float32)], language="de", word_times=False)


# ---- set-up -----------------------------------------------------------------------------


def test_its_file_name_is_its_registration() -> None:
    module = registry.load("monitor.engines", AsrSettings().engine)
    assert module.create is create
    with pytest.raises(registry.UnknownName, match="faster_whisper"):
        registry.load("monitor.engines", "telepathy")


def test_weights_that_are_none(tmp_path: Path) -> None:
    for name in ("config.json", "model.bin", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(EngineError, match="cannot be loaded"):
        create(AsrSettings(model=str(tmp_path)))


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(EngineError, match="cannot be loaded"):
        create(AsrSettings(device="abacus", offline=True))
