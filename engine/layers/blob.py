"""A blob's file that may still be growing, read from its start and hashed on the way."""

from __future__ import annotations

import hashlib
import os
import threading

from engine.errors import DigestMismatch, LaminaError, Unavailable


class GrowingBlob:
    """The first `size` bytes of an open file, as far as they have arrived.

    One thread reads; any thread may say how far the file has grown. Reads wait for bytes to come.

    :param start: where the blob begins in the file.
    :ivar offset: bytes that were read.
    """

    def __init__(self, descriptor: int, size: int, start: int = 0) -> None:
        self._descriptor = descriptor
        self._start = start
        self._size = size
        self._arrived = 0
        self._failure: LaminaError | None = None
        self._changed = threading.Condition()
        self._hash = hashlib.sha256()
        self._ahead = b""
        self.offset = 0

    def grown(self, total: int) -> None:
        """So many bytes of the file are there now."""
        with self._changed:
            self._arrived = max(self._arrived, min(total, self._size))
            self._changed.notify_all()

    def fail(self, failure: LaminaError) -> None:
        """No more bytes will come; a waiting reader gets this error."""
        with self._changed:
            self._failure = failure
            self._changed.notify_all()

    def peek(self, size: int) -> bytes:
        """The next bytes without taking them; fewer than `size` only where the blob ends."""
        while len(self._ahead) < size and (data := self._load(size)):
            self._ahead += data
        return self._ahead[:size]

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, at least one; nothing where the blob ends."""
        if self._ahead:
            data = self._ahead if size < 0 else self._ahead[:size]
            self._ahead = self._ahead[len(data) :]
            return data
        return self._load(1 << 17 if size < 0 else size)

    def digest(self) -> str:
        """SHA-256 in hex of the whole blob; reads what nobody has read."""
        while self._load(1 << 17):
            pass
        return self._hash.hexdigest()

    def _load(self, size: int) -> bytes:
        room = self._wait()
        if not room:
            return b""
        data = os.pread(self._descriptor, min(size, room), self._start + self.offset)
        if not data:
            raise DigestMismatch(f"the blob's file ends after {self.offset} of {self._size} bytes")
        self._hash.update(data)
        self.offset += len(data)
        return data

    def _wait(self) -> int:
        """Bytes that can be read now; 0 where the blob ends."""
        if self.offset == self._size:
            return 0
        with self._changed:
            while self._failure is None and self._arrived <= self.offset:
                self._changed.wait()
            if self._failure is not None:
                raise self._failure
            return self._arrived - self.offset


def interrupted() -> Unavailable:
    """The error of a reader whose front has stopped sending."""
    return Unavailable("the download was interrupted", hint="pull again; what has arrived is kept")
