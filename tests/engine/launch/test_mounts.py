"""Binds by descriptor: parts of them, mounts that come later, and links that are swapped meanwhile."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.launch import syscalls as sys
from engine.launch.mounts import attach, clone_tree, make_filesystem, open_target
from engine.launch.task import Bind

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_RENAME_EXCHANGE = 2


@contextmanager
def _swapping(left: Path, right: Path) -> Iterator[None]:
    """Two names change places all the time."""
    libc, done = ctypes.CDLL(None), threading.Event()

    def swap() -> None:
        while not done.is_set():
            libc.renameat2(-100, os.fsencode(left), -100, os.fsencode(right), _RENAME_EXCHANGE)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_subpath_is_never_found_outside_while_links_are_swapped(tmp_path: Path) -> None:
    (tmp_path / "volume/part").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    inode = (tmp_path / "outside").stat().st_ino
    (tmp_path / "volume/link").symlink_to(tmp_path / "outside")
    found = 0
    with _swapping(tmp_path / "volume/part", tmp_path / "volume/link"):
        for _ in range(2000):
            try:
                tree = clone_tree(Bind(str(tmp_path / "volume"), "/x", subpath="part"))
            except OSError:
                continue
            found += 1
            assert os.fstat(tree).st_ino != inode
            os.close(tree)
    assert found


def test_a_target_is_never_found_outside_while_links_are_swapped(tmp_path: Path) -> None:
    (tmp_path / "root/target").mkdir(parents=True)
    (tmp_path / "root/link").symlink_to("../../../../../../../.." + str(tmp_path / "outside"))
    (tmp_path / "outside").mkdir()
    inode = (tmp_path / "outside").stat().st_ino
    root = os.open(tmp_path / "root", os.O_PATH | os.O_DIRECTORY)
    try:
        with _swapping(tmp_path / "root/target", tmp_path / "root/link"):
            for _ in range(2000):
                try:
                    target = open_target(root, "/target", True)
                except OSError:
                    continue
                assert os.fstat(target).st_ino != inode
                os.close(target)
    finally:
        os.close(root)
    assert list((tmp_path / "outside").iterdir()) == []


def _in_own_namespace(check: object) -> int:
    child = os.fork()
    if child == 0:
        try:
            sys.unshare(sys.CLONE_NEWNS)
            sys.mount(None, "/", None, sys.MS_REC | sys.MS_PRIVATE)
            check()  # type: ignore[operator]
        except BaseException:  # noqa: BLE001
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(("propagation", "seen"), [("slave", True), ("shared", True), ("private", False)])
def test_a_mount_that_comes_later_is_seen_where_that_was_asked(
    tmp_path: Path, propagation: str, seen: bool
) -> None:
    for name in ("source", "place"):
        (tmp_path / name).mkdir()

    def check() -> None:
        source = os.open(tmp_path / "source", os.O_PATH)
        attach(make_filesystem("tmpfs"), source)
        sys.mount(None, str(tmp_path / "source"), None, 1 << 20)  # MS_SHARED
        (tmp_path / "source/later").mkdir()
        tree = clone_tree(Bind(str(tmp_path / "source"), "/x", propagation=propagation))
        if propagation == "private":
            sys.mount_setattr(tree, "", 0, propagation=sys.MS_PRIVATE)
        attach(tree, os.open(tmp_path / "place", os.O_PATH))
        attach(make_filesystem("tmpfs"), os.open(tmp_path / "source/later", os.O_PATH))
        (tmp_path / "source/later/file").touch()
        assert (tmp_path / "place/later/file").exists() is seen

    assert _in_own_namespace(check) == 0


@pytest.mark.parametrize(("recursive", "below", "writable"), [(True, False, False), (True, True, True)])
def test_what_is_mounted_below_a_read_only_bind_is_read_only_unless_asked(
    tmp_path: Path, recursive: bool, below: bool, writable: bool
) -> None:
    for name in ("source/inner", "place"):
        (tmp_path / name).mkdir(parents=True)

    def check() -> None:
        attach(make_filesystem("tmpfs"), os.open(tmp_path / "source/inner", os.O_PATH))
        bind = Bind(str(tmp_path / "source"), "/x", True, recursive=recursive, writable_below=below)
        attach(clone_tree(bind), os.open(tmp_path / "place", os.O_PATH))
        assert not os.access(tmp_path / "place", os.W_OK)
        assert os.access(tmp_path / "place/inner", os.W_OK) is writable

    assert _in_own_namespace(check) == 0


def test_a_bind_that_does_not_recurse_leaves_out_what_is_mounted_below(tmp_path: Path) -> None:
    for name in ("source/inner", "place"):
        (tmp_path / name).mkdir(parents=True)

    def check() -> None:
        attach(make_filesystem("tmpfs"), os.open(tmp_path / "source/inner", os.O_PATH))
        (tmp_path / "source/inner/file").touch()
        attach(
            clone_tree(Bind(str(tmp_path / "source"), "/x", recursive=False)),
            os.open(tmp_path / "place", os.O_PATH),
        )
        assert not (tmp_path / "place/inner/file").exists()

    assert _in_own_namespace(check) == 0
