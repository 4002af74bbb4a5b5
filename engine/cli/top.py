"""The verb top."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session

if TYPE_CHECKING:
    from engine.runtime.processes import ProcessRow


def _start(row: ProcessRow) -> str:
    moment = datetime.fromtimestamp(row.started).astimezone()
    return moment.strftime("%H:%M" if time.time() - row.started < 86400 else "%b%d")


def _time(row: ProcessRow) -> str:
    minutes, seconds = divmod(int(row.cpu), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def _share(row: ProcessRow) -> str:
    lived = time.time() - row.started
    return f"{100 * row.cpu / lived:.1f}" if lived > 0 else "0.0"


# By the names that ps(1) has for them; "inside" is the pid in the container.
_COLUMNS: dict[str, tuple[str, Callable[[ProcessRow], str]]] = {
    "uid": ("UID", lambda row: str(row.uid)),
    "pid": ("PID", lambda row: str(row.pid)),
    "inside": ("INSIDE", lambda row: str(row.inside)),
    "ppid": ("PPID", lambda row: str(row.parent)),
    "pcpu": ("%CPU", _share),
    "rss": ("RSS", lambda row: str(row.memory // 1024)),
    "nlwp": ("NLWP", lambda row: str(row.threads)),
    "stat": ("STAT", lambda row: row.state),
    "stime": ("STIME", _start),
    "tty": ("TTY", lambda row: row.terminal),
    "time": ("TIME", _time),
    "comm": ("COMMAND", lambda row: row.name),
    "cmd": ("CMD", lambda row: row.command),
}
_USUAL = ("uid", "pid", "inside", "ppid", "pcpu", "stime", "tty", "time", "cmd")


def _columns(_ctx: click.Context, _: click.Parameter, text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in _COLUMNS:
            raise click.BadParameter(f"no such column: {name!r}; there are {', '.join(_COLUMNS)}")
    return names


@click.command()
@click.argument("container", shell_complete=complete.running)
@click.option(
    "-o", "columns", metavar="COLUMN,…", default=",".join(_USUAL), callback=_columns,
    help=f"Which columns: {', '.join(_COLUMNS)}.",
)  # fmt: skip
@format_option
@pass_session
def top(session: Session, container: str, columns: tuple[str, ...], as_json: bool) -> None:
    """Show the processes of CONTAINER; PID is the host's number of one, INSIDE the container's."""
    from engine.containers.processes import processes

    found = processes(session.rooms.kept, container)
    if as_json:
        print_json([row._asdict() for row in found])
        return
    headings = [_COLUMNS[name][0] for name in columns]
    print_table(headings, [[_COLUMNS[name][1](row) for name in columns] for row in found])
