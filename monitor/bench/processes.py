"""Processor time and memory of processes and threads, from /proc; nothing elsewhere."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used until now."""

    cpu_s: float  # all threads
    loop_cpu_s: float  # its first thread, which is the one of the event loop
    loop_wait_s: float  # how long that thread was ready to run while others had the processors
    rss_mb: float


def usage(pid: int) -> Usage | None:
    """None where there is no /proc, or no such process."""
    folder = PROC / str(pid)
    try:
        status = (folder / "status").read_text()
        everything = _cpu_s(folder / "stat")
        loop = _cpu_s(folder / "task" / str(pid) / "stat")
        wait_ns = int((folder / "task" / str(pid) / "schedstat").read_text().split()[1])
    except OSError:
        return None
    kb = next((line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")), "0")
    return Usage(everything, loop, wait_ns / 1e9, int(kb) / 1024)


def cpu_of_threads() -> dict[str, float]:
    """Processor time of this process, s, by the names Python knows its threads by.

    Threads that Python has not made (those of CTranslate2) are together ``native``. Empty
    where there is no /proc.
    """
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    spent: dict[str, float] = {}
    try:
        folders = list((PROC / "self" / "task").iterdir())
    except OSError:
        return {}
    for folder in folders:
        try:
            cpu_s = _cpu_s(folder / "stat")
        except OSError:  # it has ended meanwhile
            continue
        name = names.get(int(folder.name), "native")
        spent[name] = spent.get(name, 0.0) + cpu_s
    return spent


def _cpu_s(stat: Path) -> float:
    """User and system time of a stat file: proc(5), fields 14 and 15."""
    after_name = stat.read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
