"""What a container changed in its image's files: added, changed, deleted, as Docker's `diff` tells it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from enum import StrEnum

from engine.containers.upper import Upper, Written


class ChangeKind(StrEnum):
    """Docker's letters."""

    ADDED = "A"
    CHANGED = "C"
    DELETED = "D"


@dataclass(frozen=True, slots=True)
class Change:
    """One path that is other than in the image; bytes that are no UTF-8 as lone surrogates.

    :param path: absolute, inside.
    """

    kind: ChangeKind
    path: str


def changes(upper: Upper) -> list[Change]:
    """All changes in the order of their paths.

    A directory counts as changed where its attributes are or something in it is, as with Docker; what was
    only copied up on the way to a mount point is not told.
    """
    found: dict[bytes, ChangeKind] = {}
    for entry in upper.walk():
        if entry.whiteout:
            found[entry.path] = ChangeKind.DELETED
        elif entry.below is None:
            found[entry.path] = ChangeKind.ADDED
        elif entry.replaces or not _same_directory(entry):
            found[entry.path] = ChangeKind.CHANGED
        if entry.replaces:
            # Taken back for each of them that the new directory has, too.
            lost = (entry.path + b"/" + name for name in entry.inside.names())
            found.update(dict.fromkeys(lost, ChangeKind.DELETED))
    for path in list(found):
        while path := path.rpartition(b"/")[0]:
            found.setdefault(path, ChangeKind.CHANGED)
    return [Change(kind, "/" + os.fsdecode(path)) for path, kind in sorted(found.items())]


def _same_directory(entry: Written) -> bool:
    assert entry.below is not None
    now, before = entry.status, entry.below[0]
    if not (stat.S_ISDIR(now.st_mode) and stat.S_ISDIR(before.st_mode)):
        return False
    return (now.st_mode, now.st_uid, now.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
