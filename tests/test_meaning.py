"""What sentences mean: heard in other words than those of the phrases, and the same each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.config import AsrSettings
from monitor.cues import CueSpotter
from monitor.encoder import Encoder
from monitor.events import PARTIES, Party, Transcript
from monitor.meaning import POSSIBLE, Meaning, grams
from monitor.resources import resource
from monitor.runtime import phrases_of
from monitor.weights import ENCODER_MISSING, WeightsError, find_encoder

LEARNED = resource("models") / "meaning" / "en.json"
PHRASES = phrases_of("en")

IN_OTHER_WORDS: list[tuple[Party, str, str]] = [
    ("customer", "escalation_request", "Fetch me whoever runs this department."),
    ("customer", "legal_threat", "The next letter about this will come from my barrister."),
    ("customer", "wait_effort", "I sat through forty minutes of that awful music."),
    ("customer", "thanks_relief", "You have made my week, honestly."),
    ("agent", "acknowledgement", "What a rotten start to your holiday that must have been."),
    ("agent", "owned", "From now on this one is mine to sort out."),
    ("agent", "time_given", "The engineer is with you by noon tomorrow."),
    ("agent", "alternative", "What would be possible instead is a replacement next week."),
]
"""Written for this test: none is among the sentences that it was learned from."""
NEAR_MISSES: list[tuple[Party, str, str]] = [
    ("customer", "escalation_request", "The supervisor at the school signed for it."),
    ("customer", "churn_threat", "I switched the phone off and on again."),
    ("customer", "legal_threat", "The tennis court is opposite our house."),
    ("customer", "complaint_threat", "I read the reviews before I bought it."),
    ("customer", "repetition", "I take it three times a day with meals."),
    ("customer", "wait_effort", "I am happy to wait, take all the time you need."),
    ("customer", "thanks_relief", "A parcel with that weight should cost less."),
    ("agent", "acknowledgement", "Your holiday starts on the third of March."),
    ("agent", "owned", "Please leave the parcel with your neighbour."),
    ("agent", "apology", "Could you spell your surname for me?"),
]
"""Of the words, or the topic, and of something else."""


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    found = find_encoder(AsrSettings())
    if found is None:
        pytest.skip(ENCODER_MISSING)
    return Encoder(found.folder)


@pytest.fixture(scope="module")
def meaning(encoder: Encoder) -> Meaning:
    return Meaning.load(LEARNED, encoder)


def heard(meaning: Meaning, party: Party, text: str) -> set[str]:
    return {one.family for one in meaning.read(text, party) if one.log_odds >= 0}


def by_phrase(party: Party, text: str) -> set[str]:
    tr = Transcript(utterance=1, party=party, t0=0, t1=3, text=text)
    return {cue.family for cue in CueSpotter(PHRASES).transcript(tr, 4.0)}


# ---- what is heard -----------------------------------------------------------------------


def test_families_are_heard_in_words_of_no_phrase(meaning: Meaning) -> None:
    more = [
        text
        for party, family, text in IN_OTHER_WORDS
        if family in heard(meaning, party, text) and family not in by_phrase(party, text)
    ]
    assert len(more) >= 6, more


def test_families_are_not_heard_in_what_only_sounds_like_them(meaning: Meaning) -> None:
    wrong = [text for party, family, text in NEAR_MISSES if family in heard(meaning, party, text)]
    assert len(wrong) <= 1, wrong


def test_small_talk_is_of_no_family_that_weighs_in_the_mood(meaning: Meaning) -> None:
    weighs = {family.name for family in PHRASES.families if family.weight > 0}
    for text in (
        "My number is oh seven nine, double four.",
        "It is the blue one, on the left.",
        "We live on Harbour Street, opposite the school.",
        "Yes, that is right.",
        "Let me get a pen.",
    ):
        assert heard(meaning, "customer", text) & weighs == set(), text


def test_each_family_is_of_one_party(meaning: Meaning) -> None:
    text = "Fetch me whoever runs this department."
    assert "escalation_request" in heard(meaning, "customer", text)
    assert "escalation_request" not in meaning.by_party["agent"].names


@pytest.mark.parametrize("party", PARTIES)
def test_what_was_learned_is_what_the_phrase_files_ask_for(meaning: Meaning, party: Party) -> None:
    """A family of one and not of the other would be heard by nothing, or for nothing."""
    asked = sorted(family.name for family in PHRASES.of(party) if family.by_meaning)
    assert sorted(meaning.by_party[party].names) == asked
    assert len(asked) > 20


def test_it_is_learned_for_the_language_of_its_file(meaning: Meaning) -> None:
    assert meaning.language == LEARNED.stem == PHRASES.language


# ---- sentence by sentence ----------------------------------------------------------------


def test_each_sentence_stands_for_itself(meaning: Meaning) -> None:
    """And gets the same number, to the last digit, wherever in the text it stands."""
    angry, calm = "Fetch me whoever runs this department.", "It rained here all day."
    alone = {one.family: one.log_odds for one in meaning.read(angry, "customer")}
    assert "escalation_request" in alone
    for text, at in ((f"{angry} {calm}", 0), (f"{calm} Um. {calm} {angry}", 3)):
        told = meaning.read(text, "customer")
        assert {one.family: one.log_odds for one in told if one.sentence == at} == alone
        assert max(one.sentence for one in told) <= 3


def test_a_family_may_be_told_of_several_sentences(meaning: Meaning) -> None:
    text = "Fetch me whoever runs this department. Get me your boss."
    told = [one.sentence for one in meaning.read(text, "customer") if one.log_odds >= 0]
    assert {0, 1} <= set(told)


@pytest.mark.parametrize("text", ["", "   ", "...", "?! -"])
def test_nothing_said_means_nothing(meaning: Meaning, text: str) -> None:
    assert meaning.read(text, "customer") == []


def test_fillers_alone_mean_nothing_that_counts(meaning: Meaning) -> None:
    for text in ("Um.", "Uh, um.", "Er. Hmm."):
        assert heard(meaning, "customer", text) == set(), text


def test_what_is_hardly_possible_is_not_told(meaning: Meaning) -> None:
    told = [one for _, _, text in NEAR_MISSES for one in meaning.read(text, "customer")]
    assert told
    assert all(one.log_odds >= POSSIBLE for one in told)
    assert any(one.log_odds < 0 for one in told), "phrases need to know what is possible"


# ---- the same each time ------------------------------------------------------------------

PRINT = """
from pathlib import Path
from monitor.config import AsrSettings
from monitor.encoder import Encoder
from monitor.meaning import Meaning
from monitor.weights import find_encoder
from tests.test_meaning import LEARNED, exact
print(exact(Meaning.load(LEARNED, Encoder(find_encoder(AsrSettings()).folder))))
"""


def exact(meaning: Meaning) -> str:
    """Every bit of the log-odds of every family, rounding not yet done."""
    rows = []
    for party, _, text in IN_OTHER_WORDS + NEAR_MISSES:
        vector = meaning._encoder.encode([text])[0]
        rows.append(meaning.by_party[party].log_odds(text, vector).tobytes().hex())
    return " ".join(rows)


def test_the_same_to_the_bit_in_another_process_that_hashes_otherwise(meaning: Meaning) -> None:
    """Sums of floats depend on their order, and sets of strings are ordered by their hashes."""
    expected = exact(meaning)
    assert exact(meaning) == expected
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", PRINT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.strip() == expected


# ---- the arithmetic ----------------------------------------------------------------------


class Flat:
    """An encoder whose vectors are known."""

    width = 2

    def encode(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[0.6, 0.8]] * len(sentences), np.float32)


def party_of(**more: Any) -> dict[str, Any]:
    return {
        "families": ["one", "other"],
        "bias": [-1.0, -3.0],
        "vectors": [[1.0, 0.5], [0.0, 2.0]],
        "grams": {"you": {"one": 2.0}, "not": {"other": 1.5}, "< you": {"one": 1, "other": -1}},
        **more,
    }


def written(folder: Path, **more: Any) -> Path:
    path = folder / "xx.json"
    data = {"language": "xx", "agent": party_of(), "customer": party_of(), **more}
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def flat(folder: Path) -> Meaning:
    return Meaning.load(written(folder), Flat())  # type: ignore[arg-type]


def test_log_odds_are_bias_and_vector_and_the_shares_of_the_words(tmp_path: Path) -> None:
    meaning = flat(tmp_path)
    there = grams("You did not")
    assert len(there) == 13, there
    share = 13**-0.5
    expected = [-1 + 0.6 + 0.4 + 3 * share, -3 + 1.6 + 0.5 * share]
    vector = np.array([0.6, 0.8], np.float32)
    got = meaning.by_party["agent"].log_odds("You did not", vector)
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    told = meaning.read("You did not.", "agent")
    assert [(one.family, one.sentence, one.log_odds) for one in told] == [
        ("one", 0, round(expected[0], 2)),
        ("other", 0, round(expected[1], 2)),
    ]


def test_grams_are_words_as_phrases_see_them() -> None:
    assert grams("You didn't!") == grams("um, you did not") == {
        *("you", "did", "not"),
        *("< you", "you did", "did not", "not >"),
        *("< you did", "you did not", "did not >", "< _ did", "you _ not", "did _ >"),
    }  # fmt: skip
    assert grams("") == {"< >"}


# ---- files that cannot be used -----------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text("{"),
        lambda path: path.write_text("[]"),
        lambda path: path.write_bytes(b"\xff"),
        lambda path: written(path.parent, agent=party_of(families=["one"])),
        lambda path: written(path.parent, agent=party_of(bias=[0.0])),
        lambda path: written(path.parent, agent=party_of(vectors=[[1.0], [2.0]])),
        lambda path: written(path.parent, agent=party_of(vectors=[[1.0, 2.0], [2.0]])),
        lambda path: written(path.parent, agent=party_of(bias=["a", "b"])),
        lambda path: written(path.parent, agent=party_of(grams={"you": {"third": 1.0}})),
        lambda path: written(path.parent, customer=None),
        lambda path: written(path.parent, customer={}),
        lambda path: written(path.parent, customer=party_of(grams=None)),
        lambda path: written(path.parent, customer=party_of(grams={"you": 1.0})),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, change: Callable[[Path], object]) -> None:
    path = written(tmp_path)
    change(path)
    with pytest.raises(WeightsError, match=r"xx\.json cannot be used: .*reinstall"):
        Meaning.load(path, Flat())  # type: ignore[arg-type]


def test_vectors_of_another_encoder_are_refused(tmp_path: Path, encoder: Encoder) -> None:
    with pytest.raises(WeightsError, match=r"\(2, 2\) of 2 families, 384 numbers each"):
        Meaning.load(written(tmp_path), encoder)
