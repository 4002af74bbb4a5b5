"""Images as hands that know Docker pick them: by patterns and filters; and what is removed by force."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Lamina
from tests.support.house import lab_house

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lamina]:
    """A store with the lab's base image, and with one of a label that was made after it."""
    archive = tmp_path_factory.mktemp("archive") / "made.tar"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    with lab_house() as lamina:
        lamina("import", "-c", "LABEL tier=front", str(archive), "made:1").ok()
        yield lamina


def names(house: Lamina, *words: str) -> list[str]:
    return house("images", "--format", "{{.Repository}}:{{.Tag}}", *words).ok().out.splitlines()


@pytest.mark.parametrize("words", [("made",), ("made:1",), ("m?de*",), ("*:1",)])
def test_images_are_picked_by_name_or_pattern(words: tuple[str, ...], house: Lamina) -> None:
    assert names(house, *words) == ["made:1"]


@pytest.mark.parametrize("wanted", ["label=tier", "label=tier=front", "since=lab/base"])
def test_filters_keep_the_newer_one_with_a_label(wanted: str, house: Lamina) -> None:
    assert names(house, "--filter", wanted) == ["made:1"]


@pytest.mark.parametrize("wanted", ["label=tier=back", "since=made:1", "before=lab/base"])
def test_filters_leave_out_what_does_not_fit(wanted: str, house: Lamina) -> None:
    assert names(house, "--filter", wanted) == []


def test_the_older_one_was_made_before(house: Lamina) -> None:
    assert names(house, "--filter", "before=made:1") == ["lab/base:latest"]


def test_an_image_to_compare_with_must_be_there(house: Lamina) -> None:
    finished = house("images", "--filter", "since=nothing")
    assert (finished.code, finished.out) == (1, "")


def test_an_image_that_is_not_there_is_no_failure_of_a_removal_by_force(house: Lamina) -> None:
    assert house("rmi", "nothing").code == 1
    finished = house("rmi", "-f", "nothing")
    assert (finished.code, finished.out) == (0, "")
    assert "nothing" in finished.err


def test_a_directory_is_no_archive_to_import(house: Lamina, tmp_path: Path) -> None:
    finished = house("import", str(tmp_path))
    assert finished.code == 1
    assert "is a directory" in finished.err
