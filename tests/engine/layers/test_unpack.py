"""One layer by itself: an archive becomes a directory in overlay form."""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.layers import FileTable, Kind
from engine.layers.overlay_xattrs import overlay_xattr
from tests.engine.layers.archives import (
    TIME,
    Entry,
    archive,
    device,
    directory,
    extended,
    fifo,
    file,
    hardlink,
    header,
    opaque,
    record,
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


def made(place: Path, *entries: Entry) -> tuple[Path, FileTable]:
    _, table = unpack_into(place, tar(entries))
    return place / "fs", table


def is_whiteout(path: Path) -> bool:
    status = path.lstat()
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def is_opaque(path: Path) -> bool:
    return overlay_xattr("opaque") in os.listxattr(path)


def test_a_file_has_content_owner_mode_and_time(tmp_path: Path) -> None:
    fs, _ = made(tmp_path, regular("a", b"hello", mode=0o640, uid=1000, gid=100))
    status = (fs / "a").stat()
    assert (fs / "a").read_bytes() == b"hello"
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o640, 1000, 100)
    assert status.st_mtime_ns == TIME * 10**9


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6711, 0o1644, 0o000])
def test_set_id_and_sticky_bits_survive_the_change_of_owner(mode: int, tmp_path: Path) -> None:
    fs, _ = made(tmp_path, regular("a", b"x", mode=mode, uid=1, gid=1))
    assert stat.S_IMODE((fs / "a").stat().st_mode) == mode


def test_a_file_larger_than_all_buffers_is_whole(tmp_path: Path) -> None:
    data = os.urandom(9_000_001)
    fs, table = made(tmp_path, regular("before", b"b"), regular("big", data), regular("after", b"a"))
    assert (fs / "big").read_bytes() == data
    assert table.find("big").digest == hashlib.sha256(data).hexdigest()  # type: ignore[union-attr]  # it is there
    assert (fs / "after").read_bytes() == b"a"


def test_a_directory_keeps_its_time_when_files_come_later(tmp_path: Path) -> None:
    fs, _ = made(tmp_path, directory("d", mode=0o3771, uid=3, mtime=1234), regular("d/a"), directory("d/b"))
    status = (fs / "d").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_mtime) == (0o3771, 3, 1234)


def test_a_directory_without_any_permission_holds_files(tmp_path: Path) -> None:
    fs, _ = made(tmp_path, directory("d", mode=0), regular("d/a", b"x"))
    assert (fs / "d/a").read_bytes() == b"x"


def test_symbolic_links_are_data(tmp_path: Path) -> None:
    fs, _ = made(tmp_path, symlink("l", "/etc/../../passwd", uid=5, mtime=99))
    status = (fs / "l").lstat()
    assert (os.readlink(fs / "l"), status.st_uid, status.st_mtime) == ("/etc/../../passwd", 5, 99)


def test_hard_links_share_one_file(tmp_path: Path) -> None:
    fs, table = made(tmp_path, regular("d/a", b"x"), hardlink("b", "d/a"), hardlink("c", "./b"))
    assert (fs / "d/a").stat().st_ino == (fs / "c").stat().st_ino
    assert {entry.group for entry in table if entry.kind is Kind.FILE} == {1}
    assert table.totals.unpacked == 1


def test_a_hard_link_to_a_symbolic_link_is_to_the_link_itself(tmp_path: Path) -> None:
    fs, _ = made(tmp_path, symlink("l", "nowhere"), hardlink("m", "l"))
    assert os.readlink(fs / "m") == "nowhere"


def test_fifos_and_devices_are_made(tmp_path: Path) -> None:
    fs, table = made(tmp_path, fifo("f"), device("c", 1, 3), device("b", 7, 255, tarfile.BLKTYPE))
    assert stat.S_ISFIFO((fs / "f").stat().st_mode)
    assert (fs / "c").stat().st_rdev == os.makedev(1, 3)
    assert (fs / "b").stat().st_rdev == os.makedev(7, 255)
    assert [entry.kind for entry in table][1:] == [Kind.BLOCK, Kind.CHAR, Kind.FIFO]


def test_a_device_that_overlayfs_would_take_for_a_whiteout_is_left_out(tmp_path: Path) -> None:
    unpacker, table = unpack_into(tmp_path, tar([device("c", 0, 0)]))
    assert not (tmp_path / "fs/c").exists()
    assert "0:0" in unpacker.notes[0]
    assert table.find("c") is not None


