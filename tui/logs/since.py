"""From when on a log is shown: a few beginnings to choose from, and how the command line says them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from tui.logs.ring import MOST_LINES

_TAIL = 1000  # lines


class Part(NamedTuple):
    """What of a log is read: its last lines, of those what came since a moment (seconds since the epoch)."""

    tail: int
    since: float | None = None


_AGES = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "6h": 6 * 3600, "24h": 24 * 3600}
_WORDS = {"m": "minute", "h": "hour"}


class Since(NamedTuple):
    """A beginning.

    :param key: "" for the last lines, an age such as `5m`, `start`, `mark`, `all`.
    :param moment: of `start` and `mark`; of an age when it was chosen. Seconds since the epoch.
    """

    key: str = ""
    moment: float | None = None

    @property
    def part(self) -> Part:
        """What is to be read."""
        return Part(_TAIL if not self.key else MOST_LINES, self.moment)

    @property
    def words(self) -> str:
        """For the border; "" where nothing was chosen."""
        match self.key:
            case "":
                return ""
            case "all":
                return "from the beginning"
            case "start" | "mark":
                return f"since its {self.key}" if self.key == "start" else "since the mark"
            case age:
                return f"since {age}"

    @property
    def options(self) -> tuple[str, ...]:
        """What `lamina logs` takes for it."""
        if self.key in _AGES:
            return ("--since", self.key)
        if self.moment is None:
            return ()
        moment = datetime.fromtimestamp(self.moment, UTC)
        return ("--since", f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}")


TAIL = Since()


def choices(started: float | None, marked: float | None) -> list[tuple[str, str, str]]:
    """What there is to choose: key, name, and a word about it."""
    found = [("", f"the last {_TAIL:,} lines", "as a log opens")]
    for key in _AGES:
        number, unit = int(key[:-1]), _WORDS[key[-1]]
        found.append((key, f"{number} {unit}{'s' if number > 1 else ''}", ""))
    if started is not None:
        found.append(("start", "its start", "what this run of it wrote"))
    if marked is not None:
        found.append(("mark", "the mark", "what came after the line you set"))
    about = f"of that the last {MOST_LINES:,} lines are shown; saving takes all"
    found.append(("all", "the beginning", about))
    return found


def chosen(key: str, now: float, started: float | None, marked: float | None) -> Since:
    """A beginning by its key; times are seconds since the epoch."""
    if key in _AGES:
        return Since(key, now - _AGES[key])
    moment = {"start": started, "mark": marked}.get(key)
    return Since(key, moment) if moment is not None or key == "all" else TAIL
