"""monitor score words: lists that are read or refused, words aligned and counted, real weights."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from monitor.audio import RATE_HZ
from monitor.config import Settings
from monitor.engines import Decoded, EngineError
from monitor.score import ScoreError, decoding, nonspeech, wordlist, words, wordtables
from monitor.score.decoding import Clip, Said
from monitor.score.stopwatch import Cost, Timed
from monitor.score.wordlist import Row
from tests.commands import RENDERED, ROOT, as_person, run

F32 = NDArray[np.float32]

CALM = RENDERED / "calm.flac"
GREETING = "Thank you for calling home internet support, this is Jamie. How can I help you today?"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with as_person(tmp_path, MONITOR_ASR__OFFLINE="true"):
        yield tmp_path


def listed(path: Path, *rows: str, columns: str = "path,channel,t0,t1,text") -> Path:
    path.write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    return path


def tone(path: Path, seconds: float = 2.0, channels: int = 1) -> Path:
    """Nobody speaks in it."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    pcm = np.repeat(0.1 * np.sin(2 * np.pi * 425 * t)[:, None], channels, axis=1)
    soundfile.write(path, pcm, RATE_HZ)
    return path


def row(text: str, *, duration_s: float = 2.0, **cells: str) -> Row:
    return Row("x.csv, line 2", Path("x.wav"), 0, 1, 0.0, duration_s, text, {"path": "x", **cells})


def said(text: str, *dropped: Any) -> Said:
    return Said(text, tuple(Clip(1.0, reason) for reason in dropped or (None,)))


def score(reference: str, found: str, language: str | None = "en") -> words.ScoredRow:
    return words.compare(row(reference), said(found), words.normaliser(language))


# ---- lists -----------------------------------------------------------------------------


def test_a_row_is_a_stretch_of_a_channel_or_the_whole_file(tmp_path: Path) -> None:
    tone(tmp_path / "two.wav", 3.0, channels=2)
    path = listed(
        tmp_path / "x.csv",
        'two.wav,1,0.5,2,"Yes, please."',
        "two.wav,,,,",
        columns="path,channel,t0,t1,text",
    )
    first, second = wordlist.load([path])
    assert (first.channel, first.t0, first.t1, first.text) == (1, 0.5, 2.0, "Yes, please.")
    assert first.speech
    assert first.path == tmp_path / "two.wav"
    assert (second.channel, second.t0, second.t1) == (0, 0.0, 3.0)
    assert not second.speech
    (_, pcm), (_, whole) = wordlist.audio([first, second])
    assert pcm.shape == (2, 12_000)
    assert whole.shape == (2, 24_000)


