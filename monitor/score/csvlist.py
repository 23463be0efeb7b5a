"""Lists in CSV: one row a line, the first line names the columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from monitor.score import ScoreError


def lines(
    source: Path, needed: Sequence[str], optional: Sequence[str], where: Sequence[str] = ()
) -> Iterator[tuple[str, dict[str, str]]]:
    """Where each row stands ("list.csv, line 4") and its cells, of the rows that fit every
    COLUMN=VALUE of ``where``. Empty lines are no rows.

    Raises ScoreError, which names the list and the line: no UTF-8, a ``needed`` column that is
    not there, a row with another number of fields.
    """
    asked = [_condition(text) for text in where]
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = columns
            _check(source, columns, needed, optional)
            for name, _ in asked:
                if name not in columns:
                    there = ", ".join(columns)
                    raise ScoreError(f"{source} has no column {name!r}; there is: {there}")
            for raw in reader:
                place = f"{source.name}, line {reader.line_num}"
                cells = _cells(place, columns, raw)
                if all(cells[name] == value for name, value in asked):
                    yield place, cells
    except OSError as error:
        raise ScoreError(f"{source} cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise ScoreError(f"{source} is no CSV in UTF-8: {error}") from error


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ScoreError(f"--where is COLUMN=VALUE, as in half=report, not {text!r}")
    return name.strip(), value.strip()


def _check(
    source: Path, columns: Sequence[str], needed: Sequence[str], optional: Sequence[str]
) -> None:
    wanted = f"{', '.join(needed)} (and {', '.join(optional)}, if wanted)"
    if not columns:
        raise ScoreError(f"{source} is empty: its first line names the columns {wanted}")
    missing = [name for name in needed if name not in columns]
    if missing:
        raise ScoreError(
            f"{source} has no column {' and no '.join(missing)}: its first line names {wanted}"
        )


def _cells(
    place: str, columns: Sequence[str], raw: Mapping[str | None, str | None]
) -> dict[str, str]:
    if None in raw:
        raise ScoreError(
            f"{place}: more than the {len(columns)} fields that the first line names: a text "
            f"with a comma stands in double quotes"
        )
    if any(raw[name] is None for name in columns):
        raise ScoreError(f"{place}: fewer than the {len(columns)} fields that the first line names")
    return {name: (raw[name] or "").strip() for name in columns}
