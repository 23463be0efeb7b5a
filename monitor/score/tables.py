"""The figures of a score as tables, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.table import Table

from monitor.bench import figures as bench
from monitor.bench.figures import shown
from monitor.events import OverlapKind
from monitor.score.figures import Interval
from monitor.score.frustration import PREVALENCE, SignalFigures
from monitor.score.nudges import NudgeFigures, NudgesFigures
from monitor.score.overlaps import KINDS, NOBODY, CallOverlaps, KindFigures, OverlapFigures
from monitor.score.scoring import CallsFigures, ScoredCall, TurnsFigures
from monitor.score.turns import TurnFigures


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; the first column names its rows, the others are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def rich(self) -> Table:
        made = bench.table(self.title, *self.columns)
        made.collapse_padding = True
        for row in self.rows:
            made.add_row(*row)
        return made


def overall(figures: TurnsFigures) -> Iterator[Grid | str]:
    """Tables and lines, in the order in which they are read."""
    yield f"{_counted(figures.calls, 'call')}, {figures.duration_s / 60:.1f} min"
    if figures.overlaps is None:
        yield "No overlaps to score."
    else:
        yield from _overlaps(figures.overlaps)
    yield from _activity(figures)
    if figures.turns is not None:
        yield _turns(figures.turns)
    if isinstance(figures, CallsFigures):
        yield from _understanding(figures)


def _overlaps(figures: OverlapFigures) -> Iterator[Grid | str]:
    found = Grid(
        "Overlaps",
        ("", "in ref.", "found", "right", "prec.", "recall", "F1", "95 %", "false/h"),
    )
    times = Grid(
        "When", ("", "begin off, s", "p95", "told after, s", "p95", "from 0.6 s, s", "p95")
    )
    for row, kind in _kinds(figures.kinds):
        found.rows.append((row, *_found_cells(kind)))
        if kind.hits:
            times.rows.append((row, *_time_cells(kind)))
    yield found
    if figures.clear is not None:
        clear = Grid("Overlaps whose annotation is clear", found.columns)
        clear.rows.extend((row, *_found_cells(kind)) for row, kind in _kinds(figures.clear))
        yield clear
    if times.rows:
        yield times
    yield _confusion(figures)
    for what, share in (
        ("agent's backchannels called talk-over", figures.backchannels_as_talk_over),
        ("backchannels called talk-over or interruption", figures.backchannels_as_competitive),
        ("talk-overs told and taken back", figures.talk_overs_taken_back),
    ):
        yield f"{what}: {shown(share, '{:.1%}')}"


def _kinds(kinds: dict[str, KindFigures]) -> Iterator[tuple[str, KindFigures]]:
    """Kinds there are any of, and below each who came in; where only one ever did, only that."""
    there = {name: kind for name, kind in kinds.items() if kind.reference or kind.found}
    for kind in KINDS:
        parties = [name for name in there if name.startswith(f"{kind}_by_")]
        if len(parties) == 1:
            yield kind_name(parties[0]), there[parties[0]]
        elif kind in there:
            yield kind_name(kind), there[kind]
            for name in parties:
                yield f"· {name.partition('_by_')[2]}", there[name]


def _found_cells(kind: KindFigures) -> list[str]:
    return [
        str(kind.reference),
        str(kind.found),
        str(kind.hits),
        shown(kind.precision),
        shown(kind.recall),
        shown(kind.f1),
        bounds(kind.intervals.get("f1")),
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


def _confusion(figures: OverlapFigures) -> Grid:
    used = [
        name
        for name in figures.confusion
        if name == NOBODY or any(row[name] for row in figures.confusion.values())
    ]
    headings = (_heading(name) for name in used)
    made = Grid("Reference (rows), found (columns)", ("", *headings))
    for name, row in figures.confusion.items():
        if any(row.values()):
            cells = (str(row[column] or "·") for column in used)
            made.rows.append((kind_name(name), *cells))
    return made


def _heading(name: str) -> str:
    """In short lines, so that eight of them stand side by side."""
    kind, _, by = name.partition("_by_")
    lines = {"talk_over": "talk-\nover", "interruption": "inter-\nruption"}
    lines |= {"backchannel": "back-\nchannel"}
    return f"{lines.get(kind, kind)}\n{by}".strip()


def kind_name(name: str) -> str:
    """``terminal_by_agent`` as "terminal, agent"."""
    kind, _, by = name.partition("_by_")
    return f"{kind.replace('_', '-')}{f', {by}' if by else ''}"


def _activity(figures: TurnsFigures) -> Iterator[Grid]:
    made = Grid("Speech", ("", "missed, s/h", "false, s/h", "missed", "false"))
    for party, kind in figures.activity.items():
        if kind is not None:
            cells = (
                shown(kind.missed_s_per_h, "{:.0f}"),
                shown(kind.false_s_per_h, "{:.0f}"),
                shown(kind.missed, "{:.1%}"),
                shown(kind.false, "{:.1%}"),
            )
            made.rows.append((party, *cells))
    if made.rows:
        yield made


def _turns(turns: TurnFigures) -> Grid:
    cells = (
        str(turns.reference),
        str(turns.found),
        str(turns.boundaries),
        shown(turns.precision),
        shown(turns.recall),
        shown(turns.begin_error_s),
        shown(turns.fto_error_s, "{:+.2f}"),
        shown(turns.fto_error_size_s),
    )
    columns = ("in ref.", "found", "same begin", "prec.", "recall", "begin off, s")
    return Grid("Turns", (*columns, "gap off, s", "… its size"), [cells])


def _understanding(figures: CallsFigures) -> Iterator[Grid | str]:
    seen_columns = ("in ref.", "seen", "recall", "95 %", "after, s", "p95")
    made = Grid(
        "Frustration",
        ("", *seen_columns, "raised", "prec.", "false/h", "a calm call"),
    )
    for signal, seen in figures.frustration.items():
        if seen is not None:
            made.rows.append((signal, *_signal_cells(seen)))
    yield made if made.rows else "No frustration is annotated."
    alert = figures.frustration.get("alert")
    if alert is not None and alert.calm_calls:
        yield (
            f"{_counted(alert.calm_calls, 'calm call')}: "
            f"{shown(alert.false_per_calm_h, '{:.1f}')} false alerts per hour; where "
            f"{PREVALENCE:.0%} of all calls have frustration, "
            f"{shown(alert.precision_in_service, '{:.0%}')} of the calls with an alert do"
        )
    nudges = figures.nudges
    if nudges is None:
        yield "No nudges are annotated."
        return
    yield _nudges("Nudges shown", "opened", nudges)
    if figures.needs is not None:
        yield _nudges("Nudges that were due, shown or not", "due", figures.needs)
    if nudges.calm_calls:
        yield (
            f"{_counted(nudges.calm_calls, 'calm call')}: "
            f"{shown(nudges.calm_calls_with_a_nudge, '{:.0%}')} with a nudge, "
            f"{shown(nudges.calm_calls_with_an_unexpected_nudge, '{:.0%}')} with an unexpected one"
        )


NEAR = ("near", "opened")
"""Calls in which a nudge comes near and must not open, and those in which it did."""


def _nudges(title: str, opened: str, figures: NudgesFigures) -> Grid:
    made = Grid(
        title,
        ("", "expected", opened, "right", "prec.", "95 %", "recall", "95 %", "after, s", *NEAR),
    )
    for name, each in (*figures.each.items(), ("all", figures.all)):
        made.rows.append((name.replace("_", " "), *_nudge_cells(each)))
    return made


def _signal_cells(seen: SignalFigures) -> list[str]:
    return [
        str(seen.spans),
        str(seen.seen),
        shown(seen.recall),
        bounds(seen.intervals.get("recall")),
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
        bounds(each.intervals.get("precision")),
        shown(each.recall),
        bounds(each.intervals.get("recall")),
        shown(each.wait_p50_s, "{:.1f}"),
        str(each.near_misses),
        str(each.near_misses_opened),
    ]


def by_call(calls: Sequence[ScoredCall]) -> Grid:
    """What went right in each: "3 of 4, 1 false". Calls in order."""
    kinds = [
        kind
        for kind in KINDS
        if any(c.overlaps is not None and _tally(c.overlaps, kind) for c in calls)
    ]
    understood = any(call.frustration or call.nudges is not None for call in calls)
    columns = ("", "min", *map(kind_name, kinds), *(("alerts", "nudges") if understood else ()))
    made = Grid("By call: right of annotated", columns)
    for call in calls:
        cells = [
            "–" if call.overlaps is None else _tally(call.overlaps, kind) or "·" for kind in kinds
        ]
        if understood:
            alert, nudged = call.frustration.get("alert"), call.nudges
            cells += [
                "–" if alert is None else _right(len(alert.seen), len(alert.missed), alert.false),
                "–"
                if nudged is None
                else _right(len(nudged.hits), len(nudged.missed), nudged.unexpected),
            ]
        made.rows.append((call.name, f"{call.heard.duration_s / 60:.1f}", *cells))
    return made


def _tally(call: CallOverlaps, kind: OverlapKind) -> str:
    """Empty where there are none."""
    hits = sum(r.kind == kind for r, _ in call.hits)
    missed = sum(r.kind == kind for r in (*(r for r, _ in call.mistaken), *call.missed))
    false = [f for f in (*(f for _, f in call.mistaken), *call.false) if f.kind == kind]
    return _right(hits, missed, false) if hits or missed or false else ""


def _right(hits: int, missed: int, false: Sequence[object]) -> str:
    extra = f", {len(false)} false" if false else ""
    return f"{hits} of {hits + missed}{extra}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def bounds(interval: Interval | None) -> str:
    """The two ends; a dash for none."""
    return "–" if interval is None else f"{interval[0]:.2f}–{interval[1]:.2f}"
