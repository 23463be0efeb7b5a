"""Figures of a measurement: how they spread, on what machine, as a table and as JSON."""

from __future__ import annotations

import json
import math
import os
import platform
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Self

from rich.box import SIMPLE
from rich.table import Table

from monitor import __version__
from monitor.analysis import writing


@dataclass(frozen=True, slots=True)
class Spread:
    """Nearest-rank percentiles of ``n`` measurements; null where there are none."""

    n: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    worst: float | None = None

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Of measurements in any unit, rounded to six digits behind the point."""
        ranked = sorted(values)
        if not ranked:
            return cls(0)

        def at(share: float) -> float:
            return round(ranked[max(0, math.ceil(share * len(ranked)) - 1)], 6)

        return cls(len(ranked), at(0.5), at(0.95), at(0.99), round(ranked[-1], 6))

    @classmethod
    def of_histogram(cls, edges: Sequence[float], counts: Sequence[int]) -> Self:
        """Of measurements counted by their upper edge, and last those beyond all edges: no
        percentile is told smaller than it was."""
        if not (n := sum(counts)):
            return cls(0)
        upto = list(accumulate(counts))

        def at(share: float) -> float:
            return edges[min(bisect_left(upto, math.ceil(share * n)), len(edges) - 1)]

        return cls(n, at(0.5), at(0.95), at(0.99), at(1.0))


def machine() -> dict[str, Any]:
    """What was measured on. ``load`` is the 1 min load average: others on the same cores."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "processor": _processor(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def document(kind: str, on: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """The JSON of one measurement."""
    head = {"bench": kind, "version": __version__, "machine": on}
    return head | {name: _plain(part) for name, part in parts.items()}


def _plain(part: Any) -> Any:
    if isinstance(part, list):
        return [_plain(item) for item in part]
    return asdict(part) if hasattr(part, "__dataclass_fields__") else part


def save(path: Path, what: dict[str, Any]) -> None:
    """Raises AnalysisError where the file cannot be written."""
    with writing(path) as file:
        file.write(json.dumps(what, indent=2) + "\n")


def table(title: str, *columns: str) -> Table:
    """Left column names, the others numbers."""
    made = Table(
        title=f"[bold]{title}[/]",
        title_style="",
        title_justify="left",
        show_edge=False,
        pad_edge=False,
        box=SIMPLE,
    )
    for k, column in enumerate(columns):
        made.add_column(column, justify="right" if k else "left")
    return made


def shown(value: float | None, form: str = "{:.2f}") -> str:
    return "–" if value is None else form.format(value)
