"""A container's log: one JSON line for each line of its output, in the order it was read.

    {"time":1700000000.123456,"stream":"stdout","text":"ready"}

A line longer than `LONGEST` is cut, and all but its last piece marked `"partial":true`; so is a last line
that never ended. A newline was written after everything that is not marked.
Bytes that are not UTF-8 stand as lone surrogates (Python's surrogateescape), so nothing is lost.
"""

from __future__ import annotations

import os
import time

from .text import quoted

LONGEST = 16 << 10  # bytes of text in one record, as Docker cuts


class Log:
    """Writes the log file of one container."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._open_lines = {"stdout": b"", "stderr": b""}

    def write(self, stream: str, data: bytes) -> None:
        """Add output; what does not end in a newline waits for the rest of its line."""
        lines = (self._open_lines[stream] + data).split(b"\n")
        rest = lines.pop()
        now = time.time()
        records = [record for line in lines for record in _records(now, stream, line)]
        while len(rest) > LONGEST:
            records.append(_record(now, stream, rest[:LONGEST], partial=True))
            rest = rest[LONGEST:]
        self._open_lines[stream] = rest
        self._append("".join(records))

    def close(self) -> None:
        """Write lines that never ended, as pieces that no newline follows, and close the file."""
        now = time.time()
        left = [_record(now, stream, rest, partial=True) for stream, rest in self._open_lines.items() if rest]
        self._append("".join(left))
        os.close(self._fd)

    def _append(self, text: str) -> None:
        data = text.encode()
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            # A full disk costs the log, never the container; what comes when there is room is kept again.
            return


def _records(now: float, stream: str, line: bytes) -> list[str]:
    pieces = [line[start : start + LONGEST] for start in range(0, len(line), LONGEST)] or [b""]
    last = len(pieces) - 1
    return [_record(now, stream, piece, partial=index < last) for index, piece in enumerate(pieces)]


def _record(now: float, stream: str, text: bytes, partial: bool = False) -> str:
    string = quoted(text.decode("utf-8", "surrogateescape"))
    mark = ',"partial":true' if partial else ""
    return f'{{"time":{now:.6f},"stream":"{stream}","text":{string}{mark}}}\n'
