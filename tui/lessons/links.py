"""Where a word of the field is to be seen: what the glossary says of it, as ways to go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_PANEL = re.compile(r"\bpanel ([1-5])\b")
_TAB = re.compile(r"\btab (Used by|[A-Z][a-z]+)")
_KEY = re.compile(r"\bkey (\S)(?:\s|$)")
_LESSON = re.compile(r"^lamina lab start ([a-z0-9-]+)$")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to see something.

    :param what: the number of a panel, the name of a tab, a key, a lesson's name, or a command.
    :param of_container: it is a container that shows it.
    """

    kind: Literal["panel", "tab", "key", "lesson", "command"]
    what: str
    of_container: bool = False


def ways(see: str) -> tuple[Way, ...]:
    """The ways that a glossary entry names, those of the screen first."""
    found: list[Way] = []
    of_container = "IMAGE" not in see
    for piece in map(str.strip, see.split(";")):
        if lesson := _LESSON.match(piece):
            found.append(Way("lesson", lesson[1]))
        elif piece.startswith("lamina "):
            found.append(Way("command", piece))
        elif panel := _PANEL.search(piece):
            found.append(Way("panel", panel[1]))
        elif tab := _TAB.search(piece):
            found.append(Way("tab", tab[1], of_container))
        elif key := _KEY.search(piece):
            found.append(Way("key", key[1]))
    return tuple(sorted(found, key=lambda way: way.kind == "command"))
