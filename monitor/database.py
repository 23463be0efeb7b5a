"""The database file: connections, migrations, and which process is writing."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import alembic.command
import alembic.config
import sqlalchemy as sa


class Run:
    """This process among others on the same folder, known by a lock that dies with it."""

    def __init__(self, folder: Path) -> None:
        self.id = uuid4().hex
        self._folder = folder
        self._lock: BinaryIO | None = None

    def begin(self) -> None:
        self._folder.mkdir(exist_ok=True, mode=0o700)
        self._lock = self._path(self.id).open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def end(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None
            self._path(self.id).unlink(missing_ok=True)

    def alive(self, run: str) -> bool:
        """Whether the process of that run still holds its lock (or is this one)."""
        if run == self.id:
            return True
        path = self._path(run)
        try:
            with path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _path(self, run: str) -> Path:
        return self._folder / f"{run}.lock"


def connect(path: Path) -> sa.Engine:
    """An engine on a SQLite file; errors and logs of it never show the values."""
    # No limit: a writer that waited for readers to give their connections back would count
    # its rows as refused. There are no more readers than threads.
    engine = sa.create_engine(f"sqlite:///{path}", hide_parameters=True, max_overflow=-1)

    @sa.event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: object) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "busy_timeout=5000",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def migrate(engine: sa.Engine) -> None:
    """Bring the tables up to date. Raises SQLAlchemyError or alembic's CommandError."""
    config = alembic.config.Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "head")
