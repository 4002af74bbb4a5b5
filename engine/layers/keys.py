"""Keys of file tables: paths with NUL for the slash, so that sorting them by bytes gives tree order."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Sequence

SEPARATOR = b"\0"
_AFTER = b"\1"


def end_of(keys: Sequence[bytes], row: int) -> int:
    """The row after a subtree's last one in sorted keys."""
    key = keys[row]
    return bisect_left(keys, key + _AFTER, row) if key else len(keys)


def range_below(keys: Sequence[bytes], key: bytes) -> tuple[int, int]:
    """First row and the one after the last of all that lies below a directory, the directory left out."""
    if not key:
        return 1, len(keys)
    return bisect_left(keys, key + SEPARATOR), bisect_left(keys, key + _AFTER)


def key_of(path: str | bytes) -> bytes:
    """The key of a path; empty parts and `.` mean nothing, `..` is a name like others."""
    return SEPARATOR.join(part for part in os.fsencode(path).split(b"/") if part not in (b"", b"."))


def path_of(key: bytes) -> str:
    """The path of a key; bytes that are not UTF-8 become surrogates, as `os.fsdecode` makes them."""
    return os.fsdecode(key.replace(SEPARATOR, b"/"))


def child_key(key: bytes, name: bytes) -> bytes:
    """The key of a name in a directory."""
    return key + SEPARATOR + name if key else name
