"""The panels of the workbench."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from tui.actions import Context, Place, ScreenName
from tui.panels.activity import Activity
from tui.panels.base import Panel
from tui.panels.containers import Containers
from tui.panels.images import Images
from tui.panels.inspector import Inspector
from tui.panels.layers import Layers
from tui.screens.board import Board, bindings_of
from tui.state import State
from tui.widgets.lines import TooSmall

_BORDERS = 2  # lines of a panel that are its frame
_GREETING = 9  # lines that an empty list of images needs for what one can do
_FEWEST = 3


class Bench(Board):
    """The five panels: how they stand, which has focus, and what of that is kept."""

    NAME: ClassVar[ScreenName] = "workbench"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("workbench")
    AUTO_FOCUS = ""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state
        self.images = Images(state)
        self.containers = Containers(state)
        self.stack = Layers(state)
        self.inspector = Inspector(state)
        self.activity = Activity(state)
        self._begin: Panel = self.images
        self._shares = ("3fr", "2fr")
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

    def share_left(self) -> None:
        """Of the left column each list gets what it needs; where both need more, three fifths and two."""
        whole = self.images.outer_size.height + self.containers.outer_size.height
        wants = (
            max(len(self.state.images or ()), _GREETING) + _BORDERS,
            max(len(self.state.containers or ()), _FEWEST) + _BORDERS,
        )
        usual = whole * 3 // 5
        above, below = "3fr", "2fr"
        if wants[0] < usual and wants[1] > whole - usual:
            above, below = str(max(wants[0], whole - wants[1])), "1fr"
        elif wants[0] > usual and wants[1] < whole - usual:
            above, below = "1fr", str(max(wants[1], whole - wants[0]))
        if whole and (above, below) != self._shares:
            self._shares = (above, below)
            self.images.styles.height, self.containers.styles.height = above, below

    # where the person stands

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, in the order of their numbers."""
        return (self.images, self.containers, self.stack, self.inspector, self.activity)

    @property
    def is_seen(self) -> bool:
        """Whether nothing but dialogs lies over it; Textual's `is_current` holds below any one screen."""
        stack = self.app.screen_stack
        return self in stack and all(screen.is_modal for screen in stack[stack.index(self) + 1 :])

    @property
    def shows_inspector(self) -> bool:
        """Whether the inspector is looked at: no other screen covers it, nor the other column."""
        hidden = self.has_class("-narrow") and not self.has_class("-right")
        return self.is_seen and not hidden and not self.has_class("-small")

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
        marked: tuple[str, ...] = ()
        if panel is self.images:
            marked = tuple(image.id for image in self.images.marked_images)
        elif panel is self.containers:
            marked = tuple(item.id for item in self.containers.marked_containers)
        return Context(
            panel.PLACE, state, state.image_of(subject), state.container_of(subject), task, marked=marked,
            tab=self.inspector.tab if panel is self.inspector else "",
        )  # fmt: skip

    @property
    def filtered(self) -> Panel | None:
        """The panel with focus; Activity has no filter."""
        return None if self.panel is self.activity else self.panel

    def worth_keeping(self) -> dict[str, str]:
        """How the panels stand, for the next start."""
        return {
            "panel": self.panel.PLACE,
            "order": self.images.order,
            "filter-images": self.images.filter,
            "filter-containers": self.containers.filter,
            "container-order": self.containers.order,
            "container-label": self.containers.label,
            "log-times": self.state.logs.times,
            "log-wrap": "yes" if self.state.logs.wrap else "",
            **{f"tab-{kind}": tab for kind, tab in self.inspector.chosen.items()},
        }

    def recall(self, kept: Mapping[str, str]) -> None:
        """Let the panels stand as they did."""
        self.images.take_order(kept.get("order", ""))
        self.containers.take_order(kept.get("container-order", ""))
        self.containers.label = kept.get("container-label", "")
        self.state.logs.recall(kept.get("log-times", ""), wrap=bool(kept.get("log-wrap")))
        self.images.filter = kept.get("filter-images", "")
        self.containers.filter = kept.get("filter-containers", "")
        place = kept.get("panel", "")
        self._begin = next((panel for panel in self.panels if place == panel.PLACE), self.images)
        for kind in ("image", "container"):
            self.inspector.choose(kind, kept.get(f"tab-{kind}", ""))

    def focus_panel(self, number: int) -> None:
        """Give focus to a panel by its number."""
        self.panels[number - 1].focus()

    def focus_next_panel(self, by: int) -> None:
        """Give focus to the next panel, or with -1 to the one before."""
        number = (self.panels.index(self.panel) + by) % len(self.panels)
        self.panels[number].focus()
