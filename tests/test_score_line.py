"""The line simulator: each part does to a channel what it says, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from monitor.audio import RATE_HZ
from monitor.resources import resource
from monitor.score import ScoreError
from monitor.score.line import levels, losses, names, through

FRAME = RATE_HZ // 50
ALL = [
    "mulaw", "alaw", "gsm", "adpcm", "opus", "loss:3", "lossburst:3", "lossburst:3:2", "babble:10",
    "babble:10:1", "street:10", "white:10", "hum:-40", "dc:0.05", "gain:-12", "clip:6", "agc",
    "gate", "band", "leak:-20:120", "leakback:-20",
]  # fmt: skip


@pytest.fixture(scope="module")
def call() -> np.ndarray:
    """30 s of a sample call, both sides: (2, samples)."""
    path = resource("samples") / "rendered" / "rising.flac"
    pcm, _ = soundfile.read(path, frames=30 * RATE_HZ, dtype="float32")
    return np.ascontiguousarray(pcm.T)


def db(x: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(x, dtype=np.float64)) + 1e-20))


def test_every_part_is_tried_here() -> None:
    assert {usage.partition(":")[0].partition("[")[0] for usage, _ in names()} == {
        spec.partition(":")[0] for spec in ALL
    }


@pytest.mark.parametrize("spec", ALL)
def test_the_same_call_and_seed_give_the_same_samples(spec: str, call: np.ndarray) -> None:
    before = call.copy()
    out = through(spec, call, 7)
    assert out.shape == call.shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert np.array_equal(call, before)
    assert np.array_equal(through(spec, call, 7), out)
    if not spec.startswith("mulaw"):  # the samples come out of it already
        assert not np.array_equal(out, call)


@pytest.mark.parametrize("spec", ["babble:10", "street:10", "white:10", "loss:3", "lossburst:3"])
def test_chance_is_another_for_each_seed_and_channel(spec: str, call: np.ndarray) -> None:
    twice = np.stack((call[0], call[0]))
    first, second = through(spec, twice, 1)
    assert not np.array_equal(first, second)
    assert not np.array_equal(through(spec, twice, 2)[0], first)


@pytest.mark.parametrize(
    "spec", ["mulaw", "gsm", "babble:10", "agc", "gate", "loss:50", "street:3"]
)
@pytest.mark.parametrize("samples", [0, 1, 159, 161, 8000])
def test_short_and_silent_channels_pass(spec: str, samples: int) -> None:
    out = through(spec, np.zeros((2, samples), np.float32), 0)
    assert out.shape == (2, samples)
    assert np.isfinite(out).all()


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("fax", "no line 'fax'; there is: mulaw, alaw, .*loss:PERCENT.*leak:DB"),
        ("mulaw+", "no line ''"),
        ("babble", r"written babble:SNR_DB\[:VOICES\]"),
        ("loss:2:3", "written loss:PERCENT"),
        ("loss:much", "PERCENT is a number"),
        ("loss:nan", "PERCENT is from 0 to 90"),
        ("loss:99", "PERCENT is from 0 to 90"),
        ("babble:10:11", "VOICES is from 1 to 10"),
    ],
)
def test_a_wrong_line_says_what_there_is(spec: str, complaint: str) -> None:
    with pytest.raises(ScoreError, match=complaint):
        through(spec, np.zeros((2, 800), np.float32), 0)


def test_a_leak_needs_two_channels() -> None:
    with pytest.raises(ScoreError, match="two channels"):
        through("leak:-20", np.zeros((1, 800), np.float32), 0)
    with pytest.raises(ScoreError, match="shape"):
        through("gsm", np.zeros(800, np.float32), 0)


def test_parts_are_done_from_left_to_right(call: np.ndarray) -> None:
    one = through("gain:-12+mulaw", call, 0)
    assert np.array_equal(one, through("mulaw", through("gain:-12", call, 0), 0))
    assert not np.array_equal(one, through("mulaw+gain:-12", call, 0))


# ---- levels ----------------------------------------------------------------------


def test_the_level_of_speech_is_that_without_its_pauses(call: np.ndarray) -> None:
    said = np.concatenate([row[levels.band(row) ** 2 > 0] for row in call])
    level_db = levels.speech_dbfs(said)
    pauses = np.zeros(60 * RATE_HZ, np.float32)
    assert levels.speech_dbfs(np.concatenate((said, pauses))) == pytest.approx(level_db, abs=0.1)
    assert levels.speech_dbfs(through("gain:-20", call, 0)[0]) == pytest.approx(
        levels.speech_dbfs(call[0]) - 20, abs=0.1
    )


def test_the_level_of_a_steady_tone_is_its_power() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(5 * RATE_HZ) / RATE_HZ).astype(np.float32)
    assert levels.speech_dbfs(tone) == pytest.approx(-23.01, abs=0.1)
    assert levels.speech_dbfs(np.zeros(800, np.float32)) == levels.NOMINAL_DBFS


@pytest.mark.parametrize("snr_db", [20, 10, 5, 0])
@pytest.mark.parametrize("noise", ["babble", "street", "white"])
def test_noise_is_so_far_below_the_speech(noise: str, snr_db: int, call: np.ndarray) -> None:
    added = through(f"{noise}:{snr_db}", call, 3) - call
    for row, own in zip(call, added, strict=True):
        assert levels.speech_dbfs(row) - db(own) == pytest.approx(snr_db, abs=0.5)


def test_hum_has_its_level_and_its_pitch() -> None:
    hum = through("hum:-40", np.zeros((1, 8 * RATE_HZ), np.float32), 0)[0]
    assert db(hum) == pytest.approx(-40, abs=0.1)
    power = np.abs(np.fft.rfft(hum)) ** 2
    assert set(np.argsort(power)[-3:]) == {8 * 50, 8 * 150, 8 * 250}


def test_babble_has_as_many_voices_as_it_says(call: np.ndarray) -> None:
    """More voices fill the pauses, so the level of short frames varies less."""

    def spread_db(voices: int) -> float:
        added = through(f"babble:10:{voices}", call, 3)[0] - call[0]
        frames = added[: len(added) // FRAME * FRAME].reshape(-1, FRAME)
        return float(np.std(10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)))

    assert spread_db(1) > spread_db(3) + 2 > spread_db(10) + 3


def test_an_offset_and_a_gain(call: np.ndarray) -> None:
    assert through("dc:0.05", call, 0).mean() == pytest.approx(0.05 + call.mean(), abs=1e-4)
    assert db(through("gain:-12", call, 0)) == pytest.approx(db(call) - 12, abs=0.01)


def test_clipping_cuts_the_peaks_off(call: np.ndarray) -> None:
    out = through("clip:6", call, 0)
    for row, own in zip(call, out, strict=True):
        driven = row / np.abs(row).max() * 10 ** (6 / 20)
        assert np.array_equal(np.abs(own) >= 1, np.abs(driven) >= 1)
        assert np.mean(np.abs(own) == 1) > 1e-4


def test_automatic_gain_lifts_the_noise_in_pauses() -> None:
    rng = np.random.default_rng(0)
    quiet = 1e-3 * rng.standard_normal((1, 20 * RATE_HZ)).astype(np.float32)
    quiet[:, : 5 * RATE_HZ] *= 200  # loud for 5 s, then a pause
    out = through("agc", quiet, 0)[0]
    assert db(out[2 * RATE_HZ : 5 * RATE_HZ]) == pytest.approx(levels.AGC_TARGET_DBFS, abs=1)
    assert db(out[-RATE_HZ:]) == pytest.approx(db(quiet[0, -RATE_HZ:]) + 30, abs=1)
    late, later = db(out[6 * RATE_HZ : 7 * RATE_HZ]), db(out[7 * RATE_HZ : 8 * RATE_HZ])
    assert later - late == pytest.approx(levels.AGC_RISE_DB_S, abs=1)


def test_a_gate_leaves_digital_silence_and_the_speech(call: np.ndarray) -> None:
    out = through("gate", call, 0)
    frames = out[0].reshape(-1, FRAME)
    silent = ~frames.any(axis=1)
    assert 0.2 < silent.mean() < 0.9
    assert np.array_equal(frames[~silent], call[0].reshape(-1, FRAME)[~silent])
    assert db(call[0].reshape(-1, FRAME)[silent]) < levels.speech_dbfs(call[0]) - 25


def test_the_band_is_that_of_a_telephone() -> None:
    noise = np.random.default_rng(1).standard_normal((1, 10 * RATE_HZ)).astype(np.float32)
    power = np.abs(np.fft.rfft(through("band", noise, 0)[0])) ** 2
    hz = np.fft.rfftfreq(10 * RATE_HZ, 1 / RATE_HZ)
    inside = power[(hz > 300) & (hz < 3400)].mean()
    assert inside == pytest.approx((np.abs(np.fft.rfft(noise[0])) ** 2).mean(), rel=0.1)
    assert power[(hz < 190) | (hz > 3510)].max() < 1e-6 * inside


# ---- codecs and losses -------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "between_db"),
    [
        ("mulaw", (30, 45)),
        ("alaw", (30, 45)),
        ("adpcm", (15, 40)),
        ("gsm", (4, 20)),
        ("opus", (5, 35)),
    ],
)
def test_a_codec_keeps_time_and_level_and_costs_what_it_costs(
    codec: str, between_db: tuple[float, float], call: np.ndarray
) -> None:
    clean = np.float32(0.7) * call  # off the steps of µ-law, which the sample went through
    out = through(codec, clean, 0)
    for row, own in zip(clean, out, strict=True):
        size = 2 * len(row)
        spectrum = np.conj(np.fft.rfft(row, size)) * np.fft.rfft(own, size)
        assert np.argmax(np.fft.irfft(spectrum, size)) == 0
        assert levels.speech_dbfs(own) == pytest.approx(levels.speech_dbfs(row), abs=1)
        assert between_db[0] < db(row) - db(own - row) < between_db[1]


@pytest.mark.parametrize("percent", [1, 3, 5, 20])
@pytest.mark.parametrize("kind", ["loss", "lossburst"])
def test_so_many_frames_are_lost(kind: str, percent: int) -> None:
    """Counted on noise, where a repeated frame cannot be the one that was sent."""
    sent = np.random.default_rng(2).standard_normal((1, 20000 * FRAME)).astype(np.float32)
    got = through(f"{kind}:{percent}", sent, 5)
    lost = (got != sent).reshape(-1, FRAME).any(axis=1)
    assert lost.mean() * 100 == pytest.approx(percent, rel=0.15)
    ends = np.count_nonzero(lost[:-1] & ~lost[1:])
    mean_frames = np.count_nonzero(lost) / ends
    wanted = 4 if kind == "lossburst" else 1 / (1 - percent / 100)
    assert mean_frames == pytest.approx(wanted, rel=0.15)


def test_a_lost_frame_is_the_one_before_fading_to_silence() -> None:
    x = np.arange(1, 8 * FRAME + 1, dtype=np.float32)
    lost = np.array([1, 0, 0, 1, 1, 1, 1, 0], np.bool_)
    heard = losses.concealed(x, lost).reshape(-1, FRAME)
    sent = x.reshape(-1, FRAME)
    assert not heard[0].any()
    assert np.array_equal(heard[[1, 2, 7]], sent[[1, 2, 7]])
    ratio = (heard[3:6] / sent[2]).reshape(-1)
    assert ratio[0] == 1
    assert np.allclose(np.diff(ratio), -1 / (3 * FRAME), atol=1e-5)
    assert not heard[6].any()


@pytest.mark.parametrize(("spec", "source"), [("leak:-20:120", 0), ("leakback:-20:120", 1)])
def test_a_leak_is_the_other_channel_late_and_soft(
    spec: str, source: int, call: np.ndarray
) -> None:
    out = through(spec, call, 0)
    assert np.array_equal(out[source], call[source])
    late = round(0.12 * RATE_HZ)
    added = out[1 - source] - call[1 - source]
    assert not added[:late].any()
    assert np.allclose(added[late:], 0.1 * call[source, :-late], atol=1e-6)
