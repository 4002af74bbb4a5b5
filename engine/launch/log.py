"""A container's log: one JSON line for each line of its output, in the order it was read.

    {"time":1700000000.123456,"stream":"stdout","text":"ready"}
    {"time":1700000000.234567,"stream":"stdout","base64":"AAECAw=="}
    {"time":1700000060.000000,"dropped":12,"reason":"No space left on device"}

A line longer than `LONGEST` is cut, and all but its last piece marked `"partial":true`; so is a last line
that never ended. A newline was written after everything that is not marked.
Bytes that are not UTF-8 stand as lone surrogates (Python's surrogateescape), so nothing is lost; text that
JSON would more than double (zero bytes grow sixfold) stands as base64. `dropped` counts records that the
disk refused just before.

The present file is `container.log`; when it is full it becomes `container.log.<number>`, with a number above
all there are, so a rotation is one rename whose every interruption leaves files in order.
"""

from __future__ import annotations

import os
import time

from .text import quoted, quoted_text

LONGEST = 16 << 10  # bytes of text in one record, as Docker cuts
_GROWTH, _SLACK = 2, 32  # text may take so many times its bytes, and so many more, before it becomes base64
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class Rotation:
    """How much of a log is kept.

    :param size: bytes in one file; 0 is no limit. A record is never cut, so a longer one stands alone.
    :param files: at most so many, with the present one; at least 1.
    """

    def __init__(self, size: int, files: int) -> None:
        self.size = size
        self.files = files


class Log:
    """Writes the log of one container."""

    def __init__(self, path: str, rotation: Rotation | None = None) -> None:
        self._path = path
        self._rotation = rotation or Rotation(0, 1)
        self._open_lines = {"stdout": b"", "stderr": b""}
        self._older = rotated(path)
        self._dropped, self._reason = 0, ""
        self._open()
        self._prune()
        self._mend()

    def write(self, stream: str, data: bytes) -> None:
        """Add output; what does not end in a newline waits for the rest of its line."""
        whole, newline, rest = (self._open_lines[stream] + data).rpartition(b"\n")
        now = time.time()
        records = _records(now, stream, whole) if newline else b""
        while len(rest) > LONGEST:
            end = _cut(rest)
            records += _record(now, stream, rest[:end], partial=True)
            rest = rest[end:]
        self._open_lines[stream] = rest
        self._append(records)

    def close(self) -> None:
        """Write lines that never ended, as pieces that no newline follows, and close the file."""
        now = time.time()
        left = [_record(now, stream, rest, partial=True) for stream, rest in self._open_lines.items() if rest]
        self._append(b"".join(left))
        os.close(self._fd)

    # ------------------------------------------------------------------ files

    def _open(self) -> None:
        self._fd = os.open(self._path, _FLAGS, 0o600)
        self._size = os.fstat(self._fd).st_size

    def _mend(self) -> None:
        """End a record that a killed monitor or a power cut left half written."""
        if self._size and os.pread(self._fd, 1, self._size - 1) != b"\n":
            self._put(b"\n")

    def _append(self, records: bytes) -> None:
        if self._dropped and records:
            told = f'{{"time":{time.time():.6f},"dropped":{self._dropped},"reason":{quoted(self._reason)}}}\n'
            if not self._put(told.encode()):
                self._dropped += records.count(b"\n")
                return
            self._dropped = 0
        while records:
            end = self._fitting(records)
            if not end and self._rotate():
                continue
            end = end or len(records)  # where no other file can be had, the present one takes more
            kept = self._put(records[:end])
            if kept < end:
                self._dropped = records.count(b"\n", kept)
                return
            records = records[end:]

    def _fitting(self, records: bytes) -> int:
        """How many bytes, in whole records, the present file still takes; an empty one takes any record."""
        room = self._rotation.size - self._size
        if not self._rotation.size or len(records) <= room:
            return len(records)
        end = records.rfind(b"\n", 0, max(0, room)) + 1
        return end or (0 if self._size else records.index(b"\n") + 1)

    def _put(self, data: bytes) -> int:
        """Write records; gives how many bytes of them, all of them or whole records, the disk took.

        What it refuses costs the log, never the container.
        """
        done = 0
        try:
            while done < len(data):
                done += os.write(self._fd, data[done:] if done else data)
        except OSError as error:
            self._reason = error.strerror or "input/output error"
            done = data.rfind(b"\n", 0, done) + 1
            try:
                os.ftruncate(self._fd, self._size + done)  # half a record would spoil the next
            except OSError:
                pass
        self._size += done
        return done

    def _rotate(self) -> bool:
        """Begin another file; False where that cannot be had."""
        number = self._older[-1] + 1 if self._older else 1
        before = self._fd
        try:
            os.rename(self._path, f"{self._path}.{number}")
            self._older.append(number)
        except FileNotFoundError:
            pass  # taken away by somebody, or an attempt before this one got no further
        except OSError:
            return False
        try:
            self._open()
        except OSError:
            return False
        os.close(before)
        self._prune()
        return True

    def _prune(self) -> None:
        while self._rotation.size and len(self._older) >= self._rotation.files:
            try:
                os.unlink(f"{self._path}.{self._older[0]}")
            except FileNotFoundError:
                pass
            except OSError:
                return
            del self._older[0]


def rotated(path: str) -> list[int]:
    """Numbers of the full files beside a log, the oldest first."""
    directory, name = os.path.split(path)
    prefix = f"{name}."
    numbers = [entry[len(prefix) :] for entry in os.listdir(directory) if entry.startswith(prefix)]
    return sorted(int(number) for number in numbers if number.isascii() and number.isdigit())


def _records(now: float, stream: str, whole: bytes) -> bytes:
    """Records of whole lines, which `whole` holds with a newline between each two."""
    lines = whole.split(b"\n")
    if max(map(len, lines)) <= LONGEST:
        # All at once: a flood is mostly this, and a call for each line would take twice as long.
        try:
            texts = whole.decode().split("\n")
        except UnicodeDecodeError:
            texts = []
        opening = f'{{"time":{now:.6f},"stream":"{stream}","text":'
        closing = "}\n"
        records = (opening + f"{closing}{opening}".join(map(quoted_text, texts)) + closing).encode()
        if texts and len(records) - len(lines) * len(opening) <= _GROWTH * len(whole) + _SLACK * len(lines):
            return records
    return b"".join(record for line in lines for record in _pieces(now, stream, line))


def _pieces(now: float, stream: str, line: bytes) -> list[bytes]:
    pieces = []
    while len(line) > LONGEST:
        end = _cut(line)
        pieces.append(_record(now, stream, line[:end], partial=True))
        line = line[end:]
    return [*pieces, _record(now, stream, line)]


def _cut(line: bytes) -> int:
    """Where to cut a long line: at most `LONGEST` bytes, and not within a character."""
    for end in range(LONGEST, LONGEST - 4, -1):
        if line[end] & 0xC0 != 0x80:
            return end
    return LONGEST


def _record(now: float, stream: str, text: bytes, partial: bool = False) -> bytes:
    try:
        string = quoted_text(text.decode())
    except UnicodeDecodeError:
        string = quoted(text.decode("utf-8", "surrogateescape"))
    field = f'"text":{string}'.encode()
    if len(field) > _GROWTH * len(text) + _SLACK:
        from binascii import b2a_base64  # half a millisecond that few containers need

        field = b'"base64":"%b"' % b2a_base64(text, newline=False)
    mark = b',"partial":true' if partial else b""
    return b'{"time":%.6f,"stream":"%b",%b%b}\n' % (now, stream.encode(), field, mark)
