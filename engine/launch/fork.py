"""Forking into a control group, which a fork of Python's cannot. clone3(2)"""

from __future__ import annotations

import ctypes
import os

_CLONE3 = 435  # on every architecture
_CLONE_INTO_CGROUP, _SIGCHLD = 0x200000000, 17


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
