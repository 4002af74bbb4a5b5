"""Network namespaces: made, entered for a moment, held by descriptor. network_namespaces(7)

Each thread has a network namespace of its own, so a thread of a larger program may enter another one and
come back without the rest noticing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from engine.launch import syscalls

_HERE = "/proc/thread-self/ns/net"


def new_namespace() -> int:
    """A descriptor of a new network namespace, which lasts for as long as somebody holds it.

    :raises OSError: this user may not make one.
    """
    with _coming_back():
        syscalls.unshare(syscalls.CLONE_NEWNET)
        return os.open(_HERE, os.O_RDONLY | os.O_CLOEXEC)


def namespace_of(pid: int) -> int:
    """A descriptor of a process's network namespace. :raises OSError: the process is gone."""
    return os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def inside(namespace: int) -> Iterator[None]:
    """Let this thread be in a network namespace for the length of the block."""
    with _coming_back():
        syscalls.setns(namespace, syscalls.CLONE_NEWNET)
        yield


@contextmanager
def _coming_back() -> Iterator[None]:
    before = os.open(_HERE, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        syscalls.setns(before, syscalls.CLONE_NEWNET)
        os.close(before)
