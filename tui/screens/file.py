"""A file of an image: its text in colours, its bytes, or what differs from the copy below."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from engine.errors import InvalidArgument, NotFound
from tui.actions import Context, ScreenName
from tui.content import Page, bytes_page, difference_page, nothing_page, read, text_page
from tui.explore import Opened
from tui.screens.board import Board, bindings_of
from tui.text import safe
from tui.widgets.columns import Span
from tui.widgets.lines import TooSmall
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events


class ContentList(RowList):
    """Lines of a file; a filter looks for words instead of hiding lines."""

    def __init__(self) -> None:
        super().__init__(id="content")
        self.filter = ""
        self.page: Page | None = None

    def show_page(self, page: Page) -> None:
        """Draw other lines, from the top."""
        self.page = page
        self.cursor = self.top = 0
        self.show(page.columns, page.rows, page.empty)

    def set_filter(self, words: str) -> None:
        """Go to the next line that holds these words."""
        self.filter = words
        if words:
            self.seek(0)

    def seek(self, by: int) -> None:
        """Go to a line with the words: the next with 1, the one before with -1, also this one with 0."""
        words, page = self.filter.lower(), self.page
        if not words or page is None:
            return
        lines, step = page.lines, by or 1
        for far in range(0 if by == 0 else 1, len(lines) + 1):
            at = (self.cursor + far * step) % len(lines)
            if words in lines[at].lower():
                self.go_to(at)
                return


class FileView(Board):
    """One file in the place of the explorer; Esc goes back.

    :param position: of the layer up to which the image is looked at.
    :param difference: begin with what differs from the copy below.
    """

    NAME: ClassVar[ScreenName] = "file"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("file")
    AUTO_FOCUS = "#content"

    def __init__(self, opened: Opened, path: str, position: int, *, difference: bool = False) -> None:
        super().__init__()
        self.opened = opened
        self.path = path
        self.position = position
        self.content = ContentList()
        self.shows = "difference" if difference else "text"

    def compose(self) -> ComposeResult:
        """The lines."""
        yield self.header
        yield self.content
        yield self.keys
        yield self.filter_line
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """Read the file."""
        self._read()

    def on_resize(self, event: events.Resize) -> None:
        """The header is as wide as the window."""
        self.measure(*event.size)
        self._entitle()

    @property
    def context(self) -> Context:
        """The file, for the verbs."""
        return Context(
            "content", self.app.state, screen=self.NAME, path=self.path, inside=(self.opened.name,)
        )

    @property
    def filtered(self) -> ContentList:
        """The lines."""
        return self.content

    def _read(self) -> None:
        opened, path, position = self.opened, self.path, self.position
        works: dict[str, Callable[[], Page]] = {
            "text": lambda: text_page(path, read(opened, path, position)),
            "bytes": lambda: bytes_page(read(opened, path, position)),
            "difference": lambda: difference_page(opened, path, position),
        }
        chosen = works[self.shows]

        def work() -> Page:
            try:
                return chosen()
            except (InvalidArgument, NotFound) as error:
                return nothing_page(error.message)

        command = f"lamina cat {opened.name} /{path}"
        self.app.bridge.ask("file", f"read /{path}", command, partial(asyncio.to_thread, work), self._show)

    def _show(self, page: Page) -> None:
        self.content.show_page(page)
        if page.is_bytes:
            self.shows = "bytes"
        self._entitle()
        self.say_keys()

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._entitle()

    def perform(self, action_id: str) -> None:
        """Do a verb of the viewer."""
        match action_id:
            case "back":
                self._back()
            case "hex":
                self._turn_to("text" if self.shows == "bytes" else "bytes")
            case "difference":
                self._turn_to("text" if self.shows == "difference" else "difference")
            case "again(1)":
                self.content.seek(1)
            case "again(-1)":
                self.content.seek(-1)
            case "copy":
                self.app.commands.copy("/" + self.path)
            case "extract":
                self.app.commands.extract(self.opened.upto(self.position), self.path, self.opened.name)

    def _turn_to(self, what: str) -> None:
        self.shows = what
        self._read()

    def _back(self) -> None:
        if self.content.filter:
            self.content.filter = ""
            self._entitle()
        else:
            self.app.pop_screen()

    def _entitle(self) -> None:
        where: Sequence[Span] = (
            (" Lamina", "accent bold"),
            (f"  {safe(self.opened.name, 200)}", "text"),
            (f" › up to layer {self.position}", "muted"),
        )
        self.header.say((where, ()))
        page = self.content.page
        title: list[Span] = [("/" + safe(self.path), "text")]
        title += [(f" /{safe(self.content.filter, 40)}", "accent")] if self.content.filter else []
        state: list[Span] = [(page.about, "muted")] if page is not None else [("reading…", "muted")]
        state += [(f" · {self.content.place}", "muted")] if self.content.place else []
        self.content.entitle(title, state)
