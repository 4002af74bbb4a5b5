"""A real program in a real pseudo-terminal: keys in, screen out, and its picture."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte

KEYS = {"enter": "\r", "tab": "\t", "esc": "\x1b", "down": "\x1b[B", "up": "\x1b[A", "space": " "}
_FONTS = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono%s.ttf"
_FONT_SIZE, _LINE = 15, 18  # pixels; the height of a cell in this font, so that borders close
_INK, _PAPER = "#d8d8d8", "#0c0c0c"
_NAMED = {
    "black": "#000000", "red": "#cc3333", "green": "#33aa55", "brown": "#c4a000", "blue": "#3465a4",
    "magenta": "#9a5aa8", "cyan": "#06989a", "white": "#d3d7cf",
}  # fmt: skip


class Terminal:
    """Runs a command on a screen of `columns` × `rows`; ends it when left."""

    def __init__(self, command: list[str], columns: int, rows: int) -> None:
        self._screen: Any = pyte.Screen(columns, rows)
        self._stream: Any = pyte.ByteStream(self._screen)
        self.written = 0  # bytes by the program so far
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            # Nobody compiles all modules at each start, and the size is what the terminal says.
            for name in ("PYTHONDONTWRITEBYTECODE", "COLUMNS", "LINES"):
                os.environ.pop(name, None)
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor"})
            os.execvp(command[0], command)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def text(self) -> str:
        """The screen, a line each."""
        return "\n".join(self._screen.display)

    def press(self, *keys: str) -> None:
        """Type keys: characters, or names of `KEYS`; the screen settles after each."""
        for key in keys:
            self.strike(key)
            self.settle()

    def strike(self, key: str) -> None:
        """Type one key, and wait for nothing."""
        os.write(self._fd, KEYS.get(key, key).encode())

    def until(self, pattern: str, seconds: float = 60) -> None:
        """Wait until a pattern stands on the screen.

        :raises TimeoutError: it does not; the message has the screen.
        """
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{pattern!r} does not appear:\n{self.text}")
            self.feed(0.1)

    def settle(self, quiet: float = 0.4, longest: float = 5) -> None:
        """Wait until nothing has been written for `quiet` seconds."""
        deadline = time.monotonic() + longest
        while time.monotonic() < deadline and self.feed(quiet):
            continue

    def save(self, path: Path) -> None:
        """Draw the screen, cell by cell, as a PNG."""
        from PIL import Image, ImageDraw, ImageFont  # who only measures needs none of it

        fonts = {
            bold: ImageFont.truetype(_FONTS % ("-Bold" if bold else ""), _FONT_SIZE) for bold in (False, True)
        }
        width = round(fonts[False].getlength("M"))
        image = Image.new("RGB", (width * self._screen.columns, _LINE * self._screen.lines), _PAPER)
        pen = ImageDraw.Draw(image)
        for y in range(self._screen.lines):
            for x in range(self._screen.columns):
                cell = self._screen.buffer[y][x]
                ink, paper = _colour(cell.fg, _INK), _colour(cell.bg, _PAPER)
                if cell.reverse:
                    ink, paper = paper, ink
                left, top = x * width, y * _LINE
                pen.rectangle((left, top, left + width - 1, top + _LINE - 1), fill=paper)
                if cell.data.strip():
                    pen.text((left, top), cell.data, font=fonts[bool(cell.bold)], fill=ink)
        image.save(path, optimize=True)

    def close(self) -> None:
        """End the program, by force if it does not listen."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            os.kill(self.pid, number)
            deadline = time.monotonic() + 3
            while time.monotonic() < deadline:
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    os.close(self._fd)
                    return
                self.feed(0.05)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def feed(self, seconds: float) -> bool:
        """Take what the program writes within so many seconds; whether it wrote anything."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            return False  # it has ended
        if b"\x1b[6n" in data:
            os.write(self._fd, b"\x1b[1;1R")  # where is the cursor: as a terminal would answer
        self.take(data)
        return bool(data)

    def take(self, data: bytes) -> None:
        """What the program wrote, as it comes."""
        self.written += len(data)
        self._stream.feed(data)


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    return _NAMED.get(name, f"#{name}")
