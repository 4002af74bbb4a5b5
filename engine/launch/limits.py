"""Limits of a process. prlimit(2); by system call, because the `resource` module is one more to load"""

from __future__ import annotations

import ctypes
import os

from .messages import Failure, Stage
from .syscalls import MACHINE, system_call, word

UNLIMITED = 2**64 - 1

# include/uapi/asm-generic/resource.h; by position, and the same where we run.
NAMES: list[str] = (
    "cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime"
).split()
_PRLIMIT64 = {"x86_64": 302, "aarch64": 261, "riscv64": 261, "s390x": 334, "ppc64le": 325}


class Limit:
    """A limit by its short name.

    :param asked: a person wants just this; else it is as much as may be had, and never less than before.
    """

    def __init__(self, name: str, soft: int, hard: int, asked: bool) -> None:
        self.name = name
        self.soft = soft
        self.hard = hard
        self.asked = asked


def set_oom_score(score: int | None) -> None:
    """Say how soon this process is killed when the machine has no memory left; what it executes keeps it.

    To be called where /proc is still the host's. proc_pid_oom_score_adj(5)

    :param score: -1000 to 1000; None changes nothing.
    :raises Failure: it is less than this process may have.
    """
    if score is None:
        return
    fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, str(score).encode())
    except PermissionError as error:
        raise Failure(
            Stage.LIMITS, f"--oom-score-adj {score}: {error.strerror}", errno=error.errno or 0,
            hint="the right to lower it is CAP_SYS_RESOURCE",
        ) from error  # fmt: skip
    finally:
        os.close(fd)


def apply(limits: list[Limit]) -> None:
    """Set the limits of this process.

    :raises Failure: one that was asked for is above what this process may have.
    """
    for limit in limits:
        number = NAMES.index(limit.name)
        soft, hard = _get(number)
        try:
            if limit.asked:
                _set(number, limit.soft, limit.hard)
            else:
                _set(number, max(soft, limit.soft), max(hard, limit.hard))
        except PermissionError as error:
            if limit.asked:
                raise Failure(
                    Stage.LIMITS, f"--ulimit {limit.name}: the hard limit of this process is {hard}",
                    errno=error.errno or 0, hint="the right to raise it is CAP_SYS_RESOURCE",
                ) from error  # fmt: skip
            _set(number, max(soft, min(limit.soft, hard)), hard)


def _get(number: int) -> tuple[int, int]:
    limits = (ctypes.c_uint64 * 2)()
    system_call(_PRLIMIT64[MACHINE], "prlimit", word(0), word(number), None, limits)
    return limits[0], limits[1]


def _set(number: int, soft: int, hard: int) -> None:
    limits = (ctypes.c_uint64 * 2)(soft, hard)
    system_call(_PRLIMIT64[MACHINE], "prlimit", word(0), word(number), limits, None)
