"""What a layer did to the stack below it, path by path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, chain, compress

from engine.analysis.stacked import Stack
from engine.analysis.tree import Tree
from engine.errors import InvalidArgument, NotFound
from engine.layers.effect import absent
from engine.layers.entries import Entries
from engine.layers.member import Kind
from engine.layers.resolve import show
from engine.layers.table import FileEntry

_DIRECTORY = int(Kind.DIRECTORY)


class Change(StrEnum):
    """How a path differs from what was there before."""

    ADDED = "added"
    CHANGED = "changed"  # other content, other target, other kind
    ATTRIBUTES = "attributes"  # the same content: mode, owner, time or extended attributes differ
    REMOVED = "removed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One path of a layer, against the stack below.

    :param path: without a leading slash; empty for the root.
    :param kind: of a removed path what it was.
    :param size: bytes of content that the layer has here; of a directory all below. Removed: 0.
    :param before: bytes of the copies below that the layer hides here; of a directory all below.
    :param entry: as the layer describes it; of a removed path as the layers below did.
    """

    path: str
    change: Change
    kind: Kind
    size: int
    before: int
    entry: FileEntry


class LayerChanges(Tree):
    """The tree of one layer: all it has, and all it removed.

    :param layer: number in the stack; 0 is the base.
    :ivar changes: for each row how it differs from what was below.
    :ivar numbers: for each row its entry; of a removed path the one below that is gone.
    """

    def __init__(self, stack: Stack, layer: int) -> None:
        self.stack = stack
        self.layer = layer
        entries, effect, table = stack.entries, stack.effects[layer], stack.entries.tables[layer]
        offset = entries.offsets[layer]
        present = bytearray(b"\1") * len(table)
        for number in chain(absent(table), effect.unmade):
            present[number] = 0
        numbers = range(offset, offset + len(table))
        found = dict(effect.removed)
        found.update(compress(zip(effect.keys, numbers, strict=True), present))
        super().__init__(sorted(found))
        self.numbers = list(map(found.__getitem__, self.keys))
        self._below = {offset + number: entry for number, entry in effect.below.items()}
        kept = {offset + number for number in effect.kept}
        special = self._below.keys() | kept | set(effect.removed.values())
        self.changes = [
            self._change(number, kept) if number in special else Change.ADDED for number in self.numbers
        ]

    def _change(self, number: int, kept: set[int]) -> Change:
        if number in kept:
            return Change.UNCHANGED
        below = self._below.get(number)
        if below is None:
            return Change.REMOVED
        return difference(self.stack.entries, below, self.stack.entries, number)

    @cached_property
    def weights(self) -> Sequence[int]:
        """Bytes of content that the layer has; a file with several names counts with the first."""
        sizes = self.stack.entries.bytes_of(self.numbers)
        if not self.stack.effects[self.layer].removed:
            return sizes
        return [
            0 if change is Change.REMOVED else size for size, change in zip(sizes, self.changes, strict=True)
        ]

    @cached_property
    def counts(self) -> Mapping[Change, int]:
        """How many paths there are of each change."""
        return Counter(self.changes)

    def before(self, row: int) -> int:
        """Bytes of the copies below that are hidden at a row and below it."""
        return self._hidden_sums[self.end(row)] - self._hidden_sums[row]

    def row(self, row: int) -> ChangeRow:
        """Everything about a row."""
        entries = self.stack.entries
        layer, number = entries.locate(entries.source(self.numbers[row]))
        described = entries.tables[layer].entry(number)
        is_directory = described.kind is Kind.DIRECTORY
        change = self.changes[row]
        own = 0 if change is Change.REMOVED else entries.content(self.numbers[row])
        return ChangeRow(
            path=self.path(row),
            change=change,
            kind=described.kind,
            size=self.size(row) if is_directory else own,
            before=self.before(row),
            entry=described,
        )

    def children(self, path: str | bytes) -> list[ChangeRow]:
        """What a directory of the layer holds, in order.

        :raises NotFound: the layer has nothing to do with that path.
        """
        row = self.row_of(path)
        if row is None:
            shown = show(path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path)
            raise NotFound(f"layer {self.layer + 1} has nothing to do with {shown}")
        return [self.row(child) for child in self.child_rows(row)]

    @cached_property
    def _hidden_sums(self) -> list[int]:
        entries = self.stack.entries
        hidden = [
            0 if change in (Change.ADDED, Change.UNCHANGED) and number not in self._below
            else entries.content(self._below.get(number, number))
            for number, change in zip(self.numbers, self.changes, strict=True)
        ]  # fmt: skip
        return list(accumulate(hidden, initial=0))


def layer_changes(stack: Stack, position: int) -> LayerChanges:
    """What a layer of a stack changed.

    :param position: 1 is the base.
    :raises InvalidArgument: the stack has no such layer.
    """
    if not 1 <= position <= len(stack.effects):
        raise InvalidArgument(
            f"there is no layer {position}", hint=f"the image has layers 1 to {len(stack.effects)}"
        )
    return LayerChanges(stack, position - 1)


def difference(old: Entries, before: int, new: Entries, after: int) -> Change:
    """How two copies of one path differ.

    That a directory has another time is no change: it only tells that names in it changed.
    """
    before, after = old.source(before), new.source(after)
    kind = new.kinds[after]
    if old.kinds[before] != kind:
        return Change.CHANGED
    old_layer, old_number = old.locate(before)
    new_layer, new_number = new.locate(after)
    mine, other = old.tables[old_layer], new.tables[new_layer]
    if mine is other and old_number == new_number:
        return Change.UNCHANGED
    if (
        mine.digest(old_number) != other.digest(new_number)
        or mine.sizes[old_number] != other.sizes[new_number]
        or mine.devices[old_number] != other.devices[new_number]
        or mine.links.get(old_number) != other.links.get(new_number)
    ):
        return Change.CHANGED
    if (
        mine.modes[old_number] != other.modes[new_number]
        or mine.uids[old_number] != other.uids[new_number]
        or mine.gids[old_number] != other.gids[new_number]
        or (kind != _DIRECTORY and mine.mtimes[old_number] != other.mtimes[new_number])
        or mine.xattrs.get(old_number) != other.xattrs.get(new_number)
    ):
        return Change.ATTRIBUTES
    return Change.UNCHANGED
