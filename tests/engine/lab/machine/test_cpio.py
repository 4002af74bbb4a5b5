"""An archive for a kernel's first file system is what cpio(1) unpacks."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from engine.errors import LimitExceeded
from engine.lab.machine.cpio import CpioWriter
from engine.layers.member import Kind, Member

_DATA = b"five!"


def archive() -> bytes:
    data = bytearray()
    writer = CpioWriter(data.extend, linked=[b"dir/file"])
    writer.add(Member(Kind.DIRECTORY, b"dir", mode=0o750))
    writer.add(Member(Kind.FILE, b"dir/file", mode=0o640, size=len(_DATA), mtime=10**18), (b"fi", b"ve!"))
    writer.add(Member(Kind.SYMLINK, b"link", mode=0o777, link=b"dir/file"))
    writer.add(Member(Kind.HARDLINK, b"other", mode=0o640, link=b"dir/file"))
    writer.add(Member(Kind.FIFO, b"fifo", mode=0o600))
    writer.add(
        Member(Kind.FILE, "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve".encode() + b"\xff", mode=0o600)
    )
    writer.end()
    assert (writer.size, writer.entries) == (len(data), 6)
    return bytes(data)


@pytest.mark.system
def test_archive_is_unpacked_by_cpio(tmp_path: Path) -> None:
    program = shutil.which("cpio")
    if program is None:
        pytest.skip("cpio is not installed: apt-get install cpio")
    subprocess.run([program, "-i", "-d", "-m", "--quiet"], input=archive(), cwd=tmp_path, check=True)
    file = tmp_path / "dir" / "file"
    assert file.read_bytes() == (tmp_path / "other").read_bytes() == _DATA
    assert file.samefile(tmp_path / "other")
    assert os.readlink(tmp_path / "link") == "dir/file"
    assert stat.S_ISFIFO((tmp_path / "fifo").stat().st_mode)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert int(file.stat().st_mtime) == 10**9
    assert os.path.exists(os.fsencode(tmp_path) + b"/na\xc3\xafve\xff")


def test_every_part_begins_at_a_multiple_of_four() -> None:
    data = archive()
    at = -1
    while (at := data.find(b"070701", at + 1)) >= 0:
        assert at % 4 == 0
    assert len(data) % 4 == 0


def test_file_that_is_too_large_for_the_format_is_refused() -> None:
    writer = CpioWriter(bytearray().extend)
    with pytest.raises(LimitExceeded):
        writer.add(Member(Kind.FILE, b"large", size=1 << 32))
