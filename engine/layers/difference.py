"""In what the tree that layers should give differs from the one that overlayfs makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from engine.layers.covering import shown_by_overlay
from engine.layers.entries import Entries
from engine.layers.keys import SEPARATOR
from engine.layers.member import Kind
from engine.layers.merge import Merge
from engine.layers.seam import HIDDEN, Attributes, Node, Wanted, attributes
from engine.layers.table import FileTable

_DIRECTORY = int(Kind.DIRECTORY)


def differences(stack: Sequence[FileTable], shown: Sequence[int]) -> Wanted:
    """What the seam must hold: by key, the node and its attributes; None for what must be hidden.

    Parents of all that is in it are in it too.

    :param stack: tables, base first.
    :param shown: numbers of the tables that overlayfs gets, base first.
    :raises Malformed: the layers do not fit together.
    """
    entries = Entries(stack)
    merge = Merge(entries)
    for layer in range(len(stack)):
        merge.apply(layer)
    want = merge.winners
    found = _differing(entries, want, shown_by_overlay(entries, shown))
    for key in list(found):
        while key:
            key = key.rpartition(SEPARATOR)[0]
            found[key] = want[key]
    return {key: _wanted(entries, found[key]) for key in sorted(found)}


def _differing(entries: Entries, want: dict[bytes, int], have: dict[bytes, int]) -> dict[bytes, int | None]:
    # A file that got a name from a layer above its own must be one file with all its names.
    relinked = {entries.inode(target) for target in entries.targets.values()}
    found: dict[bytes, int | None] = {}
    for key, entry in want.items():
        there = have.get(key)
        if there is None or entries.kinds[entry] != _DIRECTORY or entries.kinds[there] != _DIRECTORY:
            same = there is not None and entries.inode(there) == entries.inode(entry)
            if not same or entries.inode(entry) in relinked:
                found[key] = entry
        elif there != entry and _attributes(entries, there) != _attributes(entries, entry):
            found[key] = entry
    for key in have.keys() - want.keys():
        parent = want.get(key.rpartition(SEPARATOR)[0])
        # What lies deeper is hidden by what hides its directory.
        if parent is not None and entries.kind(parent) == _DIRECTORY:
            found[key] = None
    return found


def _attributes(entries: Entries, entry: int) -> Attributes:
    return attributes(entries.tables, entries.locate(entries.source(entry)))


def _wanted(entries: Entries, entry: int | None) -> tuple[Node | None, Attributes]:
    if entry is None:
        return None, HIDDEN
    source = entries.locate(entries.source(entry))
    node = Node(entries.kind(entry), source, entries.inode(entry), entries.link(entry))
    return node, attributes(entries.tables, source)