def test_columns_may_be_left_out_and_added(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav")
    path = listed(tmp_path / "x.csv", "tune,Hello,a.wav", columns="half, text,path")
    (only,) = wordlist.load([path])
    assert only.cells == {"half": "tune", "text": "Hello", "path": "a.wav"}


def test_a_spreadsheet_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav")
    (tmp_path / "x.csv").write_text("path,text\r\na.wav,Hello\r\n", encoding="utf-8-sig")
    assert [each.text for each in wordlist.load([tmp_path / "x.csv"])] == ["Hello"]


def test_rows_are_chosen_by_their_columns_from_all_lists(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav")
    columns = "path,text,half,who"
    one = listed(tmp_path / "1.csv", "a.wav,A,tune,x", "a.wav,B,report,x", columns=columns)
    two = listed(tmp_path / "2.csv", "a.wav,C,report,y", columns=columns)
    chosen = wordlist.load([one, two], ["half=report"])
    assert [each.text for each in chosen] == ["B", "C"]
    assert [each.text for each in wordlist.load([one, two], ["half=report", "who=y"])] == ["C"]
    with pytest.raises(ScoreError, match=r"2\.csv: there is no row with half=report and who=x"):
        wordlist.load([two], ["half=report", "who=x"])
    with pytest.raises(ScoreError, match="no column 'side'; there is: path, text, half, who"):
        wordlist.load([two], ["side=left"])
    with pytest.raises(ScoreError, match="COLUMN=VALUE"):
        wordlist.load([two], ["report"])


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("nothing.wav,,,,Hello", "nothing.wav cannot be read: No such file or directory"),
        ("x.csv,,,,Hello", "x.csv is not audio in a format that can be read"),
        (",,,,Hello", "no path"),
        ("a.wav,1,,,Hello", "a.wav has channel 0 only, not 1"),
        ("a.wav,agent,,,Hello", "channel is a number, not 'agent'"),
        ("a.wav,0.5,,,Hello", "a.wav has channel 0 only, not 0.5"),
        ("a.wav,,one,,Hello", "t0 is a number, not 'one'"),
        ("a.wav,,,inf,Hello", "t1 is a number, not 'inf'"),
        ("a.wav,,1.5,1.5,Hello", "t0 1.5 and t1 1.5: a row begins at 0 or later, then ends"),
        ("a.wav,,-1,1,Hello", "t0 -1 and t1 1"),
        ("a.wav,,0,2.6,Hello", "0 to 2.6 s, but a.wav ends at 2.0 s"),
        ("a.wav,,2.1,2.4,Hello", "2.1 to 2.4 s, but a.wav ends at 2.0 s"),
        ("a.wav,,,,Hello, you", "more than the 5 fields that the first line names"),
        ("a.wav,,Hello", "fewer than the 5 fields"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    tone(tmp_path / "a.wav")
    path = listed(tmp_path / "x.csv", "a.wav,,,,Good", line)
    with pytest.raises(ScoreError) as error:
        wordlist.load([path])
    assert str(error.value).startswith("x.csv, line 3: ")
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "x.csv is empty: its first line names the columns path, text"),
        (b"path,text\n", "x.csv: there is no row"),
        (b"path,words\n", "has no column text"),
        (b"a,b\n", "has no column path and no text"),
        (b'path,text\na.wav,"Hello\n', "x.csv is no CSV in UTF-8"),
        (b"path,text\na.wav,H\xe4llo\n", "x.csv is no CSV in UTF-8"),
    ],
)
def test_a_bad_list_is_named(tmp_path: Path, content: bytes, complaint: str) -> None:
    tone(tmp_path / "a.wav")
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(ScoreError) as error:
        wordlist.load([tmp_path / "x.csv"])
    assert complaint in str(error.value)


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match=r"none\.csv cannot be read: No such file"):
        wordlist.load([tmp_path / "none.csv"])


def test_a_row_may_end_a_little_after_its_file(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav")
    (only,) = wordlist.load([listed(tmp_path / "x.csv", "a.wav,,1,2.4,Hello")])
    assert (only.t0, only.t1) == (1.0, 2.0)


# ---- words counted ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "found", "counts"),
    [
        ("the parcel never came", "the parcel never came", (4, 0, 0, 0)),
        ("the parcel never came", "the castle never came", (3, 1, 0, 0)),
        ("the parcel never came", "parcel came", (2, 0, 2, 0)),
        ("the parcel never came", "oh the parcel never came back", (4, 0, 0, 2)),
        ("the parcel never came", "", (0, 0, 4, 0)),
        ("a b c d e f g", "a x c e f g h", (5, 1, 1, 1)),
        # What is written differently is not wrong.
        ("I’m sorry, Mr. Smith!", "i am sorry mister smith", (5, 0, 0, 0)),
        ("It's twenty-five dollars.", "It is $25", (3, 0, 0, 0)),
        ("um, the colour", "The color", (2, 0, 0, 0)),
        ("Mm-hmm.", "Right.", (0, 0, 0, 1)),
    ],
)
def test_errors_by_kind(reference: str, found: str, counts: tuple[int, int, int, int]) -> None:
    got = score(reference, found)
    assert (got.hits, got.substitutions, got.deletions, got.insertions) == counts
    assert got.errors == sum(counts[1:])
    assert got.words == sum(counts[:3])


def test_other_languages_have_no_english_rules() -> None:
    german = score("Ich hab fünf, äh, Euro.", "ich hab fünf äh euro", language="de")
    assert (german.hits, german.errors) == (5, 0)
    assert score("It's five", "it is 5", language="de").errors == 2
    assert score("It's five", "it is 5").errors == 0


def test_the_rate_is_over_all_words_not_over_rows() -> None:
    rows = [score("one", "two"), score("a b c d e f g h i", "a b c d e f g h i")]
    got = words.figures(rows)
    assert (got.wer, got.words, got.substitutions, got.rows) == (0.1, 10, 1, 2)
    assert got.intervals["wer"] is None, "two rows tell nothing of a third"


