"""The seam of a stack: what unpacking each layer alone could not know, as one more directory on top.

A layer's archive may leave out a parent directory (its attributes are then those it has below), link to
a file of a lower layer, or name files below a path that is a symbolic link in a lower layer. The seam is
the difference between the tree that should be and the tree that overlayfs makes of the layers. Most
stacks need none. It lies in `seams/<chain ID>/fs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from engine.layers.effect import bare_parents
from engine.layers.inode import DEFAULT_DIRECTORY_MODE, Flag
from engine.layers.member import Kind
from engine.layers.overlay import unique_layers
from engine.layers.removal import move_away, remove_tree
from engine.layers.store import LayerStore, make_unfinished
from engine.layers.table import FileTable
from engine.oci import chain_id
from engine.oci.digest import Digest
from engine.store.atomic import sync_directory
from engine.store.layout import Layout
from engine.store.locks import lock

Source = tuple[int, int]  # number of the layer, number of the entry in its table
Attributes = tuple[int, int, int, int, tuple[tuple[bytes, bytes], ...]]


class Node(NamedTuple):
    """What a seam must have at a path.

    :param source: the entry that describes it.
    :param inode: the same for all names of one file.
    :param link: target, if it is a symbolic link.
    """

    kind: int
    source: Source
    inode: int = 0
    link: bytes = b""


Wanted = dict[bytes, tuple[Node | None, Attributes]]
HIDDEN: Attributes = (DEFAULT_DIRECTORY_MODE, 0, 0, 0, ())
_ASKS_BELOW = int(Flag.IMPLICIT | Flag.SKIPPED)


def seam_path(layout: Layout, diff_ids: Sequence[Digest]) -> Path | None:
    """The seam that `make_seam` has made for a stack; None where it needs none, as one without layers."""
    if not diff_ids:
        return None
    path = layout.seams / chain_id(tuple(diff_ids)).hex / "fs"
    return path if path.is_dir() else None


def make_seam(layers: LayerStore, layout: Layout, diff_ids: Sequence[Digest]) -> Path | None:
    """Make the seam of a stack, whole or not at all; None where it needs none.

    :param diff_ids: of an image's layers, base first; all of them are here.
    :raises Malformed: the layers do not fit together.
    :raises NotFound: a layer is not here.
    """
    found = seam_path(layout, diff_ids)
    if found is not None or not diff_ids:
        return found
    stack, wanted = seam_content(layers, diff_ids)
    if not wanted:
        return None
    from engine.layers.seam_writer import write_seam  # few stacks come here

    name = chain_id(tuple(diff_ids)).hex
    with lock(layout, f"seam-{name}"):
        found = seam_path(layout, diff_ids)
        if found is not None:
            return found
        unfinished = make_unfinished(layout.seams / name)
        try:
            write_seam(unfinished.descriptor, wanted, stack, [layers.fs(diff_id) for diff_id in diff_ids])
            unfinished.path.rename(layout.seams / name)
            sync_directory(layout.seams)
            unfinished.close()
        finally:
            unfinished.discard()
    return layout.seams / name / "fs"


def seam_content(layers: LayerStore, diff_ids: Sequence[Digest]) -> tuple[list[FileTable], Wanted]:
    """The tables of a stack, and what its seam must hold; nothing where it needs none.

    :raises Malformed: the layers do not fit together.
    :raises NotFound: a layer is not here. :raises Corrupt: a table is damaged.
    """
    tables = {diff_id: layers.table(diff_id) for diff_id in diff_ids}
    stack = [tables[diff_id] for diff_id in diff_ids]
    if not may_need_seam(stack):
        return stack, root_difference(stack)
    from engine.layers.difference import differences  # few stacks come here

    return stack, differences(stack, _shown(diff_ids))


def remove_seam(layout: Layout, diff_ids: Sequence[Digest]) -> None:
    """Remove the seam of a stack that no image has any more; nothing happens where there is none."""
    gone = move_away(layout.seams / chain_id(tuple(diff_ids)).hex)
    if gone is not None:
        remove_tree(gone)


def may_need_seam(stack: Sequence[FileTable]) -> bool:
    """Whether more than the root may differ; false for nearly all stacks, and quickly."""
    for position, table in enumerate(stack):
        if Kind.HARDLINK in bytes(table.kinds):
            return True
        lowers = stack[:position]
        asking = [number for number, flags in enumerate(table.flags) if number and flags & _ASKS_BELOW]
        # Parents of nothing but whiteouts must not show where nothing lies below.
        if asking and bare_parents(table):
            return True
        if any(_differs_below(table, number, lowers) for number in asking):
            return True
    return False


def root_difference(stack: Sequence[FileTable]) -> Wanted:
    """What the seam must hold where nothing but the root's attributes can differ.

    Most archives leave the root out, but a base layer often has it.
    """
    described = [layer for layer, table in enumerate(stack) if not table.flags[0] & Flag.IMPLICIT]
    source = (described[-1] if described else 0, 0)
    wanted = attributes(stack, source)
    if wanted == attributes(stack, (len(stack) - 1, 0)):
        return {}
    return {b"": (Node(Kind.DIRECTORY, source), wanted)}


def attributes(stack: Sequence[FileTable], source: Source) -> Attributes:
    """Mode, owner, group, time and extended attributes of an entry."""
    layer, number = source
    table = stack[layer]
    xattrs = tuple(sorted(table.xattrs.get(number, {}).items()))
    return table.modes[number], table.uids[number], table.gids[number], table.mtimes[number], xattrs


def _shown(diff_ids: Sequence[Digest]) -> list[int]:
    last = {diff_id: number for number, diff_id in enumerate(diff_ids)}
    return [last[diff_id] for diff_id in unique_layers(diff_ids)]


def _differs_below(table: FileTable, number: int, lowers: Sequence[FileTable]) -> bool:
    path = table.keys[number].replace(b"\0", b"/")
    mine = attributes([table], (0, number))
    return any(
        lower.kinds[other] != table.kinds[number] or attributes([lower], (0, other)) != mine
        for lower in lowers
        if (other := lower.number(path)) is not None
    )
