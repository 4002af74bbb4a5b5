"""How QEMU is called: one processor, memory, two serial lines, and nothing else. qemu(1)"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from engine.lab.machine.disk import Disk
from engine.lab.machine.guest import REPORT_LINE
from engine.lab.machine.parts import Parts

_MIB = 1 << 20
_LEAST = 128  # MiB that a distribution's kernel and its programs want beside the disk
_CODE = 32  # MiB of translated instructions that the emulator keeps


class Accelerator(StrEnum):
    """What carries out a machine's instructions: the processor itself, or a program that imitates one."""

    KVM = "kvm"
    TCG = "tcg"

    @property
    def words(self) -> str:
        """What it is, for a person."""
        return {"kvm": "hardware virtualization (KVM)", "tcg": "software emulation (TCG)"}[self.value]


def memory_of(disk: Disk) -> int:
    """Bytes of memory that a machine is given: the kernel holds its disk packed and unpacked at once."""
    return (_LEAST + 2 * -(-disk.size // _MIB)) * _MIB


def command(
    parts: Parts, disk: Disk, accelerator: Accelerator, files: Sequence[str], lines: Sequence[int]
) -> list[str]:
    """The words that start a machine.

    :param files: paths of the kernel and of the disk. :param lines: descriptors of connected sockets, one
        for each serial line.
    """
    serial = [
        word
        for number, descriptor in enumerate(lines)
        for word in (
            "-chardev", f"socket,id=line{number},fd={descriptor}",
            "-device", f"isa-serial,chardev=line{number},index={number}",
        )
    ]  # fmt: skip
    # `panic=-1` with `-no-reboot` makes a kernel that cannot go on end its emulator.
    kernel = f"console={REPORT_LINE} loglevel=4 panic=-1 rdinit={disk.first[0]} -- {' '.join(disk.first[1:])}"
    code = f",tb-size={_CODE}" if accelerator is Accelerator.TCG else ""
    return [
        str(parts.emulator),
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        "-machine", "pc,usb=off,vmport=off", "-accel", f"{accelerator}{code}",
        "-cpu", "host" if accelerator is Accelerator.KVM else "max",
        "-smp", "1", "-m", f"{memory_of(disk) // _MIB}M",
        "-kernel", files[0], "-initrd", files[1], "-append", kernel,
        *serial,
    ]  # fmt: skip
