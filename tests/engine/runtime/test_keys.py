"""Keys to leave a terminal by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidArgument
from engine.runtime.keys import KeyWatch, parse_keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("ctrl-p,ctrl-q", b"\x10\x11"), ("a", b"a"), ("", b""),
        ("ctrl-@,ctrl-[,ctrl-_", b"\0\x1b\x1f"), ("Ctrl-X", b"\x18"),
    ],
)  # fmt: skip
def test_keys_are_written_as_docker_writes_them(text: str, keys: bytes) -> None:
    assert parse_keys(text) == keys


@pytest.mark.parametrize("text", ["ctrl-", "ctrl-1", "ab", "ctrl-p,", "\u00e9", " "])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is no key"):
        parse_keys(text)


@given(st.lists(st.binary(max_size=4)), st.binary(min_size=1, max_size=3))
def test_what_is_typed_before_the_keys_is_sent_however_it_comes(pieces: list[bytes], keys: bytes) -> None:
    watch, sent, left = KeyWatch(keys), b"", False
    for piece in [*pieces, keys]:
        data, left = watch.feed(piece)
        sent += data
        if left:
            break
    whole = b"".join([*pieces, keys])
    assert left
    assert sent == whole[: whole.index(keys)]
