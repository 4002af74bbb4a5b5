"""The three ways in which a layer's blob is packed, each as a stream of bounded reads.

What a blob is, its first bytes say; its media type is only used to word the error. Reading it by the
bytes cannot be led astray: whatever comes out must have the layer's diff ID.
"""

from __future__ import annotations

from typing import IO, Protocol, cast

from engine.errors import LimitExceeded, Malformed
from engine.layers.limits import Limits

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# A blob may begin with a skippable frame (RFC 8878, 3.1.2): 0x184D2A5? little-endian.
_SKIPPABLE_MAGIC = b"\x2a\x4d\x18"

# Where isal inflates fastest, and below glibc's threshold for mapping fresh memory at each call.
_STEP = 1 << 17


class Source(Protocol):
    """Where compressed bytes come from; `offset` is how many were taken."""

    offset: int

    def peek(self, size: int) -> bytes:
        """The next bytes without taking them; fewer than `size` only where the blob ends."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, at least one; nothing where the blob ends."""
        ...


class Inflater(Protocol):
    """An unpacked stream."""

    def readinto(self, buffer: memoryview) -> int:
        """Fill at least one byte of `buffer`; how many, 0 at the end.

        :raises Malformed: the compressed bytes are damaged.
        """
        ...


def inflate(source: Source, media_type: str = "", limits: Limits | None = None) -> Inflater:
    """The unpacked stream of a blob: gzip, zstd, or the bytes as they are.

    :param media_type: what the manifest says the blob is, or "".
    :raises Malformed: the manifest says it is compressed, and it is not.
    """
    limits = limits or Limits()
    magic = source.peek(4)
    if magic.startswith(GZIP_MAGIC):
        return _Gzip(source, limits)
    if magic == ZSTD_MAGIC or magic[1:] == _SKIPPABLE_MAGIC:
        return _Zstd(source, limits)
    if media_type.endswith(("gzip", "zstd")):
        raise Malformed(f"the layer's blob is neither gzip nor zstd, its media type is {media_type}")
    return _Plain(source)


class _Plain:
    def __init__(self, source: Source) -> None:
        self._source = source

    def readinto(self, buffer: memoryview) -> int:
        data = self._source.read(min(len(buffer), _STEP))
        buffer[: len(data)] = data
        return len(data)


class _Gzip:
    """RFC 1952: members one after another, each with a checksum that isal verifies."""

    def __init__(self, source: Source, limits: Limits) -> None:
        from isal import igzip_lib

        self._library = igzip_lib
        # The library's stubs call the class an instance.
        self._error = cast("type[Exception]", igzip_lib.IsalError)
        self._source = source
        self._limit = limits.members
        self._member = self._new_member()

    def _new_member(self) -> _GzipMember:
        self._limit -= 1
        if self._limit < 0:
            raise LimitExceeded("the layer's blob has too many gzip members")
        member: _GzipMember = self._library.IgzipDecompressor(flag=self._library.DECOMP_GZIP)
        return member

    def readinto(self, buffer: memoryview) -> int:
        want = min(len(buffer), _STEP)
        while True:
            data = self._input()
            if data is None:
                return 0
            try:
                out = self._member.decompress(data, want)
            except self._error as error:
                raise Malformed(f"the layer's gzip stream is damaged: {error}") from error
            if out:
                buffer[: len(out)] = out
                return len(out)

    def _input(self) -> bytes | None:
        """What to feed the decompressor next; None at the end of the last member."""
        if not self._member.eof:
            if not self._member.needs_input:
                return b""
            data = self._source.read(_STEP)
            if not data:
                raise Malformed("the layer's gzip stream ends early")
            return data
        rest = self._member.unused_data or self._source.read(_STEP)
        if not rest:
            return None
        if len(rest) < len(GZIP_MAGIC):
            rest += self._source.read(_STEP)
        if not rest.startswith(GZIP_MAGIC):
            raise Malformed("bytes that are not gzip follow the layer's gzip stream")
        self._member = self._new_member()
        return rest


class _GzipMember(Protocol):
    eof: bool
    needs_input: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Zstd:
    """RFC 8878: frames one after another. A frame cut short just ends; the diff ID tells."""

    def __init__(self, source: Source, limits: Limits) -> None:
        import zstandard

        self._error = zstandard.ZstdError
        # All it does with the source is read(size).
        decompressor = zstandard.ZstdDecompressor(max_window_size=limits.window)
        self._reader = decompressor.stream_reader(
            cast("IO[bytes]", source), read_size=_STEP, read_across_frames=True
        )

    def readinto(self, buffer: memoryview) -> int:
        try:
            return self._reader.readinto(buffer[:_STEP])
        except self._error as error:
            raise Malformed(f"the layer's zstd stream is damaged: {error}") from error
