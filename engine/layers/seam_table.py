"""The file table that a seam would have, for those who check it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.layers.inode import Directory, Inode
from engine.layers.member import Kind
from engine.layers.seam import Attributes, Node, seam_content
from engine.layers.store import LayerStore
from engine.layers.table import FileTable
from engine.layers.table_writer import encode_table
from engine.oci.digest import Digest


def seam_table(layers: LayerStore, diff_ids: Sequence[Digest]) -> FileTable | None:
    """What the seam of a stack must be, as a table; None where it needs none.

    :raises Malformed: the layers do not fit together.
    :raises NotFound: a layer is not here. :raises Corrupt: a table is damaged.
    """
    stack, wanted = seam_content(layers, diff_ids)
    if not wanted:
        return None
    root = Directory()
    directories = {b"": root}
    files: dict[int, Inode] = {}
    for key, (node, attributes) in wanted.items():
        above, _, name = key.rpartition(b"\0")
        inode: Inode
        if node is None:
            inode = Inode(Kind.WHITEOUT)
        elif node.kind == Kind.DIRECTORY:
            directories[key] = Directory(name, directories[above]) if key else root
            inode = directories[key]
        elif node.inode in files:
            inode = files[node.inode]
            inode.linked = True
        else:
            inode = files[node.inode] = _leaf(node, stack)
        _describe(inode, attributes)
        if key:
            directories[above].children[name] = inode
    return FileTable(encode_table(root), "the seam's table")


def _leaf(node: Node, stack: Sequence[FileTable]) -> Inode:
    layer, number = node.source
    table = stack[layer]
    inode = Inode(Kind(node.kind))
    inode.size = table.sizes[number]
    inode.link = node.link
    inode.device = table.devices[number]
    inode.digest = table.digest(number)
    return inode


def _describe(inode: Inode, attributes: Attributes) -> None:
    inode.mode, inode.uid, inode.gid, inode.mtime, xattrs = attributes
    inode.xattrs = dict(xattrs) or None
