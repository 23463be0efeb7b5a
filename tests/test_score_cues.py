"""monitor score cues: sentences heard as a call hears them, counted, and bars on the held list."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor import runtime
from monitor.events import Party
from monitor.meaning import Families, Meaning
from monitor.phrases import Phrases
from monitor.reader import Reader
from monitor.score import ScoreError, cuelist, cues
from monitor.score.cuelist import Sentence
from monitor.score.cues import CueFigures, ScoredSentence
from monitor.wording import normalise
from tests.commands import ROOT, as_person, run

HELD = ROOT / "samples" / "sentences" / "held.csv"
LEARNED = ROOT / "models" / "meaning" / "en.csv"
PAGE = (ROOT / "docs" / "references.md").read_text(encoding="utf-8")
SLACK = 0.05
"""What a change may cost before a build fails; an interval of all cues is half as wide."""

PHRASES = Phrases.parse(
    """
language = "en"
[family.leaving]
party = "customer"
phrases = ["cancel it"]
by_meaning = true
[family.waiting]
party = "customer"
phrases = ["so long"]
by_meaning = true
[family.greeting]
party = "agent"
phrases = ["good morning"]
"""
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with as_person(tmp_path, MONITOR_ASR__OFFLINE="true"):
        yield tmp_path


def listed(path: Path, *rows: str, columns: str = "party,families,text") -> Path:
    path.write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    return path


def sentence(party: Party, families: str, text: str = "x") -> Sentence:
    return Sentence(party, frozenset(families.split()), text)


def scored(party: Party, there: str, heard: str, by_phrases: str = "") -> ScoredSentence:
    by = dict.fromkeys(heard.split(), "meaning")
    return ScoredSentence(sentence(party, there), by, frozenset(by_phrases.split()))  # type: ignore[arg-type]


class Flat:
    """An encoder to which all sentences mean the same: what is told comes from the words."""

    width = 1

    def encode(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        return np.zeros((len(sentences), 1), np.float32)


def reader(**grams: float) -> Reader:
    """Meaning of customers, told by single words: ``leave=9`` for a leaving, all else never."""
    names = ("leaving", "waiting")
    known = {word: (np.array([0]), np.array([value], np.float32)) for word, value in grams.items()}
    customers = Families(names, np.array([-3, -3], np.float32), np.zeros((1, 2), np.float32), known)
    nobody = Families((), np.zeros(0, np.float32), np.zeros((1, 0), np.float32), {})
    return Reader(Meaning(Flat(), "en", {"customer": customers, "agent": nobody}))  # type: ignore[arg-type]


# ---- heard as a call hears them ----------------------------------------------------------


async def test_phrases_alone_and_with_meaning() -> None:
    rows = [
        sentence("customer", "leaving", "I want to leave"),
        sentence("customer", "leaving", "Please cancel it, I leave"),
        sentence("customer", "", "So long!"),
        sentence("agent", "greeting", "Good morning"),
    ]
    told = reader(leave=50)
    heard = await cues.hear(rows, PHRASES, told)
    told.close()
    assert [dict(each.heard) for each in heard] == [
        {"leaving": "meaning"},
        {"leaving": "phrase"},
        {},
        {"greeting": "phrase"},
    ], "a phrase in a sentence that cannot mean it is not heard; who has no meaning keeps phrases"
    assert [set(each.by_phrases) for each in heard] == [
        set(),
        {"leaving"},
        {"waiting"},
        {"greeting"},
    ]
    alone = await cues.hear(rows, PHRASES, None)
    assert [set(each.heard) for each in alone] == [set(each.by_phrases) for each in heard]


async def test_each_sentence_is_a_call_of_its_own() -> None:
    """Neither "once in so long" nor what was said before counts."""
    said = sentence("customer", "", "My landlord wanted the invoice about the broken boiler today")
    heard = await cues.hear([said, said], runtime.phrases_of("en"), None)
    assert heard[0] == heard[1]
    assert "repetition" not in heard[1].heard


async def test_an_encoder_that_fails_ends_the_score() -> None:
    class Broken(Flat):
        def encode(self, sentences: Sequence[str]) -> NDArray[np.float32]:
            raise RuntimeError("out of memory")

    told = reader()
    told._meaning._encoder = Broken()  # type: ignore[assignment]
    with pytest.raises(ScoreError, match="what sentences mean could not be told"):
        await cues.hear([sentence("customer", "", "Hello")], PHRASES, told)
    told.close()


# ---- figures -----------------------------------------------------------------------------

FEW = [
    scored("customer", "leaving", "leaving", "leaving"),
    scored("customer", "leaving waiting", "leaving"),
    scored("customer", "waiting", "leaving"),
    scored("customer", "", "", "waiting"),
    scored("agent", "", "greeting", "greeting"),
]


def test_cues_are_counted_over_all_families() -> None:
    found = cues.figures(FEW, PHRASES)
    assert (found.sentences, found.there, found.heard, found.right) == (5, 4, 3, 2)
    assert (found.precision, found.recall) == (pytest.approx(2 / 3, abs=1e-4), 0.5)
    assert found.f1 == pytest.approx(4 / 7, abs=1e-4)
    assert found.false_per_1000 == 200
    alone = found.phrases
    assert (alone.there, alone.heard, alone.right, alone.recall) == (4, 2, 1, 0.25)


def test_by_party_and_by_family() -> None:
    found = cues.figures(FEW, PHRASES)
    leaving, waiting = found.families["leaving"], found.families["waiting"]
    assert (leaving.party, leaving.sentences, leaving.there, leaving.heard) == ("customer", 4, 2, 3)
    assert leaving.false_per_1000 == 250, "of the sentences of its party"
    assert (waiting.heard, waiting.precision, waiting.recall) == (0, None, 0.0)
    assert waiting.phrases.precision == 0
    customers, agents = found.parties["customer"], found.parties["agent"]
    assert (customers.sentences, customers.there, customers.right) == (4, 4, 2)
    assert (agents.sentences, agents.there, agents.f1) == (1, 0, None)


def test_families_that_no_sentence_is_of_are_left_out() -> None:
    found = cues.figures(FEW, PHRASES)
    assert list(found.families) == ["leaving", "waiting"]
    assert found.heard == 3, "the greeting is not counted, right or wrong"


def test_sentences_that_do_nothing_are_scored_on_every_family() -> None:
    found = cues.figures([scored("agent", "", "greeting"), scored("agent", "", "")], PHRASES)
    assert list(found.families) == ["greeting"]
    assert (found.heard, found.right, found.false_per_1000) == (1, 0, 500)
    assert list(found.parties) == ["agent"]


def test_the_interval_holds_the_figure_and_shrinks_with_sentences() -> None:
    few, many = cues.figures(FEW * 4, PHRASES), cues.figures(FEW * 64, PHRASES)
    for name in ("precision", "recall", "f1"):
        figure = getattr(few, name)
        widths = []
        for low, high in (few.intervals[name], many.intervals[name]):
            assert low < figure < high
            widths.append(high - low)
        assert widths[1] < widths[0] / 3
    assert cues.figures(FEW * 4, PHRASES) == few, "chance has a fixed seed"
    two = [each for each in FEW if each.sentence.families == {"leaving"}] * 2
    assert cues.figures(two, PHRASES).intervals == {}, "two sentences tell nothing of a third"


def test_one_interval_agrees_with_drawing_by_hand() -> None:
    rows = FEW * 10
    found = cues.figures(rows, PHRASES).intervals["recall"]
    there = np.array([len(each.sentence.families) for each in rows])
    right = np.array([len(each.sentence.families & each.heard.keys()) for each in rows])
    rng = np.random.default_rng(1)
    draws = rng.integers(len(rows), size=(4000, len(rows)))
    by_hand = np.quantile(right[draws].sum(axis=1) / there[draws].sum(axis=1), (0.025, 0.975))
    assert found == pytest.approx(by_hand, abs=0.015)


def test_the_worst_come_first_and_right_ones_not_at_all() -> None:
    found = cues.figures(FEW, PHRASES)
    assert cues.wrong(FEW, found) == [FEW[2], FEW[1]], "a greeting is no family of this list"


# ---- the command -------------------------------------------------------------------------


@pytest.mark.weights
@pytest.mark.filterwarnings("error")
def test_held_sentences_are_heard_as_well_as_the_docs_say(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By writers who saw neither phrases nor the sentences that were learned from."""
    told = documented()
    bars = [
        f"--at-least={place}{name}={figure - SLACK:.3f}"
        for place, (precision, recall) in told.items()
        for name, figure in (("precision", precision), ("recall", recall))
    ]
    assert len(bars) == 6
    path = home / "out.json"
    ran = run(capsys, "score", "cues", HELD, "--json", path, "--show", 3, *bars)
    assert (ran.status, ran.err) == (0, "")
    assert len(re.findall(r"^  heard: ", ran.out, flags=re.M)) == 3
    read = json.loads(path.read_text())
    overall = read["overall"]
    assert (read["score"], read["meaning"], read["language"]) == ("cues", True, "en")
    assert overall["sentences"] == len(read["sentences"]) > 2000
    assert overall["recall"] > overall["phrases"]["recall"] + 0.1, "what the encoder is for"
    assert overall["precision"] > overall["phrases"]["precision"] + 0.1
    assert overall["there"] == sum(each["there"] for each in overall["families"].values())
    by = {by for each in read["sentences"] for by in each["heard"].values()}
    assert by == {"phrase", "meaning"}


