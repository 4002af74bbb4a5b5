"""What separates two images, as rows: layers side by side, files, settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.analysis.changes import Change
from tui.panels.tree import MARKS
from tui.text import safe, short_id, size
from tui.widgets.columns import Column, Row, Span, cell
from tui.widgets.lazy import LazyRows
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from engine.analysis.compare import Comparison, FileChange, LayerPair, SettingChange

Shown = tuple[tuple[Column, ...], Sequence[Row], Sequence[str]]
"""Columns, rows, and what an empty list says."""

_PAIRS = (
    Column(1),
    Column(3, right=True, gap=1),
    Column(1),
    Column(3, gap=1),
    Column(12, most=80, grow=1),
    Column(7, right=True),
    Column(8, right=True, drop=2),
    Column(11, most=12, drop=1),
)
_FILES = (
    Column(1),
    Column(18, most=4096, grow=1, gap=1),
    Column(7, right=True),
    Column(1, drop=1, gap=1),
    Column(7, right=True, gap=1),
)
_SETTINGS = (Column(1), Column(10, most=26, gap=1, grow=1), Column(18, most=4096, grow=3))


def pair_rows(pairs: Sequence[LayerPair], slots: Mapping[str, int], words: Mapping[str, str]) -> Shown:
    """Two stacks beside each other, the newest layers on top.

    :param words: instructions by diff ID, as far as they are known; else the digest stands there.
    """
    rows = []
    for index, pair in enumerate(reversed(pairs)):
        if pair.old is not None and pair.new is not None:
            mark, word = cell(""), cell("the same", "muted")
        elif pair.new is not None:
            mark, word = cell("+", "good"), cell("to fetch", "good")
        else:
            mark, word = cell("−", "bad"), cell("no longer", "bad")
        ink = f"slot{slots.get(pair.diff_id, 0)}"
        cells = (
            mark,
            cell(str(pair.old or "·"), "muted"),
            cell("█", ink),
            cell(str(pair.new or "·"), "muted"),
            cell(words.get(pair.diff_id) or short_id(pair.diff_id)),
            cell(size(pair.unpacked)),
            cell("c " + size(pair.compressed) if pair.compressed else "", "muted"),
            word,
        )
        rows.append(Row(str(index), cells))
    return _PAIRS, rows, ("", "Neither image has layers.")


def setting_rows(found: Comparison) -> Shown:
    """What differs in how the images want to be run."""
    rows: list[Row] = []
    for kind, changes in (("", found.settings), ("env ", found.environment)):
        for change in changes:
            rows += _setting(kind + change.name, change)
    return _SETTINGS, rows, ("", "Both want to be run in the same way.")


def _setting(name: str, change: SettingChange) -> list[Row]:
    lines = [("−", "bad", change.old), ("+", "good", change.new)]
    shown = [(mark, ink, value) for mark, ink, value in lines if value is not None]
    return [
        Row(
            f"{name}{mark}",
            (cell(mark, ink), cell(safe(name) if number == 0 else "", "muted"), cell(safe(value), ink)),
        )
        for number, (mark, ink, value) in enumerate(shown)
    ]


class _FileRows(LazyRows):
    def __init__(self, files: Sequence[FileChange]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def row(self, index: int) -> Row:
        """One path that differs, with its size before and after."""
        file = self._files[index]
        mark, ink = MARKS[file.change]
        before = size(file.old_size) if file.change is not Change.ADDED else ""
        after = size(file.new_size) if file.change is not Change.REMOVED else ""
        name = "bad" if file.change is Change.REMOVED else "text"
        cells = (
            cell(mark, ink),
            cell("/" + safe(file.path), name),
            cell(before, "muted"),
            cell("→" if before and after else "", "muted"),
            cell(after),
        )
        return Row(str(index), cells)


class DifferentFiles(RowList):
    """Paths that differ, in tree order; a filter narrows them by words."""

    def __init__(self) -> None:
        super().__init__(id="different")
        self.filter = ""
        self._all: Sequence[FileChange] = ()
        self._files: Sequence[FileChange] = ()

    def show_files(self, files: Sequence[FileChange]) -> None:
        """Draw them."""
        self._all = files
        self._narrow()

    def set_filter(self, words: str) -> None:
        """Show only paths that hold all of these words."""
        self.filter = words
        self._narrow()

    def _narrow(self) -> None:
        words = self.filter.lower().split()
        self._files = [
            file for file in self._all if not words or all(word in file.path.lower() for word in words)
        ]
        self.rows = ()
        none = f"nothing here with “{safe(self.filter, 40)}”  ·  Esc shows all"
        self.show(_FILES, _FileRows(self._files), (none,) if words else ("", "No file differs."))

    @property
    def chosen(self) -> FileChange | None:
        """The path under the cursor."""
        return self._files[self.cursor] if 0 <= self.cursor < len(self._files) else None

    def head(self, counts: Mapping[Change, int]) -> tuple[list[Span], list[Span]]:
        """Title and state for the border."""
        title: list[Span] = [("Files that differ", "text")]
        title += [(f" /{safe(self.filter, 40)}", "accent")] if self.filter else []
        state: list[Span] = []
        for change, (mark, ink) in MARKS.items():
            if counts.get(change):
                state.append((f"{mark}{counts[change]} ", ink))
        return title, [*state, (self.place, "muted")]
