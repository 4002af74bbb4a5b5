"""The verb `tree`: the files of an image as a container sees them, or what one layer changed."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.looking import look_platform_option, looking
from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.words import size
from engine.errors import NotFound
from engine.layers.member import Kind

if TYPE_CHECKING:
    from engine.analysis.changes import LayerChanges
    from engine.analysis.stacked import Stack
    from engine.analysis.tree import Tree
    from engine.layers.table import FileEntry

_TYPES = {
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.FIFO: stat.S_IFIFO,
    Kind.CHAR: stat.S_IFCHR,
    Kind.BLOCK: stat.S_IFBLK,
}


@click.command()
@click.argument("image", shell_complete=complete.images)
@click.argument("path", default="/")
@click.option("--layer", type=click.IntRange(min=1), metavar="N", help="What layer N changed; 1 is the base.")
@click.option("--stacked", is_flag=True, help="With --layer: the whole tree up to that layer.")
@click.option("--sort", type=click.Choice(["name", "size"]), default="name", help="Order of siblings.")
@click.option("--filter", "pattern", metavar="GLOB", help="Only paths (with a slash) or names that match.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="At most N levels below PATH.")
@look_platform_option
@format_option
@pass_session
def tree(
    session: Session, image: str, path: str, layer: int | None, stacked: bool, sort: str, pattern: str | None,
    depth: int | None, platform: str, as_json: bool,
) -> None:  # fmt: skip
    """Show the files of IMAGE, at PATH and below it.

    LAYER is the one that a path is from. The SIZE of a directory is that of all below it, each file
    once. With --layer, HIDES is what the layer covers of those below: bytes that still travel.

    IMAGE may lie elsewhere, for all verbs that look inside: docker://REF or registry:HOST/NAME in a registry,
    docker-archive:, oci-archive: or oci:PATH[:TAG] on this host. Only layers that the answer needs are read.
    """
    if layer is not None and not stacked:
        with looking(session, platform) as inside:
            changes = inside.changes(image, layer)
        rows = _chosen(changes, _row(changes, path, layer), sort, pattern, depth)
        _print_changes(changes, rows, as_json)
    else:
        with looking(session, platform) as inside:
            stack = inside.stack(image, layer)
        rows = _chosen(stack, stack.follow(path), sort, pattern, depth)
        _print_stack(stack, rows, as_json)


def _row(changes: LayerChanges, path: str, layer: int) -> int:
    row = changes.row_of_key(changes.stack.link_key(path))
    if row is None:
        raise NotFound(
            f"layer {layer} changes nothing at {path}", hint="lamina blame IMAGE PATH shows who does"
        )
    return row


def _chosen(tree: Tree, row: int, sort: str, pattern: str | None, depth: int | None) -> Iterable[int]:
    if pattern is None:
        return tree.walk(row, depth, by_size=sort == "size")
    found = tree.matching(row, pattern)
    if depth is not None:
        within = set(tree.walk(row, depth))
        found = [each for each in found if each in within]
    return sorted(found, key=tree.size, reverse=True) if sort == "size" else found


def _print_stack(stack: Stack, chosen: Iterable[int], as_json: bool) -> None:
    rows = map(stack.row, chosen)
    if as_json:
        print_json(
            [{"path": f"/{row.path}", "layer": row.position, **_facts(row.entry, row.size)} for row in rows]
        )
        return
    print_table(
        ("LAYER", "MODE", "OWNER", "SIZE", "PATH"),
        [(str(row.position), *_columns(row.entry, row.size), _shown(row.path, row.entry)) for row in rows],
    )


def _print_changes(changes: LayerChanges, chosen: Iterable[int], as_json: bool) -> None:
    rows = map(changes.row, chosen)
    if as_json:
        print_json(
            [
                {
                    "path": f"/{row.path}",
                    "change": row.change,
                    "hides": row.before,
                    **_facts(row.entry, row.size),
                }
                for row in rows
            ]
        )
        return
    print_table(
        ("CHANGE", "MODE", "OWNER", "SIZE", "HIDES", "PATH"),
        [
            (row.change.value, *_columns(row.entry, row.size), size(row.before), _shown(row.path, row.entry))
            for row in rows
        ],
    )


def _columns(entry: FileEntry, content: int) -> Iterator[str]:
    yield stat.filemode(_TYPES.get(entry.kind, stat.S_IFREG) | entry.mode)
    yield f"{entry.uid}:{entry.gid}"
    yield size(content)


def _shown(path: str, entry: FileEntry) -> str:
    return f"/{path} -> {entry.link}" if entry.link else f"/{path}"


def _facts(entry: FileEntry, content: int) -> dict[str, object]:
    return {
        "kind": entry.kind.name.lower(),
        "size": content,
        "mode": f"{entry.mode:04o}",
        "uid": entry.uid,
        "gid": entry.gid,
        "mtime": entry.mtime / 1e9,
        "link": entry.link,
        "digest": f"sha256:{entry.digest}" if entry.digest else "",
    }
