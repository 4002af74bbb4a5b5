"""Names of images that are not in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InvalidArgument, NotFound
from engine.images.elsewhere import ArchivePlace, RegistryPlace, parse_place
from engine.oci import Reference


@pytest.mark.parametrize("name", ["redis:7", "registry:2", "registry", "127.0.0.1:5000/registry:2", "abc123"])
def test_names_of_the_store_stay(name: str) -> None:
    assert parse_place(name) is None


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("docker://redis", "redis"),
        ("registry:localhost:5000/a:1", "localhost:5000/a:1"),
        ("registry:a:1", "a:1"),
    ],
)
def test_registry_is_told_apart(name: str, reference: str) -> None:
    assert parse_place(name) == RegistryPlace(Reference.parse(reference))


def test_path_may_hold_colons(tmp_path: Path) -> None:
    path = tmp_path / "a:b"
    path.mkdir()
    assert parse_place(f"oci:{path}") == ArchivePlace(path, "")
    assert parse_place(f"oci:{path}:c") == ArchivePlace(path, "c")
    assert parse_place(f"docker-archive:{path}:web:1") == ArchivePlace(path, "web:1")


def test_missing_path_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        parse_place(f"oci-archive:{tmp_path}/nothing:1")
    with pytest.raises(InvalidArgument):
        parse_place("oci:")
