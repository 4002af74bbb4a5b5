"""What a program writes to its terminal, less all that is not for the cells of this one.

Titles, clipboards, graphics and most questions to the terminal get no further than here: sequences that carry
text (OSC, DCS, APC, PM, SOS) are dropped to their end, of the others only known ones pass.
Source: ECMA-48; xterm's "Control Sequences".
"""

from __future__ import annotations

import codecs
import re
import unicodedata

_TEXT_BEGINS = "P]X^_"  # after ESC: sequences that carry a text up to ST, or BEL
_TEXT_ENDS = re.compile(r"\x07|\x1b\\|\x18|\x1a")
_SEQUENCE = re.compile(r"\x1b\[([0-?]*)([ -/]*)([@-~])")
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[()%#*+./-])?\Z")
_SHORT = frozenset("78DEHMc=>")  # ESC and one of these
_FINALS = frozenset("@ABCDEFGHJKLMPSTXadefghlmnrsu`'c")
_NUMBERS = {"H": 2, "f": 2, "r": 2, "m": 64, "h": 64, "l": 64}  # else one
_LAID_BY = {"s": "\x1b7", "u": "\x1b8"}  # the cursor, as the emulator knows it
_LONGEST = 128  # characters of one sequence
_KEPT = frozenset("\a\b\t\n\v\f\r\x0e\x0f")
_MOST_MARKS = 2  # combining marks on one cell
_REFUSED_MODES = frozenset({"3", "40"})  # 132 columns: the size is ours to say


class Cleaner:
    """Makes text of bytes as they come, in pieces of any size."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._in_text = False
        self._marks = 0

    def feed(self, data: bytes) -> str:
        """What may be given to the emulator of all that has come up to these bytes."""
        text = self._pending + self._decoder.decode(data)
        self._pending = ""
        out: list[str] = []
        at = 0
        while at < len(text):
            if self._in_text:
                at = self._skip_text(text, at)
                continue
            escape = text.find("\x1b", at)
            end = len(text) if escape < 0 else escape
            out.append(self._plain(text[at:end]))
            at = end
            if escape >= 0:
                at = self._sequence(text, escape, out)
        return "".join(out)

    def _skip_text(self, text: str, at: int) -> int:
        found = _TEXT_ENDS.search(text, at)
        if found is None:
            self._pending = "\x1b" if text.endswith("\x1b") else ""
            return len(text)
        self._in_text = False
        return found.end()

    def _sequence(self, text: str, at: int, out: list[str]) -> int:
        """Take the sequence that begins here; where the text goes on."""
        if _BEGUN.match(text, at):
            if len(text) - at <= _LONGEST:
                self._pending = text[at:]
            return len(text)
        kind = text[at + 1]
        if kind in _TEXT_BEGINS:
            self._in_text = True
            return at + 2
        if kind == "[":
            found = _SEQUENCE.match(text, at)
            if found is None:
                return at + 2  # a control character within it: what follows is text
            out.append(_allowed(*found.groups()) if len(found[0]) <= _LONGEST else "")
            return found.end()
        if kind in "()%#*+./-":
            out.append(text[at : at + 3] if kind in "()" and text[at + 2] in "B0U" else "")
            return at + 3
        out.append(text[at : at + 2] if kind in _SHORT else "")
        return at + 2

    def _plain(self, text: str) -> str:
        if text.isascii() and text.isprintable():
            self._marks = 0
            return text
        return "".join(filter(None, map(self._character, text)))

    def _character(self, character: str) -> str:
        if character < "\x7f":
            self._marks = 0
            return character if character >= " " or character in _KEPT else ""
        category = unicodedata.category(character)
        if category in ("Mn", "Me"):
            self._marks += 1
            return character if self._marks <= _MOST_MARKS else ""
        self._marks = 0
        if category in ("Cc", "Cf", "Zl", "Zp"):
            return ""
        # A terminal may give such characters any width.
        return "\N{REPLACEMENT CHARACTER}" if category in ("Cn", "Co", "Cs") else character


def _allowed(parameters: str, between: str, final: str) -> str:
    """A sequence as the emulator takes it, or nothing."""
    private = parameters.startswith("?")
    digits = parameters[private:]
    if between or final not in _FINALS or not all(part.isdecimal() for part in digits.split(";") if part):
        return ""
    if private and final not in "hl":
        return ""
    if private:
        kept = [mode for mode in digits.split(";") if mode not in _REFUSED_MODES]
        return f"\x1b[?{';'.join(kept)}{final}" if kept else ""
    if final in _LAID_BY:
        return "" if digits else _LAID_BY[final]
    # The emulator trips over more numbers than a sequence has.
    most = _NUMBERS.get(final, 1)
    return f"\x1b[{';'.join(digits.split(';')[:most])}{final}"
