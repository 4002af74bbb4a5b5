"""An image's tree up to one layer beside what that layer changed in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from engine.analysis.changes import Change, LayerChanges
from engine.analysis.stacked import Stack
from engine.layers.keys import SEPARATOR
from engine.layers.member import Kind

if TYPE_CHECKING:
    from engine.layers.table import FileEntry


@dataclass(frozen=True, slots=True)
class Seen:
    """One path as the explorer shows it.

    :param position: of the layer that the copy is from.
    :param size: bytes; of a directory all below it; of what is removed, what was there.
    """

    path: str
    change: Change
    kind: Kind
    position: int
    size: int
    entry: FileEntry


class Layered:
    """The tree up to one layer beside what that layer changed in it."""

    def __init__(self, stack: Stack, position: int) -> None:
        self.stack = stack
        self.position = position
        self.changes = LayerChanges(stack, position - 1)

    @cached_property
    def keys(self) -> list[bytes]:
        """All files up to the layer, and what it removed."""
        changes = self.changes
        gone = [
            key
            for key, change in zip(changes.keys, changes.changes, strict=True)
            if change is Change.REMOVED and self.stack.row_of_key(key) is None
        ]
        return sorted([*self.stack.keys, *gone]) if gone else self.stack.keys

    @cached_property
    def marks(self) -> dict[bytes, Change]:
        """What the layer changed, by key."""
        pairs = zip(self.changes.keys, self.changes.changes, strict=True)
        return {key: change for key, change in pairs if change is not Change.UNCHANGED}

    def is_folder(self, key: bytes) -> bool:
        """Whether a key is a directory, or was one that the layer removed."""
        row = self.stack.row_of_key(key)
        entries = self.stack.entries
        if row is not None:
            return entries.kind(self.stack.winners[row]) == Kind.DIRECTORY
        gone = self.changes.row_of_key(key)
        return gone is not None and entries.kind(self.changes.numbers[gone]) == Kind.DIRECTORY

    def size(self, key: bytes, whole: bool) -> int:
        """Bytes at a key and below it."""
        row = self.stack.row_of_key(key) if whole else None
        if row is not None:
            return self.stack.size(row)
        changed = self.changes.row_of_key(key)
        if changed is None:
            return 0
        gone = self.changes.changes[changed] is Change.REMOVED
        return self.changes.before(changed) if gone else self.changes.size(changed)

    def seen(self, key: bytes, whole: bool) -> Seen:
        """One path."""
        row = self.stack.row_of_key(key)
        changed = self.changes.row_of_key(key)
        size = self.size(key, whole)
        if row is not None and (whole or changed is None):
            found = self.stack.row(row)
            return Seen(found.path, self.mark(key), found.kind, found.position, size, found.entry)
        assert changed is not None
        one = self.changes.row(changed)
        return Seen(one.path, self.mark(key), one.kind, self.position, size, one.entry)

    def mark(self, key: bytes) -> Change:
        """How the layer changed a path; a directory in which something changed counts as changed."""
        own = self.marks.get(key, Change.UNCHANGED)
        if own in (Change.ADDED, Change.REMOVED, Change.CHANGED):
            return own
        row = self.changes.row_of_key(key)
        if row is None:
            return own
        below = self.changes.changes[row + 1 : self.changes.end(row)]
        return Change.CHANGED if any(change is not Change.UNCHANGED for change in below) else own


def parents(key: bytes) -> Iterator[bytes]:
    """The directories that a key lies in, the nearest first; the root is left out."""
    while SEPARATOR in key:
        key = key.rpartition(SEPARATOR)[0]
        yield key


def path_keys(path: str) -> Iterator[bytes]:
    """The key of a path, and those of the directories it lies in."""
    key = path.encode("utf-8", "surrogateescape").replace(b"/", SEPARATOR)
    yield key
    yield from parents(key)
