"""Containers as images: the layer is what was written, the config is how it ran, and others take it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidArgument
from engine.images.archive_models import ArchiveFormat
from engine.images.service import ImageService
from engine.settings import Settings
from engine.store.layout import Layout
from tests.engine.containers.filing import House
from tests.support.docker import DockerDaemon
from tests.support.peers import PeerRegistry, RealRegistry, needs_programs, run
from tests.support.small_images import SmallImages, unpack
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root", "no_leaks")]

# One of everything that a layer can hold.
SCRIPT = """
set -e; echo x > /new; echo y >> /etc/passwd; rm /bin/kill; rm -r /root; mkdir /root; echo z > /root/inside
mkdir -m 1777 /made; echo a > /made/one; $bb ln /made/one /made/two; $bb ln -s one /made/link
$bb mkfifo /made/pipe
$bb chown 12:34 /made/one; $bb chmod 4750 /made/one; rm /bin/hostname; mkdir /bin/hostname; $bb chmod 700 /tmp
$bb mknod /made/null c 1 3; $bb touch -d @1000000000 /made/one
$bb dd if=/dev/zero of=/made/sparse bs=1 count=0 seek=1000000 2>/dev/null
"""
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")


@pytest.fixture
async def house(settings: Settings, small_images: SmallImages) -> AsyncIterator[House]:
    house = await House.of(settings, small_images.base)
    yield house
    house.remove_all()


def _written(house: House) -> str:
    made = house.run(f'bb=/bin/busybox; rm() {{ $bb rm "$@"; }}; mkdir() {{ $bb mkdir "$@"; }}; {SCRIPT}')
    # What only a right beyond the container's could set.
    os.setxattr(house.upper(made) / "new", "security.capability", CAPABILITY)
    os.setxattr(house.upper(made) / "made/two", "user.colour", b"blue\0green")
    return made


def _tree(root: Path) -> dict[str, tuple[Any, ...]]:
    """Every path of a tree with all that an image keeps of it."""
    found = {}
    for directory, names, files in os.walk(root):
        for name in [*names, *files]:
            path = Path(directory, name)
            status = path.lstat()
            link = os.readlink(path) if path.is_symlink() else ""
            content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
            keys = os.listxattr(path, follow_symlinks=False)
            xattrs = {key: os.getxattr(path, key, follow_symlinks=False) for key in keys}
            nlink = status.st_nlink if not path.is_dir() else 0
            device = status.st_rdev if stat.S_ISCHR(status.st_mode) else 0
            time = 0 if stat.S_ISDIR(status.st_mode) else int(status.st_mtime)
            found[str(path.relative_to(root))] = (
                status.st_mode, status.st_uid, status.st_gid, link, content, xattrs, nlink, device, time,
            )  # fmt: skip
    return found


async def _saved(house: House, name: str, target: Path) -> Path:
    house.images.save([name], target, ArchiveFormat.OCI_DIRECTORY)
    return target


def _of_stopped(house: House, container: str, tmp_path: Path) -> dict[str, tuple[Any, ...]]:
    """What the container itself shows, by its export, unpacked by tar."""
    archive = tmp_path / "export.tar"
    descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT)
    try:
        house.files.export(container, descriptor)
    finally:
        os.close(descriptor)
    root = tmp_path / "exported"
    root.mkdir()
    run("tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", str(archive), "-C", str(root))
    return _tree(root)


async def test_umoci_unpacks_what_the_container_showed(house: House, tmp_path: Path) -> None:
    needs_programs("umoci")
    made = _written(house)
    await house.files.commit(made, "made:1")
    layout = await _saved(house, "made:1", tmp_path / "layout")
    unpacked = _tree(unpack(layout, "1", tmp_path / "bundle"))
    shown = _of_stopped(house, made, tmp_path)
    for path in ("etc/hosts", "etc/hostname", "etc/resolv.conf", "dev"):
        shown.pop(path, None)  # made by a start, to mount there
    assert unpacked == shown
    assert unpacked["new"][5] == {"security.capability": CAPABILITY}
    assert unpacked["made/one"][6] == 2


async def test_a_container_of_it_shows_the_same(house: House, tmp_path: Path) -> None:
    made = _written(house)
    image = await house.files.commit(made, "made:1")
    again = House(house.settings, image.id, house.images, house.containers, house.files)
    copy = again.create("true", name="copy")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    shown, of_copy = _of_stopped(house, made, tmp_path / "a"), _of_stopped(house, copy, tmp_path / "b")
    for path in ("etc/hosts", "etc/hostname", "etc/resolv.conf", "dev"):
        shown.pop(path, None)
        of_copy.pop(path, None)
    assert of_copy == shown


async def test_peers_and_registries_take_it(
    house: House, tmp_path: Path, peer_registry: PeerRegistry
) -> None:
    needs_programs("skopeo")
    _written(house)
    name = f"{peer_registry.host}/made/it:1"
    await house.files.commit("box", name)
    await house.images.push(name)
    shown = json.loads(run("skopeo", "inspect", "--tls-verify=false", f"docker://{name}"))
    assert len(shown["Layers"]) == 2
    other = Settings(root=tmp_path / "other", run=tmp_path / "other/run")
    Layout.of(other).create()
    pulled = ImageService(other)
    await pulled.pull(name)
    assert (await pulled.check([], lambda _: False)).problems == ()
    layout = await _saved(house, name, tmp_path / "layout")
    run("skopeo", "--insecure-policy", "copy", f"oci:{layout}:1", f"oci:{tmp_path}/again:1")


async def test_the_layer_stands_unpacked_and_checks_as_sound(house: House) -> None:
    _written(house)
    await house.files.commit("box", "made:1")
    report = await house.images.check([], lambda _: False)
    assert report.problems == ()


async def test_how_it_ran_becomes_how_it_runs(house: House) -> None:
    house.run(":", env=("A=1",), labels={"x": "y"}, workdir="/tmp", user="nobody")
    image = await house.files.commit(
        "box", "made:1", message="why", author="who", changes=("CMD echo hi", "ENV B=2 C=3")
    )
    shown = house.images.inspect("made:1")
    config = shown["Config"]
    assert config["Cmd"] == ["/bin/sh", "-c", "echo hi"]
    assert config["Env"] == ["PATH=/bin", "A=1", "B=2", "C=3"]
    assert (config["Labels"], config["WorkingDir"], config["User"]) == ({"x": "y"}, "/tmp", "nobody")
    last = house.images.get("made:1").history[-1]
    assert (last.created_by, last.comment) == ("sh -c :", "why")
    assert (house.images.get("made:1").author, image.names) == ("who", ("made:1",))


async def test_nothing_written_makes_no_layer(house: House) -> None:
    house.create("true")
    await house.files.commit("box", "same:1")
    detail = house.images.get("same:1")
    assert len(detail.layers) == len(house.images.get(house.image).layers)
    assert detail.history[-1].position is None


async def test_a_wrong_change_or_name_leaves_nothing(house: House) -> None:
    house.run("echo > /x")
    before = sorted(os.listdir(Layout.of(house.settings).blobs))
    for reference, change in (("a:1", "NOPE x"), ("A:1", "CMD x"), ("a:1", "ENV novalue"), ("a:1", "CMD")):
        with pytest.raises(InvalidArgument):
            await house.files.commit("box", reference, changes=(change,))
    assert sorted(os.listdir(Layout.of(house.settings).blobs)) == before


async def test_a_running_container_is_held_meanwhile_and_goes_on(house: House) -> None:
    file = house.upper(house.start("sh", "-c", "while :; do echo x >> /file; done")) / "file"
    assert eventually(file.exists)
    await house.files.commit("box", "made:1")
    size = file.stat().st_size
    assert eventually(lambda: file.stat().st_size > size)
    assert house.containers.get("box").status == "running"


async def test_metadata_alone_takes_the_content_of_its_layer(house: House, tmp_path: Path) -> None:
    """What overlayfs writes with metacopy=on, when a file's owner changes."""
    made = house.create("true")
    upper, lower = (
        house.upper(made),
        Layout.of(house.settings).root / house.images.recipe(house.image).lowers[-1],
    )
    work = tmp_path / "merged"
    work.mkdir()
    script = (
        f"mount -t overlay o -o metacopy=on,redirect_dir=on,lowerdir={lower},upperdir={upper},"
        f"workdir={upper.parent}/work {work} && chown 7:8 {work}/bin/busybox"
    )
    subprocess.run(["unshare", "-m", "sh", "-c", script], check=True)
    assert (upper / "bin/busybox").stat().st_blocks < 64
    await house.files.commit(made, "made:1")
    table = house.images.get("made:1").layers[-1]
    assert table.unpacked == (lower / "bin/busybox").stat().st_size


