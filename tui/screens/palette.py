"""The palette: any verb, image or container by a few letters of its name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from tui.actions import ACTIONS, Context, name_of_image
from tui.screens.dialog import Dialog, keys
from tui.text import safe
from tui.widgets.columns import Column, Row, cell
from tui.widgets.rows import RowList

_COLUMNS = (
    Column(14, most=40, grow=1, cut="middle"),
    Column(12, most=60, grow=2, drop=1),
    Column(10, right=True),
)
_ROWS = 14
_NOT_OFFERED = {"palette", "open", "back", "open_task"}

Choice = tuple[str, str]


class Palette(Dialog[Choice]):
    """Type, choose with the arrows, Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move(1)", "down", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "up", show=False, priority=True),
    ]

    def __init__(self, ctx: Context, own: Iterable[tuple[str, str]] = (), themes: Iterable[str] = ()) -> None:
        """:param own: commands of one's own that can be done here, by name; :param themes: their names."""
        self._all = [*palette_rows(ctx), *map(_own_row, own), *map(_theme_row, themes)]
        self._input = Input(
            compact=True, select_on_focus=False, placeholder="a verb, an image, a container or a theme"
        )
        self._input.cursor_blink = False
        self._list = RowList(id="choices")
        super().__init__()
        self.foot.say([(), keys(("Enter", "do it"), ("↓ ↑", "choose"), ("Esc", "leave"))])

    def content(self) -> Iterable[Widget]:
        """What one types, and what fits it."""
        return (self._input, self._list)

    def on_mount(self) -> None:
        """Offer everything at first."""
        self.entitle("Go anywhere, do anything")
        self._list.can_focus = False
        self._list.styles.height = _ROWS
        self._list.show(_COLUMNS, self._all)
        self._input.focus()

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        words = event.value.lower().split()
        rows = [row for row in self._all if all(word in row.search for word in words)]
        rows.sort(key=lambda row: not row.search.startswith(event.value.lower().strip()))
        self._list.cursor = 0
        self._list.show(_COLUMNS, rows, ("nothing has these letters",))

    @on(Input.Submitted)
    def _choose(self, _: Input.Submitted) -> None:
        self._take()

    @on(RowList.Chosen)
    def _clicked(self, _: RowList.Chosen) -> None:
        self._take()

    def _take(self) -> None:
        if self._list.key is not None:
            kind, _, what = self._list.key.partition(":")
            self.dismiss((kind, what))

    def action_move(self, by: int) -> None:
        """Move the choice."""
        self._list.action_move(by)


def _own_row(command: tuple[str, str]) -> Row:
    name, words = command
    return Row(f"own:{name}", (cell(safe(name)), cell(safe(words), "muted"), cell("")), safe(name).lower())


def _theme_row(name: str) -> Row:
    cells = (cell(f"theme {name}"), cell("the colours of the screen", "muted"), cell(""))
    return Row(f"theme:{name}", cells, f"theme {name}")


def palette_rows(ctx: Context) -> list[Row]:
    """Verbs that can be done here, then images and containers to go to."""
    rows = [
        Row(f"verb:{item.id}", (cell(item.label), cell(item.about, "muted"),
                                  cell(item.key(ctx.state), "accent")), f"{item.label} {item.about}".lower())
        for item in ACTIONS
        if item.id not in _NOT_OFFERED and item.available(ctx)
    ]  # fmt: skip
    for image in ctx.state.images or ():
        name = safe(name_of_image(image))
        rows.append(
            Row(f"go:{image.id}", (cell(name), cell("image", "muted"), cell("")), f"{name} image".lower())
        )
    for item in ctx.state.containers or ():
        name = safe(item.name)
        cells = (cell(name), cell(f"container of {safe(item.image)}", "muted"), cell(""))
        rows.append(Row(f"go:{item.id}", cells, f"{name} container".lower()))
    return rows
