"""The verb overlay."""

from __future__ import annotations

import select
import time
from datetime import datetime
from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.output import format_option, print_facts, print_json, print_json_line, print_table
from engine.cli.session import Session, pass_session
from engine.cli.words import size
from engine.errors import Conflict
from engine.printable import printable

if TYPE_CHECKING:
    from engine.containers.overlays import OverlayChange, OverlayView


@click.command()
@click.argument("container", shell_complete=complete.containers)
@click.option("-f", "--follow", is_flag=True, help="Show what it writes from now on, until it ends.")
@format_option
@click.option("--json", "plainly_json", is_flag=True, help="The same as --format json.")
@pass_session
def overlay(session: Session, container: str, follow: bool, as_json: bool, plainly_json: bool) -> None:
    """Show the layers of CONTAINER, and what it did to its writable layer.

    COST is what the writable layer pays: a file of a layer below is copied whole before its first byte is
    changed.
    """
    from engine.containers.overlays import overlay_view

    rooms, as_json = session.rooms, as_json or plainly_json
    if follow:
        _follow(session, container, as_json)
        return
    found = overlay_view(rooms.kept, rooms.images, container)
    if as_json:
        print_json({**found._asdict(), "changes": [change._asdict() for change in found.changes]})
    else:
        _show(found)


def _show(found: OverlayView) -> None:
    layers = zip(found.layers, found.lowers, strict=True)
    print_facts(
        [
            *((f"lower {_short(layer)}", place) for layer, place in layers),
            ("upper", found.upper),
            ("work", found.work),
            ("merged", found.merged or "nowhere: it does not run"),
            ("on disk", size(found.disk)),
            ("a commit", f"{size(found.commit)}, not compressed"),
        ]
    )
    if found.changes:
        click.echo()
        print_table(("EFFECT", "COST", "SIZE", "LAYER", "PATH"), [_row(change) for change in found.changes])


def _row(change: OverlayChange) -> tuple[str, ...]:
    return change.effect.value, size(change.cost), size(change.size), _short(change.layer), change.path


def _follow(session: Session, container: str, as_json: bool) -> None:
    from engine.containers.overlay_feed import OverlayFeed
    from engine.containers.overlays import stack_of

    rooms = session.rooms
    stack, pid = stack_of(rooms.kept, rooms.images, container)
    if not pid:
        raise Conflict(f"{container} is not running", hint=f"what it wrote: lamina overlay {container}")
    with OverlayFeed(stack) as feed:
        while pid:
            select.select([feed], [], [], 1.0)
            # Asked before the last look, so that what it did until its end is seen.
            _, pid = stack_of(rooms.kept, rooms.images, container)
            for change in feed.read():
                _tell(change, as_json)


def _tell(change: OverlayChange, as_json: bool) -> None:
    if as_json:
        print_json_line({"time": time.time(), **change._asdict()})
        return
    moment = datetime.now().astimezone().strftime("%H:%M:%S")
    layer = f" from {_short(change.layer)}" if change.layer else ""
    click.echo(printable(f"{moment}  {change.effect.value:11}  {size(change.cost):>8}  {change.path}{layer}"))


def _short(layer: str) -> str:
    return layer.removeprefix("sha256:")[:12]
