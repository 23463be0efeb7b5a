"""Threads by name, as the system shows them: in ``top -H``, in debuggers, in ``monitor bench``.

Python names its threads for itself alone (3.14 is the first to tell the system), and those
that a library makes beneath it have no name of their own: on Linux a new thread has the name
of the one that made it. Elsewhere nothing here does anything.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

MOST_CHARS = 15
"""Of a name; Linux cuts what is longer."""
_TASKS = Path("/proc/self/task")


def show_names() -> None:
    """Tell the system what Python calls each thread; the first one stands for the process
    and keeps its name."""
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and thread.native_id is not None:
            _rename(thread.native_id, thread.name)


@contextlib.contextmanager
def children_named(name: str) -> Iterator[None]:
    """Whatever threads this one makes meanwhile, in whatever language, have that name."""
    own = threading.get_native_id()
    try:
        before = (_TASKS / str(own) / "comm").read_text().strip()
    except OSError:
        before = ""
    _rename(own, name)
    try:
        yield
    finally:
        _rename(own, before)


def _rename(native_id: int, name: str) -> None:
    with contextlib.suppress(OSError):  # it has ended, or there is no /proc
        if name:
            (_TASKS / str(native_id) / "comm").write_text(name[:MOST_CHARS])
