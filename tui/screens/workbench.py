"""The workbench: the one screen that does the daily work."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on

from tui.panels.base import Panel
from tui.panels.containers import Containers
from tui.panels.header import header_versions
from tui.panels.images import Images
from tui.panels.inspector import Inspector
from tui.panels.layers import Layers
from tui.panels.marking import MarkedPanel
from tui.screens.bench import Bench
from tui.screens.jump import Target
from tui.state import Topics
from tui.trail import Spot
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

_TWO_COLUMNS = 100
_PORTRAIT = 50  # lines from which one column has room for all panels


class Workbench(Bench):
    """Images and containers left, layers and inspector right, activity below."""

    def on_mount(self) -> None:
        """Listen to the state."""
        self.state.listen(self._heard)
        self._begin.focus()
        self._heard(frozenset())

    def on_unmount(self) -> None:
        """Listen no longer."""
        self.state.forget(self._heard)

    def on_resize(self, event: events.Resize) -> None:
        """One column or two, or too small."""
        width, height = event.size
        self.measure(width, height)
        narrow = width < _TWO_COLUMNS
        portrait = narrow and height >= _PORTRAIT
        self.set_class(portrait, "-portrait")
        narrow = narrow and not portrait
        self.set_class(narrow, "-narrow")
        self.set_class(narrow and self.panel in (self.stack, self.inspector), "-right")
        self.set_class(height >= 40, "-tall")
        self.call_after_refresh(self.share_left)
        self.say_keys()

    def on_screen_suspend(self) -> None:
        """What is covered is not read."""
        self.app.look()

    def on_screen_resume(self) -> None:
        """What is seen again is."""
        self.app.look()

    def targets(self) -> list[Target]:
        """The panels that are seen, and the inspector's tabs."""
        inspector = self.inspector
        x, y = inspector.region.offset
        tabs = [
            Target(x + start - 2, y, partial(self._jump_to_tab, name))
            for start, _, name in inspector.tab_places
        ]
        return [*super().targets(), *(tabs if inspector.region else [])]

    def _jump_to_tab(self, name: str) -> None:
        self.inspector.focus()
        self.inspector.open_tab(name)

    @property
    def spot(self) -> Spot:
        """The panel with focus, and what is selected."""
        panel = self.panel
        tab = self.inspector.tab if panel is self.inspector else ""
        return Spot(panel.PLACE, self.state.subject, tab)

    def return_to(self, spot: Spot) -> None:
        """Stand where one stood."""
        panel = next((panel for panel in self.panels if spot.what == panel.PLACE), self.images)
        subject = spot.subject
        if subject is not None:
            items = self.images if subject.kind == "image" else self.containers
            if items.go_to_key(subject.id) or items.key == subject.id:
                self.state.select(subject)
        panel.focus()
        if spot.tab:
            self.inspector.open_tab(spot.tab)

    def perform(self, action_id: str) -> None:
        """All verbs of the workbench are carried out by `tui.commands`."""

    def on_descendant_focus(self) -> None:
        """Show the column that has focus, and select what stands under the cursor of a list on the left."""
        panel = self.panel
        self._last_panel = panel
        # Only one column asks which; elsewhere the class would cost a restyle of the whole screen.
        right = panel in (self.stack, self.inspector)
        if self.has_class("-narrow") and right != self.has_class("-right"):
            self.set_class(right, "-right")
            self.app.look()
        if panel is self.images or panel is self.containers:
            self._drill = panel.PLACE
            panel.select_current()
        self.remember()
        self.say_keys()

    # moving

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        rows = event.rows
        if rows is self.stack or rows is self.panel:
            if isinstance(rows, Images | Containers | Layers):
                rows.select_current()
            self.remember()
            self.say_keys()

    @on(RowList.Chosen)
    def _chosen(self, _: RowList.Chosen) -> None:
        self.open_current()

    def open_current(self) -> None:
        """Go into what the cursor stands on."""
        panel = self.panel
        if panel is self.images:
            self.stack.focus()
        elif panel is self.containers:
            if not self.containers.toggle():
                self.inspector.focus()
        elif panel is self.stack:
            self.app.commands.do("explore")
        elif panel is self.inspector:
            self._open_inspected()
        elif panel is self.activity:
            self.app.commands.do("open_task")

    def _open_inspected(self) -> None:
        inspector = self.inspector
        if inspector.fold():
            return
        if inspector.tab == "Used by" and inspector.key is not None:
            self.go_to(inspector.key)
        elif inspector.full:
            from tui.screens.text import TextDialog

            self.app.push_screen(TextDialog(inspector.tab, inspector.full))

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
        if panel is self.inspector and self.app.commands.leave_words(self.inspector):
            return
        if panel.filter:
            panel.set_filter("")
        elif isinstance(panel, MarkedPanel) and panel.marked:
            panel.unmark()
        elif panel is self.inspector and self._drill == "images":
            self.stack.focus()
        else:
            (self.containers if self._drill == "containers" else self.images).focus()

    # drawing

    def _heard(self, topics: Topics) -> None:
        if topics in ({"stats"}, {"logs"}):
            return
        if topics & {"selection", "detail"}:
            self.app.look()
        if not topics or topics & {"host", "images", "containers"}:
            self.header.say(*header_versions(self.state))
        if topics & {"images", "containers"}:
            self.share_left()
            self._meet()
        self.say_keys()

    @on(Inspector.Opened)
    def _tab_opened(self, _: Inspector.Opened) -> None:
        self.app.look()
        self.remember()
