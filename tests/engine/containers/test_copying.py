"""Copying into containers that run or not, and out of them: Docker's rules, and nothing led astray."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.containers.models import BindMount
from engine.errors import Conflict, InvalidArgument, LaminaError, Malformed, NotFound
from engine.settings import Settings
from tests.engine.containers.filing import House
from tests.support.mounts import mount_table
from tests.support.small_images import SmallImages

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root", "no_leaks")]


@pytest.fixture(params=["stopped", "running"])
async def house(
    request: pytest.FixtureRequest, settings: Settings, small_images: SmallImages
) -> AsyncIterator[House]:
    """A store with a container named box, which runs or does not."""
    house = await House.of(settings, small_images.base)
    if request.param == "running":
        house.start("sleep", "1000")
    else:
        house.create("true")
    yield house
    house.remove_all()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A directory of the host with a file, a link, a second name and a directory, of other owners."""
    tree = tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "file").write_text("content\n")
    (tree / "link").symlink_to("file")
    os.link(tree / "file", tree / "deep/second")
    os.setxattr(tree / "file", "user.colour", b"blue")
    for path in (tree / "file", tree / "deep", tree):
        os.chown(path, 1234, 1235)
    (tree / "file").chmod(0o4750)
    os.utime(tree / "deep", ns=(10**18 + 7, 10**18 + 7))
    return tree


def _archive(house: House, path: str) -> tarfile.TarFile:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as source:
        try:
            house.files.copy_out("box", path, write)
        finally:
            os.close(write)
        return tarfile.open(fileobj=io.BytesIO(source.read()))


def _send(house: House, archive: bytes, path: str) -> None:
    read, write = os.pipe()
    os.write(write, archive)
    os.close(write)
    try:
        house.files.copy_in("box", read, path)
    finally:
        os.close(read)


def _made(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def test_a_directory_comes_back_as_it_went_in(house: House, tree: Path, tmp_path: Path) -> None:
    house.files.copy_in("box", str(tree), "/srv", archive=True)
    house.files.copy_out("box", "/srv", str(tmp_path / "back"), archive=True)
    back = tmp_path / "back"
    assert (back / "file").read_text() == "content\n"
    assert os.readlink(back / "link") == "file"
    assert (back / "deep/second").stat().st_ino == (back / "file").stat().st_ino
    status = (back / "file").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 1235, 0o4750)
    assert os.getxattr(back / "file", "user.colour") == b"blue"
    assert (back / "deep").stat().st_mtime_ns == 10**18 + 7
    assert back.stat().st_uid == 1234


def test_without_archive_files_are_roots_inside_and_the_callers_outside(
    house: House, tree: Path, tmp_path: Path
) -> None:
    house.files.copy_in("box", f"{tree}/file", "/etc")
    (member,) = _archive(house, "/etc/file").getmembers()
    assert (member.uid, member.gid, member.mode) == (0, 0, 0o4750)
    house.files.copy_out("box", "/etc/file", str(tmp_path))
    status = (tmp_path / "file").stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (os.geteuid(), 0o750)


def test_where_a_file_goes_is_dockers_rule(house: House, tree: Path) -> None:
    source = f"{tree}/file"
    house.files.copy_in("box", source, "/tmp/new")
    house.files.copy_in("box", source, "/tmp/")
    house.files.copy_in("box", source, "tmp/new")
    assert sorted(_archive(house, "/tmp").getnames()) == ["tmp", "tmp/file", "tmp/new"]
    with pytest.raises(NotFound, match="nowhere"):
        house.files.copy_in("box", source, "/nowhere/")
    with pytest.raises(NotFound, match="nowhere"):
        house.files.copy_in("box", source, "/nowhere/x")
    with pytest.raises(NotFound, match="no directory"):
        house.files.copy_in("box", f"{source}/", "/tmp")
    with pytest.raises(NotFound, match="is not there"):
        house.files.copy_in("box", f"{tree}/nothing", "/tmp")


def test_where_a_directory_goes_is_dockers_rule(house: House, tree: Path) -> None:
    house.files.copy_in("box", str(tree), "/tmp/new")
    house.files.copy_in("box", f"{tree}/deep", "/tmp/new/deep")
    house.files.copy_in("box", f"{tree}/deep/.", "/tmp")
    names = _archive(house, "/tmp/.").getnames()
    assert sorted(names) == [
        ".", "./new", "./new/deep", "./new/deep/deep", "./new/deep/deep/second", "./new/deep/second",
        "./new/file", "./new/link", "./second",
    ]  # fmt: skip
    with pytest.raises(Conflict, match="directory"):
        house.files.copy_in("box", str(tree), "/tmp/second")
    house.files.copy_in("box", f"{tree}/file", "/tmp/deep")
    with pytest.raises(Conflict, match="cannot overwrite"):
        house.files.copy_in("box", f"{tree}/.", "/tmp")


