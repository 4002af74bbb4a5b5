"""The verb logs."""

from __future__ import annotations

import select
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.output import format_option, print_json_line
from engine.cli.session import Session, pass_session

if TYPE_CHECKING:
    from engine.containers.models import LogLine


def _tail(_ctx: click.Context, _: click.Parameter, text: str) -> int | None:
    if text == "all" or (text.startswith("-") and text[1:].isdigit()):
        return None  # fewer than none is all, as with Docker
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise click.BadParameter(f"{text!r} is neither a number of lines nor 'all'")


@click.command()
@click.argument("container", shell_complete=complete.containers)
@click.option("-f", "--follow", is_flag=True, help="Go on until the container ends.")
@click.option(
    "-n", "--tail", metavar="N", default="all", show_default=True, callback=_tail,
    help="Only the last N lines.",
)  # fmt: skip
@click.option("-t", "--timestamps", is_flag=True, help="Put the time before each line.")
@format_option
@pass_session
def logs(
    session: Session, container: str, follow: bool, tail: int | None, timestamps: bool, as_json: bool
) -> None:
    """Show what CONTAINER wrote, as it wrote it: its stdout on stdout, its stderr on stderr."""
    with session.rooms.containers.logs(container) as reader:
        lines = reader.read(tail)
        while True:
            for line in lines:
                if as_json:
                    print_json_line(line)
                else:
                    _write(line, timestamps)
            sys.stdout.flush()
            sys.stderr.flush()
            if not lines:
                if not follow or reader.ended:
                    return
                select.select([reader], [], [])
            lines = reader.read()


def _write(line: LogLine, timestamps: bool) -> None:
    stream = sys.stderr if line.stream == "stderr" else sys.stdout
    stamp = ""
    if timestamps:
        stamp = datetime.fromtimestamp(line.time, UTC).isoformat(timespec="microseconds") + " "
    text = stamp + line.text + ("" if line.partial else "\n")
    # The program's own bytes: what was not UTF-8 goes out as it came in.
    stream.buffer.write(text.encode("utf-8", "surrogateescape"))
