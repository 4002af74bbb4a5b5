"""A layer that names files below what is a symbolic link in a lower layer: they go where the link leads.

Entries are put one by one here, in the order of the table, because what comes early may be on the way
of what comes late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import NotFound
from engine.layers.effect import Effect, bare_parents
from engine.layers.follow import walk
from engine.layers.inode import Flag
from engine.layers.keys import SEPARATOR, child_key
from engine.layers.member import Kind
from engine.layers.resolve import show

if TYPE_CHECKING:
    from engine.layers.merge import Merge

_DIRECTORY, _SYMLINK, _WHITEOUT = int(Kind.DIRECTORY), int(Kind.SYMLINK), int(Kind.WHITEOUT)
_IMPLICIT, _OPAQUE, _SKIPPED = int(Flag.IMPLICIT), int(Flag.OPAQUE), int(Flag.SKIPPED)


class LinkedLayer:
    """Puts one layer on top of a merge.

    :raises NotFound: from `apply`, when a link leads to a file or round in a circle.
    """

    def __init__(self, merge: Merge, layer: int) -> None:
        self._merge = merge
        self._entries = merge.entries
        self._winners = merge.winners
        self._table = merge.entries.tables[layer]
        self._offset = merge.entries.offsets[layer]
        self._places = list(self._table.keys)
        self._hidden_places: dict[int, bytes] = {}
        self._fresh: set[bytes] = set()
        self._effect = Effect(self._places)

    def apply(self) -> Effect:
        """Hide what the layer hides, then add what it has."""
        self._hide()
        self._add()
        self._drop_what_files_cover()
        return self._effect

    def sorted_keys(self) -> list[bytes]:
        """All places that the layer may have put something at."""
        return sorted({*self._places, *self._fresh})

    def _hide(self) -> None:
        places = {b"": b""}
        hidden: set[bytes] = set()
        if self._table.flags[0] & _OPAQUE:
            self._empty(b"", 0)
            hidden.add(b"")
        for number, key in enumerate(self._table.keys):
            above, _, name = key.rpartition(SEPARATOR)
            if not number or above not in places:
                continue
            place, kind, flags = (
                child_key(places[above], name),
                self._table.kinds[number],
                self._table.flags[number],
            )
            if kind == _WHITEOUT or flags & _SKIPPED:
                self._places[number] = place
                self._take(place)
            elif kind == _DIRECTORY:
                if flags & _IMPLICIT and self._is(place, _SYMLINK):
                    place, missing = self._lead(place)
                    if missing:
                        continue
                if self._is(place, _DIRECTORY):
                    if flags & _OPAQUE or above in hidden:
                        self._empty(place, number)
                        hidden.add(key)
                    places[key] = self._hidden_places[number] = place
            elif self._is(place, _DIRECTORY):
                self._take(place)

    def _empty(self, place: bytes, number: int) -> None:
        """Take away all but the directories that the layer has in a directory."""
        table = self._table
        kept = {
            table.keys[child].rpartition(SEPARATOR)[2]
            for child in table.child_numbers(number)
            if table.kinds[child] == _DIRECTORY
        }
        taken: dict[bytes, int] = {}
        self._merge.clear(place, taken)
        start = len(place) + 1 if place else 0
        for key, entry in taken.items():
            if key[start:].partition(SEPARATOR)[0] in kept:
                self._winners[key] = entry
            else:
                self._effect.removed[key] = entry

    def _take(self, place: bytes) -> None:
        gone = self._effect.removed
        entry = self._winners.pop(place, None)
        if entry is not None:
            gone[place] = entry
            if self._entries.kind(entry) == _DIRECTORY:
                self._merge.clear(place, gone)

    def _add(self) -> None:
        bare = bare_parents(self._table)
        for number, key in enumerate(self._table.keys):
            kind, flags = self._table.kinds[number], self._table.flags[number]
            if kind == _WHITEOUT or flags & _SKIPPED:
                continue
            if number in bare:
                self._leave(number)
                continue
            place, missing = key, list[bytes]()
            if number:
                above, _, name = key.rpartition(SEPARATOR)
                # A table has all parents, and they come first.
                place = child_key(self._places[self._table.number(above.replace(SEPARATOR, b"/")) or 0], name)
            implicit = kind == _DIRECTORY and flags & _IMPLICIT
            if implicit and self._is(place, _SYMLINK):
                place, missing = self._lead(place)
            for part in missing:
                place = child_key(place, part)
                self._fresh.add(place)
                self._winners[place] = self._offset + number
            self._places[number] = place
            if not (implicit and self._is(place, _DIRECTORY)):
                self._put(number, place)
            elif self._winners[place] < self._offset:
                self._effect.kept[number] = self._winners[place]

    def _leave(self, number: int) -> None:
        """A parent implied by whiteouts alone: what is there goes on being there."""
        place = self._hidden_places.get(number)
        if place is None or not self._is(place, _DIRECTORY):
            self._effect.unmade.add(number)
        else:
            self._places[number] = place
            self._effect.kept[number] = self._winners[place]

    def _put(self, number: int, place: bytes) -> None:
        before = self._winners.get(place, self._effect.removed.pop(place, None))
        if before is not None and before < self._offset:
            self._effect.below[number] = before
        self._winners[place] = self._offset + number

    def _drop_what_files_cover(self) -> None:
        """Take away what lies below files; two paths of one layer may meet where a link leads."""
        for key in sorted(self._winners):
            if key and not self._is(key.rpartition(SEPARATOR)[0], _DIRECTORY):
                del self._winners[key]

    def _lead(self, key: bytes) -> tuple[bytes, list[bytes]]:
        link = self._entries.link(self._winners[key])
        here, missing = walk(self._entries, self._winners.get, key.rpartition(SEPARATOR)[0], link)
        if not missing and not self._is(here, _DIRECTORY) and here:
            raise NotFound(f"files are put below {show(link)}, which is no directory")
        return here, missing

    def _is(self, key: bytes, kind: int) -> bool:
        entry = self._winners.get(key)
        return entry is not None and self._entries.kind(entry) == kind
