"""Names of volumes: Docker's rule, and made-up ones."""

from __future__ import annotations

import os
import re

from engine.errors import InvalidArgument

_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}"  # Docker's rule, and a file name's length


def is_name(name: str) -> bool:
    """Whether a volume may be called so."""
    return re.fullmatch(_NAME, name) is not None


def check_name(name: str) -> str:
    """The name, if it can be one. :raises InvalidArgument: it cannot."""
    if not is_name(name):
        raise InvalidArgument(
            f"{name!r} cannot name a volume",
            hint="two letters or digits at least, and _ . - after the first; a directory of the host is "
            "given by its whole path",
        )
    return name


def new_name() -> str:
    """A name for an anonymous volume: 64 hex digits."""
    return os.urandom(32).hex()
