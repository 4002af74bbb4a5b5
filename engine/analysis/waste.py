"""Waste: bytes that are kept and travel though no container sees them.

A copy that an upper layer replaced or removed is wasted once, whatever hid it; a file with several names
only when all of them are hidden. A layer that stands twice in a stack is kept once, so its lower
occurrence wastes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from engine.analysis.changes import Change, difference
from engine.analysis.stacked import Stack
from engine.layers.keys import SEPARATOR, path_of


class Cause(StrEnum):
    """Why a copy is hidden."""

    REMOVED = "removed"  # a later layer removed the path
    REPLACED = "replaced"  # a later layer has other content there
    ATTRIBUTES = "attributes"  # a later layer has the same content, copied for its mode, owner or time


@dataclass(frozen=True, slots=True)
class WastedPath:
    """A path with hidden copies; a directory that was removed as a whole stands for all below it.

    :param path: without a leading slash.
    :param cause: what hid the topmost of the copies.
    :param size: bytes of the hidden copies.
    :param files: how many copies.
    :param kept_by: positions of the layers that hold them; 1 is the base.
    :param hidden_by: positions of the layers that hid them.
    """

    path: str
    cause: Cause
    size: int
    files: int
    kept_by: tuple[int, ...]
    hidden_by: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LayerWaste:
    """What one layer hid of those below: files and bytes, by cause."""

    position: int
    removed_files: int
    removed: int
    replaced_files: int
    replaced: int
    attributes_files: int
    attributes: int


@dataclass(frozen=True, slots=True)
class Waste:
    """How much of an image nobody sees. All sizes are bytes, unpacked.

    :param total: content of all layers.
    :param wasted: of it what is hidden.
    :param layers: layers that hid something, base first.
    :param paths: the worst first.
    """

    total: int
    wasted: int
    files: int
    layers: tuple[LayerWaste, ...]
    paths: tuple[WastedPath, ...]

    @property
    def efficiency(self) -> float:
        """The part that is seen, from 0 to 1; an image without content wastes nothing."""
        return 1.0 if not self.total else 1 - self.wasted / self.total


@dataclass(slots=True)
class _Sum:
    """Hidden copies of one path or directory while they are added up."""

    cause: Cause
    latest: int
    size: int = 0
    files: int = 0


def waste(stack: Stack) -> Waste:
    """What the layers of a stack waste."""
    sums: dict[bytes, _Sum] = {}
    kept_by: dict[bytes, set[int]] = defaultdict(set)
    hidden_by: dict[bytes, set[int]] = defaultdict(set)
    layers: dict[int, dict[Cause, tuple[int, int]]] = defaultdict(dict)
    entries = stack.entries
    for hider, place, entry, successor in _hidden_copies(stack):
        cause = _cause(stack, entry, successor)
        size = entries.content(entry)
        found = sums.setdefault(place, _Sum(cause, hider))
        if hider >= found.latest:
            found.cause, found.latest = cause, hider
        found.size += size
        found.files += 1
        kept_by[place].add(entries.layer(entry) + 1)
        hidden_by[place].add(hider + 1)
        files, size_before = layers[hider].get(cause, (0, 0))
        layers[hider][cause] = (files + 1, size_before + size)
    paths = [
        WastedPath(
            path_of(key), found.cause, found.size, found.files, tuple(sorted(kept_by[key])),
            tuple(sorted(hidden_by[key])),
        )
        for key, found in sums.items()
    ]  # fmt: skip
    paths.sort(key=lambda one: (-one.size, one.path))
    return Waste(
        total=_total(stack),
        wasted=sum(found.size for found in sums.values()),
        files=sum(found.files for found in sums.values()),
        layers=tuple(_layer(position + 1, found) for position, found in sorted(layers.items())),
        paths=tuple(paths),
    )


def _layer(position: int, found: dict[Cause, tuple[int, int]]) -> LayerWaste:
    none = (0, 0)
    return LayerWaste(
        position,
        *found.get(Cause.REMOVED, none),
        *found.get(Cause.REPLACED, none),
        *found.get(Cause.ATTRIBUTES, none),
    )


def _hidden_copies(stack: Stack) -> list[tuple[int, bytes, int, int | None]]:
    """For each wasted copy: the layer that hid it, the path to name, the copy, and what took its place.

    A removed file is named by the topmost directory that went with it.
    """
    wasted = stack.wasted
    found: list[tuple[int, bytes, int, int | None]] = []
    for layer, effect in enumerate(stack.effects):
        offset = stack.entries.offsets[layer]
        found += [
            (layer, effect.keys[number], entry, offset + number)
            for number, entry in effect.below.items()
            if entry in wasted
        ]
        tops: dict[bytes, bytes] = {}
        for key in sorted(effect.removed):
            above = key.rpartition(SEPARATOR)[0]
            tops[key] = tops.get(above, key)
            entry = effect.removed[key]
            if entry in wasted:
                found.append((layer, tops[key], entry, None))
    return found


def _cause(stack: Stack, entry: int, successor: int | None) -> Cause:
    if successor is None:
        return Cause.REMOVED
    changed = difference(stack.entries, entry, stack.entries, successor) is Change.CHANGED
    return Cause.REPLACED if changed else Cause.ATTRIBUTES


def _total(stack: Stack) -> int:
    tables = {id(table): table for table in stack.entries.tables}
    return sum(table.totals.unpacked for table in tables.values())
