"""The verb `sharing`: which images share which layers, and what removing some of them frees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.output import format_option, print_facts, print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.words import counted, size

if TYPE_CHECKING:
    from engine.analysis.sharing import Sharing


@click.command()
@click.argument("names", metavar="[IMAGE...]", nargs=-1, shell_complete=complete.images)
@format_option
@pass_session
def sharing(session: Session, names: tuple[str, ...], as_json: bool) -> None:
    """Show what the images of the store, or those that are named, share with all others.

    UNIQUE is what removing one image alone frees of unpacked layers. The last line says what removing
    all the images shown together frees, and with it what came with them: layers as they travelled,
    configs and manifests.
    """
    from engine.inside import Inside

    found = Inside(session.rooms).sharing(names)
    if as_json:
        print_json(_document(found))
    else:
        _print(found)


def _print(found: Sharing) -> None:
    rows = [
        (
            str(number),
            image.id.short,
            size(image.unpacked),
            size(image.unique),
            size(image.shared),
            image.name,
        )
        for number, image in enumerate(found.images, 1)
    ]
    print_table(("#", "IMAGE ID", "UNPACKED", "UNIQUE", "SHARED", "NAME"), rows)
    if found.layers:
        click.echo()
        numbers = {image.id: str(number) for number, image in enumerate(found.images, 1)}
        print_table(
            ("DIFF ID", "UNPACKED", "IMAGES", "OF THESE"),
            [
                (
                    layer.layer.diff_id.short,
                    size(layer.layer.unpacked),
                    str(len(layer.images)),
                    " ".join(numbers[image] for image in layer.images if image in numbers),
                )
                for layer in found.layers
            ],
        )
        click.echo()
    freed = found.freed
    unpacked = f"{size(freed.unpacked)} in {counted(len(freed.layers), 'unpacked layer')}"
    total = f"{size(freed.total)}: {unpacked}, {size(freed.blobs)}"
    print_facts(
        [("Sharing saves", size(found.saved)), ("Removing these frees", f"{total} as they travelled")]
    )


def _document(found: Sharing) -> dict[str, object]:
    return {
        "images": found.images,
        "layers": [
            {
                "diff_id": layer.layer.diff_id,
                "compressed": layer.layer.compressed,
                "unpacked": layer.layer.unpacked,
                "images": layer.images,
            }
            for layer in found.layers
        ],
        "unpacked": found.unpacked,
        "saved": found.saved,
        "freed": {
            "layers": found.freed.layers,
            "unpacked": found.freed.unpacked,
            "blobs": found.freed.blobs,
            "total": found.freed.total,
        },
    }
