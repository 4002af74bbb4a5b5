"""An image's program is started in a real virtual machine, and nothing of that is left."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import socket
import tarfile
from pathlib import Path

import pytest

from engine.errors import Unavailable
from engine.lab.machine import running
from engine.lab.machine.disk import make_disk
from engine.lab.machine.emulator import Accelerator
from engine.lab.machine.guest import Program, guest_of
from engine.lab.machine.line import SerialLine, Silence
from engine.lab.machine.parts import Parts
from engine.lab.machine.running import Machine, booted
from engine.runtime.processes import status_of

pytestmark = pytest.mark.system

_SAY = """
echo "$(id -u) $(id -g) $(pwd) $GREETING $(hostname) $(cat /other)"
exec sleep 1000
"""


def small_image(path: Path) -> None:
    """Files of an image: one program, and a file of two names; neither /dev nor /proc."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox-static is not installed")
    with tarfile.open(path, "w") as archive:
        for name in ("box", "work dir"):
            directory = tarfile.TarInfo(name)
            directory.type, directory.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(directory)
        archive.add(os.path.realpath(busybox), "box/busybox")
        for name in ("id", "pwd", "hostname", "cat", "sleep"):
            link = tarfile.TarInfo(f"box/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        file = tarfile.TarInfo("linked")
        file.size = 4
        archive.addfile(file, io.BytesIO(b"once"))
        other = tarfile.TarInfo("other")
        other.type, other.linkname = tarfile.LNKTYPE, "linked"
        archive.addfile(other)


async def test_program_of_an_image_is_started_as_its_container_would_be(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "TRIAL", 0.2)  # no kernel is that quick: the next way is then taken
    small_image(tmp_path / "files.tar")
    program = Program(
        ("busybox", "sh", "-c", _SAY), ("PATH=/box", "GREETING=it's \"me\"", "A B=no name"), "/work dir",
        33, 34, (34, 35), "lab-name",
    )  # fmt: skip
    disk = make_disk(tmp_path / "files.tar", guest_of(program), tmp_path / "disk")
    tmp_path.chmod(0o700)  # as a store's directory is: nobody else reaches what lies in it
    machine, started = await booted(parts, disk)
    try:
        assert started.line == '33 34 /work dir it\'s "me" lab-name once'
        assert started.accelerator is Accelerator.TCG
        assert started.refused.startswith("hardware virtualization (KVM): ")
        report = await machine.report()
        assert report.kernel == parts.kernel.version
        assert {"init", "sleep"} <= {each.name for each in report.processes if not each.of_kernel}
        assert sum(each.of_kernel for each in report.processes) > 5
        status = status_of(machine.pid)
        if os.geteuid() == 0:
            assert status["Uid"].split() == ["65534"] * 4
        assert (status["CapEff"], status["NoNewPrivs"], status["Seccomp"]) == ("0" * 16, "1", "2")
    finally:
        await machine.end()
    assert not os.path.exists(f"/proc/{machine.pid}")


async def test_what_is_no_kernel_is_told_with_what_the_emulator_says(parts: Parts, tmp_path: Path) -> None:
    small_image(tmp_path / "files.tar")
    program = Program(("busybox",), (), "/", 0, 0, (0,), "lab-name")
    disk = make_disk(tmp_path / "files.tar", guest_of(program), tmp_path / "disk")
    (tmp_path / "none").write_bytes(b"no kernel" * 1000)
    broken = Parts(parts.emulator, parts.kernel.__class__(tmp_path / "none", "0"))
    with pytest.raises(Unavailable, match=r"does not start: software emulation \(TCG\): .*"):
        await booted(broken, disk, [Accelerator.TCG])


async def test_program_that_ends_without_a_word_is_told_with_its_code() -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    process = await asyncio.create_subprocess_exec("sleep", "100")
    lines = [await SerialLine.of(ours) for ours, _ in pairs]
    machine = Machine(process, *lines)
    try:
        pairs[1][1].sendall(b"\r\n[    1.0] a warning\r\n= alive\r\n= ended 3\r\n")
        await machine.alive(10)
        with pytest.raises(Silence, match="said nothing and ended with code 3"):
            await machine.first_line(10)
    finally:
        await machine.end()
        for _, theirs in pairs:
            theirs.close()
    assert process.returncode == -9


async def test_line_without_an_end_is_bounded() -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    line = await SerialLine.of(ours)
    try:
        sending = asyncio.create_task(asyncio.get_running_loop().sock_sendall(theirs, b"x" * (1 << 20)))
        with pytest.raises(Silence):
            await line.next()
        sending.cancel()
    finally:
        await line.close()
        theirs.close()
