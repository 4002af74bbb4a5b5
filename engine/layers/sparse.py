"""Files with holes: old GNU headers and GNU PAX formats 0.0, 0.1 and 1.0.

Source: the GNU tar manual, "Storing Sparse Files".
"""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import LimitExceeded, Malformed
from engine.layers.blocks import BLOCK
from engine.layers.header import Header, decimal, number, size_of
from engine.layers.limits import Limits
from engine.layers.member import Member
from engine.layers.pax import SPARSE_LENGTH, SPARSE_OFFSET

Fragments = list[tuple[int, int]]
_LONGEST_NUMBER = 20


def apply_sparse(
    member: Member, header: Header, records: dict[bytes, bytes], block: Callable[[], bytes], limits: Limits
) -> None:
    """Give the member its holes, its real name and its real size, where it is sparse in any format.

    :param block: takes the next block of the member's data; used by the formats that put the map there.
    :raises Malformed: the map makes no sense.
    """
    if header.kind == b"S":
        fragments, real = _old_gnu(header.raw, block, limits)
    elif b"GNU.sparse.major" in records:
        version = decimal(records, b"GNU.sparse.major", 0), decimal(records, b"GNU.sparse.minor", 0)
        if version != (1, 0):
            raise Malformed(f"the archive has a sparse file of unknown version {version[0]}.{version[1]}")
        fragments, taken = _map_in_data(block, limits)
        member.stored -= taken
        real = decimal(records, b"GNU.sparse.realsize", member.size)
    elif b"GNU.sparse.map" in records or SPARSE_OFFSET in records:
        fragments = _map_in_records(records, limits)
        real = decimal(records, b"GNU.sparse.size", member.size)
    else:
        return
    member.name = records.get(b"GNU.sparse.name") or member.name
    member.size = size_of(real)
    member.sparse = _checked(fragments, member.size, member.stored)


def _checked(fragments: Fragments, size: int, stored: int) -> Fragments:
    end = 0
    for offset, length in fragments:
        if offset < end or length < 0:
            raise Malformed("the archive has a sparse file whose fragments overlap")
        end = offset + length
    if end > size or sum(length for _, length in fragments) != stored:
        raise Malformed("the archive has a sparse file whose fragments do not fit its size")
    return fragments


def _old_gnu(raw: bytes, block: Callable[[], bytes], limits: Limits) -> tuple[Fragments, int]:
    fragments = _pairs(raw[386:482])
    more = raw[482]
    while more:
        extension = block()
        fragments += _pairs(extension[:504])
        more = extension[504]
        _bound(len(fragments), limits)
    return fragments, number(raw[483:495])


def _pairs(raw: bytes) -> Fragments:
    fragments = []
    for at in range(0, len(raw), 24):
        if not raw[at]:
            break
        fragments.append((number(raw[at : at + 12]), number(raw[at + 12 : at + 24])))
    return fragments


def _map_in_data(block: Callable[[], bytes], limits: Limits) -> tuple[Fragments, int]:
    """Version 1.0: decimal lines at the start of the data, padded to whole blocks."""
    pending, blocks = b"", 0

    def line() -> int:
        nonlocal pending, blocks
        while b"\n" not in pending:
            if len(pending) > _LONGEST_NUMBER:
                raise Malformed("the archive has a sparse map that makes no sense")
            pending += block()
            blocks += 1
        digits, _, pending = pending.partition(b"\n")
        return _number(digits)

    count = line()
    _bound(count, limits)
    fragments = [(line(), line()) for _ in range(count)]
    return fragments, blocks * BLOCK


def _map_in_records(records: dict[bytes, bytes], limits: Limits) -> Fragments:
    """Versions 0.1 (one list of both) and 0.0 (two lists)."""
    if b"GNU.sparse.map" in records:
        numbers = _numbers(records[b"GNU.sparse.map"])
        offsets, lengths = numbers[::2], numbers[1::2]
    else:
        offsets = _numbers(records.get(SPARSE_OFFSET, b""))
        lengths = _numbers(records.get(SPARSE_LENGTH, b""))
    if len(offsets) != len(lengths):
        raise Malformed("the archive has a sparse map that makes no sense")
    _bound(len(offsets), limits)
    return list(zip(offsets, lengths, strict=True))


def _numbers(value: bytes) -> list[int]:
    return [_number(digits) for digits in value.split(b",")] if value else []


def _number(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > _LONGEST_NUMBER - 1:
        raise Malformed("the archive has a sparse map that makes no sense")
    return int(digits)


def _bound(fragments: int, limits: Limits) -> None:
    if fragments > limits.sparse:
        raise LimitExceeded(f"the archive has a file with more than {limits.sparse} holes")