def test_no_held_sentence_was_learned_from() -> None:
    learned = {normalise(each.text) for each in cuelist.read(LEARNED)}
    assert len(learned) > 10000
    assert [each.text for each in cuelist.read(HELD) if normalise(each.text) in learned] == []


def documented() -> dict[str, tuple[float, float]]:
    """Precision and recall of the table of docs/references.md, as a call hears them."""
    rows = re.findall(r"^\| (all|agent|customer) \| (\.\d+) \| (\.\d+) \|", PAGE, flags=re.M)
    places = {"all": "", "agent": "parties.agent.", "customer": "parties.customer."}
    return {places[who]: (float(precision), float(recall)) for who, precision, recall in rows}


@pytest.mark.weights
def test_what_is_shown_and_what_is_kept(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = listed(
        home / "x.csv",
        "customer,escalation_request,Get me the person who runs the place,a",
        'customer,,"Lovely, that is all I needed",a',
        "customer,legal_threat,The weather is nice,a",
        "agent,greeting,Good morning,b",
        columns="party,families,text,who",
    )
    out = home / "out.json"
    ran = run(capsys, "score", "cues", path, "--show", 9, "--json", out, "--where", "who=a")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("3 sentences, 2 cues of 2 families in them\n")
    assert ran.out.endswith(
        "\ncustomer: The weather is nice\n  expected: legal_threat\n  heard:    nothing\n"
    )
    read = json.loads(out.read_text())
    assert read["where"] == ["who=a"]
    first = read["sentences"][0]
    assert first.pop("heard")["escalation_request"] == "meaning"
    assert first == {
        "party": "customer",
        "families": ["escalation_request"],
        "text": "Get me the person who runs the place",
        "by_phrases": [],
    }
    assert list(read["overall"]["families"]) == ["escalation_request", "legal_threat"]
    assert list(read["overall"]["parties"]) == ["customer"]


def gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "find_encoder", lambda settings: None)


