"""A machine's disk: all files of an image and the first process, as one archive that a kernel unpacks.

No driver is needed to read it, so any kernel does; the price is that the machine holds all of it in memory.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import LimitExceeded
from engine.lab.machine.cpio import CpioWriter
from engine.lab.machine.guest import HOME, Guest
from engine.layers.member import Kind, Member

LARGEST = 512 << 20  # bytes of a disk; twice that is a machine's memory
_CHUNK = 1 << 20
_KINDS = {
    tarfile.DIRTYPE: Kind.DIRECTORY, tarfile.REGTYPE: Kind.FILE, tarfile.SYMTYPE: Kind.SYMLINK,
    tarfile.LNKTYPE: Kind.HARDLINK, tarfile.FIFOTYPE: Kind.FIFO, tarfile.CHRTYPE: Kind.CHAR,
    tarfile.BLKTYPE: Kind.BLOCK,
}  # fmt: skip
_NEEDED = (b"dev", b"proc", b"sys")
# Its first process writes there before it has mounted anything. Documentation/admin-guide/devices.txt
_CONSOLE = (5, 1)


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk that is made. :param size: bytes. :param entries: files, directories and links in it."""

    path: Path
    size: int
    entries: int
    first: tuple[str, ...]


def make_disk(files: Path, guest: Guest, target: Path) -> Disk:
    """Make a disk; it can be read by everybody who reaches it.

    :param files: of an image, a tar archive as `lamina export` writes it.
    :raises LimitExceeded: there is more than a machine is given memory for.
    :raises OSError: something cannot be read or written.
    """
    if files.stat().st_size > LARGEST:
        raise LimitExceeded(f"the image's files take more than the {LARGEST} bytes that a machine may have")
    with tarfile.open(files, "r:", errors="surrogateescape") as archive, target.open("wb") as file:
        linked = {_bytes(info.linkname) for info in archive if info.islnk()}
        writer = CpioWriter(file.write, linked)
        seen = set()
        for info in archive:
            member = _member(info)
            seen.add(member.name)
            writer.add(member, _content(archive, info))
        for name in _NEEDED:
            if name not in seen:
                writer.add(Member(Kind.DIRECTORY, name, mode=0o755))
        _add_guest(writer, guest)
        writer.end()
    target.chmod(0o644)
    return Disk(target, writer.size, writer.entries, guest.first)


def _add_guest(writer: CpioWriter, guest: Guest) -> None:
    home = HOME.strip("/").encode()
    writer.add(Member(Kind.CHAR, b"dev/console", mode=0o600, device=os.makedev(*_CONSOLE)))
    writer.add(Member(Kind.DIRECTORY, home, mode=0o755))
    for name, path in sorted(guest.files.items()):
        data = path.read_bytes()
        writer.add(Member(Kind.FILE, home + b"/" + name.encode(), mode=0o755, size=len(data)), (data,))
    writer.add(Member(Kind.FILE, home + b"/init", mode=0o700, size=len(guest.script)), (guest.script,))


def _member(info: tarfile.TarInfo) -> Member:
    member = Member(
        _KINDS[info.type], _bytes(info.name), mode=stat.S_IMODE(info.mode), uid=info.uid, gid=info.gid,
        size=info.size, mtime=int(info.mtime) * 10**9, link=_bytes(info.linkname),
    )  # fmt: skip
    if info.isdev() and not info.isfifo():
        member.device = os.makedev(info.devmajor, info.devminor)
    return member


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    file = archive.extractfile(info) if info.isfile() else None
    while file is not None and (data := file.read(_CHUNK)):
        yield data


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
