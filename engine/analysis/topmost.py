"""One file of a stack found from the top down, so that the layers below it need not even be known."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

from engine.analysis.stacked import Stack
from engine.errors import Malformed, NotFound
from engine.layers.follow import walk
from engine.layers.inode import Directory, Flag
from engine.layers.keys import SEPARATOR, child_key, key_of
from engine.layers.member import Kind
from engine.layers.table import FileTable
from engine.layers.table_writer import encode_table

_DIRECTORY, _FILE = int(Kind.DIRECTORY), int(Kind.FILE)
_IMPLICIT = int(Flag.IMPLICIT)


def find_file(table: Callable[[int], FileTable], layers: int, path: str) -> tuple[Stack, int]:
    """A stack that has what a path leads to, as the whole stack would show it, and its row there.

    Layers below the one that has the file are empty in this stack. What is no regular file, or cannot be
    told for certain, takes all layers.

    :param table: of a layer by its number, 0 is the base; asked once for each layer, the top first.
    :param path: symbolic links are followed inside the image.
    :raises NotFound: it leads to nothing. :raises Malformed: the layers do not fit together.
    """
    known: list[FileTable] = []  # base first
    wanted = {key_of(path)}
    for layer in reversed(range(layers)):
        known.insert(0, table(layer))
        if layer and any(_touches(known[0], key) for key in wanted):
            with suppress(Malformed):  # a hard link into the layers below, perhaps
                found = _Attempt(known, layer)
                row = found.row(path)
                if row is not None:
                    return found.stack, row
                wanted |= found.led_to
    stack = Stack(known)
    return stack, stack.follow(path)


def _touches(table: FileTable, key: bytes) -> bool:
    """Whether a layer has the path itself, or anything but a directory on the way to it."""
    here = b""
    for name in key.split(SEPARATOR):
        here = child_key(here, name)
        number = table.number(here.replace(SEPARATOR, b"/"))
        if number is None:
            return False
        if table.kinds[number] != _DIRECTORY:
            return True
    return True


class _Attempt:
    """The upper layers of a stack, asked for a path.

    :param below: how many layers are not known.
    :ivar led_to: where links led, though nothing may be there yet.
    :raises Malformed: the layers need those below, or do not fit together.
    """

    def __init__(self, known: list[FileTable], below: int) -> None:
        root = Directory()
        root.flags = _IMPLICIT
        self.stack = Stack([FileTable(encode_table(root))] * below + known)
        self.led_to: set[bytes] = set()
        self._passed: dict[bytes, int] = {}

    def row(self, path: str) -> int | None:
        """The row of the regular file that a path leads to; None where the layers below may say another."""
        entries = self.stack.entries
        try:
            key, missing = walk(entries, self._look, b"", os.fsencode(path))
        except NotFound:
            return None
        if missing:
            self.led_to.add(SEPARATOR.join(part for part in (key, *missing) if part))
            return None
        row = self.stack.row_of_key(key)
        # A name that a layer gave a file of a lower one depends on what is at that one's path.
        if row is None or entries.kinds[self.stack.winners[row]] != _FILE or not self._is_certain():
            return None
        return row

    def _look(self, key: bytes) -> int | None:
        entry = self.stack.look(key)
        if entry is not None:
            self._passed[key] = entry
        return entry

    def _is_certain(self) -> bool:
        """Whether no layer below can make another thing of a directory on the way.

        A parent that an archive leaves out goes where a link below leads, and with it all that is put there;
        but a layer above that has the directory itself takes the link's place, and does not show this.
        """
        entries = self.stack.entries
        directories = {key for key, entry in self._passed.items() if entries.kind(entry) == _DIRECTORY}
        for key in self._passed.keys() - directories:
            layer = entries.layer(self._passed[key])
            above = set(_directories_above(key))
            if any(not self._names(layer, each) and self._names_above(layer, each) for each in above):
                return False
            directories -= above
        # What the path enters and leaves again by `..` must not be a link itself.
        return all(self._names_above(-1, directory) for directory in directories)

    def _names_above(self, layer: int, directory: bytes) -> bool:
        return any(self._names(each, directory) for each in range(layer + 1, len(self.stack.entries.tables)))

    def _names(self, layer: int, directory: bytes) -> bool:
        """Whether a layer's archive has a directory itself, and not only something in it."""
        table = self.stack.entries.tables[layer]
        number = table.number(directory.replace(SEPARATOR, b"/"))
        return (
            number is not None and table.kinds[number] == _DIRECTORY and not table.flags[number] & _IMPLICIT
        )


def _directories_above(key: bytes) -> Iterator[bytes]:
    parts = key.split(SEPARATOR)
    return (SEPARATOR.join(parts[:count]) for count in range(1, len(parts)))
