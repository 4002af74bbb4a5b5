"""Numbers as people type them: sizes, shares of processors."""

from __future__ import annotations

from engine.errors import InvalidArgument

_SIZE = r"([0-9]{1,18}(?:\.[0-9]{1,9})?)\s?([kmgtp]?)i?b?"
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_LARGEST = 2**63 - 1


def size_of(option: str, text: str) -> int:
    """Bytes of `512m` or `1.5g`; units are powers of 1024, as with Docker.

    :raises InvalidArgument: it is no size; names the option.
    """
    import re
    from decimal import Decimal  # here and below, so that only those who type numbers load it

    found = re.fullmatch(_SIZE, text.strip(), re.ASCII | re.IGNORECASE)
    size = int(Decimal(found[1]) * 1024 ** _UNITS[found[2].lower()]) if found else -1
    if not 0 <= size <= _LARGEST:
        raise InvalidArgument(f"{option} {text!r} is no size", hint="for example 512m or 2g")
    return size


def processors_of(option: str, text: str) -> int:
    """Thousand millionths of `1.5` processors.

    :raises InvalidArgument: it is no such number; names the option.
    """
    from decimal import Decimal, InvalidOperation

    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise InvalidArgument(f"{option} {text!r} is no number", hint="for example 1.5") from error
    if not value.is_finite() or value <= 0 or value > 1 << 20:
        raise InvalidArgument(f"{option} {text!r} is no number of processors", hint="for example 1.5")
    return int(value * 1_000_000_000)


def number_of(option: str, text: str, base: int = 10) -> int:
    """A whole number. :raises InvalidArgument: it is none; names the option."""
    try:
        if not text.isascii() or "_" in text or len(text) > 20:
            raise ValueError(text)
        return int(text, base)
    except ValueError as error:
        raise InvalidArgument(f"{option} {text!r} is no whole number") from error
