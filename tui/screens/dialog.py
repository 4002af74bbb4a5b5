"""What dialogs have in common: a frame in the middle, a line of keys at its foot, Esc leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from tui.palette import Palette
from tui.text import safe
from tui.widgets.columns import Span, clip_spans
from tui.widgets.frame import Lines

Answer = TypeVar("Answer")


class Words(Lines):
    """A few lines of text in a dialog; as high as it has lines."""

    def __init__(self, lines: Sequence[Sequence[Span]] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[tuple[Span, ...], ...] = ()
        self.say(lines)

    def say(self, lines: Iterable[Sequence[Span]]) -> None:
        """Replace the lines."""
        fresh = tuple(tuple(line) for line in lines)
        if len(fresh) != len(self._lines):
            self.styles.height = len(fresh)
        self._lines = fresh
        self.repaint()

    def spans(self, y: int, width: int) -> tuple[Sequence[Span], str]:
        """One line."""
        return (clip_spans(self._lines[y], width) if y < len(self._lines) else ()), "panel"


class Field(Input):
    """One line to type into, without a blinking cursor: an idle screen writes nothing."""

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(safe(value), compact=True, select_on_focus=False, placeholder=placeholder, id=id)
        self.cursor_blink = False


def keys(*pairs: tuple[str, str]) -> list[Span]:
    """Keys and what they do, as one line."""
    spans: list[Span] = []
    for key, label in pairs:
        spans += [(key, "accent bold"), (f" {label}   ", "muted")]
    return spans


class Dialog(ModalScreen[Answer]):
    """A frame over the workbench."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self.foot = Words(id="foot")
        self._frame = Vertical(*self.content(), self.foot)

    def content(self) -> Iterable[Widget]:
        """The widgets above the line of keys."""
        return ()

    def compose(self) -> ComposeResult:
        """The frame."""
        yield self._frame

    def entitle(self, title: str, ink: str = "text") -> None:
        """Say in the border what the dialog is about."""
        palette = getattr(self.app, "palette", None)
        assert isinstance(palette, Palette)
        self._frame.border_title = Content.styled(title, f"bold {palette.theme.colour(ink)}")

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)
