"""The files of one log: their order over rotations, and places in them by time and by lines from the end.

Nothing is read but what the search needs: a place in time is found by halving, the last lines from the end.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from engine.launch.log import rotated

NAME = "container.log"
_BLOCK = 64 << 10  # bytes read at a time while looking for a record's end
_PARTIAL = b',"partial":true}'  # the end of a record whose line goes on
_TIME = re.compile(rb'\{"time":([0-9]{1,12}\.[0-9]{6}),')
_TRIES = 5  # looks at a directory in which files are moved on meanwhile


class Next(NamedTuple):
    """The file after another: its descriptor, and whether files between the two are gone unread."""

    fd: int
    gap: bool


class Place(NamedTuple):
    """A place in a log: the number of a file among those that are open, and an offset in it."""

    file: int
    offset: int


def open_all(directory: Path) -> list[int]:
    """Descriptors of all files of a log, the oldest first; the caller closes them."""
    for _ in range(_TRIES):
        opened = [fd for path in _paths(directory) if (fd := _open(path)) is not None]
        # A rotation between two openings leaves a file out, and shows now.
        if [os.fstat(fd).st_ino for fd in opened] == _inodes(directory):
            break
        if _ < _TRIES - 1:
            for fd in opened:
                os.close(fd)
    return opened


def next_after(directory: Path, fd: int) -> Next | None:
    """The file that follows an open one; None while that is the present one."""
    own = os.fstat(fd).st_ino
    for attempt in range(_TRIES):
        paths = _paths(directory)
        inodes = [_inode(path) for path in paths]
        gap = own not in inodes
        number = 0 if gap else inodes.index(own) + 1
        if number >= len(paths):
            return None
        found = _open(paths[number])
        if found is None:
            continue
        now, inode = _inodes(directory), os.fstat(found).st_ino
        expected = 0 if own not in now else now.index(own) + 1
        if (expected < len(now) and now[expected] == inode) or attempt == _TRIES - 1:
            return Next(found, gap)
        os.close(found)
    return None


def at_time(files: Sequence[int], moment: float) -> Place:
    """Where the first record of a moment (seconds since the epoch) or later begins."""
    for number in range(len(files) - 1, -1, -1):
        first = _record_at(files[number], 0)
        if number == 0 or (first is not None and first.time < moment):
            return Place(number, _first_at(files[number], moment))
    return Place(0, 0)


def after_time(files: Sequence[int], moment: float) -> Place:
    """Where the first record later than a moment begins."""
    return at_time(files, math.nextafter(moment, math.inf))


def before_lines(files: Sequence[int], end: Place, count: int) -> Place:
    """Where the last `count` lines before a place begin."""
    wanted = count + 1  # they begin after the line end before the first of them
    for number in range(end.file, -1, -1):
        last = number == end.file
        stop = end.offset if last else os.fstat(files[number]).st_size
        offset, seen = _line_end_back(files[number], stop, wanted, last)
        if offset is not None:
            return Place(number, offset)
        wanted -= seen
    return Place(0, 0)


class _Record(NamedTuple):
    start: int
    end: int
    time: float


def _paths(directory: Path) -> list[Path]:
    """The oldest first; the present one, which may not be there, last."""
    path = directory / NAME
    try:
        return [*(directory / f"{NAME}.{number}" for number in rotated(str(path))), path]
    except FileNotFoundError:
        return []


def _inodes(directory: Path) -> list[int]:
    return [inode for path in _paths(directory) if (inode := _inode(path))]


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _open(path: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError):
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    return None


def _first_at(fd: int, moment: float) -> int:
    low, high = 0, os.fstat(fd).st_size
    while low < high:
        middle = (low + high) // 2
        record = _record_at(fd, middle)
        if record is None or record.start >= high or record.time >= moment:
            high = middle
        else:
            low = record.end
    return low


def _record_at(fd: int, offset: int) -> _Record | None:
    """The first record that begins at an offset or later; torn ones are passed over."""
    start = offset if offset == 0 else _after_newline(fd, offset - 1)
    while start is not None:
        found = _TIME.match(os.pread(fd, 40, start))
        end = _after_newline(fd, start)
        if found and end is not None:
            return _Record(start, end, float(found[1]))
        start = end
    return None


def _after_newline(fd: int, offset: int) -> int | None:
    while block := os.pread(fd, _BLOCK, offset):
        at = block.find(b"\n")
        if at >= 0:
            return offset + at + 1
        offset += len(block)
    return None


def _line_end_back(fd: int, end: int, wanted: int, last: bool) -> tuple[int | None, int]:
    """The offset after the line end that is the `wanted`th before `end`, and how many were seen.

    :param last: a line that never ended, which only the last file has at its end, counts as ended.
    """
    seen, position = 0, end
    while position > 0:
        start = max(0, position - _BLOCK)
        before = min(start, len(_PARTIAL))
        block = os.pread(fd, position - start + before, start - before)
        at = len(block)
        while (at := block.rfind(b"\n", before, at)) >= 0:
            if not block.endswith(_PARTIAL, 0, at) or (last and not seen):
                seen += 1
                if seen == wanted:
                    return start - before + at + 1, seen
        position = start
    return None, seen
