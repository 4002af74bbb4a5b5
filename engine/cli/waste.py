"""Verbs about what layers hide from each other: waste, blame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.looking import look_platform_option, looking
from engine.cli.output import format_option, print_facts, print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.words import counted, size
from engine.printable import printable

if TYPE_CHECKING:
    from engine.analysis.blame import Touch
    from engine.analysis.waste import LayerWaste, Waste, WastedPath


@click.command()
@click.argument("image", shell_complete=complete.images)
@click.option("-n", "--lines", type=click.IntRange(min=0), default=20, help="How many paths; 0 for all.")
@look_platform_option
@format_option
@pass_session
def waste(session: Session, image: str, lines: int, platform: str, as_json: bool) -> None:
    """Show what IMAGE carries though no container sees it.

    A file that a later layer removed, replaced, or copied to change its mode or owner still travels and
    lies on disk. A directory that was removed as a whole stands for all below it.
    """
    with looking(session, platform) as inside:
        found = inside.waste(image)
    paths = found.paths[: lines or None]
    if as_json:
        print_json(
            {
                "total": found.total,
                "wasted": found.wasted,
                "efficiency": found.efficiency,
                "files": found.files,
                "layers": found.layers,
                "paths": [_document(path) for path in paths],
            }
        )
        return
    _print(found, paths)


def _print(found: Waste, paths: tuple[WastedPath, ...]) -> None:
    print_facts(
        [
            ("Content of all layers", size(found.total)),
            ("Wasted", f"{size(found.wasted)} in {counted(found.files, 'file')}"),
            ("Efficiency", f"{found.efficiency:.1%}"),
        ]
    )
    if found.layers:
        click.echo()
        print_table(("LAYER", "REMOVED", "REPLACED", "ATTRIBUTES ONLY"), map(_layer_row, found.layers))
        click.echo()
        print_table(("WASTED", "FILES", "CAUSE", "IN LAYERS", "HIDDEN BY", "PATH"), map(_path_row, paths))
    if len(paths) < len(found.paths):
        click.echo(f"and {len(found.paths) - len(paths)} further paths; --lines 0 shows all")


def _layer_row(layer: LayerWaste) -> tuple[str, ...]:
    sums = (
        (layer.removed, layer.removed_files),
        (layer.replaced, layer.replaced_files),
        (layer.attributes, layer.attributes_files),
    )
    return (
        str(layer.position),
        *(f"{size(total)} in {counted(files, 'file')}" if files else "" for total, files in sums),
    )


def _path_row(path: WastedPath) -> tuple[str, ...]:
    kept, hidden = (",".join(map(str, positions)) for positions in (path.kept_by, path.hidden_by))
    return size(path.size), str(path.files), path.cause.value, kept, hidden, f"/{path.path}"


def _document(path: WastedPath) -> dict[str, object]:
    return {
        "path": f"/{path.path}",
        "cause": path.cause.value,
        "size": path.size,
        "files": path.files,
        "kept_by": path.kept_by,
        "hidden_by": path.hidden_by,
    }


@click.command()
@click.argument("image", shell_complete=complete.images)
@click.argument("path")
@look_platform_option
@format_option
@pass_session
def blame(session: Session, image: str, path: str, platform: str, as_json: bool) -> None:
    """Show every layer of IMAGE that touched PATH, the base first.

    The layer with a * is the one whose copy a container sees. HIDDEN is what a layer has there though
    no container sees it; of a directory the sum of all below.
    """
    with looking(session, platform) as inside:
        found = inside.blame(image, path)
    if as_json:
        touches = [{**_touch_document(touch)} for touch in found.touches]
        exists = {"exists": found.exists, "hidden": found.hidden}
        print_json({"path": f"/{found.path}", **exists, "touches": touches})
        return
    print_table(
        ("LAYER", "CHANGE", "SIZE", "HIDDEN", "MODE", "OWNER", "DIGEST"), map(_touch_row, found.touches)
    )
    told = "a container sees it" if found.exists else "no container sees it"
    click.echo(printable(f"/{found.path}: {told}; hidden copies take {size(found.hidden)}"))


def _touch_row(touch: Touch) -> tuple[str, ...]:
    entry = touch.entry
    about = (f"{entry.mode:04o}", f"{entry.uid}:{entry.gid}", entry.digest[:12]) if entry else ("", "", "")
    mark = "*" if touch.wins else " "
    return f"{touch.position}{mark}", touch.change.value, size(touch.size), size(touch.hidden), *about


def _touch_document(touch: Touch) -> dict[str, object]:
    entry = touch.entry
    document: dict[str, object] = {
        "layer": touch.position,
        "change": touch.change.value,
        "wins": touch.wins,
        "size": touch.size,
        "hidden": touch.hidden,
    }
    if entry is not None:
        document |= {"kind": entry.kind.name.lower(), "mode": f"{entry.mode:04o}", "uid": entry.uid}
        document |= {"gid": entry.gid, "digest": f"sha256:{entry.digest}" if entry.digest else ""}
    return document
