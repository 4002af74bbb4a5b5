"""A file or directory of an image, written to the host.

Everything is made by descriptor and single name below one directory, and nothing that stands there is
ever followed or replaced, so what the image says cannot reach another place. The files become the
caller's own: set-id bits, owners, devices and extended attributes are not taken over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.analysis.content import RESOLVE, Contents
from engine.errors import AlreadyExists, Corrupt, InvalidArgument, Unavailable
from engine.launch import syscalls as sys
from engine.layers.keys import SEPARATOR
from engine.layers.member import Kind
from engine.layers.removal import remove_tree
from engine.oci.quote import quoted

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20
_WRITABLE = 0o700  # while a directory is filled, whatever its mode will be


@dataclass
class Extracted:
    """What was written.

    :param size: bytes of content; a file with several names counts once.
    :param skipped: paths of devices, pipes and sockets, which are left out.
    """

    path: Path
    files: int = 0
    directories: int = 0
    links: int = 0
    size: int = 0
    skipped: list[str] = field(default_factory=list)


def extract(contents: Contents, row: int, destination: Path) -> Extracted:
    """Write a row of the stacked tree, with all below it, to the host.

    :param destination: a directory that is there takes it under its own name (the root itself goes into
        it as it is); otherwise it becomes `destination`.
    :raises AlreadyExists: something stands where it would be written.
    :raises InvalidArgument: the destination's directory is not there.
    :raises Unavailable: the disk refuses.
    """
    stack = contents.stack
    parent, name = destination.parent, destination.name
    if destination.is_dir() and stack.keys[row]:
        parent, name = destination, stack.path(row).rpartition("/")[2]
    if not row and destination.is_dir():
        return _run(contents, row, destination, "")
    if name in ("", ".", ".."):
        raise InvalidArgument(f"{destination} is no name to write to")
    return _run(contents, row, parent, name)


def _run(contents: Contents, row: int, parent: Path, name: str) -> Extracted:
    done = Extracted(parent / name if name else parent)
    try:
        directory = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidArgument(f"cannot write into {parent}: {error.strerror}") from error
    try:
        writer = _Writer(contents, parent, directory, done)
        try:
            writer.write(row, os.fsencode(name))
        except BaseException:
            writer.undo()
            raise
    except FileExistsError as error:
        raise AlreadyExists(
            f"something is there already below {parent}: {quoted(_text(error.filename))}",
            hint="give another destination, or remove it",
        ) from error
    except OSError as error:
        raise Unavailable(
            f"cannot write below {parent}: {error.strerror}", hint="see that there is room"
        ) from error
    finally:
        os.close(directory)
    return done


class _Writer:
    """Writes rows in tree order below one directory; depth costs neither descriptors nor stack."""

    def __init__(self, contents: Contents, place: Path, top: int, done: Extracted) -> None:
        self._contents = contents
        self._stack = contents.stack
        self._place = place
        self._top = top
        self._done = done
        self._written: dict[int, bytes] = {}
        self._described: list[tuple[bytes, int]] = []
        self._tops: list[Path] = []

    def write(self, row: int, name: bytes) -> None:
        """Make a row under a name, with all below it; an empty name stands for the directory itself."""
        self._contents.prepare(self._stack.winners[row : self._stack.end(row)])
        above = self._stack.keys[row]
        for each in range(row, self._stack.end(row)):
            below = self._stack.keys[each][len(above) :].lstrip(SEPARATOR)
            path = b"/".join(part for part in (name, *below.split(SEPARATOR)) if part)
            if path:
                self._make(each, path)
        # Modes and times last: a directory without the right to write could not be filled.
        for path, each in reversed(self._described):
            with self._opened(path) as directory:
                self._describe(each, directory)

    def undo(self) -> None:
        """Take away all that was made."""
        for path in self._tops:
            remove_tree(path)

    def _make(self, row: int, path: bytes) -> None:
        entries, entry = self._stack.entries, self._stack.winners[row]
        kind = entries.kind(entry)
        above, _, name = path.rpartition(b"/")
        _check(name)
        with self._opened(above) as directory:
            if kind == Kind.DIRECTORY:
                os.mkdir(name, _WRITABLE, dir_fd=directory)
                self._note(path)
                self._described.append((path, row))
                self._done.directories += 1
            elif kind == Kind.FILE:
                self._file(row, directory, path, name)
            elif kind == Kind.SYMLINK:
                os.symlink(entries.link(entry), name, dir_fd=directory)
                self._note(path)
                self._done.links += 1
            else:
                self._done.skipped.append(self._stack.path(row))

    def _note(self, path: bytes) -> None:
        if b"/" not in path:
            self._tops.append(self._place / os.fsdecode(path))

    def _file(self, row: int, directory: int, path: bytes, name: bytes) -> None:
        inode = self._stack.entries.inode(self._stack.winners[row])
        first = self._written.setdefault(inode, path)
        self._done.files += 1
        if first is not path:
            above, _, other = first.rpartition(b"/")
            with self._opened(above) as source:
                os.link(other, name, src_dir_fd=source, dst_dir_fd=directory, follow_symlinks=False)
            self._note(path)
            return
        source = self._contents.open(row)
        try:
            target = os.open(name, _CREATE, 0o600, dir_fd=directory)
            self._note(path)
            try:
                self._done.size += _copy(source, target)
                self._describe(row, target)
            finally:
                os.close(target)
        finally:
            os.close(source)

    def _describe(self, row: int, descriptor: int) -> None:
        entries = self._stack.entries
        layer, number = entries.locate(entries.source(self._stack.winners[row]))
        table = entries.tables[layer]
        os.fchmod(descriptor, table.modes[number] & 0o777)
        mtime = table.mtimes[number]
        os.utime(descriptor, ns=(mtime, mtime))

    @contextmanager
    def _opened(self, path: bytes) -> Iterator[int]:
        """A directory that was made here."""
        directory = sys.openat2(self._top, path or b".", _DIRECTORY, RESOLVE)
        try:
            yield directory
        finally:
            os.close(directory)


def _text(name: object) -> str:
    return os.fsdecode(name) if isinstance(name, bytes) else str(name)


def _copy(source: int, target: int) -> int:
    copied = 0
    while block := os.read(source, _CHUNK):
        left = memoryview(block)
        while left:
            left = left[os.write(target, left) :]
        copied += len(block)
    return copied


def _check(name: bytes) -> None:
    if name in (b"", b".", b"..") or b"/" in name:
        raise Corrupt(
            "a file table has a name that no file can have", hint="remove the image and pull it again"
        )
