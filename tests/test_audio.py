"""Blocks, G.711 and resampling."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio import (
    BLOCK,
    RATE_HZ,
    AudioError,
    Blocks,
    Resampler,
    alaw_decode,
    alaw_encode,
    mulaw_decode,
    mulaw_encode,
)

EVERY_CODE = bytes(range(256))


def noise(channels: int, samples: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((channels, samples)) * 0.1).astype(np.float32)


@given(st.lists(st.integers(0, 700), max_size=12))
def test_blocks_are_the_same_however_the_audio_is_chunked(sizes: list[int]) -> None:
    pcm = noise(2, sum(sizes))
    blocks = Blocks(2)
    out, at = [], 0
    for size in sizes:
        out.append(blocks.push(pcm[:, at : at + size]))
        at += size
        assert blocks.pending == at % BLOCK
    out.append(blocks.flush())
    joined = np.concatenate(out, axis=1).reshape(2, -1)
    assert joined.shape[1] == -(-sum(sizes) // BLOCK) * BLOCK
    assert np.array_equal(joined[:, : sum(sizes)], pcm)
    assert not joined[:, sum(sizes) :].any()
    assert blocks.pending == 0


def test_blocks_refuse_another_number_of_channels() -> None:
    with pytest.raises(ValueError, match=r"expected shape \(2, samples\)"):
        Blocks(2).push(np.zeros((1, 10), np.float32))


def test_a_block_keeps_no_hold_on_the_chunk() -> None:
    blocks = Blocks(1)
    chunk = np.ones((1, 10), np.float32)
    blocks.push(chunk)
    chunk[:] = 9.0
    assert blocks.flush()[0, 0, :10].tolist() == [1.0] * 10


@pytest.mark.parametrize(
    ("decode", "encode", "same"),
    [(mulaw_decode, mulaw_encode, {0x7F: 0xFF}), (alaw_decode, alaw_encode, {})],
    ids=["mulaw", "alaw"],
)
def test_g711_codes_survive_a_round_trip(decode, encode, same) -> None:
    # µ-law has two zeros; the negative one comes back as the positive.
    expected = bytes(same.get(code, code) for code in EVERY_CODE)
    assert encode(decode(EVERY_CODE)) == expected


def test_g711_known_values() -> None:
    assert (mulaw_decode(b"\x00\x80\xff") * 32768).tolist() == [-32124, 32124, 0]
    assert (alaw_decode(b"\x2a\xaa\xd5") * 32768).tolist() == [-32256, 32256, 8]
    assert mulaw_encode([0.0, 5.0, -5.0]) == b"\xff\x80\x00"
    assert alaw_encode([0.0, 5.0, -5.0]) == b"\xd5\xaa\x2a"


def test_g711_agrees_with_the_retired_standard_library() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        audioop = pytest.importorskip("audioop", reason="gone from Python 3.13 on")
    linear = np.arange(-32768, 32768).astype("<i2")
    pcm = linear / 32768
    assert mulaw_encode(pcm) == audioop.lin2ulaw(linear.tobytes(), 2)
    assert alaw_encode(pcm) == audioop.lin2alaw(linear.tobytes(), 2)
    for decode, oracle in ((mulaw_decode, audioop.ulaw2lin), (alaw_decode, audioop.alaw2lin)):
        theirs = np.frombuffer(oracle(EVERY_CODE, 2), "<i2")
        assert np.array_equal(decode(EVERY_CODE) * 32768, theirs)


def test_g711_tables_cannot_be_written_through_a_result() -> None:
    first = mulaw_decode(b"\x00")
    first[0] = 0.5
    assert mulaw_decode(b"\x00")[0] != 0.5


@pytest.mark.parametrize("rate_hz", [11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("chunk", [37, 441, 100_000])
def test_resampling_does_not_depend_on_the_chunks(rate_hz: int, chunk: int) -> None:
    pcm = noise(2, rate_hz)
    whole, pieces = Resampler(rate_hz, 2), Resampler(rate_hz, 2)
    expected = np.concatenate((whole.push(pcm), whole.flush()), axis=1)
    got = [pieces.push(pcm[:, at : at + chunk]) for at in range(0, rate_hz, chunk)]
    got.append(pieces.flush())
    assert expected.shape == (2, RATE_HZ)
    assert np.array_equal(np.concatenate(got, axis=1), expected)


def test_resampling_keeps_a_tone_and_its_place() -> None:
    def tone(rate_hz: int) -> np.ndarray:
        return np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz)[np.newaxis]

    resampler = Resampler(44100, 1)
    got = np.concatenate((resampler.push(tone(44100)), resampler.flush()), axis=1)
    middle = slice(400, -400)
    assert np.abs(got - tone(RATE_HZ))[0, middle].max() < 1e-3


@pytest.mark.parametrize("rate_hz", [16000, 44100, 48000])
def test_live_resampling_lags_little(rate_hz: int) -> None:
    resampler = Resampler(rate_hz, 1, live=True)
    got = 0
    for heard_ms in range(20, 2001, 20):
        got += resampler.push(noise(1, rate_hz // 50)).shape[1]
        assert heard_ms - got / 8 < 65


def test_8_khz_passes_untouched() -> None:
    pcm = noise(1, 1000)
    resampler = Resampler(8000, 1)
    assert np.array_equal(resampler.push(pcm), pcm)
    assert resampler.flush().shape == (1, 0)


def test_impossible_rate() -> None:
    with pytest.raises(AudioError, match="0 Hz"):
        Resampler(0, 1)
