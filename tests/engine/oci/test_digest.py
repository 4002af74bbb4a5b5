"""Digests name bytes and are nothing but `sha256:` and 64 digits."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Malformed
from engine.oci import Digest

HEX = "0123456789abcdef" * 4


def test_a_digest_has_its_hex_digits_and_a_short_form() -> None:
    digest = Digest.parse(f"sha256:{HEX}")
    assert (digest.hex, digest.short) == (HEX, "0123456789ab")


def test_a_digest_goes_into_json_as_it_is() -> None:
    assert json.dumps(Digest.parse(f"sha256:{HEX}")) == f'"sha256:{HEX}"'


@given(st.binary())
def test_the_digest_of_bytes_is_their_sha256(data: bytes) -> None:
    assert Digest.of(data) == "sha256:" + hashlib.sha256(data).hexdigest()
    assert Digest.parse(Digest.of(data)) == Digest.of(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEX,
        f"sha256:{HEX}\n",
        f" sha256:{HEX}",
        f"SHA256:{HEX}",
        f"sha256:{HEX.upper()}",
        f"sha256:{HEX[:-1]}",
        f"sha256:{HEX}0",
        "sha256:" + "../" * 21 + "a",
        "sha256:" + "٣" * 64,
        "sha512:" + HEX * 2,
        "sha256:sha256:" + HEX[:57],
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Digest.parse(text)


@given(st.text())
def test_no_text_is_parsed_into_another_digest(text: str) -> None:
    with suppress(Malformed):
        assert Digest.parse(text) == text
