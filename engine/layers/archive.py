"""A streaming tar reader: members in order, each with its data, every size bounded.

Formats: V7, ustar, star, GNU (long names, base-256, sparse) and PAX (global headers, times with
fractions, extended attributes, sparse 0.0, 0.1 and 1.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from engine.errors import LimitExceeded, Malformed
from engine.layers.blocks import BLOCK
from engine.layers.header import KINDS, Header
from engine.layers.limits import ROOM, Limits
from engine.layers.member import Kind, Member
from engine.layers.pax import global_records, parse_records, xattrs_of
from engine.layers.sparse import apply_sparse

_ZERO = bytes(BLOCK)
_PAX, _GLOBAL, _LONG_NAME, _LONG_LINK = b"x", b"g", b"L", b"K"


class Blocks(Protocol):
    """Where an archive is read from; see `engine.layers.blocks.BlockStream`."""

    def block(self) -> bytes:
        """The next 512 bytes; nothing where the stream ends."""
        ...

    def take(self, limit: int) -> memoryview:
        """At least one and at most `limit` bytes."""
        ...

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        ...


class ArchiveReader:
    """Iterates the members of an archive; what the caller leaves of a member's data is passed over.

    :raises Malformed: the archive breaks its format or ends early.
    :raises LimitExceeded: it asks for more than `limits` allow.
    """

    def __init__(self, stream: Blocks, limits: Limits | None = None) -> None:
        self._stream = stream
        self._limits = limits or Limits()
        self._left = 0  # bytes of the member's data that nobody took
        self._padding = 0
        self._headers = 0
        self._global: dict[bytes, bytes] = {}

    def __iter__(self) -> Iterator[Member]:
        while (member := self._member()) is not None:
            yield member
            self._stream.skip(self._left + self._padding)

    def data(self, size: int) -> Iterator[memoryview]:
        """The next `size` bytes of this member's stored data, in pieces; a piece is valid until the next."""
        self._left -= size
        take = self._stream.take
        while size:
            piece = take(size)
            size -= len(piece)
            yield piece

    def _member(self) -> Member | None:
        """The next member; None at the end of the archive."""
        records: dict[bytes, bytes] = {}
        long_name = long_link = b""
        while (header := self._header()) is not None:
            kind = header.kind
            if kind in KINDS:
                return self._finish(header, records, long_name, long_link)
            if kind == _PAX:
                records = parse_records(self._extended(header))
            elif kind == _LONG_NAME:
                long_name = self._extended(header).split(b"\0", 1)[0]
            elif kind == _LONG_LINK:
                long_link = self._extended(header).split(b"\0", 1)[0]
            elif kind == _GLOBAL:
                self._global.update(global_records(parse_records(self._extended(header))))
            else:
                raise Malformed(f"the archive has a member of unknown type {kind!r}")
        if records or long_name or long_link:
            raise Malformed("the archive ends after an extended header")
        return None

    def _header(self) -> Header | None:
        raw = self._stream.block()
        if not raw:
            return None
        if raw == _ZERO:
            following = self._stream.block()
            if following and following != _ZERO:
                raise Malformed("the archive goes on after an empty block")
            return None
        self._headers += 1
        if self._headers > self._limits.headers:
            raise LimitExceeded(f"the archive has more than {self._limits.headers} headers")
        return Header(raw)

    def _extended(self, header: Header) -> bytes:
        size = header.size
        if size > self._limits.extended:
            raise LimitExceeded(f"the archive has an extended header of {size} bytes")
        data = b"".join([bytes(piece) for piece in self._pieces(size)])
        self._stream.skip(-size % BLOCK)
        return data

    def _data_block(self) -> bytes:
        raw = self._stream.block()
        if not raw:
            raise Malformed("the archive ends within a member's data")
        return raw

    def _pieces(self, size: int) -> Iterator[memoryview]:
        while size:
            piece = self._stream.take(size)
            size -= len(piece)
            yield piece

    def _finish(
        self, header: Header, records: dict[bytes, bytes], long_name: bytes, long_link: bytes
    ) -> Member:
        if self._global:
            records = self._global | records
        member = header.member(records, long_name, long_link)
        if member.kind is Kind.FILE:
            if records or header.kind == b"S":
                apply_sparse(member, header, records, self._data_block, self._limits)
            self._left = member.stored
            self._padding = -member.stored % BLOCK
            if max(member.size, member.stored) > self._limits.unpacked:
                raise LimitExceeded(
                    f"the archive has a file of {member.size} bytes, more than {self._limits.unpacked}",
                    hint=ROOM,
                )
        else:
            self._left = self._padding = 0
        if records:
            member.xattrs = xattrs_of(records, self._limits)
        if len(member.name) > self._limits.path or len(member.link) > self._limits.path:
            raise LimitExceeded(f"the archive has a path of more than {self._limits.path} bytes")
        return member
