"""The database of a store: SQLite in WAL mode, so that readers and one writer never wait for each other.

A commit is durable when it returns (synchronous=FULL), unless that is not asked for. Connections are pooled
in the process: a call takes one for the length of its transaction, from whatever thread it runs in.
"""

from __future__ import annotations

from _thread import allocate_lock  # `threading` itself would be felt by every start
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Conflict, Corrupt, LaminaError, NotSupported, PermissionDenied, Unavailable
from engine.store.layout import Layout
from engine.store.locks import lock
from engine.store.reserve import with_room

if TYPE_CHECKING:
    import sqlite3  # loaded by those who open a database, not by all who import a layout

MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY = 10.0  # seconds a writer waits for another writer; transactions here last milliseconds


class Database:
    """One store's database; opened, and brought up to this version's schema, when first used.

    :raises Corrupt: the file is damaged, or no database at all.
    :raises NotSupported: a newer version of the program has been here.
    """

    def __init__(self, layout: Layout, migrations: Path = MIGRATIONS) -> None:
        self.layout = layout
        self._migrations = migrations
        self._guard = allocate_lock()
        self._idle: list[sqlite3.Connection] = []
        self._ready = False

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one moment of the database, whatever others write meanwhile."""
        with self._transaction("BEGIN DEFERRED") as connection:
            yield connection

    @contextmanager
    def write(self, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A connection with the write lock: commits at the end, rolls back when the block raises.

        :param durable: False where a loss of power may undo it, as a whole; a kill never does.

        `sqlite3.IntegrityError` passes through: only the caller knows what a taken name means.

        :raises Conflict: another process holds the write lock for too long.
        """
        with self._transaction("BEGIN IMMEDIATE", durable) as connection:
            yield connection

    def close(self) -> None:
        """Close what is idle; the next call opens anew."""
        with self._guard:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _transaction(self, begin: str, durable: bool = True) -> Iterator[sqlite3.Connection]:
        import _sqlite3 as sqlite3  # the package itself loads all that dates are, for nobody here

        try:
            connection = self._take()
            try:
                if not durable:
                    connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute(begin)
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.rollback()
                if not durable:
                    connection.execute("PRAGMA synchronous = FULL")
                self._give(connection)
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except sqlite3.Error as error:
            raise _translated(error, self.layout.database) from error

    def _take(self) -> sqlite3.Connection:
        with self._guard:
            if self._idle:
                return self._idle.pop()
            return with_room(self.layout, self._opened)

    def _give(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            self._idle.append(connection)

    def _opened(self) -> sqlite3.Connection:
        """A fresh connection, its log and index open, which takes room on the disk."""
        import _sqlite3 as sqlite3

        try:
            connection = self._open()
            try:
                if self._ready:
                    _version(connection)
                else:
                    self._migrate(connection)
                    self._ready = True
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise _translated(error, self.layout.database) from error
        return connection

    def _open(self) -> sqlite3.Connection:
        import _sqlite3 as sqlite3

        self.layout.create()
        connection = sqlite3.connect(
            self.layout.database,
            timeout=_BUSY,
            isolation_level=None,  # transactions are begun here by name, never by the driver
            check_same_thread=False,  # the pool gives a connection to one thread at a time
        )
        try:
            connection.executescript("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        steps = _steps(self._migrations)
        if _version(connection) == len(steps):
            return
        with lock(self.layout, "migrations", timeout=60):
            version = _version(connection)
            if version > len(steps):
                raise NotSupported(
                    f"{self.layout.database} has schema {version}, this version knows {len(steps)}",
                    hint="a newer lamina has used this store: use that one, or another store with --root",
                )
            connection.execute("PRAGMA journal_mode = WAL")
            for number, step in enumerate(steps[version:], version + 1):
                # Schema and version number change in one transaction, or neither does.
                connection.executescript(
                    f"BEGIN IMMEDIATE; {step.read_text('utf-8')}; PRAGMA user_version = {number}; COMMIT;"
                )


def _steps(directory: Path) -> list[Path]:
    """Migrations in order; `0001_first.sql` leads from schema 0 to schema 1."""
    return sorted(path for path in directory.iterdir() if path.suffix == ".sql")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _translated(error: sqlite3.Error, path: Path) -> LaminaError:
    # Primary codes are the low byte of an extended one (sqlite.org/rescode.html).
    name = error.sqlite_errorname if hasattr(error, "sqlite_errorname") else ""
    message = f"the database {path}: {error}"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Corrupt(message, hint=f"move {path} away; images must then be pulled again")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Conflict(message, hint="another lamina command is writing; try again")
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return PermissionDenied(message, hint="check who owns the store, or choose another with --root")
    if name.startswith("SQLITE_FULL"):
        return Unavailable(message, hint="make room: lamina system prune")
    return Unavailable(message, hint="check that the disk is there, writable and not full")
