"""Our own calls: the dialogues parse, the rendered audio and its reference agree with them."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor import nudges
from monitor.events import PARTIES
from samples import reference, telephone
from samples.dialogue import (
    MIN_TALK_OVER_S,
    Dialogue,
    DialogueError,
    Manner,
    place,
)
from samples.reading import load, names, parse
from samples.reference import Reference
from samples.render import RENDERED, main
from samples.voices import PACKAGES, word_times

ALL = names()
SPOKEN = [name for name in ALL if load(name).echo is None]
HEAD = "title: T\nabout: A\nagent: ada\ncustomer: ben, rate 0.9, pitch -2 st\n"


def refs(name: str) -> Reference:
    found: Reference = json.loads((RENDERED / f"{name}.ref.json").read_text("utf-8"))
    return found


def audio(name: str) -> np.ndarray:
    samples, _ = soundfile.read(RENDERED / f"{name}.flac", dtype="float32", always_2d=True)
    return samples.T


def spoken(name: str) -> Dialogue:
    dialogue = load(name)
    return load(dialogue.echo.of) if dialogue.echo else dialogue


def active_db(x: np.ndarray) -> float:
    frames = x[: len(x) // 160 * 160].reshape(-1, 160)
    power = np.mean(frames[telephone.active(x, telephone.RATE_HZ)] ** 2)
    return float(10 * np.log10(power))


# ---- the format -----------------------------------------------------------------


def test_a_line_says_who_when_how_and_what() -> None:
    dialogue = parse(
        HEAD + "manner cross: rate 1.2, level +6 dB, bright +2 dB\n"
        "# a comment\n"
        "C +0.5 cross | Well,  no.\n"
        "expect slow_down 1 .. 9\n"
        "A @1.25 backchannel | Right.\n",
        "t",
    )
    cross, right = dialogue.lines
    assert (cross.party, cross.over, cross.offset_s, cross.text) == (
        "customer",
        False,
        0.5,
        "Well, no.",
    )
    assert (right.party, right.over, right.offset_s, right.kind) == (
        "agent",
        True,
        1.25,
        "backchannel",
    )
    assert [(e.nudge, e.after_s, e.before_s) for e in cross.expects] == [("slow_down", 1, 9)]
    assert dialogue.manner(cross) == Manner(0.9 * 1.2, 6, -2, 1, 2)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (HEAD, "nobody says anything"),
        ("title: T\nagent: ada\ncustomer: ben\nA +0 | Hi.", "no heading 'about:'"),
        (HEAD + "B +0 | Hi.", "t.txt:5: not a heading"),
        (HEAD + "A +0 shouting | Hi.", "t.txt:5: no manner 'shouting'"),
        (HEAD + "A +0 backchannel interrupts | Hi.", "t.txt:5: more than one of"),
        (HEAD + "expect slow_down 1 .. 2", "must follow the line"),
        (HEAD.replace("rate 0.9", "speed 0.9") + "A +0 | Hi.", "'speed 0.9' is none of"),
        (HEAD.replace("-2 st", "-2 Hz") + "A +0 | Hi.", "'pitch -2 Hz' is none of"),
    ],
)
def test_a_wrong_dialogue_names_its_line(text: str, complaint: str) -> None:
    with pytest.raises(DialogueError, match=re.escape(complaint)):
        parse(text, "t")


@pytest.mark.parametrize(
    ("lines", "durations_s", "complaint"),
    [
        ("A +0 | a\nC @0.5 backchannel | b", [1.0, 0.6], "not inside the other's speech"),
        ("A +0 | a\nC @0.5 talks-over | b", [2.0, 1.0], "talks over for 1.00 s only"),
        ("A +0 | a\nC +0.1 interrupts | b", [2.0, 1.0], "interrupts nobody"),
        ("A +0 | a\nC -0.6 | b", [2.0, 1.0], "overlaps by 0.60 s"),
        ("A +0 | a\nA -0.1 | b", [2.0, 1.0], "before the same person has finished"),
        ("A @0.5 backchannel | a", [1.0], "nothing to come in over"),
    ],
)
def test_an_overlap_is_of_the_kind_it_says(
    lines: str, durations_s: list[float], complaint: str
) -> None:
    with pytest.raises(DialogueError, match=complaint):
        place(parse(HEAD + lines, "t"), durations_s)


def test_lines_fall_where_their_marks_say() -> None:
    dialogue = parse(
        HEAD + "A +0.5 | a\nC @1.0 backchannel | b\nC -0.2 | c\nA @2.0 talks-over | d\nA +0.3 | e",
        "t",
    )
    placed = place(dialogue, [4.0, 0.4, 5.0, 1.5, 1.0])
    assert [(round(p.t0, 3), round(p.t1, 3)) for p in placed] == [
        (0.5, 4.5),
        (1.5, 1.9),
        (4.3, 9.3),
        (6.3, 7.8),
        (9.6, 10.6),
    ]
    assert [(o["kind"], o["by"], o["t0"], o["t1"]) for o in reference.overlaps(placed)] == [
        ("backchannel", "customer", 1.5, 1.9),
        ("terminal", "customer", 4.3, 4.5),
        ("talk_over", "agent", 6.3, 7.8),
    ]
    assert [(t["party"], t["t0"], t["t1"]) for t in reference.turns(placed)] == [
        ("agent", 0.5, 4.5),
        ("customer", 4.3, 9.3),
        ("agent", 9.6, 10.6),
    ]


def test_words_share_the_speaking_time_and_leave_the_pauses_alone() -> None:
    tone = np.sin(np.arange(8000, dtype=np.float32))
    clip = np.concatenate([tone, np.zeros(8000, np.float32), tone])
    (one, a0, a1), (two, b0, b1) = word_times(clip, "seven, eight")
    assert (one, two) == ("seven,", "eight")
    assert (a0, a1, b0, b1) == pytest.approx((0, 1, 2, 3), abs=0.04)


# ---- the line -------------------------------------------------------------------


def test_g711_is_the_table() -> None:
    # Inside the decision intervals of the table, in its own units: 14 bits.
    steps = np.array([0, 2, 4, 30, 33, 93, 94, 99, 1000, 4191, 8000, 9000], np.float32) / 8192
    expected = np.array([0, 2, 4, 30, 33, 93, 93, 99, 1023, 4191, 8031, 8031]) * 4
    assert telephone.g711(steps).tolist() == expected.tolist()
    assert telephone.g711(-steps).tolist() == (-expected).tolist()


def test_level_and_noise_are_what_they_say() -> None:
    rng = np.random.default_rng(1)
    tone = np.sin(np.arange(16000) * 0.9).astype(np.float32)
    assert active_db(telephone.level(tone, -24.0)) == pytest.approx(-24, abs=0.1)
    hiss = telephone.noise(80000, rng)
    assert 10 * np.log10(np.mean(hiss**2)) == pytest.approx(telephone.NOISE_DBFS, abs=0.1)


# ---- the rendered calls -----------------------------------------------------------


def test_every_dialogue_is_rendered_and_nothing_else() -> None:
    assert {p.name.split(".")[0] for p in RENDERED.iterdir() if p.is_file()} == set(ALL)
    assert sum(p.stat().st_size for p in RENDERED.glob("*.flac")) < 8e6


@pytest.mark.parametrize("name", ALL)
def test_audio_is_a_two_channel_telephone_call(name: str) -> None:
    info = soundfile.info(RENDERED / f"{name}.flac")
    assert (info.channels, info.samplerate, info.subtype) == (2, 8000, "PCM_16")
    assert info.duration == pytest.approx(refs(name)["duration_s"], abs=0.001)
    assert 60 <= info.duration <= 180
    pcm = audio(name)
    assert np.abs(pcm).max() < 0.95
    assert np.array_equal(telephone.g711(pcm), np.round(pcm * 32768).astype(np.int16))


@pytest.mark.parametrize("name", ALL)
def test_reference_is_within_the_call_and_in_order(name: str) -> None:
    ref = refs(name)
    assert set(ref) == Reference.__required_keys__
    assert ref["agent_channel"] == 0
    for key in ("turns", "overlaps", "frustration", "words", "lines"):
        spans = ref[key]  # type: ignore[literal-required]
        assert all(0 <= s["t0"] < s["t1"] <= ref["duration_s"] for s in spans), key
        assert [s["t0"] for s in spans] == sorted(s["t0"] for s in spans), key
    assert {t["party"] for t in ref["turns"]} == set(PARTIES)
    for nudge in ref["nudges"]:
        assert 0 <= nudge["after"] < nudge["before"] <= ref["duration_s"]
        assert importlib.util.find_spec(f"{nudges.__name__}.{nudge['nudge']}") is not None


@pytest.mark.parametrize("name", ALL)
def test_reference_says_what_the_dialogue_says(name: str) -> None:
    ref, dialogue = refs(name), spoken(name)
    assert ref["title"] == load(name).title
    by_party = {p: [ln for ln in dialogue.lines if ln.party == p] for p in PARTIES}
    for party, lines in by_party.items():
        assert [ln["text"] for ln in ref["lines"] if ln["party"] == party] == [
            ln.text for ln in lines
        ]
        words = [w["text"] for w in ref["words"] if w["party"] == party]
        assert words == " ".join(ln.text for ln in lines).split()
    assert [n["nudge"] for n in ref["nudges"]] == [
        e.nudge for line in dialogue.lines for e in line.expects
    ]


@pytest.mark.parametrize("name", ALL)
def test_reference_places_the_lines_where_the_marks_say(name: str) -> None:
    """Laying the dialogue out again with the rendered lengths gives the reference."""
    ref, dialogue = refs(name), spoken(name)
    queues = {p: iter([ln for ln in ref["lines"] if ln["party"] == p]) for p in PARTIES}
    in_file_order = [next(queues[line.party]) for line in dialogue.lines]
    placed = place(dialogue, [ln["t1"] - ln["t0"] for ln in in_file_order])
    for here, line in zip(placed, in_file_order, strict=True):
        assert (here.t0, here.t1) == pytest.approx((line["t0"], line["t1"]), abs=0.03)
    for key, again in (
        ("turns", reference.turns(placed)),
        ("overlaps", reference.overlaps(placed)),
        ("frustration", reference.frustration(placed)),
    ):
        spans = ref[key]  # type: ignore[literal-required]
        assert len(again) == len(spans), key
        for one, two in zip(again, spans, strict=True):
            for told in one.keys() - {"t0", "t1"}:
                assert one[told] == two[told]
            assert (one["t0"], one["t1"]) == pytest.approx((two["t0"], two["t1"]), abs=0.03)


@pytest.mark.parametrize("name", ALL)
def test_overlaps_are_where_both_have_a_line(name: str) -> None:
    ref = refs(name)
    assert any(o["kind"] == "backchannel" for o in ref["overlaps"])
    for overlap in ref["overlaps"]:
        late = [
            ln for ln in ref["lines"] if ln["party"] == overlap["by"] and ln["t0"] == overlap["t0"]
        ]
        early = [
            ln
            for ln in ref["lines"]
            if ln["party"] != overlap["by"] and ln["t0"] < overlap["t0"] < ln["t1"]
        ]
        assert len(late) == len(early) == 1
        assert overlap["t1"] == min(late[0]["t1"], early[0]["t1"])
        if late[0]["kind"] == "talk_over":
            assert overlap["t1"] - overlap["t0"] >= MIN_TALK_OVER_S


@pytest.mark.parametrize("name", SPOKEN)
def test_each_line_is_heard_on_its_channel_and_silence_elsewhere(name: str) -> None:
    ref, pcm = refs(name), audio(name)
    silent = np.ones(pcm.shape, bool)
    for line in ref["lines"]:
        row = PARTIES.index(line["party"])
        start, stop = (round(line[t] * telephone.RATE_HZ) for t in ("t0", "t1"))
        silent[row, start:stop] = False
        assert -30 < active_db(pcm[row, start:stop]) < -15, line["text"]
    for row in range(2):
        assert 10 * np.log10(np.mean(pcm[row, silent[row]] ** 2)) < -55


# ---- what each call is for --------------------------------------------------------


def test_calm_and_its_echo_expect_no_nudge_and_hold_no_talk_over() -> None:
    for name in ("calm", "echo"):
        ref = refs(name)
        assert ref["nudges"] == []
        assert ref["frustration"] == []
        assert {o["kind"] for o in ref["overlaps"]} == {"backchannel", "terminal"}


def test_echo_is_the_calm_call_with_the_agent_leaked() -> None:
    calm, echo = audio("calm"), audio("echo")
    made = load("echo").echo
    assert made is not None
    assert (made.leak_db, made.delay_ms) == (-20, 120)
    assert np.array_equal(calm[0], echo[0])
    added = (echo[1] - calm[1]).astype(np.float64)
    agent = calm[0].astype(np.float64)
    size = 2 * len(added)
    spectrum = np.fft.rfft(added, size) * np.conj(np.fft.rfft(agent, size))
    lag = int(np.argmax(np.fft.irfft(spectrum, size)[: telephone.RATE_HZ]))
    assert lag == round(0.120 * telephone.RATE_HZ)
    late = np.concatenate([np.zeros(lag), agent[: len(agent) - lag]])
    gain = added @ late / (late @ late)
    assert 20 * np.log10(gain) == pytest.approx(-20, abs=0.5)
    assert np.corrcoef(added, late)[0, 1] > 0.8


@pytest.mark.parametrize("name", ["rising", "hurry"])
def test_upset_lines_are_louder_than_the_same_caller_before(name: str) -> None:
    ref, customer = refs(name), audio(name)[1]
    levels: dict[str, list[float]] = {"": [], "upset": []}
    for line in ref["lines"]:
        manner = ",".join(line["manners"])
        if line["party"] == "customer" and line["kind"] is None and manner in levels:
            start, stop = (round(line[t] * telephone.RATE_HZ) for t in ("t0", "t1"))
            levels[manner].append(active_db(customer[start:stop]))
    assert np.mean(levels["upset"]) - np.mean(levels[""]) >= 4


def test_rising_has_a_long_upset_turn_and_settles() -> None:
    ref = refs("rising")
    upset = [ln for ln in ref["lines"] if "upset" in ln["manners"]]
    assert max(ln["t1"] - ln["t0"] for ln in upset) >= 9
    (span,) = ref["frustration"]
    assert span["t0"] > 20
    assert span["t1"] < ref["duration_s"] - 20


def test_talkover_holds_several() -> None:
    kinds = [o["kind"] for o in refs("talkover")["overlaps"] if o["by"] == "agent"]
    assert kinds.count("talk_over") == 5
    assert "interruption" not in kinds, "that is what the customer does"


def test_pace_agent_speaks_faster_by_a_third() -> None:
    ref = refs("pace")
    rates = {}
    for party in PARTIES:
        lines = [ln for ln in ref["lines"] if ln["party"] == party and ln["kind"] is None]
        seconds = sum(ln["t1"] - ln["t0"] for ln in lines)
        rates[party] = sum(len(ln["text"].split()) for ln in lines) / seconds
    assert rates["agent"] >= 1.35 * rates["customer"]


# ---- the command ------------------------------------------------------------------


def test_list_shows_every_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    shown = capsys.readouterr().out
    assert all(f"{name} " in shown and load(name).title in shown for name in ALL)


def test_an_unknown_name_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nobody"]) == 2
    message = capsys.readouterr().err
    assert "no dialogue named 'nobody'" in message
    assert "calm" in message


MISSING = [module for module in PACKAGES if importlib.util.find_spec(module) is None]


@pytest.mark.skipif(not MISSING, reason="the voices are installed")
def test_without_voices_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calm", "--out", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert MISSING[0] in PACKAGES
    assert "is missing; rendering needs: pip install" in message
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
@pytest.mark.timeout(600)
def test_rendering_again_gives_the_same_call(tmp_path: Path) -> None:
    assert main(["calm", "--out", str(tmp_path)]) == 0
    again = json.loads((tmp_path / "calm.ref.json").read_text("utf-8"))
    then = refs("calm")
    assert [ln["text"] for ln in again["lines"]] == [ln["text"] for ln in then["lines"]]
    assert [ln["t0"] for ln in again["lines"]] == pytest.approx(
        [ln["t0"] for ln in then["lines"]], abs=0.1
    )
    one, _ = soundfile.read(tmp_path / "calm.flac")
    two = audio("calm").T
    shared = min(len(one), len(two))
    assert np.corrcoef(one[:shared, 0], two[:shared, 0])[0, 1] > 0.9
