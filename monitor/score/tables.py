"""The figures of a score as a person reads them in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from monitor.bench.figures import shown, table
from monitor.score.figures import Interval
from monitor.score.frustration import SignalFigures
from monitor.score.nudges import NudgeFigures
from monitor.score.overlaps import KindFigures, OverlapFigures
from monitor.score.scoring import CallsFigures, TurnsFigures


def overall(figures: TurnsFigures) -> Iterator[Table | str]:
    """Tables and lines, in the order in which they are read."""
    yield f"{figures.calls} calls, {figures.duration_s / 60:.1f} min"
    if figures.overlaps is None:
        yield "No overlaps are annotated."
    else:
        yield from _overlaps(figures.overlaps)
    yield from _activity(figures)
    if figures.turns is not None:
        yield _turns(figures)
    if isinstance(figures, CallsFigures):
        yield from _understanding(figures)


def _overlaps(figures: OverlapFigures) -> Iterator[Table | str]:
    found = table("Overlaps", "", "in ref.", "found", "right", "precision", "recall", "F1", "95 %")
    found.add_column("false/h", justify="right")
    times = table("When", "", "begin off, s", "p95", "told after, s", "p95", "from 0.6 s, s", "p95")
    for name, kind in figures.kinds.items():
        if not kind.reference and not kind.found:
            continue
        found.add_row(kind_name(name), *_found_cells(kind))
        if kind.hits:
            times.add_row(kind_name(name), *_time_cells(kind))
    yield found
    if times.row_count:
        yield times
    yield _confusion(figures)
    for what, share in (
        ("agent's backchannels called talk-over", figures.backchannels_as_talk_over),
        ("backchannels called talk-over or interruption", figures.backchannels_as_competitive),
        ("talk-overs told and taken back", figures.talk_overs_taken_back),
    ):
        yield f"{what}: {shown(share, '{:.1%}')}"


def _found_cells(kind: KindFigures) -> list[str]:
    return [
        str(kind.reference),
        str(kind.found),
        str(kind.hits),
        shown(kind.precision),
        shown(kind.recall),
        shown(kind.f1),
        _bounds(kind.intervals.get("f1")),
        shown(kind.false_per_h, "{:.1f}"),
    ]


def _time_cells(kind: KindFigures) -> list[str]:
    return [
        shown(kind.onset_error_s, "{:+.2f}"),
        shown(kind.onset_error_p95_s),
        shown(kind.delay_p50_s),
        shown(kind.delay_p95_s),
        shown(kind.delay_after_long_p50_s),
        shown(kind.delay_after_long_p95_s),
    ]


def _confusion(figures: OverlapFigures) -> Table:
    used = [
        name
        for name in figures.confusion
        if name == "nothing" or any(row[name] for row in figures.confusion.values())
    ]
    made = table("Reference (rows), found (columns)", "", *map(kind_name, used))
    for name, row in figures.confusion.items():
        if any(row.values()):
            made.add_row(kind_name(name), *(str(row[column] or "·") for column in used))
    return made


def kind_name(name: str) -> str:
    """``terminal_by_agent`` as "terminal, agent"."""
    kind, _, by = name.partition("_by_")
    return f"{kind.replace('_', '-')}{f', {by}' if by else ''}"


def _activity(figures: TurnsFigures) -> Iterator[Table]:
    made = table("Speech", "", "missed, s/h", "false, s/h", "missed", "false")
    for party, kind in figures.activity.items():
        if kind is not None:
            made.add_row(
                party,
                shown(kind.missed_s_per_h, "{:.0f}"),
                shown(kind.false_s_per_h, "{:.0f}"),
                shown(kind.missed, "{:.1%}"),
                shown(kind.false, "{:.1%}"),
            )
    if made.row_count:
        yield made


def _turns(figures: TurnsFigures) -> Table:
    made = table("Turns", "in ref.", "found", "same begin", "precision", "recall", "begin off, s")
    made.add_column("gap off, s", justify="right")
    made.add_column("… its size", justify="right")
    turns = figures.turns
    if turns is not None:
        made.add_row(
            str(turns.reference),
            str(turns.found),
            str(turns.boundaries),
            shown(turns.precision),
            shown(turns.recall),
            shown(turns.begin_error_s),
            shown(turns.fto_error_s, "{:+.2f}"),
            shown(turns.fto_error_size_s),
        )
    return made


def _understanding(figures: CallsFigures) -> Iterator[Table | str]:
    made = table("Frustration", "", "in ref.", "seen", "recall", "95 %", "after, s", "p95")
    for column in ("raised", "precision", "false/h", "per calm call"):
        made.add_column(column, justify="right")
    for signal, seen in figures.frustration.items():
        if seen is not None:
            made.add_row(signal, *_signal_cells(seen))
    if made.row_count:
        yield made
    nudges = figures.nudges
    if nudges is None:
        yield "No nudges are annotated."
        return
    made = table("Nudges", "", "expected", "opened", "right", "precision", "95 %", "recall", "95 %")
    made.add_column("after, s", justify="right")
    for name, each in (*nudges.each.items(), ("all", nudges.all)):
        made.add_row(name.replace("_", " "), *_nudge_cells(each))
    yield made
    if nudges.calm_calls:
        yield (
            f"{nudges.calm_calls} calm calls: "
            f"{shown(nudges.calm_calls_with_a_nudge, '{:.0%}')} with a nudge, "
            f"{shown(nudges.calm_calls_with_an_unexpected_nudge, '{:.0%}')} with an unexpected one"
        )


def _signal_cells(seen: SignalFigures) -> list[str]:
    return [
        str(seen.spans),
        str(seen.seen),
        shown(seen.recall),
        _bounds(seen.intervals.get("recall")),
        shown(seen.delay_p50_s, "{:.1f}"),
        shown(seen.delay_p95_s, "{:.1f}"),
        str(seen.raised),
        shown(seen.precision),
        shown(seen.false_per_h, "{:.1f}"),
        shown(seen.false_per_calm_call),
    ]


def _nudge_cells(each: NudgeFigures) -> list[str]:
    return [
        str(each.expected),
        str(each.opened),
        str(each.hits),
        shown(each.precision),
        _bounds(each.intervals.get("precision")),
        shown(each.recall),
        _bounds(each.intervals.get("recall")),
        shown(each.wait_p50_s, "{:.1f}"),
    ]


def _bounds(interval: Interval | None) -> str:
    return "–" if interval is None else f"{interval[0]:.2f}–{interval[1]:.2f}"
