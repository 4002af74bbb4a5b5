"""Detach keys: what is typed to leave a terminal without ending what runs in it.

Written as Docker writes them, `ctrl-p,ctrl-q`: single characters, or `ctrl-` with a letter or one of @[\\]^_.
"""

from __future__ import annotations

from engine.errors import InvalidArgument

DEFAULT = "ctrl-p,ctrl-q"
_CONTROLS = {chr(code + 96): code for code in range(1, 27)} | {
    "@": 0,
    "[": 27,
    "\\": 28,
    "]": 29,
    "^": 30,
    "_": 31,
}


def parse_keys(text: str) -> bytes:
    """The bytes that the keys send; empty for no keys at all.

    :raises InvalidArgument: names the key that cannot be meant.
    """
    return bytes(_key(key) for key in text.split(",")) if text else b""


def _key(text: str) -> int:
    control = text[:5].lower() == "ctrl-"
    name = text[5:].lower() if control else text
    if control and name in _CONTROLS:
        return _CONTROLS[name]
    if not control and len(text) == 1 and " " < text <= "~":
        return ord(text)
    raise InvalidArgument(
        f"detach keys: {text!r} is no key", hint="write them like ctrl-p,ctrl-q: a character, or ctrl-LETTER"
    )


class KeyWatch:
    """Looks for the detach keys in what is typed.

    What may be their beginning is kept back until the next key shows whether it is, as Docker does.
    """

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._kept = b""

    def feed(self, typed: bytes) -> tuple[bytes, bool]:
        """What is to be sent on, and whether the keys were complete; nothing after them is looked at."""
        if not self._keys:
            return typed, False
        data = self._kept + typed
        found = data.find(self._keys)
        if found >= 0:
            self._kept = b""
            return data[:found], True
        size = min(len(self._keys) - 1, len(data))
        while size and not self._keys.startswith(data[len(data) - size :]):
            size -= 1
        self._kept = data[len(data) - size :]
        return data[: len(data) - size], False
