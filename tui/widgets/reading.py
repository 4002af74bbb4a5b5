"""Lines to read, among them some that stand for something: the cursor goes from one of these to the next."""

from __future__ import annotations

from tui.widgets.rows import RowList

_BEGINS = ":0"  # how the key of the first line of something ends


class ReadingList(RowList):
    """A list whose lines without something behind them are read, and scrolled, but never marked."""

    @property
    def shows_cursor(self) -> bool:
        """Only on what stands for something."""
        return self.has_focus and ":" in (self.key or "")

    @property
    def place(self) -> str:
        """How far one has read, for the border; nothing where all is seen."""
        return f"{min(len(self.rows), self.top + self.room)} of {len(self.rows)}" if self.overflows else ""

    def to_top(self) -> None:
        """Begin to read."""
        self.top = self.cursor = 0

    def show_from(self, index: int) -> None:
        """Let a row be the first that is seen."""
        self.top = max(0, min(index, len(self.rows) - self.room))
        seen = range(self.top, min(len(self.rows), self.top + self.room))
        self.cursor = next((at for at in seen if ":" not in self.rows[at].key), self.top)
        self.repaint()

    def action_move(self, by: int) -> None:
        """To what stands next for something and is seen, else by a line."""
        at = self.cursor + by
        while self.top <= at < min(len(self.rows), self.top + self.room):
            if self.rows[at].key.endswith(_BEGINS):
                self.go_to(at)
                return
            at += by
        self._wheel(by)

    def action_page(self, by: int) -> None:
        """By a screenful."""
        self._wheel(by * max(1, self.room - 1))
