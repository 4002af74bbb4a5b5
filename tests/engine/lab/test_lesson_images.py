"""The images of lessons differ where they say they differ, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from pathlib import PurePosixPath as At

import pytest

from engine.lab.archive import Directory, File, Symlink, Tree, read_layer, write_layer
from engine.lab.images import make_images
from engine.lab.lesson_images import RELEASES, make_lesson_images
from engine.registry import RegistryDirectory
from tests.support import leaks


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A store whose images are made."""
    with leaks.scratch_store() as root:
        make_lesson_images(root, lambda _: None)
        yield root


@pytest.fixture(scope="module")
def directory(root: Path) -> RegistryDirectory:
    """What is served to lessons."""
    return RegistryDirectory(make_lesson_images(root, lambda _: None))


def layers(directory: RegistryDirectory, name: str, tag: str = "latest") -> list[str]:
    """Digests of an image's layers, from the base up."""
    manifest = json.loads(directory.blob(directory.manifest(f"lab/{name}", tag).digest).read_bytes())
    return [layer["digest"] for layer in manifest["layers"]]


def test_sample_images_are_served_too_and_their_blobs_kept_once(
    root: Path, directory: RegistryDirectory
) -> None:
    samples = RegistryDirectory(make_images(root, lambda _: None))
    for name in samples.repositories():
        for tag in samples.tags(name):
            found = directory.manifest(name, tag)
            assert found == samples.manifest(name, tag)
    for digest in layers(directory, "python"):
        blob = next(path for path in (directory.root / "blobs/sha256").iterdir() if path.name in digest)
        assert blob.samefile(samples.root / "blobs/sha256" / blob.name)


def test_shops_differ_in_their_libraries_and_programs_alone(directory: RegistryDirectory) -> None:
    bakery, market = layers(directory, "bakery"), layers(directory, "market")
    assert [one == other for one, other in zip(bakery, market, strict=True)] == [True, True, False, False]
    assert layers(directory, "server")[:2] == bakery[:2]


def test_releases_differ_in_their_topmost_layer_alone(directory: RegistryDirectory) -> None:
    found = [layers(directory, "charts", release) for release in RELEASES]
    assert len({tuple(each[:3]) for each in found}) == 1
    assert len({each[3] for each in found}) == len(RELEASES)


def test_in_the_other_order_what_is_installed_above_is_another_layer_each_time(
    directory: RegistryDirectory,
) -> None:
    for release in RELEASES:
        base, application, interpreter, _ = layers(directory, "charts-swapped", release)
        top = layers(directory, "charts", release)
        assert [base, interpreter, application] == [top[0], top[1], top[3]]
    assert len({layers(directory, "charts-swapped", release)[3] for release in RELEASES}) == len(RELEASES)


def test_another_base_changes_the_base_and_what_is_installed_on_it(directory: RegistryDirectory) -> None:
    before, after = layers(directory, "charts", "2"), layers(directory, "charts", "2-new-base")
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True, False, True]


def test_archive_is_read_as_it_was_written() -> None:
    tree: Tree = {
        At("a"): Directory(0o700),
        At("a/b"): File(b"text", 0o755),
        At("a/c"): Symlink("b"),
        At("d"): File(b""),
    }
    assert read_layer(write_layer(tree).data) == tree
    assert write_layer(tree, 1).diff_id != write_layer(tree).diff_id