_CONFIG = "Cmd Env ExposedPorts Volumes User WorkingDir Labels Entrypoint".split()
_MADE_BY_STARTS = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab")
_LIST = "/%P %m %U %G %l\n"


async def test_docker_commits_the_same_config_and_files(
    settings: Settings, real_registry: RealRegistry, tmp_path: Path
) -> None:
    docker, name = DockerDaemon.find(), real_registry.image("debian:12")
    script = (
        "echo x > /new; rm -r /etc/apt; mkdir /etc/apt; echo 1 > /etc/apt/x; rm /etc/issue; chmod 700 /srv"
    )
    changes = ('CMD ["a", "b"]', "EXPOSE 80", "VOLUME /v", "USER www-data", "WORKDIR sub", "ENV B=2")
    flags = [word for change in changes for word in ("--change", change)]
    find = ("find", "/", "-xdev", "-not", "-path", "/dev*", "-printf", _LIST)
    shared = ("-e", "A=1", "-w", "/tmp", "-l", "x=y", name, "sh", "-c", script)
    made = docker("run", "-d", "--network", "none", *shared).strip()
    try:
        docker("wait", made)
        docker("commit", *flags, made, "lamina-test/made:1")
        (theirs,) = json.loads(docker("image", "inspect", "lamina-test/made:1"))
        inside = ("--rm", "--network", "none", "-u", "0", "--entrypoint", find[0], "lamina-test/made:1")
        their_files = docker("run", *inside, *find[1:])
    finally:
        docker("rm", "-f", made)
        docker("rmi", "-f", "lamina-test/made:1")
    house = await House.of(settings, name)
    house.run(script, env=("A=1",), workdir="/tmp", labels={"x": "y"})
    await house.files.commit("box", "made:1", changes=changes)
    ours = house.images.inspect("made:1")["Config"]
    for key in _CONFIG:
        assert (ours.get(key) or None) == (theirs["Config"].get(key) or None), key
    root = unpack(await _saved(house, "made:1", tmp_path / "layout"), "1", tmp_path / "bundle")
    our_files = run("find", str(root), "-not", "-path", f"{root}/dev*", "-printf", _LIST)
    assert _listed(our_files) == _listed(their_files)
    house.remove_all()


def _listed(lines: str) -> set[str]:
    """Lines of find(1), but for the root and for what starts and runs make there."""
    paths = (
        "/ ",
        "/proc",
        "/sys",
        "/v ",
        "/.dockerenv",
        "/tmp/sub ",
        *(f"{path} " for path in _MADE_BY_STARTS),
    )
    return {line for line in lines.splitlines() if not line.startswith(paths)}
