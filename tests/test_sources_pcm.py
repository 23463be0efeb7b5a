import asyncio
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio import BLOCK, BLOCK_S, RATE_HZ
from monitor.events import Missing
from monitor.sources import Pcm, SourceError, SourceInfo
from monitor.sources.pcm import PcmDecoder, PcmSource

START = json.dumps({"rate": 8000, "agent": {"id": "anna", "name": "Anna"}, "title": "T"})


def stereo(seconds: float, rate: int = RATE_HZ) -> bytes:
    t = np.arange(int(seconds * rate)) / rate
    left, right = np.sin(2 * np.pi * 200 * t), 0.5 * np.sin(2 * np.pi * 500 * t)
    return (np.stack([left, right], axis=1) * 16000).astype("<i2").tobytes()


def audio(items: list[Pcm | Missing]) -> np.ndarray:
    parts = [item.samples for item in items if isinstance(item, Pcm)]
    return np.concatenate(parts, axis=1) if parts else np.zeros((2, 0), np.float32)


def lost_blocks(items: list[Pcm | Missing]) -> int:
    return sum(item.blocks for item in items if isinstance(item, Missing))


def test_the_start_line_says_who_is_on_the_line() -> None:
    decoder = PcmDecoder()
    fed = decoder.feed(START, 0.0)
    assert fed.ready
    assert decoder.info.agent.name == "Anna"
    assert decoder.info.title == "T"


@given(st.lists(st.integers(1, 997), min_size=1, max_size=40))
def test_messages_of_any_size_give_the_same_samples(sizes: list[int]) -> None:
    data = stereo(0.25)
    decoder = PcmDecoder()
    decoder.feed(START, 0.0)
    items: list[Pcm | Missing] = []
    at = 0
    for size in [*sizes, len(data)]:
        items += decoder.feed(data[at : at + size], 0.0).items
        at += size
    want = np.frombuffer(data, "<i2").reshape(-1, 2).T / np.float32(32768)
    np.testing.assert_array_equal(audio(items), want)


def test_the_agent_may_be_on_the_other_channel() -> None:
    decoder = PcmDecoder()
    decoder.feed(json.dumps({"agent_channel": 1}), 0.0)
    heard = audio(decoder.feed(stereo(0.1), 0.0).items)
    assert np.abs(heard[1]).max() > 1.5 * np.abs(heard[0]).max()


@pytest.mark.parametrize("rate", [11025, 16000, 44100, 48000])
def test_other_rates_are_resampled_without_losing_time(rate: int) -> None:
    decoder = PcmDecoder()
    decoder.feed(json.dumps({"rate": rate}), 0.0)
    data = stereo(2.0, rate)
    items: list[Pcm | Missing] = []
    for start in range(0, len(data), 1001):
        items += decoder.feed(data[start : start + 1001], 0.0).items
    items += decoder.feed('{"event": "stop"}', 2.0).items
    heard = audio(items)
    assert heard.shape[1] == pytest.approx(2 * RATE_HZ, abs=2)
    spectrum = np.abs(np.fft.rfft(heard[:, 4000:12000]))
    assert spectrum.argmax(axis=1).tolist() == [200, 500]


def test_a_stall_that_catches_up_loses_nothing() -> None:
    decoder = PcmDecoder()
    decoder.feed(START, 0.0)
    items: list[Pcm | Missing] = []
    for i in range(100):
        items += decoder.feed(stereo(0.1), i / 10).items
    items += decoder.feed(stereo(3.0), 13.0).items  # three seconds of silence, then a burst
    for i in range(131, 300):
        items += decoder.feed(stereo(0.1), i / 10).items
    assert lost_blocks(items) == 0


def test_audio_that_never_comes_is_a_gap() -> None:
    decoder = PcmDecoder()
    decoder.feed(START, 0.0)
    items: list[Pcm | Missing] = []
    for i in range(300):
        if not 100 <= i < 140:
            items += decoder.feed(stereo(0.1), i / 10).items
    assert lost_blocks(items) * BLOCK_S == pytest.approx(4.0, abs=0.2)


