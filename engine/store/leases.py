"""Leases: what a pull under way is about to use, so that nobody deletes it meanwhile.

A lease counts for as long as the process that took it lives. Process ids come round again, so a
process is known by its id together with its start time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.store.database import Database

if TYPE_CHECKING:
    import sqlite3


@contextmanager
def leased(database: Database, digests: Iterable[str]) -> Iterator[None]:
    """Hold a lease on layers (diff IDs) and blobs for the length of the block."""
    name = lease_name()
    with database.write() as connection:
        take_lease(connection, name, digests)
    try:
        yield
    finally:
        with database.write() as connection:
            drop_lease(connection, name)


def lease_name() -> str:
    """A name that no other lease has."""
    return os.urandom(16).hex()


def take_lease(connection: sqlite3.Connection, name: str, digests: Iterable[str]) -> None:
    """Let this process hold a lease on layers and blobs until `drop_lease`, or its death."""
    pid, now = os.getpid(), time.time()
    start = start_time(pid)
    connection.executemany(
        "INSERT OR IGNORE INTO leases (id, digest, pid, start, created) VALUES (?, ?, ?, ?, ?)",
        [(name, digest, pid, start, now) for digest in set(digests)],
    )


def drop_lease(connection: sqlite3.Connection, name: str) -> None:
    """End a lease; nothing happens when there is none of that name."""
    connection.execute("DELETE FROM leases WHERE id = ?", (name,))


def leased_digests(connection: sqlite3.Connection) -> set[str]:
    """Diff IDs and blob digests under a lease whose owner lives."""
    rows = connection.execute("SELECT digest, pid, start FROM leases").fetchall()
    living = {owner for owner in {(pid, start) for _, pid, start in rows} if _lives(*owner)}
    return {digest for digest, pid, start in rows if (pid, start) in living}


def drop_dead_leases(connection: sqlite3.Connection) -> int:
    """Remove the leases of processes that are gone; how many processes."""
    owners = connection.execute("SELECT DISTINCT pid, start FROM leases").fetchall()
    dead = [owner for owner in owners if not _lives(*owner)]
    connection.executemany("DELETE FROM leases WHERE pid = ? AND start = ?", dead)
    return len(dead)


def start_time(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 when there is none (man 5 proc_pid_stat)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The command name, in parentheses, may hold spaces and parentheses itself: count from its end.
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(fields[19])


def _lives(pid: int, start: int) -> bool:
    return start_time(pid) == start
