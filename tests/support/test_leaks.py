"""The look at what was left behind finds it, and tidies up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.leaks import processes_of, scratch_store
from tests.support.mounts import mount_changes, mount_table
from tests.support.waiting import eventually

IDLE = "import sys; sys.stdin.read()"


def test_a_clean_store_passes_and_is_removed() -> None:
    with scratch_store() as root:
        (root / "file").write_text("content")
    assert not root.exists()


def test_a_process_that_stands_in_the_store_is_found(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", IDLE], stdin=subprocess.PIPE, cwd=tmp_path) as process:
        assert [left.pid for left in processes_of(tmp_path)] == [process.pid]
        process.kill()


def test_a_process_that_stays_fails_the_test_and_is_ended() -> None:
    with pytest.raises(pytest.fail.Exception, match="left behind"), scratch_store(0.2) as root:
        process = subprocess.Popen([sys.executable, "-c", IDLE, str(root)], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=10) != 0
    assert not root.exists()


@pytest.mark.system
def test_a_mount_that_stays_fails_the_test_and_is_undone(requires_root: None, no_leaks: None) -> None:
    with pytest.raises(pytest.fail.Exception, match="mount "), scratch_store(0.2) as root:
        mount_tmpfs(root / "inside")
    assert not root.exists()


def mount_tmpfs(directory: Path) -> None:
    directory.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "none", directory], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.decode()}")


def test_the_mount_table_equals_itself() -> None:
    assert mount_changes(mount_table(), mount_table()) == []


def test_waiting_gives_up_in_time() -> None:
    assert not eventually(lambda: False, 0.05)