def test_a_link_is_copied_as_it_is_unless_its_target_is_asked_for(house: House, tree: Path) -> None:
    house.files.copy_in("box", f"{tree}/link", "/tmp/as-link")
    house.files.copy_in("box", f"{tree}/link", "/tmp/as-file", follow=True)
    kinds = {member.name: member.type for member in _archive(house, "/tmp").getmembers()}
    assert kinds["tmp/as-link"] == tarfile.SYMTYPE
    assert kinds["tmp/as-file"] == tarfile.REGTYPE


def test_an_absolute_link_of_the_container_leads_into_the_container(house: House, tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("the host's\n")
    link = tarfile.TarInfo("way")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
    _send(house, _made((link, b"")), "/")
    with pytest.raises(NotFound):
        house.files.copy_out("box", "/way/passwd", str(tmp_path / "stolen"))
    with pytest.raises(LaminaError):
        house.files.copy_in("box", "/etc/hostname", "/way/planted")
    assert sorted(os.listdir(tmp_path)) == ["passwd"]


def test_an_archive_goes_in_with_its_owners_and_comes_out_with_them(house: House) -> None:
    info = tarfile.TarInfo("d/file")
    info.uid, info.mode = 4242, 0o640
    _send(house, _made((info, b"x")), "/tmp")
    member = _archive(house, "/tmp/d").getmember("d/file")
    assert (member.uid, member.mode) == (4242, 0o640)


@pytest.mark.parametrize("name", ["../out", "d/../../out", "/../out"])
def test_an_archive_that_would_leave_its_directory_is_refused(house: House, name: str) -> None:
    with pytest.raises(Malformed):
        _send(house, _made((tarfile.TarInfo(name), b"x")), "/tmp")


def test_what_is_no_archive_is_refused(house: House) -> None:
    with pytest.raises(Malformed):
        _send(house, b"x" * 1024, "/tmp")


def test_the_hosts_mounts_stay_as_they_are_meanwhile(house: House, tree: Path) -> None:
    before = mount_table()
    house.files.copy_in("box", str(tree), "/srv")
    assert mount_table() == before


def test_binds_are_written_through(settings: Settings, house: House, tree: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    binds = (BindMount(str(shared), "/data"), BindMount(str(tree), "/fixed", read_only=True))
    house.create("true", name="bound", binds=binds)
    house.files.copy_in("bound", f"{tree}/file", "/data")
    assert (shared / "file").read_text() == "content\n"
    with pytest.raises(LaminaError, match="Read-only"):
        house.files.copy_in("bound", f"{tree}/file", "/fixed/again")


def test_a_read_only_container_takes_nothing(house: House, tree: Path) -> None:
    house.create("true", name="fixed", read_only=True)
    with pytest.raises(LaminaError, match="Read-only"):
        house.files.copy_in("fixed", f"{tree}/file", "/tmp")


def test_devices_stay_where_they_are(house: House, tmp_path: Path) -> None:
    node = tarfile.TarInfo("d/disk")
    node.type, node.devmajor, node.devminor = tarfile.BLKTYPE, 8, 0
    _send(house, _made((node, b"")), "/tmp")
    copied = house.files.copy_out("box", "/tmp/d", str(tmp_path / "d"))
    assert (os.listdir(tmp_path / "d"), copied.left_out) == ([], 1)
    with pytest.raises(InvalidArgument, match="device"):
        house.files.copy_out("box", "/tmp/d/disk", str(tmp_path / "disk"))


def test_the_kernels_own_files_are_not_copied(house: House, tmp_path: Path) -> None:
    if house.containers.get("box").pid == 0:
        pytest.skip("a stopped container has no /proc")
    for path in ("/proc/self/root/etc/passwd", "/proc/cpuinfo", "/proc/1/fd"):
        with pytest.raises(LaminaError):
            house.files.copy_out("box", path, str(tmp_path / "x"), follow=True)
    with pytest.raises(LaminaError):
        house.files.copy_in("box", "/etc/hostname", "/proc/sysrq-trigger")
    house.files.copy_out("box", "/", str(tmp_path / "whole"))
    assert not (tmp_path / "whole/proc").exists()
    assert (tmp_path / "whole/etc/passwd").exists()
