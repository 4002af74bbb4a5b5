"""The verb history: Docker's way of asking how an image was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.output import print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.shape import Shape, print_rows, shape_option
from engine.cli.words import ago, size, timestamp
from engine.images.instruction import written

if TYPE_CHECKING:
    from engine.images.models import HistoryRow

_WIDTH = 45  # Docker's
_HEADINGS = ("POSITION", "CREATED", "CREATED BY", "SIZE", "COMMENT")
_FIELDS = ("Position", "CreatedSince", "CreatedBy", "Size", "Comment")


@click.command()
@click.argument("image", shell_complete=complete.images)
@click.option("--no-trunc", is_flag=True, help="Whole instructions, and ids.")
@click.option(
    "-q", "--quiet", is_flag=True, help="Ids only: the image's, then <missing> for what it is made of."
)
@shape_option
@pass_session
def history(session: Session, image: str, no_trunc: bool, quiet: bool, shape: Shape) -> None:
    """Show the instructions that made IMAGE, the newest first.

    POSITION is that of the layer an instruction made, - where it made none; SIZE lies unpacked on disk.
    `lamina layers` says who shares them.
    """
    detail = session.rooms.images.get(image)
    found = detail.history[::-1]
    whole = detail.summary.id
    ids = [whole if no_trunc else whole.short, *["<missing>"] * len(found)][: len(found)]
    if shape.as_json:
        print_json(found)
    elif quiet:
        for own in ids:
            click.echo(own)
    elif shape.is_own:
        rows = [dict(zip(_FIELDS, _row(one, no_trunc), strict=True)) for one in found]
        more = [{"ID": own, "CreatedAt": timestamp(one.created)} for own, one in zip(ids, found, strict=True)]
        headings = dict(zip(_FIELDS, _HEADINGS, strict=True))
        print_rows(shape, [row | other for row, other in zip(rows, more, strict=True)], headings)
    else:
        print_table(_HEADINGS, [_row(one, no_trunc) for one in found])


def _row(one: HistoryRow, no_trunc: bool) -> tuple[str, ...]:
    instruction = written(one.created_by)
    if not no_trunc and len(instruction) > _WIDTH:
        instruction = instruction[: _WIDTH - 1] + "…"
    position = "-" if one.position is None else str(one.position)
    return position, ago(one.created), instruction, size(one.unpacked), one.comment
