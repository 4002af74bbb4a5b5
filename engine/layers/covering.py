"""What overlayfs shows of layers that were unpacked alone, from their file tables."""

from __future__ import annotations

from collections.abc import Iterable

from engine.layers.entries import Entries
from engine.layers.inode import Flag
from engine.layers.keys import range_below
from engine.layers.member import Kind

_DIRECTORY, _WHITEOUT, _HARDLINK = int(Kind.DIRECTORY), int(Kind.WHITEOUT), int(Kind.HARDLINK)
_OPAQUE, _SKIPPED = int(Flag.OPAQUE), int(Flag.SKIPPED)


def shown_by_overlay(entries: Entries, layers: Iterable[int]) -> dict[bytes, int]:
    """The entry that is seen at each key.

    :param layers: numbers of those that overlayfs gets, base first.
    """
    seen: dict[bytes, int] = {}
    below: list[int] = []
    for layer in layers:
        _cover(entries, layer, below, seen)
        below.append(layer)
    return seen


def _cover(entries: Entries, layer: int, below: list[int], seen: dict[bytes, int]) -> None:
    table, offset = entries.tables[layer], entries.offsets[layer]
    for number, key in enumerate(table.keys):
        kind, flags = table.kinds[number], table.flags[number]
        if kind == _HARDLINK or flags & _SKIPPED:
            continue  # the table alone knows it
        before = seen.pop(key, None)
        # What lay in a directory goes with it, unless this is the same directory going on.
        if (
            before is not None
            and entries.kinds[before] == _DIRECTORY
            and (kind != _DIRECTORY or flags & _OPAQUE)
        ):
            for lower in below:
                keys = entries.tables[lower].keys
                for each in keys[slice(*range_below(keys, key))]:
                    seen.pop(each, None)
        if kind != _WHITEOUT:
            seen[key] = offset + number
