"""Volumes by commands: filled from an image, held while somebody has them, carried out and in."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.support.command import Lamina

pytestmark = [pytest.mark.system]


def _run(house: Lamina, *words: str) -> str:
    return house("run", "--rm", "--network", "none", *words).ok().out


def _make(house: Lamina, name: str, *words: str) -> None:
    house("create", "--network", "none", "--name", name, *words).ok()


def _data(house: Lamina, name: str) -> Path:
    return Path(house("volume", "inspect", name).json()[0]["Mountpoint"])


def test_a_volume_is_filled_from_the_image_with_all_that_its_files_are(house: Lamina) -> None:
    _run(house, "-v", "kept:/data", "vol", "true")
    data = _data(house, "kept")
    file = (data / "deep/file").stat()
    assert (file.st_uid, file.st_gid, stat.S_IMODE(file.st_mode), file.st_mtime) == (1000, 1001, 0o4750, 1e9)
    assert os.getxattr(data / "deep/file", "user.note") == b"kept"
    assert (data / "twin").stat().st_ino == file.st_ino
    assert os.readlink(data / "link") == "/etc/passwd"
    assert stat.S_ISFIFO((data / "fifo").stat().st_mode)
    assert not os.path.lexists(data / "gone")
    top = data.stat()
    assert (top.st_uid, top.st_gid, stat.S_IMODE(top.st_mode)) == (7, 8, 0o1770)


def test_a_volume_that_holds_something_is_not_filled_again(house: Lamina) -> None:
    _run(house, "-v", "kept:/data", "vol", "sh", "-c", "echo mine > /data/deep/file")
    assert _run(house, "-v", "kept:/data", "vol", "cat", "/data/deep/file") == "mine\n"


def test_nocopy_leaves_it_empty(house: Lamina) -> None:
    assert _run(house, "-v", "kept:/data:nocopy", "vol", "ls", "-a", "/data").split() == [".", ".."]


def test_a_read_only_volume_cannot_be_written(house: Lamina) -> None:
    assert house("run", "--rm", "--network", "none", "-v", "v1:/d:ro", "vol", "sh", "-c", "> /d/x").code != 0


def test_volumes_of_the_image_stay_inside_and_go_with_run_rm(house: Lamina, store_root: Path) -> None:
    out = _run(house, "vol", "sh", "-c", "echo x > /up/x && echo y > /escape/y && cat /up/x /outside/y")
    assert out == "x\ny\n"
    assert house("volume", "ls", "-q").ok().out == ""
    assert not Path("/up").exists()
    assert not Path("/outside").exists()


def test_rm_takes_volumes_without_a_name_only_when_asked(house: Lamina) -> None:
    _make(house, "one", "-v", "named:/n", "vol", "true")
    _make(house, "two", "vol", "true")
    assert len(house("volume", "ls", "-q").ok().out.split()) == 7
    house("rm", "one").ok()
    house("rm", "-v", "two").ok()
    assert len(house("volume", "ls", "-q", "-f", "dangling=true").ok().out.split()) == 4
    assert house("volume", "prune", "-f").ok().out.count("Deleted volume") == 3
    assert house("volume", "ls", "-q").ok().out == "named\n"
    house("system", "prune", "-f", "--volumes").ok()
    assert house("volume", "ls", "-q").ok().out == "named\n"
    house("volume", "prune", "-a", "-f").ok()
    assert house("volume", "ls", "-q").ok().out == ""


def test_a_volume_that_a_stopped_container_has_is_not_removed(house: Lamina) -> None:
    _make(house, "holder", "-v", "kept:/data", "vol", "true")
    refused = house("volume", "rm", "-f", "kept")
    assert refused.code != 0
    assert "holder" in refused.err
    row = next(
        row for row in house("system", "df", "--format", "json").json()["rows"] if row["kind"] == "volumes"
    )
    assert row["active"] == row["total"] == 3
    house("rm", "-v", "holder").ok()
    house("volume", "rm", "kept").ok()
    assert house("volume", "rm", "kept").code != 0
    house("volume", "rm", "-f", "kept").ok()


def test_mounts_of_another_container_are_shared(house: Lamina) -> None:
    _make(house, "first", "-v", "kept:/data", "vol", "true")
    _run(house, "--volumes-from", "first", "vol", "sh", "-c", "echo shared > /data/x; echo up > /up/x")
    assert _run(house, "--volumes-from", "first", "vol", "cat", "/data/x", "/up/x") == "shared\nup\n"
    refused = house(
        "run", "--rm", "--network", "none", "--volumes-from", "first:ro", "vol", "sh", "-c", "> /data/y"
    )
    assert refused.code != 0
    assert house("inspect", "first").ok().out.count('"Type": "volume"') == 3


def test_a_subpath_is_shown_and_one_that_leads_out_is_refused(house: Lamina) -> None:
    _run(
        house,
        "-v",
        "kept:/data",
        "vol",
        "sh",
        "-c",
        "ln -s / /data/out 2>/dev/null || cp -P /escape /data/out",
    )
    mount = "type=volume,src=kept,dst=/part,volume-subpath="
    assert _run(house, "--mount", f"{mount}deep", "vol", "cat", "/part/file") == "content"
    assert _run(house, "--mount", f"{mount}deep/file", "vol", "cat", "/part") == "content"
    (_data(house, "kept") / "away").symlink_to("/etc")
    (_data(house, "kept") / "near").symlink_to("deep")
    refused = house("run", "--rm", "--network", "none", "--mount", f"{mount}away", "vol", "ls", "/part")
    assert refused.code == 125
    assert _run(house, "--mount", f"{mount}near", "vol", "ls", "/part") == "file\n"


def test_a_missing_directory_is_made_for_v_and_refused_for_mount(house: Lamina, tmp_path: Path) -> None:
    refused = house(
        "run", "--rm", "--network", "none", "--mount", f"type=bind,src={tmp_path}/m,dst=/m", "vol", "true"
    )
    assert refused.code == 125
    assert f"{tmp_path}/m does not exist" in refused.err
    _run(house, "-v", f"{tmp_path}/v/w:/m", "vol", "sh", "-c", "echo x > /m/x")
    assert (tmp_path / "v/w/x").read_text() == "x\n"


def test_nothing_is_mounted_in_proc_through_a_link_of_the_image(house: Lamina) -> None:
    refused = house("run", "--rm", "--network", "none", "-v", "v1:/to-proc/kernel", "vol", "true")
    assert refused.code == 125
    assert "/proc" in refused.err


def _described(top: Path) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for path in sorted([top, *top.rglob("*")]):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found.append(
            (
                path.relative_to(top),
                status.st_mode,
                status.st_uid,
                status.st_gid,
                status.st_mtime_ns,
                content,
                os.listxattr(path, follow_symlinks=False),
            )
        )
    return found


def test_what_is_exported_comes_back_in(house: Lamina, tmp_path: Path) -> None:
    _run(house, "-v", "kept:/data", "vol", "true")
    house("volume", "export", "kept", "-o", str(tmp_path / "v.tar")).ok()
    house("volume", "import", "copy", str(tmp_path / "v.tar")).ok()
    left, right = _data(house, "kept"), _data(house, "copy")
    assert _described(left) == _described(right)
    assert house("volume", "import", "copy", str(tmp_path / "v.tar")).code != 0


@pytest.mark.parametrize("member", ["../evil", "link/evil"])
def test_an_archive_that_leads_out_writes_nothing_there(house: Lamina, tmp_path: Path, member: str) -> None:
    import tarfile

    with tarfile.open(tmp_path / "v.tar", "w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "outside")
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo(member))
    (tmp_path / "outside").mkdir()
    house("volume", "import", "bad", str(tmp_path / "v.tar"))
    assert list((tmp_path / "outside").iterdir()) == []
    assert not (tmp_path / "evil").exists()


def test_propagation_needs_a_shared_mount(house: Lamina, tmp_path: Path) -> None:
    refused = house("run", "--rm", "--network", "none", "-v", "/proc/self:/p:rshared", "vol", "true")
    assert refused.code == 125
    assert "not a shared mount" in refused.err
