"""Words that were heard where nobody speaks: music, noise, silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.score.decoding import Said
from monitor.score.figures import ratio
from monitor.score.wordlist import Row


@dataclass(frozen=True, slots=True)
class NonspeechFigures:
    """Rows without words. ``words`` are counted as they would stand on a screen: "um" and
    "(music)" too."""

    rows: int
    duration_s: float
    clips: int
    """Of which the engine was asked: what the voice detector let through."""
    decoded_s: float
    dropped: int
    """Clips of which nothing was kept."""
    words: int
    words_per_h: float | None
    rows_with_words: int


def figures(rows: Sequence[tuple[Row, Said]]) -> NonspeechFigures:
    clips = [clip for _, said in rows for clip in said.clips]
    duration_s = sum(row.duration_s for row, _ in rows)
    words = sum(count(said) for _, said in rows)
    return NonspeechFigures(
        rows=len(rows),
        duration_s=round(duration_s, 3),
        clips=len(clips),
        decoded_s=round(sum(clip.duration_s for clip in clips), 3),
        dropped=sum(clip.dropped is not None for clip in clips),
        words=words,
        words_per_h=ratio(words * 3600, duration_s),
        rows_with_words=sum(count(said) > 0 for _, said in rows),
    )


def count(said: Said) -> int:
    """Words of a transcript, by the white space between them."""
    return len(said.text.split())
