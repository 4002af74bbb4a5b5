"""The verb namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session

if TYPE_CHECKING:
    from engine.containers.namespaces import ContainerNamespaces, IdRange, Namespace

_WHOLE = 4294967295  # the length of the initial user namespace's map, user_namespaces(7)


@click.command()
@click.argument("container", shell_complete=complete.running)
@format_option
@click.option("--json", "plainly_json", is_flag=True, help="The same as --format json.")
@pass_session
def namespaces(session: Session, container: str, as_json: bool, plainly_json: bool) -> None:
    """Show what the kernel shows CONTAINER, beside what it shows the host."""
    from engine.containers import namespaces as room

    found = room.namespaces(session.rooms.kept, container)
    if as_json or plainly_json:
        print_json(_fields(found))
        return
    print_table(("NAMESPACE", "CONTAINER", "HOST", "SHARED WITH"), [_row(one) for one in found.namespaces])
    click.echo()
    print_table(
        ("INSIDE", "ON THE HOST", "COMMAND"),
        [(str(row.inside), str(row.pid), row.command) for row in found.processes],
    )
    click.echo()
    print_table(
        ("MOUNT", "TYPE", "SOURCE", "OPTIONS"),
        [(row.target, row.kind, row.source, row.options) for row in found.mounts],
    )
    click.echo()
    print_table(("WALL", "IS"), _walls(found))


def _row(found: Namespace) -> tuple[str, ...]:
    shared = (("the host",) if found.id == found.host else ()) + found.shared_with
    return found.kind, str(found.id), str(found.host or "?"), ", ".join(shared) or "nobody"


def _walls(found: ContainerNamespaces) -> list[tuple[str, str]]:
    rows = [("user ids", _ids(found.uids)), ("group ids", _ids(found.gids))]
    rows += [(f"{name} capabilities", " ".join(held) or "none") for name, held in found.capabilities.items()]
    rows.append(("never to be had", " ".join(found.missing) or "none"))
    seccomp = {"none": "every system call", "filter": f"filtered ({found.filters})"}
    rows.append(("system calls", seccomp.get(found.seccomp, found.seccomp)))
    rows.append(("new privileges", "none" if found.no_new_privileges else "by set-user-id programs"))
    return rows


def _ids(ranges: tuple[IdRange, ...]) -> str:
    if [tuple(one) for one in ranges] == [(0, 0, _WHOLE)]:
        return "the host's"
    return ", ".join(f"{one.inside} is {one.outside} ({one.length} of them)" for one in ranges) or "none"


def _fields(found: ContainerNamespaces) -> dict[str, object]:
    lists = ("namespaces", "processes", "uids", "gids", "mounts")
    return {**found._asdict(), **{name: [one._asdict() for one in getattr(found, name)] for name in lists}}
