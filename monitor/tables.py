"""What a person reads when a call, or a study of many, is over: tables of figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from monitor.effect import LEAST_EACH, Effect, Verdict
from monitor.events import Accommodation, AccommodationVerdict, PartyReport, Report
from monitor.scorecard import ENOUGH
from monitor.terminal import clock

FOLLOWING: dict[AccommodationVerdict, str] = {
    "followed": "followed it",
    "kept_own": "kept own pace",
    "moved_away": "moved away from it",
    "unclear": "cannot tell",
}
LEAST_MOOD = 0.05
"""Less frustration would be shown as 0.0 of 8."""
MARKS = {"unprompted": "✓", "prompted": "✓", "missed": "✗", "call_ended": "…"}
EFFECTS: dict[Verdict, str] = {
    "calmer": "[green]calmer when shown[/]",
    "more_upset": "[red]more upset when shown[/]",
    "no_difference": "no difference to be seen",
    "too_few": f"too few to say: {LEAST_EACH} of each are needed",
    "no_hold_out": "none held out",
}


def print_report(console: Console, report: Report, *, separated: bool = True) -> None:
    """The figures of a call, as a person wants to read them. Where the parties are not
    ``separated``, only those that stand for both of them."""
    if separated:
        console.print(_party_table(report))
    console.print(_call_table(report, separated))
    if report.nudges:
        console.print(_nudge_table(report))
    elif separated:
        console.print("No nudge was shown.")
    if report.scorecard:
        console.print(_scorecard_table(report))
    for limit in report.limits:
        console.print(f"[yellow]{escape(limit)}[/]", soft_wrap=True)


def _party_table(report: Report) -> Table:
    table = _table("Who spoke")
    table.add_column("")
    table.add_column("agent", justify="right")
    table.add_column("customer", justify="right")

    def row(name: str, values: Iterable[str]) -> None:
        table.add_row(name, *values)

    parties: tuple[PartyReport, PartyReport] = (report.agent, report.customer)
    row("talk share", (f"{p.talk_share:.0%}" for p in parties))
    row("talk time", (clock(p.talk_s) for p in parties))
    row("turns", (str(p.turns) for p in parties))
    row("longest monologue", (f"{p.longest_monologue_s:.0f} s" for p in parties))
    row("response latency", (_figure(p.response_latency_s, "{:+.2f} s") for p in parties))
    row("words per minute", (_figure(p.wpm, "{:.0f}") for p in parties))
    row("syllables per second", (_figure(p.syl_per_s, "{:.1f}") for p in parties))
    return table


def _call_table(report: Report, separated: bool) -> Table:
    table = _table("The call")
    table.show_header = False
    table.add_row("duration", clock(report.duration_s))
    if not separated:
        table.add_row("speech", clock(report.customer.talk_s))
    stretches = f"{report.dead_air_s:.0f} s in {report.dead_air_count}"
    table.add_row("dead air", stretches if report.dead_air_count else "none")
    if not separated:
        return table
    table.add_row("median floor-transfer offset", _figure(report.median_fto_s, "{:+.2f} s"))
    table.add_row("both speaking", f"{report.overtalk_s:.1f} s")
    kinds = ", ".join(f"{n} {kind.replace('_', '-')}" for kind, n in report.overlaps.items() if n)
    table.add_row("overlaps", kinds or "none")
    table.add_row("talk-overs per 10 min of customer", f"{report.talk_overs_per_10_min:.1f}")
    table.add_row("agent with customer's pace", _following(report.accommodation))
    mood = report.mood
    if mood.peak >= LEAST_MOOD:
        heard = f"peak {mood.peak:.1f} of 8 at {clock(mood.peak_t)}, end {mood.end:.1f}"
        alerts = f"; alerts {mood.alerts}, on watch {mood.watch_s:.0f} s"
        table.add_row("customer's frustration", heard + alerts)
    else:
        table.add_row("customer's frustration", "none heard")
    return table


def _following(accommodation: Accommodation | None) -> str:
    if accommodation is None:
        return "cannot tell: too few exchanges"
    found = accommodation
    interval = f"r {found.r:+.2f}, {found.low:+.2f} to {found.high:+.2f}"
    text = f"{FOLLOWING[found.verdict]} ({interval}; {found.exchanges} exchanges)"
    if found.closer:
        text += f"; came closer: {found.early_ratio:.2f}, then {found.late_ratio:.2f} times as fast"
    return text


def _nudge_table(report: Report) -> Table:
    table = _table("Nudges")
    for column in ("at", "nudge", "why", "outcome"):
        table.add_column(column)
    for nudge in report.nudges:
        table.add_row(clock(nudge.t), nudge.title, escape(nudge.why), nudge.outcome)
    return table


def _scorecard_table(report: Report) -> Table:
    table = _table("What was called for, and given")
    for column in ("technique", "needed", "by themselves", "after a nudge", "missed"):
        table.add_column(column, justify="left" if column == "technique" else "right")
    table.add_column("listen from")
    for line in report.scorecard:
        times = "  ".join(f"{clock(case.t)} {MARKS[case.outcome]}" for case in line.cases)
        counts = (line.needed, line.unprompted, line.prompted, line.missed)
        few = "" if line.enough else " [dim](few)[/]"
        table.add_row(escape(line.title) + few, *(str(count) for count in counts), times)
    notes = ["… the call ended first"]
    if any(not line.enough for line in report.scorecard):
        notes.append(f"few: fewer than {ENOUGH} say nothing of how often somebody does it")
    if words := sum(line.by_words for line in report.scorecard):
        sure = sum(line.by_words * (line.confidence or 0.0) for line in report.scorecard) / words
        notes.append(f"{words} rest on recognised words, {sure:.0%} sure")
    table.caption, table.caption_justify = "; ".join(notes), "left"
    return table


def print_effects(console: Console, found: Sequence[Effect]) -> None:
    """What showing each nudge does, or why that cannot be said."""
    overall = found[0]
    if overall.verdict == "no_hold_out":
        console.print(
            "Nothing was held out, so what a nudge does cannot be told from what happens anyway.\n"
            "Set hold_out = 0.2 under \\[nudges] (docs/mood-and-nudges.md) and come back when"
            f" {LEAST_EACH} were held out.",
            soft_wrap=True,
        )
        return
    table = _table("The customer's mood a minute after a nudge was due")
    for column in ("nudge", "shown", "held out", "done", "change", "difference", "95 %"):
        table.add_column(column, justify="left" if column == "nudge" else "right")
    table.add_column("so it is")
    for one in found:
        low_high = "–" if one.interval is None else "{:+.2f} … {:+.2f}".format(*one.interval)
        table.add_row(
            "[bold]all[/]" if one.nudge is None else one.nudge.replace("_", " "),
            str(one.shown),
            str(one.held_out),
            _both(one.given_shown, one.given_held_out, "{:.0%}"),
            _both(one.change_shown, one.change_held_out, "{:+.2f}"),
            _figure(one.difference, "{:+.2f}"),
            low_high,
            EFFECTS[one.verdict],
        )
    console.print(table)
    console.print(
        f"Of {overall.calls} calls under policies that held something out. Of 8; below 0 is calmer."
        " Done and change: shown / held out. Difference: within each policy and nudge."
        " Intervals: bootstrap over calls. With many nudges, one in twenty differs by chance.",
        soft_wrap=True,
    )


def _both(shown: float | None, held_out: float | None, form: str) -> str:
    return f"{_figure(shown, form)} / {_figure(held_out, form)}"


def _table(title: str) -> Table:
    return Table(
        title=f"[bold]{title}[/]",
        title_style="",
        title_justify="left",
        show_edge=False,
        pad_edge=False,
        box=SIMPLE,
    )


def _figure(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
