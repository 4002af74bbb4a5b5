"""The emulator and the kernel of this host that a virtual machine is made of, or what to install."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import NotSupported

PROGRAMS = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/libexec"
KERNELS = (
    (Path("/boot"), "vmlinuz-*"),
    (Path("/usr/lib/modules"), "*/vmlinuz"),
)
"""Where distributions keep kernels: Debian's and Fedora's way, and Arch's."""

_EMULATORS = ("qemu-system-x86_64", "qemu-kvm")
_LARGEST = 64 << 20  # bytes of a kernel
# Documentation/arch/x86/boot.rst: the magic "HdrS" at 0x202, at 0x20e where the version stands less 0x200.
_MAGIC, _MAGIC_AT, _VERSION_AT, _SETUP = b"HdrS", 0x202, 0x20E, 0x200
_HEAD = 64 << 10  # bytes that are read of it; the version is a 16-bit offset into them
_EMULATOR_PACKAGE, _KERNEL_PACKAGE = "qemu-system-x86", "linux-image-cloud-amd64"


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel that can be started. :param version: as `uname -r` will say it."""

    path: Path
    version: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What a machine is made of."""

    emulator: Path
    kernel: Kernel


def find_parts() -> Parts:
    """The emulator, and a kernel: one that this host does not run itself where there is a choice.

    :raises NotSupported: something is missing; the hint says what to install.
    """
    if platform.machine() != "x86_64":
        raise NotSupported(
            f"the lab starts virtual machines on x86_64 only, and this is {platform.machine()}",
            hint="the rest of the lesson needs none",
        )
    emulators = [found for name in _EMULATORS if (found := shutil.which(name, path=PROGRAMS))]
    kernels, locked = [], []
    for path in _candidates():
        try:
            kernels.append(_read(path))
        except PermissionError:
            locked.append(path)
        except (OSError, ValueError):
            continue  # a kernel of another kind, or a link to one that is gone
    lacks = [*([] if emulators else ["QEMU"]), *([] if kernels else ["a kernel to start in it"])]
    if lacks:
        raise NotSupported(
            f"this machine lacks {' and '.join(lacks)}", hint=_advice(not emulators, not kernels, locked)
        )
    here = platform.release()
    # The newest stands first, and is taken of several that this host does not run.
    return Parts(Path(emulators[0]), min(kernels, key=lambda kernel: kernel.version == here))


def _candidates() -> Iterator[Path]:
    found = {path.resolve() for directory, pattern in KERNELS for path in directory.glob(pattern)}
    return iter(sorted(found, key=lambda path: (-_changed(path), path)))


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _read(path: Path) -> Kernel:
    """:raises ValueError: it is no kernel of this architecture."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        size = os.fstat(file.fileno()).st_size
    if head[_MAGIC_AT : _MAGIC_AT + 4] != _MAGIC or size > _LARGEST:
        raise ValueError(path)
    at = int.from_bytes(head[_VERSION_AT : _VERSION_AT + 2], "little") + _SETUP
    version = head[at:].partition(b"\0")[0].decode("ascii", "replace").split(" ")[0]
    return Kernel(path, version)


def _advice(lacks_emulator: bool, lacks_kernel: bool, locked: list[Path]) -> str:
    """:param locked: kernels that are here, and that only root may read."""
    packages = [_EMULATOR_PACKAGE] if lacks_emulator else []
    if lacks_kernel and not locked:
        packages.append(_KERNEL_PACKAGE)
    advice = [f"sudo apt-get install --no-install-recommends {' '.join(packages)}"] if packages else []
    if lacks_kernel and locked:
        advice.append(f"sudo chmod a+r {locked[0]}, which only root may read")
    return "; ".join(advice)
