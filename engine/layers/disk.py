"""The directory that a layer is unpacked into, touched by descriptor and single names only.

No path is ever resolved by the kernel: each directory is opened from its parent's descriptor without
following links, so whatever an archive says, nothing outside the layer's directory can be reached.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import OrderedDict

from engine.layers.archive import ArchiveReader
from engine.layers.content import write_content
from engine.layers.inode import Directory, Flag, Inode, directories, is_on_disk
from engine.layers.member import Kind, Member
from engine.layers.overlay_xattrs import overlay_xattr

# Archives list directories one after another, so a few open ones are enough; hosts may allow 64 files.
_OPEN_DIRECTORIES = 16
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NODES = {Kind.CHAR: stat.S_IFCHR, Kind.BLOCK: stat.S_IFBLK, Kind.FIFO: stat.S_IFIFO}
_SET_ID = 0o6000
_UNFINISHED_MODE = 0o700


class Disk:
    """Makes and removes names below one directory.

    :param root: descriptor of the empty directory; it stays the caller's.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._opaque, self._origin = overlay_xattr("opaque"), overlay_xattr("origin")
        self._open: OrderedDict[Directory, int] = OrderedDict()
        self._uid, self._gid = os.geteuid(), os.getegid()
        self.refused_owners = 0
        self.refused_xattrs: set[bytes] = set()
        # A set-group-id bit or a default ACL of the store would be handed down to every file.
        os.fchown(root, self._uid, self._gid)
        os.fchmod(root, _UNFINISHED_MODE)
        if "system.posix_acl_default" in _xattr_names(root):
            os.removexattr(root, "system.posix_acl_default")

    def descriptor(self, directory: Directory) -> int:
        """An open directory; valid until the next call."""
        found = self._open.get(directory)
        if found is not None:
            self._open.move_to_end(directory)
            return found
        if directory.parent is None:
            return self._root
        way = []
        here = directory
        while here.parent is not None and here not in self._open:
            way.append(here)
            here = here.parent
        at = self._open.get(here, self._root)
        while way:
            here = way.pop()
            at = os.open(here.name, _OPEN_DIRECTORY, dir_fd=at)
            self._open[here] = at
            if len(self._open) > _OPEN_DIRECTORIES:
                os.close(self._open.popitem(last=False)[1])
        return at

    def create(self, parent: Directory, name: bytes, mode: int) -> int:
        """A new file, open for writing; the caller closes it."""
        return os.open(name, _CREATE, mode & ~_SET_ID, dir_fd=self.descriptor(parent))

    def file(self, parent: Directory, name: bytes, member: Member, reader: ArchiveReader) -> bytes:
        """A new file with the data of the reader's present member; SHA-256 of its content."""
        descriptor = self.create(parent, name, member.mode)
        try:
            digest = write_content(descriptor, reader, member)
            self.finish_file(descriptor, member)
        finally:
            os.close(descriptor)
        return digest

    def finish_file(self, descriptor: int, member: Member) -> None:
        """Ownership, mode, extended attributes and time of a file whose content is written."""
        # chown clears set-id bits and file capabilities, so it comes first; nothing may come after the time.
        if member.uid != self._uid or member.gid != self._gid:
            self._chown(descriptor, member.uid, member.gid)
        if member.mode & _SET_ID:
            os.fchmod(descriptor, member.mode)
        if member.xattrs:
            self._set_xattrs(descriptor, member.xattrs)
        os.utime(descriptor, ns=(member.mtime, member.mtime))

    def directory(self, parent: Directory, name: bytes) -> None:
        """A new directory; its attributes come last, by `finish_directory`."""
        os.mkdir(name, _UNFINISHED_MODE, dir_fd=self.descriptor(parent))

    def finish_directory(self, directory: Directory) -> None:
        """All attributes of a directory; for children before their parents, when nothing more is made."""
        descriptor = self.descriptor(directory)
        if directory.uid != self._uid or directory.gid != self._gid:
            self._chown(descriptor, directory.uid, directory.gid)
        os.fchmod(descriptor, directory.mode)
        if directory.xattrs:
            self._set_xattrs(descriptor, directory.xattrs)
        if directory.flags & Flag.OPAQUE:
            os.setxattr(descriptor, self._opaque, b"y")
        if directory.holds_whiteouts:
            # Without it overlayfs lists the whiteouts of a directory that no other layer has: it looks for
            # them only where it merges, or where this says that it once did (fs/overlayfs/inode.c).
            os.setxattr(descriptor, self._origin, b"")
        os.utime(descriptor, ns=(directory.mtime, directory.mtime))

    def symlink(self, parent: Directory, name: bytes, member: Member) -> None:
        """A symbolic link; its target is data."""
        at = self.descriptor(parent)
        os.symlink(member.link, name, dir_fd=at)
        self._finish_name(at, name, member)

    def link(
        self, old_parent: Directory, old_name: bytes, parent: Directory, name: bytes, inode: Inode
    ) -> None:
        """Another name for a file of this layer."""
        if not is_on_disk(inode):
            return
        # Opening the second directory may close the first one's descriptor.
        held = os.dup(self.descriptor(old_parent))
        try:
            at = self.descriptor(parent)
            os.link(old_name, name, src_dir_fd=held, dst_dir_fd=at, follow_symlinks=False)
        finally:
            os.close(held)

    def node(self, parent: Directory, name: bytes, member: Member) -> bool:
        """A device or a fifo; False where this host refuses devices."""
        at = self.descriptor(parent)
        try:
            os.mknod(name, _NODES[member.kind] | (member.mode & ~_SET_ID), member.device, dir_fd=at)
        except PermissionError:
            if member.kind is Kind.FIFO:
                raise
            return False
        self._finish_name(at, name, member)
        return True

    def whiteout(self, parent: Directory, name: bytes) -> None:
        """Overlayfs's mark for a path that is not there any more."""
        os.mknod(name, stat.S_IFCHR, os.makedev(0, 0), dir_fd=self.descriptor(parent))
        parent.holds_whiteouts = True

    def remove(self, parent: Directory, name: bytes, inode: Inode) -> None:
        """Take a name away, with everything below it."""
        if not isinstance(inode, Directory):
            if is_on_disk(inode):
                os.unlink(name, dir_fd=self.descriptor(parent))
            return
        for directory in reversed(directories(inode)):
            for child_name, child in directory.children.items():
                if not isinstance(child, Directory):
                    self.remove(directory, child_name, child)
            self._forget(directory)
            owner = directory.parent
            assert owner is not None  # the root is never removed
            os.rmdir(directory.name, dir_fd=self.descriptor(owner))

    def close(self) -> None:
        """Give all descriptors back."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _forget(self, directory: Directory) -> None:
        descriptor = self._open.pop(directory, None)
        if descriptor is not None:
            os.close(descriptor)

    def _finish_name(self, at: int, name: bytes, member: Member) -> None:
        """Attributes of what must not be opened (links, devices, fifos)."""
        if member.uid != self._uid or member.gid != self._gid:
            try:
                os.chown(name, member.uid, member.gid, dir_fd=at, follow_symlinks=False)
            except OSError as error:
                self._refused_owner(error)
        if member.kind is not Kind.SYMLINK and member.mode & _SET_ID:
            os.chmod(name, member.mode, dir_fd=at)
        if member.xattrs:
            self._set_xattrs(b"/proc/self/fd/%d/%s" % (at, name), member.xattrs)
        os.utime(name, ns=(member.mtime, member.mtime), dir_fd=at, follow_symlinks=False)

    def _chown(self, descriptor: int, uid: int, gid: int) -> None:
        try:
            os.fchown(descriptor, uid, gid)
        except OSError as error:
            self._refused_owner(error)

    def _refused_owner(self, error: OSError) -> None:
        # EINVAL: the id has no place in this user namespace.
        if error.errno not in (errno.EPERM, errno.EINVAL):
            raise error
        self.refused_owners += 1

    def _set_xattrs(self, target: int | bytes, xattrs: dict[bytes, bytes]) -> None:
        for name, value in xattrs.items():
            try:
                if isinstance(target, int):
                    os.setxattr(target, name, value)
                else:
                    os.setxattr(target, name, value, follow_symlinks=False)
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EINVAL, errno.ERANGE):
                    raise
                self.refused_xattrs.add(name)


def _xattr_names(descriptor: int) -> list[str]:
    try:
        return os.listxattr(descriptor)
    except OSError:
        return []  # the file system has none
