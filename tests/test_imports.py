"""The house has one direction: hearing <- understanding <- outside (docs/architecture.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "monitor"

ROOMS: list[tuple[str, str]] = [
    ("vocabulary", "__init__ events config registry resources"),
    ("hearing", "audio vad pitch syllables ear running leak crosstalk foreground parties"),
    (
        "understanding",
        "baseline transfer"
        " turns floor utterances overlaps attempt usual backchannels tone voice rate accommodation"
        " pace wording misheard phrases sense cues early partials mood customer view naming memory"
        " nudges"
        " reasons repertoire opportunities scorecard screen policy report call redaction listed"
        " numerals",
    ),
    (
        "outside",
        "audiofile engines weights windows jobs languages backlog workload crew condition"
        " transcriber sources tape worker hearing sureness scribe pieces ahead session bus"
        " database schema migrations rows writer store recording retention threads playbook runtime"
        " shifts calls server effect gates encoder meaning reader analysis house terminal"
        " tables doctor demo bench score"
        " rehearsal cli"
        " __main__",
    ),
]
"""A room may import itself and those above it. Inside a room, no cycles (import itself proves)."""

RANK = {name: rank for rank, (_, names) in enumerate(ROOMS) for name in names.split()}

NOT_IN_THE_CORE = {
    "asyncio",
    "concurrent",
    "datetime",
    "logging",
    "multiprocessing",
    "random",
    "select",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
    "websockets",
}
"""I/O, clocks, threads and chance: a call is a function of its inputs."""


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        top = path.relative_to(ROOT).parts[0].removesuffix(".py")
        found.append((top, path))
    return found


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
            if node.module == "monitor":
                names |= {f"monitor.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize(("room", "path"), modules(), ids=lambda v: getattr(v, "name", v))
def test_imports_point_one_way(room: str, path: Path) -> None:
    assert room in RANK, f"{room} stands in no room: add it to ROOMS"
    for name in imported(path):
        if not name.startswith("monitor."):
            continue
        target = name.split(".")[1]
        if target == "__version__":
            continue
        assert RANK[target] <= RANK[room], f"{path.name} ({room}) must not import {name}"


@pytest.mark.parametrize(
    ("room", "path"),
    [(r, p) for r, p in modules() if RANK.get(r, 9) in (1, 2)],
    ids=lambda v: getattr(v, "name", v),
)
def test_core_has_no_io_clock_or_threads(room: str, path: Path) -> None:
    tops = {name.split(".")[0] for name in imported(path)}
    assert not tops & NOT_IN_THE_CORE


def test_no_room_is_empty() -> None:
    here = {room for room, _ in modules()}
    for room, names in ROOMS:
        assert here & set(names.split()), f"nothing in {room}"


def test_the_map_names_every_file() -> None:
    page = (ROOT.parent / "docs" / "architecture.md").read_text()
    rooms = {room for room, _ in modules()} - {"__init__", "__main__"}
    missing = [
        room for room in sorted(rooms) if f"`{room}`" not in page and f"`{room}/`" not in page
    ]
    assert not missing
