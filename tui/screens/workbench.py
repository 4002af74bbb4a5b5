"""The workbench: the one screen that does the daily work."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from tui.actions import ACTIONS, Context, Place, action, footer_actions
from tui.panels.activity import Activity
from tui.panels.base import Panel
from tui.panels.containers import Containers
from tui.panels.header import header_versions
from tui.panels.images import Images
from tui.panels.inspector import Inspector
from tui.panels.layers import Layers
from tui.state import State, Topics
from tui.widgets.filter import FilterLine
from tui.widgets.lines import KeyLine, Line, TooSmall
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

    from tui.app import Lamina

_ALWAYS = ("help", "quit")
_NARROW, _LOW = 60, 16  # cells under which the workbench cannot be used
_TWO_COLUMNS = 100


def _bindings() -> list[BindingType]:
    return [Binding(item.keys, f"verb({item.id!r})", item.label, show=False) for item in ACTIONS if item.keys]


class Workbench(Screen[None]):
    """Images and containers left, layers and inspector right, activity below."""

    BINDINGS: ClassVar[list[BindingType]] = _bindings()
    AUTO_FOCUS = "#images"

    if TYPE_CHECKING:
        app: Lamina

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state
        self.images = Images(state)
        self.containers = Containers(state)
        self.stack = Layers(state)
        self.inspector = Inspector(state)
        self.activity = Activity(state)
        self.header = Line(id="header")
        self.keys = KeyLine(id="keys")
        self.filter_line = FilterLine(id="filter")
        self._drill: Place = "images"  # the list that Esc goes back to

    def compose(self) -> ComposeResult:
        """The panels in their columns."""
        yield self.header
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield self.images
                yield self.containers
            with Vertical(id="right"):
                yield self.stack
                yield self.inspector
        yield self.activity
        yield self.keys
        yield self.filter_line
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """Listen to the state."""
        self.state.listen(self._heard)
        self._heard(frozenset())

    def on_unmount(self) -> None:
        """Listen no longer."""
        self.state.forget(self._heard)

    def on_resize(self, event: events.Resize) -> None:
        """One column or two, or too small."""
        width, height = event.size
        self.set_class(width < _NARROW or height < _LOW, "-small")
        narrow = width < _TWO_COLUMNS
        self.set_class(narrow, "-narrow")
        self.set_class(narrow and self.panel in (self.stack, self.inspector), "-right")
        self.set_class(height >= 40, "-tall")
        self._say()

    # where the person stands

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, in the order of their numbers."""
        return (self.images, self.containers, self.stack, self.inspector, self.activity)

    @property
    def panel(self) -> Panel:
        """The panel with focus, or the one that had it."""
        return next((panel for panel in self.panels if panel.has_focus), self._last)

    _last_panel: Panel | None = None

    @property
    def _last(self) -> Panel:
        return self._last_panel or self.images

    @property
    def context(self) -> Context:
        """What is under the cursor, for the verbs."""
        state, panel = self.state, self.panel
        subject = state.subject
        task = None
        if panel is self.activity and panel.key is not None:
            task = state.tasks.get(int(panel.key))
        return Context(panel.PLACE, state, state.image_of(subject), state.container_of(subject), task)

    def focus_panel(self, number: int) -> None:
        """Give focus to a panel by its number."""
        self.panels[number - 1].focus()

    def focus_next_panel(self, by: int) -> None:
        """Give focus to the next panel, or with -1 to the one before."""
        number = (self.panels.index(self.panel) + by) % len(self.panels)
        self.panels[number].focus()

    def on_descendant_focus(self) -> None:
        """Show the column that has focus, and select what stands under the cursor of a list on the left."""
        panel = self.panel
        self._last_panel = panel
        # Only one column asks which; elsewhere the class would cost a restyle of the whole screen.
        right = panel in (self.stack, self.inspector)
        self.set_class(self.has_class("-narrow") and right, "-right")
        if panel is self.images or panel is self.containers:
            self._drill = panel.PLACE
            panel.select_current()
        self._say()

    # moving

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        rows = event.rows
        if rows is self.stack or rows is self.panel:
            if isinstance(rows, Images | Containers | Layers):
                rows.select_current()
            self._say()

    @on(RowList.Chosen)
    def _chosen(self, _: RowList.Chosen) -> None:
        self.open_current()

    def open_current(self) -> None:
        """Go into what the cursor stands on."""
        panel = self.panel
        if panel is self.images:
            self.stack.focus()
        elif panel is self.containers or panel is self.stack:
            if panel is self.stack:
                self.inspector.open_tab("Files")
            self.inspector.focus()
        elif panel is self.inspector:
            self._open_inspected()
        elif panel is self.activity:
            self.app.commands.do("open_task")

    def _open_inspected(self) -> None:
        inspector = self.inspector
        if not inspector.fold() and inspector.tab == "Used by" and inspector.key is not None:
            self.go_to(inspector.key)

    def go_to(self, key: str) -> None:
        """Put the cursor on an image or container by its id."""
        for panel in (self.images, self.containers):
            if panel.filter and not any(row.key == key for row in panel.rows):
                panel.set_filter("")
            if any(row.key == key for row in panel.rows):
                panel.focus()
                panel.go_to_key(key)
                panel.select_current()
                return

    def expect(self, key: str, standing: Panel) -> None:
        """Put the cursor on an image or container, by its id, as soon as it is in its list.

        :param standing: where the person stood when asking for it; who has gone on since is left alone.
        """
        self._expected = (key, standing)
        self._meet()

    _expected: tuple[str, Panel] | None = None

    def _meet(self) -> None:
        if self._expected is None:
            return
        key, standing = self._expected
        images, containers = self.state.images or (), self.state.containers or ()
        if key in {*(image.id for image in images), *(item.id for item in containers)}:
            self._expected = None
            if self.panel is standing:
                self.go_to(key)

    def go_back(self) -> None:
        """Take a filter away; else go back to where one came from."""
        panel = self.panel
        if panel.filter:
            panel.set_filter("")
        elif panel is self.inspector and self._drill == "images":
            self.stack.focus()
        else:
            (self.containers if self._drill == "containers" else self.images).focus()

    # the filter

    def open_filter(self) -> None:
        """Type words that rows of this panel must hold."""
        if self.panel is not self.activity:
            self.set_class(True, "-filtering")
            self.filter_line.open(self.panel)

    @on(FilterLine.Closed)
    def _filter_closed(self, event: FilterLine.Closed) -> None:
        self.set_class(False, "-filtering")
        event.panel.focus()

    # drawing

    def _heard(self, topics: Topics) -> None:
        if topics & {"selection", "detail"}:
            self.app.look()
        if not topics or topics & {"host", "images", "containers"}:
            self.header.say(*header_versions(self.state))
        if topics & {"images", "containers"}:
            self._meet()
        self._say()

    def _say(self) -> None:
        ctx = self.context
        self.keys.offer(
            [(item.id, item.shown, item.label) for item in footer_actions(ctx)],
            [(item.id, item.shown, item.label) for item in map(action, _ALWAYS)],
        )

    @on(Inspector.Opened)
    def _tab_opened(self, _: Inspector.Opened) -> None:
        self.app.look()

    @on(KeyLine.Pressed)
    def _key_clicked(self, event: KeyLine.Pressed) -> None:
        self.action_verb(event.action_id)

    def action_verb(self, action_id: str) -> None:
        """Do a verb of the registry."""
        self.app.commands.do(action_id)
