"""What had been a monitor's pid, or a container's first process's, is a stranger's by now: nobody signals it.

In a pid namespace of its own the kernel can be told which number it gives next (pid_namespaces(7)).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.command import REPOSITORY
from tests.support.house import lab_house

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_ALONE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
_VERBS = ("ps", "stop", "kill", "rm", "restart", "start", "exec")


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A store with the lab's base image."""
    with lab_house() as lamina:
        yield lamina.root


@pytest.mark.parametrize("verb", _VERBS)
@pytest.mark.parametrize("victim", ["monitor", "init"])
def test_a_stranger_of_the_same_number_is_left_alone(root: Path, victim: str, verb: str) -> None:
    done = subprocess.run(
        [*_ALONE, sys.executable, "-m", __name__, str(root), victim, verb],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "the stranger lives\n"), done.stderr


def _inside(root: Path, victim: str, verb: str) -> None:
    """All of it, in a pid namespace of its own."""
    import os
    import signal
    from contextlib import suppress

    from engine.containers.models import Status
    from engine.containers.task import attach_socket
    from engine.errors import LaminaError
    from engine.runtime.exec import begin, new_request
    from tests.engine.containers.killing import make, rooms_of
    from tests.support.waiting import eventually

    rooms = rooms_of(root)
    container = make(rooms)
    rooms.containers.start("box")
    state = rooms.kept.state(rooms.kept.records.find("box"))
    os.kill(state.monitor.pid, signal.SIGKILL)
    assert eventually(lambda: not state.monitor.alive and not state.init.alive)
    number = state.monitor.pid if victim == "monitor" else state.init.pid

    def is_given() -> bool:
        with suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(number - 1))
        pid = os.fork()
        if pid == 0:
            signal.pause()
        if pid != number:
            os.kill(pid, signal.SIGKILL)
        return pid == number

    assert eventually(is_given)
    assert rooms_of(root).containers.get("box").status != Status.RUNNING
    does: dict[str, Callable[[], object]] = {
        "ps": rooms.containers.list,
        "stop": lambda: rooms.containers.stop("box", 0),
        "kill": lambda: rooms.containers.kill("box"),
        "rm": lambda: rooms.containers.remove("box", force=True),
        "restart": lambda: rooms.life.restart("box", 0),
        "start": lambda: rooms.containers.start("box"),
        "exec": lambda: begin(str(attach_socket(rooms.layout, container)), new_request(["true"], [])),
    }
    with suppress(LaminaError, OSError):
        does[verb]()
    if verb != "rm":
        rooms.containers.remove("box", force=True)
    assert os.waitpid(number, os.WNOHANG) == (0, 0)
    print("the stranger lives")


if __name__ == "__main__":
    _inside(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
