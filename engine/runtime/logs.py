"""Reading a container's log: from the end, onwards, and as it grows."""

from __future__ import annotations

import json
import os
import select
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.linux.inotify import MODIFY, MOVED_TO, Inotify
from engine.runtime.models import LogLine
from engine.runtime.state import Process, read_state

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
        self._monitor = -1
        self._wakers = select.epoll()
        self._wakers.register(self._changes, select.EPOLLIN)

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
        state = read_state(self._directory)
        if state.status in _RUNNING:
            # One that is killed writes no last word, so its end has to wake us too.
            return not self._watch(state.monitor) and self.ended
        try:
            return self._path.stat().st_size <= self._offset
        except FileNotFoundError:
            return True

    def fileno(self) -> int:
        """Polls readable when the log has grown, the state has changed, or the monitor is gone."""
        return self._wakers.fileno()

    def close(self) -> None:
        """Stop watching."""
        self._wakers.close()
        self._changes.close()
        self._forget_monitor()

    def _watch(self, monitor: Process) -> bool:
        """Be woken by the end of this monitor; False when it is gone."""
        self._forget_monitor()
        try:
            self._monitor = os.pidfd_open(monitor.pid)
        except ProcessLookupError:
            return False
        self._wakers.register(self._monitor, select.EPOLLIN)
        return monitor.alive  # asked while the descriptor holds whom it names

    def _forget_monitor(self) -> None:
        if self._monitor >= 0:
            os.close(self._monitor)
            self._monitor = -1

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