def test_extended_attributes_and_capabilities_are_kept(tmp_path: Path) -> None:
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    data = record(b"SCHILY.xattr.user.a", b"\0b") + record(b"SCHILY.xattr.security.capability", capability)
    _, table = unpack_into(tmp_path, archive(extended(b"x", data), file(b"ping", b"x", uid=4)))
    assert os.getxattr(tmp_path / "fs/ping", "user.a") == b"\0b"
    assert os.getxattr(tmp_path / "fs/ping", "security.capability") == capability
    assert table.find("ping").xattrs["user.a"] == b"\0b"  # type: ignore[union-attr]  # it is there


def test_trusted_attributes_of_links_are_kept(tmp_path: Path) -> None:
    data = extended(b"x", record(b"SCHILY.xattr.trusted.a", b"b")) + header(b"l", kind=b"2", link=b"t")
    unpack_into(tmp_path, archive(data))
    assert os.getxattr(tmp_path / "fs/l", "trusted.a", follow_symlinks=False) == b"b"


@pytest.mark.parametrize(
    "name", [b"trusted.overlay.opaque", b"user.overlay.redirect", b"trusted.overlay.metacopy"]
)
def test_attributes_of_overlayfs_are_never_taken(name: bytes, tmp_path: Path) -> None:
    data = extended(b"x", record(b"SCHILY.xattr." + name, b"y")) + header(b"d/", kind=b"5")
    unpacker, table = unpack_into(tmp_path, archive(data))
    assert os.listxattr(tmp_path / "fs/d") == []
    assert table.find("d").xattrs == {}  # type: ignore[union-attr]  # it is there
    assert "overlayfs" in unpacker.notes[0]


def test_a_whiteout_becomes_overlayfs_s_mark(tmp_path: Path) -> None:
    fs, table = made(tmp_path, whiteout("d/gone"))
    assert is_whiteout(fs / "d/gone")
    assert table.find("d/gone").is_whiteout  # type: ignore[union-attr]  # it is there


def test_an_opaque_mark_becomes_an_attribute(tmp_path: Path) -> None:
    fs, table = made(tmp_path, directory("d"), opaque("d"), regular("d/own"))
    assert is_opaque(fs / "d")
    assert (fs / "d/own").exists()
    assert table.find("d").is_opaque  # type: ignore[union-attr]  # it is there


@pytest.mark.parametrize("first", [True, False])
def test_a_file_outlives_a_whiteout_of_the_same_layer(first: bool, tmp_path: Path) -> None:
    entries = [whiteout("a"), regular("a", b"x")]
    fs, _ = made(tmp_path, *(entries if first else reversed(entries)))
    assert (fs / "a").read_bytes() == b"x"


@pytest.mark.parametrize("first", [True, False])
def test_a_directory_with_a_whiteout_of_the_same_layer_is_opaque(first: bool, tmp_path: Path) -> None:
    mark, entries = whiteout("d"), [directory("d"), regular("d/a")]
    fs, _ = made(tmp_path, *([mark, *entries] if first else [*entries, mark]))
    assert is_opaque(fs / "d")
    assert (fs / "d/a").exists()


def test_housekeeping_of_aufs_is_left_out(tmp_path: Path) -> None:
    fs, table = made(
        tmp_path, regular(".wh..wh.aufs"), regular(".wh..wh.plnk/1.2"), regular("d/.wh..wh.orph")
    )
    assert (len(table), list(fs.iterdir())) == (1, [])


KINDS: dict[str, list[Entry]] = {
    "file": [regular("x", b"new")],
    "directory": [directory("x", mode=0o701)],
    "full directory": [directory("x"), regular("x/y/z")],
    "symlink": [symlink("x", "elsewhere")],
    "fifo": [fifo("x")],
    "hard link": [hardlink("x", "other")],
    "whiteout": [whiteout("x")],
    "device": [device("x", 1, 3)],
}


@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_a_later_member_replaces_an_earlier_one(first: str, second: str, tmp_path: Path) -> None:
    other = regular("other", b"o")
    fs, table = made(tmp_path, other, *KINDS[first], *KINDS[second])
    if second == "whiteout":
        second = first
    alone, _ = made(tmp_path / "alone", other, *KINDS[second])
    ours, theirs = (fs / "x").lstat(), (alone / "x").lstat()
    assert (ours.st_mode, ours.st_size if second == "file" else 0, ours.st_rdev) == (
        theirs.st_mode, theirs.st_size if second == "file" else 0, theirs.st_rdev
    )  # fmt: skip
    assert (fs / "other").read_bytes() == b"o"
    assert_table_tells_the_truth(fs, table)


