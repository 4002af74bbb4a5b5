"""What travels on an attach socket: frames of one kind byte, a four-byte length, and that many bytes.

front → monitor   a attach me, or q run this beside the first program (`request.Request`): the first frame;
                  i standard input · c end of standard input · r terminal size (rows, columns)
                  for what q asked for: s a signal · n nobody reads its output any more
monitor → front   b what q asked for has begun, or f it has not and why (`messages.Failure`)
                  o standard output (or the terminal) · e standard error · x exit code, the last frame

Who asks with q sends nothing more until it is answered, for somebody else reads on from there.
"""

from __future__ import annotations

import struct

ATTACH, REQUEST = b"a", b"q"
STDIN, STDIN_END, RESIZE, SIGNAL, NO_OUTPUT = b"i", b"c", b"r", b"s", b"n"
BEGUN, FAILED = b"b", b"f"
STDOUT, STDERR, EXIT = b"o", b"e", b"x"
LARGEST = 1 << 20  # bytes of one frame; a longer one ends the connection

_HEADER = struct.Struct(">cI")
HEADER_SIZE = _HEADER.size
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


def signal_frame(number: int) -> bytes:
    """A frame that hands on a signal."""
    return frame(SIGNAL, bytes([number]))


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


def unpack_header(data: bytes | bytearray) -> tuple[bytes, int]:
    """Kind and length of the frame that begins with these `HEADER_SIZE` bytes.

    :raises ValueError: it is longer than `LARGEST`.
    """
    kind, length = _HEADER.unpack(data)
    if length > LARGEST:
        raise ValueError("frame too long")
    return kind, length


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
            kind, length = unpack_header(self._data[: _HEADER.size])
            end = _HEADER.size + length
            if len(self._data) < end:
                break
            frames.append((kind, bytes(self._data[_HEADER.size : end])))
            del self._data[:end]
        return frames
