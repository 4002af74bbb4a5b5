"""Rows of volumes in the database, and which containers have them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import NotFound

if TYPE_CHECKING:
    import sqlite3

_COLUMNS = "name, created, labels, anonymous"


class Row(NamedTuple):
    """One volume as the database has it."""

    name: str
    created: float
    labels: Mapping[str, str]
    anonymous: bool


def find(db: sqlite3.Connection, name: str) -> Row | None:
    """The volume of a name; None where there is none."""
    found = db.execute(f"SELECT {_COLUMNS} FROM volumes WHERE name = ?", (name,)).fetchone()  # noqa: S608
    return _row(found) if found else None


def every(db: sqlite3.Connection) -> list[Row]:
    """All volumes, by name."""
    found = db.execute(f"SELECT {_COLUMNS} FROM volumes ORDER BY name").fetchall()  # noqa: S608
    return [_row(row) for row in found]


def add(db: sqlite3.Connection, row: Row) -> None:
    """Keep a volume; one of the name stays as it is."""
    db.execute(
        f"INSERT OR IGNORE INTO volumes ({_COLUMNS}) VALUES (?, ?, ?, ?)",  # noqa: S608
        (row.name, row.created, json.dumps(dict(row.labels)), int(row.anonymous)),
    )


def forget(db: sqlite3.Connection, name: str) -> None:
    """Take a volume's row away."""
    db.execute("DELETE FROM volumes WHERE name = ?", (name,))


def users(db: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """Of every volume that is used, the names of its containers, sorted."""
    found: dict[str, list[str]] = {}
    for volume, container in db.execute(
        "SELECT volume, containers.name FROM volume_uses JOIN containers ON containers.id = container_id "
        "ORDER BY containers.name"
    ):
        found.setdefault(volume, []).append(container)
    return {volume: tuple(names) for volume, names in found.items()}


def users_of(db: sqlite3.Connection, name: str) -> tuple[str, ...]:
    """Names of the containers that have a volume, sorted."""
    rows = db.execute(
        "SELECT containers.name FROM volume_uses JOIN containers ON containers.id = container_id "
        "WHERE volume = ? ORDER BY containers.name",
        (name,),
    ).fetchall()
    return tuple(container for (container,) in rows)


def use(db: sqlite3.Connection, container_id: str, names: Iterable[str]) -> None:
    """Write down which volumes a container has, in the transaction that keeps the container.

    :raises NotFound: one was removed meanwhile.
    """
    for name in dict.fromkeys(names):
        if find(db, name) is None:
            raise NotFound(f"the volume {name} has just been removed", hint="try again")
        db.execute("INSERT INTO volume_uses (container_id, volume) VALUES (?, ?)", (container_id, name))


def _row(found: tuple[str, float, str, int]) -> Row:
    name, created, labels, anonymous = found
    return Row(name, created, json.loads(labels), bool(anonymous))
