"""What is on real lines beside two people: tones, music, noise, faults. Through the ear and
the whole call, audio in and events out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import soundfile

from monitor.audio import BLOCK, RATE_HZ
from monitor.config import AsrSettings, PrivacySettings, Settings
from monitor.ear import Ear, Heard
from monitor.engines.faster_whisper import FasterWhisper, create
from monitor.events import PARTIES, Overlap, Party
from monitor.redaction import MASK
from monitor.resources import resource
from monitor.score.line import through
from monitor.session import WORDS_UNSURE
from tests.dialogue import call, of, play
from tests.sessions import Kept, Script, chunked, hearing, session, transcribing

RENDERED = resource("samples") / "rendered"
COUNTED = ("talk_over", "interruption")
SECONDS = 12


@pytest.fixture(scope="module")
def ear() -> Ear:
    return Ear()


def hear(ear: Ear, pcm: np.ndarray) -> Heard:
    """(channels, samples) as a call's channels are heard."""
    samples = pcm.shape[1] // BLOCK * BLOCK
    slots = ear.open(len(pcm))
    heard = ear.hear(slots, pcm[:, :samples].astype(np.float32).reshape(len(pcm), -1, BLOCK))
    ear.close(slots)
    return heard


def sample(name: str) -> np.ndarray:
    pcm, _ = soundfile.read(RENDERED / f"{name}.flac", dtype="float32")
    return np.ascontiguousarray(pcm.T)


def told(ear: Ear, pcm: np.ndarray) -> tuple[list[Overlap], dict[Party, float]]:
    """The overlaps as last told, and how long each spoke, s."""
    events = play(call(), hear(ear, pcm), chunk=1000)
    last = {event.id: event for event in of(events, "overlap")}
    report = of(events, "report")[0]
    return list(last.values()), {party: getattr(report, party).talk_s for party in PARTIES}


# ---- what is no speech -------------------------------------------------------------


def tone(*hz: float, on: float = SECONDS, off: float = 0.0, rms: float = 0.07) -> np.ndarray:
    """Tones together, on and off: (samples,)."""
    t = np.arange(round(on * RATE_HZ)) / RATE_HZ
    beep = np.sum([rms * np.sqrt(2) * np.sin(2 * np.pi * f * t) for f in hz], axis=0)
    cadence = np.concatenate((beep, np.zeros(round(off * RATE_HZ))))
    return np.resize(cadence, SECONDS * RATE_HZ)


def digits(on: float, off: float, twist_db: float) -> np.ndarray:
    """All sixteen keys, the high tone ``twist_db`` over the low one."""
    keys = [
        tone(low, on=on)[: round(on * RATE_HZ)]
        + 10 ** (twist_db / 20) * tone(high, on=on)[: round(on * RATE_HZ)]
        for low in (697, 770, 852, 941)
        for high in (1209, 1336, 1477, 1633)
    ]
    silence = np.zeros(round(off * RATE_HZ))
    return np.resize(np.concatenate([np.append(k, silence) for k in keys]), SECONDS * RATE_HZ)


def information() -> np.ndarray:
    """The special information tone: 950, 1400, 1800 Hz, then a second of silence."""
    parts = [tone(hz, on=0.33)[: round(0.33 * RATE_HZ)] for hz in (950, 1400, 1800)]
    return np.resize(np.concatenate([*parts, np.zeros(RATE_HZ)]), SECONDS * RATE_HZ)


def modem() -> np.ndarray:
    """Frequency shift keying at 300 bit/s, V.21."""
    bits = np.random.default_rng(2).integers(0, 2, SECONDS * 301)
    hz = np.repeat(np.where(bits, 980, 1180), RATE_HZ // 300)[: SECONDS * RATE_HZ]
    return 0.1 * np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ)


def hiss(dbfs: float) -> np.ndarray:
    return 10 ** (dbfs / 20) * np.random.default_rng(3).standard_normal(SECONDS * RATE_HZ)


