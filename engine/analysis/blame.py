"""Blame: for one path every layer that touched it, which one wins, and what the hidden copies cost."""

from __future__ import annotations

from dataclasses import dataclass

from engine.analysis.changes import Change, difference
from engine.analysis.stacked import Stack
from engine.errors import NotFound
from engine.layers.inode import Flag
from engine.layers.keys import SEPARATOR, end_of, key_of
from engine.layers.member import Kind
from engine.layers.resolve import show
from engine.layers.table import FileEntry

_WHITEOUT = int(Kind.WHITEOUT)
_SKIPPED = int(Flag.SKIPPED)


@dataclass(frozen=True, slots=True)
class Touch:
    """What one layer did to a path.

    :param position: of the layer; 1 is the base.
    :param wins: whether this copy is what a container sees.
    :param size: bytes of content that the layer has here; of a directory all below.
    :param hidden: of these the bytes that no container sees, though they are kept and travel.
    :param entry: as the layer describes it; None where it only removed the path.
    """

    position: int
    change: Change
    wins: bool
    size: int
    hidden: int
    entry: FileEntry | None


@dataclass(frozen=True, slots=True)
class Blame:
    """One path's story, the base first.

    :param path: without a leading slash; links in its directory are followed, the last name is not.
    :param exists: whether a container sees it.
    :param hidden: bytes of all copies that no container sees.
    """

    path: str
    exists: bool
    touches: tuple[Touch, ...]
    hidden: int


def blame(stack: Stack, path: str | bytes) -> Blame:
    """Every layer that touched a path.

    :raises NotFound: no layer ever had it.
    """
    key = key_of(path)
    touches = _touches(stack, key)
    if not touches:
        key = stack.link_key(path)
        touches = _touches(stack, key)
    if not touches:
        shown = show(path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path)
        raise NotFound(f"no layer of the image has {shown}", hint="lamina tree IMAGE shows what there is")
    return Blame(
        path=key.replace(SEPARATOR, b"/").decode("utf-8", "surrogateescape"),
        exists=stack.row_of_key(key) is not None,
        touches=tuple(touches),
        hidden=sum(touch.hidden for touch in touches),
    )


def _touches(stack: Stack, key: bytes) -> list[Touch]:
    entries = stack.entries
    seen = stack.look(key)
    found: list[Touch] = []
    before: int | None = None
    for layer, effect in enumerate(stack.effects):
        number = _number(stack, layer, key)
        if number is None:
            if key in effect.removed:
                found.append(Touch(layer + 1, Change.REMOVED, False, 0, 0, None))
                before = None
            continue
        entry = entries.offsets[layer] + number
        kept = number in effect.kept
        if before is None:
            change = Change.ADDED
        else:
            change = Change.UNCHANGED if kept else difference(entries, before, entries, entry)
        size, hidden = _bytes(stack, layer, number)
        described = entries.tables[layer].entry(number)
        found.append(Touch(layer + 1, change, entry == seen, size, hidden, described))
        if not kept:
            before = entry
    return found


def _number(stack: Stack, layer: int, key: bytes) -> int | None:
    """The number that a layer has at a place, if it puts something there."""
    table, keys = stack.entries.tables[layer], stack.effects[layer].keys
    if keys is table.keys:
        number = table.number(key.replace(SEPARATOR, b"/"))
    else:
        number = next((at for at, place in enumerate(keys) if place == key), None)
    if number is None or number in stack.effects[layer].unmade:
        return None
    return None if table.kinds[number] == _WHITEOUT or table.flags[number] & _SKIPPED else number


def _bytes(stack: Stack, layer: int, number: int) -> tuple[int, int]:
    """Bytes that a layer has at an entry and below, and how many of them are hidden."""
    entries, table = stack.entries, stack.entries.tables[layer]
    stop = end_of(table.keys, number) if table.kinds[number] == Kind.DIRECTORY else number + 1
    offset = entries.offsets[layer]
    numbers = range(offset + number, offset + stop)
    lost = [entry for entry in numbers if entry in stack.wasted]
    return sum(entries.bytes_of(numbers)), sum(map(entries.content, lost))
