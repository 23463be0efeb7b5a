"""Words recognised against words said: the word error rate, after a normaliser for both.

Texts are normalised by ``whisper-normalizer``, the one that Whisper's own figures come with
(Radford et al. 2022, appendix C): case, punctuation, spelling, contractions and numbers do not
count, nor do "um" and "mhm". Words are aligned by ``jiwer`` with as few errors as can be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import jiwer
import numpy as np
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

from monitor.score.decoding import Clip, Said
from monitor.score.figures import LEAST_CALLS, Interval, drawn, interval, ratio, ratios
from monitor.score.nonspeech import NonspeechFigures
from monitor.score.nonspeech import figures as nonspeech_figures
from monitor.score.stopwatch import Cost
from monitor.score.wordlist import Row

Normaliser = Callable[[str], str]

ENGLISH: Final = "en"


@dataclass(frozen=True, slots=True)
class ScoredRow:
    row: Row
    said: Said
    reference: str  # normalised
    found: str  # normalised
    hits: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def words(self) -> int:
        """Of the reference."""
        return self.hits + self.substitutions + self.deletions


@dataclass(frozen=True, slots=True)
class CostFigures:
    """Of decoding alone, over what the engine was given of the rows that have words."""

    clips: int
    audio_s: float
    wall_s_per_s: float | None
    cpu_s_per_s: float | None


@dataclass(frozen=True, slots=True)
class WordsFigures:
    """What ``monitor score words`` tells of some rows."""

    rows: int
    duration_s: float
    words: int
    hits: int
    substitutions: int
    deletions: int
    insertions: int
    wer: float | None
    intervals: dict[str, Interval | None]
    unheard: int
    """Rows with words of which nothing was decoded at all: no voice was found."""
    clips: int
    dropped: dict[str, float]
    """By reason: the share of the clips of rows with words of which nothing was kept."""
    cost: CostFigures | None
    nonspeech: NonspeechFigures | None


def normaliser(language: str | None) -> Normaliser:
    """English has rules of its own; for the others only case and punctuation do not count."""
    made: Normaliser = EnglishTextNormalizer() if language == ENGLISH else BasicTextNormalizer()
    return made


def compare(row: Row, said: Said, plain: Normaliser) -> ScoredRow:
    """One row that has words."""
    reference, found = _plain(row.text, plain), _plain(said.text, plain)
    aligned = jiwer.process_words(reference, found)
    return ScoredRow(
        row=row,
        said=said,
        reference=reference,
        found=found,
        hits=aligned.hits,
        substitutions=aligned.substitutions,
        deletions=aligned.deletions,
        insertions=aligned.insertions,
    )


def aligned(row: ScoredRow, width: int) -> str:
    """Lines of at most ``width`` characters: what was said, what was found, and S, D or I
    below each word that is not the same."""
    seen = jiwer.visualize_alignment(
        jiwer.process_words(row.reference, row.found), show_measures=False, line_width=width
    )
    _, _, lines = seen.partition("\n\n")  # a heading with the number of the sentence
    return lines.rstrip()


def worst(rows: Sequence[ScoredRow], count: int) -> list[ScoredRow]:
    """Those with most errors, and of as many the shorter ones."""
    wrong = [row for row in rows if row.errors]
    return sorted(wrong, key=lambda row: (-row.errors, row.words))[:count]


def figures(
    rows: Sequence[ScoredRow],
    silent: Sequence[tuple[Row, Said]] = (),
    cost: Cost | None = None,
) -> WordsFigures:
    """Of all these rows together: ``rows`` have words, ``silent`` ones have none."""
    words, errors = sum(row.words for row in rows), sum(row.errors for row in rows)
    clips = [clip for row in rows for clip in row.said.clips]
    return WordsFigures(
        rows=len(rows),
        duration_s=round(sum(row.row.duration_s for row in rows), 3),
        words=words,
        hits=sum(row.hits for row in rows),
        substitutions=sum(row.substitutions for row in rows),
        deletions=sum(row.deletions for row in rows),
        insertions=sum(row.insertions for row in rows),
        wer=ratio(errors, words),
        intervals={"wer": _interval(rows)},
        unheard=sum(not row.said.clips for row in rows),
        clips=len(clips),
        dropped=dropped(clips),
        cost=None if cost is None or not rows else _cost(cost),
        nonspeech=nonspeech_figures(silent) if silent else None,
    )


def dropped(clips: Sequence[Clip]) -> dict[str, float]:
    """Reason → share of the clips, the commonest first."""
    counts = Counter(clip.dropped for clip in clips if clip.dropped is not None)
    return {reason: round(count / len(clips), 4) for reason, count in counts.most_common()}


def _interval(rows: Sequence[ScoredRow]) -> Interval | None:
    if len(rows) < LEAST_CALLS:
        return None
    sums = drawn(np.array([(row.errors, row.words) for row in rows], np.float64))
    return interval(ratios(sums[:, 0], sums[:, 1]))


def _cost(cost: Cost) -> CostFigures:
    return CostFigures(
        clips=cost.clips,
        audio_s=round(cost.audio_s, 1),
        wall_s_per_s=ratio(cost.wall_s, cost.audio_s),
        cpu_s_per_s=ratio(cost.cpu_s, cost.audio_s),
    )


def _plain(text: str, plain: Normaliser) -> str:
    # The normaliser knows contractions by the straight apostrophe alone.
    return " ".join(plain(text.replace("’", "'")).split())
