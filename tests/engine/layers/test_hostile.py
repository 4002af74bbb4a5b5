"""Archives that want out: whatever they say, nothing outside the layer's directory is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import LaminaError, LimitExceeded, Malformed
from engine.layers.limits import Limits
from tests.engine.layers.archives import (
    Entry,
    archive,
    device,
    directory,
    fifo,
    file,
    hardlink,
    header,
    opaque,
    regular,
    symlink,
    tar,
    whiteout,
)
from tests.engine.layers.making import unpack_into

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away and make devices"),
]

REFUSED: dict[str, list[Entry]] = {
    "a path above the root": [regular("../victim/file", b"evil")],
    "an absolute path above the root": [regular("/../victim/file", b"evil")],
    "a path above the root, further in": [regular("a/../../victim/file", b"evil")],
    "a directory above the root": [directory("..", mode=0o777)],
    "a whiteout above the root": [regular("../victim/.wh.file")],
    "an opaque mark above the root": [regular("../victim/.wh..wh..opq")],
    "a whiteout of nothing": [regular(".wh.")],
    "a whiteout of the directory itself": [regular("a/.wh..")],
    "a whiteout of the parent": [regular("a/.wh...")],
    "a path below a whiteout": [regular(".wh.a/b")],
    "a hard link above the root": [hardlink("a", "../victim/file")],
    "a hard link to the root": [hardlink("a", "/")],
    "a hard link to a directory": [directory("d"), hardlink("a", "d")],
    "a hard link to itself": [hardlink("a", "a")],
    "a hard link to a whiteout": [whiteout("a"), hardlink("b", "a")],
    "a hard link below a whiteout": [whiteout("a"), hardlink("b", "a/c")],
    "a hard link into an opaque directory": [directory("d"), opaque("d"), hardlink("b", "d/c")],
    "a hard link into what it replaces": [regular("a/b"), hardlink("a", "a/b")],
    "a path below a file": [regular("a"), regular("a/b")],
    "a path below a link to a file": [regular("f"), symlink("a", "f"), regular("a/b")],
    "a whiteout below a file": [regular("a"), whiteout("a/b")],
    "the root as a link": [symlink(".", "/")],
    "the root as a link, absolute": [symlink("/", "/")],
    "the root as a file": [regular("./", b"x")],
    "the root as a device": [device("/", 1, 3)],
    "links in a circle": [symlink("a", "b"), symlink("b", "a"), regular("a/x")],
    "a link to itself": [symlink("a", "a/b"), regular("a/x")],
    "a link to nothing": [symlink("a", "")],
    "a name longer than any": [regular("n" * 256)],
}


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A directory beside the layer that archives would like to reach."""
    place = tmp_path / "victim"
    place.mkdir()
    (place / "file").write_text("precious")
    os.utime(place / "file", (1, 1))
    os.utime(place, (1, 1))
    return place


def assert_unharmed(victim: Path) -> None:
    assert sorted(os.listdir(victim.parent)) == ["layer", "victim"]
    assert sorted(os.listdir(victim.parent / "layer")) in (["fs"], ["fs", "table"])
    assert os.listdir(victim) == ["file"]
    status = (victim / "file").stat()
    assert ((victim / "file").read_text(), status.st_mtime, status.st_nlink) == ("precious", 1, 1)
    assert (victim.stat().st_mtime, oct(victim.stat().st_mode)) == (1, "0o40755")


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_archive_may_ask_is_refused(name: str, victim: Path) -> None:
    with pytest.raises((Malformed, OSError)):
        unpack_into(victim.parent / "layer", tar(REFUSED[name]))
    assert_unharmed(victim)


