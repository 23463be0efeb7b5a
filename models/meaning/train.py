"""Learn what sentences do, from sentences of ours, and say how well on some it never saw.

    python -m models.meaning.train [--calm DIR] [--folds 5]

``en.csv`` beside this file has a sentence a line: party, families (none for most), text. ``--calm``
adds what was said in PriMock57's consultations (Papadopoulos Korfiatis et al. 2022, CC BY 4.0,
TextGrids ``*_doctor`` and ``*_patient``): how people really talk, with all that they break off and
repeat. Nobody there was upset or was argued with, so of the families of ``NEVER``, and of
``AT_THE_END`` until then, each such sentence is an example of what is none; of others it says
nothing. For each party:

1. Each sentence becomes its vector (monitor.encoder) times ``VECTOR`` and its grams
   (monitor.meaning.grams) that at least ``SEEN`` sentences have, each ``GRAM``/√(all its grams).
2. One logistic regression with ridge for each family against all other sentences of the party; a
   sentence that is of the family weighs ``WEIGHT``. All at once, by accelerated gradient descent
   (Nesterov 1983).
3. ``HEARD`` is taken from the log-odds, so that a sentence is heard as of a family from 0 on.
4. Weights of grams below ``SMALLEST`` go: they are four fifths of all and change nothing.

``--folds`` first says how well the same does on each part of the sentences after learning from the
others. How well on others' sentences: ``monitor score cues``.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from rich.console import Console

from monitor.config import AsrSettings
from monitor.encoder import Encoder
from monitor.events import PARTIES
from monitor.meaning import grams
from monitor.score.cuelist import Sentence, read
from monitor.weights import ENCODER_MISSING, find_encoder
from monitor.wording import sentences as split

F32 = NDArray[np.float32]

HERE: Final = Path(__file__).parent
VECTOR: Final = 4.0
GRAM: Final = 5.0
SEEN: Final = 4
WEIGHT: Final = 2.0
RIDGE: Final = 3.0
HEARD: Final = 0.25
SMALLEST: Final = 0.4
ROUNDS: Final = 300
_SAID: Final = re.compile(r'xmin = ([\d.]+)\s+xmax = [\d.]+\s+text = "((?:[^"]|"")*)"')
_END_S: Final = re.compile(r"xmax = ([\d.]+)")
_TAG: Final = re.compile(r"<[^>]*>")


NEVER: Final = frozenset(
    (
        *("escalation_request", "churn_threat", "leaving", "legal_threat", "complaint_threat"),
        *("repetition", "frustration", "exasperation", "aimed_profanity", "insult", "not_heard"),
        *("wait_effort", "broken_promise", "protest", "still_again", "makes_up", "who_will"),
        *("gives_feedback", "fault_told", "against_them", "talks_down", "defensive", "blames"),
        *("refusal", "not_mine", "excuse", "vague_promise", "boundary", "handover", "hold_bare"),
        *("hold_coming", "resolved", "apology", "takes_up_other"),
    )
)
AT_THE_END: Final = frozenset(("closing", "rounds_off", "wraps_up", "thanks_relief", "gratitude"))
END: Final = 0.8
"""Share of a consultation after which it may come to its end."""
EVERY: Final = 2
"""Every second consultation is left for measuring."""


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence, and the families that it tells of: all, unless it is of calm talk."""

    sentence: Sentence
    tells_of: frozenset[str] | None = None


class Table:
    """Sentences as rows of numbers; the columns of grams are those of the first sentences."""

    def __init__(self, encoder: Encoder, sentences: Sequence[Sentence]) -> None:
        seen = Counter(gram for one in sentences for gram in grams(one.text))
        self.grams = sorted(gram for gram, times in seen.items() if times >= SEEN)
        self._column = {gram: k for k, gram in enumerate(self.grams)}
        self._encoder = encoder

    def rows(self, sentences: Sequence[Sentence]) -> Any:
        """Sparse float32 (sentences, width + grams + 1)."""
        vectors = self._encoder.encode([one.text for one in sentences]) * np.float32(VECTOR)
        words = sparse.lil_matrix((len(sentences), len(self.grams)), dtype=np.float32)
        for row, one in enumerate(sentences):
            there = grams(one.text)
            for gram in there & self._column.keys():
                words[row, self._column[gram]] = GRAM / np.sqrt(len(there))
        ones = np.ones((len(sentences), 1), np.float32)
        return sparse.hstack([sparse.csr_matrix(vectors), words.tocsr(), ones]).tocsr()


