"""What the explorer shows of an image: its tree with the marks of one layer, as plain values.

All of it may take a moment for large images and belongs in a thread, but for what is said of single rows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from re import compile as compiled
from typing import TYPE_CHECKING

from engine.analysis.changes import Change
from engine.analysis.stacked import Stack
from engine.layers.keys import SEPARATOR, end_of, path_of
from tui.layered import Layered, Seen, parents, path_keys

if TYPE_CHECKING:
    from engine.analysis.content import Contents

__all__ = ["ALL_KINDS", "Folds", "Layered", "Opened", "Scene", "Seen", "Wish", "path_keys"]

ALL_KINDS = frozenset({"added", "changed", "removed", "unchanged"})
_FEW = 60  # changed paths up to which their directories stand open from the start
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Wish:
    """What of an image shall be shown.

    :param position: of the layer; 1 is the base.
    :param whole: all files up to that layer; else only what the layer has.
    :param kinds: of `ALL_KINDS`, those that are shown.
    :param pattern: a glob, or words that paths hold; "" for the tree.
    """

    position: int
    whole: bool = True
    kinds: frozenset[str] = ALL_KINDS
    by_size: bool = False
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Folds:
    """Which directories stand open: all but some, or none but some."""

    all_open: bool = False
    but: frozenset[bytes] = frozenset()

    def is_open(self, key: bytes) -> bool:
        """Whether a directory stands open."""
        return self.all_open != (key in self.but)

    def toggled(self, key: bytes) -> Folds:
        """The other way round for one directory."""
        return replace(self, but=self.but ^ {key})

    def opened(self, keys: Iterable[bytes]) -> Folds:
        """With these directories open."""
        return replace(self, but=self.but - set(keys) if self.all_open else self.but | set(keys))


class Scene:
    """The rows that a wish comes to.

    :ivar keys: all that may be shown, sorted.
    :ivar rows: numbers of those that are, in the order they stand on screen.
    :ivar flat: matches of a pattern, without their tree.
    """

    def __init__(self, layered: Layered, wish: Wish, folds: Folds) -> None:
        self.layered = layered
        self.wish = wish
        self.folds = folds
        self.flat = bool(wish.pattern)
        whole = layered.keys if wish.whole else layered.changes.keys
        self.keys = whole if wish.kinds == ALL_KINDS else _kept(layered, whole, wish.kinds)
        self.rows: list[int] = list(self._rows())

    def _rows(self) -> Iterator[int]:
        if self.flat:
            found = _matching(self.keys, self.wish.pattern)
            return iter(sorted(found, key=self._size, reverse=True) if self.wish.by_size else found)
        if self.folds.all_open and not self.folds.but and not self.wish.by_size:
            return iter(range(1, len(self.keys)))
        return self._unfolded(0)

    def toggle(self, index: int) -> None:
        """Open or close the directory in a row; rows of other kinds stay as they are."""
        number = self.rows[index]
        key = self.keys[number]
        if not self.layered.is_folder(key):
            return
        self.folds = self.folds.toggled(key)
        if self.folds.is_open(key):
            self.rows[index + 1 : index + 1] = self._unfolded(number)
            return
        stop, end = index + 1, end_of(self.keys, number)
        while stop < len(self.rows) and number < self.rows[stop] < end:
            stop += 1
        del self.rows[index + 1 : stop]

    def is_open(self, index: int) -> bool:
        """Whether the row is a directory that stands open."""
        return self.folds.is_open(self.keys[self.rows[index]]) and self.is_folder(index)

    def is_folder(self, index: int) -> bool:
        """Whether the row is a directory."""
        return self.layered.is_folder(self.keys[self.rows[index]])

    def parent(self, index: int) -> int:
        """The row of the directory that a row lies in; the row itself at the top."""
        above = self.keys[self.rows[index]].rpartition(SEPARATOR)[0]
        for at in range(index - 1, -1, -1):
            if self.keys[self.rows[at]] == above:
                return at
        return index

    def _unfolded(self, number: int) -> Iterator[int]:
        pending = [iter(self._children(number))]
        while pending:
            child = next(pending[-1], None)
            if child is None:
                pending.pop()
                continue
            yield child
            if self.folds.is_open(self.keys[child]) and self._has_below(child):
                pending.append(iter(self._children(child)))

    def _has_below(self, number: int) -> bool:
        return number + 1 < len(self.keys) and self.keys[number + 1].startswith(self.keys[number] + SEPARATOR)

    def _children(self, number: int) -> Sequence[int]:
        found = list(self._child_numbers(number))
        return sorted(found, key=self._size, reverse=True) if self.wish.by_size else found

    def _child_numbers(self, number: int) -> Iterator[int]:
        at, stop = number + 1, end_of(self.keys, number)
        while at < stop:
            yield at
            at = end_of(self.keys, at)

    def _size(self, number: int) -> int:
        return self.layered.size(self.keys[number], self.wish.whole)

    def seen(self, number: int) -> Seen:
        """What one row says."""
        return self.layered.seen(self.keys[number], self.wish.whole)

    def number_of(self, path: str) -> int | None:
        """The number of a path that may be shown."""
        key = next(path_keys(path))
        number = bisect_left(self.keys, key)
        return number if number < len(self.keys) and self.keys[number] == key else None


class Opened:
    """An image opened to look into; layers are worked out when asked for, and kept."""

    def __init__(self, name: str, contents: Contents) -> None:
        self.name = name
        self.contents = contents
        self._layers: dict[int, Layered] = {}

    @property
    def stack(self) -> Stack:
        """The tree of all layers."""
        return self.contents.stack

    @property
    def height(self) -> int:
        """How many layers there are."""
        return len(self.stack.effects)

    def layered(self, position: int) -> Layered:
        """The tree up to a layer."""
        if position not in self._layers:
            tables = self.stack.entries.tables
            whole = self.stack if position == len(tables) else Stack(tables[:position])
            self._layers[position] = Layered(whole, position)
        return self._layers[position]

    def scene(self, wish: Wish, folds: Folds) -> Scene:
        """What a wish comes to."""
        return Scene(self.layered(wish.position), wish, folds)

    def upto(self, position: int) -> Contents:
        """Contents as they are seen with the layers up to one."""
        if position == len(self.stack.effects):
            return self.contents
        return replace(self.contents, stack=self.layered(position).stack)

    def open_at_first(self, position: int) -> Folds:
        """The directories of a layer that changes little stand open."""
        changed = self.layered(position).marks
        if len(changed) > _FEW:
            return Folds()
        return Folds(but=frozenset(parent for key in changed for parent in parents(key)))


def _kept(layered: Layered, keys: Sequence[bytes], kinds: frozenset[str]) -> list[bytes]:
    """Paths with the wanted marks, and the directories they lie in."""
    wanted = {_KIND_OF[change] for change in Change if _KIND_OF[change] in kinds}
    marks = layered.marks
    found = [key for key in keys if _KIND_OF[marks.get(key, Change.UNCHANGED)] in wanted and key]
    kept = {b"", *found}
    for key in found:
        for parent in parents(key):
            if parent in kept:
                break
            kept.add(parent)
    return sorted(kept)


_KIND_OF = {
    Change.ADDED: "added",
    Change.CHANGED: "changed",
    Change.ATTRIBUTES: "changed",
    Change.REMOVED: "removed",
    Change.UNCHANGED: "unchanged",
}


def _matching(keys: Sequence[bytes], pattern: str) -> list[int]:
    """Rows whose name (or path, where the pattern has a slash) matches, or whose path holds the words."""
    if _GLOB.isdisjoint(pattern):
        words = [_bytes(word) for word in pattern.lower().split()]
        return [n for n, key in enumerate(keys) if key and _holds(key.lower(), words)]
    test = compiled(translate(pattern.strip().lstrip("/"))).match
    part: Callable[[bytes], bytes] = _same if "/" in pattern else _name
    return [n for n, key in enumerate(keys) if key and test(path_of(part(key)))]


def _bytes(word: str) -> bytes:
    return word.strip("/").encode("utf-8", "surrogateescape").replace(b"/", SEPARATOR)


def _holds(key: bytes, words: Sequence[bytes]) -> bool:
    return all(word in key for word in words)


def _same(key: bytes) -> bytes:
    return key


def _name(key: bytes) -> bytes:
    return key.rpartition(SEPARATOR)[2]
