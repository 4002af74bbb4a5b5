"""Compare: two images, their layers aligned, the files that differ, settings, and the download between."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from engine.analysis.changes import Change
from engine.errors import LaminaError
from engine.images.models import ImageSummary
from engine.layers.member import Kind
from tui.actions import Context, Place, ScreenName
from tui.content import Page, bytes_page, difference_rows, nothing_page, read, text_page
from tui.explore import Opened
from tui.panels.differences import DifferentFiles, pair_rows, setting_rows
from tui.screens.board import Board, bindings_of
from tui.screens.file import FileView
from tui.text import clip_middle, count, instruction, safe, size
from tui.trail import Spot
from tui.widgets.filter import Filterable
from tui.widgets.lines import TooSmall
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

    from engine.analysis.compare import Comparison

_TWO_COLUMNS = 110


class Compare(Board):
    """Two images beside each other.

    :param old: :param new: their names, for the engine; the summaries give the colours of layers.
    """

    NAME: ClassVar[ScreenName] = "compare"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("compare")
    AUTO_FOCUS = "#different"

    def __init__(self, old: str, new: str, old_image: ImageSummary, new_image: ImageSummary) -> None:
        super().__init__()
        self.names = (old, new)
        self._images = (old_image, new_image)
        self.slots: Mapping[str, int] = {
            layer.diff_id: layer.slot for image in (old_image, new_image) for layer in image.layers
        }
        self.pairs = RowList(id="pairs")
        self.settings = RowList(id="settings")
        self.different = DifferentFiles()
        self.comparison: Comparison | None = None
        self._opened: tuple[Opened, Opened] | None = None

    def compose(self) -> ComposeResult:
        """The panels."""
        yield self.header
        with Container(id="inside"):
            with Vertical(id="inside-left"):
                yield self.pairs
                yield self.settings
            with Vertical(id="inside-right"):
                yield self.different
        yield self.keys
        yield self.filter_line
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """Have them compared."""
        command = shlex.join(["lamina", "compare", *self.names])
        self.app.bridge.ask("compare", "compare two images", command, self._compare, self._show)
        self._entitle()

    async def _compare(self) -> tuple[Comparison, Mapping[str, str]]:
        """What differs, and the instructions of both by diff ID."""
        source = self.app.bridge.source
        details = [await source.image(name) for name in self.names]
        words = {str(row.diff_id): instruction(row.created_by) for detail in details for row in detail.layers}
        return await source.compare(*self.names), words

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other where there is room, else one above the other."""
        self.measure(*event.size)
        self.set_class(event.size.width < _TWO_COLUMNS, "-narrow")
        self._entitle()

    @property
    def context(self) -> Context:
        """The path under the cursor."""
        place: Place = "pairs"
        chosen = self.different.chosen if self.different.has_focus else None
        folder = chosen is not None and chosen.kind is not Kind.FILE
        path = chosen.path if chosen is not None else None
        return Context(place, self.app.state, screen=self.NAME, path=path, folder=folder, inside=self.names)

    @property
    def spot(self) -> Spot:
        """This comparison."""
        old, new = self.names
        images = self._images
        return Spot(f"compare {old} {new}", again=lambda: Compare(old, new, *images))

    @property
    def filtered(self) -> Filterable:
        """The files."""
        return self.different

    def _show(self, found: tuple[Comparison, Mapping[str, str]]) -> None:
        if not self.is_attached:
            return
        comparison, words = found
        self.comparison = comparison
        self.pairs.show(*pair_rows(comparison.layers, self.slots, words))
        self.settings.show(*setting_rows(comparison))
        self.different.show_files(comparison.files)
        self._entitle()
        self.say_keys()

    def perform(self, action_id: str) -> None:
        """Do a verb of this screen."""
        match action_id:
            case "open" | "difference" if self.different.has_focus:
                self._view()
            case "open":
                self.different.focus()
            case "back":
                self._back()
            case "next":
                self._turn(1)
            case "previous":
                self._turn(-1)
            case "copy" if self.context.path is not None:
                self.app.commands.copy("/" + self.context.path)

    def _turn(self, by: int) -> None:
        lists = (self.different, self.pairs, self.settings)
        at = next((n for n, one in enumerate(lists) if one.has_focus), 0)
        lists[(at + by) % len(lists)].focus()

    def _back(self) -> None:
        if self.different.filter:
            self.different.set_filter("")
            self._entitle()
        else:
            self.app.pop_screen()

    @on(RowList.Chosen)
    def _chosen(self) -> None:
        self.perform("open")

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._entitle()
        self.say_keys()

    def on_descendant_focus(self) -> None:
        """The keys are those of the panel with focus."""
        self.say_keys()

    # the text of one file

    def _view(self) -> None:
        chosen = self.different.chosen
        if chosen is None:
            return
        path, change = chosen.path, chosen.change
        side = 0 if change is Change.REMOVED else 1
        works: dict[str, Callable[[tuple[Opened, Opened]], Page]] = {
            "text": lambda both: text_page(path, read(both[side], path, both[side].height)),
            "bytes": lambda both: bytes_page(read(both[side], path, both[side].height)),
            "difference": lambda both: _difference(both, path),
        }
        both_there = change not in (Change.ADDED, Change.REMOVED)
        view = FileView(
            self.names[side], path, "beside " + self.names[1 - side],
            {name: partial(self._with_both, work) for name, work in works.items()},
            "difference" if both_there else "text",
        )  # fmt: skip
        self.app.push_screen(view)

    async def _with_both(self, work: Callable[[tuple[Opened, Opened]], Page]) -> Page:
        """Work on both images, which are opened when they are first needed."""
        if self._opened is None:
            source = self.app.bridge.source
            old, new = [Opened(name, await source.contents(name)) for name in self.names]
            self._opened = (old, new)
        try:
            return await asyncio.to_thread(work, self._opened)
        except LaminaError as error:
            return nothing_page(error.message)

    # borders

    def _entitle(self) -> None:
        if not self.is_mounted:
            return
        old, new = (safe(name, 120) for name in self.names)
        names = [(" Lamina", "accent bold"), (f"  {old}", "text"), (" → ", "muted"), (new, "text")]
        found = self.comparison
        cost = (
            []
            if found is None
            else [
                (f"{size(found.download)} ", "accent bold"),
                (f"to fetch of {size(found.download + found.shared)}, {size(found.shared)} here ", "muted"),
            ]
        )
        brief = [*cost[:1], ("to fetch ", "muted")] if cost else []
        short = [(f" {clip_middle(old, 24)}", "text"), (" → ", "muted"), (clip_middle(new, 24), "text")]
        self.header.say((names, cost), (short, brief), (short, []))
        if found is None:
            for one, title in (
                (self.pairs, "Layers"),
                (self.settings, "Settings"),
                (self.different, "Files"),
            ):
                one.entitle(((title, "text"),), (("comparing…", "muted"),))
            return
        same = sum(pair.old is not None and pair.new is not None for pair in found.layers)
        self.pairs.entitle((("Layers", "text"),), ((f"{same} the same of {len(found.layers)}", "muted"),))
        number = len(found.settings) + len(found.environment)
        self.settings.entitle((("Settings", "text"),), ((count(number, "differs", "differ"), "muted"),))
        self.different.entitle(*self.different.head(found.counts))


def _difference(both: Sequence[Opened], path: str) -> Page:
    from engine.analysis.text import text_diff

    old, new = (opened.contents for opened in both)
    found = text_diff(old, old.stack.require(path), new, new.stack.require(path))
    if not found.lines:
        return nothing_page(found.reason or "The content is the same: only attributes differ.")
    return difference_rows(found.lines, f"{both[0].name} → {both[1].name}")
