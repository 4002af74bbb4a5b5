"""JSON from outside, read in the one way that leaves nothing to choose.

Two readers of one document must not see two documents, so what they could differ on is refused: keys that
come twice or differ from a known key by case alone, NaN, numbers that overflow, text that is not UTF-8.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import NoReturn

from engine.errors import LimitExceeded, Malformed
from engine.oci.quote import quoted

_DEEPEST = 64
_LARGEST = 2**63 - 1  # what Go's int64 holds; the specifications' sizes are int64
_LONGEST_NUMBER = 20  # digits of the largest, and a sign


class Fields:
    """One JSON object with typed reading; null counts as absent, as in Go.

    :param where: what the object is, for error messages (`manifest.layers[3]`).
    :param known: the keys its specification names; another spelling of one of them is refused.
    """

    __slots__ = ("_values", "where")

    def __init__(self, values: dict[str, object], where: str, known: Iterable[str]) -> None:
        self.where = where
        self._values = values
        spellings = {key.casefold(): key for key in known}
        for key in values:
            # Go's decoder takes `Layers` for `layers`, others do not.
            if spellings.get(key.casefold(), key) != key:
                raise Malformed(f"{where} has the key {quoted(key)}, which can be read in two ways")

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def keys(self) -> Iterable[str]:
        """The keys whose value is not null."""
        return (key for key in self._values if key in self)

    def fail(self, key: str, wanted: str) -> NoReturn:
        """:raises Malformed: `key` is not what it must be."""
        raise Malformed(f"{self.where}.{key} must be {wanted}")

    def text(self, key: str, default: str | None = None) -> str:
        """Text; missing is an error unless there is a default."""
        value = self._values.get(key)
        if value is None and default is not None:
            return default
        return value if isinstance(value, str) else self.fail(key, "text")

    def integer(self, key: str) -> int:
        """A whole number of at most 63 bits, not negative."""
        value = self._values.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.fail(key, "a whole number, not negative")
        return value

    def flag(self, key: str) -> bool:
        """True or false; missing is false."""
        value = self._values.get(key)
        if value is None:
            return False
        return value if isinstance(value, bool) else self.fail(key, "true or false")

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of text; missing is empty."""
        return tuple(self._text_item(key, item) for item in self._list(key))

    def table(self, key: str) -> dict[str, str]:
        """An object whose values are text (null is ""); missing is empty."""
        value = self._object(key)
        return {name: "" if item is None else self._text_item(key, item) for name, item in value.items()}

    def names(self, key: str) -> tuple[str, ...]:
        """The keys of an object that is used as a set, such as `{"80/tcp": {}}`; missing is empty."""
        return tuple(self._object(key))

    def fields(self, key: str, known: Iterable[str]) -> Fields:
        """An object; missing is an empty one."""
        return Fields(self._object(key), f"{self.where}.{key}", known)

    def each(self, key: str, known: Iterable[str], limit: int) -> list[Fields]:
        """A list of objects; missing is empty.

        :raises LimitExceeded: more than `limit` of them.
        """
        items = self._list(key)
        if len(items) > limit:
            raise LimitExceeded(f"{self.where}.{key} has {len(items)} entries, more than {limit}")
        found = []
        for position, item in enumerate(items):
            if not isinstance(item, dict):
                self.fail(f"{key}[{position}]", "an object")
            found.append(Fields(item, f"{self.where}.{key}[{position}]", known))
        return found

    def _list(self, key: str) -> list[object]:
        value = self._values.get(key)
        if value is None:
            return []
        return value if isinstance(value, list) else self.fail(key, "a list")

    def _object(self, key: str) -> dict[str, object]:
        value = self._values.get(key)
        if value is None:
            return {}
        return value if isinstance(value, dict) else self.fail(key, "an object")

    def _text_item(self, key: str, item: object) -> str:
        return item if isinstance(item, str) else self.fail(key, "made of text only")


def read_object(raw: bytes, what: str, limit: int, known: Iterable[str]) -> Fields:
    """The JSON object in `raw`.

    :param what: what the document is, for error messages.
    :param limit: bytes it may have.
    :raises LimitExceeded: it is larger.
    :raises Malformed: it is not one JSON object in UTF-8 that all readers read alike.
    """
    value = _load(raw, what, limit)
    if not isinstance(value, dict):
        raise Malformed(f"the {what} is not a JSON object")
    return Fields(value, what, known)


def read_objects(raw: bytes, what: str, limit: int, known: Iterable[str], most: int) -> list[Fields]:
    """The JSON objects of the list in `raw`, as strictly as `read_object`.

    :param most: entries the list may have.
    :raises LimitExceeded: it has more, or is larger than `limit` bytes.
    :raises Malformed: it is no list of objects that all readers read alike.
    """
    return Fields({"entries": _load(raw, what, limit)}, what, ()).each("entries", known, most)


def _load(raw: bytes, what: str, limit: int) -> object:
    if len(raw) > limit:
        raise LimitExceeded(f"the {what} has {len(raw)} bytes, more than {limit}")
    try:
        value: object = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_bounded_int,
            parse_float=_finite_float,
        )
        _check(value)
    except Malformed as error:
        raise Malformed(f"the {what} is not acceptable JSON: {error.message}") from None
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the {what} is not valid JSON: {_reason(error)}") from None
    return value


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    return "nested too deep" if isinstance(error, RecursionError) else str(error)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add gives None
        raise Malformed(f"the key {quoted(twice)} comes twice")
    return values


def _no_constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not a number")


def _bounded_int(digits: str) -> int:
    # The length comes first: turning a million digits into a number takes seconds.
    if len(digits) > _LONGEST_NUMBER or abs(value := int(digits)) > _LARGEST:
        raise Malformed(f"the number {quoted(digits)} is too large")
    return value


def _finite_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Malformed(f"the number {quoted(digits)} is too large")
    return value


def _check(value: object) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        inner: list[object] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict):
                inner.extend(item.keys())
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if not inner:
            return
        level = inner
    raise Malformed("nested too deep")


def _check_text(text: str) -> None:
    # A NUL would end an argument early, half a surrogate pair cannot be written anywhere.
    if "\0" in text:
        raise Malformed(f"the text {quoted(text)} holds a NUL")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise Malformed(f"the text {quoted(text)} is not Unicode")
