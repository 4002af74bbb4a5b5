"""The unpacked stream as the tar reader wants it, inflated and hashed by a thread of its own.

A ring of buffers stands between the two threads, so the stream is copied once and memory is bounded.
Inflating, hashing and writing files release the interpreter's lock, so a layer keeps two cores busy.
"""

from __future__ import annotations

import hashlib
import threading
from queue import SimpleQueue
from typing import Self

from engine.errors import LaminaError, LimitExceeded, Malformed
from engine.layers.compression import Inflater, Source, inflate
from engine.layers.limits import Limits, too_large

BLOCK = 512
# Whole blocks only, so that no header ever lies across two buffers.
_BUFFER = 1 << 20
_BUFFERS = 4


class BlockStream:
    """Reads of the unpacked stream by one consumer; a context manager, which ends the thread.

    Views are valid until the next call.

    :param source: the compressed blob.
    """

    def __init__(self, source: Source, media_type: str = "", limits: Limits | None = None) -> None:
        self._source = source
        self._media_type = media_type
        self._limits = limits or Limits()
        self._free: SimpleQueue[memoryview | None] = SimpleQueue()
        self._full: SimpleQueue[tuple[memoryview, int] | BaseException] = SimpleQueue()
        for _ in range(_BUFFERS):
            self._free.put(memoryview(bytearray(_BUFFER)))
        self._hash = hashlib.sha256()
        self._size = 0
        self._ended = False
        self._buffer = memoryview(b"")
        self._at = 0
        self._end = 0
        self._thread = threading.Thread(target=self._produce, name="inflate", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._free.put(None)
        if kind is not None and issubclass(kind, LaminaError):
            # Whoever blames the archive reads the rest of the blob next, to see whether to blame that: two
            # readers at once would hash it in a wrong order.
            self._thread.join()

    def block(self) -> bytes:
        """The next 512 bytes; nothing where the stream ends.

        :raises Malformed: the stream ends within the block, or is damaged.
        """
        if self._at == self._end and not self._next():
            return b""
        start = self._at
        if self._end - start < BLOCK:
            raise Malformed("the archive ends within a block")
        self._at = start + BLOCK
        return self._buffer[start : start + BLOCK].tobytes()

    def take(self, limit: int) -> memoryview:
        """At least one and at most `limit` bytes.

        :raises Malformed: the stream has ended, or is damaged.
        """
        if self._at == self._end and not self._next():
            raise Malformed("the archive ends within a member's data")
        start = self._at
        self._at = min(self._end, start + limit)
        return self._buffer[start : self._at]

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        while size:
            size -= len(self.take(size))

    def finish(self) -> tuple[str, int]:
        """Pass over all that is left; SHA-256 in hex and size of the whole stream."""
        self._at = self._end
        while self._next():
            self._at = self._end
        return self._hash.hexdigest(), self._size

    def _next(self) -> bool:
        if self._ended:
            return False
        if self._end:
            self._free.put(self._buffer)
        item = self._full.get()
        if isinstance(item, BaseException):
            self._ended = True
            raise item
        self._buffer, self._end = item
        self._at = 0
        self._ended = not self._end
        return not self._ended

    def _produce(self) -> None:
        try:
            stream = inflate(self._source, self._media_type, self._limits)
            while (buffer := self._free.get()) is not None:
                size = _fill(stream, buffer)
                self._hash.update(buffer[:size])
                self._size += size
                self._check(self._size)
                self._full.put((buffer, size))
                if not size:
                    return
        except BaseException as error:  # noqa: BLE001  the consumer raises it
            self._full.put(error)

    def _check(self, size: int) -> None:
        if size > self._limits.unpacked:
            raise too_large(self._limits)
        if size > self._limits.ratio_from and size > self._limits.ratio * self._source.offset:
            raise LimitExceeded(
                f"the layer unpacks to more than {self._limits.ratio} times its compressed size"
            )


def _fill(stream: Inflater, buffer: memoryview) -> int:
    filled = 0
    while filled < len(buffer):
        size = stream.readinto(buffer[filled:])
        if not size:
            break
        filled += size
    return filled
