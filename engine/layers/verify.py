"""Whether an unpacked layer is still what its file table says, to the last attribute and byte.

Each directory is opened from its parent without following links, and left by `..`, so that neither a
link that was put there nor a depth beyond what paths can name leads anywhere else.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engine.layers.inode import Flag
from engine.layers.member import Kind
from engine.layers.overlay_xattrs import PREFIXES, overlay_xattr
from engine.layers.table import FileTable
from engine.linux.user_namespaces import in_user_namespace

_KINDS = {
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.FILE: stat.S_IFREG,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.FIFO: stat.S_IFIFO,
    Kind.CHAR: stat.S_IFCHR,
    Kind.BLOCK: stat.S_IFBLK,
    Kind.WHITEOUT: stat.S_IFCHR,
}
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# What a host's own policy adds to every file.
_HOSTS_OWN = frozenset({b"security.selinux", b"security.ima", b"security.evm"})
_STEP = 1 << 20
_TOLD = 5  # differences that are put into words; the others are counted


@dataclass(slots=True)
class Verdict:
    """What was found. :param told: the first differences, in words. :param files: and `size`, looked at."""

    told: list[str] = field(default_factory=list)
    differences: int = 0
    files: int = 0
    size: int = 0

    def differs(self, path: bytes, what: str) -> None:
        """One difference more."""
        self.differences += 1
        if len(self.told) < _TOLD:
            self.told.append(f"/{os.fsdecode(path)} {what}")


def verify_tree(root: int, table: FileTable, on_bytes: Callable[[int], None] | None = None) -> Verdict:
    """Compare a layer's directory with its table.

    :param root: descriptor of the directory.
    :param on_bytes: told of every piece of a file's content that was read.
    """
    return _Check(table, on_bytes or (lambda _: None)).run(root)


class _Check:
    def __init__(self, table: FileTable, on_bytes: Callable[[int], None]) -> None:
        self._table = table
        self._on_bytes = on_bytes
        self._verdict = Verdict()
        self._groups: dict[int, tuple[int, int]] = {}
        self._opaque = os.fsencode(overlay_xattr("opaque"))
        self._origin = os.fsencode(overlay_xattr("origin"))
        # Without all ids and rights some attributes could not be kept when the layer was made.
        self._lenient = in_user_namespace()

    def run(self, root: int) -> Verdict:
        here = os.dup(root)
        way: list[Iterator[int]] = [self._enter(here, 0)]
        try:
            while way:
                number = next(way[-1], None)
                if number is None:
                    way.pop()
                    if way:
                        here = _swap(here, os.open("..", _DIRECTORY, dir_fd=here))
                    continue
                below = self._open(here, number)
                if below is not None:
                    here = _swap(here, below)
                    way.append(self._enter(here, number))
        finally:
            os.close(here)
        return self._verdict

    def _open(self, here: int, number: int) -> int | None:
        try:
            return os.open(self._name(number), _DIRECTORY, dir_fd=here)
        except OSError as error:
            self._differs(number, f"cannot be opened: {error.strerror}")
            return None

    def _enter(self, here: int, number: int) -> Iterator[int]:
        """Check a directory itself and all in it that is no directory; gives the directories."""
        table = self._table
        expected = {self._name(child): child for child in table.child_numbers(number) if self._on_disk(child)}
        hides = any(table.kinds[child] == Kind.WHITEOUT for child in expected.values())
        self._attributes(number, os.fstat(here), here, hides)
        there = {os.fsencode(name) for name in os.listdir(here)}
        for name in sorted(there - expected.keys()):
            self._verdict.differs(self._path(number) + b"/" + name, "is not in the table")
        directories = []
        for name, child in expected.items():
            if name not in there:
                self._differs(child, "is missing")
            elif table.kinds[child] == Kind.DIRECTORY:
                directories.append(child)
            else:
                self._leaf(here, name, child)
        return iter(directories)

    def _on_disk(self, number: int) -> bool:
        return not (self._table.flags[number] & Flag.SKIPPED or self._table.kinds[number] == Kind.HARDLINK)

    def _leaf(self, here: int, name: bytes, number: int) -> None:
        self._verdict.files += 1
        try:
            kind = Kind(self._table.kinds[number])
            status = os.stat(name, dir_fd=here, follow_symlinks=False)
            if stat.S_IFMT(status.st_mode) != _KINDS[kind]:
                self._differs(number, "is of another kind")
                return
            if kind is Kind.WHITEOUT:
                if status.st_rdev != 0:
                    self._differs(number, "is a device instead of a whiteout")
                return
            self._attributes(number, status, b"/proc/self/fd/%d/%s" % (here, name), hides=False)
            if kind is Kind.FILE:
                self._file(here, name, number, status)
            elif kind is Kind.SYMLINK:
                if os.readlink(name, dir_fd=here) != self._table.links.get(number, b""):
                    self._differs(number, "links to another target")
            elif kind is not Kind.FIFO and status.st_rdev != self._table.devices[number]:
                self._differs(number, "is another device")
        except OSError as error:
            self._differs(number, f"cannot be read: {error.strerror}")

    def _file(self, here: int, name: bytes, number: int, status: os.stat_result) -> None:
        group = self._table.groups.get(number, 0)
        known = self._groups.setdefault(group, (status.st_dev, status.st_ino)) if group else None
        if known is not None and known != (status.st_dev, status.st_ino):
            self._differs(number, "is no longer the same file as its other names")
        elif status.st_size != self._table.sizes[number]:
            self._differs(number, f"has {status.st_size} bytes instead of {self._table.sizes[number]}")
        elif self._content(here, name) != self._table.digest(number):
            self._differs(number, "has another content")

    def _content(self, here: int, name: bytes) -> bytes:
        digest = hashlib.sha256()
        descriptor = os.open(name, _FILE, dir_fd=here)
        try:
            while data := os.read(descriptor, _STEP):
                digest.update(data)
                self._verdict.size += len(data)
                self._on_bytes(len(data))
        finally:
            os.close(descriptor)
        return digest.digest()

    def _attributes(self, number: int, status: os.stat_result, place: int | bytes, hides: bool) -> None:
        table = self._table
        kind = table.kinds[number]
        mode = stat.S_IMODE(status.st_mode)
        if kind != Kind.SYMLINK and mode != table.modes[number]:
            self._differs(number, f"has the mode {mode:o} instead of {table.modes[number]:o}")
        owner, wanted = (status.st_uid, status.st_gid), (table.uids[number], table.gids[number])
        if owner != wanted and not (self._lenient and owner == (os.geteuid(), os.getegid())):
            self._differs(number, f"belongs to {owner[0]}:{owner[1]} instead of {wanted[0]}:{wanted[1]}")
        if status.st_mtime_ns != table.mtimes[number] and not _beyond(table.mtimes[number]):
            self._differs(number, "has another time")
        self._xattrs(number, place, hides)

    def _xattrs(self, number: int, place: int | bytes, hides: bool) -> None:
        expected = dict(self._table.xattrs.get(number, {}))
        if self._table.flags[number] & Flag.OPAQUE:
            expected[self._opaque] = b"y"
        if hides:
            expected[self._origin] = b""
        found = _read_xattrs(place)
        for name in sorted(expected.keys() | found.keys()):
            if found.get(name) == expected.get(name) or (name in _HOSTS_OWN and name not in expected):
                continue
            if self._lenient and name not in found and not name.startswith(PREFIXES):
                continue
            self._differs(number, f"has another extended attribute {os.fsdecode(name)}")

    def _differs(self, number: int, what: str) -> None:
        self._verdict.differs(self._path(number), what)

    def _path(self, number: int) -> bytes:
        return self._table.keys[number].replace(b"\0", b"/")

    def _name(self, number: int) -> bytes:
        return self._table.keys[number].rpartition(b"\0")[2]


def _read_xattrs(place: int | bytes) -> dict[bytes, bytes]:
    if isinstance(place, int):
        return {os.fsencode(name): os.getxattr(place, name) for name in os.listxattr(place)}
    names = os.listxattr(place, follow_symlinks=False)
    return {os.fsencode(name): os.getxattr(place, name, follow_symlinks=False) for name in names}


def _beyond(time: int) -> bool:
    """Whether a time is one that file systems cut (ext4 knows the years 1901 to 2446)."""
    return not -(1 << 31) <= time // 1_000_000_000 < 15_032_385_536


def _swap(old: int, new: int) -> int:
    os.close(old)
    return new
