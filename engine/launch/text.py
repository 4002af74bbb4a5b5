"""Writing JSON without the json package: its readers cost 13 ms, and a monitor reads none."""

from __future__ import annotations

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Mapping

try:
    # What json.encoder itself uses; `quoted` escapes all but ASCII, `quoted_text` leaves what is text.
    from _json import encode_basestring as quoted_text
    from _json import encode_basestring_ascii as quoted
except ImportError:  # an interpreter without the C accelerator
    from json.encoder import encode_basestring as quoted_text
    from json.encoder import encode_basestring_ascii as quoted

Value = None | bool | int | float | str

__all__ = ["flat_object", "quoted", "quoted_text"]


def flat_object(fields: Mapping[str, Value] | Mapping[str, Value | dict[str, str]]) -> str:
    """A JSON object of plain values, and of objects of strings."""
    return "{" + ",".join(f"{quoted(name)}:{_value(value)}" for name, value in fields.items()) + "}"


def _value(value: Value | dict[str, str]) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return quoted(value)
    return flat_object(value)
