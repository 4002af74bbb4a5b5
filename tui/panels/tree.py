"""The tree of the explorer: only rows in sight are made, however many files there are."""

from __future__ import annotations

import stat
from collections.abc import Mapping

from engine.analysis.changes import Change
from engine.layers.member import Kind
from tui.explore import ALL_KINDS, Folds, Scene, Seen, Wish
from tui.text import safe, size
from tui.widgets.columns import Column, Row, Span, Spans, cell
from tui.widgets.lazy import LazyRows
from tui.widgets.rows import RowList

MARKS: Mapping[Change, tuple[str, str]] = {
    Change.ADDED: ("+", "good"),
    Change.CHANGED: ("~", "warn"),
    Change.ATTRIBUTES: ("·", "warn"),
    Change.REMOVED: ("−", "bad"),
    Change.UNCHANGED: (" ", "muted"),
}
_COLUMNS = (
    Column(1),
    Column(1, gap=0),
    Column(16, most=4096, grow=1, gap=1),
    Column(7, right=True),
    Column(10, drop=1),
    Column(9, most=11, right=True, drop=2),
)
_COUNTED = {
    "added": (Change.ADDED,),
    "changed": (Change.CHANGED, Change.ATTRIBUTES),
    "removed": (Change.REMOVED,),
}
_LETTERS = {Kind.DIRECTORY: "d", Kind.SYMLINK: "l", Kind.FIFO: "p", Kind.CHAR: "c", Kind.BLOCK: "b"}


def mode_words(kind: Kind, mode: int) -> str:
    """Type and permissions as `ls` writes them."""
    return _LETTERS.get(kind, "-") + stat.filemode(mode)[1:]


class SceneRows(LazyRows):
    """The rows of a scene.

    :param slots: colours by the position of a layer.
    """

    def __init__(self, scene: Scene, slots: Mapping[int, int]) -> None:
        self._scene = scene
        self._slots = slots

    def __len__(self) -> int:
        return len(self._scene.rows)

    def row(self, index: int) -> Row:
        """One path."""
        number = self._scene.rows[index]
        seen = self._scene.seen(number)
        mark, ink = MARKS[seen.change]
        folder = seen.kind is Kind.DIRECTORY
        weighs = folder or seen.kind is Kind.FILE
        entry = seen.entry
        return Row(
            str(number),
            (
                cell("▌", f"slot{self._slots.get(seen.position, 0)}"),
                cell(mark, ink),
                self._name(number, seen, folder),
                cell(size(seen.size) if weighs else "", "muted" if folder else "text"),
                cell(mode_words(seen.kind, entry.mode), "warn" if entry.mode & 0o6000 else "muted"),
                cell(f"{entry.uid}:{entry.gid}", "muted"),
            ),
        )

    def _name(self, number: int, seen: Seen, folder: bool) -> Spans:
        gone = seen.change is Change.REMOVED
        ink = "bad" if gone else "accent" if folder else "text"
        above, slash, name = seen.path.rpartition("/")
        link = f" → {safe(seen.entry.link)}" if seen.kind is Kind.SYMLINK else ""
        if self._scene.flat:
            return ((safe(above + slash), "muted"), (safe(name), ink), (link, "muted"))
        key = self._scene.keys[number]
        fold = "" if not folder else "▾ " if self._scene.folds.is_open(key) else "▸ "
        indent = "  " * min(key.count(b"\0"), 40)
        return ((indent + (fold or "  "), "muted"), (safe(name), ink), (link, "muted"))


