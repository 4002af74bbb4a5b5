"""libseccomp: from rules about system calls to a filter program for the kernel. seccomp_init(3) and its kin

Loaded by its soname and only when asked for; nothing else of the engine needs it.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, Self

from engine.errors import NotSupported

_SONAME = "libseccomp.so.2"

# include/seccomp.h.in of libseccomp
KILL_PROCESS, KILL_THREAD, TRAP, LOG, ALLOW = 0x80000000, 0x00000000, 0x00030000, 0x7FFC0000, 0x7FFF0000
_ERRNO, _TRACE = 0x00050000, 0x7FF00000
NOT_EQUAL, LESS, LESS_OR_EQUAL, EQUAL, GREATER_OR_EQUAL, GREATER, MASKED_EQUAL = range(1, 8)
_NO_SUCH_CALL = -1  # __NR_SCMP_ERROR
_OPTIMIZE, _BINARY_TREE = 8, 2  # SCMP_FLTATR_CTL_OPTIMIZE, from libseccomp 2.5 on


def errno_action(number: int) -> int:
    """Answer the call with an error number."""
    return _ERRNO | (number & 0xFFFF)


def trace_action(message: int) -> int:
    """Hand the call to a tracer, with a message."""
    return _TRACE | (message & 0xFFFF)


class Comparison(NamedTuple):
    """One condition on an argument of a call; for MASKED_EQUAL `first` is the mask."""

    argument: int
    operator: int
    first: int
    second: int = 0


class _Comparison(ctypes.Structure):
    _fields_ = [
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    ]


class _Version(ctypes.Structure):
    _fields_ = [("major", ctypes.c_uint), ("minor", ctypes.c_uint), ("micro", ctypes.c_uint)]


@cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(_SONAME)
    except OSError as error:
        raise NotSupported(
            f"{_SONAME} is not installed, so system calls cannot be filtered",
            hint="install the package libseccomp2 (Debian, Ubuntu) or libseccomp (Fedora, Arch, Alpine)",
        ) from error
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_version.restype = ctypes.POINTER(_Version)
    return library


def version() -> str:
    """Its version, such as "2.5.4".

    :raises NotSupported: it is not installed.
    """
    found = _library().seccomp_version().contents
    return f"{found.major}.{found.minor}.{found.micro}"


def architecture(name: str) -> int:
    """The kernel's token (AUDIT_ARCH_*) of an architecture such as "x86_64"; 0 for one that is not known."""
    resolve = _library().seccomp_arch_resolve_name
    resolve.restype = ctypes.c_uint32
    return int(resolve(name.encode("ascii", "replace")))


def call_number(name: str) -> int | None:
    """libseccomp's number of a call (negative for one of other architectures); None where it knows none."""
    number = int(_library().seccomp_syscall_resolve_name(name.encode("ascii", "replace")))
    return None if number == _NO_SUCH_CALL else number


def native_number(token: int, name: str) -> int:
    """The number that an architecture's kernel has for a call; negative where it has none."""
    found = _library().seccomp_syscall_resolve_name_arch(
        ctypes.c_uint32(token), name.encode("ascii", "replace")
    )
    return int(found)


class Filter:
    """A filter in the making. Use it as a context manager."""

    def __init__(self, default_action: int) -> None:
        self._library = _library()
        context = self._library.seccomp_init(ctypes.c_uint32(default_action))
        if not context:
            raise NotSupported(f"libseccomp takes no default action {default_action:#x}")
        self._context = ctypes.c_void_p(context)
        # Refused by libseccomp before 2.5, whose filters are lists: slower, not different.
        self._library.seccomp_attr_set(self._context, _OPTIMIZE, ctypes.c_uint32(_BINARY_TREE))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._library.seccomp_release(self._context)

    def add_architecture(self, token: int) -> None:
        """Cover the calls of another architecture too; the native one is covered from the start."""
        self._check(self._library.seccomp_arch_add(self._context, ctypes.c_uint32(token)), -17)

    def add_rule(self, action: int, number: int, comparisons: Sequence[Comparison]) -> None:
        """Do `action` for a call when all comparisons hold.

        :raises OSError: libseccomp refuses the rule (the same action as the default, two on one argument).
        """
        array = (_Comparison * len(comparisons))(
            *[_Comparison(item.argument, item.operator, item.first, item.second) for item in comparisons]
        )
        self._check(
            self._library.seccomp_rule_add_array(
                self._context, ctypes.c_uint32(action), ctypes.c_int(number),
                ctypes.c_uint(len(comparisons)), array,
            )
        )  # fmt: skip

    def export(self) -> bytes:
        """The program: instructions of eight bytes, struct sock_filter of linux/filter.h."""
        fd = os.memfd_create("filter", os.MFD_CLOEXEC)
        with open(fd, "rb") as file:
            self._check(self._library.seccomp_export_bpf(self._context, ctypes.c_int(fd)))
            file.seek(0)
            return file.read()

    @staticmethod
    def _check(result: int, harmless: int = 0) -> None:
        if result < 0 and result != harmless:
            raise OSError(-result, f"libseccomp: {os.strerror(-result)}")