def test_the_interval_holds_the_rate_and_shrinks_with_rows() -> None:
    mixed = [score("a b c d", "a b c d"), score("a b c d", "a x c d"), score("a b c d", "a b")]
    few, many = words.figures(mixed * 2), words.figures(mixed * 32)
    assert few.wer == many.wer == 0.25
    assert few.intervals["wer"] is not None
    assert many.intervals["wer"] is not None
    for low, high in (few.intervals["wer"], many.intervals["wer"]):
        assert low < 0.25 < high
    widths = [high - low for low, high in (few.intervals["wer"], many.intervals["wer"])]
    assert widths[1] < widths[0] / 3
    assert words.figures(mixed * 2) == few, "chance has a fixed seed"


def test_gates_and_voices_that_were_not_found() -> None:
    plain = words.normaliser("en")
    rows = [
        words.compare(row("one two"), said("one two", None, None), plain),
        words.compare(row("one two"), said("one", None, "loop"), plain),
        words.compare(row("one two"), Said("", ()), plain),
    ]
    got = words.figures(rows, cost=Cost(clips=4, audio_s=4.0, wall_s=0.2, cpu_s=0.3))
    assert (got.clips, got.dropped, got.unheard) == (4, {"loop": 0.25}, 1)
    assert got.cost is not None
    assert (got.cost.wall_s_per_s, got.cost.cpu_s_per_s) == (0.05, 0.075)
    assert got.nonspeech is None


def test_words_where_nobody_speaks() -> None:
    silent = [
        (row("", duration_s=600), said("Thank you. (music)")),
        (row("", duration_s=600), said("", "no_speech")),
        (row("", duration_s=600), Said("", ())),
    ]
    got = nonspeech.figures(silent)
    assert (got.words, got.words_per_h, got.rows_with_words) == (3, 6.0, 1)
    assert (got.clips, got.dropped, got.decoded_s, got.rows) == (2, 1, 2.0, 3)
    overall = words.figures([], silent)
    assert overall.wer is None
    assert overall.nonspeech == got


def test_the_worst_rows_come_first_and_right_ones_not_at_all() -> None:
    rows = [
        score("a b", "a b"),
        score("a b c d", "a x c d"),
        score("a b", "x"),
        score("a b", "x b"),
    ]
    assert [(r.reference, r.errors) for r in words.worst(rows, 3)] == [
        ("a b", 2),
        ("a b", 1),
        ("a b c d", 1),
    ]
    assert len(words.worst(rows, 2)) == 2


def test_an_example_is_aligned() -> None:
    text = wordtables.example(score("the parcel never came here", "the castle came here back"), 80)
    head, ref, hyp, marks = text.splitlines()
    assert head == "x.csv, line 2 (x 0.0–2.0 s): 3 wrong of 5"
    assert ref.split() == ["REF:", "the", "parcel", "never", "came", "here", "****"]
    assert hyp.split() == ["HYP:", "the", "castle", "*****", "came", "here", "back"]
    assert marks.split() == ["S", "D", "I"]
    unheard = words.compare(row("hello"), Said("", ()), words.normaliser("en"))
    assert "no voice was found" in wordtables.example(unheard, 80)
    looped = words.compare(row("hello"), said("", "loop"), words.normaliser("en"))
    assert "dropped: a loop" in wordtables.example(looped, 80)


def test_every_reason_of_the_gates_has_a_name() -> None:
    for name in decoding.Dropped.__args__:
        assert wordtables.DROPPED[name]


# ---- decoded ---------------------------------------------------------------------------


class Echo:
    """An engine that says how long a clip is, in tenths of a second."""

    name = "echo"
    model = "echo"

    def transcribe(
        self, clips: Sequence[F32], *, language: str | None, word_times: bool
    ) -> list[Decoded]:
        return [Decoded(str(round(clip.size / RATE_HZ * 10))) for clip in clips]


