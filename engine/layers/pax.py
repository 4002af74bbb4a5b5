"""PAX extended headers: records of "length keyword=value\\n".

Source: POSIX.1-2017 pax, "pax Extended Header"; xattr keywords as star and libarchive write them.
"""

from __future__ import annotations

from engine.errors import LimitExceeded, Malformed
from engine.layers.limits import Limits

_STAR_XATTR = b"SCHILY.xattr."
_LIBARCHIVE_XATTR = b"LIBARCHIVE.xattr."
# Keywords that repeat in GNU sparse format 0.0; their values are joined, in order.
SPARSE_OFFSET, SPARSE_LENGTH = b"GNU.sparse.offset", b"GNU.sparse.numbytes"
# What says where data lies must not come from a header that speaks for all members.
_GLOBAL = frozenset((b"uid", b"gid", b"mtime"))
_NEVER_GLOBAL = (b"path", b"linkpath", b"size")
_NAMES = frozenset((b"path", b"linkpath", b"GNU.sparse.name"))


def parse_records(data: bytes) -> dict[bytes, bytes]:
    """The records of an extended header by keyword; of a repeated keyword the last.

    :raises Malformed: a record breaks the format.
    """
    records: dict[bytes, bytes] = {}
    at, end = 0, len(data)
    while at < end:
        space = data.find(b" ", at, at + 20)
        length = data[at:space] if space > at else b""
        if not length.isdigit() or length.startswith(b"0"):
            # Some writers pad the header's data with NULs and count them.
            if data[at:].strip(b"\0"):
                raise Malformed("the archive has a PAX record without a length")
            break
        stop = at + int(length)
        if stop > end or stop - 1 <= space or data[stop - 1] != 0x0A:
            raise Malformed("the archive has a PAX record with a wrong length")
        keyword, equals, value = data[space + 1 : stop - 1].partition(b"=")
        if not equals or not keyword or b"\0" in keyword or (keyword in _NAMES and b"\0" in value):
            raise Malformed(f"the archive has a PAX record that makes no sense: {keyword[:40]!r}")
        if keyword in (SPARSE_OFFSET, SPARSE_LENGTH) and keyword in records:
            value = records[keyword] + b"," + value
        records[keyword] = value
        at = stop
    return records


def global_records(records: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Those records of a global header that speak for all members after it and that we know.

    :raises Malformed: they would move the data or the name of every member.
    """
    for keyword in records:
        if keyword in _NEVER_GLOBAL or keyword.startswith(b"GNU.sparse."):
            raise Malformed(f"the archive has a global PAX header with {keyword.decode('ascii', 'replace')}")
    return {keyword: value for keyword, value in records.items() if keyword in _GLOBAL}


def xattrs_of(records: dict[bytes, bytes], limits: Limits) -> dict[bytes, bytes] | None:
    """Extended attributes by name; star's record is taken where both forms are there.

    :raises LimitExceeded: a value, or their number, is too large.
    """
    found: dict[bytes, bytes] = {}
    for keyword, value in records.items():
        if keyword.startswith(_STAR_XATTR):
            found[keyword[len(_STAR_XATTR) :]] = value
    for keyword, value in records.items():
        if keyword.startswith(_LIBARCHIVE_XATTR):
            found.setdefault(_unquoted(keyword[len(_LIBARCHIVE_XATTR) :]), _decoded(value))
    if not found:
        return None
    if len(found) > limits.xattrs or max(map(len, found.values())) > limits.xattr:
        raise LimitExceeded("a member of the archive has more extended attributes than a file can have")
    if any(not 0 < len(name) <= 255 or b"\0" in name for name in found):
        raise Malformed("a member of the archive has an extended attribute without a usable name")
    return found


def _unquoted(name: bytes) -> bytes:
    from urllib.parse import unquote_to_bytes  # only archives of libarchive need it

    return unquote_to_bytes(name)


def _decoded(value: bytes) -> bytes:
    import binascii

    unpadded = value.rstrip(b"=")  # which libarchive leaves out
    try:
        return binascii.a2b_base64(unpadded + b"=" * (-len(unpadded) % 4), strict_mode=True)
    except binascii.Error as error:
        raise Malformed("the archive has an extended attribute that is not base64") from error
