"""What a person reads in the terminal: live lines, the report, progress."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from monitor.events import (
    AlertCleared,
    AlertRaised,
    CallEnded,
    CallStarted,
    Degraded,
    Event,
    Gap,
    NudgeClosed,
    NudgeOpened,
    Overlap,
    Words,
)

WHO = {"agent": "[cyan]agent   [/]", "customer": "[magenta]customer[/]"}
BOTH = "[blue]both    [/]"
PRIVATE = " [dim](only the agent sees this)[/]"
WAITING_LINES = 1000
STANDSTILL_S = 2.0


def clock(seconds: float) -> str:
    """m:ss of audio time."""
    minutes, rest = divmod(max(0.0, seconds), 60)
    return f"{int(minutes)}:{int(rest):02d}"


class LiveLines:
    """Prints the events a person wants to see scroll by; one per call or for many calls.

    A context: a thread of its own prints, so that a terminal that stands still (Ctrl-S, a
    full pipe) never holds up a call. Lines beyond ``WAITING_LINES`` are left out and counted.
    """

    def __init__(self, console: Console, *, words: bool = True, titles: bool = False) -> None:
        """``titles``: begin each line with the call's title, for several calls at once."""
        self._console = console
        self._words = words
        self._titles = titles
        self._title: dict[str, str] = {}
        self._unseparated: set[str] = set()
        self._lines: queue.Queue[str | None] = queue.Queue(WAITING_LINES)
        self._left_out = 0
        self._printer = threading.Thread(target=self._print, name="terminal", daemon=True)

    def __enter__(self) -> Self:
        self._printer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Print what waits, unless the terminal stands still."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=STANDSTILL_S)
            self._printer.join(STANDSTILL_S)

    def event(self, event: Event) -> None:
        text = self._text(event)
        if text is not None:
            title = self._title.get(event.call_id, event.call_id)
            prefix = f"[dim]{escape(title[:16]):16}[/] " if self._titles else ""
            self._put(f"[dim]{clock(event.t):>5}[/] {prefix}{text}")

    def _put(self, line: str) -> None:
        try:
            if self._left_out:
                self._lines.put_nowait(f"[dim]… {self._left_out} lines left out[/]")
                self._left_out = 0
            self._lines.put_nowait(line)
        except queue.Full:
            self._left_out += 1

    def _print(self) -> None:
        while (line := self._lines.get()) is not None:
            self._console.print(line, highlight=False, soft_wrap=True)

    def _text(self, event: Event) -> str | None:
        match event:
            case CallStarted():
                self._title[event.call_id] = event.title or event.call_id
                if not event.separated:
                    self._unseparated.add(event.call_id)
                limits = "".join(f"\n      [yellow]{escape(x)}[/]" for x in event.limits)
                return f"[bold]call started[/] · {escape(event.title or event.source)}{limits}"
            case CallEnded():
                detail = f": {escape(event.detail)}" if event.detail else ""
                return f"[bold]call ended[/] · {event.reason}{detail} · {clock(event.duration_s)}"
            case Words(final=True) if self._words and event.text:
                who = BOTH if event.call_id in self._unseparated else WHO[event.party]
                return f"{who} {escape(event.text)}"
            case NudgeOpened():
                return (
                    f"[bold black on yellow] {escape(event.title)} [/] {escape(event.text)}"
                    f" [dim]— {escape(event.why)}[/]{PRIVATE if event.private else ''}"
                )
            case NudgeClosed():
                mark = "[green]✓[/]" if event.outcome == "done" else "[dim]·[/]"
                why = f" — {escape(event.why)}" if event.why else ""
                told = f"{event.nudge.replace('_', ' ')}: {event.outcome}{why}"
                return f"{mark} [dim]{told}[/]{PRIVATE if event.private else ''}"
            case AlertRaised():
                reasons = "; ".join(escape(r.text) for r in event.reasons)
                kind = "frustration rising" if event.kind == "rising" else "upset from the start"
                return f"[bold white on red] {kind} [/] {reasons}"
            case AlertCleared():
                return f"[green]settled[/] [dim]after {event.lasted_s:.0f} s[/]"
            case Overlap(kind="talk_over", final=False):
                return f"[red]{event.by} talks over[/] [dim]{escape('; '.join(event.reasons))}[/]"
            case Degraded():
                colour = "yellow" if event.active else "green"
                return f"[{colour}]{event.part}: {escape(event.reason)}[/]"
            case Gap():
                return f"[dim]gap of {event.t1 - event.t0:.1f} s: {event.reason}[/]"
        return None


def progress(console: Console) -> Progress:
    """The bar for work on a recording."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


@contextlib.contextmanager
def following(
    console: Console, doing: str, total_s: float | None
) -> Iterator[Callable[[float], None]]:
    """A bar for work on so much audio: tell what it gives how much of it is done, s."""
    with progress(console) as bar:
        task = bar.add_task(doing, total=total_s, speed="")

        def moved(done_s: float) -> None:
            took_s = bar.tasks[task].elapsed or 0.0
            speed = f"{done_s / took_s:.0f} × live" if took_s else ""
            bar.update(task, completed=done_s, speed=speed)

        yield moved
