"""The entries of all layers of a stack under running numbers, so that one integer names one copy of a file.

Entry `n` of layer `i` (0 is the base) has the number `offsets[i] + n`. Columns are read where they lie.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate

from engine.layers.keys import path_of
from engine.layers.member import Kind
from engine.layers.table import FileTable

_FILE = int(Kind.FILE)


class Entries:
    """All entries of a stack of file tables, base first.

    :ivar offsets: number of the first entry of each layer, and one more for the end.
    :ivar kinds: of every entry; `Kind.HARDLINK` as its layer has it, see `inode`.
    :ivar targets: for each hard link to a file of a layer below, the entry it leads to.
    """

    def __init__(self, tables: Iterable[FileTable]) -> None:
        self.tables = tuple(tables)
        self.offsets = [0, *accumulate(map(len, self.tables))]
        self.kinds = b"".join(bytes(table.kinds) for table in self.tables)
        self.targets: dict[int, int] = {}

    def __len__(self) -> int:
        return self.offsets[-1]

    def locate(self, entry: int) -> tuple[int, int]:
        """The layer of an entry, and its number there."""
        layer = bisect_right(self.offsets, entry) - 1
        return layer, entry - self.offsets[layer]

    def layer(self, entry: int) -> int:
        """The layer of an entry; 0 is the base."""
        return bisect_right(self.offsets, entry) - 1

    def key(self, entry: int) -> bytes:
        """The key that an entry has in its own layer."""
        layer, number = self.locate(entry)
        return self.tables[layer].keys[number]

    def path(self, entry: int) -> str:
        """The path that an entry has in its own layer."""
        return path_of(self.key(entry))

    def source(self, entry: int) -> int:
        """The entry that describes a file: itself, or what a hard link to a lower layer leads to."""
        return self.targets.get(entry, entry)

    def inode(self, entry: int) -> int:
        """One entry for all names of a file."""
        source = self.source(entry)
        return self._groups.get(source, source)

    def kind(self, entry: int) -> int:
        """What a path is, hard links seen through."""
        return self.kinds[self.source(entry)]

    def link(self, entry: int) -> bytes:
        """Target of a symbolic link; empty for all else."""
        layer, number = self.locate(self.source(entry))
        return self.tables[layer].links.get(number, b"")

    def content(self, entry: int) -> int:
        """Bytes of a file's content; 0 for all that is no file."""
        source = self.source(entry)
        return self.sizes[source] if self.kinds[source] == _FILE else 0

    def is_linked(self, entry: int) -> bool:
        """Whether the file may have further names."""
        return entry in self.targets or entry in self._groups or entry in self._pointed

    def bytes_of(self, entries: Sequence[int]) -> list[int]:
        """Bytes of content of each entry; a file with several names among them counts with the first."""
        found = list(map(self.contents.__getitem__, entries))
        if self.targets or self._groups:
            seen: set[int] = set()
            for row, entry in enumerate(entries):
                if self.is_linked(entry):
                    inode = self.inode(entry)
                    found[row] = 0 if inode in seen else self.content(entry)
                    seen.add(inode)
        return found

    def is_repeated(self, layer: int) -> bool:
        """Whether the same layer stands higher in the stack too; it is kept and travels once."""
        return any(table is self.tables[layer] for table in self.tables[layer + 1 :])

    @cached_property
    def sizes(self) -> list[int]:
        """The size column of every entry."""
        return [size for table in self.tables for size in table.sizes]

    @cached_property
    def contents(self) -> list[int]:
        """Bytes of content by entry: the size of files, 0 for all else."""
        return [size if kind == _FILE else 0 for size, kind in zip(self.sizes, self.kinds, strict=True)]

    @cached_property
    def _groups(self) -> dict[int, int]:
        """For entries with several names in their own layer the first of these names."""
        found: dict[int, int] = {}
        for offset, table in zip(self.offsets, self.tables, strict=False):
            first: dict[int, int] = {}
            for number, group in table.groups.items():
                found[offset + number] = first.setdefault(group, offset + number)
        return found

    @cached_property
    def _pointed(self) -> frozenset[int]:
        return frozenset(self.targets.values())
