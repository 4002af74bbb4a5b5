"""Archive ↔ directory ↔ file table: compression, unpacking, the layer store, and the overlay stack.

    limits, compression, blob, blocks    from a blob's file to blocks of an archive
    header, pax, sparse, archive         from blocks to members
    resolve, inode, disk, content        where a member goes, and how it gets there
    unpack                               members made into a directory in overlay form
    table, table_format, table_writer    the file table
    protocol, helper, unpacker           the process that does it, and the front's side
    store, removal                       layers by diff ID
    merge, seam, overlay                 a stack of layers as one tree

Names load when they are first used: helpers and listings need few of them.
"""

from typing import TYPE_CHECKING

from engine.lazy import lazily

if TYPE_CHECKING:
    from engine.layers.inode import Flag
    from engine.layers.member import Kind
    from engine.layers.overlay import OverlayMount, overlay_mount
    from engine.layers.seam import make_seam, remove_seam, seam_path
    from engine.layers.store import LayerStore, LayerUsage
    from engine.layers.table import FileEntry, FileTable, Totals
    from engine.layers.unpacker import Feed
else:
    _HOMES = {
        "Feed": "unpacker",
        "FileEntry": "table",
        "FileTable": "table",
        "Flag": "inode",
        "Kind": "member",
        "LayerStore": "store",
        "LayerUsage": "store",
        "OverlayMount": "overlay",
        "Totals": "table",
        "make_seam": "seam",
        "overlay_mount": "overlay",
        "remove_seam": "seam",
        "seam_path": "seam",
    }

    __getattr__ = lazily(__name__, _HOMES)


__all__ = [
    "Feed",
    "FileEntry",
    "FileTable",
    "Flag",
    "Kind",
    "LayerStore",
    "LayerUsage",
    "OverlayMount",
    "Totals",
    "make_seam",
    "overlay_mount",
    "remove_seam",
    "seam_path",
]
