"""The explorer: an image's stack beside the tree it makes, and for the path under the cursor its story."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical

from engine.errors import NotFound
from engine.images.models import ImageDetail, LayerRow
from engine.layers.member import Kind
from tui.actions import Context, Place, ScreenName, name_of_image
from tui.bridge import Value
from tui.explore import Folds, Opened, Scene, Wish, path_keys
from tui.panels.insights import WasteList, blame_page
from tui.panels.layers import layer_columns, layer_rows
from tui.panels.tree import FileTree
from tui.screens.board import Board, bindings_of
from tui.text import safe, size
from tui.widgets.filter import Filterable
from tui.widgets.lines import TooSmall
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

    from engine.analysis.blame import Blame
    from engine.analysis.content import Contents
    from engine.analysis.waste import Waste

_TWO_COLUMNS = 110


class Explorer(Board):
    """Layers left, files right, and below the layers that touched the path under the cursor.

    :param layer: diff ID of the layer to begin with; the newest where it is not of this image.
    """

    NAME: ClassVar[ScreenName] = "explorer"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of("explorer"),
        Binding("right,l", "unfold", "open", show=False, id="tree.unfold"),
        Binding("left,h", "fold", "close", show=False, id="tree.fold"),
    ]
    AUTO_FOCUS = "#stack"

    def __init__(self, detail: ImageDetail, layer: str | None = None) -> None:
        super().__init__()
        self.detail = detail
        self.image = name_of_image(detail.summary)
        self.slots = {row.position: row.slot for row in detail.layers}
        self.stack = RowList(id="stack")
        self.files = FileTree()
        self.waste = WasteList()
        self.story = RowList(id="story", quiet_cursor=True)
        self.opened: Opened | None = None
        self.folds: Folds | None = None  # None until somebody folds by hand
        start = next((row.position for row in detail.layers if row.diff_id == layer), len(detail.layers))
        self.wish = Wish(position=start)
        self._told: str | None = None  # the path whose story stands below

    def compose(self) -> ComposeResult:
        """The panels."""
        yield self.header
        with Container(id="inside"):
            with Vertical(id="inside-left"):
                yield self.stack
                yield self.story
            with Vertical(id="inside-right"):
                yield self.files
                yield self.waste
        yield self.keys
        yield self.filter_line
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """Show the stack, and have the files read."""
        self.waste.display = False
        self.story.can_focus = False
        self.stack.show(layer_columns(self.detail.layers), layer_rows(self.detail.layers))
        self.stack.go_to_key(self._layer.diff_id if self._layer else "")
        source = self.app.bridge.source
        command = f"lamina tree {self.image}"
        self.app.bridge.ask(
            "explore", "read the files of an image", command,
            partial(source.contents, self.detail.summary.id), self._opened,
        )  # fmt: skip
        self._entitle()

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other where there is room, else one above the other."""
        self.measure(*event.size)
        self.set_class(event.size.width < _TWO_COLUMNS, "-narrow")
        self._entitle()

    # what is known

    @property
    def _layer(self) -> LayerRow | None:
        return next((row for row in self.detail.layers if row.position == self.wish.position), None)

    @property
    def path(self) -> str | None:
        """The path under the cursor."""
        if self.waste.display:
            return self.waste.path
        seen = self.files.seen
        return seen.path if seen is not None else None

    @property
    def context(self) -> Context:
        """What is under the cursor, for the verbs."""
        place: Place = "stack" if self.stack.has_focus else "waste" if self.waste.display else "tree"
        path = None if place == "stack" else self.path
        folder = path is not None and self._is_folder(path)
        return Context(
            place, self.app.state, screen=self.NAME, path=path, folder=folder, inside=(self.image,)
        )

    @property
    def filtered(self) -> Filterable | None:
        """Files are filtered wherever one stands."""
        return None if self.waste.display else self.files

    def _is_folder(self, path: str) -> bool:
        if self.opened is None:
            return False
        key = path.encode("utf-8", "surrogateescape").replace(b"/", b"\0")
        return self.opened.layered(self.wish.position).is_folder(key)

    # reading

    def _opened(self, contents: Contents) -> None:
        self.opened = Opened(self.image, contents)
        self._rebuild()

    def _rebuild(self, keep: str | None = None) -> None:
        """Work out what the wish comes to; what stands there stays until then."""
        opened, wish = self.opened, self.wish
        if opened is None or not self.detail.layers:
            return
        kept = keep if keep is not None else (self.path if not self.waste.display else None)
        folds = self.folds

        def build() -> Scene:
            return opened.scene(wish, folds if folds is not None else opened.open_at_first(wish.position))

        self._ask("scene", build, lambda scene: self._show(scene, kept))

    def _ask(self, group: str, work: Callable[[], Value], then: Callable[[Value], None]) -> None:
        def question() -> Awaitable[Value]:
            return asyncio.to_thread(work)

        self.app.bridge.ask(f"explore-{group}", "look into an image", "", question, then)

    def _show(self, scene: Scene, keep: str | None) -> None:
        if scene.wish != self.wish or not self.is_attached:
            return
        self.files.show_scene(scene, self.slots, keep)
        self._entitle()
        self._tell_story()
        self.say_keys()

    def _tell_story(self) -> None:
        """Have the layers that touched the path under the cursor shown."""
        opened, path = self.opened, self.path
        if opened is None or path is None or path == self._told:
            return
        self._told = path

        def look() -> Blame | None:
            from engine.analysis.blame import blame

            try:
                return blame(opened.stack, path)
            except NotFound:
                return None

        self._ask("blame", look, partial(self._show_story, path))

    def _show_story(self, path: str, blame: Blame | None) -> None:
        page = blame_page(blame, self.detail.layers)
        self.story.show(page.columns, page.rows)
        self.story.entitle((("Blame", "text"), (" · ", "muted"), ("/" + safe(path), "text")), page.state)

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

    # borders

    def _entitle(self) -> None:
        if not self.is_mounted:
            return
        summary = self.detail.summary
        self.header.say(
            (
                [(" Lamina", "accent bold"), (f"  {safe(self.image, 200)}", "text"), (" › explore", "muted")],
                [(f"{size(summary.unpacked)} unpacked ", "muted")],
            ),
            ([(" Lamina", "accent bold"), (f"  {safe(self.image, 200)}", "text")], []),
        )
        self.stack.entitle((("Layers", "text"), (f" · {len(self.detail.layers)}", "muted")))
        slot = self._layer.slot if self._layer is not None else 0
        self.files.entitle(*self.files.head(self.wish, slot))
