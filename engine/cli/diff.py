"""The verb `diff`: in what two images differ, down to the text of a file; or what a container changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.differences import file_document, print_files, print_layers, print_settings
from engine.cli.looking import look_platform_option, looking
from engine.cli.output import format_option, print_json
from engine.cli.session import Session, pass_session
from engine.errors import InvalidArgument, NotFound
from engine.layers.member import Kind
from engine.printable import printable

if TYPE_CHECKING:
    from engine.analysis.compare import Comparison, FileChange
    from engine.analysis.text import TextDiff
    from engine.containers.changes import Change
    from engine.inside import Inside

_USAGE = "lamina diff CONTAINER, or lamina diff A B"


@click.command()
@click.argument("old", metavar="A|CONTAINER", shell_complete=complete.anything)
@click.argument("new", metavar="[B]", required=False, shell_complete=complete.images)
@click.argument("path", required=False)
@look_platform_option
@format_option
@pass_session
def diff(session: Session, old: str, new: str | None, path: str | None, platform: str, as_json: bool) -> None:
    """Show in what image B differs from image A: layers, files, settings and environment.

    With one word, show what CONTAINER changed in the files of its image: A added, C changed, D deleted.

    With PATH only what is there; for a file that both have the lines of its text that differ. Either may lie
    in a registry or an archive; see lamina tree --help.
    """
    if new is None:
        if platform:
            raise InvalidArgument("--platform says which image is meant, and CONTAINER has one", hint=_USAGE)
        _print_changes(session.rooms.files.changes(old), as_json)
    elif path is None:
        with looking(session, platform) as inside:
            found = inside.compare(old, new)
        _print_all(found, as_json)
    else:
        with looking(session, platform) as inside:
            text = _text_of(inside, old, new, path)
            below = [] if text is not None else _below(inside, old, new, path)
        if text is not None:
            _print_text(text, path, as_json)
        else:
            _print_below(below, as_json)


def _print_changes(found: list[Change], as_json: bool) -> None:
    if as_json:
        print_json(found)
    elif found:
        click.echo("\n".join(f"{change.kind} {printable(change.path)}" for change in found))


def _print_all(found: Comparison, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "layers": found.layers,
                "files": list(map(file_document, found.files)),
                "settings": found.settings,
                "environment": found.environment,
            }
        )
        return
    print_layers(found.layers)
    if found.files:
        click.echo()
        print_files(found.files)
    print_settings(found.settings, found.environment)


def _text_of(inside: Inside, old: str, new: str, path: str) -> TextDiff | None:
    """The difference in the text of a file that both images have; None for all else."""
    from engine.analysis.text import text_diff

    try:
        (before, old_row), (after, new_row) = (inside.find(name, path) for name in (old, new))
    except NotFound:
        return None
    for contents, row in ((before, old_row), (after, new_row)):
        if contents.stack.entries.kind(contents.stack.winners[row]) != Kind.FILE:
            return None
    return text_diff(before, old_row, after, new_row)


def _print_text(found: TextDiff, path: str, as_json: bool) -> None:
    if as_json:
        print_json({"path": path, "equal": found.equal, "reason": found.reason, "lines": found.lines})
    elif found.reason:
        click.echo(printable(f"{path}: {found.reason}"))
    elif found.lines:
        click.echo("\n".join(printable(line.expandtabs()) for line in found.lines))


def _below(inside: Inside, old: str, new: str, path: str) -> list[FileChange]:
    from engine.analysis.compare import compare_files
    from engine.layers.keys import path_of

    before, after = inside.stack(old), inside.stack(new)
    places = {path_of(stack.link_key(path)) for stack in (before, after)}
    if all(stack.row_of(place) is None for stack in (before, after) for place in places):
        raise NotFound(f"neither image has a path {path}", hint="lamina tree IMAGE shows what is there")
    return [
        file
        for file in compare_files(before, after)
        if any(not place or file.path == place or file.path.startswith(f"{place}/") for place in places)
    ]


def _print_below(found: list[FileChange], as_json: bool) -> None:
    if as_json:
        print_json({"files": list(map(file_document, found))})
    elif found:
        print_files(found)
