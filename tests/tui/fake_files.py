"""A file table of a small layer, written and read as the engine does."""

from __future__ import annotations

from engine.layers.inode import Directory, Inode
from engine.layers.member import Kind
from engine.layers.table import FileTable
from engine.layers.table_writer import encode_table


def table(extra: dict[str, int] | None = None) -> FileTable:
    """A layer with a program, a link, a set-id file and a whiteout.

    :param extra: more regular files, path to size.
    """
    root = Directory()
    files = {
        "usr/local/bin/docker-entrypoint.sh": 9800,
        "usr/local/bin/gosu": 2_300_000,
        "usr/share/doc/README": 431,
        "etc/postgresql/postgresql.conf": 29_000,
        **(extra or {}),
    }
    for path, size in files.items():
        put(root, path, _file(size))
    su = _file(72_000)
    su.mode = 0o4755
    put(root, "usr/bin/su", su)
    link = Inode(Kind.SYMLINK, 0o777)
    link.link = b"usr/local/bin/docker-entrypoint.sh"
    put(root, "docker-entrypoint.sh", link)
    put(root, "etc/motd", Inode(Kind.WHITEOUT))
    return FileTable(encode_table(root))


def _file(size: int) -> Inode:
    inode = Inode(Kind.FILE, 0o755)
    inode.size = size
    return inode


def put(root: Directory, path: str, inode: Inode) -> None:
    """Put a file into a tree, with the directories it lies in."""
    *parents, name = path.encode("utf-8", "surrogateescape").split(b"/")
    here = root
    for parent in parents:
        below = here.children.setdefault(parent, Directory(parent, here))
        assert isinstance(below, Directory)
        here = below
    here.children[name] = inode
