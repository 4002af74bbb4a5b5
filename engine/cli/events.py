"""The verb events."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from engine.cli.filters import Tests, filter_option, fits
from engine.cli.moments import moment
from engine.cli.output import print_json_line
from engine.cli.session import Session, pass_session
from engine.cli.shape import Shape, print_rows, stream_option
from engine.follow import JournalFollower
from engine.printable import printable

if TYPE_CHECKING:
    from engine.events import Event

Test = Callable[["Event"], bool]


def _of(kind: str) -> Callable[[str], Test]:
    """What happened to one of a kind, by its name, its id or the start of that."""
    return lambda value: (
        lambda event: event.kind == kind and (event.attributes.get("name") == value or _is_id(event, value))
    )


def _is_id(event: Event, start: str) -> bool:
    return bool(start) and event.id.removeprefix("sha256:").startswith(start.removeprefix("sha256:"))


def _from_image(value: str) -> Test:
    return lambda event: (
        value in (event.attributes.get("image"), event.attributes.get("name"))
        or (event.kind == "image" and _is_id(event, value))
    )


_FILTERS: dict[str, Callable[[str], Test]] = {
    "type": lambda value: lambda event: event.kind == value,
    "event": lambda value: lambda event: event.action == value,
    "container": _of("container"),
    "image": _from_image,
    "network": _of("network"),
    "volume": _of("volume"),
}


@click.command()
@click.option("--since", metavar="TIME", callback=moment, help="Begin with what happened then.")
@click.option("--until", metavar="TIME", callback=moment, help="End at that time.")
@filter_option(_FILTERS)
@stream_option
@pass_session
def events(session: Session, since: float | None, until: float | None, tests: Tests, shape: Shape) -> None:
    """Show what happens on the store, by whichever program, until Ctrl-C.

    TIME is an ISO time, seconds since 1970, or a time ago such as 10m or 1h30m.
    """
    with JournalFollower(session.rooms.layout, session.rooms.journal, since) as follower:
        while True:
            for event in follower.read():
                if fits(event, tests) and (until is None or event.time <= until):
                    _show(event, shape)
            if not _wait(follower, until):
                return


def _wait(follower: JournalFollower, until: float | None) -> bool:
    left = None if until is None else until - time.time()
    if left is not None and left <= 0:
        return False
    select.select([follower], [], [], left)
    return True


def _fields(event: Event) -> dict[str, object]:
    """By the names of docker events."""
    return {
        "Type": event.kind,
        "Action": event.action,
        "Actor": {"ID": event.id, "Attributes": dict(event.attributes)},
        "ID": event.id,
        "Status": event.action,
        "From": event.attributes.get("image", ""),
        "Scope": "local",
        "Time": int(event.time),
        "TimeNano": int(event.time * 1e9),
    }


def _show(event: Event, shape: Shape) -> None:
    if shape.as_json:
        print_json_line(event)
        return
    if shape.template:
        print_rows(shape, [_fields(event)])
        return
    when = datetime.fromtimestamp(event.time, UTC).astimezone().isoformat(timespec="microseconds")
    attributes = ", ".join(f"{name}={value}" for name, value in sorted(event.attributes.items()))
    click.echo(printable(f"{when} {event.kind} {event.action} {event.id} ({attributes})"))
