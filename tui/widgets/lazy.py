"""Rows that are made when they come into sight, however many there are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import overload

from tui.widgets.columns import Row


class LazyRows(Sequence[Row]):
    """A sequence of rows of which only those asked for exist."""

    @abstractmethod
    def row(self, index: int) -> Row:
        """The row at an index from 0 on."""

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return [self.row(at) for at in range(*index.indices(len(self)))]
        at = index if index >= 0 else index + len(self)
        if not 0 <= at < len(self):
            raise IndexError(index)
        return self.row(at)
