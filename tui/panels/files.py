"""The files of a layer as a tree that folds; only open folders are walked, only visible rows are made."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tui.panels.tabs import Page
from tui.text import count, safe, size
from tui.widgets.columns import Column, Row, Spans, cell
from tui.widgets.lazy import LazyRows

if TYPE_CHECKING:
    from engine.layers.member import Kind
    from engine.layers.table import FileTable

_COLUMNS = (
    Column(1),
    Column(16, most=4096, grow=1, gap=1),
    Column(7, right=True),
    Column(10, drop=1),
    Column(9, most=11, grow=1, right=True, drop=2),
)
_ALL_OPEN = 60  # entries up to which a layer is shown unfolded


class Tree:
    """Which folders of which layer are open."""

    def __init__(self) -> None:
        self._open: dict[str, set[bytes]] = {}
        self._layer = ""
        self._table: FileTable | None = None

    def toggle(self, key: str) -> bool:
        """Fold or unfold a directory; False where the row is none."""
        table, number = self._table, int(key)
        if table is None or not _is_folder(table, number):
            return False
        self._open[self._layer] ^= {table.keys[number]}
        return True

    def page(self, table: FileTable, layer: str, words: str) -> Page:
        """The rows of a layer's tree, or those whose path holds the words of a filter."""
        self._table, self._layer = table, layer
        if layer not in self._open:
            self._open[layer] = _open_at_first(table)
        wanted = words.lower().split()
        numbers = _matching(table, wanted) if wanted else list(self._visible(table, 0))
        totals = table.totals
        hides = f", {count(totals.whiteouts, 'whiteout')}" if totals.whiteouts else ""
        state = ((f"{count(totals.files, 'file')}{hides}", "muted"),)
        rows = FileRows(table, numbers, self._open[layer], flat=bool(wanted))
        return Page(_COLUMNS, rows, ("", "No files: it changes only how the image runs."), state)

    def _visible(self, table: FileTable, folder: int) -> Iterator[int]:
        opened = self._open[self._layer]
        stack = [table.child_numbers(folder)]
        while stack:
            number = next(stack[-1], None)
            if number is None:
                stack.pop()
                continue
            yield number
            if table.keys[number] in opened:
                stack.append(table.child_numbers(number))


class FileRows(LazyRows):
    """Entries of a table as rows."""

    def __init__(self, table: FileTable, numbers: Sequence[int], opened: set[bytes], *, flat: bool) -> None:
        self._table = table
        self._numbers = numbers
        self._opened = opened
        self._flat = flat

    def __len__(self) -> int:
        return len(self._numbers)

    def row(self, index: int) -> Row:
        """The row of one entry."""
        from engine.layers.member import Kind

        table = self._table
        number = self._numbers[index]
        kind = Kind(table.kinds[number])
        if kind is Kind.WHITEOUT:
            name = self._name(number, folder=False)
            return Row(str(number), (cell("−", "bad"), name, cell("removed", "bad"), cell(""), cell("")))
        folder = kind is Kind.DIRECTORY
        weight = sum(table.sizes[number : table.end(number)]) if folder else table.sizes[number]
        shown = size(weight) if kind in (Kind.DIRECTORY, Kind.FILE) else ""
        cells = (
            cell("!" if table.modes[number] & 0o6000 and not folder else "", "warn"),
            self._name(number, folder),
            cell(shown, "muted" if folder else "text"),
            cell(_mode(kind, table.modes[number]), "muted"),
            cell(f"{table.uids[number]}:{table.gids[number]}", "muted"),
        )
        return Row(str(number), cells)

    def _name(self, number: int, folder: bool) -> Spans:
        key = self._table.keys[number]
        path = self._table.path(number)
        if self._flat:
            above, slash, name = path.rpartition("/")
            return ((safe(above + slash), "muted"), (safe(name), "accent" if folder else "text"))
        fold = ("▾ " if key in self._opened else "▸ ") if folder else "  "
        indent = "  " * key.count(b"\0")
        name = safe(path.rpartition("/")[2])
        if folder:
            return ((indent + fold, "muted"), (name, "accent"))
        link = self._table.links.get(number)
        target = safe(link.decode("utf-8", "surrogateescape")) if link else ""
        return ((indent + fold, "muted"), (name, "text"), (f" → {target}" if target else "", "muted"))


def _is_folder(table: FileTable, number: int) -> bool:
    from engine.layers.member import Kind

    return 0 <= number < len(table) and table.kinds[number] == Kind.DIRECTORY


def _open_at_first(table: FileTable) -> set[bytes]:
    """All folders of a small layer, none of a large one."""
    from engine.layers.member import Kind

    if len(table) > _ALL_OPEN:
        return set()
    return {key for key, kind in zip(table.keys, table.kinds, strict=True) if kind == Kind.DIRECTORY}


def _matching(table: FileTable, wanted: Sequence[str]) -> list[int]:
    """Numbers of entries whose path holds all words, letters large or small."""
    words = [word.encode("utf-8", "surrogateescape").replace(b"/", b"\0") for word in wanted]
    found = []
    for number, key in enumerate(table.keys):
        lower = key.lower()
        if number and all(word in lower for word in words):
            found.append(number)
    return found


def _mode(kind: Kind, mode: int) -> str:
    """Type and permissions as `ls` writes them."""
    letter = {"DIRECTORY": "d", "SYMLINK": "l", "FIFO": "p", "CHAR": "c", "BLOCK": "b"}.get(kind.name, "-")
    return letter + stat.filemode(mode)[1:]
