"""When a stack needs a seam, and what is in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.errors import Malformed
from engine.layers import LayerStore, make_seam, overlay_mount, remove_seam, seam_path
from engine.oci import Digest
from tests.engine.layers.archives import Entry, directory, hardlink, opaque, regular, symlink, tar
from tests.engine.layers.making import new_store, unpack_blob, write_blob

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away"),
]

BASE = [directory("etc", mode=0o700), regular("etc/a", b"a"), symlink("link", "etc")]


async def stacked(place: Path, *layers: Sequence[Entry]) -> tuple[LayerStore, list[Digest]]:
    store = new_store(place / "store")
    diff_ids = []
    for entries in layers:
        archive = tar(entries)
        blob, diff_id = write_blob(place / "blobs", archive)
        await unpack_blob(store, blob, diff_id)
        diff_ids.append(diff_id)
    return store, diff_ids


def held(seam: Path | None) -> set[str]:
    assert seam is not None
    return {os.fspath(path.relative_to(seam)) for path in seam.rglob("*")}


async def test_a_stack_that_leaves_no_parent_out_needs_none(tmp_path: Path) -> None:
    store, stack = await stacked(tmp_path, BASE, [directory("etc", mode=0o700), regular("etc/b")])
    assert make_seam(store, store.layout, stack) is None
    assert os.listdir(store.layout.seams) == []


async def test_a_parent_that_is_nowhere_below_needs_none(tmp_path: Path) -> None:
    store, stack = await stacked(tmp_path, BASE, [regular("usr/bin/x")])
    assert make_seam(store, store.layout, stack) is None


async def test_a_parent_that_is_left_out_is_all_that_the_seam_holds(tmp_path: Path) -> None:
    store, stack = await stacked(tmp_path, BASE, [regular("etc/b")])
    seam = make_seam(store, store.layout, stack)
    assert held(seam) == {"etc"}
    assert seam == seam_path(store.layout, stack) == make_seam(store, store.layout, stack)


async def test_a_hard_link_is_in_the_seam_with_all_its_names(tmp_path: Path) -> None:
    store, stack = await stacked(tmp_path, BASE, [hardlink("b", "etc/a")])
    seam = make_seam(store, store.layout, stack)
    assert held(seam) == {"etc", "etc/a", "b"}
    assert seam is not None
    assert (seam / "b").stat().st_ino == (seam / "etc/a").stat().st_ino
    assert (seam / "b").read_bytes() == b"a"
    assert (store.fs(stack[0]) / "etc/a").stat().st_nlink == 1


async def test_files_below_a_link_go_where_it_leads(tmp_path: Path) -> None:
    store, stack = await stacked(tmp_path, BASE, [regular("link/b", b"b")])
    seam = make_seam(store, store.layout, stack)
    assert held(seam) == {"etc", "etc/b", "link"}
    assert seam is not None
    assert os.readlink(seam / "link") == "etc"


async def test_a_hard_link_to_nothing_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    store, stack = await stacked(tmp_path, BASE, [hardlink("b", "etc/missing")])
    with pytest.raises(Malformed, match="etc/missing"):
        make_seam(store, store.layout, stack)
    assert os.listdir(store.layout.seams) == []


async def test_a_seam_is_removed(tmp_path: Path) -> None:
    store, stack = await stacked(tmp_path, BASE, [regular("etc/b")])
    make_seam(store, store.layout, stack)
    remove_seam(store.layout, stack)
    assert seam_path(store.layout, stack) is None
    assert os.listdir(store.layout.seams) == []


async def test_the_mount_lists_the_topmost_first(tmp_path: Path) -> None:
    store, stack = await stacked(tmp_path, BASE, [regular("etc/b")])
    mount = overlay_mount(store, stack, Path("/upper"), Path("/work"), Path("/seam"))
    assert mount.lowers == (Path("/seam"), store.fs(stack[1]), store.fs(stack[0]))
    assert (mount.upper, mount.work) == (Path("/upper"), Path("/work"))


async def test_a_layer_that_repeats_is_mounted_once(tmp_path: Path) -> None:
    store, (first, second) = await stacked(tmp_path, BASE, [regular("etc/b")])
    mount = overlay_mount(store, [first, second, first], None, None)
    assert mount.lowers == (store.fs(first), store.fs(second))


async def test_an_opaque_root_hides_all_layers_below(tmp_path: Path) -> None:
    store, stack = await stacked(tmp_path, BASE, [opaque(""), regular("only")], [regular("more")])
    assert overlay_mount(store, stack, None, None).lowers == (store.fs(stack[2]), store.fs(stack[1]))
