"""Digests: the name of bytes by what they are.

Source: OCI image-spec 1.1, descriptor.md, "Digests". Of its algorithms only sha256 is accepted: it is the one
that registries and images use, and one algorithm leaves no room for two names of one blob.
"""

from __future__ import annotations

from typing import Self

from engine.errors import Malformed
from engine.oci.quote import quoted

_ALGORITHM = "sha256:"
_HEX_DIGITS = frozenset("0123456789abcdef")
_HEX_LENGTH = 64


class Digest(str):
    """`sha256:` and 64 lower-case hex digits; a `str`, so that JSON and SQLite take it as it is.

    Text from outside becomes a digest by `parse` only; the bare constructor checks nothing.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The digest that `text` spells, exactly.

        :raises Malformed: it is anything else; a digest is used as a file name, so nothing is mended.
        """
        digits = text.removeprefix(_ALGORITHM)
        if len(digits) != _HEX_LENGTH or len(text) == _HEX_LENGTH or not _HEX_DIGITS.issuperset(digits):
            raise Malformed(
                f"not a digest: {quoted(text)}",
                hint="a digest is sha256: followed by 64 lower-case hex digits",
            )
        return cls(text)

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Self:
        """The digest of `data`."""
        import hashlib  # loads libcrypto, which those who only name digests need not wait for

        return cls(_ALGORITHM + hashlib.sha256(data).hexdigest())

    @classmethod
    def from_hex(cls, digits: str) -> Self:
        """The digest with these 64 hex digits, such as a hash object's `hexdigest()`.

        :raises Malformed: not 64 lower-case hex digits.
        """
        return cls.parse(_ALGORITHM + digits)

    @property
    def hex(self) -> str:
        """The 64 hex digits."""
        return self[len(_ALGORITHM) :]

    @property
    def short(self) -> str:
        """The first 12 hex digits, as lists show them."""
        return self[len(_ALGORITHM) : len(_ALGORITHM) + 12]
