"""What keys send to a program's terminal: xterm's bytes for Textual's names of keys."""

from __future__ import annotations

_CURSOR = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_EDITING = {"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6}
_FUNCTION = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_FURTHER = {
    "f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21, "f11": 23, "f12": 24,
}  # fmt: skip
_PLAIN = {
    "enter": b"\r", "tab": b"\t", "shift+tab": b"\x1b[Z", "escape": b"\x1b", "backspace": b"\x7f",
    "ctrl+backspace": b"\x08", "ctrl+space": b"\0", "ctrl+at": b"\0", "ctrl+right_square_bracket": b"\x1d",
    "ctrl+left_square_bracket": b"\x1b", "ctrl+backslash": b"\x1c", "ctrl+circumflex_accent": b"\x1e",
    "ctrl+underscore": b"\x1f", "ctrl+slash": b"\x1f",
}  # fmt: skip
_MODIFIERS = {"shift": 1, "alt": 2, "ctrl": 4}


def bytes_of(key: str, character: str | None, application_cursor: bool = False) -> bytes:
    """What a key sends; nothing for one that terminals have no bytes for.

    :param key: Textual's name, with its modifiers. :param character: what it types, where it types something.
    :param application_cursor: the program has asked for the other form of cursor keys (DECCKM).
    """
    if key in _PLAIN:
        return _PLAIN[key]
    *held, name = key.split("+") if key != "+" else [key]
    modifiers = sum(_MODIFIERS.get(one, 0) for one in held)
    if special := _special(name, modifiers, application_cursor):
        return special
    if "alt" in held:
        inner = "+".join([*(one for one in held if one != "alt"), name])
        return b"\x1b" + (bytes_of(inner, character) or name.encode() if len(name) == 1 else b"")
    if held == ["ctrl"] and len(name) == 1 and name.isascii() and name.isalpha():
        return bytes([ord(name.lower()) & 0x1F])
    # A lone surrogate is what is typed that no encoding has.
    return (character or "").encode("utf-8", "replace")


def _special(name: str, modifiers: int, application_cursor: bool) -> bytes:
    """Keys that type nothing; xterm gives those that are held with them as a number."""
    number = f";{modifiers + 1}" if modifiers else ""
    if name in _CURSOR:
        lead = "\x1bO" if application_cursor and not modifiers else "\x1b["
        return f"{lead}{f'1{number}' if number else ''}{_CURSOR[name]}".encode()
    if name in _FUNCTION:
        return f"\x1b[1{number}{_FUNCTION[name]}".encode() if number else f"\x1bO{_FUNCTION[name]}".encode()
    code = _EDITING.get(name) or _FURTHER.get(name)
    return f"\x1b[{code}{number}~".encode() if code else b""


def pasted(text: str, bracketed: bool) -> bytes:
    """A text from the clipboard as if it were typed; its line ends as Enter.

    :param bracketed: the program wants to know that it is one (mode 2004); what would end it is dropped.
    """
    data = text.replace("\r\n", "\r").replace("\n", "\r").encode("utf-8", "replace")
    return b"\x1b[200~" + data.replace(b"\x1b", b"") + b"\x1b[201~" if bracketed else data


def wheel(up: bool, x: int, y: int) -> bytes:
    """A turn of the wheel over a cell, as programs hear it that listen to the mouse (mode 1006)."""
    return f"\x1b[<{64 if up else 65};{x + 1};{y + 1}M".encode()