def steps() -> np.ndarray:
    """Comfort noise that comes and goes each half second."""
    on = np.repeat(np.random.default_rng(4).random(2 * SECONDS) < 0.5, RATE_HZ // 2)
    return hiss(-50) * on


def keys() -> np.ndarray:
    """Typing: six clicks a second."""
    rng = np.random.default_rng(5)
    out = np.zeros(SECONDS * RATE_HZ)
    for at in rng.uniform(0, SECONDS - 1, 6 * SECONDS):
        click = rng.standard_normal(160) * np.exp(-np.arange(160) / 30)
        out[int(at * RATE_HZ) :][:160] += rng.uniform(0.05, 0.3) * click
    return out


def breath() -> np.ndarray:
    """A soft noise of a second that rises and falls, each two seconds."""
    shape = np.sin(np.pi * np.linspace(0, 1, RATE_HZ)) ** 2
    return hiss(-32) * np.resize(np.append(shape, np.zeros(RATE_HZ)), SECONDS * RATE_HZ)


PRESENT = {
    "dial": lambda: tone(425),
    "dial of two tones": lambda: tone(350, 440),
    "ring back": lambda: tone(425, on=1, off=4),
    "ring back of two tones": lambda: tone(440, 480, on=2, off=4),
    "busy": lambda: tone(425, on=0.5, off=0.5),
    "busy of two tones": lambda: tone(480, 620, on=0.5, off=0.5),
    "congestion": lambda: tone(425, on=0.25, off=0.25),
    "call waiting": lambda: tone(440, on=0.3, off=5),
    "recording beep": lambda: tone(1400, on=0.4, off=5),
    "special information": information,
    "fax calling": lambda: tone(1100, on=0.5, off=3),
    "fax answering": lambda: tone(2100, on=3.3, off=2),
    "modem": modem,
    "digits, fast": lambda: digits(0.05, 0.05, 0.0),
    "digits": lambda: digits(0.1, 0.1, 2.0),
    "digits, slow": lambda: digits(0.5, 0.3, -6.0),
    "hiss": lambda: hiss(-30),
    "comfort noise": steps,
    "typing": keys,
    "breath": breath,
    "hum": lambda: through("hum:-30", np.zeros((1, SECONDS * RATE_HZ), np.float32), 0)[0],
    "silence": lambda: np.zeros(SECONDS * RATE_HZ),
}


@pytest.mark.parametrize("line", ["gain:0", "gain:-6", "mulaw", "gsm"])
@pytest.mark.parametrize("name", PRESENT)
def test_it_is_no_speech(
    name: str, line: str, ear: Ear, present: dict[str, Callable[[], np.ndarray]]
) -> None:
    pcm = through(line, present[name]()[np.newaxis].astype(np.float32), 0)
    assert hear(ear, pcm).speech.max() < 0.5


@pytest.fixture
def present() -> dict[str, Callable[[], np.ndarray]]:
    return PRESENT


def music(seed: int) -> np.ndarray:
    """Hold music of ours: chords, and a tune of plucked notes above them; 60 s."""
    rng = np.random.default_rng(seed)
    out = np.zeros(60 * RATE_HZ)

    def note(at: float, hz: float, long_s: float, loud: float) -> None:
        t = np.arange(round(long_s * RATE_HZ)) / RATE_HZ
        tones = [np.sin(2 * np.pi * k * hz * t) / k**1.3 for k in range(1, 7) if k * hz < 3900]
        shaped = loud * np.sum(tones, axis=0) * np.exp(-3 * t) * np.minimum(t / 0.01, 1)
        start = round(at * RATE_HZ)
        out[start : start + len(t)] += shaped[: len(out) - start]

    for beat in range(145):
        at = 0.4 * beat
        if beat % 2 == 0:
            root = rng.choice([0, 5, 7, 9])
            for third in (0, 4, 7):
                note(at, 130.8 * 2 ** ((root + third) / 12), 1.2, 0.04)
        note(at, 261.6 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 11, 12, 14]) / 12), 0.8, 0.07)
    return out


@pytest.mark.parametrize("line", ["gain:0", "gsm"])
def test_hold_music_is_hardly_speech(line: str, ear: Ear) -> None:
    pcm = through(line, np.stack([music(1), music(2)]).astype(np.float32), 0)
    assert np.mean(hear(ear, pcm).speech >= 0.5) < 0.002


@pytest.mark.parametrize("name", ["busy of two tones", "digits", "hiss", "typing"])
def test_it_beside_real_speech_gives_no_overlap(name: str, ear: Ear) -> None:
    customer = sample("calm")[1, : SECONDS * RATE_HZ]
    for rows in ((PRESENT[name](), customer), (customer, PRESENT[name]())):
        overlaps, _ = told(ear, np.stack(rows))
        assert overlaps == []


def test_music_on_hold_takes_no_speech_from_the_other(ear: Ear) -> None:
    customer = sample("rising")[1, : 60 * RATE_HZ]
    _, alone = told(ear, np.stack((np.zeros_like(customer), customer)))
    overlaps, beside = told(ear, np.stack((music(3), customer)))
    assert overlaps == []
    assert beside["customer"] > 0.95 * alone["customer"]


