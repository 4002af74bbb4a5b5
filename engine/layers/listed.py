"""File tables of layers that are not here, kept so that the second question needs no blob.

<root>/tables/<hex>, named by diff ID, made from blobs that were verified. The oldest go when they grow
too many; losing one costs nothing but reading its blob again.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from engine.errors import Corrupt, NotFound
from engine.layers.table import FileTable
from engine.layers.table_format import HEADER, parse_header
from engine.oci.digest import Digest
from engine.store.atomic import remove_abandoned, write_atomic
from engine.store.layout import Layout

_MODE = 0o700
_MOST = 256 << 20  # bytes; the table of a release of Debian with its packages takes 1 MB


class ListedTables:
    """The tables that were kept of one store.

    :param most: bytes that they may take together; one that is larger is kept alone.
    """

    def __init__(self, layout: Layout, most: int = _MOST) -> None:
        self._directory = layout.tables
        self._most = most

    def get(self, diff_id: Digest) -> FileTable | None:
        """A layer's table; None where none is kept, or the one that is was damaged."""
        path = self._directory / diff_id.hex
        try:
            table = FileTable.load(path)
        except NotFound:
            return None
        except Corrupt:
            path.unlink(missing_ok=True)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # what is used stays
        return table

    def unpacked(self, diff_id: Digest) -> int | None:
        """Bytes of file contents of a layer, from the head of its table; None where none is kept."""
        path = self._directory / diff_id.hex
        try:
            with path.open("rb") as file:
                length = os.fstat(file.fileno()).st_size
                return parse_header(file.read(HEADER.size), length, str(path)).unpacked
        except (FileNotFoundError, Corrupt):
            return None

    def put(self, diff_id: Digest, data: bytes) -> None:
        """Keep a table. A disk that refuses is no error: the table is in memory."""
        with contextlib.suppress(OSError):
            self._directory.mkdir(mode=_MODE, exist_ok=True)
            remove_abandoned(self._directory)
            self._make_room(self._most - len(data))
            write_atomic(self._directory / diff_id.hex, data, 0o444)

    def usage(self) -> tuple[int, int]:
        """How many there are, and their bytes."""
        known = self._known()
        return len(known), sum(size for _, size, _ in known)

    def _known(self) -> list[tuple[int, int, Path]]:
        """Time of the last use, size and path of each."""
        known: list[tuple[int, int, Path]] = []
        with contextlib.suppress(FileNotFoundError):  # nobody has looked at an image elsewhere yet
            for entry in os.scandir(self._directory):
                with contextlib.suppress(FileNotFoundError):  # another process makes room, too
                    status = entry.stat(follow_symlinks=False)
                    known.append((status.st_mtime_ns, status.st_size, Path(entry.path)))
        return known

    def _make_room(self, most: int) -> None:
        """Remove the oldest until the others take at most so many bytes."""
        known = self._known()
        total = sum(size for _, size, _ in known)
        for _, size, path in sorted(known):
            if total <= most:
                return
            path.unlink(missing_ok=True)
            total -= size
