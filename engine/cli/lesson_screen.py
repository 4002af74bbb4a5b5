"""What a plain terminal shows of a lesson."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator

from engine.lessons.events import (
    Acted,
    Checked,
    LessonDone,
    LessonEvent,
    LessonStarted,
    Picture,
    Pictured,
    Ran,
    Role,
    Skipped,
    Span,
    StepDone,
    StepStarted,
    Underway,
)
from engine.lessons.figures import seconds

_ROLES = {Role.MUTED: "2", Role.ACCENT: "36", Role.GOOD: "32", Role.WARN: "33", Role.BAD: "31"}
# Of the 256 colours sixteen that can be told apart on dark and light ground.
_SLOTS = (33, 208, 35, 170, 178, 44, 160, 99, 70, 131, 38, 205, 142, 63, 173, 108)
_WIDE, _PROJECTED = 78, 60  # columns of prose


class LessonScreen:
    """Writes events as lines.

    :param projector: few columns, bold, white on black, a screen for each step.
    :param also: gets all that is written, for a recording.
    """

    def __init__(self, *, projector: bool = False, also: Callable[[str], None] | None = None) -> None:
        self._projector, self._also = projector, also
        self._colour = "NO_COLOR" not in os.environ and (sys.stdout.isatty() or also is not None)
        self._moves = sys.stdout.isatty() or also is not None
        self._sketched = 0  # lines on the screen that the next event takes away again
        columns = shutil.get_terminal_size().columns
        self._wide = min(_PROJECTED if projector else _WIDE, max(20, columns - 2))

    def write(self, text: str) -> None:
        """Write to the terminal, and to a recording."""
        sys.stdout.write(text)
        sys.stdout.flush()
        if self._also is not None:
            self._also(text)

    def line(self, text: str = "", style: str = "") -> None:
        """A line, in the style of an SGR parameter."""
        self.write(self.styled(text, style) + ("\n\n" if self._projector and text else "\n"))

    def styled(self, text: str, style: str) -> str:
        """Text in a style, where there are colours."""
        if not self._colour or not (style or self._projector):
            return text
        if self._projector:
            # Dim text and dark colours do not reach the last row of a hall.
            style = ";".join(filter(None, ["1;97;40", style if style != "2" else ""]))
        return f"\x1b[{style}m{text}\x1b[0m"

    def show(self, event: LessonEvent) -> None:
        """Show one event."""
        self._take_away()
        match event:
            case LessonStarted():
                self.line()
                self.line(event.title, "1")
                self._prose(event.about, "2")
                self.line(f"Its store: {event.store}", "2")
                self._prose(
                    f"Another terminal sees it after: export LAMINA_ROOT={shlex.quote(event.store)}", "2"
                )
                self._prose(
                    "Panels, tabs and keys are those of the workstation, which lamina alone opens.", "2"
                )
            case StepStarted():
                self._step(event)
            case Ran():
                self._ran(event)
            case Acted():
                self.line(f"  · {event.said} ({seconds(event.seconds)})", "2")
            case Skipped():
                self._prose(f"Not on this machine: {event.why}. {event.hint}", "33")
            case Pictured():
                self.line()
                self.line(f"  {event.picture.title}", "1")
                self._picture(event.picture)
                self.line()
            case Underway():
                if self._moves:
                    self.write(self.styled(f"  {event.picture.title}", "2") + "\n")
                    self._picture(event.picture)
                    self._sketched = len(event.picture.lines) + 1
            case Checked():
                mark = self.styled("✓" if event.ok else "✗", "32" if event.ok else "31")
                self.write(f"  {mark} {event.said}\n")
            case StepDone():
                self._after(event)
            case LessonDone():
                self.line()
                self.line(
                    f"The end, after {seconds(event.seconds)}."
                    + ("" if event.ok else " Not everything held; see the lines marked ✗."),
                    "1",
                )
            case _:
                pass  # figures are told by texts and pictures

    def _step(self, event: StepStarted) -> None:
        if self._projector and self._colour:
            self.write("\x1b[97;40m\x1b[2J\x1b[H")
        self.line()
        self.line(f"{event.number}  {event.title}", "1;36")
        self.line()
        self._prose(event.text)
        for term in event.terms:
            self.line()
            self._prose(f"{term.name}: {term.means}", "33")
            self._prose(f"    see: {term.see}", "2")
        self.line()

    def _ran(self, event: Ran) -> None:
        self.line(f"  $ {event.command}", "1")
        for line in event.output:
            self.write(f"    {line[: max(self._wide, 100)]}\n")
        failed = f", exit code {event.code}" if event.code else ""
        self.line(f"    ({seconds(event.seconds)}{failed})", "2")

    def _after(self, event: StepDone) -> None:
        if event.ok and event.after:
            self.line()
            self._prose(event.after)
        elif not event.ok:
            self.line("  This step is not done yet.", "31")
            self._prose(event.hint, "33")

    def _prose(self, text: str, style: str = "") -> None:
        for paragraph in text.split("\n\n"):
            for line in textwrap.wrap(" ".join(paragraph.split()), self._wide - 2, break_on_hyphens=False):
                self.line(f"  {line}", style)

    def _picture(self, picture: Picture) -> None:
        for line in picture.lines:
            self.write("  " + self._drawn(line) + "\n")

    def _take_away(self) -> None:
        if self._sketched:
            self.write(f"\x1b[{self._sketched}A\x1b[J")
            self._sketched = 0

    def _drawn(self, line: tuple[Span, ...]) -> str:
        return "".join(self._pieces(line)).rstrip()

    def _pieces(self, line: tuple[Span, ...]) -> Iterator[str]:
        for span in line:
            style = f"38;5;{_SLOTS[span.slot % 16]}" if span.slot is not None else _ROLES.get(span.role, "")
            yield self.styled(span.text, style)
