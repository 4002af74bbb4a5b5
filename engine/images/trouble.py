"""When the store's disk refuses: one error that a person can do something with."""

from __future__ import annotations

import errno

from engine.errors import LaminaError, PermissionDenied, Unavailable

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def disk_trouble(error: OSError) -> LaminaError:
    """What an `OSError` from the store's files means."""
    place = f" ({error.filename})" if error.filename else ""
    message = f"the store's disk refuses{place}: {error.strerror or error}"
    if error.errno in _FULL:
        return Unavailable(message, hint="make room, with lamina rmi for example; what has arrived is kept")
    if isinstance(error, PermissionError):
        return PermissionDenied(message, hint="check who owns the store, or choose another with --root")
    return Unavailable(message, hint="check the disk, then try again")
