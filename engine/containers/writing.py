"""Members of an archive made into files below a directory that somebody may be changing meanwhile.

Everything is made by descriptor and single name; what stands in the way of a file is unlinked, never opened,
so no link is ever written through. Directories get their attributes last, the deepest first.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from engine.errors import Conflict, Malformed
from engine.launch.mounts import make_directories
from engine.layers.member import Kind, Member
from engine.layers.overlay_xattrs import PREFIXES
from engine.layers.resolve import clean, show
from engine.store.atomic import write_all

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NODES = {Kind.CHAR: stat.S_IFCHR, Kind.BLOCK: stat.S_IFBLK, Kind.FIFO: stat.S_IFIFO}
_SET_ID = 0o6000
_HOLE = 64 << 10  # bytes of nothing that are worth a hole
_ZEROS = bytes(1 << 20)


Fill = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Manner:
    """How files are made.

    :param owner: of all of them; None keeps what each member says.
    :param set_id: keep set-id bits and file capabilities.
    :param devices: make device nodes; else they are left out.
    """

    owner: tuple[int, int] | None = None
    set_id: bool = True
    devices: bool = True


@dataclass(slots=True)
class Copied:
    """What was copied. :param size: bytes of content. :param left_out: devices and sockets."""

    files: int = 0
    size: int = 0
    left_out: int = 0


class TreeWriter:
    """Makes members below a directory.

    :param root: descriptor that no path leaves. :param place: of the directory, below it.
    :param follow: whether links on the way to a member are followed, inside the root.
    """

    def __init__(self, root: int, place: str, *, follow: bool, manner: Manner) -> None:
        self._root = root
        self._place = place
        self._follow = follow
        self._manner = manner
        self._directories: list[tuple[bytes, Member]] = []
        self.copied = Copied()

    def add(self, member: Member, fill: Fill) -> None:
        """Make one member.

        :param fill: writes the content of a regular file to a descriptor.
        :raises Conflict: a directory stands where a file is to be, or the other way round.
        :raises Malformed: it would leave the directory. :raises OSError: the disk refuses.
        """
        directory, name = clean(member.name.lstrip(b"/"))
        if not name:
            return  # the directory itself, which is somebody else's
        if member.kind in (Kind.CHAR, Kind.BLOCK) and not self._manner.devices:
            self.copied.left_out += 1
            return
        with self._opened(directory) as parent:
            self._make_room(parent, name, member)
            self._make(parent, name, member, fill)
        self.copied.files += 1

    def finish(self) -> None:
        """Give directories their attributes."""
        for path, member in reversed(self._directories):
            above, name = clean(path)
            try:
                with self._opened(above) as parent:
                    directory = os.open(name, _DIRECTORY, dir_fd=parent)
            except OSError:
                continue  # taken away meanwhile
            try:
                self._describe(directory, member)
            finally:
                os.close(directory)

    @contextmanager
    def _opened(self, path: bytes) -> Iterator[int]:
        place = f"{self._place}/{os.fsdecode(path)}"
        directory = make_directories(self._root, place, self._follow)
        try:
            yield directory
        finally:
            os.close(directory)

    def _make_room(self, parent: int, name: bytes, member: Member) -> None:
        try:
            there = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return
        is_directory, wanted = stat.S_ISDIR(there.st_mode), member.kind is Kind.DIRECTORY
        if is_directory != wanted:
            present = "the directory" if is_directory else "what is no directory:"
            new = "a directory" if wanted else "a file"
            raise Conflict(
                f"cannot overwrite {present} {show(member.name)} with {new}",
                hint="remove it, or copy elsewhere",
            )
        if not wanted:
            os.unlink(name, dir_fd=parent)

    def _make(self, parent: int, name: bytes, member: Member, fill: Fill) -> None:
        if member.kind is Kind.DIRECTORY:
            try:
                os.mkdir(name, 0o700, dir_fd=parent)
            except FileExistsError:
                pass
            self._directories.append((member.name.lstrip(b"/"), member))
        elif member.kind is Kind.FILE:
            file = os.open(name, _CREATE, 0o600, dir_fd=parent)
            try:
                fill(file)
                self.copied.size += os.fstat(file).st_size
                self._describe(file, member)
            finally:
                os.close(file)
        elif member.kind is Kind.HARDLINK:
            self._link(parent, name, member)
        elif member.kind is Kind.SYMLINK:
            if not member.link:
                raise Malformed(f"the archive has a symbolic link to nothing: {show(member.name)}")
            os.symlink(member.link, name, dir_fd=parent)
            self._describe_name(parent, name, member)
        else:
            os.mknod(name, _NODES[member.kind] | 0o600, member.device, dir_fd=parent)
            self._describe_name(parent, name, member)

    def _link(self, parent: int, name: bytes, member: Member) -> None:
        directory, target = clean(member.link.lstrip(b"/"))
        try:
            with self._opened(directory) as source:
                os.link(target, name, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError as error:
            raise Malformed(
                f"the archive has a hard link to a file that is not there: {show(member.link)}"
            ) from error

    def _describe(self, descriptor: int, member: Member) -> None:
        # The owner first: a change of owner takes set-id bits and capabilities away.
        os.fchown(descriptor, *self._owner(member))
        os.fchmod(descriptor, self._mode(member))
        self._set_xattrs(descriptor, member)
        os.utime(descriptor, ns=(member.mtime, member.mtime))

    def _describe_name(self, parent: int, name: bytes, member: Member) -> None:
        """Attributes of what must not be opened (links, devices, fifos)."""
        os.chown(name, *self._owner(member), dir_fd=parent, follow_symlinks=False)
        if member.kind is not Kind.SYMLINK:
            self._chmod_node(parent, name, self._mode(member))
        self._set_xattrs(b"/proc/self/fd/%d/%s" % (parent, name), member)
        os.utime(name, ns=(member.mtime, member.mtime), dir_fd=parent, follow_symlinks=False)

    @staticmethod
    def _chmod_node(parent: int, name: bytes, mode: int) -> None:
        # chmod(2) follows links, so a name that may have been swapped is pinned first.
        node = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            if not stat.S_ISLNK(os.fstat(node).st_mode):
                os.chmod(f"/proc/self/fd/{node}", mode)
        finally:
            os.close(node)

    def _owner(self, member: Member) -> tuple[int, int]:
        return self._manner.owner or (member.uid, member.gid)

    def _mode(self, member: Member) -> int:
        return member.mode if self._manner.set_id else member.mode & ~_SET_ID

    def _set_xattrs(self, place: int | bytes, member: Member) -> None:
        for name, value in (member.xattrs or {}).items():
            if name.startswith(PREFIXES) or (not self._manner.set_id and not name.startswith(b"user.")):
                continue
            try:
                os.setxattr(place, name, value, follow_symlinks=isinstance(place, int))
            except OSError:
                continue  # a file system without them, or a right that we lack


def write_sparse(file: int, content: Iterable[bytes]) -> None:
    """Write pieces into an empty file; long runs of zeros become holes."""
    for piece in content:
        if len(piece) >= _HOLE and not piece[0] and piece == _ZEROS[: len(piece)]:
            os.lseek(file, len(piece), os.SEEK_CUR)
        else:
            write_all(file, piece)
    os.ftruncate(file, os.lseek(file, 0, os.SEEK_CUR))