def test_a_pause_is_a_gap_as_long_as_it_lasts_and_its_audio_is_dropped() -> None:
    decoder = PcmDecoder()
    decoder.feed(START, 0.0)
    decoder.feed(stereo(1.0), 1.0)
    decoder.feed('{"event": "paused"}', 1.0)
    items: list[Pcm | Missing] = [*decoder.tick(2.0)]
    items += decoder.feed(stereo(1.0), 3.0).items
    items += decoder.tick(3.5)
    items += decoder.feed('{"event": "resumed"}', 9.0).items
    assert audio(items).shape[1] == 0
    assert lost_blocks(items) == pytest.approx(8.0 / BLOCK_S, abs=1)
    assert decoder.tick(10.0) == []
    assert audio(decoder.feed(stereo(1.0), 10.0).items).shape[1] == RATE_HZ


def heard_samples(items: list[Pcm | Missing]) -> int:
    """Where the call stands: it pads a block that a gap breaks off."""
    at = 0
    for item in items:
        if isinstance(item, Pcm):
            at += item.samples.shape[1]
        else:
            at += -at % BLOCK + item.blocks * BLOCK
    return at


def test_many_pauses_do_not_add_up_to_a_wrong_time() -> None:
    decoder = PcmDecoder()
    decoder.feed(START, 0.0)
    items: list[Pcm | Missing] = []
    now_s = 0.0
    for _ in range(50):
        items += decoder.feed(stereo(0.1), now_s + 0.1).items  # 3 blocks and 32 samples
        items += decoder.feed('{"event": "paused"}', now_s + 0.1).items
        items += decoder.feed('{"event": "resumed"}', now_s + 0.73).items
        now_s += 0.73
    assert heard_samples(items) / RATE_HZ == pytest.approx(now_s, abs=1.5 * BLOCK_S)


def test_a_pause_before_consent_holds_after_it() -> None:
    decoder = PcmDecoder(consent_required=True)
    decoder.feed(START, 0.0)
    decoder.feed('{"event": "paused"}', 1.0)
    assert decoder.tick(2.0) == []  # there is no call yet
    assert decoder.feed('{"event": "consent"}', 3.0).ready
    assert decoder.feed(stereo(1.0), 4.0).items == []
    gaps = decoder.feed('{"event": "resumed"}', 5.0).items
    assert lost_blocks(gaps) == pytest.approx(2.0 / BLOCK_S, abs=1)
    assert audio(decoder.feed(stereo(1.0), 6.0).items).shape[1] == RATE_HZ


def test_without_consent_no_sample_leaves_the_decoder() -> None:
    decoder = PcmDecoder(consent_required=True)
    fed = decoder.feed(START, 0.0)
    assert not fed.ready
    assert fed.replies == [{"event": "waiting", "reason": "consent"}]
    assert decoder.feed(stereo(1.0), 1.0).items == []
    assert decoder.feed('{"event": "consent"}', 2.0).ready
    assert audio(decoder.feed(stereo(1.0), 3.0).items).shape[1] == RATE_HZ
    assert not decoder.feed('{"event": "consent"}', 4.0).ready
    given = PcmDecoder(consent_required=True)
    assert given.feed('{"consent": true}', 0.0).ready


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        (["nonsense"], "start line"),
        (['{"rate": 4000}'], "rate"),
        (['{"speed": 1}'], "speed"),
        ([b"\x00\x00\x00\x00"], "start line, as text"),
        ([START, "nonsense"], "event"),
        ([START, '{"event": "explode"}'], "consent, paused, resumed or stop"),
        (['{"agent": {"name": "%s"}}' % ("x" * 201)], "200 characters"),
        ([START, "[]"], "event"),
        ([START, "[" * 200_000], "event"),
    ],
)
def test_what_cannot_be_used_is_said(messages: list[str | bytes], reason: str) -> None:
    decoder = PcmDecoder()
    for message in messages[:-1]:
        decoder.feed(message, 0.0)
    with pytest.raises(SourceError, match=reason):
        decoder.feed(messages[-1], 0.0)


