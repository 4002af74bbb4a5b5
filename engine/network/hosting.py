"""Changing the host's interfaces and rules: one process at a time, whichever store it is for."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import PermissionDenied

if TYPE_CHECKING:
    from engine.linux.rtnetlink import Routing

_LOCK = "/run/lamina-networks.lock"
_HINT = "as an ordinary user, run with --network none or --network host"


@contextmanager
def on_host() -> Iterator[Routing]:
    """Change the host's network, alone. :raises PermissionDenied: this user may not."""
    from engine.linux.rtnetlink import Routing

    try:
        descriptor = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with Routing() as routing:
                yield routing
        finally:
            os.close(descriptor)
    except PermissionError as error:
        message = f"the host's networks cannot be changed: {error.strerror}"
        raise PermissionDenied(message, hint=_HINT) from error
