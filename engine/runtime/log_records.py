"""From the records of a log to lines: pieces of long lines are joined again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from engine.runtime.models import LogLine

LONGEST_JOINED = 1 << 20  # characters; a line that is longer still comes in pieces of this size


class Joiner:
    """Makes lines of records."""

    def __init__(self) -> None:
        self._held: dict[str, list[LogLine]] = {}

    def take(self, data: bytes) -> list[LogLine]:
        """The lines of whole records; pieces whose line goes on wait for the rest of it."""
        lines = []
        for piece in _pieces(data):
            held = self._held.get(piece.stream)
            if held is None and not piece.partial:
                lines.append(piece)
                continue
            held = self._held.setdefault(piece.stream, [])
            held.append(piece)
            if not piece.partial or sum(len(one.text) for one in held) >= LONGEST_JOINED:
                lines.append(_joined(self._held.pop(piece.stream)))
        return lines

    def rest(self) -> list[LogLine]:
        """Pieces whose line has not gone on yet."""
        held, self._held = self._held, {}
        return sorted(map(_joined, held.values()), key=lambda line: line.time)


def _joined(pieces: list[LogLine]) -> LogLine:
    if len(pieces) == 1:
        return pieces[0]
    first = pieces[0]
    return LogLine(first.time, first.stream, "".join(one.text for one in pieces), pieces[-1].partial)


def _pieces(data: bytes) -> Iterable[LogLine]:
    for fields in _objects(data):
        line = _line(fields)
        if line is not None:
            yield line


def _objects(data: bytes) -> list[Any]:
    try:
        # One call for all: no newline is ever inside a record.
        found = json.loads(b"[" + data.rstrip(b"\n").replace(b"\n", b",") + b"]")
    except (ValueError, RecursionError):
        found = [_object(record) for record in data.split(b"\n") if record]
    return found if isinstance(found, list) else []


def _object(record: bytes) -> Any:
    try:
        return json.loads(record)
    except (ValueError, RecursionError):
        return None  # one that was cut short


def _line(fields: Any) -> LogLine | None:
    """The line of a record; None for what is none."""
    try:
        time, dropped = float(fields["time"]), int(fields.get("dropped", 0))
        if dropped:
            reason = str(fields.get("reason", ""))
            return LogLine(time, "stderr", f"{dropped} lines are missing here: {reason}", dropped=dropped)
        encoded = fields.get("base64")
        text = str(fields["text"]) if encoded is None else _decoded(encoded)
        return LogLine(time, str(fields["stream"]), text, bool(fields.get("partial")))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def _decoded(encoded: str) -> str:
    from binascii import a2b_base64

    return a2b_base64(encoded).decode("utf-8", "surrogateescape")
