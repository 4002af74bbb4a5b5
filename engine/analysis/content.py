"""Content of files of an image, read from the layers' directories by descriptor; nothing is mounted.

A path is resolved in the stacked tree, so symbolic links lead through all layers and never out of the
image. What the tree names is then opened in its own layer's directory, where no link is followed at all.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.analysis.stacked import Stack
from engine.errors import Corrupt, InvalidArgument
from engine.launch import syscalls as sys
from engine.layers.member import Kind
from engine.oci import Digest
from engine.oci.quote import quoted

RESOLVE = sys.RESOLVE_BENEATH | sys.RESOLVE_NO_SYMLINKS | sys.RESOLVE_NO_MAGICLINKS
# A device or a pipe in a damaged store must not make us wait.
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class Contents:
    """Files of a stack whose layers lie on disk.

    :param directory: gives the directory of a layer, by its number in the stack; 0 is the base.
    """

    stack: Stack
    directory: Callable[[int], Path]

    def open(self, row: int) -> int:
        """A descriptor to read a file by its row in the stacked tree; the caller closes it.

        :raises InvalidArgument: it is no regular file.
        :raises Corrupt: the layer's directory has it not.
        """
        entry = self.stack.winners[row]
        if self.stack.entries.kind(entry) != Kind.FILE:
            raise InvalidArgument(f"{quoted('/' + self.stack.path(row))} is no regular file")
        return self.open_entry(entry)

    def open_entry(self, entry: int) -> int:
        """A descriptor to read any copy of a file, also one that is hidden.

        :raises Corrupt: the layer's directory has no such regular file.
        """
        entries = self.stack.entries
        source = entries.source(entry)
        root = os.open(self.directory(entries.layer(source)), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            file = sys.openat2(root, entries.key(source).replace(b"\0", b"/"), _OPEN, RESOLVE)
        except OSError as error:
            raise self._damaged(source, os.strerror(error.errno or 0)) from error
        finally:
            os.close(root)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise self._damaged(source, "it is no regular file there")
        return file

    def prepare(self, entries: Iterable[int]) -> None:
        """Say which files will be opened; what has to be read in one go is read then.

        :param entries: of any kinds, also such as are hidden.
        """

    def head(self, entry: int, limit: int) -> bytes:
        """The first bytes of any copy of a file.

        :param limit: bytes at most.
        :raises Corrupt: the layer's directory has no such regular file.
        """
        file = self.open_entry(entry)
        try:
            return os.read(file, limit)
        finally:
            os.close(file)

    def _damaged(self, source: int, why: str) -> Corrupt:
        layer = self.stack.entries.layer(source) + 1
        return Corrupt(
            f"{quoted('/' + self.stack.entries.path(source))} cannot be read from layer {layer}: {why}",
            hint="remove the image and pull it again",
        )


class Archive(Protocol):
    """Where contents of layers that are not unpacked come from; see `engine.images.peek.Peek`."""

    def is_here(self, diff_id: Digest) -> bool:
        """Whether a layer is unpacked in the store."""
        ...

    def gather(self, diff_id: Digest, wanted: Mapping[bytes, int]) -> None:
        """Read contents, known by SHA-256 and size, out of a layer's blob."""
        ...

    def open(self, digest: bytes) -> int:
        """A descriptor to read a content that was gathered; the caller closes it."""
        ...


@dataclass(frozen=True)
class ArchivedContents(Contents):
    """Files of a stack of which some layers are not unpacked; these are read out of their blobs.

    :param diff_ids: of the layers of the stack, base first.
    """

    diff_ids: Sequence[Digest]
    archive: Archive

    def open_entry(self, entry: int) -> int:
        """See `Contents.open_entry`; also raises what reading a blob raises."""
        layer, number = self.stack.entries.locate(self.stack.entries.source(entry))
        if self.archive.is_here(self.diff_ids[layer]):
            return super().open_entry(entry)
        self.prepare([entry])
        return self.archive.open(self.stack.entries.tables[layer].digest(number))

    def prepare(self, entries: Iterable[int]) -> None:
        """Read the files among `entries` out of their blobs, each blob once."""
        wanted: dict[Digest, dict[bytes, int]] = {}
        for entry in entries:
            if self.stack.entries.kind(entry) != Kind.FILE:
                continue
            layer, number = self.stack.entries.locate(self.stack.entries.source(entry))
            table = self.stack.entries.tables[layer]
            wanted.setdefault(self.diff_ids[layer], {})[table.digest(number)] = table.sizes[number]
        for diff_id, contents in wanted.items():
            if not self.archive.is_here(diff_id):
                self.archive.gather(diff_id, contents)
