"""The verb load: images out of an archive."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.output import format_option, print_json
from engine.cli.progress import PullProgress
from engine.cli.session import Session, pass_session
from engine.errors import InvalidArgument
from engine.printable import printable

if TYPE_CHECKING:
    from engine.images.archive_models import LoadResult
    from engine.images.models import LayerProgress, PullPlan

_STDIN = 0


@click.command()
@click.option("-i", "--input", "source", metavar="FILE|DIR", help="Read this instead of standard input.")
@click.option("--platform", metavar="OS/ARCH", default="", help="Of an image that is there for several.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@format_option
@pass_session
def load(session: Session, source: str | None, platform: str, quiet: bool, as_json: bool) -> None:
    """Load images from an archive: what docker save writes, or an OCI image layout (tar or directory).

    An archive may be packed with gzip or zstd.
    """
    import asyncio

    if source is None and sys.stdin.isatty():
        raise InvalidArgument("there is no archive on standard input", hint="give one: lamina load -i FILE")
    progress = _Progress(quiet or as_json)

    async def work() -> LoadResult:
        return await session.rooms.images.load(
            _STDIN if source is None else Path(source),
            platform,
            on_plan=progress.plan,
            on_progress=progress.layer,
        )

    try:
        result = asyncio.run(work())
    finally:
        progress.close()
    if as_json:
        print_json(result)
        return
    for image in result.images:
        for name in image.names:
            click.echo(f"Loaded image: {printable(name)}")
        if not image.names:
            click.echo(f"Loaded image ID: {image.id}")
    for note in result.notes:
        click.echo(f"note: {printable(note)}", err=True)


class _Progress:
    """One drawing of layers after the other, for the images of an archive come so."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._present: PullProgress | None = None

    def plan(self, plan: PullPlan) -> None:
        self.close()
        self._present = PullProgress(self._quiet, coming="reading")
        self._present.plan(plan)

    def layer(self, progress: LayerProgress) -> None:
        assert self._present is not None  # an image's plan comes first
        self._present.layer(progress)

    def close(self) -> None:
        if self._present is not None:
            self._present.close()
