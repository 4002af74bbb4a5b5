"""Joining a container that runs."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from engine.launch.joining import join
from engine.launch.messages import Failure
from engine.launch.task import Program
from engine.runtime.sandbox import CAPABILITIES, DEFAULT_PATH
from engine.runtime.start import Launched
from tests.engine.launch.sandbox import Sandbox

pytestmark = pytest.mark.system


@pytest.fixture
def running(box: Sandbox) -> Iterator[Launched]:
    """A container that sleeps."""
    launched = box.start("sleep", "1000")
    assert launched.attachment is not None
    yield launched
    os.kill(launched.pid, signal.SIGKILL)
    while launched.attachment.recv(65536):
        pass
    launched.attachment.close()


def _program(*argv: str, **more: object) -> Program:
    fields = {"workdir": "/", "user": "", "capabilities": list(CAPABILITIES), "tty": False, **more}
    return Program(list(argv), [f"PATH={DEFAULT_PATH}"], **fields)  # type: ignore[arg-type]


def _run(container: Launched, program: Program) -> tuple[int, str]:
    """Run a program inside to its end; gives its exit code and what it wrote."""
    read, write = os.pipe2(os.O_CLOEXEC)
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    init = os.pidfd_open(container.pid)
    try:
        joined = join(init, [], program, (null, write, write))
        os.close(write)
        write = -1
        joined.settle()
        with open(read, "rb", closefd=False) as pipe:
            said = pipe.read().decode()
        _, status = os.waitpid(joined.pid, 0)
        return os.waitstatus_to_exitcode(status), said
    finally:
        for fd in (read, write, null, init):
            with contextlib.suppress(OSError):
                os.close(fd)


def test_it_stands_in_the_namespaces_of_the_first_process(running: Launched) -> None:
    script = "for name in mnt uts ipc net pid cgroup; do readlink /proc/self/ns/$name; done"
    code, said = _run(running, _program("sh", "-c", script))
    names = ("mnt", "uts", "ipc", "net", "pid", "cgroup")
    assert (code, said.split()) == (
        0,
        [os.readlink(f"/proc/{running.pid}/ns/{name}") for name in names],
    )


def test_nothing_of_the_caller_is_open(running: Launched) -> None:
    with open("/etc/passwd") as held:
        os.set_inheritable(held.fileno(), True)
        assert _run(running, _program("sh", "-c", "ls /proc/$$/fd; true"))[1].split() == ["0", "1", "2"]


def test_the_caller_forks_where_it_did_before(running: Launched) -> None:
    _run(running, _program("true"))
    assert os.readlink("/proc/self/ns/pid_for_children") == os.readlink("/proc/self/ns/pid")


@pytest.mark.parametrize(
    ("words", "code"), [(("nothing-of-the-kind",), 127), (("/etc/passwd",), 126), (("/etc/passwd/x",), 127)]
)
def test_a_program_that_cannot_be_executed(running: Launched, words: tuple[str, ...], code: int) -> None:
    with pytest.raises(Failure) as failed:
        _run(running, _program(*words))
    assert failed.value.fields["exit_code"] == code


def test_a_working_directory_is_not_made(running: Launched, box: Sandbox) -> None:
    with pytest.raises(Failure) as failed:
        _run(running, _program("true", workdir="/none"))
    assert failed.value.fields["exit_code"] == 126
    assert not (box.upper / "none").exists()


def test_a_container_that_has_ended_cannot_be_joined(box: Sandbox) -> None:
    launched = box.start("true")
    assert launched.attachment is not None
    init = os.pidfd_open(launched.pid)
    while launched.attachment.recv(65536):
        pass
    launched.attachment.close()
    with pytest.raises(Failure, match="cannot be joined"):
        join(init, [], _program("true"), (0, 1, 2))
    os.close(init)
