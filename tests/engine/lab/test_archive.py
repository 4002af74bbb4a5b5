"""Archives of layers: the same content gives the same bytes."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path, PurePosixPath

from engine.lab.archive import Directory, File, Symlink, Tree, write_layer
from engine.oci import Digest


def entries(tree: Tree) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(write_layer(tree).data), mode="r:gz") as archive:
        return archive.getmembers()


def test_same_content_in_another_order_gives_the_same_bytes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100_000)
    first: Tree = {PurePosixPath("a"): File(file), PurePosixPath("b"): Symlink("a")}
    second: Tree = {PurePosixPath("b"): Symlink("a"), PurePosixPath("a"): File(b"x" * 100_000)}
    assert write_layer(first) == write_layer(second)


def test_diff_id_is_of_the_archive_before_compression() -> None:
    layer = write_layer({PurePosixPath("a"): File(b"x")})
    assert layer.diff_id == Digest.of(gzip.decompress(layer.data))


def test_parents_come_before_what_is_in_them() -> None:
    found = entries({PurePosixPath("usr/bin/sh"): File(b"", 0o755)})
    assert [(entry.name, entry.isdir()) for entry in found] == [
        ("usr", True),
        ("usr/bin", True),
        ("usr/bin/sh", False),
    ]


def test_everything_belongs_to_root_and_keeps_its_mode() -> None:
    found = entries({PurePosixPath("tmp"): Directory(0o1777), PurePosixPath("x"): File(b"", 0o4755)})
    assert [(entry.uid, entry.gid, entry.uname, entry.mode) for entry in found] == [
        (0, 0, "", 0o1777),
        (0, 0, "", 0o4755),
    ]
