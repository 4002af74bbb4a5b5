"""Layers put one onto another, by dictionaries over keys: what wins at every path, and what each layer hid.

The result is what unpacking the archives in order would give (as `engine.layers.merge` says it, which
works on trees of nodes for the few stacks that need a seam). Here whole layers go into one dictionary at
the speed of C, and only paths that two layers have are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress, count

from engine.analysis.entries import Entries
from engine.analysis.tree import child_key, range_below
from engine.analysis.walk import walk
from engine.errors import Malformed, NotFound
from engine.layers.inode import Flag
from engine.layers.member import Kind
from engine.layers.resolve import show
from engine.layers.table import FileTable

_DIRECTORY, _SYMLINK, _HARDLINK = int(Kind.DIRECTORY), int(Kind.SYMLINK), int(Kind.HARDLINK)
_WHITEOUT = int(Kind.WHITEOUT)
_IMPLICIT, _OPAQUE, _SKIPPED = int(Flag.IMPLICIT), int(Flag.OPAQUE), int(Flag.SKIPPED)
# Translates columns of bytes to 1 where something is so: far faster than asking each byte.
_IS_IMPLICIT = bytes(1 if flags & _IMPLICIT else 0 for flags in range(256))
_IS_SKIPPED = bytes(1 if flags & _SKIPPED else 0 for flags in range(256))
_IS_WHITEOUT = bytes(kind == _WHITEOUT for kind in range(256))


@dataclass(frozen=True, slots=True)
class Effect:
    """What one layer did to the stack below it.

    :param keys: the place of each entry of its table; the table's own keys, unless a parent that its
        archive leaves out is a symbolic link below.
    :param below: by number in its table, the entry whose place it took (a directory: that it describes anew).
    :param kept: by number, the directory below that goes on describing a parent the archive leaves out.
    :param removed: entries below that are gone without a successor, by key.
    """

    keys: Sequence[bytes]
    below: dict[int, int] = field(default_factory=dict)
    kept: dict[int, int] = field(default_factory=dict)
    removed: dict[bytes, int] = field(default_factory=dict)


class Merge:
    """The dictionary that layers are put into, base first.

    :ivar entries: of all the layers.
    :ivar winners: the entry that is seen at each key.
    :ivar effects: what each layer did.
    """

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.winners: dict[bytes, int] = {}
        self.effects: list[Effect] = []
        self._sorted: list[Sequence[bytes]] = []

    def apply(self, layer: int) -> None:
        """Put the next layer on top.

        :raises Malformed: the layers do not fit together.
        """
        table = self.entries.tables[layer]
        try:
            self._find_targets(layer, table)
            if any(self._leads_on(table.keys[number]) for number in implicit_parents(table)):
                from engine.analysis.merge_links import LinkedLayer  # few layers come here

                linked = LinkedLayer(self, layer)
                self.effects.append(linked.apply())
                self._sorted.append(linked.sorted_keys())
            else:
                effect = Effect(table.keys)
                self._hide(table, effect)
                self._add(layer, table, effect)
                self.effects.append(effect)
                self._sorted.append(table.keys)
        except NotFound as error:
            raise Malformed(
                f"the layers do not fit together: {error.message}",
                hint="the image was put together wrongly; tell its publisher",
            ) from error

    def clear(self, key: bytes, gone: dict[bytes, int]) -> None:
        """Take away all that the layers below have under a directory, and note it in `gone`."""
        for keys in self._sorted:
            start, stop = range_below(keys, key)
            for each in keys[start:stop]:
                entry = self.winners.pop(each, None)
                if entry is not None:
                    gone[each] = entry

    def _leads_on(self, key: bytes) -> bool:
        below = self.winners.get(key)
        return below is not None and self.entries.kind(below) == _SYMLINK

    def _find_targets(self, layer: int, table: FileTable) -> None:
        """Look up, in the stack below, the files that this layer only has links to."""
        if _HARDLINK not in bytes(table.kinds):
            return
        for number, link in table.links.items():
            if table.kinds[number] != _HARDLINK:
                continue
            directory, _, name = link.rpartition(b"/")
            here, missing = walk(self.entries, self.winners.get, b"", directory)
            target = None if missing else self.winners.get(child_key(here, name))
            if target is None or self.entries.kind(target) == _DIRECTORY:
                raise NotFound(f"there is no file {show(link)} for a hard link")
            self.entries.targets[self.entries.offsets[layer] + number] = self.entries.source(target)

    def _hide(self, table: FileTable, effect: Effect) -> None:
        """Take away what the layer hides, and note what stood where it puts something."""
        keys, winners, kinds, gone = table.keys, self.winners, self.entries.kinds, effect.removed
        # Listed before the first is taken away; a directory comes before what it holds.
        for number in list(compress(count(), map(winners.__contains__, keys))):
            key, kind, flags = keys[number], table.kinds[number], table.flags[number]
            entry = winners.get(key)
            absent = kind == _WHITEOUT or flags & _SKIPPED
            if entry is None:
                # It went with a directory above; what comes again here is changed, not removed.
                if not absent and key in gone:
                    effect.below[number] = gone.pop(key)
                continue
            if absent:
                gone[key] = winners.pop(key)
            elif kind == _DIRECTORY and kinds[entry] == _DIRECTORY:
                (effect.kept if flags & _IMPLICIT else effect.below)[number] = entry
                if not flags & _OPAQUE:
                    continue
            else:
                effect.below[number] = entry
            if kinds[entry] == _DIRECTORY:
                self.clear(key, gone)

    def _add(self, layer: int, table: FileTable, effect: Effect) -> None:
        present = bytearray(b"\1") * len(table)
        skipped = compress(count(), bytes(table.flags).translate(_IS_SKIPPED))
        whiteouts = compress(count(), bytes(table.kinds).translate(_IS_WHITEOUT))
        for number in chain(skipped, whiteouts, effect.kept):
            present[number] = 0
        offset = self.entries.offsets[layer]
        numbers = range(offset, offset + len(table))
        self.winners.update(compress(zip(effect.keys, numbers, strict=True), present))


def implicit_parents(table: FileTable) -> Iterator[int]:
    """Numbers of the directories that the archive leaves out."""
    return compress(count(), bytes(table.flags).translate(_IS_IMPLICIT))
