"""Paths of an archive, resolved inside the tree that the archive has made so far.

The tree in memory is the whole truth about the directory (nobody else writes there), so nothing is
asked of the file system and nothing can be raced. Symbolic links are followed inside the root, as a
sequential unpack would; what a path crosses that this layer lacks is taken for a directory of the
layers below, and if it is a link there, the seam (`engine.layers.seam`) puts the files where it leads.
"""

from __future__ import annotations

from engine.errors import Malformed
from engine.layers.inode import Directory, Inode
from engine.layers.member import Kind
from engine.oci.quote import quoted


def clean(path: bytes) -> tuple[bytes, bytes]:
    """A path as (directory, base name), both relative and without `.` and `..`; both empty for the root.

    :raises Malformed: the path leaves the root.
    """
    parts: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            if not parts:
                raise Malformed(f"the archive has a path that leaves its root: {show(path)}")
            parts.pop()
        elif part and part != b".":
            parts.append(part)
    return (b"/".join(parts[:-1]), parts[-1]) if parts else (b"", b"")


def locate(root: Directory, path: bytes, limit: int) -> tuple[Directory, list[bytes]]:
    """The deepest directory that is there on the way to `path`, and the names below it that are missing.

    :param limit: symbolic links to follow at most.
    :raises Malformed: a file is in the way, or links go round in a circle.
    """
    here = root
    missing: list[bytes] = []
    pending = path.split(b"/")
    pending.reverse()
    while pending:
        part = pending.pop()
        if not part or part == b".":
            continue
        if part == b"..":
            # The root's parent is the root, as for a process that is shut in it.
            if missing:
                missing.pop()
            else:
                here = here.parent or root
            continue
        child = None if missing else here.children.get(part)
        if isinstance(child, Directory):
            here = child
        elif child is None or child.kind is Kind.WHITEOUT:
            missing.append(part)
        elif child.kind is Kind.SYMLINK:
            limit -= 1
            if limit < 0:
                raise Malformed(f"the archive has too many symbolic links on the way to {show(path)}")
            if child.link.startswith(b"/"):
                here = root
            pending += reversed(child.link.split(b"/"))
        else:
            raise Malformed(f"the archive has a path below a file: {show(path)}")
    return here, missing


def lookup(root: Directory, path: bytes, limit: int) -> tuple[Directory, list[bytes], bytes, Inode | None]:
    """The name that a hard link points to: its directory, what of that is missing, base name, and inode.

    The last name is not followed: a hard link may be to a symbolic link.
    """
    directory, name = clean(path)
    here, missing = locate(root, directory, limit)
    return here, missing, name, None if missing else here.children.get(name)


def show(path: bytes) -> str:
    """A path from outside for an error message."""
    return quoted(path.decode("utf-8", "replace"))
