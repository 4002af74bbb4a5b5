"""Help: the panel one stands in and its keys first, then all keys, drawn from the action registry."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.actions import ACTIONS, GROUPS, MOVING, Action, Context, footer_actions
from tui.screens.dialog import Dialog, keys
from tui.screens.help_words import ABOUT
from tui.text import safe
from tui.widgets.columns import Column, Row, cell
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

    from tui.app import Lamina

_COLUMNS = (
    Column(10, right=True),
    Column(14, most=16),
    Column(50, most=80, grow=1),
    Column(12, most=34, grow=1, drop=1),
)
_LINE = 56  # cells of a sentence, so that it stands whole also in a narrow window
_LEGEND = (
    ("▇▇▇", "layers", "base to top, each layer in its own colour wherever it appears"),
    ("", "", "by size; by its square root where one layer would swallow the rest"),
    ("░░░", "to fetch", "a layer that is not here; it fills as it arrives"),
)


class Help(Dialog[None]):
    """Every verb with its key, and the command that does the same."""

    if TYPE_CHECKING:
        app: Lamina

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,q,enter", "leave", "leave", show=False),
        Binding("9", "words", "words", show=False),
    ]

    def __init__(self, ctx: Context) -> None:
        self._list = RowList(id="help")
        self._rows = help_rows(ctx)
        super().__init__()
        self.foot.say([(), keys(("j k", "move"), ("9", "words of the field"), ("Esc", "close"))])

    def content(self) -> Iterable[Widget]:
        """The list."""
        return (self._list,)

    def on_mount(self) -> None:
        """Fill it."""
        self.entitle("Help")
        self._list.show(_COLUMNS, self._rows)
        self._list.focus()

    def action_words(self) -> None:
        """What the words mean that stand here."""
        self.dismiss(None)
        self.app.commands.open_glossary()

    def on_resize(self, event: events.Resize) -> None:
        """As high as there are rows, or as the window allows."""
        self._list.styles.height = max(3, min(len(self._rows), event.size.height - 6))


def help_rows(ctx: Context) -> list[Row]:
    """The panel one stands in and what can be done there; then every verb under the name of its group."""
    rows = _here(ctx)
    for group, title in GROUPS.items():
        rows += [_row("", "", "", ""), _title(group, title)]
        if group == "go":
            rows += [_row(key, "move", about, "") for key, about in MOVING]
        rows += [_verb(item, ctx) for item in ACTIONS if item.group == group and ctx.screen in item.screens]
    rows += [_row("", "", "", ""), _title("bars", "Bars")]
    rows += [Row(f"bar{i}", (cell(mark, "slot0"), cell(word), cell(about, "muted"), cell("")))
             for i, (mark, word, about) in enumerate(_LEGEND)]  # fmt: skip
    return rows


def _here(ctx: Context) -> list[Row]:
    name, lines = ABOUT.get(ctx.place, (ctx.place.capitalize(), ()))
    rows = [_title("here", name)]
    told = (part for line in lines for part in wrap(line, _LINE))
    rows += [Row(f"here{number}", (cell(f"{'':12}{part}"),)) for number, part in enumerate(told)]
    return [*rows, *(_verb(item, ctx) for item in footer_actions(ctx, most=12))]


def _title(key: str, title: str) -> Row:
    return Row(key, (cell(""), cell(title, "accent bold"), cell(""), cell("")))


def _verb(item: Action, ctx: Context) -> Row:
    about = item.about + (" (asks first)" if item.danger else "")
    return _row(item.key(ctx.state) or ":", item.label, about, safe(item.command(ctx), 200))


def _row(key: str, label: str, about: str, command: str) -> Row:
    return Row(
        f"{key}-{label}", (cell(key, "accent"), cell(label), cell(about, "muted"), cell(command, "muted"))
    )
