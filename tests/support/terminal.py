"""A real terminal with a command on it, as a person at the keyboard has it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from types import TracebackType
from typing import Self

_PATIENCE = 20.0  # seconds


class Terminal:
    """Runs a command with a pseudo-terminal as its controlling one; a context manager, which ends it.

    :param words: the command.
    """

    def __init__(self, words: list[str], rows: int = 24, columns: int = 80, cwd: str | None = None) -> None:
        self._master, slave = pty.openpty()
        self.resize(rows, columns)
        self._process = subprocess.Popen(
            ["setsid", "-c", *words], stdin=slave, stdout=slave, stderr=slave, cwd=cwd
        )
        os.close(slave)
        self.seen = b""
        self._looked = 0

    @property
    def pid(self) -> int:
        """Of the command."""
        return self._process.pid

    def press(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Make the window larger or smaller."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, text: str) -> str:
        """Wait until a text shows after what was waited for before; gives what came up to it."""
        deadline = time.monotonic() + _PATIENCE
        while (at := self.seen.find(text.encode(), self._looked)) < 0:
            assert self._read(deadline), f"{text!r} did not show: {self.seen[-2000:]!r}"
        before = self.seen[self._looked : at]
        self._looked = at + len(text.encode())
        return before.decode("utf-8", "replace")

    def end(self) -> int:
        """Read to the command's end; gives its exit code."""
        while self._read(time.monotonic() + _PATIENCE):
            pass
        return self._process.wait(_PATIENCE)

    def _read(self, deadline: float) -> bool:
        if not select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False  # EIO: the last process has let go of it
        self.seen += data
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)
