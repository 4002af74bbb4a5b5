"""Forking as Python's fork cannot: into a control group, or aside, with nobody to wait for the child."""

from __future__ import annotations

import ctypes
import errno
import os

from .syscalls import CLONE_NEWPID, setns

_CLONE3 = 435  # on every architecture
_CLONE_INTO_CGROUP, _SIGCHLD = 0x200000000, 17
_LAST_DESCRIPTOR = 1 << 30


class _CloneArguments(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint64)
        for name in (
            "flags pidfd child_tid parent_tid exit_signal stack stack_size tls set_tid set_tid_size cgroup"
        ).split()
    ]


def fork_into(cgroup: int) -> int:
    """os.fork, but the child begins in the control group of a directory's descriptor. clone3(2)

    The interpreter is told of it as os.fork tells it (Python: C API, "Operating System Utilities").
    """
    arguments = _CloneArguments(flags=_CLONE_INTO_CGROUP, exit_signal=_SIGCHLD, cgroup=cgroup)
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
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        setns(own, CLONE_NEWPID)
    finally:
        os.close(own)
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
        os.closerange(first, fd)
        first = fd + 1
    os.closerange(first, _LAST_DESCRIPTOR)
