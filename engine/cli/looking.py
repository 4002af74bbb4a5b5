"""What verbs that look inside images have in common: `--platform`, and how far layers elsewhere are read."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from engine.cli.words import counted, size
from engine.printable import printable

if TYPE_CHECKING:
    from engine.cli.session import Session
    from engine.images.elsewhere import Reading
    from engine.inside import Inside

_CLEAR_LINE = "\r\x1b[2K"

look_platform_option = click.option(
    "--platform", metavar="OS/ARCH", default="",
    help="Of an image elsewhere, instead of this host's: linux/arm64.",
)  # fmt: skip
"""`--platform`, of all verbs that look inside images, here or elsewhere."""


@contextmanager
def looking(session: Session, platform: str = "") -> Iterator[Inside]:
    """What opens images; while layers elsewhere are read a line on a terminal's stderr tells how far."""
    from engine.inside import Inside

    if not sys.stderr.isatty():
        yield Inside(session.rooms, platform)
        return
    line = _Line()
    try:
        yield Inside(session.rooms, platform, line.draw)
    finally:
        line.clear()


class _Line:
    """One line that is drawn over, and gone in the end."""

    def __init__(self) -> None:
        self._drawn = False

    def draw(self, reading: Reading) -> None:
        layers = counted(reading.layers, "layer")
        how_far = f"{size(reading.done)} of {size(reading.total)}, {reading.read} of {layers}"
        text = f"reading {printable(reading.image)}: {how_far}"
        # A line that wraps could not be cleared; its end says most.
        room = shutil.get_terminal_size().columns - 1
        text = text if len(text) <= room else f"…{text[len(text) - room + 1 :]}"
        click.echo(f"{_CLEAR_LINE}{text}", err=True, nl=False)
        self._drawn = True
        if reading.read == reading.layers:
            self.clear()  # what is printed next must not stand behind it

    def clear(self) -> None:
        if self._drawn:
            click.echo(_CLEAR_LINE, err=True, nl=False)
        self._drawn = False
