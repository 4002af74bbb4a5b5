"""A table made from a blob alone is the table that an unpack writes, and as strict."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from engine.errors import Corrupt, DigestMismatch, LimitExceeded, Malformed
from engine.layers.blob import GrowingBlob
from engine.layers.limits import Limits
from engine.layers.listed import ListedTables
from engine.layers.listing import list_layer
from engine.layers.spool import Spool
from engine.layers.table_writer import encode_table
from engine.oci import Digest
from engine.store.layout import Layout
from tests.engine.layers.archives import (
    device,
    directory,
    fifo,
    hardlink,
    opaque,
    regular,
    symlink,
    tar,
    whiteout,
)
from tests.engine.layers.making import unpack_into

_ODD = tar(
    [
        directory("etc", 0o750, uid=7),
        regular("etc/a", b"first"),
        regular("etc/a", b"second", 0o4755),
        hardlink("etc/b", "etc/a"),
        hardlink("usr/far", "lib/below"),
        symlink("etc/l", "../usr"),
        fifo("run/p"),
        device("dev/zero", 0, 0),
        whiteout("old"),
        opaque("var"),
        regular("deep/er/f", b"x" * 5000),
        whiteout("deep/er/f"),
    ]
)


def blob_in(place: Path, data: bytes, ahead: bytes = b"") -> GrowingBlob:
    """A blob that is wholly there, behind other bytes of its file."""
    path = place / "blob"
    path.write_bytes(ahead + data)
    blob = GrowingBlob(os.open(path, os.O_RDONLY), len(data), len(ahead))
    blob.grown(len(data))
    return blob


def listed(place: Path, archive: bytes, limits: Limits | None = None) -> bytes:
    data = gzip.compress(archive)
    blob = blob_in(place, data, b"ahead")
    return list_layer(blob, "", Digest.of(data).hex, Digest.of(archive).hex, limits)


def test_table_is_that_of_an_unpack(requires_root: None, tmp_path: Path) -> None:
    unpacked, _ = unpack_into(tmp_path / "unpacked", _ODD)
    assert listed(tmp_path, _ODD) == encode_table(unpacked.root)


def test_nothing_is_written(tmp_path: Path) -> None:
    listed(tmp_path, _ODD)
    assert [path.name for path in tmp_path.iterdir()] == ["blob"]


def test_other_archive_than_the_config_says_is_refused(tmp_path: Path) -> None:
    data = gzip.compress(_ODD)
    with pytest.raises(DigestMismatch, match="config"):
        list_layer(blob_in(tmp_path, data), "", Digest.of(data).hex, Digest.of(b"").hex)


def test_other_blob_than_the_manifest_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DigestMismatch, match="manifest"):
        list_layer(blob_in(tmp_path, b"no archive"), "", Digest.of(b"").hex, Digest.of(_ODD).hex)


def test_archive_that_leads_outside_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        listed(tmp_path, tar([regular("../outside", b"x")]))


def test_limits_are_those_of_an_unpack(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded):
        listed(tmp_path, _ODD, Limits(entries=3))


def test_content_is_found_by_its_digest(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    wanted = {bytes.fromhex(Digest.of(text).hex): len(text) for text in (b"second", b"first", b"")}
    spool.gather(blob_in(tmp_path, gzip.compress(_ODD)), "", wanted)
    for digest, size in wanted.items():
        descriptor = spool.open(digest)
        content = os.read(descriptor, 100)
        os.close(descriptor)
        assert (len(content), Digest.of(content).hex) == (size, digest.hex())
    assert [path.name for path in tmp_path.iterdir()] == ["blob"]


def test_content_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Corrupt):
        Spool(tmp_path).gather(blob_in(tmp_path, gzip.compress(_ODD)), "", {bytes(32): 5})


def test_kept_table_comes_back(tmp_path: Path) -> None:
    kept, diff_id = ListedTables(Layout(tmp_path, tmp_path)), Digest.of(_ODD)
    assert kept.get(diff_id) is None
    kept.put(diff_id, listed(tmp_path, _ODD))
    table = kept.get(diff_id)
    assert table is not None
    assert table.number("etc/a") is not None


def test_damaged_table_is_forgotten(tmp_path: Path) -> None:
    kept, diff_id = ListedTables(Layout(tmp_path, tmp_path)), Digest.of(_ODD)
    kept.put(diff_id, b"damaged")
    assert kept.get(diff_id) is None
    assert not list((tmp_path / "tables").iterdir())


def test_oldest_table_makes_room(tmp_path: Path) -> None:
    data = listed(tmp_path, _ODD)
    kept = ListedTables(Layout(tmp_path, tmp_path), most=2 * len(data))
    names = [Digest.of(word) for word in (b"1", b"2", b"3")]
    for age, name in zip((30, 10), names, strict=False):
        kept.put(name, data)
        os.utime(tmp_path / "tables" / name.hex, (1000 - age, 1000 - age))
    kept.put(names[2], data)
    assert [kept.get(name) is not None for name in names] == [False, True, True]
