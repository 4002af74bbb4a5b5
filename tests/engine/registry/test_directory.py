"""The directory behind the embedded registry: complete files under checked names."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from engine.errors import InvalidArgument, NotFound
from engine.oci import Descriptor, Digest, media
from engine.registry import RegistryDirectory
from tests.engine.registry.peers import MANIFEST


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_blob_lies_under_its_digest(tmp_path: Path) -> None:
    directory = RegistryDirectory(tmp_path)
    blob = directory.add_blob(b"layer", media.OCI_LAYER)
    assert blob == Descriptor(media.OCI_LAYER, Digest.of(b"layer"), 5)
    assert directory.blob(blob.digest).read_bytes() == b"layer"
    assert files(tmp_path) == {f"blobs/sha256/{blob.digest.hex}"}


def test_a_blob_is_read_from_a_stream_to_its_end(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    directory = RegistryDirectory(tmp_path)
    assert directory.add_blob(io.BytesIO(data)).digest == Digest.of(data)
    assert directory.blob(Digest.of(data)).read_bytes() == data


def test_a_stream_that_fails_leaves_nothing(tmp_path: Path) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        RegistryDirectory(tmp_path).add_blob(Failing())
    assert files(tmp_path) == set()


def test_a_manifest_is_known_by_tag_and_digest_with_its_type(tmp_path: Path) -> None:
    directory = RegistryDirectory(tmp_path)
    added = directory.add_manifest("lab/web", "1", MANIFEST, media.OCI_MANIFEST)
    assert directory.manifest("lab/web", "1") == added
    assert directory.manifest("lab/web", added.digest) == added


def test_a_manifest_without_a_tag_is_known_by_digest_alone(tmp_path: Path) -> None:
    directory = RegistryDirectory(tmp_path)
    added = directory.add_manifest("lab/web", None, MANIFEST, media.OCI_MANIFEST)
    assert directory.manifest("lab/web", added.digest) == added
    assert directory.tags("lab/web") == []


def test_a_tag_may_move(tmp_path: Path) -> None:
    directory = RegistryDirectory(tmp_path)
    directory.add_manifest("lab/web", "1", MANIFEST, media.OCI_MANIFEST)
    later = directory.add_manifest("lab/web", "1", b"{}", media.OCI_INDEX)
    assert directory.manifest("lab/web", "1") == later


def test_a_blob_is_no_manifest_of_a_repository_that_does_not_name_it(tmp_path: Path) -> None:
    directory = RegistryDirectory(tmp_path)
    added = directory.add_manifest("lab/web", "1", MANIFEST, media.OCI_MANIFEST)
    with pytest.raises(NotFound):
        directory.manifest("lab/other", added.digest)


def test_repositories_inside_repositories_are_listed(tmp_path: Path) -> None:
    directory = RegistryDirectory(tmp_path)
    for name in ("b/tags/c", "b", "a"):
        directory.add_manifest(name, "1", MANIFEST, media.OCI_MANIFEST)
    assert directory.repositories() == ["a", "b", "b/tags/c"]
    assert directory.tags("b") == ["1"]


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("..", "1"),
        ("a/../b", "1"),
        ("/a", "1"),
        ("A", "1"),
        ("a", "../x"),
        ("a", ".x"),
        ("a:b", "1"),
        ("", "1"),
    ],
)
def test_a_name_that_would_leave_the_directory_is_refused(tmp_path: Path, name: str, tag: str) -> None:
    with pytest.raises(InvalidArgument):
        RegistryDirectory(tmp_path).add_manifest(name, tag, MANIFEST, media.OCI_MANIFEST)
    assert files(tmp_path) == set()