def off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_ASR__MEANING", "false")


@pytest.mark.parametrize("without", [gone, off])
def test_where_no_meaning_is_told_phrases_are_scored(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    without: Callable[[pytest.MonkeyPatch], None],
) -> None:
    without(monkeypatch)
    path = listed(
        home / "x.csv",
        "customer,escalation_request,Let me speak to your manager",
        "customer,escalation_request,Get me the person who runs the place",
    )
    out = home / "out.json"
    ran = run(capsys, "score", "cues", path, "--json", out)
    assert (ran.status, ran.err) == (0, "")
    assert "No meaning is told here: a call hears phrases alone." in ran.out
    read = json.loads(out.read_text())
    assert read["meaning"] is False
    overall = read["overall"]
    assert overall["recall"] == overall["phrases"]["recall"] == 0.5
    assert ("pip install --no-deps" in caplog.text) is (without is gone)


def test_a_bar_that_is_not_cleared(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    off(monkeypatch)
    path = listed(home / "x.csv", "customer,escalation_request,Lovely weather", "customer,,Hello")
    family = "families.escalation_request.recall"
    ran = run(
        capsys, "score", "cues", path, "--at-least", f"{family}=0.5", "--at-least", "precision=0.5",
        "--at-most", "false_per_1000=0",
    )  # fmt: skip
    assert ran.status == 1
    assert [line.partition("monitor: ")[2] for line in ran.err.splitlines()] == [
        f"{family} is 0, at least 0.5 is asked",
        "precision cannot be told from these calls, at least 0.5 is asked",
    ]


@pytest.mark.parametrize(
    ("rows", "arguments", "said"),
    [
        (("boss,,Hello",), (), "x.csv, line 2: party is agent or customer, not 'boss'"),
        (("agent,,",), (), "x.csv, line 2: no text"),
        (
            ("agent,,Hello", "agent,escalation_request,Hello"),
            (),
            "line 3: no family 'escalation_request' of the agent; there is: acknowledgement, ",
        ),
        (("agent,,Hello, you",), (), "x.csv, line 2: more than the 3 fields"),
        (("agent,,Hello",), ("--where", "party=customer"), "no sentence in it that fits"),
        (("agent,,Hello",), ("--where", "half=tune"), "no column 'half'"),
        (("agent,,Hello",), ("--at-least", "recall"), "FIGURE=VALUE"),
        (("agent,,Hello",), ("--at-least", "wer=0.1"), "there is no figure 'wer'"),
        (("agent,,Hello",), ("--json", "x.csv"), "named twice"),
        ((), (), "no sentence in it that fits"),
    ],
)
def test_what_cannot_be_scored_is_one_line(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    rows: tuple[str, ...],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    off(monkeypatch)
    listed(home / "x.csv", *rows)
    assert said in run(capsys, "score", "cues", "x.csv", *arguments).complaint()


def test_a_list_that_is_not_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "none.csv cannot be read" in run(capsys, "score", "cues", "none.csv").complaint()


def test_a_language_without_phrases(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_ASR__LANGUAGE", "de")
    path = listed(home / "x.csv", "agent,,Guten Tag")
    said = run(capsys, "score", "cues", path).complaint()
    assert said == "there are no phrase families for asr.language = 'de'"


def test_every_figure_is_described() -> None:
    described = PAGE.partition("## Lists of sentences")[2].partition("\n## ")[0]
    names = [f.name for f in (*fields(CueFigures), *fields(cues.CuesFigures))]
    assert [name for name in names if f"`{name}`" not in described] == []
