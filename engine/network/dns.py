"""Messages of the domain name system, as far as a resolver for containers answers itself. RFC 1035, 4"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

A, PTR, AAAA = 1, 12, 28
_INTERNET = 1
FORMAT_ERROR, SERVER_FAILURE, REFUSED = 1, 2, 5
_RESPONSE, _RECURSION_DESIRED, _RECURSION_AVAILABLE = 0x8000, 0x0100, 0x0080
_OPCODE, _TRUNCATED = 0x7800, 0x0200
_HEADER = struct.Struct(">HHHHHH")
_TTL = 5  # seconds; a container of the name may be another one soon
_LONGEST_LABEL, _LONGEST_NAME = 63, 255
_TO_NAME = 0xC00C  # a pointer to the question's name, which stands right behind the header
LARGEST = 65535


class Question(NamedTuple):
    """One question.

    :param number: the message's id. :param flags: of the message. :param kind: of RFC 1035, 3.2.2.
    :param name: in lower case, without the last dot. :param raw: the question's bytes as they came.
    """

    number: int
    name: str
    kind: int
    raw: bytes
    flags: int


def parse_question(data: bytes) -> Question | None:
    """The question of a query; None for what is none, or more than one."""
    if len(data) < _HEADER.size:
        return None
    number, flags, questions, _, _, _ = _HEADER.unpack_from(data)
    if flags & (_RESPONSE | _OPCODE) or questions != 1:
        return None
    labels, offset = [], _HEADER.size
    while True:
        length = data[offset] if offset < len(data) else _LONGEST_LABEL + 1
        offset += 1
        if length == 0:
            break
        if length > _LONGEST_LABEL or offset - _HEADER.size + length > _LONGEST_NAME:
            return None  # a pointer has nothing to point at in a question
        labels.append(data[offset : offset + length].decode("ascii", "replace"))
        offset += length
    if offset + 4 > len(data):
        return None
    kind, group = struct.unpack_from(">HH", data, offset)
    if group != _INTERNET:
        return None
    return Question(number, ".".join(labels).lower(), kind, data[_HEADER.size : offset + 4], flags)


def answer(question: Question, addresses: Iterable[str]) -> bytes:
    """An answer with addresses of the question's kind; none says that there is no such address."""
    family = socket.AF_INET6 if question.kind == AAAA else socket.AF_INET
    return _answer(question, [socket.inet_pton(family, address) for address in addresses])


def answer_name(question: Question, names: Sequence[str]) -> bytes:
    """An answer with names."""
    return _answer(question, [_encode(name) for name in names])


def refusal(question: Question, code: int) -> bytes:
    """An answer that there is none, and why: SERVER_FAILURE or REFUSED."""
    return _HEADER.pack(question.number, _flags(question) | code, 1, 0, 0, 0) + question.raw


def is_answer_to(data: bytes, number: int, question: Question) -> bool:
    """Whether a message from a server answers what it was asked."""
    if len(data) < _HEADER.size:
        return False
    got, flags, *_ = _HEADER.unpack_from(data)
    # Servers may answer with letters as they like; those that mean it give the question back.
    asked = data[_HEADER.size : _HEADER.size + len(question.raw)]
    return got == number and bool(flags & _RESPONSE) and asked.lower() == question.raw.lower()


def with_id(data: bytes, number: int) -> bytes:
    """The same message under another id."""
    return struct.pack(">H", number) + data[2:]


def _answer(question: Question, values: Sequence[bytes]) -> bytes:
    records = [
        struct.pack(">HHHIH", _TO_NAME, question.kind, _INTERNET, _TTL, len(value)) + value
        for value in values
    ]
    head = _HEADER.pack(question.number, _flags(question), 1, len(records), 0, 0)
    return head + question.raw + b"".join(records)


def _flags(question: Question) -> int:
    return _RESPONSE | _RECURSION_AVAILABLE | (question.flags & _RECURSION_DESIRED)


def _encode(name: str) -> bytes:
    labels = [label.encode("ascii", "replace")[:_LONGEST_LABEL] for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
