"""Names of threads, as the system shows them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.threads import MOST_CHARS, children_named, show_names

TASKS = Path("/proc/self/task")
pytestmark = pytest.mark.skipif(not TASKS.is_dir(), reason="there is no /proc")


def shown(thread: threading.Thread) -> str:
    return (TASKS / str(thread.native_id) / "comm").read_text().strip()


@contextmanager
def waiting(name: str) -> Iterator[threading.Thread]:
    over = threading.Event()
    thread = threading.Thread(target=over.wait, name=name)
    thread.start()
    try:
        yield thread
    finally:
        over.set()
        thread.join()


def test_the_system_knows_each_thread_by_its_name_but_the_first() -> None:
    before = shown(threading.main_thread())
    with waiting("ear") as short, waiting("x" * 40) as long:
        show_names()
        assert shown(short) == "ear"
        assert shown(long) == "x" * MOST_CHARS
    assert shown(threading.main_thread()) == before


def test_threads_made_by_a_library_have_the_name_of_what_they_are_for() -> None:
    before = shown(threading.current_thread())
    with children_named("engine"), waiting("for Python only") as child:
        assert shown(child) == "engine"
    assert shown(threading.current_thread()) == before
    with waiting("another") as other:
        assert shown(other) == before
