"""The verb `compare`: what separates two images, summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.differences import file_document, print_files, print_settings
from engine.cli.looking import look_platform_option, looking
from engine.cli.output import format_option, print_facts, print_json
from engine.cli.session import Session, pass_session
from engine.cli.words import size

if TYPE_CHECKING:
    from engine.analysis.compare import Comparison, FileChange

_MOST_FILES = 10


@click.command()
@click.argument("old", metavar="A", shell_complete=complete.images)
@click.argument("new", metavar="B", shell_complete=complete.images)
@look_platform_option
@format_option
@pass_session
def compare(session: Session, old: str, new: str, platform: str, as_json: bool) -> None:
    """Sum up what separates image B from image A, and the download from one to the other.

    `lamina diff A B` shows every file. Either may lie in a registry or an archive; see lamina tree --help.
    """
    with looking(session, platform) as inside:
        found = inside.compare(old, new)
    if as_json:
        print_json(_document(found))
        return
    print_facts(_facts(found))
    weighty = _weightiest(found)
    if weighty:
        click.echo()
        print_files(weighty)
    if len(weighty) < len(found.files):
        click.echo(f"and {len(found.files) - len(weighty)} further paths; lamina diff shows all")
    print_settings(found.settings, found.environment)


def _facts(found: Comparison) -> list[tuple[str, str]]:
    both, only_old, only_new = _layer_counts(found)
    counts = found.counts
    files = ", ".join(f"{counts[change]} {_word(change)}" for change in counts) or "no difference"
    grown = sum(file.new_size - file.old_size for file in found.files)
    return [
        ("Layers", f"{both} in both, {only_old} only in the old, {only_new} only in the new"),
        ("Download", f"{size(found.download)} of {size(found.download + found.shared)}"),
        ("Files", files),
        ("Content", f"{'-' if grown < 0 else '+'}{size(abs(grown))}"),
    ]


def _word(change: str) -> str:
    return "attributes only" if change == "attributes" else change


def _layer_counts(found: Comparison) -> tuple[int, int, int]:
    both = sum(pair.old is not None and pair.new is not None for pair in found.layers)
    return (
        both,
        sum(pair.new is None for pair in found.layers),
        sum(pair.old is None for pair in found.layers),
    )


def _weightiest(found: Comparison) -> list[FileChange]:
    """The files that differ most, in tree order."""
    by_weight = sorted(found.files, key=lambda file: -max(file.old_size, file.new_size))
    chosen = {file.path for file in by_weight[:_MOST_FILES]}
    return [file for file in found.files if file.path in chosen]


def _document(found: Comparison) -> dict[str, object]:
    both, only_old, only_new = _layer_counts(found)
    return {
        "layers": {"both": both, "only_old": only_old, "only_new": only_new},
        "download_bytes": found.download,
        "shared_bytes": found.shared,
        "files": {change.value: count for change, count in found.counts.items()},
        "largest": list(map(file_document, _weightiest(found))),
        "settings": found.settings,
        "environment": found.environment,
    }