class FileTree(RowList):
    """The tree of an image, with the marks of one layer."""

    def __init__(self) -> None:
        super().__init__(id="tree")
        self.filter = ""
        self.scene: Scene | None = None
        self._slots: Mapping[int, int] = {}

    def set_filter(self, words: str) -> None:
        """Have only what matches shown; the screen hears of it and works it out."""
        if words != self.filter:
            self.filter = words
            self.post_message(self.Narrowed(self, words))

    class Narrowed(RowList.Moved):
        """Another pattern was typed."""

    def show_scene(self, scene: Scene, slots: Mapping[int, int], keep: str | None) -> None:
        """Draw a scene, with the cursor on a path where it is there, or on the nearest directory above."""
        self.scene, self._slots = scene, slots
        at = _index_of(scene, keep) if keep is not None else 0
        if at is not None:
            self.cursor = at
        self.rows = ()  # the cursor's place is known: rows need not be searched for it
        cursor = self.cursor
        self.show(_COLUMNS, SceneRows(scene, slots), _empty(scene))
        self.cursor = max(0, min(cursor, len(self.rows) - 1))
        self.reveal()

    def toggle(self) -> Folds | None:
        """Open or close the directory under the cursor; gives which stand open now, None before any do."""
        if self.scene is None:
            return None
        if self.rows and not self.scene.flat:
            self.scene.toggle(self.cursor)
            self.rows = SceneRows(self.scene, self._slots)
            self.reveal()
        return self.scene.folds

    @property
    def is_open(self) -> bool:
        """Whether a directory that stands open is under the cursor."""
        return self._in_tree is not None and self._in_tree.is_open(self.cursor)

    @property
    def can_open(self) -> bool:
        """Whether a closed directory is under the cursor."""
        scene = self._in_tree
        return scene is not None and scene.is_folder(self.cursor) and not scene.is_open(self.cursor)

    def go_to_parent(self) -> None:
        """Put the cursor on the directory that the path under it lies in."""
        if self._in_tree is not None:
            self.go_to(self._in_tree.parent(self.cursor))

    @property
    def _in_tree(self) -> Scene | None:
        scene = self.scene
        return scene if scene is not None and scene.rows and not scene.flat else None

    def head(self, wish: Wish, slot: int) -> tuple[list[Span], list[Span]]:
        """Title and state for the border.

        :param slot: of the layer that is wished for.
        """
        title: list[Span] = [("Files ", "text"), ("▌", f"slot{slot}")]
        title += [(f"{'up to' if wish.whole else 'only'} layer {wish.position}", "text")]
        title += [(f" /{safe(self.filter, 40)}", "accent")] if self.filter else []
        state: list[Span] = []
        if self.scene is not None:
            counts = self.scene.layered.changes.counts
            for kind, changes in _COUNTED.items():
                mark, ink = MARKS[changes[0]]
                number = sum(counts.get(change, 0) for change in changes)
                shown = kind in wish.kinds
                state.append((f"{mark}{number} ", "frame" if not shown else ink if number else "muted"))
        hidden = sorted(ALL_KINDS - wish.kinds)
        state += [(f"without {', '.join(hidden)} ", "accent")] if hidden else []
        state += [("by size ", "muted")] if wish.by_size else []
        return title, [*state, (self.place, "muted")]

    @property
    def seen(self) -> Seen | None:
        """The path under the cursor."""
        if self.scene is None or not 0 <= self.cursor < len(self.scene.rows):
            return None
        return self.scene.seen(self.scene.rows[self.cursor])


def _index_of(scene: Scene, path: str) -> int | None:
    """Where a path, or the nearest directory above it, stands among the rows."""
    while path:
        number = scene.number_of(path)
        if number is not None:
            try:
                return scene.rows.index(number)
            except ValueError:
                pass
        path = path.rpartition("/")[0]
    return None


def _empty(scene: Scene) -> tuple[str, ...]:
    if scene.wish.pattern:
        return (f"nothing matches “{safe(scene.wish.pattern, 40)}”  ·  Esc shows all",)
    if not scene.wish.kinds:
        return ("", "All kinds are hidden: A M R U show them.")
    if len(scene.wish.kinds) < 4:
        return ("", "Nothing of the kinds shown here: A M R U show the others.")
    return ("", "No files: this layer changes only how the image runs.")
