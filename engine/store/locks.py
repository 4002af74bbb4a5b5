"""Locks between fronts: one file per name, flock(2), freed by the kernel when its holder dies."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import Conflict, InvalidArgument, Unavailable
from engine.store.layout import Layout

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1  # seconds between tries; flock has no time-out of its own


@contextmanager
def lock(layout: Layout, name: str, shared: bool = False, timeout: float | None = None) -> Iterator[int]:
    """Hold the lock `name` of a store; gives its descriptor.

    It excludes other processes and other threads of this one alike; it is not re-entrant. A process that was
    handed the descriptor holds it on where this one is killed.

    :param shared: readers together, instead of one alone.
    :param timeout: seconds to wait; 0 tries once; None waits for as long as it takes.
    :raises Conflict: the time ran out; names what is locked.
    """
    if not _NAME.fullmatch(name):
        raise InvalidArgument(f"{name!r} cannot name a lock")
    path = layout.locks / name
    deadline = None if timeout is None else time.monotonic() + timeout
    descriptor = _acquire(path, shared, deadline)
    try:
        yield descriptor
    finally:
        if not shared:
            # Whoever waits on this file finds it gone and opens anew; so lock files never pile up.
            path.unlink(missing_ok=True)
        os.close(descriptor)


def flock_until(descriptor: int, operation: int, deadline: float | None, what: str) -> None:
    """flock(2) with a deadline on the monotonic clock; None waits in the kernel.

    :raises Conflict: the deadline passed; the message names `what`.
    """
    if deadline is None:
        fcntl.flock(descriptor, operation)
        return
    pause = _FIRST_PAUSE
    while True:
        try:
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno != errno.EWOULDBLOCK:
                raise
        else:
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise Conflict(
                f"{what} is in use by another process",
                hint="wait until the other command has finished, then try again",
            )
        time.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE)


def same_file(descriptor: int, path: Path) -> bool:
    """Whether `path` still names the open file (it may have been removed or replaced while we waited)."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _acquire(path: Path, shared: bool, deadline: float | None) -> int:
    operation = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    while True:
        descriptor = _open(path)
        try:
            flock_until(descriptor, operation, deadline, f"the store's lock {path.name!r}")
            if same_file(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Unavailable(
            f"the store's lock {path} cannot be opened: {error.strerror}",
            hint="check that the store is there and writable",
        ) from error