LINKS = ["../victim", "../../victim", "/victim", "../layer/../victim", "x/../../victim", "/../victim/."]
THROUGH: dict[str, list[Entry]] = {
    "a file": [regular("l/file", b"evil", mode=0o777, uid=7)],
    "a directory": [directory("l/d", mode=0o777)],
    "the directory itself": [directory("l/", mode=0o777)],
    "a link": [symlink("l/file", "/etc/passwd")],
    "a hard link": [hardlink("stolen", "l/file")],
    "a whiteout": [whiteout("l/file")],
    "an opaque mark": [opaque("l")],
    "a fifo": [fifo("l/file")],
    "a device": [device("l/file", 1, 3)],
    "a file over it": [regular("l", b"x", mode=0o777)],
}


@pytest.mark.parametrize("what", THROUGH)
@pytest.mark.parametrize("target", LINKS)
def test_a_link_of_the_layer_itself_leads_nowhere_outside(target: str, what: str, victim: Path) -> None:
    real = os.fspath(victim) if target == "/victim" else target
    try:
        unpack_into(victim.parent / "layer", tar([symlink("l", real), *THROUGH[what]]))
    except Malformed:
        pass
    assert_unharmed(victim)


def test_a_link_that_is_swapped_for_its_directory_leads_nowhere_outside(victim: Path) -> None:
    entries = [
        regular("d/a", b"1"), symlink("d", os.fspath(victim)), regular("d/file", b"evil"),
        directory("d"), regular("d/file", b"evil"), symlink("d", "../../victim"), whiteout("d/file"),
    ]  # fmt: skip
    unpack_into(victim.parent / "layer", tar(entries))
    assert_unharmed(victim)


def test_absolute_paths_are_below_the_root(tmp_path: Path) -> None:
    unpack_into(tmp_path, archive(file(b"//etc//passwd", b"x"), file(b"/./a/../b", b"y")))
    assert (tmp_path / "fs/etc/passwd").read_bytes() == b"x"
    assert (tmp_path / "fs/b").read_bytes() == b"y"


def test_links_of_the_layer_are_followed_inside_the_root(tmp_path: Path) -> None:
    unpack_into(tmp_path, tar([directory("real"), symlink("a/l", "/real"), regular("a/l/x", b"x")]))
    assert (tmp_path / "fs/real/x").read_bytes() == b"x"


TOO_MUCH: dict[str, tuple[bytes, Limits]] = {
    "members": (archive(*[file(b"%d" % number) for number in range(30)]), Limits(entries=20)),
    "implied directories": (archive(file(b"a/b/c/d/e/f")), Limits(entries=5)),
    "contents": (archive(file(b"a", bytes(4000)), file(b"b", bytes(4000))), Limits(unpacked=9000)),
    "depth": (archive(file(b"a/b/c/d/e/f")), Limits(depth=4)),
    "depth by links": (
        tar([symlink("l", "a/b/c"), symlink("a/b/c/m", "d/e/f"), regular("l/m/x/y")]),
        Limits(depth=6),
    ),
    "names": (tar([regular("n" * 90 + str(number)) for number in range(20)]), Limits(text=1000)),
    "paths": (tar([regular("d/" * 30 + str(number)) for number in range(20)]), Limits(text=1300)),
    "link targets": (tar([symlink("l", "t" * 2000)]), Limits(text=1000)),
    "attributes": (
        tar([regular("a", pax_headers={"SCHILY.xattr.user.a": "v" * 2000})]),
        Limits(text=1000),
    ),
    "one path": (archive(header(b"a" * 100, prefix=b"b" * 150)), Limits(path=200)),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_more_than_the_limits_is_refused(what: str, tmp_path: Path) -> None:
    data, limits = TOO_MUCH[what]
    with pytest.raises(LimitExceeded):
        unpack_into(tmp_path, data, limits)


@pytest.mark.parametrize("cut", [1, 511, 1025, 1600, 2100])
def test_a_truncated_archive_is_refused(cut: int, tmp_path: Path) -> None:
    data = archive(file(b"a", bytes(700)), file(b"b", bytes(700)))
    with pytest.raises(LaminaError):
        unpack_into(tmp_path, data[: 3072 - cut])
