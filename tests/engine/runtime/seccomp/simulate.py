"""What a filter program answers, without loading it: the few instructions of classic BPF that it uses."""

from __future__ import annotations

import struct

from engine.linux import libseccomp

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x00000000
X86_64 = 0xC000003E


def judge(program: bytes, call: str | int, *arguments: int, architecture: int = X86_64) -> int:
    """The answer to a system call: an action of seccomp(2)."""
    number = call if isinstance(call, int) else libseccomp.native_number(architecture, call)
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, architecture, 0, *padded)
    instructions = list(struct.iter_unpack("=HBBI", program))
    at, value, steps = 0, 0, 0
    while steps < len(instructions):
        code, true, false, operand = instructions[at]
        at, steps = at + 1, steps + 1
        if code == 0x20:
            (value,) = struct.unpack_from("=I", data, operand)
        elif code == 0x06:
            return int(operand)
        elif code == 0x05:
            at += operand
        elif code == 0x54:
            value &= operand
        else:
            holds = {
                0x15: value == operand,
                0x25: value > operand,
                0x35: value >= operand,
                0x45: bool(value & operand),
            }[code]
            at += true if holds else false
    raise AssertionError("the program does not end")
