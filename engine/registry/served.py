"""Repositories that this machine serves itself, whatever registry their names say.

A server announces a prefix of repositories and its loopback address in one file of the run directory,
and holds a lock on that file (flock(2)) for as long as it serves. The kernel drops the lock when the
server dies, so an announcement is never believed longer than it is true.

    {"prefix": "docker.io/lab/", "address": "127.0.0.1:40123", "pid": 4711, "speed": 0}
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import NamedTuple

from engine.registry.hosts import is_loopback

_NAME = "served.json"
_LIMIT = 4096  # bytes


class Announcement(NamedTuple):
    """Who serves what, where.

    :param prefix: of repositories, domain included: `docker.io/lab/`.
    :param address: `host:port`, loopback.
    :param speed: bytes a second that it holds its link to; 0 is no limit.
    """

    prefix: str
    address: str
    pid: int
    speed: int = 0


def served_domain(run: Path, repository: str) -> str | None:
    """The `host:port` of this machine that serves a repository now; None where its own registry does."""
    found = announcement(run)
    return found.address if found is not None and repository.startswith(found.prefix) else None


def announcement(run: Path) -> Announcement | None:
    """What is announced by a server that lives; None where there is none."""
    try:
        descriptor = os.open(run / _NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _parse(os.read(descriptor, _LIMIT))
        return None  # nobody holds it: the server is gone
    finally:
        os.close(descriptor)


def announce(run: Path, prefix: str, address: str, speed: int = 0) -> int:
    """Tell the programs of this machine that this process serves `prefix`.

    Waits until an earlier server has let go.

    :param speed: of its link, bytes a second; 0 is no limit.
    :returns: the descriptor that holds the announcement; it ends when that is closed.
    """
    descriptor = os.open(run / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.ftruncate(descriptor, 0)
    document = {"prefix": prefix, "address": address, "pid": os.getpid(), "speed": speed}
    os.write(descriptor, json.dumps(document).encode())
    return descriptor


def _parse(data: bytes) -> Announcement | None:
    try:
        document = json.loads(data)
        found = Announcement(
            document["prefix"], document["address"], document["pid"], document.get("speed", 0)
        )
    except (ValueError, KeyError, TypeError):
        return None  # it is being written just now
    host, _, port = str(found.address).rpartition(":")
    sound = isinstance(found.prefix, str) and isinstance(found.pid, int) and isinstance(found.speed, int)
    return found if sound and port.isdigit() and is_loopback(host) else None
