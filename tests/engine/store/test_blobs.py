import errno
import hashlib
import os
import stat

import pytest

from engine.errors import Conflict, Corrupt, DigestMismatch, LimitExceeded, NotFound
from engine.oci import Digest
from engine.store import BlobStore, Layout

DATA = os.urandom(300_000)
DIGEST = Digest.of(DATA)


@pytest.fixture
def blobs(layout: Layout) -> BlobStore:
    return BlobStore(layout)


def test_put_gives_the_digest_and_read_gives_the_bytes(blobs: BlobStore) -> None:
    digest = blobs.put(b"{}")
    assert digest == "sha256:" + hashlib.sha256(b"{}").hexdigest()
    assert blobs.read(digest, 2) == b"{}"


def test_reading_more_than_allowed_is_refused(blobs: BlobStore) -> None:
    with pytest.raises(LimitExceeded):
        blobs.read(blobs.put(b"12345"), 4)


def test_reading_what_is_not_here_is_told(blobs: BlobStore) -> None:
    with pytest.raises(NotFound):
        blobs.read(DIGEST, 10)


def test_a_blob_that_rotted_on_disk_is_told(blobs: BlobStore) -> None:
    digest = blobs.put(b"good")
    blobs.path(digest).unlink()
    blobs.path(digest).write_bytes(b"evil")
    with pytest.raises(Corrupt):
        blobs.read(digest, 10)


def test_an_ingest_is_invisible_until_committed_and_then_read_only(blobs: BlobStore) -> None:
    with blobs.ingest(DIGEST, len(DATA)) as ingest:
        ingest.write(DATA)
        assert not blobs.has(DIGEST)
        ingest.commit()
    assert blobs.path(DIGEST).read_bytes() == DATA
    assert stat.S_IMODE(blobs.path(DIGEST).stat().st_mode) == 0o444


def test_an_interrupted_ingest_goes_on_where_it_stopped(blobs: BlobStore) -> None:
    with blobs.ingest(DIGEST, len(DATA)) as ingest:
        ingest.write(DATA[:1000])
    with blobs.ingest(DIGEST, len(DATA)) as ingest:
        assert ingest.offset == 1000
        ingest.write(DATA[1000:])
        ingest.commit()
    assert blobs.path(DIGEST).read_bytes() == DATA


def test_wrong_bytes_are_thrown_away(blobs: BlobStore, layout: Layout) -> None:
    ingest = blobs.ingest(DIGEST, len(DATA))
    ingest.write(bytes(len(DATA)))
    with pytest.raises(DigestMismatch):
        ingest.commit()
    assert not blobs.has(DIGEST)
    assert os.listdir(layout.ingest) == []


def test_too_few_bytes_are_thrown_away_even_when_verified_elsewhere(blobs: BlobStore) -> None:
    ingest = blobs.ingest(DIGEST, len(DATA))
    ingest.write(DATA[:-1])
    with pytest.raises(DigestMismatch):
        ingest.commit(verified=True)
    assert not blobs.has(DIGEST)


def test_bytes_beyond_the_size_are_refused_before_they_are_written(blobs: BlobStore) -> None:
    with blobs.ingest(DIGEST, 10) as ingest:
        with pytest.raises(DigestMismatch):
            ingest.write(b"12345678901")
        assert ingest.path.stat().st_size == 0


def test_an_ingest_longer_than_the_blob_begins_anew(blobs: BlobStore) -> None:
    with blobs.ingest(DIGEST, 100) as ingest:
        ingest.write(bytes(100))
    with blobs.ingest(DIGEST, 50) as ingest:
        assert ingest.offset == 0


def test_two_downloads_of_one_blob_exclude_each_other(blobs: BlobStore) -> None:
    with blobs.ingest(DIGEST, 10), pytest.raises(Conflict, match=DIGEST.short):
        blobs.ingest(DIGEST, 10, timeout=0)


def test_abort_leaves_nothing(blobs: BlobStore, layout: Layout) -> None:
    ingest = blobs.ingest(DIGEST, 10)
    ingest.write(b"123")
    ingest.abort()
    assert os.listdir(layout.ingest) == []


def test_remove_tells_what_it_freed(blobs: BlobStore) -> None:
    digest = blobs.put(b"12345")
    assert blobs.remove(digest) == 5
    assert blobs.remove(digest) == 0


def test_a_download_that_brought_nothing_leaves_nothing(blobs: BlobStore, layout: Layout) -> None:
    with blobs.ingest(DIGEST, 10):
        pass
    assert os.listdir(layout.ingest) == []


def test_an_empty_blob_can_be_committed(blobs: BlobStore) -> None:
    digest = Digest.of(b"")
    with blobs.ingest(digest, 0) as ingest:
        ingest.commit()
    assert blobs.read(digest, 0) == b""


def test_a_failed_fsync_is_never_tried_again(
    blobs: BlobStore, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    ingest = blobs.ingest(DIGEST, len(DATA))
    ingest.write(DATA)
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output"):
        ingest.commit()
    assert not blobs.has(DIGEST)
    assert os.listdir(layout.ingest) == []
