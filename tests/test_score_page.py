"""The page of a score: what went wrong, to be seen and heard, in one file."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import soundfile

from monitor.events import AlertCleared, AlertRaised, Evidence, NudgeOpened, Overlap, Party, Words
from monitor.score import page
from monitor.score.annotated import AnnotatedCall
from monitor.score.exhibits import AROUND_S, COLUMNS, Exhibits
from monitor.score.listening import Listened, ToldOverlap
from monitor.score.moments import moments
from monitor.score.reference import Reference
from monitor.score.scoring import ScoredCall, compare
from monitor.score.spans import Stretch
from monitor.score.tables import Grid

RATE_HZ = 8000
CALL_S = 120.0


def annotated(name: str = "x", **parts: object) -> AnnotatedCall:
    reference = Reference.model_validate({"turns": [], "nudges": [], "frustration": []} | parts)
    return AnnotatedCall(name, Path(f"{name}.ref.json"), reference, (), CALL_S, separated=True)


def heard(
    overlaps: list[ToldOverlap] | None = None,
    alerts: list[AlertRaised | AlertCleared] | None = None,
    nudges: list[NudgeOpened] | None = None,
    words: list[Words] | None = None,
) -> Listened:
    speech: dict[Party, list[Stretch]] = {"agent": [Stretch(1, 5)], "customer": [Stretch(6, 30)]}
    return Listened(
        duration_s=CALL_S,
        separated=True,
        overlaps=overlaps or [],
        turns=[],
        speech=speech,
        alerts=alerts or [],
        moods=[],
        nudges=nudges or [],
        needs=[],
        words=words or [],
        troubles=[],
    )


def told(t0: float, t1: float, *reasons: str) -> ToldOverlap:
    return ToldOverlap(
        (
            Overlap(
                t=t0 + 0.7, id=f"o{t0}", kind="talk_over", by="agent", t0=t0, t1=t1, score=2.0,
                reasons=list(reasons),
            ),
        )
    )  # fmt: skip


FALSE = told(40, 42, "agent kept on for 1.0 s over the customer")
OVERLAPS = [{"kind": "talk_over", "by": "agent", "t0": 20, "t1": 22}]


def noise(seconds: float = CALL_S) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.normal(0, 0.05, (2, round(seconds * RATE_HZ))).astype(np.float32)


# ---- moments -------------------------------------------------------------------------


def test_each_miss_and_false_alarm_is_a_moment_with_what_was_said() -> None:
    scored = compare(annotated(overlaps=OVERLAPS), heard([FALSE]))
    missed, false = moments(scored)
    assert (missed.outcome, missed.t0, missed.said) == ("missed", 20, [])
    assert missed.title == "talk-over by the agent, not heard"
    assert (false.outcome, false.t0, false.t1) == ("false", 40, 42)
    assert false.said == ["40.70 s: talk-over, 2 points: agent kept on for 1.0 s over the customer"]


def test_a_mistake_is_as_grave_as_the_graver_of_both() -> None:
    overlaps = [{"kind": "backchannel", "by": "agent", "t0": 40, "t1": 40.6}]
    (moment,) = moments(compare(annotated(overlaps=overlaps), heard([FALSE])))
    assert (moment.what, moment.outcome) == ("talk_over", "mistaken")
    assert moment.title == "backchannel by the agent, called talk-over by the agent"
    assert (moment.t0, moment.t1) == (40, 42)


def test_alerts_and_nudges() -> None:
    reasons = [Evidence(kind="words", t=70, text="They said “manager”")]
    alert = AlertRaised(t=71, id="a", kind="rising", score=4, reasons=reasons)
    nudge = NudgeOpened(
        t=80, id="n", nudge="slow_down", title="Slow down", text="", why="You speak fast",
        evidence=[], ttl_s=10,
    )  # fmt: skip
    call = annotated(nudges=[{"nudge": "let_them_vent", "after": 75, "before": 85}])
    found = moments(compare(call, heard(alerts=[alert], nudges=[nudge])))
    assert [(m.what, m.outcome, m.t0) for m in found] == [
        ("alert", "false", 71),
        ("nudge", "missed", 75),
        ("nudge", "false", 80),
    ]
    assert found[0].said == ["71.0 s: alert (rising): They said “manager” (70.0 s)"]
    assert found[1].said == ["80.0 s: Slow down: You speak fast"], "what opened instead"
    untold = compare(annotated(frustration=[{"t0": 10, "t1": 20}]), heard())
    assert [m.title for m in moments(untold)] == ["frustration, no alert within 60 s"]


def test_without_what_was_understood_there_are_overlaps_only() -> None:
    call = annotated(frustration=[{"t0": 10, "t1": 20}], overlaps=OVERLAPS)
    assert [m.what for m in moments(compare(call, heard(), understood=False))] == ["talk_over"]


# ---- exhibits ------------------------------------------------------------------------


def test_a_clip_is_what_was_heard_there() -> None:
    pcm = noise()
    exhibits = Exhibits(10_000_000)
    exhibits.add(0, compare(annotated(overlaps=[]), heard([FALSE])), pcm)
    (exhibit,) = exhibits.of_call(0)
    assert exhibit.window == (40 - AROUND_S, 42 + AROUND_S)
    clip, rate = soundfile.read(io.BytesIO(exhibit.flac), dtype="float32")
    assert rate == RATE_HZ
    cut = pcm[:, 37 * RATE_HZ : 45 * RATE_HZ]
    np.testing.assert_allclose(clip.T, cut, atol=1 / 32768)
    assert exhibit.levels.shape == (2, COLUMNS)
    assert 0.5 < exhibit.levels.mean() < 0.9, "noise at -26 dBFS"


def test_a_moment_at_the_very_end_has_a_window() -> None:
    exhibits = Exhibits(10_000_000)
    exhibits.add(0, compare(annotated(overlaps=[]), heard([told(119.5, 120.01)])), noise())
    (exhibit,) = exhibits.of_call(0)
    assert exhibit.window == (116.5, 120.0)


def test_the_gravest_keep_their_sound_in_whatever_order_calls_come() -> None:
    grave = compare(annotated(overlaps=OVERLAPS), heard())
    terminal = [{"kind": "terminal", "by": "agent", "t0": 20, "t1": 22}]
    slight = compare(annotated(overlaps=terminal), heard())
    kept = []
    for order in ((0, grave), (1, slight), (2, grave)), ((2, grave), (1, slight), (0, grave)):
        exhibits = Exhibits(300_000)
        for number, scored in order:
            exhibits.add(number, scored, noise())
        assert exhibits.count == 3
        assert exhibits.without_clip == 2
        kept.append([bool(exhibits.of_call(number)[0].flac) for number in range(3)])
    assert kept == [[True, False, False]] * 2


# ---- the page ------------------------------------------------------------------------


class Reader(HTMLParser):
    """Collects tags and complains of those that do not close."""

    VOID = frozenset({"meta", "input", "br", "line", "rect", "path"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def made(
    calls: list[tuple[AnnotatedCall, ScoredCall]], most_bytes: int = 10_000_000
) -> tuple[str, Reader]:
    exhibits = Exhibits(most_bytes)
    for number, (_, scored) in enumerate(calls):
        exhibits.add(number, scored, noise())
    grid = Grid("Overlaps", ("", "F1\nagent"), [("talk-over", "0.50")])
    text = page.html(page.Heading("A score", ["line: <clean>"]), [grid, "50%"], calls, exhibits)
    reader = Reader()
    reader.feed(text)
    assert not reader.open
    return text, reader


def two_calls() -> list[tuple[AnnotatedCall, ScoredCall]]:
    spoken = Words(
        utterance=1, party="customer", t0=38, t1=41, text="<b>cancel</b> it & now", words=[]
    )
    first = annotated("first", overlaps=OVERLAPS, title="<Late> & loud")
    second = annotated("second", overlaps=[])
    return [
        (first, compare(first, heard())),
        (second, compare(second, heard([FALSE], words=[spoken]))),
    ]


def test_every_moment_is_there_with_picture_sound_and_reasons() -> None:
    text, reader = made(two_calls())
    articles = reader.all("article")
    assert [article["id"] for article in articles] == ["c0m0", "c1m0"]
    links = [link["href"] for link in reader.all("a")]
    assert links == ["#c0", "#c1", "#c0m0", "#c1m0"], "calls, then what went wrong in them"
    assert {f"#{section['id']}" for section in reader.all("section") if "id" in section} == {
        "#c0",
        "#c1",
    }
    assert "<td>0 of 1</td>" in text
    assert "<td>0 of 0, 1 false</td>" in text
    assert len(reader.all("svg")) == 4, "a line for each call and a picture for each moment"
    clips = [audio["src"] or "" for audio in reader.all("audio")]
    assert len(clips) == 2
    for clip in clips:
        data = base64.b64decode(clip.removeprefix("data:audio/flac;base64,"))
        assert soundfile.info(io.BytesIO(data)).channels == 2
    assert "agent kept on for 1.0 s over the customer" in text
    assert "F1<br>agent" in text


def test_it_needs_no_network_and_believes_no_text() -> None:
    text, reader = made(two_calls())
    for _, attributes in reader.tags:
        for name in ("src", "href", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:")), value
    assert not re.search(r"url\(|@import|https?://", text)
    assert "&lt;b&gt;cancel&lt;/b&gt; it &amp; now" in text
    assert "&lt;Late&gt; &amp; loud" in text
    assert "<b>cancel" not in text


def test_what_had_no_room_is_said() -> None:
    text, reader = made(two_calls(), most_bytes=0)
    assert not reader.all("audio")
    assert "2 of 2 have no sound here" in text
    assert "No room for its sound" in text


def test_a_perfect_score_says_so() -> None:
    call = annotated(overlaps=OVERLAPS)
    _, reader = made([(call, compare(call, heard([told(20, 22)])))])
    assert not reader.all("article")
    text, _ = made([(call, compare(call, heard([told(20, 22)])))])
    assert "Nothing was missed" in text


def test_rows_without_audio_of_a_party_are_drawn() -> None:
    call = annotated(overlaps=None)
    scored = compare(call, replace(heard(), separated=False))
    _, reader = made([(call, scored)])
    assert len(reader.all("svg")) == 1
