"""Rows of containers in the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from engine.containers.names import made_up_name
from engine.errors import AlreadyExists, Conflict, NotFound
from engine.oci import Digest
from engine.runtime.config import ContainerConfig
from engine.store.database import Database

if TYPE_CHECKING:
    import sqlite3

_COLUMNS = "id, name, image_id, image, created, config"
_TRIES = 20  # made-up names: the 20th collision in a row means thousands of containers


class Record(NamedTuple):
    """One container as it was made.

    :param image: the reference as the person gave it.
    :param created: seconds since the epoch.
    """

    id: str
    name: str
    image_id: Digest
    image: str
    created: float
    config: ContainerConfig


class Records:
    """The containers of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Record]:
        """Every container, the newest first."""
        with self._database.read() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM containers ORDER BY created DESC, id").fetchall()  # noqa: S608
        return [_record(row) for row in rows]

    def find(self, name: str) -> Record:
        """The container of a name, an id, or the unique start of an id.

        :raises NotFound: there is none. :raises Conflict: several ids begin so.
        """
        # A range instead of LIKE: what a person types is no pattern, and the key's order serves it.
        with self._database.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM containers WHERE name = ?1 OR id = ?1 "  # noqa: S608
                "OR (id >= ?1 AND id < ?1 || 'g') ORDER BY name != ?1, id != ?1 LIMIT 2",
                (name,),
            ).fetchall()
        found = [_record(row) for row in rows]
        if not found or not name:
            raise NotFound(f"no such container: {name}", hint="lamina ps -a shows all there are")
        if name in (found[0].name, found[0].id) or len(found) == 1:
            return found[0]
        raise Conflict(
            f"several containers have an id that begins with {name}", hint="give more of its digits"
        )

    def add(
        self,
        record: Record,
        also: Callable[[sqlite3.Connection, str], None] | None = None,
        durable: bool = True,
    ) -> Record:
        """Keep a container; one without a name gets one.

        :param also: what must happen in the same transaction; gets the container's id.
        :param durable: see `engine.store.Database.write`.
        :raises AlreadyExists: the name is taken. :raises NotFound: its image was removed meanwhile.
        """
        import _sqlite3 as sqlite3

        volumes = [bind.volume for bind in record.config.binds if bind.volume]
        for _ in range(_TRIES):
            named = record if record.name else record._replace(name=made_up_name())
            try:
                with self._database.write(durable=durable) as db:
                    _insert(db, named)
                    if also is not None:
                        also(db, named.id)
                    if volumes:
                        from engine.volumes import rows

                        rows.use(db, named.id, volumes)
            except sqlite3.IntegrityError as error:
                if "FOREIGN KEY" in str(error):
                    raise NotFound(f"the image {record.image} has just been removed") from error
                if record.name:
                    raise AlreadyExists(
                        f"a container is called {record.name} already",
                        hint=f"choose another name, or remove it: lamina rm {record.name}",
                    ) from error
            else:
                return named
        raise AlreadyExists("no free name was found", hint="give one with --name")

    def rename(self, record: Record, name: str) -> Record:
        """Give a container another name. :raises AlreadyExists: it is taken."""
        import _sqlite3 as sqlite3

        try:
            with self._database.write() as db:
                db.execute("UPDATE containers SET name = ? WHERE id = ?", (name, record.id))
        except sqlite3.IntegrityError as error:
            raise AlreadyExists(
                f"a container is called {name} already",
                hint=f"choose another, or remove it: lamina rm {name}",
            ) from error
        return record._replace(name=name)

    def set_config(self, container_id: str, config: ContainerConfig) -> None:
        """Change how a container will run."""
        with self._database.write() as db:
            db.execute("UPDATE containers SET config = ? WHERE id = ?", (config.dump(), container_id))

    def remove(self, container_id: str) -> None:
        """Forget a container."""
        with self._database.write() as db:
            db.execute("DELETE FROM containers WHERE id = ?", (container_id,))


def _insert(db: sqlite3.Connection, record: Record) -> None:
    db.execute(
        "INSERT INTO containers (id, name, image_id, image, created, config, auto_remove) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            record.id, record.name, record.image_id, record.image, record.created, record.config.dump(),
            int(record.config.auto_remove),
        ),
    )  # fmt: skip


def _record(row: tuple[str, str, str, str, float, str]) -> Record:
    container_id, name, image_id, image, created, config = row
    return Record(container_id, name, Digest(image_id), image, created, ContainerConfig.load(config))