def truth(sentences: Sequence[Sentence], families: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each sentence is of each family, (sentences, families)."""
    return np.array([[family in one.families for family in families] for one in sentences], bool)


def told(examples: Sequence[Example], families: Sequence[str]) -> F32:
    """1 where an example tells of a family, 0 where not, (examples, families)."""
    rows = [
        [one.tells_of is None or family in one.tells_of for family in families] for one in examples
    ]
    return np.array(rows, np.float32)


def calm(folder: Path) -> list[Example]:
    """What was said in every second consultation, sentence by sentence."""
    examples: list[Example] = []
    names = sorted({path.stem.rpartition("_")[0] for path in folder.glob("*.TextGrid")})
    for name in names[::EVERY]:
        for who, party in (("doctor", PARTIES[0]), ("patient", PARTIES[1])):
            grid = (folder / f"{name}_{who}.TextGrid").read_text(encoding="utf-8")
            end_s = float(_END_S.findall(grid)[0])
            for from_s, text in _SAID.findall(grid):
                said = _TAG.sub("", text.replace('""', '"')).strip()
                early = float(from_s) < END * end_s
                tells_of = NEVER | AT_THE_END if early else NEVER
                examples += [
                    Example(Sentence(party, frozenset(), said[start:stop].strip()), tells_of)
                    for start, stop in split(said)
                ]
    return examples


def fit(rows: Any, there: NDArray[np.bool_], tells: F32) -> F32:
    """Weights (columns, families); the last column, of the bias, is free of the ridge."""
    weight = np.where(there, np.float32(WEIGHT), np.float32(1)) * tells
    across = rows.T.tocsr()
    ridge = np.full((rows.shape[1], 1), RIDGE, np.float32)
    ridge[-1] = 0
    slope = WEIGHT * _largest(rows, across) / 4 + RIDGE
    now = ahead = np.zeros((rows.shape[1], there.shape[1]), np.float32)
    pace = 1.0
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-(rows @ ahead)))
        then = ahead - (across @ (weight * (p - there)) + ridge * ahead) / np.float32(slope)
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead = then + np.float32((pace - 1) / faster) * (then - now)
        now, pace = then, faster
    now[-1] -= np.float32(HEARD)
    return now


def _largest(rows: Any, across: Any) -> float:
    """Largest eigenvalue of rows'·rows, by power iteration."""
    vector = np.ones(rows.shape[1], np.float32)
    size = 0.0
    for _ in range(50):
        vector = across @ (rows @ vector)
        size = float(np.linalg.norm(vector))
        vector /= np.float32(size)
    return size * 1.02  # a little short of it after so few rounds


def left_out(encoder: Encoder, examples: list[Example], folds: int, out: Console) -> None:
    """Recall and precision on sentences of ours that were left out, a line a party."""
    for party in PARTIES:
        here = [one for one in examples if one.sentence.party == party]
        ours = [one.sentence for one in here if one.tells_of is None]
        others_say = [one for one in here if one.tells_of is not None]
        families = sorted({family for one in ours for family in one.families})
        there, heard, right = 0, 0, 0
        for fold in range(folds):
            known = [one for k, one in enumerate(ours) if k % folds != fold]
            others = [one for k, one in enumerate(ours) if k % folds == fold]
            table, weights = learn(encoder, [*map(Example, known), *others_say], families)
            is_so, says_so = truth(others, families), table.rows(others) @ weights >= 0
            there += int(is_so.sum())
            heard += int(says_so.sum())
            right += int((is_so & says_so).sum())
        out.print(f"{party}: recall {right / there:.2f}, precision {right / max(heard, 1):.2f}")


def learn(
    encoder: Encoder, examples: Sequence[Example], families: Sequence[str]
) -> tuple[Table, F32]:
    """The table whose columns the weights are of, and the weights."""
    said = [one.sentence for one in examples]
    table = Table(encoder, said)
    return table, fit(table.rows(said), truth(said, families), told(examples, families))


def learned(encoder: Encoder, examples: list[Example]) -> dict[str, Any]:
    """Of one party, as monitor.meaning.Meaning.load reads it."""
    families = sorted({family for one in examples for family in one.sentence.families})
    table, weights = learn(encoder, examples, families)
    vectors = weights[: encoder.width] * VECTOR
    kept: dict[str, dict[str, float]] = {}
    for gram, row in zip(table.grams, weights[encoder.width : -1] * GRAM, strict=True):
        large = {families[k]: round(float(row[k]), 2) for k in np.flatnonzero(abs(row) >= SMALLEST)}
        if large:
            kept[gram] = large
    return {
        "families": families,
        "bias": [round(float(x), 2) for x in weights[-1]],
        "vectors": [[round(float(x), 2) for x in vectors[:, k]] for k in range(len(families))],
        "grams": dict(sorted(kept.items())),
    }


def text(data: dict[str, Any]) -> str:
    """JSON with a line for each family's vector and each gram, so that a change can be read."""

    def dump(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    parts = [f'"language": {dump(data["language"])}']
    for party in PARTIES:
        of = data[party]
        vectors = ",\n".join(map(dump, of["vectors"]))
        words = ",\n".join(f"{dump(gram)}:{dump(row)}" for gram, row in of["grams"].items())
        parts.append(
            f'"{party}": {{\n"families": {dump(of["families"])},\n"bias": {dump(of["bias"])},\n'
            f'"vectors": [\n{vectors}\n],\n"grams": {{\n{words}\n}}\n}}'
        )
    return "{\n" + ",\n".join(parts) + "\n}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sentences", type=Path, default=HERE / "en.csv")
    parser.add_argument("--out", type=Path, default=HERE / "en.json")
    parser.add_argument("--folds", type=int, default=0, help="first, how well on parts left out")
    parser.add_argument("--calm", type=Path, help="folder of PriMock57's TextGrids")
    given = parser.parse_args()
    out = Console()
    found = find_encoder(AsrSettings())
    if found is None:
        raise SystemExit(ENCODER_MISSING)
    encoder = Encoder(found.folder)
    examples = [*map(Example, read(given.sentences)), *(calm(given.calm) if given.calm else [])]
    if given.folds:
        left_out(encoder, examples, given.folds, out)
    parts = {party: [one for one in examples if one.sentence.party == party] for party in PARTIES}
    data: dict[str, Any] = {
        "language": "en",
        **{party: learned(encoder, ours) for party, ours in parts.items()},
    }
    given.out.write_text(text(data) + "\n", encoding="utf-8")
    out.print(f"{len(examples)} sentences; {given.out}, {given.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