def test_a_private_value_in_a_bad_start_line_is_not_repeated() -> None:
    with pytest.raises(SourceError) as error:
        PcmDecoder().feed('{"rate": "my secret"}', 0.0)
    assert "my secret" not in str(error.value)


async def test_the_source_yields_in_order_and_ends() -> None:
    source = PcmSource(SourceInfo(source="pcm"))
    pcm = Pcm(np.arange(2 * 20000, dtype=np.float32).reshape(2, 20000))
    await source.put(pcm)
    await source.put(Missing(blocks=2, reason="lost"))
    await source.end()
    items = [item async for item in source.chunks()]
    np.testing.assert_array_equal(audio(items), pcm.samples)
    assert items[-1] == Missing(blocks=2, reason="lost")


async def test_audio_that_waits_comes_in_one_piece_up_to_the_next_gap() -> None:
    """Else a session that is one stall behind stays behind: it is heard once a tick."""
    source = PcmSource(SourceInfo(source="pcm"))
    messages = [np.full((2, 160), k, np.float32) for k in range(5)]
    for samples in messages[:3]:
        await source.put(Pcm(samples))
    await source.put(Missing(blocks=2, reason="lost"))
    for samples in messages[3:]:
        await source.put(Pcm(samples))
    await source.end()
    before, gap, after = [item async for item in source.chunks()]
    np.testing.assert_array_equal(audio([before]), np.concatenate(messages[:3], axis=1))
    assert gap == Missing(blocks=2, reason="lost")
    np.testing.assert_array_equal(audio([after]), np.concatenate(messages[3:], axis=1))


async def test_a_broken_connection_is_told_after_all_audio() -> None:
    source = PcmSource(SourceInfo(source="pcm"))
    await source.put(Pcm(np.zeros((2, 100), np.float32)))
    await source.end(SourceError("the connection was lost"))
    chunks = source.chunks()
    assert isinstance(await anext(chunks), Pcm)
    with pytest.raises(SourceError, match="lost"):
        await anext(chunks)


async def test_a_slow_session_makes_the_sender_wait_and_a_closed_one_does_not() -> None:
    source = PcmSource(SourceInfo(source="pcm"), queue_s=1.0)
    await source.put(Pcm(np.zeros((2, RATE_HZ), np.float32)))
    waiting = asyncio.create_task(source.put(Pcm(np.zeros((2, RATE_HZ), np.float32))))
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    assert not done
    await source.close()
    await waiting
    await source.wait_closed()
    assert [item async for item in source.chunks()] == []


async def test_what_is_offered_is_taken_at_once_or_not_at_all() -> None:
    source = PcmSource(SourceInfo(source="pcm"), queue_s=1.0)
    assert not source.offer(Pcm(np.zeros((2, RATE_HZ + 1), np.float32))), "in parts: put"
    assert source.offer(Pcm(np.zeros((2, RATE_HZ), np.float32)))
    assert not source.offer(Pcm(np.zeros((2, 1), np.float32))), "the session is behind"
    assert audio([await anext(source.chunks())]).shape[1] == RATE_HZ
    assert source.offer(Pcm(np.zeros((2, 1), np.float32)))
    await source.close()
    assert source.offer(Pcm(np.zeros((2, 2 * RATE_HZ), np.float32))), "nobody reads it: dropped"


@pytest.mark.parametrize(("rate", "block_bytes"), [(8000, 1024), (16000, 2048), (48000, 6144)])
def test_a_block_has_so_many_bytes(rate: int, block_bytes: int) -> None:
    decoder = PcmDecoder()
    with pytest.raises(SourceError, match="start line"):
        _ = decoder.block_bytes
    decoder.feed(json.dumps({"rate": rate}), 0.0)
    assert decoder.block_bytes == block_bytes
