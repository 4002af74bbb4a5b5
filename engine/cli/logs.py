"""The verb logs."""

from __future__ import annotations

import select
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.moments import moment
from engine.cli.output import format_option, print_json_line
from engine.cli.refusing import Refusing
from engine.cli.session import Session, pass_session

if TYPE_CHECKING:
    from engine.containers.models import LogLine
    from engine.runtime.logs import LogReader


def _tail(_ctx: click.Context, _: click.Parameter, text: str) -> int | None:
    if text == "all" or (text.startswith("-") and text[1:].isdigit()):
        return None  # fewer than none is all, as with Docker
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise click.BadParameter(f"{text!r} is neither a number of lines nor 'all'")


@click.command(cls=Refusing)
@click.argument("container", shell_complete=complete.containers)
@click.option("-f", "--follow", is_flag=True, help="Go on until the container ends.")
@click.option(
    "-n", "--tail", metavar="N", default="all", show_default=True, callback=_tail,
    help="Only the last N lines.",
)  # fmt: skip
@click.option("--since", metavar="TIME", callback=moment, help="Only what it wrote then or later.")
@click.option("--until", metavar="TIME", callback=moment, help="Only what it wrote then or earlier.")
@click.option("-t", "--timestamps", is_flag=True, help="Put the time before each line.")
@format_option
@pass_session
def logs(
    session: Session,
    container: str,
    follow: bool,
    tail: int | None,
    since: float | None,
    until: float | None,
    timestamps: bool,
    as_json: bool,
) -> None:
    """Show what CONTAINER wrote, as it wrote it: its stdout on stdout, its stderr on stderr.

    TIME is an ISO time, seconds since 1970, or a time ago such as 10m or 1h30m.
    """
    from engine.containers.models import LogRange

    write = print_json_line if as_json else _Writer(timestamps).write
    with session.rooms.containers.logs(container, LogRange(tail, since, until)) as reader:
        while True:
            if lines := reader.read():
                for line in lines:
                    write(line)
                sys.stdout.flush()
                sys.stderr.flush()
            elif not follow or reader.ended:
                return
            else:
                _wait(reader)


def _wait(reader: LogReader) -> None:
    left = None if reader.until is None else max(0.0, reader.until - time.time())
    select.select([reader], [], [], left)


class _Writer:
    """Writes lines as the program wrote them.

    :param timestamps: put the time before each line, but not before a piece that goes on with one.
    """

    def __init__(self, timestamps: bool) -> None:
        self._timestamps = timestamps
        self._goes_on: set[str] = set()

    def write(self, line: LogLine) -> None:
        """Write one line, or a piece of one."""
        if line.dropped:
            click.echo(f"lamina: {line.text}", err=True)
            return
        stamp = ""
        if self._timestamps and line.stream not in self._goes_on:
            stamp = datetime.fromtimestamp(line.time, UTC).isoformat(timespec="microseconds") + " "
        (self._goes_on.add if line.partial else self._goes_on.discard)(line.stream)
        text = stamp + line.text + ("" if line.partial else "\n")
        stream = sys.stderr if line.stream == "stderr" else sys.stdout
        # The program's own bytes: what was not UTF-8 goes out as it came in.
        stream.buffer.write(text.encode("utf-8", "surrogateescape"))
