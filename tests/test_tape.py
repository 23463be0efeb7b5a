import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio import RATE_HZ
from monitor.tape import Tape


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=12))
def test_any_chunks_give_the_same_cut(sizes: list[int]) -> None:
    total = sum(sizes)
    audio = np.arange(2 * total, dtype=np.float32).reshape(2, total)
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
    tape.write(np.arange(12_000, dtype=np.float32)[None])
    assert tape.end_s == 1.5
    assert tape.cut(0, 1.0, 1.25)[0] == 8000
    assert len(tape.cut(0, 1.0, 1.25)) == 2000
    assert len(tape.cut(0, 0.0, 0.25)) == 0, "forgotten"
    assert len(tape.cut(0, 2.0, 3.0)) == 0, "not yet there"
    assert len(tape.cut(0, 1.25, 9.0)) == 2000


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=8))
def test_what_is_skipped_is_silence(sizes: list[int]) -> None:
    written, skipped = Tape(1, seconds=1.0), Tape(1, seconds=1.0)
    for number, size in enumerate(sizes):
        samples = np.full((1, size), number % 2, np.float32)
        written.write(samples)
        if number % 2:
            skipped.write(samples)
        else:
            skipped.skip(size)
    assert skipped.end_s == written.end_s
    assert np.array_equal(skipped.cut(0, 0.0, 99.0), written.cut(0, 0.0, 99.0))