# ---- lines ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clean(ear: Ear) -> dict[str, tuple[list[Overlap], dict[Party, float]]]:
    return {name: told(ear, sample(name)) for name in ("talkover", "calm")}


def talk_overs(ear: Ear, line: str, seed: int, truth: list[Overlap]) -> tuple[int, int]:
    """Of those on the clean line, how many are found on this one; and how many others are."""
    overlaps, _ = told(ear, through(line, sample("talkover"), seed))
    true_t0 = [o.t0 for o in truth if o.kind == "talk_over"]
    found_t0 = [o.t0 for o in overlaps if o.kind == "talk_over"]
    again = sum(any(abs(t0 - f0) < 0.3 for f0 in found_t0) for t0 in true_t0)
    assert len(true_t0) == 4
    return again, len(found_t0) - again


def test_talk_over_is_heard_in_a_busy_office(
    ear: Ear, clean: dict[str, tuple[list[Overlap], dict[Party, float]]]
) -> None:
    """Babble 10 dB below on both channels, thrice; the calm call gives no talk-over."""
    rounds = [talk_overs(ear, "babble:10", seed, clean["talkover"][0]) for seed in (1, 2, 3)]
    assert sum(found for found, _ in rounds) >= 7
    assert sum(false for _, false in rounds) <= 3
    quiet, _ = told(ear, through("babble:10", sample("calm"), 1))
    assert [o for o in quiet if o.kind in COUNTED] == []


@pytest.mark.parametrize(
    "line",
    ["babble:20", "street:10", "white:10", "gsm", "loss:5", "lossburst:3", "dc:0.05",
     "clip:6", "agc", "gate", "gain:-20", "babble:15+gsm+loss:1"],
)  # fmt: skip
def test_talk_over_is_heard_on_any_line(
    line: str, ear: Ear, clean: dict[str, tuple[list[Overlap], dict[Party, float]]]
) -> None:
    """Of the four of the sample at most one is lost, and the calm call gives none."""
    of_four, false = talk_overs(ear, line, 1, clean["talkover"][0])
    assert of_four >= 3
    assert false <= 1
    quiet, _ = told(ear, through(line, sample("calm"), 1))
    assert [o for o in quiet if o.kind in COUNTED] == []


@pytest.mark.parametrize(
    ("line", "least", "most"),
    [("babble:10", 0.85, 1.1), ("street:10", 0.85, 1.1), ("dc:0.05", 0.97, 1.03),
     ("loss:5", 0.95, 1.05), ("gsm", 0.95, 1.05), ("agc", 0.95, 1.1), ("clip:6", 0.95, 1.05)],
)  # fmt: skip
def test_as_much_speech_is_heard_on_any_line(
    line: str,
    least: float,
    most: float,
    ear: Ear,
    clean: dict[str, tuple[list[Overlap], dict[Party, float]]],
) -> None:
    _, spoke_s = told(ear, through(line, sample("talkover"), 2))
    for party in PARTIES:
        assert least < spoke_s[party] / clean["talkover"][1][party] < most


def test_the_next_desk_is_not_the_agent(ear: Ear) -> None:
    """One other voice, 20 dB below, speaks without a pause on both channels."""
    pcm = through("babble:20:1", sample("rising"), 3)
    _, alone = told(ear, sample("rising"))
    _, spoke_s = told(ear, pcm)
    for party in PARTIES:
        assert spoke_s[party] < 1.35 * alone[party]


@pytest.mark.parametrize("gain_db", [-40, 40])
def test_any_gain_ends_well(gain_db: int, ear: Ear) -> None:
    overlaps, spoke_s = told(ear, through(f"gain:{gain_db}", sample("calm"), 0))
    assert [o for o in overlaps if o.kind in COUNTED] == []
    assert spoke_s["customer"] > 10


def test_digital_silence_and_noise_alone_say_nothing(ear: Ear) -> None:
    for rows in (np.zeros((2, 20 * RATE_HZ)), np.stack((hiss(-40), hiss(-20)))):
        overlaps, spoke_s = told(ear, rows)
        assert overlaps == []
        assert set(spoke_s.values()) == {0.0}


# ---- words: whole calls with the real weights ----------------------------------------


@pytest.fixture(scope="module")
def whisper() -> FasterWhisper:
    return create(AsrSettings(offline=True))


