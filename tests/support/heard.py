"""A program in a pseudo-terminal, and every byte that it wrote there."""

from __future__ import annotations

from scripts.terminal import Terminal


class Heard(Terminal):
    """Keeps all that was written."""

    def __init__(self, command: list[str], columns: int, rows: int) -> None:
        self.all = bytearray()
        super().__init__(command, columns, rows)

    def take(self, data: bytes) -> None:
        self.all += data
        super().take(data)
