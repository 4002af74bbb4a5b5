"""One line to type, judged while typing: where to extract to, a new name, a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from engine.errors import InvalidArgument
from tui.screens.dialog import Dialog, Field, Words, keys
from tui.text import safe
from tui.widgets.columns import cell

Judge = Callable[[str], str]
"""What the line means, in words; raises InvalidArgument where it cannot be meant."""


class LineDialog(Dialog[str]):
    """A line; gives what was typed, or None.

    :param title: what is asked, already safe; :param value: what stands there; :param yes: the verb.
    :param judge: says what will happen.
    """

    def __init__(self, title: str, value: str, yes: str, judge: Judge, placeholder: str = "") -> None:
        self._title = title
        self._judge = judge
        self.field = Field(value, id="line", placeholder=placeholder)
        self._about = Words([(), ()])
        super().__init__()
        self.foot.say([(), keys(("Enter", yes), ("Esc", "leave"))])

    def content(self) -> Iterable[Widget]:
        """The line, and what it means."""
        return (self.field, self._about)

    def on_mount(self) -> None:
        """Begin at the end of what stands there."""
        self.entitle(self._title)
        self.field.focus()
        self.field.cursor_position = len(self.field.value)
        self._tell()

    @on(Input.Changed)
    def _tell(self) -> None:
        try:
            word = cell(safe(self._judge(self.field.value.strip())), "muted")
        except InvalidArgument as error:
            word = cell(safe(error.message), "bad")
        self._about.say([(), word])

    @on(Input.Submitted)
    def _take(self) -> None:
        text = self.field.value.strip()
        try:
            self._judge(text)
        except InvalidArgument:
            self._tell()
        else:
            self.dismiss(text)


def new_file(text: str, name: str = "") -> str:
    """A place where something new may be written.

    :param name: what it is called in a directory that is there; "" where it must not be one.
    :raises InvalidArgument: something stands there, or its directory does not.
    """
    if not text:
        raise InvalidArgument("type a path on this host")
    target = Path(text).expanduser()
    if target.is_dir() and name:
        target /= name
    if target.exists():
        raise InvalidArgument(f"{target} is there already; nothing is ever replaced")
    if not target.parent.is_dir():
        raise InvalidArgument(f"there is no directory {target.parent}")
    return f"becomes {target}"


def existing_file(text: str) -> str:
    """A file or directory that is there.

    :raises InvalidArgument: it is not.
    """
    target = Path(text).expanduser()
    if not text or not target.exists():
        raise InvalidArgument(f"there is no {target}" if text else "type a path on this host")
    return f"reads {target}"


def new_name(text: str) -> str:
    """A reference that an image may be given.

    :raises InvalidArgument: it is none.
    """
    from engine.oci import Reference

    return f"names it {Reference.parse(text)}"
