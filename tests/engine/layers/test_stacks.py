"""Stacks whose layers depend on each other: the mounted tree equals what umoci unpacks one onto another."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.layers import make_seam, overlay_mount, seam_path
from engine.oci import Digest
from tests.engine.layers.archives import (
    Entry,
    directory,
    fifo,
    hardlink,
    opaque,
    regular,
    symlink,
    tar,
    whiteout,
)
from tests.engine.layers.making import new_store, unpack_blob, write_blob, write_image
from tests.engine.layers.mounting import compare_mounted, why_not

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "-"),
    pytest.mark.skipif(shutil.which("umoci") is None, reason="umoci is not installed"),
]

BASE: list[Entry] = [
    directory("./", mode=0o711, uid=7, mtime=1_500_000_000),
    directory("etc", mode=0o750, gid=42),
    regular("etc/passwd", b"root:x:0:0::/:/bin/sh\n"),
    regular("etc/shadow", b"secret", mode=0o600),
    directory("usr", mode=0o711, uid=3, gid=4),
    directory("usr/lib", mode=0o1755, uid=5, pax_headers={"SCHILY.xattr.user.colour": "blue"}),
    regular("usr/lib/libc.so", b"library" * 1000, mode=0o4755, uid=9),
    symlink("lib", "usr/lib"),
    symlink("absolute", "/usr/lib"),
    directory("data"),
    directory("data/deep", mode=0o751, uid=8),
    regular("data/deep/old", b"old"),
    regular("data/kept", b"kept"),
    hardlink("data/also", "data/kept"),
    fifo("pipe"),
]

STACKS: dict[str, list[list[Entry]]] = {
    "a parent that is left out keeps its attributes": [[regular("usr/lib/new", b"n")]],
    "a root that is left out keeps its attributes": [[directory("etc", mode=0o700)]],
    "a root that comes again takes the new ones": [[directory("./", mode=0o755, mtime=1_400_000_000)], []],
    "a parent of a whiteout is left out": [[whiteout("usr/lib/libc.so")]],
    "a parent of an opaque mark is left out": [[opaque("data/deep"), regular("data/deep/new")]],
    "a link on the way is followed": [[regular("lib/through", b"t")]],
    "an absolute link on the way is followed": [[regular("absolute/through", b"t")]],
    "a whiteout through a link": [[whiteout("lib/libc.so")]],
    "an opaque mark through a link": [[opaque("lib"), regular("lib/fresh")]],
    "a directory over a link replaces it": [[directory("lib"), regular("lib/own")]],
    "a link over a directory replaces it": [[symlink("data", "etc"), regular("data/inside")]],
    "a link of this layer leads to a directory below": [[symlink("short", "usr/lib"), regular("short/x")]],
    "a link of this layer leads to a link below": [[symlink("twice", "lib"), regular("twice/x")]],
    "a hard link to a file below": [[hardlink("etc/copy", "usr/lib/libc.so")]],
    "a hard link to a linked file below": [[hardlink("third", "data/kept"), hardlink("fourth", "third")]],
    "a hard link to a link below": [[hardlink("link", "lib")]],
    "a hard link through a link": [[hardlink("c", "lib/libc.so")]],
    "a hard link to a fifo": [[hardlink("pipe2", "pipe")]],
    "a hard link that is removed again": [[hardlink("gone", "etc/passwd")], [whiteout("gone")]],
    "a file is renamed by link and whiteout": [[hardlink("etc/group", "etc/passwd"), whiteout("etc/passwd")]],
    "a hard link to a file that two layers have": [
        [regular("etc/passwd", b"second")],
        [hardlink("etc/backup", "etc/passwd")],
    ],
    "a linked file is replaced": [[regular("data/kept", b"other")]],
    "a directory goes and comes back": [[whiteout("data")], [directory("data"), regular("data/now")]],
    "a directory goes and comes back in one layer": [
        [whiteout("data"), directory("data"), regular("data/now")]
    ],
    "a file over a directory": [[regular("data", b"now a file")]],
    "a file over a directory, and a directory again": [[regular("data")], [directory("data", mode=0o700)]],
    "a directory of one layer stands twice": [[regular("etc/x", b"1")], [regular("etc/x", b"2")]],
    "a whiteout in a directory that is nowhere": [[whiteout("nowhere/deep/x")]],
    "a whiteout in a directory that is nowhere else": [[directory("mine"), whiteout("mine/x")]],
    "an opaque mark on a directory that is nowhere": [[opaque("nowhere/deep")]],
    "whiteouts below a whiteout": [[whiteout("data"), whiteout("data/kept"), opaque("data/deep")]],
    "whiteouts before the whiteout above them": [
        [whiteout("data/kept"), opaque("data/deep"), whiteout("data")]
    ],
    "whiteouts in an opaque directory": [[opaque("data"), regular("data/x"), whiteout("data/kept")]],
    "whiteouts before the opaque mark above them": [
        [whiteout("data/kept"), regular("data/x"), opaque("data")]
    ],
    "a whiteout in a directory that another layer hides": [[opaque("")], [whiteout("etc/passwd")]],
    "a hard link to a file of the layer itself through a link below": [
        [regular("usr/lib/own", b"o"), hardlink("usr/linked", "lib/own")],
    ],
    "a parent that is left out comes after an opaque mark": [
        [opaque("data"), directory("data/deep"), regular("data/deep/x")]
    ],
    "a whiteout below a file": [[whiteout("etc/passwd/x")]],
    "whiteouts in a directory that one layer alone has": [
        [directory("one"), regular("one/x"), regular("one/y")],
        [whiteout("one")],
        [directory("one"), whiteout("one/x"), regular("one/z")],
    ],
    "the root is opaque": [[opaque(""), directory("only"), regular("only/this")], [regular("only/more")]],
    "the same layer twice": [[regular("etc/a", b"a")], [whiteout("etc/a")], [regular("etc/a", b"a")]],
    "an empty layer between": [[], [regular("usr/lib/x")], []],
    "three layers leave parents out": [
        [regular("usr/lib/1")],
        [directory("usr/lib", mode=0o700)],
        [regular("usr/lib/2")],
    ],
}

# Here umoci leaves a directory with the time of the unpacking, which no archive named.
TIMELESS: dict[str, list[list[Entry]]] = {
    "a directory is remade, the whiteout last": [[directory("data"), regular("data/now"), whiteout("data")]],
    "a parent is left out and comes before its whiteout": [[regular("data/now"), whiteout("data")]],
    "a parent is left out and comes after its whiteout": [[whiteout("data"), regular("data/now")]],
    "a parent that is left out comes fresh after an opaque mark": [[opaque("data"), regular("data/deep/x")]],
    "a parent that is left out comes before the whiteout above it": [
        [regular("data/deep/x"), whiteout("data")]
    ],
    "a parent that is left out outlives an opaque mark after it": [[regular("data/deep/x"), opaque("data")]],
    "a parent is left out and is nowhere": [[regular("data/new/now")]],
}


async def _unpack(place: Path, archives: Sequence[bytes]) -> list[str]:
    store = new_store(place / "store")
    diff_ids = [Digest.of(archive) for archive in archives]
    blobs = {
        Digest.of(archive): write_blob(place / "blobs", gzip.compress(archive, 1))[0] for archive in archives
    }
    await asyncio.gather(*(unpack_blob(store, blob, diff_id) for diff_id, blob in blobs.items()))
    seam = make_seam(store, store.layout, diff_ids)
    assert seam == seam_path(store.layout, diff_ids)
    return compare_mounted(
        overlay_mount(store, diff_ids, None, None, seam), place / "mounted", place / "bundle" / "rootfs"
    )


@pytest.mark.parametrize("name", STACKS)
async def test_a_stack_equals_what_umoci_unpacks(name: str, tmp_path: Path) -> None:
    assert await _differences([BASE, *STACKS[name]], tmp_path) == []


@pytest.mark.parametrize("name", TIMELESS)
async def test_a_stack_equals_what_umoci_unpacks_but_for_the_time(name: str, tmp_path: Path) -> None:
    found = await _differences([BASE, *TIMELESS[name]], tmp_path)
    assert [line for line in found if ": mtime_ns " not in line] == []


async def _differences(layers: Sequence[Sequence[Entry]], tmp_path: Path) -> list[str]:
    archives = [tar(layer) for layer in layers]
    write_image(tmp_path / "image", archives)
    subprocess.run(
        ["umoci", "unpack", "--image", f"{tmp_path}/image:t", tmp_path / "bundle"],
        check=True, capture_output=True,
    )  # fmt: skip
    return await _unpack(tmp_path, archives)
