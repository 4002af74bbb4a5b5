"""Progress on stderr as lines that stand: on a terminal redrawn in place, else one written per change."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass

_INTERVAL = 0.1  # seconds between drawings: quiet on a slow line, smooth to the eye
_BAR = 24  # columns
_UP = "\x1b[{}A"
_CLEAR_LINE = "\x1b[2K"


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    :param label: what it is about; :param words: where that stands.
    :param state: a change of it is written even where nothing is redrawn.
    :param part: how much of the bar is full, from 0 to 1.
    """

    label: str
    state: str
    words: str
    part: float


class Lines:
    """Lines by key, in the order they first came.

    :param quiet: write nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty()
        self._now: dict[object, Line] = {}
        self._drawn = 0  # lines that stand on the terminal
        self._last = 0.0

    def put(self, key: object, line: Line) -> None:
        """A line is new or has changed."""
        before = self._now.get(key)
        self._now[key] = line
        changed = before is None or before.state != line.state
        if self._quiet:
            return
        if not self._live:
            if changed:
                sys.stderr.write(f"{line.label}: {line.words}\n")
                sys.stderr.flush()
        elif changed or time.monotonic() - self._last >= _INTERVAL:
            self._draw()

    def close(self) -> None:
        """Leave the last state on the screen, below it the cursor."""
        if self._live and self._now and not self._quiet:
            self._draw()

    def _draw(self) -> None:
        self._last = time.monotonic()
        columns, rows = shutil.get_terminal_size()
        # Lines that have scrolled away cannot be redrawn: what does not fit is left out, the ends are kept.
        shown = list(self._now.values())[-max(1, rows - 2) :]
        text = _UP.format(self._drawn) if self._drawn else ""
        for line in shown:
            full = min(_BAR, int(_BAR * line.part))
            drawn = f"{line.label}  {'█' * full}{'░' * (_BAR - full)} {line.words}"
            text += f"\r{_CLEAR_LINE}{drawn[: columns - 1]}\n"
        sys.stderr.write(text)
        sys.stderr.flush()
        self._drawn = len(shown)
