"""Reading a container's log: a part of it, onwards, over rotations, and as it grows."""

from __future__ import annotations

import os
import select
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.linux.inotify import CREATE, MODIFY, MOVED_TO, Inotify
from engine.runtime import log_files
from engine.runtime.log_files import Next, Place
from engine.runtime.log_records import Joiner
from engine.runtime.models import WHOLE_LOG, LogLine, LogRange
from engine.runtime.state import Process, read_state

_BATCH = 1 << 20  # bytes read onwards at a time, so that a flood is taken in pieces
_RUNNING = frozenset({"running", "paused", "restarting"})
_GONE = "lines are missing here: the log was rotated faster than it was read"


class LogReader:
    """Reads one container's log.

    Follow it so: `read()` until it gives nothing, stop if `ended`, wait until `fileno()` polls readable
    (or, where the range has an end, until then).

    :param directory: the container's directory.
    """

    def __init__(self, directory: Path, part: LogRange = WHOLE_LOG) -> None:
        self._directory = directory
        self._part = part
        self._files: deque[Next] = deque()  # the first is being read
        self._offset = 0
        self._joiner = Joiner()
        self._over = False
        # Watched before the first look, or a line between look and watch would wait for the next one.
        self._changes = Inotify()
        self._changes.add(directory, MODIFY | MOVED_TO | CREATE)
        self._monitor = -1
        self._wakers = select.epoll()
        self._wakers.register(self._changes, select.EPOLLIN)

    def read(self) -> list[LogLine]:
        """The next lines, at most some megabytes of them; empty when there are none just now.

        Pieces of a long line come joined, up to a megabyte, unless the rest of it is not there yet.
        """
        self._changes.read()
        if not self._files:
            self._begin()
        while self._files and not self._over:
            data = self._whole_records()
            if data:
                self._offset += len(data)
                lines = self._within(self._joiner.take(data))
            elif self._whole_files_ended():
                lines = [LogLine(time.time(), "stderr", _GONE, dropped=-1)] if self._move_on() else []
            else:
                break
            if lines:
                return lines
        return self._within(self._joiner.rest())

    @property
    def until(self) -> float | None:
        """When reading is over even though the container runs on; seconds since the epoch."""
        return self._part.until

    @property
    def ended(self) -> bool:
        """Whether nothing more will come: the container does not run, or the range ends, and all was read."""
        if self._over or (self.until is not None and time.time() > self.until):
            return True
        state = read_state(self._directory)
        if state.status in _RUNNING:
            # One that is killed writes no last word, so its end has to wake us too.
            return not self._watch(state.monitor) and self.ended
        return not self._files or not (self._whole_records() or self._whole_files_ended())

    def fileno(self) -> int:
        """Polls readable when the log has grown, the state has changed, or the monitor is gone."""
        return self._wakers.fileno()

    def close(self) -> None:
        """Stop watching."""
        self._wakers.close()
        self._changes.close()
        self._forget_monitor()
        while self._files:
            os.close(self._files.popleft().fd)

    # files

    def _begin(self) -> None:
        files = log_files.open_all(self._directory)
        if not files:
            return
        start = self._start(files)
        for fd in files[: start.file]:
            os.close(fd)
        self._files.extend(Next(fd, False) for fd in files[start.file :])
        self._offset = start.offset

    def _start(self, files: list[int]) -> Place:
        tail, since, until = self._part
        start = Place(0, 0)
        if tail is not None:
            end = Place(len(files) - 1, os.fstat(files[-1]).st_size)
            if until is not None:
                end = log_files.after_time(files, until)
            start = log_files.before_lines(files, end, tail)
        return start if since is None else max(start, log_files.at_time(files, since))

    def _whole_records(self) -> bytes:
        """What the present file has to give from here on, up to the end of a record."""
        fd = self._files[0].fd
        data = os.pread(fd, _BATCH, self._offset)
        return data[: data.rfind(b"\n") + 1]

    def _whole_files_ended(self) -> bool:
        """Whether another file follows, and this one will not grow any more and has been read."""
        if len(self._files) == 1:
            following = log_files.next_after(self._directory, self._files[0].fd)
            if following is None:
                return False
            self._files.append(following)
        # What was written between our reading and the rotation is still to come.
        return not self._whole_records()

    def _move_on(self) -> bool:
        """Turn to the following file; True where files before it are gone unread."""
        os.close(self._files.popleft().fd)
        self._offset = 0
        return self._files[0].gap

    def _within(self, lines: list[LogLine]) -> list[LogLine]:
        _, since, until = self._part
        if until is not None and any(line.time > until for line in lines):
            self._over = True
            lines = lines[: next(number for number, line in enumerate(lines) if line.time > until)]
        return lines if since is None else [line for line in lines if line.time >= since]

    # the monitor

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
