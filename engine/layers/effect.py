"""What one layer does to the stack below it, and what its table says of that by columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, count

from engine.layers.inode import Flag
from engine.layers.keys import SEPARATOR
from engine.layers.member import Kind
from engine.layers.table import FileTable

_WHITEOUT = int(Kind.WHITEOUT)
_IMPLICIT, _SKIPPED = int(Flag.IMPLICIT), int(Flag.SKIPPED)
# Translates columns of bytes to 1 where something is so: far faster than asking each byte.
_IS_IMPLICIT = bytes(1 if flags & _IMPLICIT else 0 for flags in range(256))
_IS_SKIPPED = bytes(1 if flags & _SKIPPED else 0 for flags in range(256))
_IS_WHITEOUT = bytes(kind == _WHITEOUT for kind in range(256))
_IS_MADE = bytes(kind != _WHITEOUT for kind in range(256))


@dataclass(frozen=True, slots=True)
class Effect:
    """What one layer did to the stack below it.

    :param keys: the place of each entry of its table; the table's own keys, unless a parent that its
        archive leaves out is a symbolic link below.
    :param below: by number in its table, the entry whose place it took (a directory: that it describes anew).
    :param kept: by number, the directory below that goes on describing a parent the archive leaves out.
    :param removed: entries below that are gone without a successor, by key.
    :param unmade: numbers of parents that are implied by whiteouts alone, where no directory is below.
    """

    keys: Sequence[bytes]
    below: dict[int, int] = field(default_factory=dict)
    kept: dict[int, int] = field(default_factory=dict)
    removed: dict[bytes, int] = field(default_factory=dict)
    unmade: set[int] = field(default_factory=set)


def implicit_parents(table: FileTable) -> Iterator[int]:
    """Numbers of the directories that the archive leaves out."""
    return compress(count(), bytes(table.flags).translate(_IS_IMPLICIT))


def bare_parents(table: FileTable) -> set[int]:
    """Numbers of the implicit parents that hold nothing but whiteouts and parents like themselves."""
    implicit = bytes(table.flags).translate(_IS_IMPLICIT)
    # 1 for what a layer really puts somewhere.
    made = bytes(map(int.__gt__, bytes(table.kinds).translate(_IS_MADE), implicit))
    found = set()
    for number in compress(count(), implicit):
        first = made.find(1, number + 1)
        if number and (first < 0 or not table.keys[first].startswith(table.keys[number] + SEPARATOR)):
            found.add(number)
    return found


def absent(table: FileTable) -> Iterator[int]:
    """Numbers of what is in the table and not in the directory: whiteouts, and what this host refuses."""
    whiteouts = bytes(table.kinds).translate(_IS_WHITEOUT)
    skipped = bytes(table.flags).translate(_IS_SKIPPED)
    return compress(count(), map(int.__or__, whiteouts, skipped))
