import os
import stat
import threading
from pathlib import Path

import pytest

from engine.store.atomic import TEMPORARY, remove_abandoned, write_atomic


def test_a_file_appears_whole_with_its_mode(tmp_path: Path) -> None:
    write_atomic(tmp_path / "file", b"content", 0o600)
    assert (tmp_path / "file").read_bytes() == b"content"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_no_temporary_name_stays(tmp_path: Path) -> None:
    write_atomic(tmp_path / "file", b"content")
    assert os.listdir(tmp_path) == ["file"]


def test_a_failure_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="file"):
        write_atomic(tmp_path / "file", b"new")
    assert os.listdir(tmp_path) == ["file"]


def test_a_reader_sees_the_old_or_the_new_file_and_nothing_between(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = {b"a" * 100_000, b"b" * 100_000}
    write_atomic(path, b"a" * 100_000)
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for content in sorted(contents):
                write_atomic(path, content)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        seen = {path.read_bytes() for _ in range(200)}
    finally:
        stop.set()
        writer.join()
    assert seen <= contents


def test_what_a_dead_writer_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / f"{TEMPORARY}0123").write_bytes(b"half")
    (tmp_path / "kept").write_bytes(b"whole")
    assert remove_abandoned(tmp_path) == 1
    assert os.listdir(tmp_path) == ["kept"]


def test_what_a_living_writer_holds_is_left_alone(tmp_path: Path) -> None:
    import fcntl

    with (tmp_path / f"{TEMPORARY}0123").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert remove_abandoned(tmp_path) == 0
