"""The file table of a layer: every path and what its archive said of it, without touching the files."""

from __future__ import annotations

import os
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from struct import calcsize
from typing import NamedTuple

from engine.errors import Corrupt, NotFound
from engine.layers.inode import NO_FLAGS, Flag
from engine.layers.member import Kind
from engine.layers.table_format import (
    CHECKSUM,
    COLUMNS,
    DIGEST,
    HEADER,
    HINT,
    XATTR,
    XATTR_COUNT,
    parse_header,
)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One path of a layer.

    :param path: relative to the root, without a leading slash; empty for the root. Bytes that are not
        UTF-8 are surrogates, as `os.fsdecode` makes them.
    :param size: bytes of a file's content (holes included) or of a symbolic link's target, else 0.
    :param mode: permission bits with set-id and sticky.
    :param mtime: nanoseconds since the epoch.
    :param link: target of a symbolic link, or for `Kind.HARDLINK` the path in the layers below.
    :param device: of device nodes, as `os.makedev` gives it.
    :param group: entries with the same number, not 0, are one file with several names.
    :param digest: SHA-256 of a file's content, 64 hex digits, else empty.
    """

    path: str
    kind: Kind
    size: int
    mode: int
    uid: int
    gid: int
    mtime: int
    link: str = ""
    device: int = 0
    flags: Flag = NO_FLAGS
    group: int = 0
    digest: str = ""
    xattrs: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def is_whiteout(self) -> bool:
        """Whether it hides the path of the layers below."""
        return self.kind is Kind.WHITEOUT

    @property
    def is_opaque(self) -> bool:
        """Whether it hides all that the layers below have in this directory."""
        return bool(self.flags & Flag.OPAQUE)

    @property
    def is_implicit(self) -> bool:
        """Whether the archive left this parent out."""
        return bool(self.flags & Flag.IMPLICIT)


class Totals(NamedTuple):
    """Sums over a table.

    :param unpacked: bytes of file contents, each file once however many names it has.
    :param entries: paths that the archive named or marked; implicit parents are not counted.
    """

    unpacked: int
    entries: int
    files: int
    directories: int
    symlinks: int
    whiteouts: int


class FileTable:
    """A table in tree order: entry 0 is the root, a directory comes before what it holds.

    Columns (`kinds`, `flags`, `modes`, `uids`, `gids`, `sizes`, `mtimes`, `devices`) are sequences of
    numbers, one for each entry; whole entries are made when asked for.

    :param data: the table's file.
    :param origin: what the file is called in errors.
    :raises Corrupt: the bytes are damaged or of another version.
    """

    kinds: memoryview
    flags: memoryview
    modes: memoryview
    uids: memoryview
    gids: memoryview
    sizes: memoryview
    mtimes: memoryview
    devices: memoryview

    def __init__(self, data: bytes, origin: str = "file table") -> None:
        view = memoryview(data)
        header = parse_header(data, len(data), origin)
        if CHECKSUM.pack(zlib.crc32(view[: -CHECKSUM.size])) != data[-CHECKSUM.size :]:
            raise Corrupt(f"{origin} is damaged: its checksum is wrong", hint=HINT)
        self._header = header
        entries = header.entries
        at = HEADER.size
        for name, code in COLUMNS:
            end = at + entries * calcsize(code)
            setattr(self, name, view[at:end].cast(code))
            at = end
        sections = []
        for length in (entries * DIGEST, *header.sections):
            sections.append(view[at : at + length])
            at += length
        self._digests, paths, *self._rest = sections
        self.keys: list[bytes] = bytes(paths).split(b"/")
        if len(self.keys) != entries or self.keys[0]:
            raise Corrupt(f"{origin} is damaged: paths and entries do not fit", hint=HINT)

    @classmethod
    def load(cls, path: Path) -> FileTable:
        """The table in a file.

        :raises NotFound: there is no such file.
        :raises Corrupt: it is damaged.
        """
        try:
            return cls(path.read_bytes(), str(path))
        except FileNotFoundError:
            raise NotFound(f"there is no file table {path}", hint="pull the image again") from None

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[FileEntry]:
        return map(self.entry, range(len(self)))

    def path(self, number: int) -> str:
        """The path of an entry."""
        return os.fsdecode(self.keys[number].replace(b"\0", b"/"))

    def entry(self, number: int) -> FileEntry:
        """Everything about an entry.

        :raises IndexError: there is no such number.
        """
        kind = Kind(self.kinds[number])
        return FileEntry(
            path=self.path(number),
            kind=kind,
            size=self.sizes[number],
            mode=self.modes[number],
            uid=self.uids[number],
            gid=self.gids[number],
            mtime=self.mtimes[number],
            link=os.fsdecode(self.links.get(number, b"")),
            device=self.devices[number],
            flags=Flag(self.flags[number]),
            group=self.groups.get(number, 0),
            digest=self.digest(number).hex() if kind is Kind.FILE else "",
            xattrs={os.fsdecode(name): value for name, value in self.xattrs.get(number, {}).items()},
        )

    def digest(self, number: int) -> bytes:
        """SHA-256 of a file's content, 32 bytes; zeros for all else."""
        return bytes(self._digests[number * DIGEST : (number + 1) * DIGEST])

    def number(self, path: str | bytes) -> int | None:
        """The number of a path; None when the table has it not."""
        key = _key(path)
        number = bisect_left(self.keys, key)
        return number if number < len(self.keys) and self.keys[number] == key else None

    def find(self, path: str | bytes) -> FileEntry | None:
        """The entry of a path (with or without a leading slash); None when the table has it not."""
        number = self.number(path)
        return None if number is None else self.entry(number)

    def end(self, number: int) -> int:
        """The number after the last entry below an entry: `range(number, end)` is its whole subtree."""
        key = self.keys[number]
        # One above NUL, which stands for the slash.
        return bisect_left(self.keys, key + b"\1", number) if key else len(self.keys)

    def child_numbers(self, number: int) -> Iterator[int]:
        """Numbers of what a directory holds, in order."""
        at, stop = number + 1, self.end(number)
        while at < stop:
            yield at
            at = self.end(at)

    def children(self, path: str | bytes) -> list[FileEntry]:
        """What a directory holds, in order; nothing for other kinds.

        :raises NotFound: the table has no such path.
        """
        number = self.number(path)
        if number is None:
            raise NotFound(f"no such path in this layer: {os.fsdecode(path)}")
        return [self.entry(child) for child in self.child_numbers(number)]

    @cached_property
    def links(self) -> Mapping[int, bytes]:
        """Link targets by entry number."""
        numbers, targets = self._rest[0].cast("I"), bytes(self._rest[1]).split(b"\0")
        return dict(zip(numbers, targets, strict=False))

    @cached_property
    def groups(self) -> Mapping[int, int]:
        """Groups of hard links by entry number; only entries that have one."""
        pairs = self._rest[2].cast("I")
        half = len(pairs) // 2
        return dict(zip(pairs[:half], pairs[half:], strict=True))

    @cached_property
    def xattrs(self) -> Mapping[int, Mapping[bytes, bytes]]:
        """Extended attributes by entry number; only entries that have some."""
        found: dict[int, dict[bytes, bytes]] = {}
        values, at = bytes(self._rest[4]), 0
        for number in self._rest[3].cast("I"):
            (count,) = XATTR_COUNT.unpack_from(values, at)
            at += XATTR_COUNT.size
            attributes = found[number] = {}
            for _ in range(count):
                name_size, value_size = XATTR.unpack_from(values, at)
                start = at + XATTR.size
                at = start + name_size + value_size
                attributes[values[start : start + name_size]] = values[start + name_size : at]
        return found

    @cached_property
    def totals(self) -> Totals:
        """Sums over all entries."""
        kinds = bytes(self.kinds)
        return Totals(
            unpacked=self._header.unpacked,
            entries=self._header.named,
            files=kinds.count(Kind.FILE),
            directories=kinds.count(Kind.DIRECTORY),
            symlinks=kinds.count(Kind.SYMLINK),
            whiteouts=kinds.count(Kind.WHITEOUT),
        )


def _key(path: str | bytes) -> bytes:
    return os.fsencode(path).strip(b"/").replace(b"/", b"\0")
