"""What a front and an unpack helper say to each other.

The front writes the task, one line of JSON, and then 8 bytes (little-endian) each time the blob's file has
grown: its new length. The helper answers in lines of JSON: progress, then one outcome. When the
front's end of the pipe closes, the helper throws away what it made and ends.
"""

from __future__ import annotations

import json
import struct
from typing import NamedTuple

from engine import errors
from engine.errors import LaminaError, Unavailable
from engine.layers.limits import Limits

GROWTH = struct.Struct("<Q")


class Task(NamedTuple):
    """One layer to unpack.

    :param blob: the file of compressed bytes, which may still be growing.
    :param size: bytes it will have.
    :param digest: SHA-256 of these bytes, hex.
    :param diff_id: SHA-256 of the unpacked archive, hex.
    :param media_type: what the manifest calls the blob, or "".
    :param directory: an open descriptor, which the helper inherits; `fs` in it is empty.
    """

    blob: str
    size: int
    digest: str
    diff_id: str
    media_type: str
    directory: int
    limits: Limits = Limits()

    def encode(self) -> bytes:
        """The line that carries it."""
        return json.dumps(self._asdict()).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Task:
        """The task in a line of our own making."""
        fields = json.loads(line)
        return cls(**{**fields, "limits": Limits(*fields["limits"])})


class Done(NamedTuple):
    """The outcome of a layer that was unpacked, verified and written out.

    :param unpacked: bytes of its files.
    :param entries: members of its archive.
    :param notes: what could not be kept, in words.
    """

    unpacked: int
    entries: int
    notes: tuple[str, ...]


def encode_progress(done: int) -> bytes:
    """So many compressed bytes were read."""
    return json.dumps({"progress": done}).encode() + b"\n"


def encode_done(done: Done) -> bytes:
    """All went well."""
    return json.dumps({"done": done}).encode() + b"\n"


def encode_failure(error: LaminaError) -> bytes:
    """It failed, and why."""
    fields = [type(error).__name__, error.message, error.hint]
    return json.dumps({"failed": fields}).encode() + b"\n"


def decode(line: bytes) -> int | Done | LaminaError:
    """A helper's line: progress in bytes, the outcome, or its error."""
    try:
        fields = json.loads(line)
        if "progress" in fields:
            return int(fields["progress"])
        if "done" in fields:
            unpacked, entries, notes = fields["done"]
            return Done(unpacked, entries, tuple(notes))
        name, message, hint = fields["failed"]
    except (ValueError, KeyError, TypeError):
        return Unavailable("the unpack helper said something that makes no sense")
    kind = getattr(errors, name, LaminaError)
    error: LaminaError = kind(message, hint=hint)
    return error
