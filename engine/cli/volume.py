"""Verbs about volumes: volume create, ls, inspect, rm, prune, export, import."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from engine.cli import complete
from engine.cli.ending import each, say_error
from engine.cli.mounts import check_driver
from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.shape import (
    Shape,
    inspection_option,
    label_of,
    labels_text,
    print_inspections,
    print_rows,
    shape_option,
)
from engine.cli.words import size
from engine.errors import InvalidArgument, NotFound
from engine.printable import printable

if TYPE_CHECKING:
    from engine.volumes.models import Volume

_TRUE, _FALSE = ("true", "1"), ("false", "0")


@click.group()
def volume() -> None:
    """Volumes: data that outlives containers."""


@volume.command()
@click.argument("name", default="")
@click.option("-l", "--label", "labels", multiple=True, metavar="NAME[=VALUE]", help="Attach a note.")
@click.option("-d", "--driver", default="local", metavar="NAME", help="The one there is: local.")
@pass_session
def create(session: Session, name: str, labels: tuple[str, ...], driver: str) -> None:
    """Make a volume, called NAME or by 64 digits; print its name. One that is there already is fine."""
    check_driver("--driver", driver)
    click.echo(session.rooms.volumes.create(name, _pairs(labels)).name)


@volume.command("ls")
@click.option("-q", "--quiet", is_flag=True, help="Only names.")
@click.option(
    "-f", "--filter", "filters", multiple=True, metavar="KEY=VALUE",
    help="dangling=true|false, name=PART, label=NAME[=VALUE], driver=local.",
)  # fmt: skip
@click.option("-s", "--size", "sizes", is_flag=True, help="Measure them, and say who uses them.")
@shape_option
@pass_session
def list_volumes(session: Session, quiet: bool, filters: tuple[str, ...], sizes: bool, shape: Shape) -> None:
    """List volumes."""
    found = session.rooms.volumes.list(sizes)
    for text in filters:
        found = _filtered(found, text)
    if shape.as_json:
        print_json(found)
    elif shape.is_own:
        print_rows(shape, [_fields(one) for one in found], {"Name": "VOLUME NAME"})
    elif quiet:
        for each_one in found:
            click.echo(each_one.name)
    elif sizes:
        print_table(
            ("DRIVER", "VOLUME NAME", "SIZE", "USED BY"),
            [("local", one.name, size(one.size or 0), ", ".join(one.used_by)) for one in found],
        )
    else:
        print_table(("DRIVER", "VOLUME NAME"), [("local", one.name) for one in found])


@volume.command()
@click.argument("names", metavar="VOLUME...", nargs=-1, required=True, shell_complete=complete.volumes)
@inspection_option
@pass_session
def inspect(session: Session, names: tuple[str, ...], shape: Shape) -> int:
    """Show everything about volumes: where they lie, their size, who uses them."""
    found: list[dict[str, Any]] = []
    code = each(names, lambda name: found.append(session.rooms.inspect(name, "volume")))
    print_inspections(shape, found)
    return code


@volume.command()
@click.argument("names", metavar="VOLUME...", nargs=-1, required=True, shell_complete=complete.volumes)
@click.option("-f", "--force", is_flag=True, help="One that is not there is no failure.")
@pass_session
def rm(session: Session, names: tuple[str, ...], force: bool) -> int:
    """Remove volumes with all that is in them. What a container has, running or not, stays."""

    def remove(name: str) -> None:
        try:
            session.rooms.volumes.remove(name)
        except NotFound as error:
            if not force:
                raise
            say_error(error)
        else:
            click.echo(printable(name))

    return each(names, remove)


@volume.command()
@click.option("-a", "--all", "all_unused", is_flag=True, help="Also those that have a name.")
@click.option("--filter", "filters", multiple=True, metavar="label=NAME[=VALUE]", help="Only such.")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@format_option
@pass_session
def prune(session: Session, all_unused: bool, filters: tuple[str, ...], force: bool, as_json: bool) -> None:
    """Remove volumes that no container has: those without a name, or all."""
    labels = dict(_label_filter(text) for text in filters)
    if not force:
        would = session.rooms.volumes.preview_prune(all_unused, labels)
        click.echo(f"This would remove {len(would.names)} volumes and free {size(would.freed)}.", err=as_json)
        click.confirm("Go on?", abort=True, err=as_json)
    pruned = session.rooms.volumes.prune(all_unused, labels)
    if as_json:
        print_json(pruned)
        return
    for name in pruned.names:
        click.echo(f"Deleted volume: {printable(name)}")
    click.echo(f"Total reclaimed space: {size(pruned.freed)} ({pruned.freed} bytes)")


@volume.command("export")
@click.argument("name", metavar="VOLUME", shell_complete=complete.volumes)
@click.option("-o", "--output", default="", metavar="FILE", help="Write there instead of standard output.")
@pass_session
def export(session: Session, name: str, output: str) -> None:
    """Write what is in VOLUME as a tar archive."""
    from engine.containers.volume_archive import export_volume

    if not output and sys.stdout.isatty():
        raise InvalidArgument("an archive is nothing for a terminal", hint="say -o FILE, or redirect")
    session.rooms.volumes.settle(session.rooms.volumes.get(name).name)
    data = session.rooms.volumes.data(name)
    if not output:
        export_volume(data, sys.stdout.buffer.write)
        return
    with _whole_file(output) as write:
        export_volume(data, write)


@volume.command("import")
@click.argument("name", metavar="VOLUME", shell_complete=complete.volumes)
@click.argument("source", metavar="FILE", default="-")
@pass_session
def import_(session: Session, name: str, source: str) -> None:
    """Fill VOLUME with a tar archive, plain, gzip or zstd; FILE is standard input unless it is named.

    The volume is made where it is missing; one that holds something is refused. It gets all or nothing.
    """
    from engine.containers.volume_archive import import_volume

    if source == "-":
        import_volume(session.rooms.volumes, name, sys.stdin.fileno())
        return
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise NotFound(f"{source} cannot be read: {error.strerror}") from error
    try:
        import_volume(session.rooms.volumes, name, descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _whole_file(path: str) -> Iterator[Callable[[bytes | memoryview], object]]:
    """A file that appears when all of it is written."""
    draft = f"{path}.part-{os.getpid()}"
    try:
        with open(draft, "xb") as file:
            yield file.write
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise


def _fields(found: Volume) -> dict[str, object]:
    """By the names of docker volume ls."""
    return {
        "Name": found.name,
        "Driver": "local",
        "Mountpoint": found.path,
        "Scope": "local",
        "Labels": labels_text(found.labels),
        "Label": label_of(found.labels),
        "Size": "N/A" if found.size is None else size(found.size),
        "Links": str(len(found.used_by)) if found.size is not None else "N/A",
    }


def _pairs(labels: tuple[str, ...]) -> dict[str, str]:
    parts = [label.partition("=") for label in labels]
    if any(not name for name, _, _ in parts):
        raise InvalidArgument("--label has no name", hint="say NAME=VALUE")
    return {name: value for name, _, value in parts}


def _filtered(found: list[Volume], text: str) -> list[Volume]:
    key, equals, value = text.partition("=")
    if key == "dangling" and value in (*_TRUE, *_FALSE):
        return [one for one in found if (not one.used_by) == (value in _TRUE)]
    if key == "name" and equals:
        return [one for one in found if value in one.name]
    if key == "label" and value:
        name, _, wanted = value.partition("=")
        return [one for one in found if name in one.labels and wanted in ("", one.labels[name])]
    if key == "driver" and equals:
        return found if value == "local" else []
    raise InvalidArgument(
        f"--filter {text!r} cannot be meant", hint="dangling=true|false, name=, label= or driver="
    )


def _label_filter(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    if key != "label" or not value:
        raise InvalidArgument(f"--filter {text!r} cannot be meant", hint="label=NAME or label=NAME=VALUE")
    name, _, wanted = value.partition("=")
    return name, wanted
