"""Lists in what two directory trees differ, down to the last attribute.

python -m tests.engine.layers.differ A B
prints one difference a line; the exit status is 1 where there are some
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

# What overlayfs keeps for itself, and what a host's own policy adds to every file.
_NOT_OURS = ("trusted.overlay.", "user.overlay.", "security.selinux", "user.rootlesscontainers")


class Facts(NamedTuple):
    """All that is compared of one path."""

    kind: str
    mode: str
    owner: str
    size: int
    mtime_ns: int
    link: bytes
    device: int
    xattrs: tuple[tuple[str, bytes], ...]
    names: tuple[bytes, ...]  # all names of the same file below the root, where there are several
    content: str


def compare(first: str, second: str) -> list[str]:
    """One line for each difference; empty where the trees are equal."""
    left, right = survey(first), survey(second)
    found = []
    for path in sorted(left.keys() | right.keys()):
        shown = os.fsdecode(path) or "/"
        if path not in right:
            found.append(f"{shown}: only in {first}")
        elif path not in left:
            found.append(f"{shown}: only in {second}")
        else:
            found += [
                f"{shown}: {name} {mine!r} is {other!r} in {second}"
                for name, mine, other in zip(Facts._fields, left[path], right[path], strict=True)
                if mine != other
            ]
    return found


def survey(root: str) -> dict[bytes, Facts]:
    """The facts of every path below a root, and of the root itself under the empty path."""
    base = os.fsencode(root)
    seen = {path: os.lstat(os.path.join(base, path) if path else base) for path in _walk(base)}
    names: dict[tuple[int, int], list[bytes]] = defaultdict(list)
    for path, status in seen.items():
        if not stat.S_ISDIR(status.st_mode):
            names[status.st_dev, status.st_ino].append(path)
    return {
        path: _facts(os.path.join(base, path) if path else base, status, names)
        for path, status in seen.items()
    }


def _walk(base: bytes) -> Iterator[bytes]:
    pending = [b""]
    while pending:
        path = pending.pop()
        yield path
        with os.scandir(os.path.join(base, path)) as entries:
            for entry in entries:
                below = os.path.join(path, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(below)
                else:
                    yield below


def _facts(path: bytes, status: os.stat_result, names: dict[tuple[int, int], list[bytes]]) -> Facts:
    kind = stat.S_IFMT(status.st_mode)
    shared = names.get((status.st_dev, status.st_ino), [])
    return Facts(
        kind=stat.filemode(status.st_mode)[0],
        mode=oct(stat.S_IMODE(status.st_mode)),
        owner=f"{status.st_uid}:{status.st_gid}",
        size=status.st_size if kind in (stat.S_IFREG, stat.S_IFLNK) else 0,
        mtime_ns=status.st_mtime_ns,
        link=os.readlink(path) if kind == stat.S_IFLNK else b"",
        device=status.st_rdev if kind in (stat.S_IFCHR, stat.S_IFBLK) else 0,
        xattrs=tuple(sorted(_xattrs(path))),
        names=tuple(sorted(shared)) if len(shared) > 1 else (),
        content=_content(path) if kind == stat.S_IFREG else "",
    )


def _xattrs(path: bytes) -> Iterator[tuple[str, bytes]]:
    for name in os.listxattr(path, follow_symlinks=False):
        if not name.startswith(_NOT_OURS):
            yield name, os.getxattr(path, name, follow_symlinks=False)


def _content(path: bytes) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    differences = compare(sys.argv[1], sys.argv[2])
    print(*differences, sep="\n", end="\n" if differences else "")
    sys.exit(1 if differences else 0)
