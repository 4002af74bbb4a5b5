"""Verbs about the store as a whole: system df, system prune, system check."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from engine.cli.aliases import group_of
from engine.cli.image import print_pruned_images
from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.shape import Shape, print_rows, shape_option
from engine.cli.words import ago, size
from engine.printable import printable

if TYPE_CHECKING:
    from engine.images.check_models import CheckProgress, CheckReport
    from engine.upkeep import Pruned, Usage

_DF_FIELDS = ("Type", "TotalCount", "Active", "Size", "Reclaimable")  # Docker's
_CLEAR_LINE = "\x1b[2K"


# Docker's places for these two.
_ELSEWHERE = {"events": "engine.cli.events:events", "info": "engine.cli.host:info"}


@click.group(cls=group_of(_ELSEWHERE))
def system() -> None:
    """The store as a whole: what it takes, making it smaller, checking it."""


@system.command()
@click.option("-v", "--verbose", is_flag=True, help="Each image, container and volume.")
@shape_option
@pass_session
def df(session: Session, verbose: bool, shape: Shape) -> None:
    """Show what the store takes on disk.

    Layers count once however many images stand on them. UNPACKED lies on disk for containers, COMPRESSED is
    kept as it travelled; the line of images is the sum of both. File tables are those that looks at images
    elsewhere left. RECLAIMABLE is what `lamina system prune -a` would free.
    """
    from engine.upkeep import Upkeep

    usage = Upkeep(session.rooms).usage()
    if shape.as_json:
        print_json(usage)
        return
    rows = [
        (row.kind, str(row.total), str(row.active), size(row.size), size(row.reclaimable))
        for row in usage.rows
    ]
    if shape.is_own:
        print_rows(shape, [dict(zip(_DF_FIELDS, row, strict=True)) for row in rows], {"TotalCount": "TOTAL"})
        return
    print_table(("TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"), rows)
    click.echo(f"free on the disk: {size(usage.free)}")
    if verbose:
        _print_details(usage)


def _print_details(usage: Usage) -> None:
    click.echo("\nImages, unpacked: UNIQUE goes with the image, SHARED stays.")
    print_table(
        ("IMAGE", "ID", "CREATED", "UNPACKED", "UNIQUE", "SHARED", "COMPRESSED", "CONTAINERS"),
        [
            (
                image.names[0] if image.names else "<none>", image.id.short, ago(image.created),
                size(image.unpacked), size(image.unique), size(image.shared), size(image.compressed),
                str(image.containers),
            )
            for image in usage.images
        ],
    )  # fmt: skip
    click.echo("\nContainers: the writable layer and the log.")
    print_table(
        ("CONTAINER ID", "NAME", "IMAGE", "STATUS", "SIZE"),
        [(each.id[:12], each.name, each.image, each.status, size(each.size)) for each in usage.containers],
    )
    click.echo("\nVolumes: a prune leaves those alone that have a name.")
    print_table(("VOLUME", "SIZE"), [(name, size(taken)) for name, taken in usage.volumes])


@system.command()
@click.option("-a", "--all", "all_unused", is_flag=True, help="Also images that have a name.")
@click.option("--volumes", is_flag=True, help="Also volumes without a name that no container has.")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@format_option
@pass_session
def prune(session: Session, all_unused: bool, volumes: bool, force: bool, as_json: bool) -> None:
    """Remove containers that do not run, images that are not needed, and what interrupted work left."""
    from engine.upkeep import Upkeep

    upkeep = Upkeep(session.rooms)
    if not force:
        click.echo(_would(upkeep.preview_prune(all_unused, volumes)), err=as_json)
        click.confirm("Go on?", abort=True, err=as_json)
    pruned = upkeep.prune(all_unused, volumes)
    if as_json:
        print_json(pruned)
        return
    for name in pruned.containers:
        click.echo(f"Deleted container: {printable(name)}")
    print_pruned_images(pruned.images)
    for name in pruned.volumes.names:
        click.echo(f"Deleted volume: {printable(name)}")
    click.echo(f"Total reclaimed space: {size(pruned.freed)} ({pruned.freed} bytes)")


def _would(pruned: Pruned) -> str:
    images = pruned.images
    lines = [
        "This would remove:",
        f"  containers that do not run: {len(pruned.containers)} ({size(pruned.container_bytes)})",
        f"  images: {len(images.images)} ({size(images.freed - images.leftover_bytes)})",
        f"  volumes without a name: {len(pruned.volumes.names)} ({size(pruned.volumes.freed)})",
        f"  what is left over: {images.leftovers + pruned.directories} ({size(images.leftover_bytes)})",
        f"and free {size(pruned.freed)} ({pruned.freed} bytes).",
    ]
    return "\n".join(lines)


@system.command()
@click.option("--repair", is_flag=True, help="Unpack again, or fetch again, what is damaged.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@format_option
@pass_session
def check(session: Session, repair: bool, quiet: bool, as_json: bool) -> int:
    """Read all blobs and layers and compare them with their digests and tables; exit 1 when one is wrong.

    What a running container stands on is checked, but not repaired under it.
    """
    import asyncio

    from engine.upkeep import Upkeep

    live = sys.stderr.isatty() and not quiet

    def tell(progress: CheckProgress) -> None:
        share = f"{size(progress.done)} of {size(progress.total)}"
        click.echo(f"\r{_CLEAR_LINE}{share}  {progress.what}", err=True, nl=False)

    try:
        report = asyncio.run(Upkeep(session.rooms).check(repair, tell if live else None))
    finally:
        if live:
            click.echo(f"\r{_CLEAR_LINE}", err=True, nl=False)
    if as_json:
        print_json({**asdict(report), "sound": report.sound})
    else:
        _print_report(report)
    return 0 if report.sound else 1


def _print_report(report: CheckReport) -> None:
    for problem in report.problems:
        state = "repaired" if problem.repaired else "WRONG"
        needed = f" (needed by {', '.join(problem.images)})" if problem.images else ""
        name = problem.id.removeprefix("sha256:")[:12]
        click.echo(printable(f"{state}: {problem.subject} {name}: {problem.what}{needed}"))
        if problem.advice:
            click.echo(printable(f"        {problem.advice}"))
    click.echo(
        f"read {size(report.size)} in {report.seconds:.1f} s: {report.blobs} blobs, {report.layers} layers"
        f" with {report.files} files, of {report.images} images"
    )
    if report.leftovers:
        click.echo(
            f"left over: {report.leftovers} ({size(report.leftover_bytes)}); lamina system prune frees it"
        )
    wrong = sum(not problem.repaired for problem in report.problems)
    repaired = len(report.problems) - wrong
    click.echo(f"{repaired} repaired, {wrong} wrong" if report.problems else "nothing is wrong")
