"""A container's writable layer as a layer's archive. Source: OCI image-spec 1.1, layer.md, "Whiteouts"."""

from __future__ import annotations

import os
import stat

from engine.containers.reading import Item, TreeReader, read_xattrs
from engine.containers.upper import Upper, Written
from engine.errors import Corrupt, NotSupported
from engine.launch import syscalls as sys
from engine.layers.member import Kind, Member
from engine.layers.overlay_xattrs import overlay_xattr
from engine.layers.writer import TarWriter
from engine.oci.quote import quoted

_WHITEOUT = b".wh."
_OPAQUE = b".wh..wh..opq"
_INSIDE = sys.RESOLVE_BENEATH | sys.RESOLVE_NO_SYMLINKS | sys.RESOLVE_NO_MAGICLINKS


class LayerPacker:
    """Writes what a container changed.

    :ivar members: how many were written. :ivar notes: what no layer can hold, in words.
    """

    def __init__(self, upper: Upper, writer: TarWriter) -> None:
        self._upper = upper
        self._writer = writer
        self._reader = TreeReader()
        self.members = 0
        self.notes: list[str] = []

    def run(self) -> None:
        """Write everything, and the archive's end.

        :raises NotSupported: overlayfs on this host keeps renamed directories in a way that no layer has.
        """
        self._root()
        for entry in self._upper.walk():
            if entry.whiteout:
                if not entry.hidden:
                    self._mark(entry, _beside(entry.path, _WHITEOUT + entry.name))
            elif entry.name.startswith(_WHITEOUT):
                self.notes.append(f"left out {quoted(os.fsdecode(entry.path))}: a layer keeps such names")
            else:
                self._add(entry)
        self._writer.end()
        if self._reader.sockets:
            self.notes.append(f"left out {self._reader.sockets} sockets")

    def _root(self) -> None:
        """The root itself, where more of it was changed than its time, which every new name changes."""
        root = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._upper.root)
        try:
            status, xattrs = os.fstat(root), read_xattrs(root)
        finally:
            os.close(root)
        below = self._upper.below.copies[0][0]
        before = os.stat(".", dir_fd=below)
        same = (status.st_mode, status.st_uid, status.st_gid) == (
            before.st_mode,
            before.st_uid,
            before.st_gid,
        )
        if not same or xattrs != read_xattrs(b"/proc/self/fd/%d/." % below):
            member = Member(
                Kind.DIRECTORY, b".", mode=stat.S_IMODE(status.st_mode), uid=status.st_uid, gid=status.st_gid,
                mtime=status.st_mtime_ns, xattrs=xattrs,
            )  # fmt: skip
            self._write(Item(member))

    def _add(self, entry: Written) -> None:
        item = self._reader.item(entry.directory, entry.name, entry.path)
        if item is None:
            return
        try:
            if item.member.kind is Kind.FILE and _has(item.file, "metacopy"):
                self._with_content_below(entry, item)
            elif item.member.kind is Kind.DIRECTORY and _has(_path(entry), "redirect"):
                raise NotSupported(
                    f"{quoted(os.fsdecode(entry.path))} was renamed, and overlayfs kept no more than that",
                    hint="echo N > /sys/module/overlay/parameters/redirect_dir, and make the container anew",
                )
            self._write(item)
        finally:
            if item.file >= 0:
                os.close(item.file)
        if item.member.kind is Kind.DIRECTORY and entry.merges and entry.opaque and not entry.hidden:
            self._mark(entry, entry.path + b"/" + _OPAQUE)

    def _write(self, item: Item) -> None:
        self._writer.add(item.member, item.content())
        self.members += 1

    def _mark(self, entry: Written, path: bytes) -> None:
        self._write(Item(Member(Kind.FILE, path, mode=0, mtime=entry.status.st_mtime_ns)))

    def _with_content_below(self, entry: Written, item: Item) -> None:
        """A file of which only the attributes were copied up: its content is that of a layer.

        Source: Linux Documentation/filesystems/overlayfs.rst, "Metadata only copy up".
        """
        try:
            redirect = os.getxattr(item.file, overlay_xattr("redirect"))
        except OSError:
            redirect = entry.name
        path = redirect.lstrip(b"/") if redirect.startswith(b"/") else _beside(entry.path, redirect)
        below = self._upper.below
        *parents, name = path.split(b"/")
        for part in parents:
            below = below.enter(part)
        found = below.find(name)
        if found is None:
            raise Corrupt(f"no layer has the content of {quoted(os.fsdecode(entry.path))}")
        _, root, place = found
        content = sys.openat2(root, place, os.O_RDONLY | os.O_NONBLOCK, _INSIDE)
        os.close(item.file)
        item.file = content


def _has(place: int | bytes, name: str) -> bool:
    try:
        os.getxattr(place, overlay_xattr(name), follow_symlinks=isinstance(place, int))
    except OSError:
        return False
    return True


def _path(entry: Written) -> bytes:
    return b"/proc/self/fd/%d/%s" % (entry.directory, entry.name)


def _beside(path: bytes, name: bytes) -> bytes:
    above = path.rpartition(b"/")[0]
    return above + b"/" + name if above else name
