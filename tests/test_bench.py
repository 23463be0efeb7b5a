"""The bench on small runs: what is counted, and how. Times are never asserted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from monitor.bench import ear, tables
from monitor.bench.feeder import GOLDEN, Line, Loop
from monitor.bench.figures import Spread
from monitor.bench.lags import Lags, between
from monitor.bench.live import Trial
from monitor.bench.processes import PARTS, Usage, spent
from monitor.bench.queueing import Looks, Queueing
from monitor.bench.search import largest
from tests.commands import Ran, as_person, run, talk_over_excerpt


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with as_person(tmp_path, MONITOR_ASR__OFFLINE="true"):
        yield tmp_path


@pytest.fixture
def call(home: Path) -> Path:
    pcm, rate = talk_over_excerpt()
    soundfile.write(home / "call.wav", pcm, rate, "PCM_16")
    return home / "call.wav"


def figures(ran: Ran, path: Path) -> dict[str, Any]:
    assert (ran.status, ran.err) == (0, ""), ran
    read: dict[str, Any] = json.loads(path.read_text())
    assert read["machine"]["cores"] >= 1
    return read


def assert_ordered(spread: dict[str, Any]) -> None:
    if spread["n"]:
        assert 0 <= spread["p50"] <= spread["p95"] <= spread["p99"] <= spread["worst"]
    else:
        assert spread["p50"] is None


# ---- the commands ----------------------------------------------------------------


def test_ear(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "out.json"
    arguments = ("--channels", 2, "--channels", 8, "--seconds", 0.1, "--json", path)
    ran = run(capsys, "bench", "ear", *arguments)
    told = figures(ran, path)
    passes = told["passes"]
    shapes = [(p["channels"], p["blocks"]) for p in passes]
    assert shapes == [(2, 1), (8, 1), (2, ear.LONG_BLOCKS)]
    for cost in passes:
        assert_ordered(cost["pass_ms"])
        assert cost["pass_ms"]["n"] >= 2
        assert cost["us_per_channel_block"] > 0
        assert set(cost["shares"]) == {"vad", "pitch", "syllables", "rest"}
        assert sum(cost["shares"].values()) == pytest.approx(1, abs=0.01)
        assert all(share > 0 for share in cost["shares"].values())
    assert "8 × 1" in ran.out
    memory = told["memory"]
    assert memory["calls"] == ear.MEMORY_CHANNELS // 2
    assert 2 * 4 * (320 + 2 * 128) < 1024 * memory["state_kb"] < 1024 * 1024
    assert "200 calls opened" in ran.out


def test_replay_without_words(home: Path, call: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "out.json"
    found = figures(run(capsys, "bench", "replay", call, "--no-words", "--json", path), path)
    replay = found["replay"]
    assert replay["duration_s"] == pytest.approx(soundfile.info(call).duration, abs=0.04)
    assert replay["times_real_time"] == pytest.approx(
        replay["duration_s"] / replay["wall_s"], rel=0.2
    )
    assert replay["events"] > 20
    assert (replay["clips"], replay["batches"], replay["engine_busy_s"]) == (0, 0, 0)


@pytest.mark.weights
def test_replay_tells_how_much_of_it_is_speech_to_text(
    home: Path, call: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "out.json"
    replay = figures(run(capsys, "bench", "replay", call, "--json", path), path)["replay"]
    assert replay["clips"] >= replay["batches"] >= 1
    assert replay["clip_audio_s"] > 3.0
    assert replay["engine_busy_s"] > 0
    if parts := replay["cpu_by_part_s"]:  # there is a /proc
        assert 0.2 < replay["engine_cpu_share"] < 1
        assert set(parts) == set(PARTS)
        assert parts["engine"] == max(parts.values()), "CTranslate2's threads are known"
        assert sum(parts.values()) == pytest.approx(replay["cpu_s"], abs=0.05)


def test_every_part_of_the_processor_time_has_a_row() -> None:
    assert tuple(tables.PROCESSOR) == PARTS


def test_live(home: Path, call: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "out.json"
    arguments = ("--calls", 2, "--seconds", 8, "--call", call, "--no-words", "--json", path)
    ran = run(capsys, "bench", "live", *arguments)
    assert (ran.status, ran.err) == (0, ""), ran
    assert "the ear" in ran.out
    assert "CTranslate2" not in ran.out, "there is nothing to tell of words"
    found = json.loads(path.read_text())
    assert found["recordings"] == ["call"]
    (trial,) = found["trials"]
    assert (trial["calls"], trial["words"], trial["failed_calls"]) == (2, False, 0), trial
    assert (trial["gap_s"], trial["resyncs"], trial["degraded"]) == (0, 0, {})
    for name, spread in trial.items():
        if name.endswith("_s") and isinstance(spread, dict):
            assert_ordered(spread)
    assert trial["words_s"]["n"] == 0
    assert trial["facts_s"]["n"] > 0
    assert trial["ping_s"]["n"] > 20
    assert trial["feeder_late_s"]["n"] == pytest.approx(2 * 8 / 0.02, rel=0.1)
    seen = trial["seen"]
    assert (seen["snapshot"], seen["report"], seen["call.ended"]) == (2, 2, 2)
    assert seen["turn"] > 0
    assert seen["levels"] > 2 * 8 * 4
    # The excerpt has one talk-over, and it came round at least once on each call.
    assert trial["talk_over_s"]["n"] >= 1
    assert trial["start_s"] > 0
    assert trial["queue"]["depth"] == {"n": trial["queue"]["used"]["n"]} | dict.fromkeys(
        ("p50", "p95", "p99", "worst"), 0
    )
    assert trial["queue"]["decoded"] == {}
    if trial["server_cores"] is not None:
        parts = trial["server_parts"]
        assert set(parts) == set(PARTS)
        assert parts["loop"] > 0
        assert parts["ear"] > 0, "its thread is known by name"
        assert parts["engine"] == parts["features"] == trial["engine_share"] == 0
        assert sum(parts.values()) == pytest.approx(trial["server_cores"], abs=0.05)
        assert trial["peak_mb"] >= trial["calls_mb"] > 50


@pytest.mark.weights
def test_live_words_are_received(
    home: Path, call: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "out.json"
    arguments = ("--calls", 2, "--seconds", 8, "--call", call, "--json", path)
    ran = run(capsys, "bench", "live", *arguments)
    assert "CTranslate2's part of all" in ran.out
    (trial,) = figures(ran, path)["trials"]
    assert trial["words_s"]["n"] + trial["cut_words_s"]["n"] > 0
    assert trial["seen"]["words"] >= trial["words_s"]["n"]
    assert_ordered(trial["words_s"])
    queue = trial["queue"]
    for name in ("depth", "oldest_wait_s", "used"):
        assert_ordered(queue[name])
        assert queue[name]["n"] >= 8
    assert queue["decoded"]["final"] >= 1
    if trial["server_parts"]:
        assert trial["server_parts"]["engine"] > trial["server_parts"]["features"] > 0
        assert 0.1 < trial["engine_share"] < 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("live", "--call", "none.wav"), "No such file"),
        (("live", "--call", "mono.wav"), "mono is mono: one party per channel is needed"),
        (("live", "--call", "short.wav"), "short is shorter than 5 s"),
        (("live", "--calls", "0"), "greater than or equal to 1"),
        (("live", "--json", "no/where.json"), "there is no folder no"),
        (("replay", "none.wav"), "No such file"),
        (("replay", "--model", "nonsense", "stereo.wav"), "nonsense"),
        (("ear", "--channels", "0"), "greater than or equal to 1"),
        (("ear", "--call", "none.wav"), "No such file"),
        (("ear", "--call", "blip.wav"), "blip.wav is shorter than a second"),
    ],
)
def test_wrong_use_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], complaint: str
) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (48000, 2))
    soundfile.write("stereo.wav", noise, 8000)
    soundfile.write("mono.wav", noise[:, 0], 8000)
    soundfile.write("short.wav", noise[:24000], 8000)
    soundfile.write("blip.wav", noise[:4000], 8000)
    assert complaint in run(capsys, "bench", *arguments).complaint()


def test_a_monitor_that_does_not_start_says_why(
    home: Path, call: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = run(capsys, "bench", "live", "--calls", 1, "--call", call, "--model", "nonsense")
    assert ran.complaint().startswith("monitor serve did not start: ")
    assert "nonsense" in ran.complaint()


# ---- what a delay is ---------------------------------------------------------------


def sent(audio_s: float) -> float:
    """A sender that started at loop time 100 and is never late."""
    return 100.0 + audio_s


def words(t0: float, t1: float, **more: Any) -> dict[str, Any]:
    return {
        "type": "words", "t": t1 + 0.6, "party": "agent", "t0": t0, "t1": t1, "final": True,
    } | more  # fmt: skip


def overlap(t0: float, t: float, **more: Any) -> dict[str, Any]:
    return {"type": "overlap", "t": t, "id": "o1", "kind": "talk_over", "t0": t0} | more


def test_words_count_from_the_end_of_their_utterance() -> None:
    lags = Lags(sent)
    lags.message(words(1.0, 2.0, final=False), 102.1)
    lags.message(words(1.0, 2.0), 102.9)
    assert lags.words == [(102.0, pytest.approx(0.9))]


def test_words_of_an_utterance_that_went_on_are_told_apart() -> None:
    lags = Lags(sent)
    lags.message(words(1.0, 10.5), 113.0)
    lags.message(words(10.5, 12.0, party="customer"), 113.0)
    assert not lags.cut_words
    lags.message(words(10.5, 12.0), 113.0)
    assert lags.cut_words == [(110.5, pytest.approx(2.5))]
    assert [at for at, _ in lags.words] == [112.0, 112.0]


def test_a_gap_moves_audio_time_but_not_what_was_sent() -> None:
    lags = Lags(sent)
    lags.message({"type": "gap", "t": 5.0, "t0": 4.0, "t1": 5.0}, 104.1)
    lags.message(words(2.0, 3.0), 104.2)
    lags.message(words(5.5, 6.0), 105.5)
    assert lags.words == [(103.0, pytest.approx(1.2)), (105.0, pytest.approx(0.5))]
    assert lags.gap_s == 1.0


def test_a_talk_over_counts_once_from_where_it_is_long_enough() -> None:
    lags = Lags(sent)
    lags.message(overlap(2.0, 2.64, kind="interruption", id="o0"), 102.7)
    lags.message(overlap(3.0, 3.64), 103.7)
    lags.message(overlap(3.0, 4.5), 104.6)
    assert lags.talk_overs == [(103.6, pytest.approx(0.1))]
    assert lags.told == [(103.64, pytest.approx(0.06))]


def test_a_nudge_counts_where_it_came_of_the_overlap() -> None:
    lags = Lags(sent)
    nudge = {"type": "nudge.opened", "nudge": "let_them_finish"}
    lags.message(nudge | {"t": 1.0}, 101.0)
    lags.message(overlap(3.0, 3.64), 103.7)
    lags.message(nudge | {"t": 4.0}, 104.1)
    lags.message(nudge | {"t": 9.0}, 109.1)
    assert lags.nudges == [(103.6, pytest.approx(0.5))]


def test_what_was_never_sent_has_no_delay() -> None:
    lags = Lags(lambda _: None)
    lags.message(words(1.0, 2.0), 102.9)
    lags.message(overlap(3.0, 3.64), 103.7)
    assert (lags.words, lags.talk_overs, lags.facts) == ([], [], [])


def test_only_what_was_sent_within_the_stretch_is_measured() -> None:
    assert between([(1.0, 0.1), (2.0, 0.2), (3.0, 0.3)], 2.0, 3.0) == [0.2]


def test_a_line_knows_when_audio_was_sent() -> None:
    line = Line(0, Loop(bytes(4 * 8000)))
    line.sent_at = [10.02, 10.04, 10.06]
    assert line.sent(0.0) is None
    assert line.sent(0.001) == 10.02
    assert line.sent(0.02) == 10.02
    assert line.sent(0.021) == 10.04
    assert line.sent(0.06) == 10.06
    assert line.sent(0.061) is None


def test_a_recording_is_looped_without_a_hole() -> None:
    frames = np.arange(400, dtype="<i2").repeat(2).tobytes()
    loop = Loop(frames)
    assert loop.samples == 400
    sent = b"".join(loop.message(at) for at in range(0, 1600, 160))
    assert sent == frames * 4


def test_calls_begin_at_places_far_apart() -> None:
    places = sorted(k * GOLDEN % 1.0 for k in range(20))
    assert min(np.diff(places)) > 0.02


# ---- figures -----------------------------------------------------------------------


def test_percentiles_are_nearest_ranks() -> None:
    spread = Spread.of(float(k) for k in range(100, 0, -1))
    assert (spread.n, spread.p50, spread.p95, spread.p99, spread.worst) == (100, 50, 95, 99, 100)
    assert Spread.of([0.5]) == Spread(1, 0.5, 0.5, 0.5, 0.5)
    assert Spread.of([]) == Spread(0)


def test_percentiles_of_a_histogram_are_upper_edges() -> None:
    edges = (0.001, 0.01, 0.1)
    assert Spread.of_histogram(edges, (98, 1, 1, 0)) == Spread(100, 0.001, 0.001, 0.01, 0.1)
    assert Spread.of_histogram(edges, (0, 0, 0, 2)) == Spread(2, 0.1, 0.1, 0.1, 0.1)
    assert Spread.of_histogram(edges, (0, 0, 0, 0)) == Spread(0)


def a_trial(**more: Any) -> Trial:
    few = Spread.of([0.01])
    plain: dict[str, Any] = dict.fromkeys(Trial.__dataclass_fields__, few)
    plain |= {
        "calls": 4, "seconds": 30.0, "words": True, "failed_calls": 0, "failures": [],
        "gap_s": 0.0, "resyncs": 0, "degraded": {}, "ready_mb": 300.0, "calls_mb": 308.0,
        "queue": Queueing(),
    }  # fmt: skip
    return Trial(**plain | more)


def test_a_trial_within_the_budgets_misses_nothing() -> None:
    assert a_trial().misses() == []
    assert a_trial().mb_per_call == 2.0
    assert a_trial().valid


@pytest.mark.parametrize(
    ("wrong", "miss"),
    [
        ({"words_s": Spread.of([1.6])}, "words p95 1.6 s > 1.5 s"),
        ({"told_s": Spread.of([0.5])}, "talk-over p95 0.5 s > 0.4 s"),
        ({"loop_lag_s": Spread.of([0.015])}, "event loop late p99 0.015 s > 0.01 s"),
        ({"words_s": Spread(0)}, "no words came"),
        (
            {"queue": Queueing(shed={"final": 2, "partial": 9}, expired={"final": 1})},
            "the words of 3 utterances never came",
        ),
        ({"failed_calls": 1, "failures": ["gone"]}, "1 calls failed (gone)"),
        ({"gap_s": 0.5}, "0.5 s of audio were lost"),
        ({"resyncs": 2}, "2 screens fell behind"),
        ({"degraded": {"words: behind": 3}}, "degraded on 3 calls: words: behind"),
    ],
)
def test_each_budget_can_be_missed(wrong: dict[str, Any], miss: str) -> None:
    assert a_trial(**wrong).misses() == [miss]


def test_a_late_feeder_makes_a_trial_void() -> None:
    assert not a_trial(feeder_late_s=Spread.of([0.2])).valid


def a_look(words: int, wait_s: float, **work: Any) -> dict[str, Any]:
    counts: dict[str, Any] = {
        kind: {} for kind in ("decoded", "shed", "expired", "failed", "refused")
    }
    said = counts | {"late": 0, "oldest_wait_s": wait_s, "utilisation": wait_s / 10} | work
    return {"queues": {"words": words, "speech_to_text": said}}


def test_a_queue_is_told_look_by_look_and_only_of_the_measured_stretch() -> None:
    looks = Looks()
    assert looks.figures() == Queueing()
    looks.saw(a_look(1, 0.1, decoded={"final": 5}, shed={"partial": 1}, late=2))
    looks.saw(a_look(9, 2.0, decoded={"final": 5}))
    looks.saw(a_look(3, 1.0, decoded={"final": 8, "partial": 1}, shed={"partial": 1}, late=3))
    found = looks.figures()
    assert (found.depth.p50, found.depth.worst, found.depth.n) == (3, 9, 3)
    assert (found.oldest_wait_s.p50, found.used.worst) == (1.0, 0.2)
    assert found.decoded == {"final": 3, "partial": 1}
    assert (found.shed, found.late, found.given_up) == ({}, 1, 0)


def test_no_processor_time_is_lost_between_two_looks() -> None:
    """A thread that came and went is nobody's but the process's."""
    none = dict.fromkeys(PARTS, 0.0)
    before = Usage(1.0, 0.0, 100.0, 100.0, none | {"loop": 0.5, "engine": 0.5})
    after = Usage(3.0, 0.0, 100.0, 100.0, none | {"loop": 0.75, "engine": 1.5})
    assert spent(before, after) == none | {"loop": 0.25, "engine": 1.0, "rest": 0.75}


@pytest.mark.parametrize("limit", [0, 1, 2, 7, 19, 20, 100])
@pytest.mark.parametrize("start", [1, 4, 20, 300])
async def test_the_search_comes_within_a_tenth(limit: int, start: int) -> None:
    asked: list[int] = []

    async def holds(n: int) -> bool:
        asked.append(n)
        return n <= limit

    found = await largest(holds, start, 100)
    assert limit - max(1, limit // 10) <= found <= limit
    assert found == 0 or found in asked
    assert len(asked) == len(set(asked))
    assert all(1 <= n <= 100 for n in asked)
