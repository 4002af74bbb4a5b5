"""Changing the host's interfaces and rules: one process at a time, whichever store it is for."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import PermissionDenied
from engine.linux.user_namespaces import in_user_namespace

if TYPE_CHECKING:
    from engine.linux.rtnetlink import Routing

_LOCK = "/run/lamina-networks.lock"
_HINT = "run with --network none or --network host"


def lock_of(run: Path) -> str:
    """The lock of who changes networks: one for all stores of the host, or of a user's own namespace.

    :param run: the store's run directory.
    """
    return str(run / "session" / "networks.lock") if in_user_namespace() else _LOCK


@contextmanager
def on_host(lock: str) -> Iterator[Routing]:
    """Change the networks of where this thread is, alone. :raises PermissionDenied: this user may not."""
    from engine.linux.rtnetlink import Routing

    try:
        # Another store's user namespace may be this store's too, whose own was never entered then.
        os.makedirs(os.path.dirname(lock), 0o700, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with Routing() as routing:
                yield routing
        finally:
            os.close(descriptor)
    except PermissionError as error:
        message = f"networks cannot be changed: {error.strerror}"
        raise PermissionDenied(message, hint=_HINT) from error
