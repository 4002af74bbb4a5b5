"""Where a file or directory of an image shall be written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from tui.screens.dialog import Dialog, Field, Words, keys
from tui.text import safe
from tui.widgets.columns import cell


class ExtractDialog(Dialog[str]):
    """One line for the place; gives it, or None."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._field = Field(str(Path.cwd()), id="extract-to")
        self._about = Words([(), ()])
        super().__init__()
        self.foot.say([(), keys(("Enter", "write"), ("Esc", "leave"))])

    def content(self) -> Iterable[Widget]:
        """What happens, and the line."""
        return (self._field, self._about)

    def on_mount(self) -> None:
        """Begin in the directory one came from."""
        self.entitle(f"Extract /{safe(self._path, 100)} to")
        self._field.focus()
        self._field.cursor_position = len(self._field.value)
        self._tell()

    @on(Input.Changed)
    def _tell(self) -> None:
        target = Path(self._field.value.strip() or ".").expanduser()
        name = self._path.rpartition("/")[2]
        if target.is_dir():
            there = target / name
            word = cell(f"becomes {safe(str(there))}", "muted")
            if there.exists():
                word = cell(f"{safe(str(there))} is there already; nothing is ever replaced", "bad")
        elif target.exists():
            word = cell("that is a file; nothing is ever replaced", "bad")
        elif target.parent.is_dir():
            word = cell(f"becomes {safe(str(target))}", "muted")
        else:
            word = cell(f"there is no directory {safe(str(target.parent))}", "bad")
        self._about.say([(), word])

    @on(Input.Submitted)
    def _write(self) -> None:
        self.dismiss(self._field.value.strip() or ".")
