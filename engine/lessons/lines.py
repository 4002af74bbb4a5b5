"""Where things stand in a TOML file: which line a table or a key is on. The parser itself does not tell."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TABLE = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_ITEM = re.compile(r"\s*[^\s#\],}]")
_QUOTES = ('"""', "'''")


@dataclass
class Lines:
    """Lines of a file, from 1.

    :ivar tables: by name, the line of each header; :ivar keys: by table, its number and key.
    :ivar opened: where a text in three quotes begins that is never closed; 0 where there is none.
    """

    text: list[str] = field(default_factory=list)
    tables: dict[str, list[int]] = field(default_factory=dict)
    keys: dict[tuple[str, int, str], int] = field(default_factory=dict)
    opened: int = 0

    def of(self, table: str, number: int = 0, key: str = "") -> int:
        """The line of a key, or else of its table, or else 1."""
        if found := self.keys.get((table, number, key)):
            return found
        headers = self.tables.get(table, [])
        return headers[number] if number < len(headers) else 1

    def item(self, table: str, number: int, key: str, index: int) -> int:
        """The line of an item of a list that has each item on a line of its own; else that of its key."""
        line = self.of(table, number, key)
        if self.text[line - 1 : line] and self.text[line - 1].rstrip().endswith("["):
            for later in range(line, min(line + 200, len(self.text))):
                if self.text[later].lstrip().startswith("]"):
                    break
                index -= bool(_ITEM.match(self.text[later]))
                if index < 0:
                    return later + 1
        return line

    def inside(self, table: str, number: int, key: str, value: str, place: int) -> int:
        """The line of a place in a key's text."""
        line = self.of(table, number, key)
        opened = next((mark for mark in _QUOTES if mark in "".join(self.text[line - 1 : line])), "")
        later = int(bool(opened) and self.text[line - 1].rstrip().endswith(opened))
        return min(line + later + value[:place].count("\n"), max(1, len(self.text)))


def lines_of(text: str) -> Lines:
    """Find the lines of a document; of one that is no valid TOML as far as they can be told."""
    found, table, number, closing = Lines(text.split("\n")), "", 0, ""
    opened = 0
    for line_number, line in enumerate(found.text, 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if header := _TABLE.match(line):
            table = header[2]
            rows = found.tables.setdefault(table, [])
            number = len(rows)
            rows.append(line_number)
        elif key := _KEY.match(line):
            found.keys.setdefault((table, number, key[1]), line_number)
        closing = next((mark for mark in _QUOTES if line.count(mark) % 2), "")
        opened = line_number if closing else opened
    found.opened = opened if closing else 0
    return found
