"""An image opened: its stack beside the tree it makes, and for the path under the cursor its story."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical

from engine.errors import NotFound
from engine.images.models import ImageDetail, LayerRow
from tui.actions import Context, Place, ScreenName, name_of_image
from tui.bridge import Value
from tui.explore import Folds, Opened, Scene, Wish
from tui.panels.insights import WasteList, blame_page
from tui.panels.layers import layer_columns, layer_rows
from tui.panels.tree import FileTree
from tui.screens.board import Board, bindings_of
from tui.text import safe, size
from tui.trail import Spot
from tui.widgets.filter import Filterable
from tui.widgets.lines import TooSmall
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

    from engine.analysis.blame import Blame
    from engine.analysis.content import Contents

_TWO_COLUMNS = 110


class InsideImage(Board):
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
    def spot(self) -> Spot:
        """This image, at this layer."""
        detail, layer = self.detail, self._layer
        return Spot(
            f"explore {detail.summary.id}", again=lambda: type(self)(detail, layer.diff_id if layer else None)
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
