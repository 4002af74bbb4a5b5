"""What a container does to its writable layer, as it happens. inotify(7)

Overlayfs makes, moves and removes names in the writable layer where inotify sees it, but writes to files
there unseen: so directories in which something happened are looked at again for some seconds.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from engine.containers.overlays import Effect, OverlayChange, change_of, layer_names
from engine.containers.upper import Upper, Written, open_directory
from engine.errors import LimitExceeded
from engine.launch.task import Overlay
from engine.linux.inotify import CREATE, DELETE, MOVED_FROM, MOVED_TO, OVERFLOW, Inotify

_ATTRIB, _ONLYDIR = 0x4, 0x01000000
_MASK = CREATE | DELETE | MOVED_FROM | MOVED_TO | _ATTRIB | _ONLYDIR
# A whiteout goes with the directory it was in, and a directory that was only passed is nothing written.
_NO_NEWS = (Effect.DELETED, None)
_FRESH = 3.0  # seconds for which a directory is looked at again

Seen = tuple[object, ...]


class OverlayFeed:
    """Changes from now on: `read()` when `fileno()` polls readable, and every second at least.

    :raises LimitExceeded: there are more directories than the kernel lets one user watch.
    """

    def __init__(self, overlay: Overlay) -> None:
        self._open = ExitStack()
        self._layers = layer_names(overlay)
        self._watches: dict[int, bytes] = {}
        self._known: dict[bytes, dict[bytes, Seen]] = {}
        self._fresh: dict[bytes, float] = {}
        with ExitStack() as opening:
            self._upper = opening.enter_context(Upper(overlay.upper, overlay.lowers))
            self._changes = opening.enter_context(Inotify())
            self._scan(b"")
            self._open = opening.pop_all()

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._changes.fileno()

    def read(self) -> list[OverlayChange]:
        """What was changed since the last call, by directory; never blocks."""
        now = time.monotonic()
        self._fresh = {path: until for path, until in self._fresh.items() if until > now}
        for change in self._changes.read():
            if change.mask & OVERFLOW:
                self._fresh.update(dict.fromkeys(self._known, now + _FRESH))
            elif change.watch in self._watches:
                self._fresh[self._watches[change.watch]] = now + _FRESH
        found: list[OverlayChange] = []
        for path in sorted(self._fresh):
            if path in self._known:
                found += self._scan(path)
        return found

    def close(self) -> None:
        """Stop watching."""
        self._open.close()

    def _scan(self, top: bytes) -> list[OverlayChange]:
        """Look at a directory again, and at all that is new below it."""
        found: list[OverlayChange] = []
        pending = [top]
        while pending:
            path = pending.pop()
            self._watch(path)
            before, now = self._known.get(path, {}), {}
            for entry in self._upper.entries(path):
                change = change_of(self._upper, entry, self._layers)
                now[entry.name] = _seen(entry, change)
                if before.get(entry.name) != now[entry.name]:
                    if change is not None:
                        found.append(change)
                    if stat.S_ISDIR(entry.status.st_mode) and entry.path not in self._known:
                        pending.append(entry.path)
            self._known[path] = now
            for name in sorted(before.keys() - now.keys()):
                gone = self._gone(path, name)
                if before[name][0] not in _NO_NEWS:
                    found.append(gone)
        return found

    def _gone(self, path: bytes, name: bytes) -> OverlayChange:
        whole = path + b"/" + name if path else name
        for inside in [one for one in self._known if one == whole or one.startswith(whole + b"/")]:
            del self._known[inside]
            self._fresh.pop(inside, None)
        return OverlayChange(Effect.GONE, "/" + os.fsdecode(whole), 0, 0, "")

    def _watch(self, path: bytes) -> None:
        """Be told of changes in a directory; before it is read, so that nothing falls between."""
        directory = open_directory(self._upper.root, path)
        if directory is None:
            return
        try:
            self._watches[self._changes.add(f"/proc/self/fd/{directory}", _MASK)] = path
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise LimitExceeded(
                f"the writable layer has more than the {len(self._watches)} directories that can be watched",
                hint="raise fs.inotify.max_user_watches",
            ) from error
        finally:
            os.close(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _seen(entry: Written, change: OverlayChange | None) -> Seen:
    status, effect = entry.status, change and change.effect
    if stat.S_ISDIR(status.st_mode):  # what is in it changes its times
        return effect, status.st_ino, status.st_mode, status.st_uid, status.st_gid
    return effect, change, status.st_ino, status.st_mtime_ns, status.st_mode, status.st_uid, status.st_gid
