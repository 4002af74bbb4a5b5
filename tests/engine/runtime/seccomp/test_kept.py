"""Filters kept in a store that several starts use at the same moment."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.errors import NotSupported
from engine.linux.libseccomp import version
from engine.runtime.seccomp.kept import program_for


@pytest.fixture(autouse=True)
def _requires_libseccomp() -> None:
    try:
        version()
    except NotSupported as error:
        pytest.skip(error.message)


def test_first_starts_at_the_same_moment_make_the_same_filter(tmp_path: Path) -> None:
    with ThreadPoolExecutor(12) as threads:
        made = list(threads.map(lambda _: program_for(tmp_path, None, ("CHOWN",)), range(48)))
    assert len(set(made)) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_only_the_newest_filters_are_kept(tmp_path: Path) -> None:
    for number in range(80):
        (tmp_path / f"old{number}").touch()
        os.utime(tmp_path / f"old{number}", (number, number))
    program_for(tmp_path, None, ("CHOWN",))
    left = {path.name for path in tmp_path.iterdir()}
    assert len(left) == 64
    assert "old0" not in left
    assert "old79" in left


def test_a_file_that_somebody_is_writing_is_left_alone(tmp_path: Path) -> None:
    being_written = tmp_path / ".tmp-0000"
    being_written.touch()
    os.utime(being_written, (1, 1))
    for number in range(80):
        (tmp_path / f"other{number}").touch()
    program_for(tmp_path, None, ("CHOWN",))
    assert being_written.exists()


def test_a_file_that_goes_meanwhile_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert program_for(tmp_path, None, ("CHOWN",)).instructions
