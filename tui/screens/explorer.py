"""The explorer: what one does inside an image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on

from engine.errors import NotFound
from engine.layers.member import Kind
from tui.explore import Folds, Wish, path_keys
from tui.panels.tree import FileTree
from tui.screens.inside import InsideImage
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from engine.analysis.waste import Waste


class Explorer(InsideImage):
    """Folding, filtering, waste, and what is done with a path."""

    # verbs

    def perform(self, action_id: str) -> None:
        """Do a verb of the explorer."""
        verbs: dict[str, Callable[[], None]] = {
            "open": self._open,
            "back": self._back,
            "next": self._turn,
            "previous": self._turn,
            "sort": lambda: self._want(by_size=not self.wish.by_size),
            "extent": lambda: self._want(whole=not self.wish.whole),
            "waste": self._toggle_waste,
            "unfold_all": lambda: self._fold_all(True),
            "fold_all": lambda: self._fold_all(False),
            "copy": self._copy,
            "extract": self._extract,
            "difference": lambda: self._view(difference=True),
        }
        if action_id.startswith("kind("):
            kind = action_id[5:-1]
            self._want(kinds=self.wish.kinds ^ {kind})
        else:
            verbs[action_id]()

    def _want(self, **changes: object) -> None:
        self._leave_waste()
        self.wish = replace(self.wish, **changes)  # type: ignore[arg-type]  # fields of Wish, named above
        self._entitle()
        self._rebuild()

    @on(RowList.Moved, "#stack")
    def _layer_chosen(self, event: RowList.Moved) -> None:
        event.stop()
        row = next((row for row in self.detail.layers if row.diff_id == event.key), None)
        if row is not None and row.position != self.wish.position:
            self._want(position=row.position)

    @on(RowList.Moved, "#tree")
    @on(RowList.Moved, "#waste")
    def _path_chosen(self, event: RowList.Moved) -> None:
        event.stop()
        if isinstance(event, FileTree.Narrowed):
            self._want(pattern=event.key.strip())
        elif isinstance(event, RowList.Chosen):
            self._open()
        else:
            self._tell_story()
            self._entitle()

    def on_descendant_focus(self) -> None:
        """The keys are those of the panel with focus."""
        self._entitle()
        self.say_keys()

    def _turn(self) -> None:
        right = self.waste if self.waste.display else self.files
        (right if self.stack.has_focus else self.stack).focus()

    def _open(self) -> None:
        if self.stack.has_focus:
            self.files.focus()
        elif self.waste.display:
            self._jump_to_fault()
        elif self.files.scene is not None and self.files.scene.flat and self.context.folder:
            self._go_to(self.path or "")
        elif (target := self._directory_behind_link()) is not None:
            self._go_to(target)
        elif self.context.folder:
            self._toggle_fold()
        else:
            self._view()

    def _directory_behind_link(self) -> str | None:
        seen, opened = self.files.seen, self.opened
        if seen is None or opened is None or seen.kind is not Kind.SYMLINK:
            return None
        stack = opened.layered(self.wish.position).stack
        try:
            row = stack.follow(seen.path)
        except NotFound:
            return None
        return stack.path(row) if stack.row(row).kind is Kind.DIRECTORY else None

    def _go_to(self, path: str) -> None:
        """Show the tree with the cursor on a path and all around it open."""
        self.files.filter = ""
        self.wish = replace(self.wish, pattern="")
        open_now = self.folds or (self.files.scene.folds if self.files.scene else Folds())
        self.folds = open_now.opened(path_keys(path))
        self._rebuild(path)

    def _back(self) -> None:
        if self.waste.display:
            self._leave_waste()
        elif self.files.filter:
            self.files.set_filter("")
        elif self.files.has_focus:
            self.stack.focus()
        else:
            self.app.pop_screen()

    # folding

    def _toggle_fold(self) -> None:
        self.folds = self.files.toggle()
        self._entitle()

    def _fold_all(self, opened: bool) -> None:
        self.folds = Folds(all_open=opened)
        self._leave_waste()
        self._rebuild()

    def action_unfold(self) -> None:
        """Open the directory under the cursor."""
        if self.files.has_focus and self.files.can_open:
            self._toggle_fold()

    def action_fold(self) -> None:
        """Close the directory under the cursor, or go to the one it lies in."""
        if not self.files.has_focus:
            return
        if self.files.is_open:
            self._toggle_fold()
        else:
            self.files.go_to_parent()

    # waste

    def _toggle_waste(self) -> None:
        opened = self.opened
        if self.waste.display:
            self._leave_waste()
        elif opened is not None:
            from engine.analysis.waste import waste

            self._ask("waste", lambda: waste(opened.stack), self._show_waste)

    def _show_waste(self, waste: Waste) -> None:
        self.files.display, self.waste.display = False, True
        self.waste.show_waste(waste, self.slots)
        self.waste.focus()
        self._tell_story()
        self.say_keys()

    def _leave_waste(self) -> None:
        if self.waste.display:
            self.files.display, self.waste.display = True, False
            self.files.focus()

    def _jump_to_fault(self) -> None:
        """Show the path in the layer that hid it."""
        path, fault = self.waste.path, self.waste.fault
        layer = next((row for row in self.detail.layers if row.position == fault), None)
        if path is None or layer is None:
            return
        self._leave_waste()
        self.folds = Folds().opened(path_keys(path))
        self.files.filter = ""
        self.wish = Wish(layer.position, whole=False)
        self.stack.go_to_key(layer.diff_id)
        self._entitle()
        self._rebuild(path)

    # what is done with a path

    def _copy(self) -> None:
        if self.path is not None:
            self.app.commands.copy("/" + self.path)

    def _extract(self) -> None:
        opened, path = self.opened, self.path
        if opened is not None and path is not None:
            self.app.commands.extract(opened.upto(self.wish.position), path, self.image)

    def _view(self, difference: bool = False) -> None:
        from tui.screens.file import view_of

        opened, path = self.opened, self.path
        if opened is not None and path is not None:
            shows = "difference" if difference else "text"
            self.app.push_screen(view_of(opened, path, self.wish.position, shows, self._extract))
