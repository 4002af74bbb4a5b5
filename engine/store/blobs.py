"""Blobs by digest: manifests, configs and compressed layers, as they travelled.

A blob is visible only when it is whole, verified, durable and read-only; what is under way lies in
`ingest/` under the same digits and is resumed by whoever asks for it next.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.errors import Corrupt, DigestMismatch, LimitExceeded, NotFound
from engine.oci.digest import Digest
from engine.store.atomic import sync_directory, write_all, write_atomic
from engine.store.layout import Layout
from engine.store.locks import flock_until, same_file

_READ_ONLY = 0o444


class BlobStore:
    """The blobs of one store."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def path(self, digest: Digest) -> Path:
        """Where a blob lies, or would lie."""
        return self._layout.blobs / digest.hex

    def has(self, digest: Digest) -> bool:
        """Whether the blob is here, whole."""
        return self.path(digest).is_file()

    def size(self, digest: Digest) -> int:
        """Bytes of a blob on disk; 0 when it is not here."""
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            return 0

    def read(self, digest: Digest, limit: int) -> bytes:
        """All bytes of a small blob, checked against its digest once more.

        :raises NotFound: it is not here.
        :raises LimitExceeded: it is larger than `limit` bytes.
        :raises Corrupt: the disk gives other bytes than were stored.
        """
        try:
            with self.path(digest).open("rb") as file:
                data = file.read(limit + 1)
        except FileNotFoundError:
            raise NotFound(f"blob {digest} is not in the store", hint="pull the image again") from None
        if len(data) > limit:
            raise LimitExceeded(f"blob {digest} is larger than {limit} bytes")
        if Digest.of(data) != digest:
            raise Corrupt(f"blob {digest} is damaged on disk", hint="remove the image and pull it again")
        return data

    def put(self, data: bytes) -> Digest:
        """Store a small blob; nothing happens when it is here already."""
        digest = Digest.of(data)
        if not self.has(digest):
            write_atomic(self.path(digest), data, _READ_ONLY)
        return digest

    def remove(self, digest: Digest) -> int:
        """Remove a blob; the bytes freed, 0 when it was not here."""
        size = self.size(digest)
        self.path(digest).unlink(missing_ok=True)
        return size

    def ingest(self, digest: Digest, size: int, timeout: float | None = None) -> Ingest:
        """Begin or resume a download, alone: a second caller waits until the first has closed.

        :param size: bytes the whole blob must have.
        :param timeout: seconds to wait for another one that downloads the same blob.
        :raises Conflict: the time ran out.
        """
        path = self._layout.ingest / digest.hex
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                flock_until(descriptor, fcntl.LOCK_EX, deadline, f"the download of {digest.short}")
                if same_file(descriptor, path):
                    return Ingest(descriptor, path, self.path(digest), digest, size)
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)


class Ingest:
    """One download under way; a context manager that keeps the bytes for the next try when left uncommitted.

    :param offset: bytes that are here already; `write` continues there.
    """

    def __init__(self, descriptor: int, path: Path, target: Path, digest: Digest, size: int) -> None:
        self._descriptor = descriptor
        self._target = target
        self.path = path
        self.digest = digest
        self.size = size
        self.offset = os.lseek(descriptor, 0, os.SEEK_END)
        if self.offset > size:
            self.restart()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def write(self, chunk: bytes | memoryview) -> None:
        """Append bytes as they come.

        :raises DigestMismatch: more bytes come than the blob may have.
        """
        if self.offset + len(chunk) > self.size:
            raise DigestMismatch(
                f"blob {self.digest} is longer than the {self.size} bytes its descriptor says",
                hint="the registry is at fault; try another one",
            )
        write_all(self._descriptor, chunk)
        self.offset += len(chunk)

    def restart(self) -> None:
        """Forget all bytes and begin anew."""
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self.offset = 0

    def commit(self, *, verified: bool = False) -> None:
        """Make the blob visible, durable and read-only; closes the ingest.

        :param verified: the caller has hashed these very bytes as they lie on disk (the unpack helper does).
        :raises DigestMismatch: size or digest is wrong; the bytes are thrown away.
        """
        try:
            os.fsync(self._descriptor)
            self._check(verified)
            os.fchmod(self._descriptor, _READ_ONLY)
            os.replace(self.path, self._target)
            sync_directory(self._target.parent)
        except (DigestMismatch, OSError):
            # After a failed fsync the kernel holds the pages for clean: a second try would wrongly succeed.
            self.abort()
            raise
        finally:
            self._let_go()

    def abort(self) -> None:
        """Throw the bytes away and close."""
        if self._descriptor >= 0:
            self.path.unlink(missing_ok=True)
            self._let_go()

    def close(self) -> None:
        """Let go, keeping the bytes for the next try."""
        if self.offset:
            self._let_go()
        else:
            self.abort()

    def _let_go(self) -> None:
        # From here on the name may be another caller's: it is not touched again.
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _check(self, verified: bool) -> None:
        found = os.fstat(self._descriptor).st_size
        if found != self.size:
            raise DigestMismatch(f"blob {self.digest} has {found} bytes, its descriptor says {self.size}")
        if verified:
            return
        import hashlib  # loads libcrypto, which a listing does not need

        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            file.seek(0)
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != self.digest.hex:
            raise DigestMismatch(
                f"the bytes of blob {self.digest} have the digest sha256:{actual}",
                hint="the registry or the way to it is at fault; try again, then try another one",
            )
