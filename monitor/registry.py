"""A file's name is its registration: engines, sources and nudges."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


class UnknownName(LookupError):  # noqa: N818  (says what it is)
    """No file of that name; the message lists the folder."""


def names(package: str) -> list[str]:
    """Every registered name of a package, sorted; files starting with ``_`` are not."""
    path = importlib.import_module(package).__path__
    return sorted(m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_"))


def load(package: str, name: str) -> ModuleType:
    """The module ``package.name``. Raises UnknownName for anything not in the folder."""
    known = names(package)
    if name not in known:
        what = package.rpartition(".")[2]
        raise UnknownName(f"no {name!r} in {what}; there is: {', '.join(known) or 'nothing'}")
    return importlib.import_module(f"{package}.{name}")
