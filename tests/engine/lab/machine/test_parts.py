"""What is missing for a virtual machine is named, with what to install."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.errors import NotSupported
from engine.lab.machine import parts
from engine.lab.machine.parts import find_parts

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="machines are started on x86_64 only")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A host with neither an emulator nor a kernel; its directories, which everybody may read."""
    with tempfile.TemporaryDirectory(prefix="lm-", dir="/var/tmp") as name:
        place = Path(name)
        place.chmod(0o755)
        (place / "bin").mkdir()
        (place / "boot").mkdir()
        monkeypatch.setattr(parts, "PROGRAMS", str(place / "bin"))
        monkeypatch.setattr(parts, "KERNELS", ((place / "boot", "vmlinuz-*"),))
        yield place


def kernel(bare: Path, version: str, age: int = 0) -> Path:
    """A file that begins as a kernel does; Documentation/arch/x86/boot.rst."""
    path = bare / "boot" / f"vmlinuz-{version}"
    head = bytearray(2048)
    head[0x202:0x206] = b"HdrS"
    head[0x20E:0x210] = (0x400 - 0x200).to_bytes(2, "little")
    head[0x400 : 0x400 + len(version) + 3] = version.encode() + b" (x"
    path.write_bytes(head)
    os.utime(path, (1e9 - age, 1e9 - age))
    return path


@contextmanager
def as_somebody() -> Iterator[None]:
    """As a user who may not read what only root may."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def emulator(bare: Path) -> Path:
    path = bare / "bin" / "qemu-system-x86_64"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_both_are_named_where_both_are_missing(bare: Path) -> None:
    with pytest.raises(NotSupported, match="QEMU and a kernel") as caught:
        find_parts()
    assert caught.value.hint == (
        "sudo apt-get install --no-install-recommends qemu-system-x86 linux-image-cloud-amd64"
    )


def test_kernel_alone_is_named_where_only_that_is_missing(bare: Path) -> None:
    emulator(bare)
    (bare / "boot" / "vmlinuz-broken").write_bytes(b"no kernel")
    with pytest.raises(NotSupported, match="lacks a kernel") as caught:
        find_parts()
    assert caught.value.hint.endswith("recommends linux-image-cloud-amd64")


def test_emulator_alone_is_named_where_only_that_is_missing(bare: Path) -> None:
    kernel(bare, "6.1.0")
    with pytest.raises(NotSupported, match="lacks QEMU") as caught:
        find_parts()
    assert caught.value.hint.endswith("recommends qemu-system-x86")


def test_kernel_that_only_root_may_read_is_no_reason_to_install_one(bare: Path) -> None:
    path = kernel(bare, "6.1.0")
    emulator(bare)
    path.chmod(0)
    with as_somebody(), pytest.raises(NotSupported) as caught:
        find_parts()
    assert caught.value.hint == f"sudo chmod a+r {path}, which only root may read"


def test_newest_kernel_is_taken_of_those_that_do_not_run_here(bare: Path) -> None:
    emulator(bare)
    kernel(bare, platform.release())
    kernel(bare, "5.10.0", age=100)
    kernel(bare, "6.1.0", age=10)
    assert find_parts().kernel.version == "6.1.0"


def test_kernel_that_runs_here_is_taken_where_there_is_no_other(bare: Path) -> None:
    emulator(bare)
    path = kernel(bare, platform.release())
    assert find_parts().kernel == parts.Kernel(path, platform.release())
