"""Themes of one's own, loaded anew as soon as their file is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.errors import LaminaError
from engine.linux.inotify import CLOSE_WRITE, DELETE, MOVED_FROM, MOVED_TO, Inotify
from tui.theme import user_directory

_CHANGES = CLOSE_WRITE | MOVED_TO | MOVED_FROM | DELETE


class ThemeWatch:
    """Tells when a file in the directory of user themes changed; nothing where there is none.

    :param changed: called in the event loop.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._inotify: Inotify | None = None

    def open(self) -> None:
        """Begin to watch."""
        try:
            self._inotify = Inotify()
            self._inotify.add(user_directory(), _CHANGES)
        except (OSError, LaminaError):
            self.close()
        else:
            asyncio.get_running_loop().add_reader(self._inotify.fileno(), self._read)

    def close(self) -> None:
        """Watch no longer."""
        if self._inotify is not None:
            asyncio.get_running_loop().remove_reader(self._inotify.fileno())
            self._inotify.close()
            self._inotify = None

    def _read(self) -> None:
        if self._inotify is not None and self._inotify.read():
            self._changed()
