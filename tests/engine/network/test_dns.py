"""Messages of the domain name system."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from engine.network import dns


def query(name: str, kind: int = dns.A, flags: int = 0x0100, questions: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", 7, flags, questions, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def test_question_is_read() -> None:
    question = dns.parse_question(query("Db.Web"))
    assert question is not None
    assert (question.number, question.name, question.kind) == (7, "db.web", dns.A)


def test_answer_bears_the_question_and_the_address() -> None:
    question = dns.parse_question(query("db"))
    assert question is not None
    reply = dns.answer(question, ["10.0.0.2"])
    assert reply.endswith(bytes([10, 0, 0, 2]))
    assert dns.is_answer_to(reply, 7, question)
    assert not dns.is_answer_to(reply, 8, question)


def test_what_is_no_single_question_is_none() -> None:
    assert dns.parse_question(query("db", flags=0x8000)) is None
    assert dns.parse_question(query("db", questions=2)) is None
    assert dns.parse_question(query("db")[:-3]) is None
    assert dns.parse_question(struct.pack(">HHHHHH", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1") is None


@given(st.binary(max_size=600))
def test_no_bytes_are_too_much(data: bytes) -> None:
    dns.parse_question(data)
