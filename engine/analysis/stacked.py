"""The stacked tree: what a container of these layers sees, and which layer each path is from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from engine.analysis.tree import Tree
from engine.errors import NotFound
from engine.layers.effect import Effect
from engine.layers.entries import Entries
from engine.layers.follow import walk
from engine.layers.keys import key_of
from engine.layers.member import Kind
from engine.layers.merge import Merge
from engine.layers.resolve import show
from engine.layers.table import FileEntry, FileTable


@dataclass(frozen=True, slots=True)
class StackedRow:
    """One path of the stacked tree.

    :param path: without a leading slash; empty for the root.
    :param position: of the layer it is from; 1 is the base.
    :param size: bytes of content; of a directory all that is below, each file once.
    :param entry: mode, owner, times, link; of a hard link to a lower layer those of the file.
    """

    path: str
    position: int
    kind: Kind
    size: int
    entry: FileEntry

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class Stack(Tree):
    """The tree of a stack of layers.

    Made at once for all layers; rows are made when asked for.

    :param tables: of the layers, base first; a part of an image's shows the tree up to that layer.
    :ivar entries: all copies of all files.
    :ivar winners: for each row the entry that is seen.
    :ivar effects: what each layer did to those below.
    :raises Malformed: the layers do not fit together.
    """

    def __init__(self, tables: Sequence[FileTable]) -> None:
        self.entries = Entries(tables)
        merge = Merge(self.entries)
        for layer in range(len(tables)):
            merge.apply(layer)
        super().__init__(sorted(merge.winners))
        self.winners = list(map(merge.winners.__getitem__, self.keys))
        self.effects: tuple[Effect, ...] = tuple(merge.effects)

    @cached_property
    def weights(self) -> Sequence[int]:
        """Bytes of content of each row; a file with several names counts with the first."""
        return self.entries.bytes_of(self.winners)

    @cached_property
    def hidden(self) -> Mapping[int, int]:
        """For each entry that is seen no more the layer that hid it; parents left out are not among them."""
        return {
            entry: layer
            for layer, effect in enumerate(self.effects)
            for entry in (*effect.below.values(), *effect.removed.values())
        }

    @cached_property
    def wasted(self) -> AbstractSet[int]:
        """Entries of files that are kept and travel though no name of them is seen; one for each file."""
        entries = self.entries
        contents = entries.contents
        repeated = {layer for layer in range(len(entries.tables)) if entries.is_repeated(layer)}
        found = {
            entry
            for entry in self.hidden
            if contents[entry] and not (repeated and entries.layer(entry) in repeated)
        }
        linked = {entry for entry in found if entries.is_linked(entry)}
        if linked:
            found -= linked
            found |= {inode for entry in linked if (inode := entries.inode(entry)) not in self.linked}
        return found

    @cached_property
    def linked(self) -> AbstractSet[int]:
        """Inodes of all files that have, or once had, several names, and are seen."""
        entries = self.entries
        return {entries.inode(entry) for entry in self.winners if entries.is_linked(entry)}

    def row(self, row: int) -> StackedRow:
        """Everything about a row."""
        entry = self.winners[row]
        layer, number = self.entries.locate(self.entries.source(entry))
        described = self.entries.tables[layer].entry(number)
        is_directory = described.kind is Kind.DIRECTORY
        return StackedRow(
            path=self.path(row),
            position=self.entries.layer(entry) + 1,
            kind=described.kind,
            size=self.size(row) if is_directory else self.entries.content(entry),
            entry=described,
        )

    def children(self, path: str | bytes) -> list[StackedRow]:
        """What a directory holds, in order, with the sizes of what is below.

        :raises NotFound: there is no such path.
        """
        return [self.row(child) for child in self.child_rows(self.require(path))]

    def rows(self) -> Iterator[StackedRow]:
        """All rows, in order."""
        return map(self.row, range(len(self)))

    def require(self, path: str | bytes) -> int:
        """The row of a path as it is written, no link followed.

        :raises NotFound: there is none.
        """
        row = self.row_of(path)
        if row is None:
            raise NotFound(f"there is no path {_shown(path)} in the image")
        return row

    def follow(self, path: str | bytes) -> int:
        """The row that a path leads to, symbolic links followed inside the image.

        :raises NotFound: it leads to nothing.
        """
        text = path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path
        key, missing = walk(self.entries, self.look, b"", text)
        row = None if missing else self.row_of_key(key)
        if row is None:
            raise NotFound(
                f"there is no path {_shown(path)} in the image", hint="lamina tree IMAGE shows what is there"
            )
        return row

    def look(self, key: bytes) -> int | None:
        """The entry that is seen at a key."""
        row = self.row_of_key(key)
        return None if row is None else self.winners[row]

    def link_key(self, path: str | bytes) -> bytes:
        """The key of a path, links in its directory followed but not the last name; it need not be there."""
        directory, _, name = key_of(path).rpartition(b"\0")
        if not name:
            return b""
        try:
            here, missing = walk(self.entries, self.look, b"", directory.replace(b"\0", b"/"))
        except NotFound:
            return key_of(path)
        return b"\0".join(part for part in (here, *missing, name) if part)


def _shown(path: str | bytes) -> str:
    return show(path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path)
