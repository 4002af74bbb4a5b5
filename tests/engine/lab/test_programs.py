"""Programs of the host and what they need."""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath

import pytest

from engine.errors import NotSupported
from engine.lab import programs
from engine.lab.archive import File
from engine.lab.programs import Needs, find_program, image_path, library_tree, needs


def test_shell_of_the_host_is_found_behind_its_links() -> None:
    found = find_program("sh")
    assert found is not None
    assert not found.is_symlink()


def test_program_that_is_not_there_is_none() -> None:
    assert find_program("no-such-program") is None


def test_shell_needs_a_c_library_and_a_loader() -> None:
    shell = find_program("sh")
    assert shell is not None
    found = needs([shell])[shell]
    assert found.loader is not None
    assert any(name.startswith("libc.") for name in found.libraries)
    assert found.missing == ()


def test_script_needs_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    assert needs([script])[script] == Needs({}, None, ())


def test_missing_library_is_told() -> None:
    output = "/bin/x:\n\tlibnothing.so.1 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x00007f)\n"
    found = programs._parse_ldd(output)
    assert found == {Path("/bin/x"): Needs({"libc.so.6": Path("/lib/libc.so.6")}, None, ("libnothing.so.1",))}


def test_host_without_ldd_is_not_supported(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_ldd(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", no_ldd)
    with pytest.raises(NotSupported, match="ldd"):
        needs([Path("/bin/sh")])


def test_library_from_elsewhere_stands_beside_the_c_library(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    libc, other = tmp_path / "lib" / "libc.so.6", tmp_path / "libown.so.1"
    for file in (libc, other):
        file.write_bytes(b"")
    tree = library_tree([Needs({"libown.so.1": other, "libc.so.6": libc}, None, ())])
    place = image_path(libc).parent
    assert tree == {place / "libown.so.1": File(other, 0o755), place / "libc.so.6": File(libc, 0o755)}


def test_linked_directories_of_the_host_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert image_path(tmp_path / "link" / "x") == PurePosixPath(*(tmp_path / "real" / "x").parts[1:])
