"""JSON from outside is read in one way or not at all."""

from __future__ import annotations

import json
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LaminaError, LimitExceeded, Malformed
from engine.oci.strict import Fields, read_object

LIMIT = 1 << 20
KNOWN = ("layers", "config", "size", "annotations", "disk")


def read(raw: bytes) -> Fields:
    return read_object(raw, "manifest", LIMIT, KNOWN)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"layers":[],"layers":[]}', "twice"),
        (b'{"a":{"b":1,"b":2}}', "twice"),
        (b'{"a":1,"\\u0061":2}', "twice"),
        (b'{"layers":[],"Layers":[]}', "two ways"),
        (b'{"LAYERS":[]}', "two ways"),
        ('{"laye\u017fs":[],"di\u017fk":1}'.encode(), "two ways"),
        ('{"dis\u212a":1}'.encode(), "two ways"),
        (b'{"size":NaN}', "not a number"),
        (b'{"size":-Infinity}', "not a number"),
        (b'{"size":9223372036854775808}', "too large"),
        (b'{"size":1e999}', "too large"),
        (b'{"size":' + b"9" * 500_000 + b"}", "too large"),
        (b'{"a":"\\ud800"}', "not Unicode"),
        (b'{"a":"\\u0000"}', "NUL"),
        (b'{"a\\u0000":1}', "NUL"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "deep"),
        (b"{} {}", "Extra data"),
        (b"", "Expecting value"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
    ],
)
def test_a_document_that_could_be_read_in_two_ways_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason) as caught:
        read(raw)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


def test_a_document_over_its_bound_is_not_parsed() -> None:
    with pytest.raises(LimitExceeded):
        read(b" " * (LIMIT + 1))


def test_keys_that_differ_by_case_are_two_labels_where_no_key_is_known() -> None:
    fields = read(b'{"annotations":{"A":"1","a":"2"}}')
    assert fields.table("annotations") == {"A": "1", "a": "2"}


def test_null_counts_as_absent() -> None:
    fields = read(b'{"layers":null,"annotations":null,"config":null}')
    assert "layers" not in fields
    assert fields.each("layers", (), 10) == []
    assert fields.table("annotations") == {}
    assert fields.text("config", "none") == "none"


@pytest.mark.parametrize("value", ["true", "-1", "1.0", '"1"', "null", "[]", "{}"])
def test_a_size_is_a_whole_number(value: str) -> None:
    with pytest.raises(Malformed, match="size must be a whole number"):
        read(b'{"size":%s}' % value.encode()).integer("size")


def test_a_list_of_objects_has_a_bound() -> None:
    with pytest.raises(LimitExceeded):
        read(b'{"layers":[{},{},{}]}').each("layers", (), 2)


@pytest.mark.parametrize("raw", [b'{"layers":{}}', b'{"layers":[1]}', b'{"layers":"x"}'])
def test_a_list_of_objects_is_nothing_else(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read(raw).each("layers", (), 10)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.text(alphabet="abcä€😀", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="xyz", max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(alphabet="xyz", max_size=3), _json, max_size=4))
def test_what_json_writes_is_read_back(document: dict[str, object]) -> None:
    keys = {key for key, value in document.items() if value is not None}
    assert set(read(json.dumps(document).encode()).keys()) == keys


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,\\u0aeE+-.1nulfasNI', max_size=60).map(str.encode))
def test_any_bytes_are_a_document_or_an_error_of_ours(raw: bytes) -> None:
    with suppress(LaminaError):
        read(raw)


def test_depth_is_refused_whatever_the_stack_has_left() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:
        with pytest.raises(Malformed, match="deep"):
            read(b'{"a":' * 5000 + b"1" + b"}" * 5000)
    finally:
        sys.setrecursionlimit(limit)
