"""Paths in tree order with bytes to each: children and sums of any directory, without a node object."""

from __future__ import annotations

import fnmatch
import os
import re
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate

from engine.layers.keys import SEPARATOR, end_of, key_of, path_of


class Tree(ABC):
    """Sorted keys; row 0 is the root, and a directory's rows are one range.

    :ivar keys: paths without leading slash, NUL for the slash; sorted and distinct, the first is empty.
    """

    def __init__(self, keys: list[bytes]) -> None:
        self.keys = keys

    @property
    @abstractmethod
    def weights(self) -> Sequence[int]:
        """Bytes of each row by itself; what `size` sums up."""

    def __len__(self) -> int:
        return len(self.keys)

    def row_of(self, path: str | bytes) -> int | None:
        """The row of a path (with or without a leading slash); None where there is none."""
        return self.row_of_key(key_of(path))

    def row_of_key(self, key: bytes) -> int | None:
        """The row of a key."""
        row = bisect_left(self.keys, key)
        return row if row < len(self.keys) and self.keys[row] == key else None

    def end(self, row: int) -> int:
        """The row after the last one below: `range(row, end)` is the whole subtree."""
        return end_of(self.keys, row)

    def child_rows(self, row: int) -> Iterator[int]:
        """Rows of what a directory holds, in order."""
        at, stop = row + 1, self.end(row)
        while at < stop:
            yield at
            at = self.end(at)

    def walk(self, row: int, depth: int | None = None, *, by_size: bool = False) -> Iterator[int]:
        """A row and all below it, each directory before what it holds.

        :param depth: levels below the row; None for all.
        :param by_size: the largest of a directory's children first, sizes with all below them.
        """
        pending = [(row, 0)]
        while pending:
            at, level = pending.pop()
            yield at
            if depth is None or level < depth:
                children = list(self.child_rows(at))
                if by_size:
                    children.sort(key=self.size, reverse=True)
                pending += [(child, level + 1) for child in reversed(children)]

    def matching(self, row: int, pattern: str) -> list[int]:
        """Rows at or below a row that a shell pattern matches, in order.

        :param pattern: with a slash it stands for whole paths, else for names.
        """
        test = re.compile(fnmatch.translate(pattern.lstrip("/"))).match
        rows = range(row, self.end(row))
        if "/" in pattern:
            return [at for at in rows if test(self.path(at))]
        return [at for at in rows if test(os.fsdecode(self.keys[at].rpartition(SEPARATOR)[2]))]

    def size(self, row: int) -> int:
        """Bytes of a row and all below it."""
        return self._sums[self.end(row)] - self._sums[row]

    def path(self, row: int) -> str:
        """The path of a row, without a leading slash; empty for the root."""
        return path_of(self.keys[row])

    @cached_property
    def _sums(self) -> list[int]:
        return list(accumulate(self.weights, initial=0))
