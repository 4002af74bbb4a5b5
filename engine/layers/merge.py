"""Layers put one onto another, by dictionaries over keys: what wins at every path, and what each layer hid.

The result is what unpacking the archives in order would give: it decides what a seam must hold, and what
analysis tells. Whole layers go into one dictionary at the speed of C, and only paths that two layers have
are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, compress, count

from engine.errors import Malformed, NotFound
from engine.layers.effect import Effect, absent, bare_parents, implicit_parents
from engine.layers.entries import Entries
from engine.layers.follow import walk
from engine.layers.inode import Flag
from engine.layers.keys import child_key, range_below
from engine.layers.member import Kind
from engine.layers.resolve import show
from engine.layers.table import FileTable

_DIRECTORY, _SYMLINK, _HARDLINK = int(Kind.DIRECTORY), int(Kind.SYMLINK), int(Kind.HARDLINK)
_WHITEOUT = int(Kind.WHITEOUT)
_IMPLICIT, _OPAQUE, _SKIPPED = int(Flag.IMPLICIT), int(Flag.OPAQUE), int(Flag.SKIPPED)


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
            targets = self._find_targets(layer, table)
            if any(self._leads_on(table.keys[number]) for number in implicit_parents(table)):
                from engine.layers.merge_links import LinkedLayer  # few layers come here

                linked = LinkedLayer(self, layer)
                self.effects.append(linked.apply())
                self._sorted.append(linked.sorted_keys())
            else:
                effect = Effect(table.keys)
                self._hide(table, effect)
                self._add(layer, table, effect)
                self.effects.append(effect)
                self._sorted.append(table.keys)
            self._link_late(targets)
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

    def _find_targets(self, layer: int, table: FileTable) -> dict[int, bytes]:
        """Look up the files that this layer only has links to, before it hides any.

        :returns: targets by entry that are not there, or not yet.
        """
        left: dict[int, bytes] = {}
        if _HARDLINK in bytes(table.kinds):
            offset = self.entries.offsets[layer]
            for number, link in table.links.items():
                if table.kinds[number] == _HARDLINK and not self._link(offset + number, link):
                    left[offset + number] = link
        return left

    def _link_late(self, targets: dict[int, bytes]) -> None:
        """Find files of the layer itself that are linked to by way of a link below."""
        for entry, link in targets.items():
            if not self._link(entry, link):
                raise NotFound(f"there is no file {show(link)} for a hard link")

    def _link(self, entry: int, link: bytes) -> bool:
        directory, _, name = link.rpartition(b"/")
        here, missing = walk(self.entries, self.winners.get, b"", directory)
        target = None if missing else self.winners.get(child_key(here, name))
        if target is None or self.entries.kind(target) in (_DIRECTORY, _HARDLINK):
            return False
        self.entries.targets[entry] = self.entries.source(target)
        return True

    def _hide(self, table: FileTable, effect: Effect) -> None:
        """Take away what the layer hides, and note what stood where it puts something.

        Directories that the layer has stay, emptied: one implied before an opaque mark keeps its attributes.
        """
        keys, winners, kinds, gone = table.keys, self.winners, self.entries.kinds, effect.removed
        bare = bare_parents(table)
        # Listed before the first is taken away; a directory comes before what it holds.
        for number in list(compress(count(), map(winners.__contains__, keys))):
            key, kind, flags = keys[number], table.kinds[number], table.flags[number]
            absent = kind == _WHITEOUT or flags & _SKIPPED
            implied = kind == _DIRECTORY and flags & _IMPLICIT
            entry = winners.get(key)
            if entry is None:
                # It went with a directory above; what comes again here is changed, not removed.
                if not absent and key in gone:
                    self._come_again(number, key, gone.pop(key), bool(implied), bare, effect)
                continue
            if absent:
                gone[key] = winners.pop(key)
            elif kind == _DIRECTORY and kinds[entry] == _DIRECTORY:
                (effect.kept if implied else effect.below)[number] = entry
                if not flags & _OPAQUE:
                    continue
            elif implied and number in bare:
                continue
            else:
                effect.below[number] = entry
            if kinds[entry] == _DIRECTORY:
                self.clear(key, gone)
        effect.unmade.update(bare - effect.kept.keys())

    def _come_again(
        self, number: int, key: bytes, entry: int, implied: bool, bare: AbstractSet[int], effect: Effect
    ) -> None:
        """An entry that an opaque mark above took away, at a place where the layer has something."""
        if implied and self.entries.kinds[entry] == _DIRECTORY:
            self.winners[key] = effect.kept[number] = entry
        elif implied and number in bare:
            self.winners[key] = entry
        else:
            effect.below[number] = entry

    def _add(self, layer: int, table: FileTable, effect: Effect) -> None:
        present = bytearray(b"\1") * len(table)
        for number in chain(absent(table), effect.kept, effect.unmade):
            present[number] = 0
        offset = self.entries.offsets[layer]
        numbers = range(offset, offset + len(table))
        self.winners.update(compress(zip(effect.keys, numbers, strict=True), present))