def test_the_clock_counts_what_was_decoded() -> None:
    engine = Timed(Echo())
    before = engine.cost
    engine.transcribe([np.zeros(RATE_HZ, np.float32)] * 3, language="en", word_times=False)
    cost = engine.cost - before
    assert (cost.clips, cost.audio_s) == (3, 3.0)
    assert cost.wall_s > 0
    assert (engine.name, engine.model) == ("echo", "echo")


async def test_each_row_is_a_clip_and_a_long_one_several(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", 36.0)
    lines = ["a.wav,,1,3,x", "a.wav,,,,y", "a.wav,,0,30,z", "a.wav,,0,0.5,w"]
    rows = wordlist.load([listed(tmp_path / "x.csv", *lines)])
    seen: list[float] = []
    way = decoding.Way(Settings(), clips=True)
    ((found, cost),) = await decoding.decode(way, [rows], seen.append, lambda _: Echo())
    assert [each.text for each in found] == ["20", "120 120 120", "300", "5"]
    assert (cost.clips, round(cost.audio_s, 3)) == (6, 68.5)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(68.5)


async def test_the_clips_of_a_long_row_stay_in_order(tmp_path: Path) -> None:
    """Whichever of them is decoded first: the longest is the first of the row."""
    samples = 36 * RATE_HZ + 1
    soundfile.write(tmp_path / "a.wav", np.linspace(0.1, 0.9, samples), RATE_HZ)
    rows = wordlist.load([listed(tmp_path / "x.csv", "a.wav,,,,x")])
    (only,), _ = await decoded(rows, Loudness(), clips=True)
    assert len(only.clips) == 4
    assert only.text.split() == sorted(only.text.split())


class Loudness(Echo):
    def transcribe(
        self, clips: Sequence[F32], *, language: str | None, word_times: bool
    ) -> list[Decoded]:
        return [Decoded(f"{float(np.mean(clip)):.3f}") for clip in clips]


class Failing(Echo):
    def transcribe(
        self, clips: Sequence[F32], *, language: str | None, word_times: bool
    ) -> list[Decoded]:
        raise EngineError("out of memory")


async def decoded(rows: Sequence[Row], engine: Echo, **way: Any) -> tuple[list[Said], Cost]:
    (only,) = await decoding.decode(
        decoding.Way(Settings(), **way), [rows], make_engine=lambda _: engine
    )
    return only


async def test_two_channels_are_one_call_and_each_row_gets_its_own_party(tmp_path: Path) -> None:
    both = [f"{CALM},0,0,13,agent", f"{CALM},1,0,13,customer"]
    rows = wordlist.load([listed(tmp_path / "x.csv", *both)])
    (agent, customer), cost = await decoded(rows, Echo())
    alone = [await decoded([row], Echo()) for row in rows]
    assert agent.text != customer.text
    assert min(len(agent.clips), len(customer.clips)) >= 1
    assert [said for (said,), _ in alone] == [agent, customer]
    assert cost.clips == len(agent.clips) + len(customer.clips)
    assert [cost.clips for _, cost in alone] == [len(agent.clips), len(customer.clips)], (
        "whom nobody scores is not decoded"
    )


async def test_how_many_are_heard_at_once_changes_nothing(tmp_path: Path) -> None:
    lines = [f"{CALM},0,{t0},{t0 + 4},x" for t0 in (0, 8, 12, 16)]
    rows = wordlist.load([listed(tmp_path / "x.csv", *lines)])
    one, _ = await decoded(rows, Echo(), at_once=1)
    four, _ = await decoded(rows, Echo(), at_once=4)
    assert one == four
    assert any(said.text for said in one)


@pytest.mark.parametrize("clips", [False, True])
async def test_a_failing_engine_ends_the_score(tmp_path: Path, clips: bool) -> None:
    rows = wordlist.load([listed(tmp_path / "x.csv", f"{CALM},0,0,6,x")])
    with pytest.raises((ScoreError, EngineError), match="out of memory"):
        await decoded(rows, Failing(), clips=clips)


@pytest.mark.weights
def test_a_sample_is_heard_as_a_call(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tone(home / "ringing.wav", 4.0)
    path = listed(
        home / "x.csv",
        f'{CALM},0,0.3,6.0,"{GREETING}",calm',
        f"{CALM},1,0.3,6.0,,calm",
        "ringing.wav,,,,,tones",
        columns="path,channel,t0,t1,text,source",
    )
    out = home / "out.json"
    bars = ("--at-most", "wer=0.2", "--at-most", "hallucinated=0")
    ran = run(capsys, "score", "words", path, "--by", "source", "--json", out, "--show", 3, *bars)
    assert (ran.status, ran.err) == (0, "")
    assert "WER" in ran.out
    assert "words/h" in ran.out
    read = json.loads(out.read_text())
    overall = read["overall"]
    assert (overall["rows"], overall["words"], overall["unheard"]) == (1, 16, 0)
    assert overall["wer"] <= 0.2
    assert overall["cost"]["clips"] == overall["clips"] >= 1
    assert overall["cost"]["cpu_s_per_s"] > 0
    assert overall["nonspeech"]["rows"] == 2, "the customer is silent while the agent greets"
    assert overall["nonspeech"]["words"] == 0
    assert list(read["groups"]) == ["calm", "tones"]
    assert read["rows"][0]["found"]
    assert read["rows"][0]["row"] == "x.csv, line 2"
    assert [each["source"] for each in read["rows"]] == ["calm", "calm", "tones"]
    assert (read["model"], read["clips"], read["line"]) == ("tiny.en", False, None)


@pytest.mark.weights
def test_decoded_as_it_stands_the_detector_has_no_say(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tone(home / "ringing.wav", 4.0)
    rows = (f'{CALM},0,0.3,6.0,"{GREETING}"', "ringing.wav,,,,")
    path = listed(home / "x.csv", *rows)
    out = home / "out.json"
    ran = run(capsys, "score", "words", path, "--clips", "--json", out, "--at-most", "wer=-1")
    assert ran.status == 1
    assert "monitor: wer is" in ran.err
    overall = json.loads(out.read_text())["overall"]
    assert overall["wer"] <= 0.2
    assert (overall["nonspeech"]["clips"], overall["nonspeech"]["decoded_s"]) == (1, 4.0)
    assert overall["nonspeech"]["words"] == 0


@pytest.mark.weights
def test_a_line_makes_it_worse(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = listed(home / "x.csv", f'{CALM},0,0.3,6.0,"{GREETING}"')
    out = home / "out.json"
    ran = run(capsys, "score", "words", path, "--clips", "--line", "white:-15", "--json", out)
    assert (ran.status, ran.err) == (0, "")
    read = json.loads(out.read_text())
    assert read["line"] == "white:-15"
    assert read["overall"]["wer"] > 0.5


# ---- what is refused -------------------------------------------------------------------


def test_what_cannot_be_scored_is_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tone(home / "a.wav")
    path = listed(home / "x.csv", "a.wav,,,,Hello")
    command = ("score", "words", path)
    ran = run(capsys, "score", "words", home / "none.csv")
    assert "none.csv cannot be read" in ran.complaint()
    assert "no column 'who'" in run(capsys, *command, "--by", "who").complaint()
    assert "no line 'fog'" in run(capsys, *command, "--line", "fog").complaint()
    assert "named twice" in run(capsys, *command, "--json", path).complaint()
    assert "FIGURE=VALUE" in run(capsys, *command, "--at-most", "wer").complaint()
    refused = run(capsys, *command, "--model", "no-such-weights").complaint()
    assert "no-such-weights" in refused


@pytest.mark.parametrize(
    "figures", [words.WordsFigures, words.CostFigures, nonspeech.NonspeechFigures]
)
def test_every_figure_is_described(figures: Any) -> None:
    page = (ROOT / "docs" / "references.md").read_text(encoding="utf-8")
    described = page.partition("## Lists of what was said")[2].partition("\n## ")[0]
    assert [f.name for f in fields(figures) if f"`{f.name}`" not in described] == []


def test_the_json_can_be_made_a_list_again(home: Path) -> None:
    """Rows hold their cells under the names of the columns, so none of ours may hide one."""
    ours = {"row", "found", "reference", "normalised", "clips"}
    assert not ours & {*wordlist.NEEDED, *wordlist.OPTIONAL}


def test_a_written_list_is_read_back(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav")
    texts = ['He said "no", twice.', "Two\nlines", ""]
    with (tmp_path / "x.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "text"), *(("a.wav", text) for text in texts)])
    assert [each.text for each in wordlist.load([tmp_path / "x.csv"])] == texts
