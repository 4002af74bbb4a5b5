"""Reading a container's log: from the end, onwards, and as it grows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.linux.inotify import MODIFY, MOVED_TO, Inotify
from engine.runtime.models import LogLine
from engine.runtime.state import read_state

_BLOCK = 64 << 10  # bytes read backwards at a time while looking for the last lines
_BATCH = 4 << 20  # bytes read onwards at a time, so that a flood is taken in pieces
_RUNNING = frozenset({"running", "paused", "restarting"})


class LogReader:
    """Reads one container's log.

    Follow it so: `read()` until it gives nothing, stop if `ended`, wait until `fileno()` polls readable.

    :param directory: the container's directory.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "container.log"
        self._offset = 0
        # Watched before the first look, or a line between look and watch would wait for the next one.
        self._changes = Inotify()
        self._changes.add(directory, MODIFY | MOVED_TO)

    def read(self, tail: int | None = None) -> list[LogLine]:
        """The next lines, at most some megabytes of them; empty when there are none just now.

        :param tail: with the first call, how many of the last lines to begin with; None begins at the start.
        """
        self._changes.read()
        try:
            with self._path.open("rb") as file:
                if tail is not None:
                    self._offset = _start_of_last(file.fileno(), tail)
                file.seek(self._offset)
                data = file.read(_BATCH)
        except FileNotFoundError:
            return []
        whole = data.rfind(b"\n") + 1
        self._offset += whole
        return [line for record in data[:whole].split(b"\n") if record and (line := _parse(record))]

    @property
    def ended(self) -> bool:
        """Whether nothing more will come: the container does not run and all of its log was read."""
        if read_state(self._directory).status in _RUNNING:
            return False
        try:
            return self._path.stat().st_size <= self._offset
        except FileNotFoundError:
            return True

    def fileno(self) -> int:
        """A descriptor that polls readable when the log has grown or the container's state has changed."""
        return self._changes.fileno()

    def close(self) -> None:
        """Stop watching."""
        self._changes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _start_of_last(fd: int, count: int) -> int:
    """Offset of the last `count` lines."""
    end = os.fstat(fd).st_size
    if count <= 0:
        return end
    seen, position = 0, end
    while position > 0:
        start = max(0, position - _BLOCK)
        block = os.pread(fd, position - start, start)
        at = len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            if start + at == end - 1:
                continue  # the newline that ends the last line begins none
            seen += 1
            if seen == count:
                return start + at + 1
        position = start
    return 0


def _parse(record: bytes) -> LogLine | None:
    """The line of a record; None for one that was cut short by a full disk."""
    try:
        fields = json.loads(record)
        return LogLine(
            float(fields["time"]), str(fields["stream"]), str(fields["text"]), bool(fields.get("partial"))
        )
    except (ValueError, KeyError, TypeError):
        return None
