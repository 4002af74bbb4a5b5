"""Archives for the tests: headers written field by field, so that every lie can be told."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable

Entry = tuple[tarfile.TarInfo, bytes]
TIME = 1_600_000_000


def header(
    name: bytes,
    *,
    kind: bytes = b"0",
    size: int | bytes = 0,
    mode: int | bytes = 0o644,
    uid: int | bytes = 0,
    gid: int | bytes = 0,
    mtime: int | bytes = TIME,
    link: bytes = b"",
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
    device: tuple[int, int] = (0, 0),
) -> bytes:
    """One block with a right checksum. A number may be given as the raw bytes of its field."""
    raw = bytearray(512)

    def put(at: int, width: int, value: int | bytes) -> None:
        field = value if isinstance(value, bytes) else b"%0*o\0" % (width - 1, value)
        raw[at : at + width] = field.ljust(width, b"\0")[:width]

    put(0, 100, name)
    put(100, 8, mode)
    put(108, 8, uid)
    put(116, 8, gid)
    put(124, 12, size)
    put(136, 12, mtime)
    put(156, 1, kind)
    put(157, 100, link)
    put(257, 8, magic)
    put(329, 8, device[0])
    put(337, 8, device[1])
    put(345, 155, prefix)
    return with_checksum(raw)


def with_checksum(raw: bytearray) -> bytes:
    """The block with its checksum made right."""
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


def padded(data: bytes) -> bytes:
    """Data filled up to whole blocks."""
    return data + bytes(-len(data) % 512)


def file(name: bytes, data: bytes = b"", **fields: object) -> bytes:
    """A member that is a regular file."""
    return header(name, size=len(data), **fields) + padded(data)  # type: ignore[arg-type]  # fields of header


def extended(kind: bytes, data: bytes) -> bytes:
    """A PAX ("x", "g") or GNU ("L", "K") header before the member that it speaks of."""
    return header(b"extended", kind=kind, size=len(data)) + padded(data)


def records(**values: bytes) -> bytes:
    """PAX records; write a dot in a keyword as two underscores."""
    return b"".join(record(name.replace("__", ".").encode(), value) for name, value in values.items())


def record(keyword: bytes, value: bytes) -> bytes:
    """One PAX record, its length counting itself."""
    rest = b" " + keyword + b"=" + value + b"\n"
    length = len(rest) + 1
    while length != len(str(length)) + len(rest):
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def archive(*members: bytes) -> bytes:
    """Members and the two blocks that end an archive."""
    return b"".join(members) + bytes(1024)


def directory(name: str, mode: int = 0o755, **fields: object) -> Entry:
    """A directory for `tar`."""
    return _info(name, tarfile.DIRTYPE, mode=mode, **fields), b""


def regular(name: str, data: bytes = b"", mode: int = 0o644, **fields: object) -> Entry:
    """A file for `tar`."""
    return _info(name, tarfile.REGTYPE, mode=mode, size=len(data), **fields), data


def symlink(name: str, target: str, **fields: object) -> Entry:
    """A symbolic link for `tar`."""
    return _info(name, tarfile.SYMTYPE, linkname=target, mode=0o777, **fields), b""


def hardlink(name: str, target: str) -> Entry:
    """A hard link for `tar`."""
    return _info(name, tarfile.LNKTYPE, linkname=target), b""


def fifo(name: str) -> Entry:
    """A fifo for `tar`."""
    return _info(name, tarfile.FIFOTYPE, mode=0o600), b""


def device(name: str, major: int, minor: int, kind: bytes = tarfile.CHRTYPE) -> Entry:
    """A device node for `tar`."""
    return _info(name, kind, devmajor=major, devminor=minor, mode=0o620), b""


def whiteout(path: str) -> Entry:
    """The mark that hides a path of the layers below."""
    above, slash, name = path.rpartition("/")
    return regular(f"{above}{slash}.wh.{name}")


def opaque(path: str) -> Entry:
    """The mark that hides all that the layers below have in a directory."""
    return regular(f"{path}/.wh..wh..opq" if path else ".wh..wh..opq")


def tar(entries: Iterable[Entry], format: int = tarfile.PAX_FORMAT) -> bytes:
    """An archive by Python's tarfile."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as made:
        for info, data in entries:
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _info(name: str, kind: bytes, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.mtime = TIME
    for field, value in fields.items():
        setattr(info, field, value)
    return info
