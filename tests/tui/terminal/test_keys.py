"""What keys send."""

from __future__ import annotations

import pytest

from tui.terminal.keys import bytes_of, pasted, wheel


@pytest.mark.parametrize(
    ("key", "character", "sent"),
    [
        ("a", "a", b"a"), ("A", "A", b"A"), ("space", " ", b" "), ("enter", "\r", b"\r"),
        ("é", "é", "é".encode()),
        ("escape", "\x1b", b"\x1b"), ("tab", "\t", b"\t"), ("shift+tab", None, b"\x1b[Z"),
        ("backspace", "\x7f", b"\x7f"), ("delete", None, b"\x1b[3~"), ("ctrl+c", "\x03", b"\x03"),
        ("ctrl+right_square_bracket", "\x1d", b"\x1d"), ("ctrl+backslash", "\x1c", b"\x1c"),
        ("up", None, b"\x1b[A"), ("ctrl+left", None, b"\x1b[1;5D"), ("shift+up", None, b"\x1b[1;2A"),
        ("home", None, b"\x1b[H"), ("pagedown", None, b"\x1b[6~"), ("f1", None, b"\x1bOP"),
        ("f5", None, b"\x1b[15~"), ("ctrl+f1", None, b"\x1b[1;5P"), ("f12", None, b"\x1b[24~"),
        ("alt+x", None, b"\x1bx"), ("alt+up", None, b"\x1b[1;3A"), ("+", "+", b"+"), ("f20", None, b""),
        ("question_mark", "?", b"?"), ("ctrl+at", "\0", b"\0"),
    ],
)  # fmt: skip
def test_a_key_sends_what_xterm_sends(key: str, character: str | None, sent: bytes) -> None:
    assert bytes_of(key, character) == sent


def test_cursor_keys_have_another_form_for_programs_that_ask() -> None:
    assert bytes_of("up", None, application_cursor=True) == b"\x1bOA"
    assert bytes_of("ctrl+up", None, application_cursor=True) == b"\x1b[1;5A"


def test_what_is_pasted_is_marked_and_cannot_end_its_mark() -> None:
    assert pasted("a\nb", bracketed=False) == b"a\rb"
    assert pasted("rm\x1b[201~\n", bracketed=True) == b"\x1b[200~rm[201~\r\x1b[201~"


def test_the_wheel_is_heard_by_programs_that_listen() -> None:
    assert wheel(True, 0, 4) == b"\x1b[<64;1;5M"
