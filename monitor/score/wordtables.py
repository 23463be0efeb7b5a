"""The figures of ``monitor score words`` as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.bench.figures import shown
from monitor.score.nonspeech import NonspeechFigures
from monitor.score.tables import Grid
from monitor.score.words import ScoredRow, WordsFigures, aligned

MOST_GROUPS = 30
"""Lines of a table that are still read; all are in the JSON."""
DROPPED = {
    "too_short": "too short",
    "silence": "silent",
    "no_speech": "no speech",
    "no_words": "no words",
    "unlikely": "unlikely words",
    "loop": "a loop",
}


def overall(figures: WordsFigures) -> Iterator[Grid | str]:
    if figures.rows:
        yield _words(figures)
        yield from _notes(figures)
    if figures.nonspeech is not None:
        yield _nonspeech("No words said", {"all": figures.nonspeech})


def by(column: str, groups: Mapping[str, WordsFigures]) -> Iterator[Grid]:
    """Groups with words, and groups without; the worst of them where there are many."""
    spoken = {name: each for name, each in groups.items() if each.rows}
    silent = {name: each.nonspeech for name, each in groups.items() if each.nonspeech is not None}
    if len(spoken) > 1:
        made = Grid(f"By {column}{_most(len(spoken))}", _COLUMNS)
        ranked = sorted(spoken.items(), key=lambda item: -_errors(item[1]))
        keep = dict(ranked[:MOST_GROUPS])
        made.rows.extend((name, *_cells(each)) for name, each in spoken.items() if name in keep)
        yield made
    if len(silent) > 1:
        ranked_silent = sorted(silent.items(), key=lambda item: -item[1].words)
        kept = dict(ranked_silent[:MOST_GROUPS])
        yield _nonspeech(
            f"No words said, by {column}{_most(len(silent))}",
            {name: each for name, each in silent.items() if name in kept},
        )


def example(row: ScoredRow, width: int) -> str:
    """Where a row stands, and what became of its words."""
    stretch = f"{row.row.cells['path']} {row.row.t0:.1f}–{row.row.t1:.1f} s"
    reasons = [DROPPED[clip.dropped] for clip in row.said.clips if clip.dropped is not None]
    why = f", dropped: {', '.join(dict.fromkeys(reasons))}" if reasons else ""
    if not row.said.clips:
        why = ", no voice was found"
    head = f"{row.row.where} ({stretch}): {row.errors} wrong of {row.words}{why}"
    return f"{head}\n{aligned(row, width)}"


_COLUMNS = ("", "rows", "words", "WER", "95 %", "wrong", "missing", "extra")


def _words(figures: WordsFigures) -> Grid:
    return Grid("Words", _COLUMNS, [("all", *_cells(figures))])


def _cells(figures: WordsFigures) -> tuple[str, ...]:
    bounds = figures.intervals["wer"]
    return (
        str(figures.rows),
        str(figures.words),
        shown(figures.wer, "{:.1%}"),
        "–" if bounds is None else f"{100 * bounds[0]:.1f}–{100 * bounds[1]:.1f}",
        str(figures.substitutions),
        str(figures.deletions),
        str(figures.insertions),
    )


def _notes(figures: WordsFigures) -> Iterator[str]:
    dropped = [f"{DROPPED[reason]} {share:.1%}" for reason, share in figures.dropped.items()]
    yield f"{figures.clips} clips; dropped: {', '.join(dropped) or 'none'}"
    if figures.unheard:
        yield f"no voice was found in {figures.unheard} rows with words"
    cost = figures.cost
    if cost is not None and cost.cpu_s_per_s is not None:
        yield (
            f"decoding {cost.audio_s:.0f} s: {cost.cpu_s_per_s:.3f} s of processor and "
            f"{shown(cost.wall_s_per_s, '{:.3f}')} s of time a second"
        )


def _nonspeech(title: str, groups: Mapping[str, NonspeechFigures]) -> Grid:
    made = Grid(title, ("", "rows", "min", "decoded, s", "clips", "dropped", "words", "words/h"))
    for name, each in groups.items():
        cells = (
            str(each.rows),
            f"{each.duration_s / 60:.1f}",
            f"{each.decoded_s:.1f}",
            str(each.clips),
            str(each.dropped),
            str(each.words),
            shown(each.words_per_h, "{:.0f}"),
        )
        made.rows.append((name, *cells))
    return made


def _most(groups: int) -> str:
    return f": the {MOST_GROUPS} worst of {groups}" if groups > MOST_GROUPS else ""


def _errors(figures: WordsFigures) -> int:
    return figures.substitutions + figures.deletions + figures.insertions
