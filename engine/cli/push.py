"""The verb push, and what it shares with copy: how blobs on their way are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.ending import each
from engine.cli.lines import Line, Lines
from engine.cli.output import format_option, print_json
from engine.cli.session import Session, pass_session
from engine.cli.words import size
from engine.images.moves import BlobProgress, BlobState
from engine.printable import printable

if TYPE_CHECKING:
    from engine.images.moves import PushResult


@click.command()
@click.argument("name", shell_complete=complete.images)
@click.option("-a", "--all-tags", is_flag=True, help="All tags that the repository of NAME has here.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@format_option
@pass_session
def push(session: Session, name: str, all_tags: bool, quiet: bool, as_json: bool) -> int:
    """Give the registry in NAME the image that has this name here.

    Only layers that the registry lacks travel, byte for byte as they were pulled; the manifest goes last.
    """
    images = session.rooms.images
    names = images.tags_of(name) if all_tags else (name,)
    results: list[PushResult] = []

    def push_one(one: str) -> None:
        import asyncio

        shown = BlobLines(quiet)
        try:
            result = asyncio.run(images.push(one, on_blob=shown.tell))
        finally:
            shown.close()
        results.append(result)
        if not as_json:
            say(result, quiet)

    code = 0
    if all_tags:
        code = each(names, push_one)
    else:
        push_one(name)
    if as_json:
        print_json(results if all_tags else results[0])
    return code


class BlobLines:
    """Shows blobs on their way to a registry.

    :param quiet: show nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self._lines = Lines(quiet)

    def tell(self, progress: BlobProgress) -> None:
        """One blob went a step forward."""
        label = f"{progress.position:>3} {progress.digest.short:12}"
        part = progress.done / progress.total if progress.total else 1.0
        self._lines.put(progress.digest, Line(label, progress.state, _words(progress), part))

    def close(self) -> None:
        """Leave the last state on the screen."""
        self._lines.close()


def say(result: PushResult, quiet: bool) -> None:
    """Say what a push or copy did: what travelled to stderr, the name and digest to stdout."""
    if not quiet:
        parts = [f"sent {size(result.sent_bytes)} of {size(result.total_bytes)}"]
        if result.mounted_bytes:
            parts.append(f"{size(result.mounted_bytes)} mounted from another repository")
        if result.there_bytes:
            parts.append(f"{size(result.there_bytes)} there already")
        if result.platforms != 1:
            parts.append(f"{result.platforms} images")
        click.echo(", ".join(parts), err=True)
    click.echo(f"{printable(result.target)}: digest: {result.digest}")


def _words(progress: BlobProgress) -> str:
    match progress.state:
        case BlobState.SENDING:
            return f"sending {size(progress.done)} of {size(progress.total)}"
        case BlobState.THERE:
            return f"there already ({size(progress.total)})"
        case BlobState.MOUNTED:
            return f"mounted ({size(progress.total)})"
        case BlobState.DONE:
            return f"done ({size(progress.total)})"
        case BlobState.WAITING:
            return "waiting"
