"""Processor time and memory of a process and its threads, from /proc; nothing elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.runtime import ENGINE

PROC = Path("/proc")
LOOP = "loop"
"""What the first thread of a process is called here: it is the one of the event loop."""
_PART_OF = {
    LOOP: LOOP,
    ENGINE: ENGINE,
    "speech-to-text": "features",
    "ear": "ear",
    "meaning": "meaning",
    "store-writer": "disk",
}
PARTS = (*_PART_OF.values(), "rest")
"""What threads are for: ``engine`` is inside CTranslate2, ``features`` what is done around it
(the sound as it wants it, its tokens as text)."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used until now."""

    cpu_s: float  # all threads, those that have ended too
    loop_wait_s: float  # how long its first thread was ready while others had the processors
    rss_mb: float
    peak_mb: float  # the most it ever had
    threads: Mapping[str, float] = field(default_factory=dict)  # cpu_s by ``PARTS``


def usage(pid: int) -> Usage | None:
    """None where there is no /proc, or no such process."""
    folder = PROC / str(pid)
    try:
        status = (folder / "status").read_text()
        everything = _cpu_s(folder / "stat")
        wait_ns = int((folder / "task" / str(pid) / "schedstat").read_text().split()[1])
        folders = list((folder / "task").iterdir())
    except OSError:
        return None
    parts = dict.fromkeys(PARTS, 0.0)
    for thread in folders:
        try:
            name = LOOP if thread.name == str(pid) else (thread / "comm").read_text().strip()
            parts[_PART_OF.get(name, "rest")] += _cpu_s(thread / "stat")
        except OSError:  # it has ended meanwhile
            continue
    return Usage(
        cpu_s=everything,
        loop_wait_s=wait_ns / 1e9,
        rss_mb=_mb(status, "VmRSS"),
        peak_mb=_mb(status, "VmHWM"),
        threads=parts,
    )


def spent(before: Usage, after: Usage) -> dict[str, float]:
    """Processor time between two looks, s, by ``PARTS``: together all that was used."""
    parts = {part: after.threads[part] - before.threads[part] for part in PARTS}
    # Threads that came and went in between are in nobody's account but the process's.
    missing = after.cpu_s - before.cpu_s - sum(parts.values())
    parts["rest"] += max(0.0, missing)
    return {part: round(max(0.0, cpu_s), 3) for part, cpu_s in parts.items()}


def _mb(status: str, name: str) -> float:
    kb = next((line.split()[1] for line in status.splitlines() if line.startswith(name)), "0")
    return int(kb) / 1024


def _cpu_s(stat: Path) -> float:
    """User and system time of a stat file: proc(5), fields 14 and 15."""
    after_name = stat.read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
