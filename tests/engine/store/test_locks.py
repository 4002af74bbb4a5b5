import os
import subprocess
import sys
import threading

import pytest

from engine.errors import Conflict, InvalidArgument, Unavailable
from engine.store import Layout, lock

HOLD = """
import sys
from pathlib import Path
from engine.store import Layout, lock
root, run, name = sys.argv[1:]
with lock(Layout(Path(root), Path(run)), name):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold_elsewhere(layout: Layout, name: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, layout.root, layout.run, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_two_readers_hold_a_shared_lock_together(layout: Layout) -> None:
    with lock(layout, "thing", shared=True), lock(layout, "thing", shared=True, timeout=0):
        pass


def test_a_reader_keeps_a_writer_out(layout: Layout) -> None:
    with lock(layout, "thing", shared=True), pytest.raises(Conflict), lock(layout, "thing", timeout=0):
        pass


def test_running_out_of_time_names_what_is_locked(layout: Layout) -> None:
    with (
        lock(layout, "layer-abc"),
        pytest.raises(Conflict, match="layer-abc"),
        lock(layout, "layer-abc", timeout=0.02),
    ):
        pass


def test_a_lock_is_free_again_after_the_block(layout: Layout) -> None:
    for _ in range(2):
        with lock(layout, "thing", timeout=0):
            pass


def test_lock_files_do_not_pile_up(layout: Layout) -> None:
    for number in range(5):
        with lock(layout, f"thing-{number}"):
            pass
    assert os.listdir(layout.locks) == []


def test_another_process_is_kept_out_and_its_death_frees_the_lock(layout: Layout) -> None:
    process = hold_elsewhere(layout, "thing")
    with pytest.raises(Conflict), lock(layout, "thing", timeout=0):
        pass
    process.kill()
    process.communicate()
    with lock(layout, "thing", timeout=5):
        pass


def test_threads_take_turns_and_no_two_are_inside(layout: Layout) -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(50):
            with lock(layout, "thing"):
                with guard:
                    inside += 1
                    most = max(most, inside)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_name_that_leaves_the_directory_is_refused(layout: Layout) -> None:
    with pytest.raises(InvalidArgument), lock(layout, "../lamina.db"):
        pass


def test_a_store_that_is_gone_is_told(layout: Layout) -> None:
    layout.locks.rmdir()
    with pytest.raises(Unavailable), lock(layout, "thing"):
        pass
