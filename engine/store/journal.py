"""The journal: what happened on a store, one JSON line an event, readable while others append.

    {"time":1700000000.5,"kind":"image","action":"pull","id":"sha256:…","attributes":{"name":"redis:7"}}

When the file has grown to `ROTATE_AT` it becomes `events.jsonl.1`, replacing an older one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

from engine.events import Event, Kind
from engine.store.atomic import write_all
from engine.store.layout import Layout
from engine.store.locks import same_file

ROTATE_AT = 4 << 20  # bytes; about 20,000 events
LONGEST_LINE = 16 << 10  # bytes; longer ones are not written, and skipped when read
_LONGEST_VALUE = 512  # characters of one attribute
_MOST_ATTRIBUTES = 24
_KINDS = frozenset(get_args(Kind))


class Place(NamedTuple):
    """Up to where somebody has read: a file (by inode) and an offset in it."""

    inode: int
    offset: int


class Journal:
    """The events of one store."""

    def __init__(self, layout: Layout, rotate_at: int = ROTATE_AT) -> None:
        self._path = layout.journal
        self._older = self._path.with_name(f"{self._path.name}.1")
        self._rotate_at = rotate_at

    def append(self, event: Event) -> None:
        """Write one event; readers see the whole line or none of it.

        An event that the disk refuses is lost: what it tells of is done, and to fail now would deny it.
        """
        with contextlib.suppress(OSError):
            self._append(_encode(event))

    def _append(self, line: bytes) -> None:
        descriptor = self._open_locked()
        try:
            size = os.fstat(descriptor).st_size
            # A writer that was killed may have left half a line: that one is lost, ours must not be.
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line
            write_all(descriptor, line)
            if size + len(line) >= self._rotate_at:
                os.replace(self._path, self._older)
        finally:
            os.close(descriptor)

    def read(self, since: float | None = None) -> Iterator[Event]:
        """Events of the older file and the present one, oldest first.

        :param since: seconds since the epoch; earlier events are left out.
        """
        for path in (self._older, self._path):
            for event in _events(path, 0)[0]:
                if since is None or event.time >= since:
                    yield event

    def start(self) -> Place:
        """The place before the oldest event that is kept; give it to `read_from`."""
        return Place(_inode(self._older), 0)

    def end(self) -> Place:
        """The place after the last event there is now; give it to `read_from`."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return Place(0, 0)
        return Place(status.st_ino, status.st_size)

    def read_from(self, place: Place) -> tuple[list[Event], Place]:
        """What came after `place`, and the new place; follows over a rotation.

        A line that is still being written is left for the next call.
        """
        found: list[Event] = []
        inode = _inode(self._path)
        offset = place.offset
        if inode != place.inode:
            if place.inode and _inode(self._older) == place.inode:
                found, _ = _events(self._older, offset)
            offset = 0
        events, offset = _events(self._path, offset)
        return found + events, Place(inode, offset)

    def _open_locked(self) -> int:
        while True:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._path, flags, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if same_file(descriptor, self._path):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # it was rotated away while we waited


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _events(path: Path, offset: int) -> tuple[list[Event], int]:
    """Events of whole lines from `offset` on, and the offset after the last whole line."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return [], 0
    end = data.rfind(b"\n") + 1
    lines = data[:end].split(b"\n")
    return [event for line in lines if line and (event := _decode(line)) is not None], offset + end


def _encode(event: Event) -> bytes:
    document = {
        "time": event.time,
        "kind": event.kind,
        "action": event.action,
        "id": event.id,
        "attributes": {
            str(key)[:_LONGEST_VALUE]: str(value)[:_LONGEST_VALUE]
            for key, value in list(event.attributes.items())[:_MOST_ATTRIBUTES]
        },
    }
    line = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    if len(line) <= LONGEST_LINE:
        return line
    return _encode(Event(event.time, event.kind, event.action, event.id[:_LONGEST_VALUE]))


def _decode(line: bytes) -> Event | None:
    """The event of a line; None where the line is none (torn, or not ours)."""
    if len(line) > LONGEST_LINE:
        return None
    try:
        document = json.loads(line)
        attributes = {str(key): str(value) for key, value in document["attributes"].items()}
        event = Event(
            float(document["time"]),
            document["kind"],
            str(document["action"]),
            str(document["id"]),
            attributes,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return event if event.kind in _KINDS else None
