"""How a score is printed, and how it ends where a bar is not cleared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import typer
from rich.console import Console
from rich.markup import escape

from monitor.score import bars

FILE_COLUMNS: Final = 120
"""Whoever keeps the output in a file has a page as wide as the tables."""


def page() -> Console:
    """Where the tables go."""
    out = Console()
    if not out.is_terminal:
        out.width = max(out.width, FILE_COLUMNS)
    return out


def hold(
    err: Console,
    overall: Mapping[str, Any],
    at_least: Sequence[str] | None,
    at_most: Sequence[str] | None,
) -> None:
    """A line on ``err`` for each bar that is not cleared, and exit status 1 if there is one.
    Raises ScoreError for a figure that there is not."""
    below = bars.missed(overall, at_least or [], at_most or [])
    for text in below:
        err.print(f"[bold red]monitor:[/] {escape(text)}", highlight=False, soft_wrap=True)
    if below:
        raise typer.Exit(1)