async def written(
    whisper: FasterWhisper, agent: np.ndarray, customer: np.ndarray, **privacy: bool
) -> Kept:
    """A recording of both, from its first sample to its last event."""
    longest = max(len(agent), len(customer))
    pcm = np.stack([np.pad(row, (0, longest - len(row))) for row in (agent, customer)])
    settings = Settings(privacy=PrivacySettings(**privacy))
    kept = Kept()
    async with hearing(Ear) as ears, transcribing(whisper, workers=2, batch=4) as transcriber:
        source = Script(chunked(pcm.astype(np.float32), 2 * RATE_HZ))
        one = session(source, kept, ears, transcriber, settings=settings, recorded=True)
        await one.run()
    return kept


def quiet(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE_HZ))


def laughter(seed: int) -> np.ndarray:
    """12 s of it, made by us: bursts of a voiced "ha" five times a second, each lower and
    softer than the one before, with breath between them, and a pause before the next fit."""
    rng = np.random.default_rng(seed)
    out = quiet(12)

    def put(at: float, what: np.ndarray) -> None:
        start = round(at * RATE_HZ)
        out[start : start + len(what)] += what[: len(out) - start]

    def ha(f0_hz: float, long_s: float) -> np.ndarray:
        t = np.arange(round(long_s * RATE_HZ)) / RATE_HZ
        hz = f0_hz * np.arange(1, 3600 // f0_hz)
        vowel = sum(
            part * np.exp(-(((hz - formant) / width) ** 2))
            for formant, width, part in ((750, 180, 1.0), (1250, 220, 0.6), (2600, 350, 0.25))
        )
        sweep = t - 0.075 * t**2 / long_s  # it falls by 15 %
        tones = np.sin(2 * np.pi * np.outer(hz, sweep) + rng.uniform(0, 6, len(hz))[:, None])
        breath = 0.15 * rng.standard_normal(len(t))
        return (
            (vowel @ tones + breath) * np.minimum(t / 0.02, 1) * np.minimum((long_s - t) / 0.05, 1)
        )

    at = 0.5
    while at < 9:
        f0_hz, period_s = rng.uniform(180, 320), rng.uniform(0.17, 0.23)
        for k in range(rng.integers(4, 10)):
            put(at, 0.9**k * ha(f0_hz * 0.97**k, 0.6 * period_s))
            put(at + 0.6 * period_s, 0.09 * 0.9**k * rng.standard_normal(round(0.06 * RATE_HZ)))
            at += period_s
        at += rng.uniform(0.8, 2.0)
    return 0.06 * out / np.sqrt(np.mean(out[out != 0] ** 2))


SPEECHLESS = {
    "music": lambda: (music(1), music(2)),
    "tones": lambda: tuple(
        np.concatenate([make() for make in PRESENT.values()][::k]) for k in (1, -1)
    ),
    "laughter": lambda: (quiet(12), np.concatenate([laughter(seed) for seed in (1, 2, 3)])),
}


@pytest.mark.weights
@pytest.mark.parametrize("name", SPEECHLESS)
async def test_where_nobody_speaks_there_are_no_words(name: str, whisper: FasterWhisper) -> None:
    kept = await written(whisper, *SPEECHLESS[name]())
    assert kept.of("words", "cue", "alert.raised", "nudge.opened", "degraded") == []
    assert kept.of("call.ended")[0].reason == "completed"


@pytest.mark.weights
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_laughter_that_got_past_the_ear_is_no_words_either(
    seed: int, whisper: FasterWhisper
) -> None:
    fits = np.split(laughter(seed).astype(np.float32), 3)
    decoded = whisper.transcribe(fits, language="en", word_times=True)
    assert [one.text for one in decoded] == [""] * 3


def spoken(name: str, party: Party) -> list[tuple[str, np.ndarray]]:
    """The lines of a party of a sample: text and audio."""
    reference = json.loads((RENDERED / f"{name}.ref.json").read_text())
    row = sample(name)[PARTIES.index(party)]
    return [
        (line["text"], row[round(line["t0"] * RATE_HZ) : round(line["t1"] * RATE_HZ)])
        for line in reference["lines"]
        if line["party"] == party
    ]


def unbroken(pcm: np.ndarray) -> np.ndarray:
    """Without what is 25 dB below its loud parts for 80 ms: without pauses."""
    frames = pcm[: len(pcm) // 80 * 80].reshape(-1, 80)
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    kept = level > np.percentile(level, 95) - 25
    edges = np.flatnonzero(np.diff(np.concatenate(([0], ~kept, [0])))).reshape(-1, 2)
    for start, stop in edges:
        kept[start:stop] |= stop - start <= 8
    return frames[kept].ravel()


def said(texts: Iterable[str]) -> Counter[str]:
    return Counter(word.lower().strip(".,?!") for text in texts for word in text.split())


@pytest.mark.weights
async def test_five_minutes_without_a_pause_are_cut_and_written_down(
    whisper: FasterWhisper,
) -> None:
    """The customer talks and talks, here the same minute again and again."""
    lines = spoken("talkover", "customer")
    texts: list[str] = []
    pieces: list[np.ndarray] = []
    while sum(map(len, pieces)) < 300 * RATE_HZ:
        text, pcm = lines[len(texts) % len(lines)]
        texts.append(text)
        pieces.append(unbroken(pcm))
    kept = await written(whisper, quiet(2), np.concatenate([quiet(2), *pieces, quiet(2)]))
    words = sorted(kept.of("words"), key=lambda w: w.t0)
    [turn] = kept.of("turn")
    assert turn.t1 - turn.t0 > 295, "there is no pause"
    assert sum(a.t1 == b.t0 for a, b in pairwise(words)) >= 10, "cut where it had to be"
    want, got = said(texts), said(w.text for w in words)
    assert (want & got).total() > 0.7 * want.total()
    assert (got - want).total() < 0.15 * want.total()
    assert max(w.t1 - w.t0 for w in words) <= 12.1
    assert kept.of("degraded") == []


@pytest.mark.weights
async def test_another_language_raises_nothing(whisper: FasterWhisper) -> None:
    """Speech that is in no language: a call played backwards. English weights write English of
    it, whatever it is; that it is not to be believed is told, and no customer's phrase is heard."""
    kept = await written(whisper, *sample("calm")[:, ::-1])
    assert len(kept.of("words")) > 10
    assert [cue for cue in kept.of("cue") if cue.party == "customer"] == []
    assert kept.of("alert.raised") == []
    [trouble] = kept.of("degraded")
    assert (trouble.part, trouble.active, trouble.reason) == ("words", True, WORDS_UNSURE)
    assert trouble.t < 45


@pytest.mark.weights
@pytest.mark.parametrize("redacted", [True, False])
async def test_digits_read_aloud_are_heard_and_go_nowhere(
    redacted: bool, whisper: FasterWhisper
) -> None:
    """An order number, thrice."""
    asks = next(pcm for text, pcm in spoken("rising", "agent") if "order number" in text)
    reads = next(pcm for text, pcm in spoken("rising", "customer") if "nine one six" in text)
    agent = np.concatenate([quiet(2), asks])
    customer = np.concatenate([quiet(len(agent) / RATE_HZ + 0.4), *[reads, quiet(1)] * 3])
    kept = await written(whisper, agent, customer, redact_digits=redacted)
    text = " ".join(w.text for w in kept.of("words"))
    digits = "".join(filter(str.isdigit, text))
    if not redacted:
        assert digits == "472916" * 3
        assert kept.mutes == []
        return
    assert digits == ""
    assert text.count(MASK) == 3
    assert sum(t1 - t0 for t0, t1, _ in kept.mutes) == pytest.approx(3 * 1.8, abs=0.6)
    assert not any(
        char.isdigit() for w in kept.of("words") for word in w.words for char in word.text
    )


@pytest.mark.weights
async def test_memory_that_runs_out_in_a_call_costs_the_words_of_then(
    whisper: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CTranslate2 raises a RuntimeError. (That it really does: test_transcriber.)"""
    encode, raised = whisper._windows.encode, 0

    def starved(*batch: Any) -> Any:
        nonlocal raised
        raised += 1
        if raised <= 6:
            raise RuntimeError("mkl_malloc: failed to allocate memory")
        return encode(*batch)

    monkeypatch.setattr(whisper._windows, "encode", starved)
    pcm = sample("calm")
    kept = await written(whisper, *pcm)
    first, last = kept.of("degraded")
    assert (first.part, first.active) == ("words", True)
    assert first.reason == "tiny.en failed: mkl_malloc: failed to allocate memory"
    assert (last.part, last.active) == ("words", False)
    words = kept.of("words")
    assert len(words) >= 10
    assert all(w.t1 > first.t - 12 for w in words)
    assert len(kept.of("turn")) == len((await written(whisper, *pcm)).of("turn"))
