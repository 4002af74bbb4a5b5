"""A file of an image: its text in colours, its bytes, or what differs from the copy below."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
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


Work = Callable[[], Awaitable[Page]]


class FileView(Board):
    """One file in the place of the screen one came from; Esc goes back.

    :param name: of the image, for commands; :param about: what the header says besides.
    :param works: how to come by what is shown: `text`, `bytes`, `difference`.
    :param shows: with which of them to begin.
    :param extract: asks where to write the file; None where it cannot be written.
    """

    NAME: ClassVar[ScreenName] = "file"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("file")
    AUTO_FOCUS = "#content"

    def __init__(
        self,
        name: str,
        path: str,
        about: str,
        works: Mapping[str, Work],
        shows: str = "text",
        extract: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self.image = name
        self.path = path
        self.about = about
        self.content = ContentList()
        self.shows = shows
        self._works = works
        self._extract = extract

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
        return Context("content", self.app.state, screen=self.NAME, path=self.path, inside=(self.image,))

    @property
    def filtered(self) -> ContentList:
        """The lines."""
        return self.content

    def _read(self) -> None:
        command = shlex.join(["lamina", "cat", self.image, f"/{self.path}"])
        self.app.bridge.ask("file", f"read /{self.path}", command, self._works[self.shows], self._show)

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
            case "extract" if self._extract is not None:
                self._extract()

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
            (f"  {safe(self.image, 200)}", "text"),
            (f" › {safe(self.about, 200)}", "muted"),
        )
        self.header.say((where, ()))
        page = self.content.page
        title: list[Span] = [("/" + safe(self.path), "text")]
        title += [(f" /{safe(self.content.filter, 40)}", "accent")] if self.content.filter else []
        state: list[Span] = [(page.about, "muted")] if page is not None else [("reading…", "muted")]
        state += [(f" · {self.content.place}", "muted")] if self.content.place else []
        self.content.entitle(title, state)


def view_of(opened: Opened, path: str, position: int, shows: str, extract: Callable[[], None]) -> FileView:
    """A file of an opened image, as it is with the layers up to one."""
    works: dict[str, Callable[[], Page]] = {
        "text": lambda: text_page(path, read(opened, path, position)),
        "bytes": lambda: bytes_page(read(opened, path, position)),
        "difference": lambda: difference_page(opened, path, position),
    }

    def asked(work: Callable[[], Page]) -> Page:
        try:
            return work()
        except (InvalidArgument, NotFound) as error:
            return nothing_page(error.message)

    return FileView(
        opened.name, path, f"up to layer {position}",
        {name: partial(asyncio.to_thread, asked, work) for name, work in works.items()}, shows, extract,
    )  # fmt: skip
