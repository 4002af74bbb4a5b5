"""Trees of files as members of an archive, read by descriptor while somebody may be changing them.

Nothing is followed: each directory is opened from the top without links, each file is opened without links
and looked at again by its descriptor. What vanishes on the way is passed over.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from engine.containers.upper import open_directory
from engine.layers.member import Kind, Member
from engine.layers.overlay_xattrs import PREFIXES

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK = 1 << 20
# Gone by now, the attribute alone or all of it; or a file system that has none.
_NO_XATTRS = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENODATA, errno.ENOTSUP})
_KINDS = {
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFREG: Kind.FILE,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFCHR: Kind.CHAR,
    stat.S_IFBLK: Kind.BLOCK,
}
# What a host's own policy adds to every file.
_HOSTS_OWN = frozenset({b"security.selinux", b"security.ima", b"security.evm"})


@dataclass(slots=True)
class Item:
    """One member and, for a regular file, a descriptor of its content; valid until the next item."""

    member: Member
    file: int = -1

    def content(self) -> Iterator[bytes]:
        """The bytes of a file, no more than its member says."""
        left = self.member.size
        while left and self.file >= 0 and (data := os.read(self.file, min(left, _CHUNK))):
            left -= len(data)
            yield data


@dataclass
class TreeReader:
    """Reads trees; files with several names are found again across all it reads.

    :param skipped_devices: file systems (st_dev) that are left out, with all in them.
    :param skipped: files (st_dev, st_ino) that are left out.
    :ivar sockets: how many were left out, for archives have none.
    """

    skipped_devices: Collection[int] = ()
    skipped: Collection[tuple[int, int]] = ()
    sockets: int = 0
    _names: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def tree(self, parent: int, name: bytes, path: bytes) -> Iterator[Item]:
        """What stands at a name, with all below it: parents first, siblings by bytes.

        :param path: what it is called in the archive; b"." for a directory whose content is meant.
        """
        with_top = self.item(parent, name, path)
        if with_top is None:
            return
        try:
            yield with_top
        finally:
            _close(with_top)
        if with_top.member.kind is Kind.DIRECTORY:
            top = open_directory(parent, name)
            if top is not None:
                try:
                    yield from self._below(top, path)
                finally:
                    os.close(top)

    def _below(self, top: int, path: bytes) -> Iterator[Item]:
        pending = [b""]
        while pending:
            place = pending.pop()
            directory = open_directory(top, place)
            if directory is None:
                continue
            try:
                inside = []
                for name in sorted(map(os.fsencode, os.listdir(directory))):
                    below = place + b"/" + name if place else name
                    found = self.item(directory, name, path + b"/" + below)
                    if found is None:
                        continue
                    try:
                        yield found
                    finally:
                        _close(found)
                    if found.member.kind is Kind.DIRECTORY:
                        inside.append(below)
                pending += reversed(inside)
            finally:
                os.close(directory)

    def item(self, directory: int, name: bytes, path: bytes) -> Item | None:
        """One name of an open directory; None for what is gone by now, or left out."""
        try:
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if status.st_dev in self.skipped_devices or (status.st_dev, status.st_ino) in self.skipped:
                return None
            kind = _KINDS.get(stat.S_IFMT(status.st_mode))
            if kind is None:
                self.sockets += 1
                return None
            if kind is Kind.FILE:
                return self._file(directory, name, path)
            return self._other(directory, name, path, status, kind)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _file(self, directory: int, name: bytes, path: bytes) -> Item | None:
        try:
            file = os.open(name, _FILE, dir_fd=directory)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):  # it became a link or a socket
                return None
            raise
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                os.close(file)
                return None
            first = self._first_name(status, path)
            if first:
                os.close(file)
                return Item(_member(Kind.HARDLINK, path, status, link=first))
            xattrs = read_xattrs(file)
        except BaseException:
            os.close(file)
            raise
        return Item(_member(Kind.FILE, path, status, size=status.st_size, xattrs=xattrs), file)

    def _other(
        self, directory: int, name: bytes, path: bytes, status: os.stat_result, kind: Kind
    ) -> Item | None:
        first = b"" if kind is Kind.DIRECTORY else self._first_name(status, path)
        if first:
            return Item(_member(Kind.HARDLINK, path, status, link=first))
        link = os.readlink(name, dir_fd=directory) if kind is Kind.SYMLINK else b""
        xattrs = read_xattrs(b"/proc/self/fd/%d/%s" % (directory, name))
        device = status.st_rdev if kind in (Kind.CHAR, Kind.BLOCK) else 0
        return Item(_member(kind, path, status, link=link, device=device, xattrs=xattrs))

    def _first_name(self, status: os.stat_result, path: bytes) -> bytes:
        """The name under which this file came before; nothing where it comes for the first time."""
        if status.st_nlink < 2:
            return b""
        first = self._names.setdefault((status.st_dev, status.st_ino), path)
        return b"" if first == path else first


def read_xattrs(place: int | bytes) -> dict[bytes, bytes] | None:
    """Extended attributes of an open file, or of a path whose last part is no link; None for none.

    Overlayfs's own are left out, and those that this host adds to every file.
    """
    follow = isinstance(place, int)
    found = {}
    try:
        for name in map(os.fsencode, os.listxattr(place, follow_symlinks=follow)):
            if not name.startswith(PREFIXES) and name not in _HOSTS_OWN:
                found[name] = os.getxattr(place, name, follow_symlinks=follow)
    except OSError as error:
        if error.errno not in _NO_XATTRS:
            raise
    return found or None


def _member(
    kind: Kind, path: bytes, status: os.stat_result, *, size: int = 0, link: bytes = b"", device: int = 0,
    xattrs: dict[bytes, bytes] | None = None,
) -> Member:  # fmt: skip
    return Member(
        kind, path, mode=stat.S_IMODE(status.st_mode), uid=status.st_uid, gid=status.st_gid, size=size,
        mtime=status.st_mtime_ns, link=link, device=device, xattrs=xattrs,
    )  # fmt: skip


def _close(item: Item) -> None:
    if item.file >= 0:
        os.close(item.file)
        item.file = -1
