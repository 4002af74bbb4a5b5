"""The verb events."""

from __future__ import annotations

import re
import select
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from engine.cli.output import format_option, print_json_line
from engine.cli.session import Session, pass_session
from engine.follow import JournalFollower
from engine.printable import printable

if TYPE_CHECKING:
    from engine.events import Event

_DURATION = re.compile(r"(?:(?P<h>\d{1,6})h)?(?:(?P<m>\d{1,6})m)?(?:(?P<s>\d{1,9})s)?")


def _moment(_ctx: click.Context, _: click.Parameter, text: str | None) -> float | None:
    """Seconds since the epoch, an ISO time, or a time ago such as 10m."""
    if text is None:
        return None
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    ago = _DURATION.fullmatch(text)
    if ago and text:
        hours, minutes, seconds = (int(ago[unit] or 0) for unit in "hms")
        return time.time() - (hours * 3600 + minutes * 60 + seconds)
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no time; say 2026-01-31T12:00:00, seconds since 1970, or 10m for ten minutes ago"
        ) from error


@click.command()
@click.option("--since", metavar="TIME", callback=_moment, help="Begin with what happened then.")
@click.option("--until", metavar="TIME", callback=_moment, help="End at that time.")
@format_option
@pass_session
def events(session: Session, since: float | None, until: float | None, as_json: bool) -> None:
    """Show what happens on the store, by whichever program, until Ctrl-C.

    TIME is an ISO time, seconds since 1970, or a time ago such as 10m or 1h30m.
    """
    with JournalFollower(session.rooms.layout, session.rooms.journal, since) as follower:
        while True:
            for event in follower.read():
                if until is None or event.time <= until:
                    _show(event, as_json)
            if not _wait(follower, until):
                return


def _wait(follower: JournalFollower, until: float | None) -> bool:
    left = None if until is None else until - time.time()
    if left is not None and left <= 0:
        return False
    select.select([follower], [], [], left)
    return True


def _show(event: Event, as_json: bool) -> None:
    if as_json:
        print_json_line(event)
        return
    moment = datetime.fromtimestamp(event.time, UTC).astimezone().isoformat(timespec="microseconds")
    attributes = ", ".join(f"{name}={value}" for name, value in sorted(event.attributes.items()))
    click.echo(printable(f"{moment} {event.kind} {event.action} {event.id} ({attributes})"))
