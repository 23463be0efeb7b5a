import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio import RATE_HZ
from monitor.tape import FULL_SCALE, Tape

SMALLEST = np.float32(1 / FULL_SCALE)


def ramp(samples: int) -> np.ndarray:
    """Every value of 16 bits, one after the other."""
    return (np.arange(samples) % 65536 - 32768).astype(np.float32) * SMALLEST


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=12))
def test_any_chunks_give_the_same_cut(sizes: list[int]) -> None:
    total = sum(sizes)
    audio = ramp(2 * total).reshape(2, total)
    tape = Tape(2, seconds=2.0)
    at = 0
    for size in sizes:
        tape.write(audio[:, at : at + size])
        at += size
    start = max(0, total - 2 * RATE_HZ)
    got = tape.cut(1, 0.0, total / RATE_HZ)
    assert np.array_equal(got, audio[1, start:total])


def test_cut_inside_and_outside() -> None:
    tape = Tape(1, seconds=1.0)
    tape.write(np.arange(12_000, dtype=np.float32)[None] * SMALLEST)
    assert tape.end_s == 1.5
    assert tape.cut(0, 1.0, 1.25)[0] == 8000 * SMALLEST
    assert len(tape.cut(0, 1.0, 1.25)) == 2000
    assert len(tape.cut(0, 0.0, 0.25)) == 0, "forgotten"
    assert len(tape.cut(0, 2.0, 3.0)) == 0, "not yet there"
    assert len(tape.cut(0, 1.25, 9.0)) == 2000


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=8))
def test_what_is_skipped_is_silence(sizes: list[int]) -> None:
    written, skipped = Tape(1, seconds=1.0), Tape(1, seconds=1.0)
    for number, size in enumerate(sizes):
        samples = np.full((1, size), (number % 2 == 0) / 2, np.float32)
        written.write(samples)
        if number % 2:
            skipped.skip(size)
        else:
            skipped.write(samples)
    assert skipped.end_s == written.end_s
    assert np.array_equal(skipped.cut(0, 0.0, 99.0), written.cut(0, 0.0, 99.0))


def test_audio_comes_back_to_16_bits_and_is_clipped() -> None:
    tape = Tape(1, seconds=1.0)
    tape.write(np.array([[0.3, -1.0, 1.0, 1.7, -2.0, 1e-9]], np.float32))
    got = tape.cut(0, 0.0, 1.0)
    assert got.dtype == np.float32
    assert np.allclose(got, [0.3, -1, 1, 1, -1, 0], atol=SMALLEST)
