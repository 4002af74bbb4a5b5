"""Forking as Python's fork cannot: into a control group, or aside, with nobody to wait for the child."""

from __future__ import annotations

import ctypes
import errno
import os

from .syscalls import CLONE_NEWPID, close_descriptors, setns

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Callable

_CLONE3 = 435  # on every architecture
_CLONE_INTO_CGROUP, _CLONE_PARENT, _SIGCHLD = 0x200000000, 0x8000, 17


class _CloneArguments(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint64)
        for name in (
            "flags pidfd child_tid parent_tid exit_signal stack stack_size tls set_tid set_tid_size cgroup"
        ).split()
    ]


def fork_apart(namespaces: int = CLONE_NEWPID) -> int:
    """os.fork, but the child is the first process of a pid namespace; the caller's other children are not.

    :param namespaces: flags of those that begin with the child; of a user namespace the others are a part.
    """
    return _clone(_CloneArguments(flags=namespaces, exit_signal=_SIGCHLD))


def fork_into(cgroup: int) -> int:
    """os.fork, but the child begins in the control group of a directory's descriptor. clone3(2)"""
    return _clone(_CloneArguments(flags=_CLONE_INTO_CGROUP, exit_signal=_SIGCHLD, cgroup=cgroup))


def fork_by_another(fork: Callable[[], int], enter: Callable[[int], None]) -> int:
    """os.fork, but the child is made by a process between, and is the caller's child all the same.

    So it is in a pid namespace that the caller's other children are not in, and comes there as what the
    process between has become, where nobody of that namespace sees it.

    :param fork: makes the process between. :param enter: what it does first, up to setns(2); gets a
        descriptor that must stay open.
    :raises OSError: what `enter` raised; for example because the namespace's first process has ended.
    """
    read, write = os.pipe2(os.O_CLOEXEC)
    between = fork()
    if between == 0:
        try:
            enter(write)
            # The caller's child, not the child of this process, which has done its work.
            pid = _clone(_CloneArguments(flags=_CLONE_PARENT))
        except OSError as error:
            os._exit(error.errno or errno.EIO)
        except BaseException:  # noqa: BLE001 - the caller must not go on twice
            os._exit(errno.EIO)
        if pid == 0:
            os.close(write)
            return 0
        os.write(write, b"%d" % pid)
        os._exit(0)
    os.close(write)
    try:
        word = os.read(read, 16)
    finally:
        os.close(read)
    number = os.waitstatus_to_exitcode(os.waitpid(between, 0)[1])
    if not word:
        number = max(number, 0) or errno.ESRCH  # below 0: it was killed
        raise OSError(number, os.strerror(number))
    return int(word)


def may_come_back() -> bool:
    """Whether children can be made in this process's own pid namespace again after they were made in another.

    Not in a user namespace that has no rights over it, pid_namespaces(7).
    """
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        setns(own, CLONE_NEWPID)
    except PermissionError:
        return False
    finally:
        os.close(own)
    return True


def _clone(arguments: _CloneArguments) -> int:
    """clone3(2); the interpreter is told of it as os.fork tells it (Python: C API, "Operating System")."""
    # Keeps the interpreter's lock over the call, as os.fork does.
    interpreter = ctypes.PyDLL(None, use_errno=True)
    interpreter.syscall.restype = ctypes.c_long
    interpreter.PyOS_BeforeFork()
    pid = interpreter.syscall(
        ctypes.c_long(_CLONE3), ctypes.byref(arguments), ctypes.c_size_t(ctypes.sizeof(arguments))
    )
    if pid == 0:
        interpreter.PyOS_AfterFork_Child()
        return 0
    number = ctypes.get_errno()
    interpreter.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(number, f"clone3: {os.strerror(number)}")
    return int(pid)


def fork_aside() -> bool:
    """Fork a process that has no parent to wait for it; True in the caller, False in that process.

    It is outside the pid namespace that the caller's children begin in: a monitor's begin in its container's.

    :raises OSError: there is no room for another process.
    """
    may_come_back()  # who may not has made no children elsewhere
    between = os.fork()
    if between:
        if os.waitpid(between, 0)[1]:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return True
    try:
        aside = os.fork()
    except OSError:
        os._exit(1)
    if aside:
        os._exit(0)
    return False


def keep_only(descriptors: list[int]) -> None:
    """Close all descriptors but the standard streams and these, whoever opened them. close_range(2)"""
    first = 3
    for fd in sorted(descriptors):
        close_descriptors(first, fd - 1)
        first = fd + 1
    close_descriptors(first)
