"""The ear: the same bits for every batch, and nothing that breaks it."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.audio import BLOCK, RATE_HZ
from monitor.ear import Ear, Heard

NAMES = [field.name for field in fields(Heard)]
CHANNELS = 6
BLOCKS = 90
DATA = Path(__file__).parent.parent.parent / "shared" / "data"


def conversation(channels: int, blocks: int) -> np.ndarray:
    """Buzzing voices with syllables and pauses over noise, each channel another:
    (channels, blocks, 256)."""
    rng = np.random.default_rng(11)
    t = np.arange(blocks * BLOCK) / RATE_HZ
    rows = []
    for k in range(channels):
        f0 = 100 + 35 * k + 25 * np.sin(2 * np.pi * (0.7 + 0.1 * k) * t)
        phase = 2 * np.pi * np.cumsum(f0) / RATE_HZ
        voice = sum(np.sin(h * phase) / h for h in range(1, 10))
        syllables = np.maximum(np.sin(2 * np.pi * (2 + 0.4 * k) * t), 0.0)
        phrases = np.sin(2 * np.pi * 0.5 * t + k) > -0.2
        rows.append(
            0.1 * voice * syllables * phrases + 10 ** (-3.5 + 0.2 * k) * rng.standard_normal(len(t))
        )
    return np.array(rows, np.float32).reshape(channels, blocks, BLOCK)


PCM = conversation(CHANNELS, BLOCKS)


@pytest.fixture(scope="module")
def ear() -> Ear:
    return Ear()


@pytest.fixture(scope="module")
def whole(ear: Ear) -> Heard:
    slots = ear.open(CHANNELS)
    heard = ear.hear(slots, PCM)
    ear.close(slots)
    return heard


def assert_same(got: Heard, expected: Heard) -> None:
    for name in NAMES:
        a, b = getattr(got, name), getattr(expected, name)
        assert a.dtype == np.float32
        assert np.array_equal(a, b, equal_nan=True), name


def joined(parts: list[Heard]) -> Heard:
    return Heard(*(np.concatenate([getattr(p, n) for p in parts], axis=1) for n in NAMES))


def one(ear: Ear, pcm: np.ndarray) -> Heard:
    """One channel, (samples,), cut to whole blocks."""
    slots = ear.open(1)
    heard = ear.hear(slots, pcm[: len(pcm) // BLOCK * BLOCK].reshape(1, -1, BLOCK).astype("f4"))
    ear.close(slots)
    return heard


def test_the_conversation_exercises_everything(whole: Heard) -> None:
    assert (whole.channels, whole.blocks) == (CHANNELS, BLOCKS)
    assert whole.speech.max() > 0.8
    assert whole.speech.min() < 0.2
    voiced = ~np.isnan(whole.f0_hz)
    assert 0.2 < voiced.mean() < 0.9
    assert whole.nuclei.sum() > 10
    assert np.ptp(whole.level_db) > 20
    assert np.isfinite(whole.balance_db).all()


@settings(max_examples=40, deadline=None)
@given(
    cuts=st.lists(st.integers(1, BLOCKS - 1), unique=True, max_size=12),
    order=st.permutations(range(CHANNELS)),
    count=st.integers(1, CHANNELS),
)
def test_bits_do_not_depend_on_the_batch(
    ear: Ear, whole: Heard, cuts: list[int], order: list[int], count: int
) -> None:
    chosen = order[:count]
    slots = ear.open(count)
    shuffled = np.random.default_rng(count).permutation(slots)
    parts = [
        ear.hear(shuffled, PCM[chosen, start:stop])
        for start, stop in pairwise([0, *sorted(cuts), BLOCKS])
    ]
    ear.close(slots)
    expected = Heard(*(getattr(whole, name)[chosen] for name in NAMES))
    assert_same(joined(parts), expected)


def test_fifty_calls_a_block_at_a_time(ear: Ear, whole: Heard) -> None:
    slots = ear.open(100)
    many = np.tile(PCM, (17, 1, 1))[:100]
    parts = [ear.hear(slots, many[:, block : block + 1]) for block in range(BLOCKS)]
    ear.close(slots)
    heard = joined(parts)
    for start in range(0, 96, CHANNELS):
        assert_same(heard.rows(start, start + CHANNELS), whole)


def test_calls_that_come_and_go_do_not_touch_each_other(ear: Ear, whole: Heard) -> None:
    """Three calls begin at different times, in slots that others used before."""
    begin = {0: 0, 1: 13, 2: 40}
    slots: dict[int, np.ndarray] = {}
    parts: dict[int, list[Heard]] = {0: [], 1: [], 2: []}
    for tick in range(BLOCKS + 40):
        for call, start in begin.items():
            if tick == start:
                slots[call] = ear.open(2)
            if tick == start + BLOCKS:
                ear.close(slots.pop(call))
        live = sorted(slots)
        if not live:
            continue
        pcm = np.concatenate(
            [PCM[2 * c : 2 * c + 2, tick - begin[c] : tick - begin[c] + 1] for c in live]
        )
        heard = ear.hear(np.concatenate([slots[c] for c in live]), pcm)
        for k, call in enumerate(live):
            parts[call].append(heard.rows(2 * k, 2 * k + 2))
    for call in begin:
        assert_same(joined(parts[call]), whole.rows(2 * call, 2 * call + 2))


def test_memory_layout_does_not_matter(ear: Ear, whole: Heard) -> None:
    slots = ear.open(CHANNELS)
    strided = np.repeat(np.asfortranarray(PCM), 2, axis=1)[:, ::2]
    assert not strided.flags.c_contiguous
    assert_same(ear.hear(slots, strided), whole)
    ear.close(slots)


# ---- the numbers mean what they say ------------------------------------------------


def test_level_is_dbfs_without_the_offset(ear: Ear) -> None:
    t = np.arange(RATE_HZ) / RATE_HZ
    tone = 0.1 * np.sin(2 * np.pi * 1000 * t)
    expected = 20 * np.log10(0.1 / np.sqrt(2))
    assert one(ear, tone).level_db == pytest.approx(expected, abs=0.01)
    assert one(ear, tone + 0.3).level_db == pytest.approx(expected, abs=0.01)
    assert (one(ear, np.zeros(RATE_HZ)).level_db == -100.0).all()
    assert one(ear, np.full(RATE_HZ, 0.3)).level_db[0, 2:].max() < -90


def test_6_db_more_is_6_db_more_and_nothing_else(ear: Ear) -> None:
    pcm = PCM[1].reshape(-1) / 4
    soft, loud = one(ear, pcm), one(ear, 2 * pcm)
    assert loud.level_db - soft.level_db == pytest.approx(6.02, abs=0.01)
    both = ~np.isnan(soft.f0_hz) & ~np.isnan(loud.f0_hz)
    assert both.sum() > 20
    assert np.abs(soft.f0_hz[both] / loud.f0_hz[both] - 1).max() < 0.01
    assert abs(soft.nuclei.sum() - loud.nuclei.sum()) <= 1


def test_silence_before_shifts_everything(ear: Ear, whole: Heard) -> None:
    """Only the detector of speech knows how long it was silent; it says where pitch is
    looked for."""
    slots = ear.open(CHANNELS)
    ear.hear(slots, np.zeros((CHANNELS, 50, BLOCK), np.float32))
    heard = ear.hear(slots, PCM)
    ear.close(slots)
    assert np.array_equal(heard.level_db, whole.level_db)
    alike = (heard.voicing > 0) == (whole.voicing > 0)
    assert alike.mean() > 0.8  # these buzzes are hardly speech
    since = np.lib.stride_tricks.sliding_window_view(alike, 4, axis=1).all(axis=2)
    for name in ("f0_hz", "voicing", "balance_db"):
        got, expected = getattr(heard, name)[:, 3:], getattr(whole, name)[:, 3:]
        assert np.array_equal(got[since], expected[since], equal_nan=True), name
    assert abs(heard.nuclei.sum() - whole.nuclei.sum()) <= 4


def test_pitch_is_looked_for_where_there_may_be_speech(ear: Ear) -> None:
    """A tone of the line is no voice, however periodic."""
    t = np.arange(4 * RATE_HZ) / RATE_HZ
    heard = one(ear, 0.1 * np.sin(2 * np.pi * 425 * t))
    assert (heard.speech[0, 20:] < 0.02).all()
    assert np.isnan(heard.f0_hz[0, 20:]).all()
    assert not heard.voicing[0, 20:].any()


# ---- bad input -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "meant"), [(np.nan, 0.0), (np.inf, 0.0), (-np.inf, 0.0), (7.0, 1.0), (-7.0, -1.0)]
)
def test_broken_samples(ear: Ear, bad: float, meant: float) -> None:
    broken, clean = PCM[:1].copy(), PCM[:1].copy()
    broken[0, 10:20, ::3] = bad
    clean[0, 10:20, ::3] = meant
    a, b = ear.open(1), ear.open(1)
    assert_same(ear.hear(a, broken), ear.hear(b, clean))
    ear.close(np.concatenate((a, b)))


@pytest.mark.parametrize("signal", ["silence", "square", "offset", "noise", "tiny"])
def test_every_number_stays_in_range(ear: Ear, signal: str) -> None:
    n = 2 * RATE_HZ
    pcm = {
        "silence": np.zeros(n),
        "square": np.where(np.arange(n) // 20 % 2, 1.0, -1.0),
        "offset": np.full(n, 0.9),
        "noise": np.random.default_rng(0).uniform(-1, 1, n),
        "tiny": np.full(n, 1e-40),
    }[signal]
    heard = one(ear, pcm)
    assert ((heard.speech >= 0) & (heard.speech <= 1)).all()
    assert ((heard.level_db >= -100) & (heard.level_db <= 0.1)).all()
    assert ((heard.voicing >= 0) & (heard.voicing <= 1)).all()
    assert np.isfinite(heard.balance_db).all()
    voiced = heard.f0_hz[~np.isnan(heard.f0_hz)]
    assert ((voiced >= 59) & (voiced <= 520)).all()
    assert (heard.nuclei >= 0).all()


def test_nothing_to_hear(ear: Ear) -> None:
    slots = ear.open(2)
    heard = ear.hear(slots, np.zeros((2, 0, BLOCK), np.float32))
    assert (heard.channels, heard.blocks) == (2, 0)
    ear.close(slots)


def test_wrong_use_changes_nothing(ear: Ear, whole: Heard) -> None:
    slots = ear.open(CHANNELS)
    first = ear.hear(slots, PCM[:, :30])
    for wrong in (PCM[:, 30:, :255], PCM[:3, 30:], PCM[0, 30:]):
        with pytest.raises(ValueError, match=re.escape("expected (6, blocks, 256)")):
            ear.hear(slots, wrong)
    with pytest.raises(ValueError, match="stands twice"):
        ear.hear(slots[[0, 1, 2, 3, 4, 4]], PCM[:, 30:])
    for stranger in (-1, 10_000):
        with pytest.raises(ValueError, match="not open"):
            ear.hear(np.array([stranger]), PCM[:1])
    assert_same(joined([first, ear.hear(slots, PCM[:, 30:])]), whole)
    ear.close(slots)
    with pytest.raises(ValueError, match="not open"):
        ear.hear(slots, PCM)
    with pytest.raises(ValueError, match="not open"):
        ear.close(slots)


# ---- the input log -------------------------------------------------------------


def test_bytes_and_back(whole: Heard) -> None:
    assert_same(Heard.from_bytes(whole.to_bytes(), CHANNELS), whole)


# ---- real speech ---------------------------------------------------------------


def spoken_syllables(text: str) -> int:
    """Vowel groups less silent endings: right to a few per cent over a conversation."""
    total = 0
    for word in re.findall(r"[a-z']+", text.lower()):
        groups = len(re.findall(r"[aeiouy]+", word))
        silent = re.search(r"[^aeioul]e$|[^aeioutd]ed$", word) is not None
        total += max(groups - silent, 1)
    return total


def test_nuclei_of_a_real_conversation(ear: Ear) -> None:
    path = DATA / "asr" / "phone_conversation_mono.wav"
    if not path.is_file():
        pytest.skip("needs the shared recordings")
    pcm, rate_hz = soundfile.read(path)
    assert rate_hz == 16000
    heard = one(ear, pcm.reshape(-1, 2).mean(axis=1))
    lines = [line.split(None, 5) for line in path.with_suffix(".stm").read_text().splitlines()]
    expected = counted = 0.0
    for _, _, _, t0, t1, text in lines:
        expected += spoken_syllables(text)
        first, last = (round(float(t) / 0.032) for t in (t0, t1))
        counted += heard.nuclei[0, first : last + 4].sum()
    assert counted == pytest.approx(expected, rel=0.2)
