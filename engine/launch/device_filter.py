"""The filter of devices that control groups of version 2 have: a program of the kernel's. bpf(2)"""

from __future__ import annotations

import ctypes
import os

from .syscalls import MACHINE, system_call, word

_BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "s390x": 351, "ppc64le": 361}
_PROG_LOAD, _PROG_ATTACH, _PROG_TYPE_CGROUP_DEVICE = 5, 8, 15
_CGROUP_DEVICE, _ALLOW_MULTI = 6, 2


class _ProgramLoad(ctypes.Structure):
    _fields_ = [
        ("kind", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("instructions", ctypes.c_uint64),
        ("license", ctypes.c_uint64),
        ("log", ctypes.c_uint8 * 24),
        ("flags", ctypes.c_uint32),
        ("rest", ctypes.c_uint8 * 68),
    ]


class _ProgramAttach(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("target", "program", "kind", "flags", "replace")]


def filter_devices(group: str, instructions: bytes) -> None:
    """Have a program judge each opening and making of a device in a control group of version 2. bpf(2)

    :param group: the group's directory; the program stays until the group is gone.
    :param instructions: struct bpf_insn, one after another.
    """
    terms = ctypes.create_string_buffer(b"Apache-2.0")
    code = ctypes.create_string_buffer(instructions, len(instructions))
    load = _ProgramLoad(
        kind=_PROG_TYPE_CGROUP_DEVICE,
        count=len(instructions) // 8,
        instructions=ctypes.addressof(code),
        license=ctypes.addressof(terms),
    )
    number = _BPF[MACHINE]
    size = word(ctypes.sizeof(load))
    program = system_call(number, "bpf", word(_PROG_LOAD), ctypes.byref(load), size)
    directory = os.open(group, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        attach = _ProgramAttach(directory, program, _CGROUP_DEVICE, _ALLOW_MULTI)
        size = word(ctypes.sizeof(attach))
        system_call(number, "bpf", word(_PROG_ATTACH), ctypes.byref(attach), size, path=group)
    finally:
        os.close(directory)
        os.close(program)