def test_what_replaces_a_file_by_a_directory_hides_all_below(tmp_path: Path) -> None:
    fs, _ = made(tmp_path, regular("x"), directory("x"), regular("x/a"))
    assert is_opaque(fs / "x")


def test_a_missing_parent_is_marked_implicit_until_it_comes(tmp_path: Path) -> None:
    _, table = made(tmp_path, regular("a/b/c"), directory("a"))
    assert [entry.path for entry in table if entry.is_implicit] == ["", "a/b"]


def test_a_parent_that_a_whiteout_has_emptied_is_not_implicit(tmp_path: Path) -> None:
    _, table = made(tmp_path, whiteout("a"), regular("a/b/c"))
    assert [entry.path for entry in table if entry.is_implicit] == [""]


def test_a_hard_link_to_a_file_of_lower_layers_is_in_the_table_alone(tmp_path: Path) -> None:
    fs, table = made(tmp_path, directory("d"), hardlink("d/a", "/usr/../lower/file"))
    assert list((fs / "d").iterdir()) == []
    entry = table.find("d/a")
    assert entry is not None
    assert (entry.kind, entry.link) == (Kind.HARDLINK, "lower/file")


def test_a_store_under_a_set_group_id_directory_hands_nothing_down(tmp_path: Path) -> None:
    os.chown(tmp_path, 0, 77)
    tmp_path.chmod(0o2755)
    fs, _ = made(tmp_path / "layer", regular("d/a"))
    assert ((fs / "d/a").stat().st_gid, (fs / "d").stat().st_gid) == (0, 0)
    assert stat.S_IMODE((fs / "d").stat().st_mode) == 0o755


def test_a_tree_deeper_than_python_recurses_is_made_and_described(tmp_path: Path) -> None:
    from engine.layers.removal import remove_tree

    deep = "/".join(["d"] * 2000)
    unpacker, table = unpack_into(tmp_path / "layer", tar([regular(deep, b"x"), regular("e/" + deep[:-4])]))
    assert (unpacker.entries, table.number(deep)) == (2, 2000)
    remove_tree(tmp_path / "layer")
    assert not (tmp_path / "layer").exists()


PARTS = st.sampled_from(["a", "b", "c", "é"])
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
MEMBERS = st.one_of(
    st.builds(regular, PATHS, st.binary(max_size=20), st.sampled_from([0o644, 0o4755])),
    st.builds(directory, PATHS, st.sampled_from([0o700, 0o1777])),
    st.builds(symlink, PATHS, st.sampled_from(["a", "..", "/b", "../../../c", "a/b/../c", "."])),
    st.builds(hardlink, PATHS, PATHS),
    st.builds(whiteout, PATHS),
    st.builds(opaque, PATHS),
    st.builds(fifo, PATHS),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(MEMBERS, max_size=12))
def test_whatever_the_order_the_table_tells_what_is_on_the_disk(
    entries: list[Entry], tmp_path_factory: pytest.TempPathFactory
) -> None:
    from engine.errors import Malformed

    place = tmp_path_factory.mktemp("layer")
    (place / "witness").write_text("untouched")
    try:
        fs, table = made(place, *entries)
    except Malformed:
        pass
    else:
        assert_table_tells_the_truth(fs, table)
    assert sorted(os.listdir(place)) in (["fs", "table", "witness"], ["fs", "witness"])
    assert (place / "witness").read_text() == "untouched"


def assert_table_tells_the_truth(fs: Path, table: FileTable) -> None:
    """Every entry is on the disk as the table says, and nothing else is."""
    on_disk = {os.fspath(path.relative_to(fs)) for path in fs.rglob("*")}
    assert on_disk == {entry.path for entry in table if entry.kind is not Kind.HARDLINK and entry.path}
    assert table.keys == sorted(table.keys)
    for entry in table:
        if entry.kind is Kind.HARDLINK:
            continue
        path = fs / entry.path
        status = path.lstat()
        assert is_whiteout(path) == entry.is_whiteout
        if entry.is_whiteout:
            continue
        assert (status.st_uid, status.st_gid, status.st_mtime_ns) == (entry.uid, entry.gid, entry.mtime)
        if entry.kind is Kind.SYMLINK:
            assert os.readlink(path) == entry.link
            continue
        assert stat.S_IMODE(status.st_mode) == entry.mode
        assert is_opaque(path) == entry.is_opaque
        if entry.kind is Kind.FILE:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.digest
            assert status.st_size == entry.size
