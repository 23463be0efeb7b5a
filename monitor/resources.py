"""Folders that travel with the code: models, samples and the built dashboard."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_IN_SOURCE_TREE = {
    "models": Path("models"),
    "samples": Path("samples"),
    "dashboard": Path("dashboard", "dist"),
}


def resource(name: str, *, package: Path = _PACKAGE) -> Path:
    """The folder ``name``: packed into the installed package as ``_name``, or else that
    of the source tree around it. It need not exist: an unbuilt dashboard is the caller's
    to explain.

    Raises LookupError for a name that is no resource.
    """
    if name not in _IN_SOURCE_TREE:
        raise LookupError(f"no resource {name!r}; there is: {', '.join(sorted(_IN_SOURCE_TREE))}")
    packed = package / f"_{name}"
    return packed if packed.is_dir() else package.parent / _IN_SOURCE_TREE[name]
