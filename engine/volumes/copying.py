"""A directory of an image copied, by descriptor, with all that its files are: owners, modes, times, links,
holes, extended attributes, devices."""

from __future__ import annotations

import errno
import os
import stat

from engine.launch import syscalls as sys
from engine.layers.overlay_xattrs import PREFIXES

_STRICT = sys.RESOLVE_BENEATH | sys.RESOLVE_NO_SYMLINKS | sys.RESOLVE_NO_MAGICLINKS
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY
_NO_FOLLOW = os.O_NOFOLLOW | os.O_CLOEXEC
_STEP = 1 << 30
# What the kernel answers where it cannot copy within the file system; it is read and written then.
_NO_COPY = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF})
_NO_XATTR = frozenset({errno.ENOTSUP, errno.EPERM, errno.EINVAL, errno.ERANGE, errno.ENODATA})


def copy_tree(source: int, target: int) -> None:
    """Copy what is in a directory, and the directory's own attributes.

    :param source: descriptor of a directory that nobody writes to.
    :param target: descriptor of an empty directory that is ours alone.
    :raises OSError: the disk refuses.
    """
    _Copy(source, target).run()


class Names:
    """The names that files with several have in a copy.

    :param top: descriptor of the copy's top directory.
    """

    def __init__(self, top: int) -> None:
        self._top = top
        self._first: dict[tuple[int, int], bytes] = {}

    def link(self, status: os.stat_result, target: int, name: bytes, path: bytes) -> bool:
        """Make a further name of what was copied under another; whether it was.

        :param status: of the original. :param target: descriptor of the directory that the name is for.
        :param path: the whole name, from the copy's top.
        """
        if status.st_nlink < 2:
            return False
        first = self._first.setdefault((status.st_dev, status.st_ino), path)
        if first == path:
            return False
        os.link(first, name, src_dir_fd=self._top, dst_dir_fd=target, follow_symlinks=False)
        return True


class _Copy:
    def __init__(self, source: int, target: int) -> None:
        self._source = source
        self._target = target
        self._names = Names(target)

    def run(self) -> None:
        found = [b""]
        for path in found:  # grows as directories are found: parents first
            found += self._copy_names(path)
        for path in reversed(found):  # nothing is made in a directory after its time is set
            self._finish_directory(path)

    def _copy_names(self, path: bytes) -> list[bytes]:
        below = []
        source, target = _enter(self._source, path), _enter(self._target, path)
        try:
            for name in sorted(map(os.fsencode, os.listdir(source))):
                status = os.stat(name, dir_fd=source, follow_symlinks=False)
                inner = path + b"/" + name if path else name
                if stat.S_ISDIR(status.st_mode):
                    os.mkdir(name, 0o700, dir_fd=target)
                    below.append(inner)
                elif not _is_whiteout(status) and not self._names.link(status, target, name, inner):
                    copy_one(source, target, name, status)
        finally:
            os.close(source)
            os.close(target)
        return below

    def _finish_directory(self, path: bytes) -> None:
        source, target = _enter(self._source, path), _enter(self._target, path)
        try:
            copy_attributes(source, target)
        finally:
            os.close(source)
            os.close(target)


def copy_attributes(source: int, target: int) -> None:
    """Owner, mode, extended attributes and time of an open file or directory."""
    status = os.fstat(source)
    # chown takes set-id bits and file capabilities away, so it comes first; nothing may come after the time.
    os.fchown(target, status.st_uid, status.st_gid)
    os.fchmod(target, stat.S_IMODE(status.st_mode))
    _copy_xattrs(source, target, follow=True)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _enter(root: int, path: bytes) -> int:
    return sys.openat2(root, path or b".", _DIRECTORY, _STRICT)


def _is_whiteout(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def copy_one(source: int, target: int, name: bytes, status: os.stat_result) -> None:
    """Copy a file, a link or what else is no directory, from one directory to another."""
    if stat.S_ISREG(status.st_mode):
        _copy_file(source, target, name, status)
        return
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
    else:
        try:
            os.mknod(name, status.st_mode, status.st_rdev, dir_fd=target)
        except PermissionError:
            return  # no devices in this user namespace, as for the layers themselves
    os.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
    if not stat.S_ISLNK(status.st_mode):
        os.chmod(name, stat.S_IMODE(status.st_mode), dir_fd=target)
    ours, theirs = (b"/proc/self/fd/%d/%s" % (at, name) for at in (target, source))
    _copy_xattrs(theirs, ours, follow=False)
    os.utime(name, ns=(status.st_atime_ns, status.st_mtime_ns), dir_fd=target, follow_symlinks=False)


def _copy_file(source: int, target: int, name: bytes, status: os.stat_result) -> None:
    reading = os.open(name, os.O_RDONLY | _NO_FOLLOW, dir_fd=source)
    try:
        writing = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600, dir_fd=target)
        try:
            _copy_content(reading, writing, status.st_size)
            copy_attributes(reading, writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _copy_content(source: int, target: int, size: int) -> None:
    end = 0
    while end < size:
        try:
            start = os.lseek(source, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            break  # a hole to the end
        end = os.lseek(source, start, os.SEEK_HOLE)
        _copy_range(source, target, start, end)
    os.ftruncate(target, size)


def _copy_range(source: int, target: int, start: int, end: int) -> None:
    while start < end:
        step = min(end - start, _STEP)
        try:
            done = os.copy_file_range(source, target, step, start, start)
        except OSError as error:
            if error.errno not in _NO_COPY:
                raise
            os.lseek(target, start, os.SEEK_SET)
            done = os.sendfile(target, source, start, step)
        if not done:
            raise OSError(errno.EIO, "a file of the image is shorter than it says")
        start += done


def _copy_xattrs(source: int | bytes, target: int | bytes, follow: bool) -> None:
    options: dict[str, bool] = {} if follow else {"follow_symlinks": False}
    try:
        names = os.listxattr(source, **options)
    except OSError:
        return
    for name in names:
        if os.fsencode(name).startswith(PREFIXES):
            continue
        try:
            os.setxattr(target, name, os.getxattr(source, name, **options), **options)
        except OSError as error:
            if error.errno not in _NO_XATTR:
                raise
