"""What travels on an attach socket: frames of one kind byte, a four-byte length, and that many bytes.

front → monitor   i standard input · c end of standard input · r terminal size (rows, columns)
monitor → front   o standard output (or the terminal) · e standard error · x exit code, the last frame
"""

from __future__ import annotations

import struct

STDIN, STDIN_END, RESIZE = b"i", b"c", b"r"
STDOUT, STDERR, EXIT = b"o", b"e", b"x"
LARGEST = 1 << 20  # bytes of one frame; a longer one ends the connection

_HEADER = struct.Struct(">cI")
_SIZE = struct.Struct(">HH")
_CODE = struct.Struct(">i")


def frame(kind: bytes, data: bytes = b"") -> bytes:
    """One frame as bytes."""
    return _HEADER.pack(kind, len(data)) + data


def size_frame(rows: int, columns: int) -> bytes:
    """A frame that tells the terminal's size."""
    return frame(RESIZE, _SIZE.pack(rows, columns))


def exit_frame(code: int) -> bytes:
    """The last frame: how the program ended."""
    return frame(EXIT, _CODE.pack(code))


def unpack_size(data: bytes) -> tuple[int, int]:
    """Rows and columns; raises ValueError for anything else."""
    if len(data) != _SIZE.size:
        raise ValueError("not a terminal size")
    rows, columns = _SIZE.unpack(data)
    return rows, columns


def unpack_exit(data: bytes) -> int:
    """The exit code of an exit frame."""
    code: int = _CODE.unpack(data)[0]
    return code


class Splitter:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Whole frames, as (kind, data), that these bytes complete.

        :raises ValueError: a frame is longer than `LARGEST`.
        """
        self._data += data
        frames = []
        while len(self._data) >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._data)
            if length > LARGEST:
                raise ValueError("frame too long")
            end = _HEADER.size + length
            if len(self._data) < end:
                break
            frames.append((kind, bytes(self._data[_HEADER.size : end])))
            del self._data[:end]
        return frames
