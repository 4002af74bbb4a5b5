"""The files of a container or a volume as they are now: looked at, copied out and in."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from tui.actions import Context, ScreenName
from tui.panels.stores import StoreList
from tui.screens.board import Board, bindings_of
from tui.screens.places import Place
from tui.tasks import Report
from tui.text import age, count, safe, size
from tui.trail import Spot
from tui.widgets.columns import Column, Row, cell
from tui.widgets.filter import Filterable
from tui.widgets.lines import TooSmall
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

    from engine.containers.writing import Copied
    from engine.volumes.models import VolumeEntry
    from tui.content import Page

_COLUMNS = (
    Column(16, most=4096, grow=1, cut="middle"), Column(7, right=True), Column(10, drop=2),
    Column(9, most=11, right=True, drop=3), Column(4, right=True, drop=1),
)  # fmt: skip
_LETTERS = {"directory": "d", "symlink": "l", "fifo": "p", "socket": "s", "device": "b"}
_EMPTY = ("", "An empty directory. p copies something of this host here.")


class Browse(Board):
    """One directory at a time: Enter goes into it or shows a file, Esc goes up, and out at the top."""

    NAME: ClassVar[ScreenName] = "browse"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("browse")
    AUTO_FOCUS = "#entries"

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.entries = StoreList("entries")
        self.folder = "/"
        self.known: dict[str, VolumeEntry] = {}

    def compose(self) -> ComposeResult:
        """The list."""
        yield self.header
        yield self.entries
        yield self.keys
        yield self.filter_line
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """Read the top."""
        title = [(" Lamina", "accent bold"), (f"  {safe(self.place.name, 120)}", "text")]
        self.header.say(([*title, (f" › files of the {self.place.about}", "muted")], []), (title, []))
        self.entries.entitle((("/", "text"),), (("reading…", "muted"),))
        self.read()

    def on_resize(self, event: events.Resize) -> None:
        """The header is as wide as the window."""
        self.measure(*event.size)
        self.say_keys()

    def read(self, folder: str | None = None, keep: str = "") -> None:
        """Read a directory; what stands there stays until then. :param keep: where the cursor goes."""
        wanted = folder or self.folder
        self.app.bridge.ask(
            "browse", f"read {wanted}", "", partial(self.place.list, wanted),
            partial(self._show, wanted, keep),
        )  # fmt: skip

    def _show(self, folder: str, keep: str, found: list[VolumeEntry]) -> None:
        if not self.is_attached:
            return
        if folder != self.folder:
            self.entries.filter, self.entries.cursor = "", 0
        self.folder = folder
        self.known = {entry.name: entry for entry in found}
        ordered = sorted(found, key=lambda entry: (entry.kind != "directory", entry.name))
        now = self.app.state.now()
        self.entries.take(safe(folder, 400), _COLUMNS, [_row(entry, now) for entry in ordered], _EMPTY)
        if keep:
            self.entries.go_to_key(keep)
        self.say_keys()

    # where the person stands

    @property
    def chosen(self) -> VolumeEntry | None:
        """What is under the cursor."""
        return self.known.get(self.entries.key or "")

    @property
    def path(self) -> str | None:
        """Its path, from the root on."""
        return f"{self.folder.rstrip('/')}/{self.chosen.name}" if self.chosen is not None else None

    @property
    def context(self) -> Context:
        """The path under the cursor."""
        folder = self.chosen is not None and self.chosen.kind == "directory"
        return Context("entries", self.app.state, screen=self.NAME, path=self.path, folder=folder)

    @property
    def spot(self) -> Spot:
        """These files."""
        place = self.place
        return Spot(f"files of {place.about} {place.name}", again=lambda: Browse(place))

    @property
    def filtered(self) -> Filterable:
        """The directory."""
        return self.entries

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        if isinstance(event, RowList.Chosen):
            self.perform("open")
        self.say_keys()

    # verbs

    def perform(self, action_id: str) -> None:
        """Do a verb of this screen."""
        match action_id:
            case "open":
                self._open()
            case "back":
                self._back()
            case "copy" if self.path is not None:
                self.app.commands.copy(self.path)
            case "copy_out":
                self._copy_out()
            case "copy_in":
                self._copy_in()

    def _open(self) -> None:
        chosen, path = self.chosen, self.path
        if chosen is None or path is None:
            return
        if chosen.kind == "directory":
            self.read(path)
        elif chosen.kind == "symlink":
            self._follow(path)
        else:
            self._view(path, chosen.size)

    def _follow(self, path: str) -> None:
        """Into the directory that a link leads to; what leads to a file is shown."""

        async def look() -> list[VolumeEntry] | None:
            from engine.errors import NotFound

            try:
                return await self.place.list(path)
            except NotFound:
                return None

        def then(found: list[VolumeEntry] | None) -> None:
            if found is None:
                self._view(path, 0)
            else:
                self._show(path, "", found)

        self.app.bridge.ask("browse", f"follow {path}", "", look, then)

    def _view(self, path: str, whole: int) -> None:
        from tui.content import Read, bytes_page, nothing_page, text_page
        from tui.screens.file import FileView

        async def page(make: Callable[[Read], Page]) -> Page:
            from engine.errors import LaminaError

            try:
                data = await self.place.read(path)
            except LaminaError as error:
                return nothing_page(error.message)
            return make(Read(data, max(whole, len(data))))

        async def nothing() -> Page:
            return nothing_page("Only files of images are laid beside a copy below.")

        works: dict[str, Callable[[], Awaitable[Page]]] = {
            "text": partial(page, partial(text_page, path)),
            "bytes": partial(page, bytes_page),
            "difference": nothing,
        }
        self.app.push_screen(
            FileView(self.place.name, path.lstrip("/"), self.place.about, works, "text", self._copy_out)
        )

    def _back(self) -> None:
        if self.entries.filter:
            self.entries.set_filter("")
        elif self.folder != "/":
            above, _, name = self.folder.rpartition("/")
            self.read(above or "/", name)
        else:
            self.app.pop_screen()

    def _copy_out(self) -> None:
        from tui.screens.line import new_file

        path, place = self.path, self.place
        if path is None:
            return
        name = path.rpartition("/")[2]

        def go(target: str) -> None:
            where = str(Path(target).expanduser().absolute())

            async def work(_: Report) -> str:
                return _said(await place.copy_out(path, where))

            command = shlex.join(["lamina", "cp", f"{place.spoken}{path}", where]) if place.spoken else ""
            self.app.bridge.do(f"copy {path}", command, work)

        self.app.commands.ask_line(
            f"Copy {safe(path, 100)} to", str(Path.cwd()), "copy", lambda text: new_file(text, name), go
        )

    def _copy_in(self) -> None:
        from tui.screens.line import existing_file

        folder, place = self.folder, self.place

        def go(text: str) -> None:
            origin = str(Path(text).expanduser().absolute())

            async def work(_: Report) -> str:
                return _said(await place.copy_in(origin, folder))

            command = shlex.join(["lamina", "cp", origin, f"{place.spoken}{folder}"]) if place.spoken else ""
            number = self.app.bridge.do(f"copy {origin}", command, work)
            self.app.commands.after[number] = self.read

        self.app.commands.ask_line(
            f"Copy into {safe(folder, 100)}",
            "",
            "copy",
            existing_file,
            go,
            "a file or directory of this host",
        )


def _said(copied: Copied) -> str:
    out = f", {copied.left_out} left out" if copied.left_out else ""
    return f"{count(copied.files, 'file')}, {size(copied.size)}{out}"


def _row(entry: VolumeEntry, now: float) -> Row:
    folder = entry.kind == "directory"
    link = f" → {safe(entry.link, 200)}" if entry.link else ""
    name = ((safe(entry.name) + ("/" if folder else ""), "accent" if folder else "text"), (link, "muted"))
    mode = _LETTERS.get(entry.kind, "-") + stat.filemode(entry.mode)[1:]
    cells = (
        name if link else name[:1],
        cell(size(entry.size) if entry.kind == "file" else ""),
        cell(mode, "warn" if entry.mode & 0o6000 else "muted"),
        cell(f"{entry.uid}:{entry.gid}", "muted"),
        cell(age(now - entry.modified), "muted"),
    )
    return Row(entry.name, cells, entry.name.lower())
